"""Documents end where their corpus says so, and sentences where a reader would say so."""

import gzip

import pytest

from data.corpora.reviews import IMDB, ReviewText
from data.corpora.sentiment import CrossValidated
from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import GeneratedText, PennTreebank, TextFiles, WikiText2
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.tasks.pretraining import Pretraining
from data.world.derivation import subject
from data.world.world import World


def documents(corpus, split, data_dir=None):
    return Pretraining(corpus).documents(split, data_dir)


def test_blank_lines_divide_a_file_and_files_a_folder(tmp_path):
    (tmp_path / "one.txt").write_text("A b. C d.\n\nE f.\nG.\n \n\nH i.\n")
    whole = TextFiles(str(tmp_path / "one.txt"), train=0.99, valid=0.005)
    assert documents(whole, "train") == [["A b.", "C d."], ["E f.", "G."], ["H i."]]
    (tmp_path / "two.txt").write_text("J k.\n\nL m.")
    folder = TextFiles(str(tmp_path), train=0.99, valid=0.005)
    assert documents(folder, "train") == [["A b.", "C d.", "E f.", "G.", "H i."], ["J k.", "L m."]]


def test_the_splits_of_a_folder_are_all_of_it_and_share_nothing(tmp_path):
    for name in "abcde":
        lines = (f"{name} {number} is said." for number in range(20))
        (tmp_path / f"{name}.txt").write_text("\n".join(line.capitalize() for line in lines))
    corpus = TextFiles(str(tmp_path), train=0.5, valid=0.25)
    found = {split: documents(corpus, split) for split in ("train", "valid", "test")}
    said = [sentence for split in found.values() for document in split for sentence in document]
    assert said == [f"{name} {number} is said." for name in "ABCDE" for number in range(20)]
    assert [len(split) for split in found.values()] == [3, 2, 2]  # C goes on in valid, D in test
    assert all(
        len({sentence[0] for sentence in document}) == 1 for split in found.values() for document in split
    )


def test_articles_of_wikitext_are_documents_without_their_headings(tmp_path):
    text = (
        " \n = First = \n \n A role @-@ playing game of 1 @,@ 000 <unk> . It is old . \n \n = = Plot = = \n"
        " A war begins . \n = = = Of it = = = \n A = B is said . \n \n = Second one = \n \n It is new . \n"
    )
    (tmp_path / "wikitext-2").mkdir()
    (tmp_path / "wikitext-2" / "wiki.train.tokens.gz").write_bytes(gzip.compress(text.encode()))
    first = ["A role-playing game of 1,000 ⁇ .", "It is old .", "A war begins .", "A = B is said ."]
    assert documents(WikiText2(), "train", str(tmp_path)) == [first, ["It is new ."]]


def test_wikitext_has_some_600_articles(data_dir):
    found = documents(WikiText2(), "valid", str(data_dir))
    assert len(found) == 60 and sum(map(len, found)) > 5000
    assert not any(
        "<unk>" in said or " @-@ " in said or said.startswith("=") for one in found for said in one
    )


def test_sections_of_the_documentation_are_documents_without_titles_and_drawn_lines():
    found = documents(StdlibDocs(size=100_000), "train")
    assert len(found) > 20 and sum(map(len, found)) > 10 * len(found)
    assert not any(line in said for one in found for said in one for line in ("***", "===", "---"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_sentences_of_the_world_are_together_with_those_of_their_subject(language):
    world = World(train=300)
    found = documents(GeneratedText(world, language), "train")
    assert sum(map(len, found)) == 300 and 30 < len(found) < 200
    heads = {
        " ".join(one.text(language).split()): subject(one.derivation) for one in world.sentences("train")
    }
    groups = [{heads[said] for said in document} for document in found]
    assert all(len(group) == 1 for group in groups)
    assert len(set.union(*groups)) == len(groups)


@pytest.mark.slow
def test_a_review_is_a_document(data_dir):
    found = documents(ReviewText(IMDB()), "valid", str(data_dir))
    assert len(found) > 1000 and 5 < sum(map(len, found)) / len(found) < 20


def test_of_other_corpora_a_text_is_a_document_where_they_say_so():
    class Essays(LabelledCorpus):
        of_documents = True

        def items(self, split, data_dir=None):
            return [Labelled("A b. C d.", None, 0), Labelled("E f.", "G h.", 1)]

    class Remarks(Essays):
        of_documents = False

    assert documents(ReviewText(Essays()), "train") == [["A b.", "C d."], ["E f."], ["G h."]]
    assert documents(ReviewText(Remarks()), "train") == [["A b.", "C d.", "E f.", "G h."]]


def test_texts_of_a_cross_validated_corpus_are_those_of_the_seeds_fold():
    assert ReviewText(CrossValidated("CR")).of_seed(3) == ReviewText(CrossValidated("CR", fold=3))


def test_a_corpus_without_blank_lines_is_one_document(tmp_path):
    (tmp_path / "ptb").mkdir()
    (tmp_path / "ptb" / "ptb.train.txt").write_text(" a b \n c <unk> \n")
    assert len(documents(PennTreebank(), "train", str(tmp_path))) == 1


def test_where_a_split_of_a_folder_is_in_one_file_blank_lines_divide_it(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("".join(f"{name} {at}\n\n" for at in range(20)))
    corpus = TextFiles(str(tmp_path), train=0.75, valid=0.125)
    assert [len(text.split("\n\n")) for text in corpus.documents("train")] == [21, 11]  # a document a file
    assert corpus.documents("test")[0].strip() == "b 16" and len(corpus.documents("test")) > 3
