"""Continuations: as they come against all at once, beyond a context's end, and the same by the same seed."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.tasks.language import LanguageModelling
from data.tokenizers.levels import ByteBPE, WhitespaceWords
from models.decoding.sampling import Sample
from models.decoding.search import Continuation, LengthNormalised
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.layers.recurrent import GRU
from train.inference.generator import Generator
from train.run import Run, Trained

LINES = ["the old baker sings", "and the young cook hears the song", "crème brûlée for the cook"]
MODELS = {
    "gpt": GPT2(context=64, features=8, num_heads=2, num_layers=1),
    "gru": RNNLM(cell=GRU(), embed_dim=6, features=8),
}
TOKENIZERS = {"bytes": ByteBPE(size=270), "words": WhitespaceWords()}


def writer(model, tokenizer, tmp_path):
    tokenizer = tokenizer.train(LINES)
    model = dataclasses.replace(model, vocab_size=len(tokenizer))
    shapes = jax.eval_shape(lambda: model.init(jax.random.key(0), jnp.zeros((1, 4), jnp.int32)))["params"]
    draw = np.random.default_rng(3)
    params = jax.tree.map(lambda p: jnp.float32(draw.normal(size=p.shape) * 0.7), shapes)
    return Generator(Trained(Run(model, LanguageModelling()), model, params, tokenizer, "made up", tmp_path))


@pytest.fixture(params=[(model, level) for model in MODELS for level in TOKENIZERS], ids="-".join)
def writing(request, tmp_path):
    model, level = request.param
    return writer(MODELS[model], TOKENIZERS[level], tmp_path)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_text_of_marked_documents_ends_where_one_does(model, tmp_path):
    writing = writer(model, ByteBPE(size=270), tmp_path)
    eos = writing.tokenizer.eos
    assert eos in writing.marks.never and writing.marks.end == -1
    writing.document_end = "<end>"
    assert eos not in writing.marks.never and writing.marks.end == eos
    assert writing.prompt("") == [eos] and writing.prompt("a<end>").count(eos) == 1
    said = [[*writing.ids(writing.prompt("the"), 60, Sample(), seed)] for seed in range(40)]
    assert min(map(len, said)) < 60 == max(map(len, said)) and not any(eos in ids for ids in said)


def test_pieces_as_they_come_are_the_whole_continuation(writing):
    prompts = ["the old", "and the young cook", ""]
    whole = writing(prompts, length=12)
    for prompt, (text,) in zip(prompts, whole, strict=True):
        assert "".join(writing.stream(prompt, length=12)) == text.rstrip("\N{REPLACEMENT CHARACTER}")


def test_a_seed_says_the_same_again_and_another_something_else(writing):
    said = ["".join(writing.stream("the", 12, Sample(), seed)) for seed in (0, 0, 1)]
    assert said[0] == said[1] != said[2]


def test_marks_are_never_said(writing):
    for seed in range(3):
        ids = list(writing.ids(writing.prompt("the"), 20, Sample(temperature=5.0), seed))
        assert not set(ids) & {writing.tokenizer.pad, writing.tokenizer.bos, writing.tokenizer.eos}


def test_a_beam_gives_its_best_first(writing):
    (found,) = writing(["the old"], length=4, beam=3)
    prompt, length = writing.prompt("the old"), jnp.array([4])
    search = Continuation(4, 3, LengthNormalised(), None, writing.marks)
    given = jnp.array([prompt]), jnp.array([len(prompt)]), length, jax.random.key(0)
    said = search(writing.model, writing.params, *given)
    assert np.all(np.diff(said.scores[0]) <= 0)
    assert found == [writing.continued(prompt, np.asarray(tokens)) for tokens in said.tokens[0]]
    assert len(set(found)) == 3


def test_a_full_context_goes_on_from_its_later_half(tmp_path):
    small = writer(dataclasses.replace(MODELS["gpt"], context=8), TOKENIZERS["bytes"], tmp_path)
    prompt = small.prompt("ab")
    said = list(small.ids(prompt, 20))
    assert len(said) == 20
    for start in (6, 10, 14):  # 8 fit, prompt included; then 4 are kept and 4 more fit
        held = [*prompt, *said][start - 2 : start + 2]
        assert list(small.ids(held, 4)) == said[start : start + 4]


def test_beyond_the_context_several_prompts_go_on_as_each_by_itself(tmp_path):
    small = writer(dataclasses.replace(MODELS["gpt"], context=8), TOKENIZERS["bytes"], tmp_path)
    prompts = ["ab", "the old baker", "c"]
    found = small(prompts, length=12)
    for prompt, (text,) in zip(prompts, found, strict=True):
        ids = small.prompt(prompt)
        assert text == small.continued(ids, list(small.ids(ids, 12)))
    drawn = [small(["ab", "ab"], 12, draw=Sample(), seed=seed) for seed in (3, 3, 4)]
    assert drawn[0] == drawn[1] != drawn[2] and drawn[0][0] != drawn[0][1]
    with pytest.raises(ValueError, match="beam=2: .* do not fit into context=8: lower length, or take"):
        small(prompts, length=12, beam=2)


def test_a_model_of_counts_is_refused(tmp_path):
    tokenizer = WhitespaceWords().train(LINES)
    run = Run(NGram(order=2), LanguageModelling())
    with pytest.raises(ValueError, match="is to go on from a prompt, and model=NGram is no LanguageModel"):
        Generator(Trained(run, run.model, {}, tokenizer, "made up", tmp_path))
