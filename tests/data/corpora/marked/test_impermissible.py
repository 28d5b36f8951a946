"""Texts and marks are read line by line, what does not fit is told, and the published counts are held."""

import gzip

import pytest
from real_data import REAL

from data.corpora.marked.impermissible import FOLDER, Occupations, SstWiki, spans

TEXTS = "1\tIt 's  lovely . A page .\n0\tbad . Another page .\n"
BLOCKS = "1 1 1 1 0 0 0\n1 1 0 0 0\n"


def written(folder, name, texts=TEXTS, blocks=BLOCKS, corpus="sst-wiki"):
    place = folder / FOLDER / corpus
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.txt").write_text(texts)
    (place / f"{name}.txt.block.gz").write_bytes(gzip.compress(blocks.encode()))
    return str(folder)


def test_a_mark_is_the_characters_of_its_word(tmp_path):
    first, second = SstWiki().items("valid", written(tmp_path, "dev"))
    assert first.first == "It 's lovely . A page ." and (first.target, second.target) == (1, 0)
    assert [first.first[a:b] for a, b in first.marked] == ["It", "'s", "lovely", "."]
    assert [second.first[a:b] for a, b in second.marked] == ["bad", "."]
    assert spans(["a", "bc", "d"], ["0", "1", "1"]) == ((2, 4), (5, 6))


def test_of_occupations_one_file_is_train_and_valid_and_another_is_test(tmp_path):
    many = "".join(f"{at % 2}\tms. number {at} operates\n" for at in range(200))
    written(tmp_path, "test", many, "1 0 0 0\n" * 200, "occupation-classification")
    folder = written(tmp_path, "dev", corpus="occupation-classification")
    train, valid, test = (Occupations().items(split, folder) for split in ("train", "valid", "test"))
    assert len(train) + len(valid) == 200 and 5 < len(valid) < 40 and len(test) == 2
    assert not {one.first for one in train} & {one.first for one in valid}


@pytest.mark.parametrize(
    "texts, blocks, message",
    [
        (TEXTS, "1 1 1 1 0 0 0\n1 1 0 0\n", r"dev.txt.block.gz, line 2: not a 0 or 1 for each of 5 words"),
        (TEXTS, "1 1 1 1 0 0 2\n1 1 0 0 0\n", r"dev.txt.block.gz, line 1: not a 0 or 1"),
        (TEXTS, "1 1 1 1 0 0 0\n", r"dev.txt.block.gz: 1 lines, and there are 2 texts"),
        ("1 It\n" + TEXTS, "0\n" + BLOCKS, r"dev.txt, line 1: '1 It' is no 0 or 1, a tab and words"),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, texts, blocks, message):
    with pytest.raises(ValueError, match=message):
        SstWiki().items("valid", written(tmp_path, "dev", texts, blocks))


def test_a_missing_file_says_where_it_is_to_be_had(tmp_path):
    with pytest.raises(ValueError, match=r"sst-wiki/dev.txt is missing .*/danishpruthi/deceptive-attention"):
        SstWiki().items("valid", str(tmp_path))


@pytest.mark.skipif(not (REAL / FOLDER).is_dir(), reason="the published texts are not there")
def test_the_published_texts_have_their_counts_and_their_share_of_impermissible_words():
    for corpus, sizes, share in (
        (SstWiki(), {"train": 6920, "valid": 872, "test": 1821}, 45),
        (Occupations(), {"test": 2519}, 5.8),
    ):
        found = {split: corpus.items(split, str(REAL)) for split in sizes}
        assert {split: len(items) for split, items in found.items()} == sizes
        texts = [one for items in found.values() for one in items]
        marked = sum(len(one.marked) for one in texts)
        assert 100 * marked / sum(len(one.first.split()) for one in texts) == pytest.approx(share, abs=0.5)
