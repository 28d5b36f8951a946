"""The task joins a corpus and a tokenizer; the published counts of real sets come out exactly."""

import dataclasses

import numpy as np
import pytest
from real_data import REAL

from data.corpora.stdlib_text import StdlibDocs
from data.corpora.text import GeneratedText, PennTreebank, TextFiles, TinyShakespeare, WarAndPeace, WikiText2
from data.ids import EOS, UNK
from data.tasks.language import LanguageModelling, Sizes
from data.tokenizers.levels import (
    BPE,
    ByteBPE,
    Bytes,
    Characters,
    PublishedGPT2,
    TextCharacters,
    WhitespaceWords,
    Words,
)
from data.world.world import World

TEXT = "the cat sat .\nthe dog sat ,  not the cat .\n\nété “quoted” …\n" * 40


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    return TextFiles(str(tmp_path / "text.txt"), train=0.8, valid=0.1)


def real(name):
    return pytest.mark.skipif(not (REAL / name).is_dir(), reason=f"{name} is not beside the repository")


@pytest.mark.parametrize(
    "tokenizer", [Bytes(), ByteBPE(300), TextCharacters()], ids=lambda part: type(part).__name__
)
def test_eos_stands_where_a_document_ends(tmp_path, tokenizer):
    documents = ["the cat sat\n", "été\n", "a dog\n"]
    (tmp_path / "text.txt").write_text("<|endoftext|>".join(documents) * 9, encoding="utf-8")
    corpus = TextFiles(str(tmp_path / "text.txt"))
    task = LanguageModelling(corpus, tokenizer, document_end="<|endoftext|>")
    found = task.train_tokenizer()
    ids, text = task.encoded("train", found), task.text("train")
    ends = text.count("<|endoftext|>")
    assert (ids == EOS).sum() == ends > 9
    assert found.text(ids) == text.replace("<|endoftext|>", "") and found.unk not in ids
    assert task.sizes("train").characters == len(text) - ends * len("<|endoftext|>")
    assert task.protocol("train").endswith("documents ended by <|endoftext|>")
    plain = LanguageModelling(corpus, tokenizer)
    assert EOS not in plain.encoded("train", plain.train_tokenizer())
    if isinstance(tokenizer, TextCharacters):
        assert len(found) == len(plain.train_tokenizer()) - len(
            {*"<|>"} | {*"endoftx"} - {*"".join(documents)}
        )
    with pytest.raises(ValueError, match="task.document_end is empty"):
        LanguageModelling(corpus, tokenizer, document_end="")


def test_of_lines_an_empty_one_stands_where_a_document_ends(tmp_path):
    (tmp_path / "text.txt").write_text("a cat\n<end>\na dog\n" * 9, encoding="utf-8")
    task = LanguageModelling(TextFiles(str(tmp_path / "text.txt")), WhitespaceWords(), document_end="<end>")
    found = task.train_tokenizer()
    ids = task.encoded("train", found)
    assert found.text(ids) == task.text("train").replace("<end>", "") and len(found) == 4 + 3


@pytest.mark.parametrize(
    "tokenizer",
    [BPE(60), Words(least=1), Characters(), WhitespaceWords(), TextCharacters(), Bytes(), ByteBPE(300)],
    ids=lambda part: type(part).__name__,
)
def test_a_split_is_the_ids_of_its_text(corpus, tokenizer):
    task = LanguageModelling(corpus, tokenizer)
    found = task.train_tokenizer()
    for split in ("train", "valid", "test"):
        ids = task.encoded(split, found)
        assert isinstance(ids, np.memmap) and np.array_equal(ids, found.stream(task.text(split)))
        assert found.unk not in ids
        expected = task.text(split)
        if isinstance(tokenizer, WhitespaceWords):
            expected = "".join(f"{' '.join(line.split())}\n" for line in expected.splitlines())
        assert found.text(ids) == expected


def test_the_tokenizer_is_learned_from_train_alone(tmp_path):
    (tmp_path / "text.txt").write_text("a b\n" * 50 + "z\n" * 50, encoding="utf-8")
    task = LanguageModelling(TextFiles(str(tmp_path / "text.txt"), train=0.5, valid=0.2), WhitespaceWords())
    tokenizer = task.train_tokenizer()
    assert len(tokenizer) == 4 + 2 and set(task.encoded("test", tokenizer).tolist()) == {UNK, EOS}


def test_sizes_are_those_of_the_text(corpus):
    task = LanguageModelling(corpus, Words())
    text = task.text("valid")
    lines = text.splitlines()
    assert task.sizes("valid") == Sizes(
        len(lines), sum(len(line.split()) for line in lines), len(text), len(text.encode())
    )
    assert task.sizes("valid").bytes > task.sizes("valid").characters


def test_the_protocol_says_corpus_split_and_level(corpus):
    said = LanguageModelling(corpus, WhitespaceWords()).protocol("valid")
    assert said == f"{corpus.path} valid, cut at 0.8 and 0.9, by WhitespaceWords(size=500000, least=1)"


def test_an_empty_split_is_named(corpus):
    task = LanguageModelling(dataclasses.replace(corpus, valid=0.2))
    with pytest.raises(
        ValueError, match=r"text\.txt test, cut at 0\.8 and 1: there is no text in this split"
    ):
        task.encoded("test", Bytes().train([]))


def test_the_defaults_need_no_files():
    task = LanguageModelling(StdlibDocs(size=20_000), ByteBPE(300))
    tokenizer = task.train_tokenizer()
    assert tokenizer.text(task.encoded("valid", tokenizer)) == task.text("valid")
    world = LanguageModelling(GeneratedText(World(train=30, valid=5, test=5)), Words(least=1))
    assert np.count_nonzero(world.encoded("test", world.train_tokenizer()) == EOS) == 5


@real("ptb")
def test_the_penn_treebank_has_its_published_counts():
    task = LanguageModelling(PennTreebank(), WhitespaceWords())
    tokenizer = task.train_tokenizer(REAL)
    train, valid = (task.encoded(split, tokenizer, REAL) for split in ("train", "valid"))
    assert (len(train), len(valid)) == (929_589, 73_760)
    assert len(np.unique(train)) == 10_000 and len(tokenizer) == 10_002  # PAD and BOS are never seen
    assert task.sizes("valid", REAL)[:2] == (3_370, 70_390)
    text = task.text("valid", REAL)
    assert np.count_nonzero(valid == UNK) == text.split().count("<unk>")
    assert tokenizer.text(valid) == "".join(f"{line.strip()}\n" for line in text.splitlines())


@real("wikitext-2")
def test_wikitext_has_its_published_counts():
    task = LanguageModelling(WikiText2(), WhitespaceWords())
    tokenizer = task.train_tokenizer(REAL)
    assert len(tokenizer) == 33_278 + 2
    assert [len(task.encoded(split, tokenizer, REAL)) for split in ("valid", "test")] == [217_646, 245_569]
    assert sum(task.sizes("train", REAL)[:2]) == 2_088_628


@real("tinyshakespeare")
def test_tiny_shakespeare_has_65_characters_and_loses_none():
    task = LanguageModelling(TinyShakespeare(), TextCharacters())
    tokenizer = task.train_tokenizer(REAL)
    assert len(tokenizer) == 65 + 4
    valid = task.encoded("valid", tokenizer, REAL)
    assert len(valid) == 111_540 and tokenizer.text(valid) == task.text("valid", REAL)


@real("warpeace")
def test_the_bytes_of_war_and_peace_are_its_published_characters():
    task = LanguageModelling(WarAndPeace(), Bytes())
    tokenizer = task.train_tokenizer(REAL)
    ids = task.encoded("test", tokenizer, REAL)
    assert len(ids) == task.sizes("test", REAL).bytes
    assert bytes((ids - 4).astype(np.uint8)).decode() == task.text("test", REAL)


@real("gpt2")
@real("tinyshakespeare")
def test_tiny_shakespeare_has_its_published_tokens_of_gpt2():
    task = LanguageModelling(TinyShakespeare(), PublishedGPT2())
    tokenizer = task.train_tokenizer(REAL)
    lengths = [len(task.encoded(split, tokenizer, REAL)) for split in ("train", "valid")]
    assert lengths == [301_966, 36_059]  # as nanoGPT prints them
