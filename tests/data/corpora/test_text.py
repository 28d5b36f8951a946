"""Corpora of running text: published sizes, splits that share nothing, one clear line for bad input."""

import gzip
import itertools
import platform
import sysconfig

import pytest
from real_data import REAL

from data.corpora.stdlib_text import StdlibCode, StdlibDocs
from data.corpora.text import GeneratedText, PennTreebank, TextFiles, TinyShakespeare, WarAndPeace, WikiText2
from data.world.world import World

SPLITS = ("train", "valid", "test")
PLAY = "".join(f"line {n} of a play, no two alike\n" for n in range(500))


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def real(*names):
    missing = [name for name in names if not (REAL / name).exists() and not (REAL / f"{name}.gz").exists()]
    return pytest.mark.skipif(bool(missing), reason=f"not beside the repository: {', '.join(missing)}")


def test_the_penn_treebank_is_read_by_split_and_a_missing_file_is_named(tmp_path):
    write(tmp_path / "ptb/ptb.train.txt.gz", gzip.compress(b" a b \n c \n"))
    write(tmp_path / "ptb/ptb.valid.txt", " d \n")
    corpus = PennTreebank()
    assert corpus.text("train", tmp_path) == " a b \n c \n" and corpus.text("valid", tmp_path) == " d \n"
    assert corpus.protocol("valid") == "ptb valid"
    with pytest.raises(
        ValueError, match=r"a file of ptb is missing .*ptb\.test\.txt.*lookback data fetch ptb"
    ):
        corpus.text("test", tmp_path)


def test_wikitext_goes_by_either_name(tmp_path):
    write(tmp_path / "wikitext-2/wiki.valid.tokens", "the tokens\n")
    write(tmp_path / "wikitext-2/train.txt.gz", gzip.compress(b"the text\n"))
    assert WikiText2().text("valid", tmp_path) == "the tokens\n"
    assert WikiText2().text("train", tmp_path) == "the text\n"
    with pytest.raises(ValueError, match=r"wikitext-2 is missing .*wiki\.test\.tokens"):
        WikiText2().text("test", tmp_path)


def in_order(corpus, data_dir, splits=SPLITS):
    return [corpus.text(split, data_dir) for split in splits]


@pytest.mark.parametrize("share", [0.9, 0.95, 0.3])
def test_tiny_shakespeare_is_cut_in_two_at_a_character(tmp_path, share):
    write(tmp_path / "tinyshakespeare/input.txt", PLAY)
    train, valid = in_order(TinyShakespeare(share), tmp_path, SPLITS[:2])
    assert train + valid == PLAY and len(train) == int(len(PLAY) * share)
    with pytest.raises(ValueError, match="tinyshakespeare has no test split"):
        TinyShakespeare().text("test", tmp_path)


def test_war_and_peace_is_kept_to_the_byte(tmp_path):
    published = b"\xef\xbb\xbf" + PLAY.replace("\n", "\r\n").encode() + b"no line end"
    write(tmp_path / "warpeace/warpeace_input.txt", published)
    parts = in_order(WarAndPeace(), tmp_path)
    assert "".join(parts).encode() == published
    assert [round(len(part) / len(published), 3) for part in parts] == [0.8, 0.1, 0.1]


def test_a_users_file_is_cut_at_line_ends(tmp_path):
    write(tmp_path / "book.txt", PLAY[:-1])
    parts = in_order(TextFiles(str(tmp_path / "book.txt"), train=0.7, valid=0.1), None)
    assert "".join(parts) == PLAY and all(part.endswith("\n") for part in parts)
    assert [len(part) / len(PLAY) for part in parts] == pytest.approx([0.7, 0.1, 0.2], abs=0.003)
    everything = TextFiles(str(tmp_path / "book.txt"), train=0.9, valid=0.1)
    assert "".join(in_order(everything, None)) == PLAY and everything.text("test") == ""


def test_a_users_folder_is_read_in_the_order_of_its_paths(tmp_path):
    for name, content in {"b.txt": "b\n", "a/z.txt": "a", "c.md": "c\n", "a/deep/a.txt": "deep\n"}.items():
        write(tmp_path / name, content)
    assert "".join(in_order(TextFiles(str(tmp_path)), None)) == "deep\na\nb\n"
    assert "".join(in_order(TextFiles(str(tmp_path), pattern="*.md"), None)) == "c\n"


def test_bad_files_and_fields_are_named(tmp_path):
    with pytest.raises(ValueError, match="TextFiles.path: there is no file or folder .*nowhere"):
        TextFiles(str(tmp_path / "nowhere")).text("train")
    with pytest.raises(ValueError, match=r"no file in .* matches '\*\.txt'; give another pattern"):
        TextFiles(str(tmp_path)).text("train")
    write(tmp_path / "latin.txt", "un\ndeux\nété\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt, line 3: not UTF-8") as error:
        TextFiles(str(tmp_path)).text("train")
    assert "\n" not in str(error.value)
    for shares, complaint in (
        ({"train": 0.9, "valid": 0.2}, "train=0.9 and valid=0.2 .* at most 1 together"),
        ({"train": 1.0}, "TextFiles.train takes float, at least 0 and below 1, not 1.0"),
        ({"valid": -0.1}, "TextFiles.valid takes float, at least 0 and below 1, not -0.1"),
    ):
        with pytest.raises(ValueError, match=complaint):
            TextFiles("book.txt", **shares)
    with pytest.raises(ValueError, match="TextFiles.path is empty"):
        TextFiles("")
    with pytest.raises(ValueError, match="TinyShakespeare.train takes float, above 0 and below 1, not 1.5"):
        TinyShakespeare(train=1.5)
    with pytest.raises(ValueError, match="StdlibDocs.size takes int, at least 1000, not 10"):
        StdlibDocs(size=10)
    with pytest.raises(ValueError, match="GeneratedText.language takes one of en, de, fr, not 'cs'"):
        GeneratedText(language="cs")
    for corpus in (PennTreebank(), TinyShakespeare(), WarAndPeace(), TextFiles(str(tmp_path)), StdlibDocs()):
        with pytest.raises(ValueError, match="unknown split 'dev': choose from train, valid, test"):
            corpus.text("dev", tmp_path)
        with pytest.raises(ValueError, match="unknown split 'dev'"):
            corpus.protocol("dev")


@pytest.mark.parametrize("corpus", [StdlibDocs(), StdlibCode(size=50_000)], ids=repr)
def test_pythons_own_text_needs_no_files_and_is_cut_at_line_ends(corpus):
    parts = in_order(corpus, None)
    whole = "".join(parts)
    assert 1000 < len(whole) <= corpus.size and len(whole) > min(corpus.size - 1000, 300_000)
    assert [len(part) / len(whole) for part in parts] == pytest.approx([0.9, 0.05, 0.05], abs=0.01)
    assert all(part.endswith("\n") for part in parts)
    names = [corpus.protocol(split).rpartition(", ") for split in SPLITS]
    assert [name[-1] for name in names] == list(SPLITS) and len({name[0] for name in names}) == 1
    assert platform.python_version() in names[0][0] and f"{len(whole):,} characters" in names[0][0]


@pytest.mark.parametrize("kind, word", [(StdlibDocs, "statement"), (StdlibCode, "def ")])
def test_a_smaller_size_is_the_beginning_of_a_larger(kind, word):
    small, large = ("".join(in_order(kind(size=size), None)) for size in (5_000, 50_000))
    assert large.startswith(small) and large.count(word) > 20
    assert kind(size=5_000).protocol("test") != kind(size=50_000).protocol("test")


def test_code_is_that_of_the_library_without_tests_and_tables(tmp_path, monkeypatch):
    kept = {
        "os.py": "import abc",
        "json/__init__.py": "",
        "json/tool.py": "print()\n",
        "configparser.py": "é",
    }
    left = ("test/test_os.py", "json/tests/a.py", "site-packages/numpy.py", "encodings/cp1252.py")
    left += ("_sysconfigdata_linux.py", "config-3.11/tool.py", "pydoc_data/topics.py", "os.txt")
    for name, content in kept.items() | dict.fromkeys(left, "left out").items():
        write(tmp_path / name, content)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    code = "".join(in_order(StdlibCode(size=1234), None))
    assert sorted(code.split("\n\n")) == ["", "import abc", "print()", "é"]
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="this Python has no source files in .*; use StdlibDocs"):
        StdlibCode(size=4321).text("train")


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_no_generated_sentence_is_in_two_splits(language):
    world = World(vocabulary=0.05, depth=0, distance=0, train=400, valid=60, test=60)
    parts = [set(text.splitlines()) for text in in_order(GeneratedText(world, language), None)]
    assert min(map(len, parts)) > 20
    for one, other in itertools.combinations(parts, 2):
        assert not one & other
    assert parts[2] == {sentence.text(language) for sentence in world.sentences("test")}


def test_the_worlds_protocol_names_what_sets_it_apart():
    corpus = GeneratedText(World(depth=1, train=9, valid=4, test=4), "fr")
    assert corpus.protocol("test") == "World(depth=1, test=4) fr, test"
    assert GeneratedText().protocol("train") == "World() en, train"
    assert corpus.text("test").count("\n") == 4


@real("tinyshakespeare/input.txt")
def test_tiny_shakespeare_has_its_published_sizes():
    train, valid = in_order(TinyShakespeare(), REAL, SPLITS[:2])
    assert (len(train), len(valid)) == (1_003_854, 111_540)  # as nanoGPT prints them
    assert len(set(train + valid)) == 65


@real("warpeace/warpeace_input.txt")
def test_war_and_peace_has_its_published_sizes():
    content = "".join(in_order(WarAndPeace(), REAL)).encode()
    assert len(content) == 3_258_246 and len(set(content)) == 87
