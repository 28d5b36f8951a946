"""Pairs are what they are said to be, half of them true, none from one document; batches hide and resume."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import binomtest, chisquare

from data.batches.documents import ANOTHER, FOLLOWS, examples
from data.batches.masked import MaskedBatches, MaskedPairs
from data.batches.masking import Masking
from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import TextFiles
from data.tasks.pretraining import Pretraining, sentences
from data.tokenizers.levels import BPE
from data.tokenizers.wordpiece import WordPiece

DOCUMENTS, SENTENCES, WORDS = 30, 12, 7
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Word w of sentence s of document d is a number of its own, so that every id tells where it is from."""
    path = tmp_path_factory.mktemp("corpus") / "text.txt"
    said = iter(range(100_000))
    sentence = lambda: " ".join(spelled(next(said)) for _ in range(WORDS)).capitalize() + "."
    blocks = ["\n".join(sentence() for _ in range(SENTENCES)) for _ in range(DOCUMENTS * 2)]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return TextFiles(str(path), train=0.5, valid=0.25)


def spelled(number: int) -> str:
    return "".join(LETTERS[number // 26**place % 26] for place in range(3))


@pytest.fixture(scope="module")
def task(corpus):
    return Pretraining(corpus, WordPiece(size=6000), length=40)


@pytest.fixture(scope="module")
def tokenizer(task):
    return task.train_tokenizer()


@pytest.fixture(scope="module")
def split(task, tokenizer):
    return task.encoded("train", tokenizer)


def owners(split):
    """The document and the sentence of each id."""
    sentence = np.repeat(np.arange(len(split.bounds) - 1), np.diff(split.bounds))
    return np.searchsorted(split.firsts, sentence, side="right") - 1, sentence


def epochs(split, count=20):
    return [example for epoch in range(count) for example in examples(split, np.random.default_rng(epoch))]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It was e.g. this, or that. That is all.", ["It was e.g. this, or that.", "That is all."]),
        ("A line\nthat goes on. And\nanother.\n", ["A line that goes on.", "And another."]),
        ("A heading\n\nA text.", ["A heading", "A text."]),
        ("A heading\n  \n A text.", ["A heading", "A text."]),
        ('He said " no . " Then he left .', ['He said " no .', '" Then he left .']),
        ("3.5 is no end. 4 is.", ["3.5 is no end.", "4 is."]),
        ("\u6c49\u5b57. \u6c49", ["\u6c49\u5b57.", "\u6c49"]),
        (" \n\n ", []),
    ],
)
def test_a_text_is_cut_into_sentences(text, expected):
    assert sentences(text) == expected


def test_a_split_is_its_documents_sentence_after_sentence(task, split, tokenizer):
    documents = task.documents("train")
    assert len(documents) == len(split.firsts) - 1 == DOCUMENTS
    parts = [split.ids[a:b].tolist() for a, b in zip(split.bounds, split.bounds[1:], strict=False)]
    expected = [ids[:-1] for document in documents for ids in tokenizer.encode(document)]
    assert max(map(len, expected)) <= split.room // 2 and parts == expected
    assert np.diff(split.firsts).tolist() == [len(document) for document in documents]


def test_a_sentence_longer_than_half_a_row_is_several(task, tokenizer):
    short = dataclasses.replace(task, length=8)
    whole, cut = task.encoded("train", tokenizer), short.encoded("train", tokenizer)
    assert np.array_equal(whole.ids, cut.ids) and np.diff(cut.bounds).max() == cut.room // 2
    ends = cut.bounds[cut.firsts]
    assert np.array_equal(ends, whole.bounds[whole.firsts])


def test_half_of_the_pairs_are_true_and_what_follows_follows(split):
    found, (document, _) = epochs(split), owners(split)
    true = [pair for pair in found if pair.next == FOLLOWS]
    assert binomtest(len(true), len(found)).pvalue > 1e-3 and len(found) > 1500
    touching, longest = 0, 2 * np.diff(split.bounds).max()
    for (_, end), (start, last), _ in true:
        assert document[end - 1] == document[start] == document[last - 1]
        assert 0 <= start - end <= longest  # what lies between was too much for the row
        touching += start == end
    assert touching > len(true) / 20


def test_what_does_not_follow_is_from_another_document_any_other_alike(split):
    document, _ = owners(split)
    found = [pair for pair in epochs(split, 40) if pair.next == ANOTHER]
    pairs = np.array([[document[a[0]], document[b[0]], document[b[1] - 1]] for a, b, _ in found])
    assert np.all(pairs[:, 0] != pairs[:, 1]) and np.array_equal(pairs[:, 1], pairs[:, 2])
    counts = np.bincount(pairs[:, 1], minlength=DOCUMENTS)
    assert len(found) > 1500 and chisquare(counts).pvalue > 1e-3


def test_both_texts_are_there_within_the_room_of_a_row_and_short_rows_are_one_in_ten(split):
    sizes = np.array([[a[1] - a[0], b[1] - b[0]] for a, b, _ in epochs(split)])
    assert sizes.min() >= 1 and sizes.sum(axis=1).max() == split.room
    # A row may also be short as its document ends; at least every third is full.
    assert np.mean(sizes.sum(axis=1) == split.room) > 0.33
    assert 0.04 < np.mean(sizes.sum(axis=1) < split.room / 2) < 0.25


def test_every_sentence_is_read_and_a_first_text_never_twice(split):
    found = examples(split, np.random.default_rng(0))
    first = np.concatenate([np.arange(*a) for a, _, _ in found])
    assert len(first) == len(np.unique(first))
    whole = np.concatenate([np.arange(*span) for one in epochs(split, 5) for span in one[:2]])
    assert len(np.unique(whole)) > 0.99 * len(split.ids)


def test_rows_without_pairs_are_the_text_as_it_runs(task, tokenizer):
    alone = dataclasses.replace(task, next_sentence=False)
    split = alone.encoded("train", tokenizer)
    document, _ = owners(split)
    found = examples(split, np.random.default_rng(0))
    assert all(a[1] - a[0] <= split.room and b[0] == b[1] for a, b, _ in found)
    assert all(document[a[0]] == document[a[1] - 1] for a, _, _ in found)
    batch = next(MaskedBatches(split, MaskedPairs(rows=3), seed=0))
    assert not {"next", "next_weights"} & batch.keys() and not batch["segments"].any()
    assert np.all((batch["inputs"] == tokenizer.eos).sum(axis=1) == 1)


def test_a_row_is_cls_a_sep_b_sep_and_its_targets_stood_where_it_is_asked(split, tokenizer):
    batches = MaskedBatches(split, MaskedPairs(rows=8), seed=1)
    plan, batch = batches.plan, next(batches)
    for row, (a, b, follows) in enumerate(plan[:8]):
        first, second = split.ids[slice(*a)].tolist(), split.ids[slice(*b)].tolist()
        expected = [tokenizer.bos, *first, tokenizer.eos, *second, tokenizer.eos]
        read = batch["inputs"][row].copy()
        count = int(batch["weights"][row].sum())
        read[batch["positions"][row, :count]] = batch["targets"][row, :count]
        assert read.tolist() == expected + [0] * (40 - len(expected))
        segments = [0] * (len(first) + 2) + [1] * (len(second) + 1)
        assert batch["segments"][row].tolist() == segments + [0] * (40 - len(expected))
        assert batch["next"][row] == follows
        assert count == max(round(0.15 * (len(first) + len(second))), 1)
        assert not batch["weights"][row, count:].any() and not batch["targets"][row, count:].any()
    assert batch["positions"].shape == (8, Masking().most(40)) and batch["inputs"].dtype == np.int32


def test_unknown_words_and_marks_are_not_asked_for(corpus):
    task = Pretraining(corpus, WordPiece(size=60), length=40)
    split = task.encoded("valid", WordPiece(size=60).train(["aabbccddeeffgg."]))  # few letters
    assert 0.2 < np.mean(split.ids == split.tokenizer.unk) < 1
    for batch in MaskedBatches(split, MaskedPairs(rows=16), seed=0).once():
        assert np.all(batch["targets"][batch["weights"] > 0] > split.tokenizer.mask)


def test_every_epoch_has_other_pairs_and_hides_other_tokens(split):
    batches = MaskedBatches(split, MaskedPairs(rows=8), seed=0)
    first = batches.plan
    for _ in range(-(-len(first) // 8) + 1):
        next(batches)
    assert batches.state() == {"epoch": 1, "index": 1} and set(batches.plan) != set(first)
    same = [batches.batch(epoch, first, 0) for epoch in (0, 1)]
    assert not np.array_equal(same[0]["positions"], same[1]["positions"])


def test_an_iterator_goes_on_where_it_was(split):
    whole, resumed = (MaskedBatches(split, MaskedPairs(rows=16), seed=5) for _ in range(2))
    for _ in range(len(whole.plan) // 16 + 3):
        next(whole)
    resumed.restore(whole.state())
    for _ in range(3):
        ours, theirs = next(whole), next(resumed)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert (
        MaskedBatches(split, MaskedPairs(rows=16), seed=6).plan
        != MaskedBatches(split, MaskedPairs(16), 5).plan
    )


def test_validation_is_the_same_whatever_the_seed_and_covers_all(split):
    part = MaskedPairs(rows=7)
    one, other = (part.over(split, split, seed, accumulate=2)[1] for seed in (1, 2))
    batches, again = list(one.once()), list(other.once())
    assert all(np.array_equal(a["inputs"], b["inputs"]) for a, b in zip(batches, again, strict=True))
    assert sum(int((batch["inputs"][:, 0] > 0).sum()) for batch in batches) == len(one.plan)
    last = batches[-1]
    empty = last["inputs"][:, 0] == 0
    assert empty.any() and not last["weights"][empty].any() and not last["next_weights"][empty].any()


def test_micro_batches_are_the_rows_of_one_batch(split):
    stacked, _ = MaskedPairs(rows=4).over(split, split, seed=0, accumulate=3)
    whole, _ = MaskedPairs(rows=12).over(split, split, seed=0)
    parts, batch = next(stacked), next(whole)
    assert parts["inputs"].shape == (3, 4, 40) and parts["next"].shape == (3, 4)
    assert all(np.array_equal(parts[name].reshape(batch[name].shape), batch[name]) for name in batch)


def test_pairs_weigh_as_much_as_there_are_hidden_tokens(split):
    for batch in MaskedBatches(split, MaskedPairs(rows=32), seed=0).once():
        real = batch["inputs"][:, 0] > 0
        assert np.isclose(batch["next_weights"].sum(), batch["weights"].sum())
        assert len(np.unique(batch["next_weights"][real])) == 1


def test_padding_is_counted(split):
    batches = MaskedBatches(split, MaskedPairs(rows=32), seed=0)
    padded = np.mean([np.mean(batch["inputs"] == 0) for batch in batches.once()])
    assert np.isclose(batches.padding(), padded)


def test_one_document_has_nothing_to_be_told_apart_from(tmp_path, tokenizer):
    (tmp_path / "text.txt").write_text("One two.\nThree four.\n" * 30)
    task = Pretraining(TextFiles(str(tmp_path), train=0.9, valid=0.05), WordPiece(100))
    with pytest.raises(ValueError, match="no other document .* or set task.next_sentence=False"):
        task.encoded("train", tokenizer)
    assert len(dataclasses.replace(task, next_sentence=False).encoded("train", tokenizer).firsts) == 2


def test_a_tokenizer_without_a_mask_is_refused(task):
    with pytest.raises(ValueError, match=r"BPE does not give \[MASK\]; set task.tokenizer to .* WordPiece$"):
        dataclasses.replace(task, tokenizer=BPE(100))
    with pytest.raises(ValueError, match=r"no \[MASK\]; set task.tokenizer=WordPiece"):
        task.encoded("train", BPE(100).train(["abc"]))


def test_the_documentation_gives_pairs():
    task = Pretraining(StdlibDocs(size=60_000), WordPiece(500), length=64)
    tokenizer = task.train_tokenizer()
    assert "by WordPiece(size=500" in task.protocol("train")
    for name in ("train", "valid", "test"):
        split = task.encoded(name, tokenizer)
        batch = next(MaskedPairs(rows=4).over(split, split, seed=0)[0])
        assert batch["inputs"].shape == (4, 64) and batch["weights"].sum() > 8
