"""Tagged corpora: what files hold, what is malformed and where, published sizes, names held back."""

import gzip

import pytest

from data.corpora.tags import UPOS, XPOS, Conll2003, GeneratedTags, TagFiles, UdEwt
from data.items.tagged import Tagged
from data.world.world import World

CONLL = """\
-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
Anna NNP B-NP B-PER
"""
CONLLU = (
    "# sent_id = 1\n# text = I can't\n"
    "1\tI\tI\tPRON\tPRP\t_\t_\t_\t_\t_\n"
    "2-3\tcan't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tca\tcan\tAUX\tMD\t_\t_\t_\t_\t_\n"
    "3\tn't\tnot\tPART\tRB\t_\t_\t_\t_\t_\n"
    "3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n\n"
)


def conll(tmp_path, text, name="eng.train"):
    (tmp_path / "conll2003").mkdir(exist_ok=True)
    (tmp_path / "conll2003" / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    return tmp_path


def test_conll_tags_come_in_iob2_and_document_marks_are_no_words(tmp_path):
    assert Conll2003().items("train", conll(tmp_path, CONLL)) == [
        Tagged(("EU", "rejects"), ("B-ORG", "O")),
        Tagged(("Peter", "Blackburn", "Anna"), ("B-PER", "I-PER", "B-PER")),
    ]


@pytest.mark.parametrize(
    "text, message",
    [
        ("EU NNP I-NP I-ORG\nrejects VBZ O\n", r"eng.train.gz, line 2: 3 columns, where a word has 4"),
        ("\n\nEU NNP I-NP I-XYZ\n", r"line 3: unknown tag 'I-XYZ'; tags are O, B-PER"),
        ("EU NNP I-NP X-PER\n", r"line 1: unknown tag 'X-PER'"),
        ("-DOCSTART- -X- O O\n\n", r"there is no sentence"),
    ],
)
def test_a_malformed_row_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        Conll2003().items("train", conll(tmp_path, text))


def test_without_eng_testb_there_is_no_test_split(tmp_path):
    with pytest.raises(ValueError, match="put conll2003/eng.testb there, or evaluate on valid"):
        Conll2003().items("test", conll(tmp_path, CONLL))
    assert len(Conll2003().items("test", conll(tmp_path, CONLL, "eng.testb"))) == 2


def test_ranges_and_empty_nodes_of_conllu_are_no_words(tmp_path):
    (tmp_path / "UD_English-EWT").mkdir()
    file = tmp_path / "UD_English-EWT" / "en_ewt-ud-dev.conllu"
    file.write_text(CONLLU)
    assert UdEwt().items("valid", tmp_path) == [Tagged(("I", "ca", "n't"), ("PRON", "AUX", "PART"))]
    assert UdEwt(tags="xpos").items("valid", tmp_path)[0].tags == ("PRP", "MD", "RB")
    file.write_text(CONLLU.replace("\tPART\t", "\tPARTICLE\t"))
    with pytest.raises(ValueError, match="line 6: unknown tag 'PARTICLE'"):
        UdEwt().items("valid", tmp_path)


def test_a_users_file_has_the_columns_it_has(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("0\tIn\tO\n1\tNew York\tI-LOC\n\n\n2\tAnna\tB-PER\n")
    corpus = TagFiles(str(path), str(path), str(path), word=1, tag=2, separator="\t")
    assert corpus.spans and corpus.labels == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert corpus.items("valid") == [
        Tagged(("In", "New York"), ("O", "B-LOC")),
        Tagged(("Anna",), ("B-PER",)),
    ]
    path.write_text("runs VERB\nfast ADV\n")
    corpus = TagFiles(str(path), str(path), str(path))
    assert not corpus.spans and corpus.labels == ("ADV", "VERB")
    path.write_text("runs VERB\nfast\n")
    with pytest.raises(ValueError, match="train.tsv, line 2: 1 columns, where a word has 2"):
        corpus.items("train")
    path.write_text("runs VERB\n")
    with pytest.raises(ValueError, match="line 1: 2 columns, but word=0 and tag=2"):
        TagFiles(str(path), str(path), str(path), tag=2).items("train")
    with pytest.raises(ValueError, match="TagFiles.test: there is no file"):
        TagFiles(str(path), str(path), str(tmp_path / "none")).items("test")


def test_a_tag_that_training_does_not_have_is_named(tmp_path):
    train, valid = tmp_path / "train", tmp_path / "valid"
    train.write_text("runs VERB\n")
    valid.write_text("runs VERB\n\nfast ADV\n")
    with pytest.raises(ValueError, match="valid, line 3: unknown tag 'ADV'; tags are VERB"):
        TagFiles(str(train), str(valid), str(valid)).items("valid")
    with pytest.raises(ValueError, match="unknown tag 'ADV'"):  # before anything is trained
        TagFiles(str(train), str(train), str(valid)).items("train")


def test_names_held_back_are_in_no_sentence_of_train():
    world = World(train=300, valid=60, test=60)
    names = lambda corpus, split: {
        word for item in corpus.items(split) for word, tag in zip(*item, strict=True) if tag != "O"
    }
    every, half = GeneratedTags(world), GeneratedTags(world, unseen=0.5)
    assert names(half, "train") < names(every, "train")
    assert half.items("test") == every.items("test")
    new = names(half, "test") - names(half, "train")
    assert new and new & names(every, "train")
    assert GeneratedTags(world, "de", "pos").labels == UPOS
    assert set(GeneratedTags(world, tags="pos").items("valid")[0].tags) <= set(UPOS)


def test_the_files_themselves(data_dir):
    """Sizes as published: sentences, words, entities of each type."""
    valid = Conll2003().items("valid", data_dir)
    assert (len(valid), sum(len(item.words) for item in valid)) == (3250, 51362)
    begins = [tag for item in valid for tag in item.tags if tag.startswith("B-")]
    counts = {kind: begins.count(f"B-{kind}") for kind in ("LOC", "MISC", "ORG", "PER")}
    assert counts == {"LOC": 1837, "MISC": 922, "ORG": 1341, "PER": 1842}
    for tags, known in (("upos", UPOS), ("xpos", XPOS)):
        items = UdEwt(tags=tags).items("valid", data_dir)
        assert (len(items), sum(len(item.words) for item in items)) == (2001, 25147)
        assert {tag for item in items for tag in item.tags} <= set(known)
