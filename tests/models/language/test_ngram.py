"""N-gram models against dictionaries that follow the published equations, NLTK, and the Penn Treebank."""

import gzip
import itertools
from collections import Counter, defaultdict
from fractions import Fraction

import numpy as np
import pytest

from models.ids import BOS, EOS, PAD
from models.language import ngram
from models.language.ngram import NGram
from models.language.smoothing import AddK, KneserNey, MaximumLikelihood, ModifiedKneserNey, StupidBackoff

V, UNK = 120, 3
SMOOTHINGS = (
    MaximumLikelihood(),
    AddK(0.3),
    StupidBackoff(0.4),
    KneserNey(),
    KneserNey(0.75),
    ModifiedKneserNey(),
)


def text(seed: int = 0, tokens: int = 1000, words: int = V - 20) -> np.ndarray:
    """Words by Zipf's law, often the same after the same or a phrase from before; some words never."""
    draw = np.random.default_rng(seed)
    ids = [4]
    while len(ids) < tokens:
        follows = (ids[-1] * 7 + draw.integers(3)) % words
        ids.append(int(follows if draw.random() < 0.5 else min(draw.zipf(1.4), words - 1)) + 2)
        ids[-1] = EOS if draw.random() < 0.1 else ids[-1]
        at = draw.integers(len(ids))
        ids += ids[at : at + 7] if draw.random() < 0.1 else []
    return np.array([*ids[: tokens - 1], EOS])


class Oracle:
    """Counts in dictionaries of tuples, and one recursive function for each smoothing's equation."""

    def __init__(self, model: NGram, ids: np.ndarray):
        self.model, self.count = model, Counter()
        for history, word in self.read(ids.tolist()):
            for n in range(1, model.order + 1):
                if n <= len(history) + 1:
                    self.count[(*history[len(history) - n + 1 :], word)] += 1
        self.before, self.after = defaultdict(set), defaultdict(dict)
        for gram in self.count:
            self.before[gram[1:]].add(gram[0])
        for gram in self.count:
            self.after[gram[:-1]][gram[-1]] = self.number(gram)

    def read(self, ids):
        """(all that the model may look back on, word) for each word."""
        if self.model.across_sentences:
            stream = [EOS, *ids]
            yield from ((stream[max(t - 9, 0) : t], word) for t, word in enumerate(ids, 1))
            return
        line = [BOS]
        for word in ids:
            yield line, word
            line = [BOS] if word == EOS else [*line, word]

    def number(self, gram):
        counted = not isinstance(self.model.smoothing, KneserNey | ModifiedKneserNey)
        first = gram[0] == BOS and not self.model.across_sentences
        if counted or first or len(gram) == self.model.order:
            return self.count[gram]
        return len(self.before[gram])

    def discounts(self, n: int):
        smoothing = self.model.smoothing
        if getattr(smoothing, "discount", None) is not None:
            return (smoothing.discount,) * 3
        values = Counter(self.number(gram) for gram in self.count if len(gram) == n)
        n1, n2, n3, n4 = (values[i] for i in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        if isinstance(smoothing, KneserNey):
            return (y,) * 3
        one, two, three = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
        return (one, two, three) if 0 <= one <= 1 and 0 <= two <= 2 and 0 <= three <= 3 else (0.5, 1.0, 1.5)

    def p(self, history):
        """Of every word, after exactly this history."""
        smoothing, words = self.model.smoothing, np.arange(V) >= EOS
        found, uniform = self.after[history], words / (V - 2)
        total, count = sum(found.values()), np.array([found.get(word, 0) for word in range(V)])
        match smoothing:
            case MaximumLikelihood():
                return count / total if total else uniform
            case AddK():
                return (count + smoothing.k * words) / (total + smoothing.k * (V - 2))
            case StupidBackoff():
                lower = smoothing.alpha * self.p(history[1:]) if history else 0.0
                return np.where(count > 0, count / max(total, 1), lower)
        lower = self.p(history[1:]) if history else uniform
        if not total:
            return lower
        taken = np.array([0.0, *self.discounts(len(history) + 1)])[np.minimum(count, 3)]
        return (count - taken) / total + taken.sum() / total * lower

    def distribution(self, ids):
        history = list(self.read([*ids, EOS]))[-1][0]
        return self.p(tuple(history[max(len(history) - self.model.order + 1, 0) :]))


def histories(ids: np.ndarray) -> list[np.ndarray]:
    """None, the end and the middle of a line, its beginning, and ones seen in part and never."""
    ends = np.flatnonzero(ids == EOS)
    start = ends[3] + 1
    never = [V - 1, V - 2, V - 3, V - 1, V - 2]
    return [
        *(ids[:end] for end in (0, 1, 2, 5, ends[7], ends[7] + 1, start + 1, start + 2, start + 4, len(ids))),
        *(
            np.array(given)
            for given in (never, [*ids[:9], V - 1, *ids[9:12]], [V - 1, EOS], [UNK, BOS, 5, PAD])
        ),
    ]


@pytest.mark.parametrize("across", [False, True], ids=["lines", "across"])
@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("smoothing", SMOOTHINGS, ids=repr)
def test_every_distribution_follows_its_equation_and_sums_to_one(smoothing, order, across):
    model, ids = NGram(V, order, smoothing, across), text()
    params, oracle = model.fit(ids), Oracle(model, ids)
    for history in histories(ids):
        found = model.distribution(params, history)
        np.testing.assert_allclose(found, oracle.distribution(history.tolist()), rtol=1e-9)
        if model.normalised:
            np.testing.assert_allclose(found.sum(), 1, atol=1e-9)
        assert not found[[PAD, BOS]].any()


@pytest.mark.parametrize("across", [False, True], ids=["lines", "across"])
@pytest.mark.parametrize("smoothing", SMOOTHINGS, ids=repr)
def test_a_stream_is_read_as_its_histories_one_by_one(smoothing, across):
    model = NGram(V, 4, smoothing, across)
    params, other = model.fit(text()), text(seed=1, tokens=60, words=V - 2)
    one_by_one = [model.distribution(params, other[:t])[word] for t, word in enumerate(other)]
    np.testing.assert_allclose(np.exp(model.log_probabilities(params, other)), one_by_one, rtol=1e-12)


def test_only_across_sentences_does_a_line_know_the_line_before():
    ids = text()
    line = ids[: np.flatnonzero(ids == EOS)[0] + 1]
    for across in (False, True):
        model = NGram(V, 3, across_sentences=across)
        first, again = np.split(model.log_probabilities(model.fit(ids), np.tile(line, 2)), 2)
        assert np.array_equal(first, again) != across
        assert np.array_equal(first[2:], again[2:])


def test_kneser_ney_of_two_lines_by_hand():
    """<s> a b </s>, <s> a c </s>, D = 3/4. Unigrams: a, b, c come after one word each, </s> after two."""
    a, b, c = 4, 5, 6
    model = NGram(7, 2, KneserNey(0.75))
    params = model.fit(np.array([a, b, EOS, a, c, EOS]))
    left = Fraction(3, 4) * 4 / 5
    unigram = {w: Fraction(1, 4) / 5 + left / 5 for w in (a, b, c)}
    unigram |= {EOS: Fraction(5, 4) / 5 + left / 5, UNK: left / 5}
    start = {w: Fraction(3, 4) / 2 * p for w, p in unigram.items()}
    start[a] += Fraction(5, 4) / 2
    after_a = {w: Fraction(3, 4) * p + (Fraction(1, 8) if w in (b, c) else 0) for w, p in unigram.items()}
    for history, expected in (([], start), ([a], after_a), ([UNK], unigram)):
        found = model.distribution(params, np.array(history, int))
        np.testing.assert_allclose(found, [float(expected.get(w, 0)) for w in range(7)], rtol=1e-12)


def test_stupid_backoff_says_that_it_is_no_probability():
    model = NGram(V, 3, StupidBackoff())
    sums = [model.distribution(model.fit(text()), history).sum() for history in histories(text())]
    assert max(sums) > 1.01 and not model.normalised and NGram(V).normalised


@pytest.mark.parametrize(
    "counts, single, three",
    [
        ([1] * 6 + [2] * 3 + [3] * 2 + [4, 9], 0.5, (1 - 0.5, 2 - 3 * 0.5 * 2 / 3, 3 - 4 * 0.5 / 2)),
        ([7, 8, 9], 0.5, (0.5, 1.0, 1.5)),  # as many a character has
        ([1, 1, 2, 4], 0.5, (0.5, 1.0, 1.5)),  # no count of 3
        ([1] * 4 + [2] + [3] * 9, 4 / 6, (0.5, 1.0, 1.5)),  # D_2 would be below 0
    ],
)
def test_discounts_are_those_of_the_counts_of_counts_or_of_kenlm(counts, single, three):
    counts = np.array([0, *counts])
    assert KneserNey().discounts(counts) == pytest.approx((single,) * 3)
    assert ModifiedKneserNey().discounts(counts) == pytest.approx(three)


def test_the_vocabulary_may_be_so_large_that_its_n_grams_do_not_fit_64_bits():
    small, large = NGram(V, 5, StupidBackoff()), NGram(60_000, 5, StupidBackoff())
    spread = np.array([0, 1, 2, 3, *np.linspace(4, 59_999, V - 4).astype(int)])
    one, other = (
        model.log_probabilities(model.fit(to[text()]), to[text(seed=1)])
        for model, to in ((small, np.arange(V)), (large, spread))
    )
    np.testing.assert_array_equal(one, other)


def test_lines_shorter_than_the_order_have_no_n_grams_of_it():
    model = NGram(7, 5, KneserNey(0.5))
    params = model.fit(np.array([4, EOS, 5, EOS, 4, EOS]))
    assert [len(params[str(n)]["logs"]) for n in range(1, 6)] == [7, 4, 2, 0, 0]
    assert model.distribution(params, np.array([4, 4, 4, 4, 4, 4])).sum() == pytest.approx(1)


def test_tables_in_any_order_are_the_same_model():
    model, draw = NGram(V, 4), np.random.default_rng(0)
    params = model.fit(text())
    tables = [
        [column[places] for column in table]
        for table in model.tables(params)
        for places in [draw.permutation(len(table[0]))]
    ]
    tables[0][1][tables[0][0][:, 0] == BOS] = 0.0  # as KenLM writes <s>
    again = model.from_tables([tuple(table) for table in tables])
    for order in params:
        for name in params[order]:
            np.testing.assert_array_equal(params[order][name], again[order][name])
    grams = [ids for ids, _, _ in tables]
    assert len({tuple(gram) for gram in grams[3].tolist()}) == len(grams[3])
    assert {tuple(gram[:3]) for gram in grams[3].tolist()} <= {tuple(gram) for gram in grams[2].tolist()}


def test_what_makes_no_model_is_refused_in_one_line():
    model = NGram(V, 3)
    tables = model.tables(model.fit(text()))
    ids, logs, backoffs = tables[1]
    kept = np.any(ids != tables[2][0][0, :2], axis=1)
    orphaned = [tables[0], (ids[kept], logs[kept], backoffs[kept]), tables[2]]
    doubled = [*tables[:2], tuple(np.concatenate([column, column[:1]]) for column in tables[2])]
    for attempt, message in (
        (lambda: model.fit(np.array([4, 5, BOS, 6])), "id 1 at place 2 .* vocab_size=120 ids are 2 to 119"),
        (lambda: model.fit(np.array([4, 120])), "id 120 at place 1 .* 2 to 119"),
        (lambda: model.fit(np.array([], int)), "empty stream"),
        (lambda: model.distribution(model.fit(text()), np.array([-1])), "id -1 at place 0 .* 0 to 119"),
        (lambda: NGram(order=0), "NGram.order takes int, at least 1, not 0"),
        (lambda: AddK(0.0), "AddK.k takes float, above 0, not 0.0"),
        (lambda: StupidBackoff(1.5), "StupidBackoff.alpha takes float, above 0 and at most 1, not 1.5"),
        (lambda: KneserNey(1.5), "KneserNey.discount takes float, at least 0 and at most 1 or None, not 1.5"),
        (lambda: NGram(V, 2).from_tables(tables), "order=2, but .* order 3"),
        (lambda: model.from_tables(orphaned), r"the 3-gram \[.*\] stands without its first words"),
        (lambda: model.from_tables(doubled), "3-grams that stand twice"),
        (lambda: NGram(V, 1, AddK()).tables({}), r"AddK\(k=1.0\) has no ARPA form"),
        (lambda: NGram(V, 1, StupidBackoff()).tables({}), "StupidBackoff.* has no ARPA form"),
    ):
        with pytest.raises(ValueError, match=message) as error:
            attempt()
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_nltk_agrees(order):
    """Where the definitions do: one stream, all words seen, and its beginning seen again later.

    NLTK leaves nothing to unseen words, and counts among the followers of a context those that have no word
    before them, as only the beginning of a stream has.
    """
    lm = pytest.importorskip("nltk.lm")
    ids = np.concatenate([text(tokens=300), np.arange(EOS, V), text(tokens=5)[:4]])
    stream = [str(index) for index in (EOS, *ids)]
    grams = [
        tuple(stream[t - n + 1 : t + 1])
        for t in range(1, len(stream))
        for n in range(1, order + 1)
        if t >= n - 1
    ]
    vocabulary = lambda: lm.Vocabulary(unk_label=str(UNK))  # which counts as one of the words
    pairs = [
        (MaximumLikelihood(), lm.MLE(order, vocabulary=vocabulary())),
        (AddK(0.3), lm.Lidstone(0.3, order, vocabulary=vocabulary())),
        (StupidBackoff(0.3), lm.StupidBackoff(0.3, order, vocabulary=vocabulary())),
        (KneserNey(0.6), lm.KneserNeyInterpolated(order, 0.6, vocabulary=vocabulary())),
    ]
    for smoothing, theirs in pairs:
        if order == 1 and isinstance(smoothing, KneserNey):
            continue  # NLTK's unigrams want bigrams
        theirs.fit([grams], [index for index in stream if index != str(UNK)])
        ours = NGram(V, order, smoothing, across_sentences=True)
        params = ours.fit(ids)
        seen = ids[100 : 100 + order - 1]
        for history in (seen, np.array([V - 1, *seen[1:]]), np.array([V - 1, V - 3, V - 1])):
            context = [str(index) for index in history[len(history) - order + 1 :]]
            expected = [theirs.score(str(word), context) for word in range(EOS, V)]
            if isinstance(smoothing, MaximumLikelihood) and not any(expected):
                continue  # a history that NLTK gives no word at all
            np.testing.assert_allclose(ours.distribution(params, history)[EOS:], expected, rtol=1e-9)


def test_penn_treebank_5_gram_has_its_published_perplexity(data_dir):
    """148.0 on the validation split, as SRILM's modified Kneser-Ney, each line by itself, <unk> a word."""
    splits = {
        split: [
            word
            for line in gzip.open(data_dir / f"ptb/ptb.{split}.txt.gz", "rt")
            for word in (*line.split(), "</s>")
        ]
        for split in ("train", "valid")
    }
    ids = {word: index for index, word in enumerate(["<pad>", "<s>", "</s>", "<unk>"])}
    for word in itertools.chain(splits["train"]):
        ids.setdefault(word, len(ids))
    train, valid = (np.array([ids[word] for word in words]) for words in splits.values())
    model = NGram(len(ids))
    params = model.fit(train)
    assert np.exp(-model.log_probabilities(params, valid).mean()) == pytest.approx(148.01, abs=0.01)
    for history in ([], valid[:2], valid[:4], valid[:50], np.array([ids["the"]] * 4)):
        assert model.distribution(params, np.array(history, int)).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_a_stream_in_blocks_is_the_stream_in_one(monkeypatch, order, across):
    """However it is cut, at the ends of lines, within them, or in blocks shorter than the order."""
    model = NGram(V, order, across_sentences=across)
    params, ids = model.fit(text()), text(seed=3)
    whole = model.log_probabilities(params, ids)
    for size in (1, 3, 7, 100):
        monkeypatch.setattr(ngram, "AT_ONCE", size)
        np.testing.assert_array_equal(model.log_probabilities(params, ids), whole)
