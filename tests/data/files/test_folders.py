"""The catalogue and its files: found where they lie, checked by content, fetched whole or not at all."""

import contextlib
import dataclasses
import functools
import gzip
import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import pytest
from real_data import REAL

from data.files import catalogue, compressed, json_text
from data.files import folders as corpora
from data.files.catalogue import Corpus, File

TEXTS = {"toy/a.en": b"one\ntwo\n", "toy/a.de": b"eins\nzwei\n"}


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def toy(monkeypatch):
    """A corpus of two texts in a catalogue of its own."""
    described = tuple(
        File(path, len(text), hashlib.sha256(text).hexdigest(), None) for path, text in TEXTS.items()
    )
    corpus = Corpus("toy", "Toy", "parallel: en de", "none", "", "", described, by_hand="write it yourself")
    monkeypatch.setattr(catalogue, "CORPORA", {"toy": corpus})
    monkeypatch.setattr(corpora, "CORPORA", catalogue.CORPORA)
    return corpus


@contextlib.contextmanager
def serving(handler):
    """The address of a server on this machine that answers by the handler."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mirror(tmp_path):
    """A folder served by HTTP: (folder, address, the requests so far)."""
    folder, asked = tmp_path / "mirror", []
    (folder / "toy").mkdir(parents=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    with serving(functools.partial(Handler, directory=folder)) as base:
        yield folder, base, asked


def fill(folder, pack=lambda text: text, end=""):
    for path, text in TEXTS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / (path + end)).write_bytes(pack(text))


def held(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


fetch = functools.partial(corpora.fetch, "toy", progress=False, retries=0)


@pytest.mark.parametrize(
    "pack, end", [(gzip.compress, ".gz"), (lambda text: text, "")], ids=["gzipped", "plain"]
)
def test_fetch_puts_the_plain_files_into_the_folder(toy, mirror, tmp_path, pack, end):
    served, base, _ = mirror
    fill(served, pack, end)
    assert fetch(tmp_path / "data", base) == tmp_path / "data"
    assert held(tmp_path / "data") == TEXTS
    assert {state for _, state in corpora.verify("toy", tmp_path / "data")} == {"ok"}


def test_fetch_goes_to_the_cache_and_is_found_there(toy, mirror):
    fill(mirror[0])
    fetch(base_url=mirror[1] + "/")
    assert corpora.read_lines(corpora.locate("toy/a.de")) == ["eins", "zwei"]


def test_fetch_follows_the_catalogues_own_addresses(toy, mirror, tmp_path, monkeypatch):
    served, base, _ = mirror
    fill(served)
    own = tuple(dataclasses.replace(file, url=f"{base}/{file.path}") for file in toy.files)
    monkeypatch.setitem(catalogue.CORPORA, "toy", dataclasses.replace(toy, files=own))
    assert held(fetch(tmp_path / "data")) == TEXTS


def test_fetch_takes_only_what_is_missing_or_damaged(toy, mirror, tmp_path):
    served, base, asked = mirror
    fill(served, gzip.compress, ".gz")
    fill(tmp_path / "data", gzip.compress, ".gz")
    fetch(tmp_path / "data", base)
    assert asked == []
    (tmp_path / "data/toy/a.de.gz").write_bytes(gzip.compress(b"zwei\neins\n")[:-4])
    fetch(tmp_path / "data", base)
    assert len(asked) == 1 and "a.de" in asked[0]
    assert {state for _, state in corpora.verify("toy", tmp_path / "data")} == {"ok"}


def test_a_wrong_checksum_is_an_error_and_leaves_the_folder_as_it_was(toy, mirror, tmp_path):
    served, base, _ = mirror
    fill(served, lambda text: text + b"three\n")
    (tmp_path / "data/toy").mkdir(parents=True)
    (tmp_path / "data/toy/a.en").write_bytes(b"mine\n")
    with pytest.raises(ValueError, match="toy/a.en: what was downloaded is not the catalogue's file"):
        fetch(tmp_path / "data", base)
    assert held(tmp_path / "data") == {"toy/a.en": b"mine\n"}
    assert list((tmp_path / "data").iterdir()) == [tmp_path / "data/toy"]


def test_a_missing_address_is_named_and_leaves_nothing(toy, mirror, tmp_path):
    with pytest.raises(OSError, match=r"there is no http.*/toy/a.en \(404\)"):
        corpora.fetch("toy", tmp_path / "data", mirror[1], progress=False)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_server_that_does_not_answer_is_one_clear_line(toy, tmp_path):
    with pytest.raises(OSError, match="could not download http://127.0.0.1:9/") as error:
        fetch(tmp_path / "data", "http://127.0.0.1:9")
    assert "\n" not in str(error.value)


def test_a_connection_that_breaks_off_is_tried_again(toy, tmp_path):
    answers = []

    class Flaky(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            text = TEXTS.get(self.path.strip("/"))
            if text is None:
                return self.send_error(404)
            answers.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[:3] if len(answers) == 1 else text)

        def log_message(self, *_):
            """Silence: the answers are counted, not shown."""

    with serving(Flaky) as base:
        corpora.fetch("toy", tmp_path / "data", base, progress=False, retries=1)
    assert answers == ["/toy/a.en", "/toy/a.en", "/toy/a.de"] and held(tmp_path / "data") == TEXTS


def test_a_fetched_archive_is_kept_as_it_is_and_nothing_of_it_escapes(toy, mirror, tmp_path, monkeypatch):
    served, base, _ = mirror
    with zipfile.ZipFile(served / "toy/pairs.zip", "w") as archive:
        archive.writestr("../../../evil.txt", "evil")
        archive.writestr("pairs.txt", "one\teins\n")
    content = (served / "toy/pairs.zip").read_bytes()
    file = File("toy/pairs.zip", len(content), hashlib.sha256(content).hexdigest(), None)
    monkeypatch.setitem(catalogue.CORPORA, "toy", dataclasses.replace(toy, files=(file,)))
    folder = fetch(tmp_path / "deep/data", base)
    assert held(folder) == {"toy/pairs.zip": content}
    assert corpora.read_member(corpora.locate(file.path, folder), "pairs.txt") == ["one\teins"]
    assert not list(tmp_path.rglob("evil*"))


def test_a_corpus_without_addresses_says_where_it_comes_from(toy, tmp_path):
    with pytest.raises(ValueError, match="toy/a.en has no public address: write it yourself"):
        fetch(tmp_path / "data")


def test_progress_is_drawn_on_the_standard_error_only(toy, mirror, tmp_path, capfd):
    fill(mirror[0])
    corpora.fetch("toy", tmp_path / "data", mirror[1])
    out, err = capfd.readouterr()
    assert out == "" and "a.en" in err


def test_locate_prefers_the_given_folder_then_the_environment_then_the_cache(toy, tmp_path, monkeypatch):
    fill(tmp_path / "cache/data")
    assert corpora.locate("toy/a.en", tmp_path / "given") == tmp_path / "cache/data/toy/a.en"
    fill(tmp_path / "named", gzip.compress, ".gz")
    monkeypatch.setenv("LOOKBACK_DATA", str(tmp_path / "named"))
    assert corpora.locate("toy/a.en", tmp_path / "given") == tmp_path / "named/toy/a.en.gz"
    fill(tmp_path / "given")
    assert corpora.locate("toy/a.en", tmp_path / "given") == tmp_path / "given/toy/a.en"


def test_verify_and_listing_tell_what_is_there(toy, tmp_path):
    fill(tmp_path, gzip.compress, ".gz")
    (tmp_path / "toy/a.de.gz").unlink()
    assert [state for _, state in corpora.verify("toy", tmp_path)] == ["ok", "missing"]
    assert corpora.listing(tmp_path)[0].present == "1 of 2 files"
    (tmp_path / "toy/a.de").write_bytes(b"eins\nzwei\ndrei\n")
    assert [state for _, state in corpora.verify("toy", tmp_path)] == ["ok", "differs"]


def test_an_unknown_corpus_is_answered_with_a_guess():
    with pytest.raises(
        ValueError, match="unknown corpus 'multi30': choose from multi30k, .*did you mean 'multi30k'"
    ):
        corpora.verify("multi30")


def test_the_catalogue_is_complete():
    files = [file for corpus in catalogue.CORPORA.values() for file in corpus.files]
    assert {name: len(corpus.files) for name, corpus in catalogue.CORPORA.items()} == {
        "multi30k": 24,
        "tatoeba": 2,
        "newstest": 10,
        "ptb": 3,
        "wikitext-2": 3,
        "tinyshakespeare": 1,
        "warpeace": 1,
        "gpt2": 2,
        "word-similarity": 13,
        "google-analogies": 1,
        "conll2003": 2,
        "ud_english-ewt": 3,
        "glue": 19,
        "sst": 1,
        "sent-conv": 8,
        "rsicd": 2,
        "amazon-alexa": 1,
    }
    assert len({file.path for file in files}) == len(files)
    assert all(len(file.sha256) == 64 and file.size > 0 for file in files)
    assert all(
        corpus.licence and corpus.citation and corpus.homepage for corpus in catalogue.CORPORA.values()
    )
    assert all(file.url or corpus.by_hand for corpus in catalogue.CORPORA.values() for file in corpus.files)


@pytest.mark.skipif(not (REAL / "multi30k").is_dir(), reason="Multi30k is not beside the repository")
def test_the_published_multi30k_has_the_catalogues_checksums():
    assert {state for _, state in corpora.verify("multi30k", REAL)} == {"ok"}


# what is compressed


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "ROOM", 2**20)
    path, zipped, tarred = tmp_path / "x.gz", tmp_path / "x.zip", tmp_path / "x.tar.gz"
    path.write_bytes(gzip.compress(bytes(2**22)))
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(2**22))
    with tarfile.open(tarred, "w:gz") as archive:
        for number in range(4):
            member = tarfile.TarInfo(f"{number}.txt")
            member.size = 2**20
            archive.addfile(member, io.BytesIO(bytes(2**20)))
    for read in (
        lambda: corpora.read_bytes(path),
        lambda: corpora.read_member(zipped, "a.txt"),
        lambda: list(compressed.tar_members(tarred, r".*\.txt")),
    ):
        with pytest.raises(
            ValueError, match="more than 1,048,576 bytes would come out of it; unpack|unpack it"
        ):
            read()
    assert corpora.read_bytes(path, limit=5) == bytes(5)
    path.write_bytes(gzip.compress(bytes(2**19)))
    assert corpora.read_bytes(path) == bytes(2**19)


def test_an_odd_archive_is_a_damaged_one(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.txt", "one\n" * 99)
    assert corpora.read_member(path, "a.txt") == ["one"] * 99
    content = path.read_bytes()
    for flag, value in ((6, 1), (8, 99)):  # encrypted, and by a method that nobody has
        odd = bytearray(content)
        odd[flag] = odd[content.rindex(b"PK\1\2") + flag + 2] = value
        path.write_bytes(bytes(odd))
        with pytest.raises(ValueError, match="is a damaged zip archive .*: fetch or copy it again"):
            corpora.read_member(path, "a.txt")


def test_a_member_that_is_no_file_is_passed_over(tmp_path):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("1.txt")
            member.type, member.linkname = kind, "1.txt"
            archive.addfile(member)
    assert list(compressed.tar_members(path, r".*\.txt")) == []


# JSON


@pytest.mark.parametrize(
    "content, told",
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"9" * 5000, "a number in its JSON is too long"),
        (b'{\n"a" 1}', "line 2: not JSON"),
        (b"\xff", "line 1: not UTF-8"),
        (b"", "line 1: not JSON"),
    ],
)
def test_what_is_no_json_is_told(content, told, tmp_path):
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(ValueError, match=f"x.json.*{told}") as raised:
        json_text.read(tmp_path / "x.json")
    assert len(str(raised.value)) < 300 and "\n" not in str(raised.value)
