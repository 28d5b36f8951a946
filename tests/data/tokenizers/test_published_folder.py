"""Folders of published models: settings, added tokens and padded tables are those of the tokenizer."""

import json

import pytest

from data.tokenizers.levels import PublishedGPT2
from data.tokenizers.published_folder import completed, entries
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.wordpiece import PublishedWordPiece, of_pieces, read_folder

PIECES = "[PAD] [UNK] [CLS] [SEP] [MASK] ich mochte möchte brot Brot Ich 日 本 日本".split()
LINE = "Ich möchte Brot 日本"


def bert(folder, pieces=PIECES, end="\n", **files):
    """A folder with a vocab.txt, and files of JSON: settings for tokenizer_config.json, and so forth."""
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text(end.join([*pieces, ""]), encoding="utf-8", newline="")
    names = {"settings": "tokenizer_config.json", "config": "config.json", "added": "added_tokens.json"}
    for name, content in files.items():
        (folder / names.get(name, f"{name}.json")).write_text(json.dumps(content), encoding="utf-8")
    return folder


def pieces_of(tokenizer, line):
    (ids,) = tokenizer.encode([line])
    return tokenizer.pieces(ids[:-1])


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({}, "ich mochte brot 日 本"),
        ({"do_lower_case": True, "strip_accents": False}, "ich möchte brot 日 本"),
        ({"do_lower_case": False}, "Ich möchte Brot 日 本"),
        ({"do_lower_case": False, "strip_accents": True}, "Ich mochte Brot 日 本"),
        ({"do_lower_case": False, "tokenize_chinese_chars": False}, "Ich möchte Brot 日本"),
        (None, "Ich möchte Brot 日 本"),
    ],
)
@pytest.mark.parametrize("whole", [False, True], ids=["vocab.txt", "tokenizer.json"])
def test_text_is_cut_as_the_settings_say(tmp_path, settings, expected, whole):
    folder = bert(tmp_path, **({} if settings is None else {"settings": settings}))
    if whole:
        of_pieces(PIECES, lowercase=False).save(folder / "tokenizer.json")
        (folder / "vocab.txt").unlink()
    assert pieces_of(read_folder(folder), LINE) == expected.split()
    assert pieces_of(PublishedWordPiece(str(folder)).tokenizer(list), LINE) == expected.split()
    upper = PublishedWordPiece(str(folder), lowercase=False).tokenizer(list)
    assert pieces_of(upper, LINE) == "Ich möchte Brot 日 本".split()


def test_a_vocabulary_with_other_line_ends_is_the_same(tmp_path):
    one, other = read_folder(bert(tmp_path / "a")), read_folder(bert(tmp_path / "b", end="\r\n"))
    assert one.hash == other.hash


def test_rows_without_a_piece_have_ids_that_no_text_has_and_that_are_never_written(tmp_path):
    plain = read_folder(bert(tmp_path / "a"))
    padded = read_folder(bert(tmp_path / "b", config={"vocab_size": 24}))
    assert (len(plain), len(padded)) == (14, 24)
    assert padded.encode([LINE, "<unused 14>"]) == plain.encode([LINE, "<unused 14>"])
    assert {*range(14, 24)} == {*padded.never} - {*plain.never}
    with pytest.raises(ValueError, match=r"14 pieces; vocab_size is 13 by config.json: .*embeddings\(14\)"):
        read_folder(bert(tmp_path / "c", config={"vocab_size": 13}))


def test_added_tokens_are_read_in_text_and_the_special_ones_are_not(tmp_path):
    later = {"16": {"content": "<b>", "special": True, "normalized": False}}
    settings = {
        "added_tokens_decoder": later,
        "extra_special_tokens": ["<c>", "[MASK]"],
        "do_lower_case": False,
    }
    folder = bert(tmp_path, added={"<a>": 14}, settings=settings, config={"vocab_size": 20})
    tokenizer = read_folder(folder)
    assert len(tokenizer) == 20 and tokenizer.mask == 4
    assert tokenizer.encode(["Brot <a> <b> <c>"])[0][:-1] == [9, 14, 16, 17]
    assert 4 not in tokenizer.encode(["[MASK] Brot"])[0]


def test_a_tokenizer_json_brings_what_was_added_and_nothing_is_put_around(tmp_path):
    folder = bert(tmp_path)
    core = of_pieces(PIECES, lowercase=False).core
    core.add_tokens(["<new>"])
    core.enable_padding(length=50)
    core.enable_truncation(3)
    (folder / "tokenizer.json").write_text(core.to_str(), encoding="utf-8")
    tokenizer = read_folder(folder)
    assert tokenizer.encode(["Ich <new> Brot Brot"]) == [[10, 14, 9, 9, tokenizer.eos]]


def gpt2(folder, **files):
    pieces = ["#", "a", "b", "\u0120", "\u010a", "ab", "<|endoftext|>"]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text("\ufeff" + json.dumps({piece: n for n, piece in enumerate(pieces)}))
    (folder / "merges.txt").write_bytes(b"#version: 0.2\r\na b\r\n")
    return files


@pytest.mark.parametrize("whole", [False, True], ids=["two files", "tokenizer.json"])
def test_a_gpt2_has_what_its_folder_adds(tmp_path, whole, monkeypatch):
    gpt2(tmp_path / "mine")
    (tmp_path / "mine" / "added_tokens.json").write_text('{"<pad>": 7}')
    (tmp_path / "mine" / "config.json").write_text('{"vocab_size": 12}')
    monkeypatch.chdir(tmp_path)
    tokenizer = PublishedGPT2("mine").tokenizer(list)  # a relative folder is a path
    if whole:
        tokenizer.save(tmp_path / "mine" / "tokenizer.json")
        for name in ("vocab.json", "merges.txt", "added_tokens.json"):
            (tmp_path / "mine" / name).unlink()
        again = PublishedGPT2("mine").tokenizer(list)
        assert again.hash == tokenizer.hash
    assert len(tokenizer) == 12 and tokenizer.eos == 6 and tokenizer.never == (11, 10, 9, 8)
    assert tokenizer.stream("ab <pad>\n").tolist() == [5, 3, 7, 4]


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("tokenizer_config.json", '{"add_prefix_space": true}', "add_prefix_space is true.*set it to false"),
        ("tokenizer_config.json", "{", "tokenizer_config.json, line 1: not JSON"),
        ("config.json", "[1]", "config.json: not a JSON object"),
        ("config.json", '{"vocab_size": 5}', r"7 pieces; vocab_size is 5 by config.json"),
        ("config.json", '{"vocab_size": "7"}', "config.json: vocab_size is '7', not a whole number above 0"),
        ("config.json", '{"vocab_size": 2147483649}', "config.json: vocab_size is 2147483649, not a"),
        ("vocab.json", '{"a": 0, "b": 2147483648}', "vocab.json: the id of 'b' is 2147483648, but each is"),
        ("vocab.json", '{"a": 0, "b": 0}', "vocab.json: the id of 'b' is 0, but each is"),
        ("added_tokens.json", '{"<pad>": -1}', "the id of '<pad>' is -1, but each is"),
        ("tokenizer.json", "[" * 100_000, "tokenizer.json: .*JSON is nested too deeply"),
        ("tokenizer.json", "{}", "no pieces that can be read"),
        (
            "tokenizer.json",
            '{"model": {"type": "Unigram", "vocab": [["a", 1]]}}',
            "no pieces that can be read",
        ),
        ("tokenizer.json", '{"model": {"type": "What", "vocab": {"a": 1}}}', "its tokenizer cannot be read"),
    ],
)
def test_what_a_gpt2_cannot_be_read_with_is_told_in_a_line(tmp_path, name, content, complaint):
    gpt2(tmp_path / "mine")
    (tmp_path / "mine" / name).write_text(content)
    with pytest.raises(ValueError, match=complaint) as error:
        PublishedGPT2(str(tmp_path / "mine")).tokenizer(list)
    assert "\n" not in str(error.value) and str(tmp_path) in str(error.value)


def test_word_pieces_that_are_none_and_settings_that_are_no_switch_are_told(tmp_path):
    for value in ("yes", 0):
        folder = bert(tmp_path, settings={"do_lower_case": value})
        with pytest.raises(ValueError, match=f"tokenizer_config.json: {value!r} is neither true nor false"):
            read_folder(folder)
    gpt2(tmp_path / "gpt2")
    PublishedGPT2(str(tmp_path / "gpt2")).tokenizer(list).save(folder / "tokenizer.json")
    with pytest.raises(ValueError, match="tokenizer.json: not word pieces"):
        read_folder(folder)


def test_a_completed_tokenizer_is_one_of_ours(tmp_path):
    of_pieces(PIECES, lowercase=True).save(tmp_path / "tokenizer.json")
    tokenizer = completed(entries(tmp_path / "tokenizer.json"), tmp_path)
    assert tokenizer.hash == Tokenizer.load(tmp_path / "tokenizer.json").hash


# with the extra `parity`


def test_ids_are_those_of_transformers(tmp_path):
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    for number, settings in enumerate(
        (
            {},
            {"do_lower_case": False},
            {"do_lower_case": True, "strip_accents": False},
            {"strip_accents": True},
        )
    ):
        folder = bert(
            tmp_path / str(number), settings=settings, config={"model_type": "bert", "vocab_size": 30}
        )
        for theirs in (transformers.AutoTokenizer.from_pretrained(folder),):
            theirs.add_tokens(["Neu", "<x>"])
            theirs.add_special_tokens({"additional_special_tokens": ["[U]"]})
            theirs.save_pretrained(folder)
            (ids,) = read_folder(folder).encode([f"{LINE} Neu <x> [U] neu."])
            assert ids == theirs(f"{LINE} Neu <x> [U] neu.")["input_ids"][1:]
