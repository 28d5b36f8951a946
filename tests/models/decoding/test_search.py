"""Searches over a tiny random model, against every sequence there is and against plain Python."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import PartitionSpec as P

from models.attention.scores import ScaledDot
from models.decoding import search as decoding
from models.decoding.sampling import Sample
from models.decoding.search import (
    Continuation,
    GNMTPenalty,
    LengthNormalised,
    Search,
    SpecialTokens,
    beam_search,
    generate,
)
from models.ids import BOS, EOS, PAD
from models.language.gpt2 import GPT2
from models.layers.recurrent import GRU
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer

V, WIDTH, LENGTH, ROWS = 6, 5, 4, 3
RNG = np.random.default_rng(3)
MIX, WORDS, OUT = (
    RNG.normal(size=(WIDTH, WIDTH)),
    RNG.normal(size=(V, WIDTH)),
    2 * RNG.normal(size=(WIDTH, V)),
)
STARTS = RNG.normal(size=(ROWS, WIDTH))
BIAS = np.where(np.arange(V) == EOS, -4.0, 0.0)  # hypotheses of several words
PENALTIES = [LengthNormalised(0.0), LengthNormalised(1.0), GNMTPenalty(0.6)]
EVERYTHING = 128  # more than the 121 sequences of at most 4 tokens over EOS and three words


def step(carry, token):
    """A recurrent model: what it says depends on all that was said, and on the row's start."""
    h = jnp.tanh(carry["h"] @ jnp.float32(MIX) + jnp.float32(WORDS)[token])
    return h @ jnp.float32(OUT) + jnp.float32(BIAS), {"h": h}


def carry(starts=STARTS):
    return {"h": jnp.asarray(starts, jnp.float32)}


def log_probabilities(start, said) -> np.ndarray:
    """Of each token that may come next, in float64; PAD and BOS may not."""
    h = start
    for token in (BOS, *said):
        h = np.tanh(h @ MIX + WORDS[token])
    logits = h @ OUT + BIAS
    logits[[PAD, BOS]] = -np.inf
    return logits - np.log(np.exp(logits).sum())


def log_probability(start, tokens) -> float:
    return sum(log_probabilities(start, tokens[:t])[token] for t, token in enumerate(tokens))


@functools.cache
def every_sequence(row: int, limit: int) -> dict[tuple[int, ...], float]:
    words = [w for w in range(V) if w not in (PAD, BOS, EOS)]
    ended = [(*s, EOS) for n in range(limit) for s in itertools.product(words, repeat=n)]
    cut = list(itertools.product(words, repeat=limit))
    return {s: log_probability(STARTS[row], s) for s in ended + cut}


def beam_by_hand(start, limit, beam, penalty):
    """[(score, tokens)]: the docstring of `beam_search`, with lists."""
    score = lambda tokens, total: total / penalty(float(len(tokens)))
    opened, finished = [((), 0.0)], []
    while opened and len(finished) < beam and len(opened[0][0]) < limit:
        grown = [
            ((*said, token), total + gain)
            for said, total in opened
            for token, gain in enumerate(log_probabilities(start, said))
            if gain > -np.inf
        ]
        grown.sort(key=lambda pair: -pair[1])
        done = lambda tokens: tokens[-1] == EOS or len(tokens) == limit
        finished += [(score(*pair), pair[0]) for pair in grown[:beam] if done(pair[0])]
        opened = [pair for pair in grown[: 2 * beam] if pair[0][-1] != EOS][:beam]
    return sorted(finished, reverse=True)[:beam]


@functools.cache
def searched(beam: int, penalty=PENALTIES[0], limits=(LENGTH,) * ROWS, length: int = LENGTH):
    search = jax.jit(lambda c: beam_search(step, c, jnp.array(limits), length, beam, penalty))
    return jax.device_get(search(carry(STARTS[: len(limits)])))


def spoken(tokens) -> tuple[int, ...]:
    """Without the padding, which may only come last."""
    tokens = tuple(int(t) for t in tokens)
    words = tokens[: tokens.index(PAD)] if PAD in tokens else tokens
    assert not any(tokens[len(words) :])
    return words


@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
def test_a_beam_of_everything_finds_every_sequence_in_order(penalty):
    found = searched(EVERYTHING, penalty)
    for row in range(ROWS):
        expected = every_sequence(row, LENGTH)
        scores = {s: total / penalty(float(len(s))) for s, total in expected.items()}
        got = [spoken(tokens) for tokens in found.tokens[row][: len(expected)]]
        assert len(set(got)) == len(got) and set(got) == set(expected)
        assert got[0] == max(scores, key=scores.get)
        np.testing.assert_allclose(found.scores[row][: len(got)], sorted(scores.values())[::-1], atol=1e-5)
        np.testing.assert_allclose(found.scores[row][: len(got)], [scores[s] for s in got], atol=1e-5)
        np.testing.assert_allclose(
            found.log_probabilities[row][: len(got)], [expected[s] for s in got], atol=1e-5
        )


@pytest.mark.parametrize(
    "beam, penalty", [(1, GNMTPenalty(0.6)), (2, GNMTPenalty(0.6)), (3, LengthNormalised(1.0))], ids=str
)
def test_a_beam_equals_lists_by_hand(beam, penalty):
    limits = (6, 3, 5)
    found = searched(beam, penalty, limits, 6)
    for row, limit in enumerate(limits):
        expected = beam_by_hand(STARTS[row], limit, beam, penalty)
        assert [spoken(tokens) for tokens in found.tokens[row]] == [tokens for _, tokens in expected]
        np.testing.assert_allclose(found.scores[row], [score for score, _ in expected], atol=1e-5)


def test_hypotheses_that_cannot_be_are_empty():
    found = searched(5, limits=(1,), length=2)
    assert {spoken(tokens) for tokens in found.tokens[0]} == {(), (2,), (3,), (4,), (5,)}
    assert spoken(found.tokens[0, -1]) == () and found.scores[0, -1] == decoding.NEVER < found.scores[0, -2]


def test_penalties_are_their_formulas():
    for length in (1.0, 7.0, 20.0):
        np.testing.assert_allclose(GNMTPenalty(0.6)(length), (5 + length) ** 0.6 / (5 + 1) ** 0.6)
        assert (
            LengthNormalised(1.0)(length) == length
            and LengthNormalised(0.0)(length) == GNMTPenalty(0.0)(length) == 1
        )


def test_greedy_takes_the_likeliest_and_a_beam_of_one_is_greedy():
    limits, length = (9, 2, 6), 9
    greedy = generate(step, carry(), jnp.array(limits), length)
    jitted = jax.jit(lambda c: generate(step, c, jnp.array(limits), length))(carry())
    np.testing.assert_array_equal(jitted.tokens, greedy.tokens)
    for row, limit in enumerate(limits):
        said = ()
        while len(said) < limit and said[-1:] != (EOS,):
            said = (*said, int(np.argmax(log_probabilities(STARTS[row], said))))
        assert spoken(greedy.tokens[row, 0]) == said
        np.testing.assert_allclose(
            greedy.log_probabilities[row, 0], log_probability(STARTS[row], said), atol=1e-5
        )
    beam = searched(1, limits=limits, length=length)
    np.testing.assert_array_equal(beam.tokens, greedy.tokens)
    np.testing.assert_allclose(beam.log_probabilities, greedy.log_probabilities, atol=1e-5)


def test_a_row_is_the_same_in_any_company():
    """With another row, in another place, with more room, under jit or not."""
    limits = jnp.array([3, 6, 6])
    together = beam_search(step, carry(), limits, 6, 3, LengthNormalised(1.0))
    paired = jax.jit(lambda c, limits: beam_search(step, c, limits, 8, 3, LengthNormalised(1.0)))
    for row in range(ROWS):
        other = paired(carry(STARTS[[row, (row + 1) % ROWS]]), jnp.array([limits[row], 8]))
        np.testing.assert_array_equal(other.tokens[0, :, :6], together.tokens[row])
        np.testing.assert_allclose(other.scores[0], together.scores[row], atol=1e-5)


@pytest.mark.parametrize("size, width, count", [(7, 3, 2), (9, 3, 1), (9, 3, 2), (20, 3, 4), (5, 3, 5)])
def test_the_greatest_are_those_of_a_full_sort(size, width, count):
    """Among equals, of which there are many, the first in the row."""
    x = np.random.default_rng(0).integers(6, size=(50, size)).astype(np.float32)
    x[0], x[1, 1:] = -np.inf, -np.inf
    values, of, places = decoding.top_k(jnp.array(x)[:, None], jnp.zeros((50, 1)), count, width)
    order = np.argsort(-x, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(values, np.take_along_axis(x, order, axis=1))
    np.testing.assert_array_equal(places, order)
    assert not of.any()


@pytest.mark.parametrize("size, width, count", [(30, 4, 6), (33, 10, 5), (7, 10, 4)])
def test_the_greatest_of_several_rows_are_those_of_all_sums(size, width, count):
    draw = np.random.default_rng(1)
    x = draw.integers(6, size=(40, 3, size)).astype(np.float32)
    added = draw.integers(4, size=(40, 3)).astype(np.float32)
    added[0, 1:] = -1e30
    values, of, places = decoding.top_k(jnp.array(x), jnp.array(added), count, width)
    sums = (x + added[..., None]).reshape(40, -1)
    order = np.argsort(-sums, axis=1, kind="stable")[:, :count]
    np.testing.assert_array_equal(values, np.take_along_axis(sums, order, axis=1))
    np.testing.assert_array_equal(of * size + places, order)


def test_the_normaliser_is_that_of_the_softmax():
    logits = np.random.default_rng(2).normal(0, 30, (5, 3, 205)).astype(np.float32)
    logits[..., 7] = -np.inf
    expected = jax.nn.logsumexp(logits, axis=-1)
    np.testing.assert_allclose(decoding.log_normaliser(jnp.array(logits)), expected, rtol=1e-6)


MANY = 4000
TABLE = np.log([0.4, 0.25, 0.15, 0.1, 0.06, 0.04])


def drawn(draw: Sample, rows: int = MANY, seed: int = 0) -> np.ndarray:
    pick = jax.jit(draw)
    return np.asarray(pick(jnp.tile(jnp.float32(TABLE), (rows, 1)), jax.random.key(seed)))


@pytest.mark.parametrize(
    "draw, allowed",
    [
        (Sample(), 6),
        (Sample(temperature=0.5), 6),
        (Sample(temperature=2.0), 6),
        (Sample(top_k=3), 3),
        (Sample(top_p=0.7), 3),  # .4 + .25 < .7 <= .4 + .25 + .15
        (Sample(top_p=0.3), 1),
        (Sample(temperature=2.0, top_k=4, top_p=0.6), 3),  # .28 + .22 < .6
        (Sample(top_k=1), 1),
    ],
    ids=str,
)
def test_samples_follow_the_cut_distribution(draw, allowed):
    expected = np.exp(TABLE / draw.temperature) * (np.arange(V) < allowed)
    expected /= expected.sum()
    frequencies = np.bincount(drawn(draw), minlength=V) / MANY
    assert np.all(frequencies[allowed:] == 0)
    assert np.all(np.abs(frequencies - expected) <= 4 * np.sqrt(expected * (1 - expected) / MANY))


def test_samples_depend_on_key_and_row_but_not_on_company():
    few, many = drawn(Sample(), 50), drawn(Sample(), 80)
    np.testing.assert_array_equal(few, many[:50])
    assert len(set(few)) > 1 and np.any(few != drawn(Sample(), 50, seed=1))


def test_each_of_two_devices_draws_what_its_rows_would_alone():
    rows, mesh = P("d"), jax.sharding.Mesh(np.array(jax.devices()[:2]), "d")
    draw = lambda key, table: Sample()(table, key)
    table = jnp.tile(jnp.asarray(TABLE), (50, 1))
    own = jax.shard_map(draw, mesh=mesh, in_specs=(P(), rows), out_specs=rows)
    np.testing.assert_array_equal(jax.jit(own)(jax.random.key(0), table), drawn(Sample(), 50))


def test_sampled_sequences_follow_the_model():
    """2,000 of one start: each sequence as often as its probability says, and that probability reported."""
    count, limit = 2000, 2
    said = jax.jit(lambda c, key: generate(step, c, jnp.full(count, limit), limit, Sample(), key))
    found = said(carry(np.tile(STARTS[:1], (count, 1))), jax.random.key(0))
    sequences = [spoken(tokens) for tokens in np.asarray(found.tokens[:, 0])]
    expected = every_sequence(0, limit)
    for sequence, total in expected.items():
        p = np.exp(total)
        assert abs(sequences.count(sequence) / count - p) <= 4 * np.sqrt(p / count)
    np.testing.assert_allclose(found.log_probabilities[:, 0], [expected[s] for s in sequences], atol=1e-5)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"top_k": 0}])
def test_draws_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=f"Sample.{[*wrong][0]} takes"):
        Sample(**wrong)


SOURCE = jnp.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0]])
MODELS = {
    "transformer": Transformer(11, 6, 10, 2, num_encoder_layers=1, num_decoder_layers=1),
    "seq2seq": Seq2Seq(11, cell=GRU(), embed_dim=6, features=8, score=ScaledDot(), bidirectional=False),
}


@functools.cache
def fitted(name: str):
    shapes = jax.eval_shape(lambda: MODELS[name].init(jax.random.key(0), SOURCE, SOURCE))["params"]
    rng = np.random.default_rng(4)
    return jax.tree.map(lambda p: jnp.asarray(rng.normal(size=p.shape), p.dtype), shapes)


@functools.cache
def rescored(name: str):
    return jax.jit(lambda inputs: MODELS[name].apply({"params": fitted(name)}, SOURCE, inputs))


@functools.cache
def translated(name: str, search: Search, rows: int = 2, width: int = 5):
    padded = np.pad(SOURCE, [(0, rows - 2), (0, width - 5)])
    return jax.device_get(jax.jit(functools.partial(search, MODELS[name]))(fitted(name), padded))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("beam", [1, 3])
def test_search_on_a_model(name, beam):
    """Limits follow the words; the cache that was reordered and teacher forcing agree on every hypothesis."""
    found = translated(name, Search(beam, stretch=1.0, slack=1))
    for k in range(beam):
        inputs = np.pad(found.tokens[:, k], [(0, 0), (1, 0)], constant_values=BOS)[:, :-1]
        gains = decoding.log_probs(rescored(name)(inputs))
        for row, limit in enumerate((6, 4)):
            said = spoken(found.tokens[row, k])
            assert not {PAD, BOS} & set(said) and EOS not in said[:-1]
            assert len(said) == limit or (said[-1] == EOS and len(said) < limit)
            total = sum(gains[row, t, token] for t, token in enumerate(said))
            np.testing.assert_allclose(found.log_probabilities[row, k], total, atol=1e-4)
            if beam > 1:
                np.testing.assert_allclose(found.scores[row, k], total / len(said), atol=1e-4)
    assert np.all(np.diff(found.scores, axis=1) <= 0)
    assert all(len({spoken(tokens) for tokens in row}) == beam for row in found.tokens)


@pytest.mark.parametrize("name", MODELS)
def test_neither_padding_of_the_source_nor_more_rows_change_a_translation(name):
    search = Search(3, stretch=1.0, slack=1)
    narrow, wide = translated(name, search), translated(name, search, rows=3, width=8)
    np.testing.assert_array_equal(wide.tokens[:2, :, :6], narrow.tokens)
    assert not np.any(wide.tokens[:2, :, 6:])
    np.testing.assert_allclose(wide.scores[:2], narrow.scores, atol=1e-4)


LANGUAGE = GPT2(9, context=16, features=6, num_heads=2, num_layers=2)
PROMPTS = jnp.array([[1, 4, 5, 6], [1, 7, 0, 0], [1, 0, 0, 0]])
PROMPT_LENGTHS, SAID = (4, 2, 1), 5


@functools.cache
def language():
    shapes = jax.eval_shape(lambda: LANGUAGE.init(jax.random.key(0), PROMPTS))["params"]
    rng = np.random.default_rng(4)
    return jax.tree.map(lambda p: jnp.asarray(0.7 * rng.normal(size=p.shape), p.dtype), shapes)


@functools.cache
def continued(continuation: Continuation, rows=(0, 1, 2), limits=(5, 3, 5)):
    rows = jnp.array(rows)
    compute = jax.jit(functools.partial(continuation, LANGUAGE))
    lengths, limits = jnp.array(PROMPT_LENGTHS)[rows], jnp.array(limits)[rows]
    return jax.device_get(compute(language(), PROMPTS[rows], lengths, limits))


@functools.cache
def uncached():
    return jax.jit(lambda inputs: LANGUAGE.apply({"params": language()}, inputs))


def next_log_probabilities(prompt, said, special) -> np.ndarray:
    tokens = [*prompt, *said]
    logits = uncached()(jnp.array([tokens + [0] * (10 - len(tokens))]))[0, len(tokens) - 1]
    return np.asarray(decoding.log_probs(logits, special.never))


@pytest.mark.parametrize(
    "special", [SpecialTokens(), SpecialTokens(end=-1, fill=3, never=())], ids=["marked", "unmarked"]
)
@pytest.mark.parametrize("beam", [1, 3])
def test_prompts_of_unlike_length_are_continued_as_without_a_cache(beam, special):
    """Every hypothesis against the model applied anew for each token, and the best against lists by hand."""
    found = continued(Continuation(SAID, beam, special=special))
    for row, (length, limit) in enumerate(zip(PROMPT_LENGTHS, (5, 3, 5), strict=True)):
        prompt = [int(token) for token in PROMPTS[row, :length]]
        opened, finished = [((), 0.0)], []
        while opened and len(finished) < beam and len(opened[0][0]) < limit:
            gains = [(pair, next_log_probabilities(prompt, pair[0], special)) for pair in opened]
            grown = [((*said, v), total + g[v]) for (said, total), g in gains for v in range(9)]
            grown.sort(key=lambda pair: -pair[1])
            done = lambda tokens: tokens[-1] == special.end or len(tokens) == limit  # noqa: B023
            finished += [pair for pair in grown[:beam] if done(pair[0])]
            opened = [pair for pair in grown[: 2 * beam] if pair[0][-1] != special.end][:beam]
        score = (lambda pair: pair[1] / len(pair[0])) if beam > 1 else (lambda pair: pair[1])
        expected = sorted(finished, key=lambda pair: -score(pair))[:beam]
        for k, pair in enumerate(expected):
            said, filled = np.split(found.tokens[row, k], [len(pair[0])])
            assert tuple(said) == pair[0] and np.all(filled == special.fill)
            np.testing.assert_allclose(found.log_probabilities[row, k], pair[1], atol=1e-4)
            np.testing.assert_allclose(found.scores[row, k], score(pair), atol=1e-4)


def test_a_continuation_does_not_depend_on_its_company():
    together = continued(Continuation(SAID, 3))
    for rows in ((2, 1, 0), (1, 1, 2)):
        for place, row in enumerate(rows):
            got = continued(Continuation(SAID, 3), rows)
            np.testing.assert_array_equal(got.tokens[place], together.tokens[row])
            np.testing.assert_allclose(got.scores[place], together.scores[row], atol=1e-5)


def test_a_draw_and_a_beam_exclude_each_other():
    with pytest.raises(ValueError, match="beam=2 does not draw"):
        Continuation(beam=2, sample=Sample())
