"""`lookback export`: a run becomes a folder that we and others read, or one line says why not."""

import dataclasses
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.tokenizers.levels import ByteBPE, PublishedGPT2, SavedTokenizer
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.whole_words import ELMO_SPECIALS
from data.tokenizers.wordpiece import WordPiece, read_folder, read_vocabulary
from experiments.tables.language import char_lm
from experiments.tables.representations import bert_pretraining, elmo_pretraining
from models.encoders.bert import BERT
from models.encoders.mixed_layers import MixedLayers
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.pooling import Attentive, First
from models.heads.tagger import Tagger
from models.language.gpt2 import GPT2
from train.folder.checkpoint import Checkpoints
from train.folder.claim import claim
from train.parts import override
from train.weights import elmo as elmo_weights
from train.weights.bert import read_bert
from train.weights.elmo import read_elmo
from train.weights.export import WORDS, export
from train.weights.gpt2 import read_gpt2
from train.weights.load import load

LINES = ["The old baker sings.", "the café of an old cook", " A  baker hears 3 songs, he says."]
SMALL_GPT2 = ("model.features=8", "model.num_heads=2", "model.num_layers=2", "model.context=16")
SMALL_BERT = (
    "model.encoder.features=8",
    "model.encoder.num_layers=2",
    "model.encoder.context=16",
    "task.length=16",
)
SMALL_ELMO = ("model.encoder.features=4", "model.encoder.cells=6", "model.encoder.filters=((1, 3), (2, 2))")


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "song.txt"
    document = "The old {0} sings.\nThe young cook hears the song of the {0}.\nIt is an old song.\n"
    names = [f"{first}{second}" for first in "abcdef" for second in ("ker", "lor", "ith")]
    path.write_text("\n".join(document.format(name) for name in names))
    return f"TextFiles(path={str(path)!r}, train=0.6, valid=0.2)"


@pytest.fixture
def saved(tmp_path, text):
    """saved(run, changes) -> its directory, as after training, with weights by chance, and its parameters."""

    def made(run, changes=(), corpus="task.corpus={}"):
        run = override(run, [corpus.format(text), *changes])
        directory = tmp_path / "run"
        directory.mkdir()
        tokenizer = run.task.train_tokenizer()
        tokenizer.save(directory / "tokenizer.json")
        params = drawn(run.model.with_sizes(len(tokenizer), len(run.task.labels) or 1))
        described = claim(directory, run, tokenizer, "", "")
        checkpoints = Checkpoints(directory / "checkpoints")
        checkpoints.save(1, {"params": params}, {}, described, {"loss": 1.0}, wait=True)
        checkpoints.close()
        return directory, params

    return made


def drawn(model):
    """Weights of a model's shapes, all of them far from their initial values."""
    ids = jnp.ones((1, 2), jnp.int32)
    reads = (ids, None, jnp.ones((1, 2, 4), jnp.int32)) if hasattr(model, "encoder") else (ids,)
    shapes = jax.eval_shape(model.init, jax.random.key(0), *reads)["params"]
    rng = np.random.default_rng(3)
    return jax.tree.map(lambda leaf: rng.normal(size=leaf.shape, scale=0.3).astype(np.float32), shapes)


def same(one, other) -> None:
    assert jax.tree.structure(one) == jax.tree.structure(other)
    jax.tree.map(np.testing.assert_array_equal, one, other)


GPT = char_lm.ROWS["gpt-4x128"]
BYTES = ("task.tokenizer=ByteBPE(size=300)",)


@pytest.mark.parametrize(
    "tokenizer, files",
    [
        ("ByteBPE(size=300)", ["merges.txt", "vocab.json"]),
        ("Bytes()", ["merges.txt", "vocab.json"]),
        ("TextCharacters()", ["tokenizer.json"]),
        ("Words(least=1)", ["tokenizer.json"]),
    ],
)
def test_a_gpt2_is_written_with_its_tokenizer_and_read_again(lookback, saved, tmp_path, tokenizer, files):
    directory, params = saved(GPT, (*SMALL_GPT2, f"task.tokenizer={tokenizer}"))
    code, out, _ = lookback("export", directory, tmp_path / "new" / "gpt2")
    names = sorted(["config.json", "model.safetensors", "tokenizer_config.json", *files])
    assert code == 0
    assert out == f"{tmp_path / 'new' / 'gpt2'}: {', '.join(names)}; weights: best by validation loss\n"
    model, found = read_gpt2(tmp_path / "new" / "gpt2")
    assert model == dataclasses.replace(load(directory).model, dropout=0.0)
    same(found, params)
    said = json.loads((tmp_path / "new" / "gpt2" / "tokenizer_config.json").read_text())
    assert said["model_max_length"] == 16 and said["eos_token"] == "</s>"


def test_a_pretrained_bert_is_written_with_what_it_predicts(lookback, saved, tmp_path):
    directory, params = saved(
        bert_pretraining.TABLE.rows["BERT-tiny"], (*SMALL_BERT, "task.tokenizer.size=100")
    )
    (tmp_path / "bert").mkdir()  # an empty folder is as good as none
    code, out, _ = lookback("export", directory, tmp_path / "bert")
    assert code == 0 and "model.safetensors, tokenizer_config.json, vocab.txt; weights: best" in out
    model, found = read_bert(tmp_path / "bert")
    assert model == load(directory).model.encoder
    same(found, params)
    ours = Tokenizer.load(directory / "tokenizer.json")
    lowercase = json.loads((tmp_path / "bert" / "tokenizer_config.json").read_text())["do_lower_case"]
    theirs = read_vocabulary(tmp_path / "bert" / "vocab.txt", lowercase)
    assert ours.encode(LINES) == theirs.encode(LINES)


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_tokens_that_were_added_are_written_and_read_again(tmp_path, kind):
    core = (WordPiece(100, least=1) if kind == "bert" else ByteBPE(300)).train(LINES).core
    core.add_tokens(["<new>"])
    tokenizer = Tokenizer(core.to_str())
    model = {"bert": BERT, "gpt2": GPT2}[kind](len(tokenizer), 16, 8, num_heads=2, num_layers=1)
    shapes = jax.eval_shape(model.init, jax.random.key(0), np.ones((1, 1), np.int32))["params"]
    export(model, jax.tree.map(lambda leaf: np.zeros(leaf.shape), shapes), tokenizer, tmp_path / "out")
    folder = tmp_path / "out"
    again = read_folder(folder) if kind == "bert" else PublishedGPT2(str(folder)).tokenizer(list)
    line = f"{LINES[0]} <new> {LINES[1]}"
    assert again.stream(line).tolist() == tokenizer.stream(line).tolist() and len(again) == len(tokenizer)
    assert tokenizer.core.token_to_id("<new>") in again.stream(line)


TOY = BERT(context=16, features=8, num_heads=2, num_layers=1)


@pytest.mark.parametrize(
    "head, there",
    [
        (Classifier(encoder=TOY, pooling=First(), classes=3), {"encoder", "pooling"}),
        (Classifier(encoder=TOY, pooling=Attentive(), classes=3), {"encoder"}),
        (Tagger(encoder=MixedLayers(encoder=TOY), classes=3), {"encoder"}),
    ],
    ids=["pooler", "other pooling", "two heads deep"],
)
def test_of_a_head_on_bert_the_encoder_is_written_and_the_pooler_if_it_is_berts(saved, tmp_path, head, there):
    directory, _ = saved(bert_pretraining.TABLE.rows["BERT-tiny"], (*SMALL_BERT, "task.tokenizer.size=100"))
    tokenizer = Tokenizer.load(directory / "tokenizer.json")
    head = dataclasses.replace(head, vocab_size=len(tokenizer))
    params = drawn(head)
    export(head, params, tokenizer, tmp_path / "bert")
    model, found = read_bert(tmp_path / "bert")
    assert model == dataclasses.replace(TOY, vocab_size=len(tokenizer)) and found.keys() == there
    encoder = params["encoder"]["encoder"] if isinstance(head, Tagger) else params["encoder"]
    same(found, {name: params[name] for name in there} | {"encoder": encoder})


def test_a_bert_of_other_ids_than_pieces_has_its_tokenizer_as_it_is(saved, tmp_path):
    directory, _ = saved(GPT, (*SMALL_GPT2, *BYTES))
    tokenizer = Tokenizer.load(directory / "tokenizer.json")
    head = Classifier(encoder=TOY, classes=2, vocab_size=len(tokenizer))
    assert "tokenizer.json" in export(head, drawn(head), tokenizer, tmp_path / "bert")
    assert SavedTokenizer(str(tmp_path / "bert" / "tokenizer.json")).tokenizer(list).hash == tokenizer.hash


@pytest.fixture
def elmo_run(saved):
    run = elmo_pretraining.TABLE.rows["ELMo"]
    return saved(run, SMALL_ELMO, corpus="task.corpora=({},)")


def test_an_elmo_is_written_with_its_words_and_says_the_same(lookback, elmo_run, tmp_path):
    directory, params = elmo_run
    code, out, _ = lookback("export", directory, tmp_path / "elmo")
    assert code == 0 and f": lm_weights.hdf5, options.json, {WORDS}; weights: best" in out
    model, found = read_elmo(tmp_path / "elmo")
    trained = load(directory)
    assert dataclasses.replace(model, vocab_size=len(trained.tokenizer)) == trained.model.encoder
    expected = params["encoder"]
    expected["words"]["table"][0] = 0.0  # of padding, which published tables have no row for
    same(found, expected)
    words = (tmp_path / "elmo" / WORDS).read_text().splitlines()
    assert [*words[:3]] == [*ELMO_SPECIALS]
    assert words[3:] == trained.tokenizer.pieces(range(4, len(trained.tokenizer)))
    assert {"baker", "sings."} & {*words} and "<pad>" not in words


def test_without_h5py_a_line_says_what_to_install(lookback, elmo_run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)  # as where it is not installed
    code, out, err = lookback("export", elmo_run[0], tmp_path / "elmo")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "pip install -e '.[elmo]'" in err
    assert not (tmp_path / "elmo").exists()
    with pytest.raises(ValueError, match="h5py is missing"):
        elmo_weights.hdf5()


@pytest.mark.parametrize(
    "row, changes, complaint",
    [
        (
            "lstm-2x128",
            ("model.embed_dim=4", "model.features=4"),
            "RNNLM has no published form; GPT2, BERT",
        ),
        ("gpt-4x128", (*SMALL_GPT2, "model.positions=None"), "a published GPT-2 has learned ones only"),
    ],
)
def test_a_model_with_no_published_form_is_refused(lookback, saved, tmp_path, row, changes, complaint):
    directory, _ = saved(char_lm.ROWS[row], changes)
    code, out, err = lookback("export", directory, tmp_path / "new")
    assert (code, out) == (2, "") and err.count("\n") == 1 and complaint in err
    assert not (tmp_path / "new").exists()


def test_a_head_on_another_encoder_is_refused_by_both_names(saved, tmp_path):
    directory, _ = saved(GPT, (*SMALL_GPT2, *BYTES))
    head = Classifier(encoder=WordLSTM(embed_dim=2, features=2), classes=2, vocab_size=9)
    with pytest.raises(ValueError, match="^Classifier on WordLSTM has no published form"):
        export(head, drawn(head), Tokenizer.load(directory / "tokenizer.json"), tmp_path / "new")


def test_what_is_there_is_left_alone(lookback, saved, tmp_path):
    directory, _ = saved(GPT, (*SMALL_GPT2, *BYTES))
    full, file = tmp_path / "full", tmp_path / "file"
    full.mkdir()
    for path in (full / "kept", file):
        path.write_text("mine")
    for taken in (full, file):
        code, out, err = lookback("export", directory, taken)
        assert (code, out) == (2, "")
        assert err == f"lookback: {taken}: there is something already; name a folder that is new or empty\n"
    assert [path.name for path in full.iterdir()] == ["kept"] and file.read_text() == "mine"
    code, out, err = lookback("export", tmp_path / "none", tmp_path / "new")
    assert (code, out) == (2, "") and err.count("\n") == 1 and str(tmp_path / "none") in err


@pytest.fixture(scope="module")
def transformers():
    """The extra `parity`: what follows is skipped without it."""
    pytest.importorskip("torch")
    return pytest.importorskip("transformers")


def theirs_of(folder, transformers, lines, special):
    """Ids that their tokenizer in a folder has for each line."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return [tokenizer(line, add_special_tokens=special)["input_ids"] for line in lines], tokenizer


@pytest.mark.parametrize("tokenizer", ["ByteBPE(size=300)", "Bytes()", "TextCharacters()", "Words(least=1)"])
def test_transformers_loads_a_gpt2_and_says_the_same(transformers, lookback, saved, tmp_path, tokenizer):
    import torch

    directory, params = saved(GPT, (*SMALL_GPT2, f"task.tokenizer={tokenizer}"))
    assert lookback("export", directory, tmp_path / "gpt2")[0] == 0
    theirs = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "gpt2").eval()
    trained = load(directory)
    ids = np.random.default_rng(1).integers(len(trained.tokenizer), size=(3, 16))
    with torch.no_grad():
        expected = theirs(torch.tensor(ids)).logits.numpy()
    got = jax.jit(trained.model.apply)({"params": params}, jnp.asarray(ids, jnp.int32))
    np.testing.assert_allclose(got, expected, atol=1e-4, rtol=0)
    found, reader = theirs_of(tmp_path / "gpt2", transformers, LINES, special=False)
    assert found == [line[:-1] for line in trained.tokenizer.encode(LINES)]
    assert len(reader) == len(trained.tokenizer) == theirs.config.vocab_size
    assert reader.convert_tokens_to_ids("</s>") == reader.eos_token_id == trained.tokenizer.eos


@pytest.mark.parametrize("lowercase", [True, False])
def test_transformers_loads_a_bert_and_says_the_same(transformers, lookback, saved, tmp_path, lowercase):
    import torch

    changes = (*SMALL_BERT, f"task.tokenizer=WordPiece(size=100, lowercase={lowercase})")
    directory, params = saved(bert_pretraining.TABLE.rows["BERT-tiny"], changes)
    assert lookback("export", directory, tmp_path / "bert")[0] == 0
    theirs = transformers.BertForPreTraining.from_pretrained(tmp_path / "bert").eval()
    trained = load(directory)
    inputs = np.random.default_rng(1).integers(1, len(trained.tokenizer), size=(3, 9))
    inputs *= np.arange(9) < np.array([[9], [4], [6]])
    segments = np.random.default_rng(2).integers(2, size=(3, 9))
    with torch.no_grad():
        given = [torch.tensor(array) for array in (inputs, (inputs != 0).astype(int), segments)]
        expected = theirs(*given)
    ids, segments = jnp.asarray(inputs, jnp.int32), jnp.asarray(segments, jnp.int32)
    logits, follows = jax.jit(trained.model.apply)({"params": params}, ids, segments)
    inside = inputs != 0
    np.testing.assert_allclose(logits[inside], expected.prediction_logits.numpy()[inside], atol=1e-4, rtol=0)
    np.testing.assert_allclose(follows, expected.seq_relationship_logits.numpy(), atol=1e-4, rtol=0)
    found, reader = theirs_of(tmp_path / "bert", transformers, LINES, special=True)
    assert found == [[trained.tokenizer.bos, *line] for line in trained.tokenizer.encode(LINES)]
    assert len(reader) == len(trained.tokenizer)
