"""Treebanks: the generated one is the world's, and a file is read as it stands or told by its line."""

import pytest

from data.corpora.parsed.treebanks import GeneratedTrees, UdEwtTrees, analysed
from data.items.parsed import NONE, ROOT, Parsed
from data.world.world import World

LINE = "{}\t{}\t_\t{}\t_\t_\t{}\t{}\t_\t_\n"
CONLLU = (
    "# text = I can't\n"
    + LINE.format("1-2", "can't", "_", "_", "_")
    + "".join(
        LINE.format(*row)
        for row in (
            (1, "I", "PRON", 3, "nsubj:pass"),
            (2, "ca", "AUX", 3, "aux"),
            (3, "go", "VERB", 0, "root"),
        )
    )
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "UD_English-EWT").mkdir()
    (tmp_path / "UD_English-EWT" / "en_ewt-ud-dev.conllu").write_text(CONLLU)
    return tmp_path


def test_a_file_is_read_with_heads_counted_from_0_and_without_subtypes(folder):
    expected = Parsed(("I", "ca", "go"), ("PRON", "AUX", "VERB"), (2, 2, ROOT), ("nsubj", "aux", "root"))
    assert UdEwtTrees().items("valid", str(folder)) == [expected]
    assert UdEwtTrees().sentences("valid", str(folder)) == ["I ca go"]


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("\t3\taux", "\t4\taux", "line 4: head '4'"),
        ("\t3\taux", "\tx\taux", "line 4: head 'x'"),
        ("AUX", "AUXX", "line 4"),
    ],
)
def test_a_head_or_a_tag_that_is_none_is_told_by_its_line(folder, old, new, said):
    path = folder / "UD_English-EWT" / "en_ewt-ud-dev.conllu"
    path.write_text(CONLLU.replace(old, new))
    with pytest.raises(ValueError, match=f"dev.conllu, {said}[^\n]*$"):
        UdEwtTrees().items("valid", str(folder))


def test_the_generated_one_has_the_worlds_words_tags_and_heads():
    world = World(train=0, valid=0, test=5)
    items = GeneratedTrees(world, "de").items("test")
    for item, sentence in zip(items, world.sentences("test"), strict=True):
        assert item.words == sentence.tokens["de"] and item.tags == sentence.tags("de")
        assert item.heads == tuple(arc.head for arc in sentence.dependencies("de"))


def test_the_treebank_has_as_many_sentences_as_it_says(data_dir):
    items = UdEwtTrees().items("test", str(data_dir))
    assert len(items) == 2077 and sum(len(item.words) for item in items) == 25_094
    assert all(item.relations.count("root") == 1 for item in items)


def test_the_world_tells_names_and_what_pronouns_refer_to():
    """A name refers to itself alone, and of a longer phrase its noun is the antecedent."""
    found = {}
    for sentence in World(test=40).sentences("test"):
        item = analysed(sentence, "en")
        tagged = sentence.entities("en")
        assert [tag != "O" for tag in tagged] == [*item.names]
        for place, antecedent in enumerate(item.antecedents):
            if antecedent == NONE:
                continue
            first, end = sentence.coreference("en")[place, place + 1]
            assert item.tags[place] in ("PRON", "DET") and first <= antecedent < end
            assert not first <= item.heads[antecedent] < end and antecedent != place
            found[" ".join(item.words[first:end])] = item.words[antecedent]
    assert found["Sophie"] == "Sophie" and found["the nervous teacher"] == "teacher" and len(found) > 8
