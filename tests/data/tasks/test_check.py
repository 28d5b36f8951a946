"""What is odd about data is said before anything is trained on them."""

import pytest

from data.corpora.labelled_files import LabelledFiles
from data.corpora.parallel import Files
from data.corpora.text import TextFiles
from data.tasks.check import check
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.tagging import Tagging
from data.tasks.translation import Translation
from data.tokenizers.levels import Words


def lines(task) -> list[str]:
    return list(check(task))


@pytest.fixture
def labelled(tmp_path):
    rows = {
        "train": ["good film\tgood", "good film\tgood", "bad day\tbad", "so\tnever"],
        "valid": ["good film\tgood", "bad \u2603\tbad"],
        "test": ["an odd day of rain\tbad"],
    }
    for split, texts in rows.items():
        (tmp_path / f"{split}.tsv").write_text("\n".join(["text\tlabel", *texts]) + "\n", encoding="utf-8")
    return LabelledFiles(*(str(tmp_path / f"{split}.tsv") for split in ("train", "valid", "test")))


def test_sizes_lengths_labels_and_what_is_odd(labelled):
    assert lines(Classification(labelled, Words(least=1), longest=5)) == [
        "tokenizer: Words(size=50000, least=1, lowercase=False), 9 ids, of the train split",
        "train: 4 texts, 1 of them again",
        "  tokens of a text: 1 to 2, median 2",
        "  labels: good 50.0%, bad 25.0%, never 25.0%",
        "valid: 2 texts, 1 (50.0%) in train too",
        "  tokens of a text: 2 to 2, median 2; 25.00% unknown",
        "  characters that train has not: \u2603 7.1%",
        "  labels: good 50.0%, bad 50.0%",
        "  labels never given: never",
        "test: 1 texts",
        "  tokens of a text: 5 to 5, median 5; 80.00% unknown; 1 over task.longest=5",
        "  characters that train has not: n 11.1%, r 5.6%",
        "  labels: bad 100.0%",
        "  labels never given: good, never",
    ]


@pytest.mark.slow
def test_other_tasks_have_theirs(tmp_path):
    for split, texts in {"train": "a b\nc\n", "valid": "a b\nd\n", "test": "c\n"}.items():
        for language in ("en", "de"):
            (tmp_path / f"{split}.{language}").write_text(texts)
    corpus = Files(*(str(tmp_path / split) for split in ("train", "valid", "test")))
    said = lines(Translation(corpus, tokenizer=Words(least=1)))
    assert "valid: 2 texts, 1 (50.0%) in train too" in said and not any("labels" in line for line in said)
    assert any(line.startswith("  labels: O 9") for line in lines(Tagging()))


def test_an_empty_split_is_told(tmp_path):
    (tmp_path / "text.txt").write_text("one line\n")
    with pytest.raises(ValueError, match="valid: there is no text in it"):
        lines(LanguageModelling(TextFiles(str(tmp_path / "text.txt"))))
