"""Tagged corpora: what files hold, what is malformed and where, published sizes, names held back."""

import gzip

import pytest

from data.corpora.tags import UPOS, XPOS, Conll2003, GeneratedTags, TagFiles, UdEwt
from data.items.tagged import Tagged
from data.tasks.tagging import Tagging
from data.world.world import World
from models.baselines.majority_tag import MajorityTag
from train.evaluators.labels.tags import EntityF1
from train.parts import override
from train.run import Run

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


def written(tmp_path, text, **fields):
    """A corpus whose three splits are one text."""
    path = tmp_path / "words.conll"
    path.write_text(text, encoding="utf-8")
    return TagFiles(str(path), str(path), str(path), **fields)


@pytest.mark.parametrize("head", ["", "# newdoc\n", CONLLU.partition("1\t")[0], "# text = a\tb\n"])
def test_a_conllu_file_may_begin_with_comments(tmp_path, head):
    text = head + CONLLU.partition("can't\n")[2] + CONLLU
    for separator in ("\t", None):
        corpus = written(tmp_path, text, word=1, tag=3, separator=separator)
        first, second = (item.words for item in corpus.items("train"))
        assert first == second == ("I", "ca", "n't") and not corpus.spans


@pytest.mark.parametrize("comment", ["# id 5239d808\tdomain=en\n", "#\thttp://example.org [2010]\n"])
def test_what_stands_before_a_sentence_with_other_columns_is_no_word(tmp_path, comment):
    text = f"{comment}#now _ _ O\nEU _ _ B-ORG\n\n{comment}# _ _ O\n1 _ _ O\n"
    corpus = written(tmp_path, text)
    assert [item.words for item in corpus.items("train")] == [("#now", "EU"), ("#", "1")]


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u3000", "\u2009", "\x85"])
@pytest.mark.parametrize("divided", [" ", "\t", "  \t"])
def test_only_spaces_and_tabs_divide_columns(tmp_path, space, divided):
    number = space.join(["2", "000", "000"])
    corpus = written(tmp_path, f"{number}{divided}O\nWien{divided}B-LOC\n")
    task = Tagging(corpus)
    tokenizer = task.train_tokenizer()
    (item,) = corpus.items("train")
    assert item.words == (number, "Wien")
    assert tokenizer.pieces(task.example_of(f"{number} Wien", tokenizer).inputs)[1:-1] == [number, "Wien"]


@pytest.mark.parametrize(
    "tags", ["B-PER L-PER O U-LOC", "B-PER E-PER O S-LOC", "I-PER I-PER O I-LOC", "B-PER I-PER O B-LOC"]
)
def test_entities_are_read_in_any_scheme_and_can_be_judged(tmp_path, tags):
    rows = zip("Anna Weber in Wien".split(), tags.split(), strict=True)
    corpus = written(tmp_path, "\n".join(map(" ".join, rows)))
    assert corpus.spans and corpus.labels == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
    assert corpus.items("test")[0].tags == ("B-PER", "I-PER", "O", "B-LOC")


@pytest.mark.parametrize("tags", ["O O", "PER-B O", "B_PER O", "NOUN O", "b-per O"])
def test_what_marks_no_entities_is_heard_before_training(tmp_path, tags):
    corpus = written(tmp_path, "\n".join(map(" ".join, zip(("Anna", "in"), tags.split(), strict=True))))
    assert not corpus.spans
    run = Run(MajorityTag(), Tagging(corpus), evaluators=(EntityF1(),))
    with pytest.raises(ValueError, match=r"TagFiles mark no entities; set evaluators=\(TagAccuracy\(\),\)"):
        run.require()
    override(run, ["evaluators=(TagAccuracy(),)"]).require()


def test_a_tag_that_only_other_splits_have_is_named_in_the_task_and_told_in_the_protocol(tmp_path):
    train, valid = tmp_path / "train", tmp_path / "valid"
    train.write_text("EU B-ORG\nsays O\n"), valid.write_text("Bonn B-LOC\nAnna X\n")
    refused = (
        r"valid, line 1: unknown tag 'B-LOC'; tags are O, B-ORG, I-ORG; name .* task.corpus.further=\(..\)"
    )
    with pytest.raises(ValueError, match=refused) as error:
        TagFiles(str(train), str(valid), str(valid)).items("train")
    assert len(str(error.value)) - len(str(valid)) < 200
    valid.write_text("Bonn B-LOC\n")
    corpus = TagFiles(str(train), str(valid), str(valid), further=("B-LOC",))
    assert corpus.spans and "I-LOC" in corpus.labels and len(corpus.items("train")) == 1
    assert corpus.items("test") == [Tagged(("Bonn",), ("B-LOC",))]
    assert corpus.protocol("test") == f"{valid}, B-LOC not in train"


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
