"""A stream is made once, found again by text and tokenizer, and never trusted when it is another thing."""

import os

import numpy as np
import pytest

from data.tokenizers import token_files
from data.tokenizers.levels import Bytes, TextCharacters

TEXT = "To be, or not to be:\nthat is the question.\n"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path))
    return tmp_path / "data" / "tokens"


@pytest.fixture
def tokenizer(monkeypatch):
    """One that counts how often it is asked."""
    found = TextCharacters().train([TEXT])
    found.asked, stream = 0, found.stream

    def counting(text):
        found.asked += 1
        return stream(text)

    monkeypatch.setattr(found, "stream", counting)
    return found


def only_file(folder):
    (path,) = folder.iterdir()
    return path


def test_a_stream_is_made_once_and_mapped(tokenizer, cache):
    first, second = token_files.mapped(TEXT, tokenizer), token_files.mapped(TEXT, tokenizer)
    assert tokenizer.asked == 1 and only_file(cache)
    for ids in (first, second):
        assert isinstance(ids, np.memmap) and ids.dtype == np.int32
        assert tokenizer.text(ids) == TEXT
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 5


def test_another_text_or_tokenizer_is_another_file(tokenizer, cache):
    other = Bytes().train([])
    found = [token_files.mapped(text, by) for text in (TEXT, TEXT[:-1]) for by in (tokenizer, other)]
    assert len(list(cache.iterdir())) == 4
    assert [by.text(ids) for ids, by in zip(found, (tokenizer, other) * 2, strict=True)] == [TEXT] * 2 + [
        TEXT[:-1]
    ] * 2


def test_a_text_whose_documents_end_is_another_file(cache):
    plain = Bytes().train([])
    marked, unmarked = (token_files.mapped("a<end>b", plain, end) for end in ("<end>", None))
    assert marked.tolist() == [*plain.stream("a"), plain.eos, *plain.stream("b")]
    assert unmarked.tolist() == plain.stream("a<end>b").tolist() and len(list(cache.iterdir())) == 2


DAMAGE = {
    "cut short": lambda content: content[:-1],
    "cut in half": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "one bit": lambda content: content[:150] + bytes([content[150] ^ 1]) + content[151:],
    "longer": lambda content: content + b"x",
    "another thing": lambda content: b"not tokens at all" * 20,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_made_again(tokenizer, cache, damage):
    token_files.mapped(TEXT, tokenizer)
    path = only_file(cache)
    sound = path.read_bytes()
    path.write_bytes(damage(sound))
    assert tokenizer.text(token_files.mapped(TEXT, tokenizer)) == TEXT
    assert tokenizer.asked == 2 and only_file(cache).read_bytes() == sound


def test_a_sound_file_in_anothers_place_is_made_again(tokenizer, cache):
    token_files.mapped(TEXT, tokenizer)
    path = only_file(cache)
    token_files.mapped("to be", tokenizer)
    (other,) = set(cache.iterdir()) - {path}
    path.write_bytes(other.read_bytes())
    assert tokenizer.text(token_files.mapped(TEXT, tokenizer)) == TEXT


def test_a_write_that_fails_leaves_nothing(tokenizer, cache, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(OSError, match="No space left"):
            token_files.mapped(TEXT, tokenizer)
    assert list(cache.iterdir()) == []
    assert tokenizer.text(token_files.mapped(TEXT, tokenizer)) == TEXT


def test_what_a_killed_process_left_is_swept_once_it_is_old(tokenizer, cache):
    token_files.mapped("a first text\n", tokenizer)
    old, new = cache / ".part-old", cache / ".part-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    token_files.mapped("another text\n", tokenizer)
    assert not old.exists() and new.exists()
