"""A share of the training text is its first lines, and nothing else of a corpus changes."""

import pytest

from data.corpora.first_share import FirstShare
from data.corpora.text import TextFiles

LINES = [f"line {number}\n" for number in range(100)]


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "text.txt").write_text("".join(LINES), encoding="utf-8")
    return TextFiles(str(tmp_path / "text.txt"), train=0.8, valid=0.1)


@pytest.mark.parametrize("share", (1e-9, 1 / 16, 0.5, 1.0))
def test_it_is_whole_lines_from_the_beginning_as_long_as_the_share_or_up_to_a_line_longer(corpus, share):
    whole, text = corpus.text("train"), FirstShare(corpus, share).text("train")
    assert whole.startswith(text) and text.endswith("\n")
    assert share * len(whole) <= len(text) < share * len(whole) + len(LINES[-1]) + 1


def test_what_is_judged_is_the_corpus_s_own(corpus):
    share = FirstShare(corpus, 0.25)
    for split in ("valid", "test"):
        assert share.text(split) == corpus.text(split) and share.protocol(split) == corpus.protocol(split)
    assert share.protocol("train") == f"{corpus.protocol('train')}, the first 0.25"


def test_a_share_of_nothing_or_more_than_all_is_refused(corpus):
    for share in (0.0, 1.5):
        with pytest.raises(ValueError, match="FirstShare.share"):
            FirstShare(corpus, share)
