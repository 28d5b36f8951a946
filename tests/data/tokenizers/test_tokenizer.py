"""Text goes in and comes back; the vocabulary is a function of the text; a foreign file is refused."""

import functools
import json
import random
import time
from collections import Counter

import numpy as np
import pytest
from real_data import REAL
from tokenizers import pre_tokenizers

from data.ids import BOS, EOS, PAD, SPECIALS, UNK
from data.tokenizers import levels
from data.tokenizers import tokenizer as module
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
from data.tokenizers.tokenizer import Tokenizer, chunks
from data.tokenizers.wordpiece import WordPiece

LINES = [
    "A man's dog, near the bushes.",
    "a man 's dog , near the bushes .",
    "Die Straße heißt „Am Äußeren Öl“, sagt Jürgen.",
    "L'été, c'est où? Là-bas… «oui», dit-elle; ça va!",
    'He said: "no" (twice) - a_b & c/d, 3.5 @-@ 7%.',
    "wide  spaces   stay",
]
LOSSLESS = (BPE(size=150), Words(least=1), Characters())
TEXT = "\n".join(LINES) + "\n\n    an indented line\t\r\n \n"
RUNNING = (TextCharacters(), Bytes(), ByteBPE(size=300))


@pytest.fixture(scope="module", params=LOSSLESS, ids=lambda part: type(part).__name__)
def tokenizer(request):
    return request.param.train(LINES)


@pytest.mark.parametrize("line", LINES)
def test_training_text_comes_back_as_it_was(tokenizer, line):
    (ids,) = tokenizer.encode([line])
    assert ids[-1] == EOS and UNK not in ids
    assert tokenizer.decode(ids) == line
    assert "".join(tokenizer.pieces(ids[:-1])) == "▁" + line.replace(" ", "▁")


@pytest.mark.parametrize("part", [BPE(size=150), Characters()], ids=lambda part: type(part).__name__)
def test_any_text_of_known_characters_comes_back(part):
    tokenizer, alphabet = part.train(LINES), sorted(set("".join(LINES)))
    rng = random.Random(0)
    texts = ["".join(rng.choices(alphabet, k=rng.randint(0, 30))).removeprefix(" ") for _ in range(500)]
    texts = [text for text in texts if not text.startswith(" ")] + ["", "ends in a space "]
    assert [tokenizer.decode(ids) for ids in tokenizer.encode(texts)] == texts


def test_batches_of_lines_are_encoded_line_by_line(tokenizer):
    assert tokenizer.encode(LINES) == [tokenizer.encode([line])[0] for line in LINES]
    assert tokenizer.encode([]) == []


@pytest.mark.parametrize("part", LOSSLESS, ids=lambda part: type(part).__name__)
def test_the_same_text_gives_the_same_vocabulary(part):
    assert len({part.train(LINES).hash for _ in range(3)}) == 1
    assert part.train(LINES).hash != part.train(LINES[:-1]).hash


def test_the_special_marks_come_first_and_are_not_text(tokenizer):
    assert tuple(tokenizer.pieces(range(4))) == SPECIALS
    (ids,) = tokenizer.encode(["a </s> <pad> <s> man"])
    assert ids.index(EOS) == len(ids) - 1 and PAD not in ids and 1 not in ids
    man = tokenizer.encode(["a man"])[0]
    assert tokenizer.decode([1, *man, PAD, PAD]) == tokenizer.decode(man)
    assert tokenizer.decode([*man, *man]) == tokenizer.decode(man)


def test_what_cannot_be_spelled_is_unknown():
    tokenizer = Words(least=2).train(["the cat", "the dog"])
    assert len(tokenizer) == 5
    assert tokenizer.encode(["the cow"])[0][1:] == [UNK, EOS]
    assert UNK in BPE(size=100).train(["abc"]).encode(["abz"])[0]


def first_merges(lines, count):
    """Sennrich et al. 2016, algorithm 1, on words with the mark of their beginning."""
    words = Counter(tuple("▁" + word) for line in lines for word in line.split())
    merges = []
    for _ in range(count):
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:], strict=False):
                pairs[pair] += times
        best = max(pairs, key=pairs.get)
        merges.append("".join(best))
        joined = Counter()
        for word, times in words.items():
            text = "\0".join(word).replace("\0".join(best), merges[-1])
            joined[tuple(text.split("\0"))] += times
        words = joined
    return merges


def test_merges_are_the_most_frequent_pairs():
    lines = ["ab"] * 7 + ["cb"] * 5 + ["cab"] * 3 + ["bab"] * 2  # no two pairs are ever as frequent
    learned = range(len(SPECIALS) + len("▁abc"), len(SPECIALS) + len("▁abc") + 5)
    tokenizer = BPE(size=learned.stop).train(lines)
    assert len(tokenizer) == learned.stop
    assert tokenizer.pieces(learned) == first_merges(lines, 5) == ["ab", "▁c", "▁ab", "▁cb", "▁cab"]


def test_one_vocabulary_serves_both_sides():
    tokenizer = BPE(size=60).train(["the hand", "die hand"])
    english, german = tokenizer.encode(["the hand", "die hand"])
    assert english[-2] == german[-2] and english[0] != german[0]


@pytest.mark.parametrize("part", [BPE(100, lowercase=True), Words(least=1, lowercase=True), Characters(True)])
def test_lower_case_is_a_property_of_the_tokenizer(part):
    tokenizer = part.train(["Der Ärger"])
    assert tokenizer.encode(["DER ÄRGER"]) == tokenizer.encode(["der ärger"])
    assert tokenizer.decode(tokenizer.encode(["Der Ärger"])[0]) == "der ärger"


def test_composed_and_decomposed_letters_are_one(tokenizer):
    assert tokenizer.encode(["e\u0301te\u0301"]) == tokenizer.encode(["\u00e9t\u00e9"])


def test_a_saved_tokenizer_is_the_same(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    loaded = Tokenizer.load(path)
    assert loaded.hash == tokenizer.hash and loaded.encode(LINES) == tokenizer.encode(LINES)
    assert [file.name for file in tmp_path.iterdir()] == ["tokenizer.json"]
    loaded.require(tokenizer.hash, path)


def test_the_tokenizer_of_another_run_is_refused(tokenizer, tmp_path):
    other = Characters().train(["other text"])
    with pytest.raises(ValueError, match=rf"tokenizer.json: .*{other.hash[:8]}.*{tokenizer.hash[:8]}"):
        other.require(tokenizer.hash, tmp_path / "tokenizer.json")


def foreign():
    """A tokenizer that another program made: its vocabulary begins with other marks."""
    return BPE(100).train(["abc"]).serialised.replace("<pad>", "[PAD]")


@pytest.mark.parametrize(
    "content, complaint",
    [(b"", "not a tokenizer"), (b"{}", "not a tokenizer"), (b"\xff\xfe", "not a tokenizer")]
    + [(foreign().encode()[:400], "not a tokenizer"), (foreign().encode(), "not made by Lookback")],
)
def test_a_broken_file_is_named(content, complaint, tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"tokenizer.json.*{complaint}") as raised:
        Tokenizer.load(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"tokenizer.json: no tokenizer here"):
        Tokenizer.load(tmp_path / "tokenizer.json")


def random_texts(alphabet, count, seed=0):
    rng = random.Random(seed)
    return ["".join(rng.choices(alphabet, k=rng.randint(0, 40))) for _ in range(count)]


@pytest.fixture(scope="module", params=RUNNING, ids=lambda part: type(part).__name__)
def running(request):
    return request.param.train([TEXT])


def test_running_text_comes_back_with_its_line_ends_and_nothing_is_added(running):
    for text in [TEXT, "", *random_texts(sorted(set(TEXT)), 200)]:
        ids = running.stream(text)
        assert running.text(ids) == text and ids.dtype == np.int32
        assert not {PAD, BOS, EOS, UNK} & set(ids.tolist())
    assert running.spells_newline and running.never == (PAD, BOS, EOS)


@pytest.mark.parametrize("part", [Bytes(), ByteBPE(size=300)], ids=lambda part: type(part).__name__)
def test_bytes_spell_any_text(part):
    tokenizer = part.train([TEXT])
    characters = [chr(code) for code in (*range(0x500), 0x2028, 0xFEFF, 0x4E2D, 0x1F600, 0x10FFFF)]
    for text in [*random_texts(characters, 300), *random_texts(" \n\r\t\u3000ab'", 300), "</s><pad> <unk>"]:
        assert tokenizer.text(tokenizer.stream(text)) == text


def test_a_byte_is_its_value_after_the_special_marks():
    tokenizer = Bytes().train([])
    text = "".join(chr(code) for code in range(0x1000))
    assert len(tokenizer) == 260
    assert tokenizer.stream(text).tolist() == [4 + byte for byte in text.encode()]


def test_characters_are_numbered_by_their_code_points():
    tokenizer = TextCharacters().train(["cab", "a\u00e9 "])
    assert tokenizer.pieces(range(len(tokenizer))) == [*SPECIALS, "\n", " ", "a", "b", "c", "\u00e9"]
    assert tokenizer.stream("ad\n").tolist() == [6, UNK, 4]


def test_bytes_are_merged_by_frequency_within_words_and_over_line_ends():
    tokenizer = ByteBPE(size=264).train(["ab" * 9 + "\n\n\n" * 4 + " cd" * 5 + " ce" * 7])
    assert len(tokenizer) == 264
    assert tokenizer.pieces(range(260, 264)) == ["\u0120c", "\u010a\u010a", "ab", "abab"]
    assert len(ByteBPE(size=300).train([" a" * 40])) == 261  # words are not merged with one another


def cut_by_gpt2(text):
    """The words, each with its space, that GPT-2's pattern finds."""
    return [word for word, _ in pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)]


def test_a_text_is_encoded_in_chunks_as_in_one(running, monkeypatch):
    texts = [TEXT * 3, *random_texts("ab .'s\n\n\n \t\r\u00e9", 200, seed=1)]
    assert len([*chunks(TEXT * 3, size=1)]) > 5
    whole = [running.core.encode(text).ids for text in texts]
    whole_words = [cut_by_gpt2(text) for text in texts]
    for size in (1, 7, 30):
        parts = functools.partial(chunks, size=size)
        assert all("".join(parts(text)) == text for text in texts)
        assert [[word for part in parts(text) for word in cut_by_gpt2(part)] for text in texts] == whole_words
        monkeypatch.setattr(module, "chunks", parts)
        assert [running.stream(text).tolist() for text in texts] == whole


@pytest.mark.parametrize("part", [*LOSSLESS, WhitespaceWords()], ids=lambda part: type(part).__name__)
def test_a_stream_of_lines_ends_each_in_eos(part):
    lines = ["a man 's dog ,", "", "near the bushes ."] * 700  # more than are encoded at a time
    tokenizer = part.train(lines)
    text = "".join(f"{line}\n" for line in lines)
    ids = tokenizer.stream(text)
    assert ids.tolist() == [index for row in tokenizer.encode(lines) for index in row]
    assert ids.dtype == np.int32 and np.count_nonzero(ids == EOS) == len(lines)
    assert tokenizer.text(ids) == text and tokenizer.text(ids[:-1]) == text[:-1]
    assert tokenizer.stream(text.replace("\n", "\r\n")).tolist() == ids.tolist()
    assert not tokenizer.spells_newline and tokenizer.never == (PAD, BOS)
    assert tokenizer.stream("").tolist() == [] and tokenizer.stream("\n").tolist()[-1] == EOS


@pytest.mark.parametrize("part", LOSSLESS, ids=lambda part: type(part).__name__)
def test_a_text_trains_as_its_lines_do(part):
    assert part.train(["\n".join(LINES) + "\n"]).hash == part.train(LINES).hash


def test_words_between_spaces_are_taken_as_they_are():
    tokenizer = WhitespaceWords().train([" the <unk> said N @-@ n't \n the end </s> <pad> \n the N \n"])
    assert tokenizer.pieces(range(4, len(tokenizer))) == ["the", "N", "@-@", "end", "n't", "said"]
    ids = tokenizer.stream(" the <unk> said\n unseen  N \n</s> a <s> <pad> x</s>\n")
    assert ids.tolist() == [4, UNK, 9, EOS, UNK, 5, EOS, UNK, UNK, UNK, UNK, UNK, EOS]
    assert tokenizer.text(ids[:7]) == "the <unk> said\n<unk> N\n"
    assert tokenizer.encode(["e\u0301"])[0] == [UNK, EOS]  # nothing is composed, nothing lower-cased
    twice = WhitespaceWords(least=2).train(["a b a", "c b"])
    assert twice.pieces(range(4, len(twice))) == ["a", "b"]
    assert len(WhitespaceWords(size=6).train(["a b c d"])) == 6


def test_a_saved_running_tokenizer_still_reads_running_text(running, tmp_path):
    running.save(tmp_path / "tokenizer.json")
    loaded = Tokenizer.load(tmp_path / "tokenizer.json")
    assert loaded.hash == running.hash and loaded.stream(TEXT).tolist() == running.stream(TEXT).tolist()


@pytest.mark.parametrize("part", [*RUNNING, WhitespaceWords()], ids=lambda part: type(part).__name__)
def test_the_same_text_gives_the_same_ids(part):
    assert len({part.train([TEXT]).hash for _ in range(3)}) == 1


def test_the_bytes_alone_need_room():
    with pytest.raises(ValueError, match="ByteBPE.size takes int, at least 260, not 100"):
        ByteBPE(size=100)


def publish(folder, names=("vocab.json", "merges.txt"), merges="#version: 0.2\na b\n# #\n"):
    """A GPT-2 of nine pieces."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces = ["#", "a", "b", "c", "\u0120", "\u010a", "ab", "##", "<|endoftext|>"]
    (folder / names[0]).write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}), encoding="utf-8")
    (folder / names[1]).write_text(merges, encoding="utf-8")


@pytest.mark.parametrize("names", [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")])
def test_gpt2s_files_are_read_under_either_name_with_their_own_marks(tmp_path, names):
    publish(tmp_path / "gpt2", names)
    tokenizer = PublishedGPT2().tokenizer(list, tmp_path)
    assert len(tokenizer) == 9 and tokenizer.never == () and tokenizer.spells_newline
    assert (tokenizer.pad, tokenizer.bos, tokenizer.eos, tokenizer.unk) == (8, 8, 8, None)
    assert tokenizer.stream("ab c##\n").tolist() == [6, 4, 3, 7, 5]
    assert tokenizer.encode(["ab"]) == [[6, 8]] and tokenizer.decode([6, 8, 3]) == "ab"
    assert 8 not in PublishedGPT2().tokenizer(list, tmp_path).stream("<|endoftext|>")
    tokenizer.save(tmp_path / "tokenizer.json")
    assert Tokenizer.load(tmp_path / "tokenizer.json").eos == 8


def test_files_that_are_no_gpt2s_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    with pytest.raises(ValueError, match=r"no gpt2/encoder\.json or gpt2/vocab\.json .*data fetch gpt2"):
        PublishedGPT2().tokenizer(list, tmp_path)
    publish(tmp_path / "mine", merges="x y\n")
    with pytest.raises(ValueError, match=r"mine/vocab\.json and .*merges\.txt are not a published GPT-2's"):
        PublishedGPT2(str(tmp_path / "mine")).tokenizer(list)


@pytest.mark.skipif(not (REAL / "gpt2").is_dir(), reason="GPT-2's files are not beside the repository")
def test_the_published_gpt2_gives_the_published_ids():
    tokenizer = PublishedGPT2().tokenizer(list, REAL)
    assert len(tokenizer) == 50_257 and tokenizer.eos == 50_256
    expected = json.loads((REAL / "reference_outputs/gpt2_tokenizer/encoded_tokens.json").read_text("utf-8"))
    ids = tokenizer.stream(expected["text"]).tolist()
    assert ids == expected["token_ids"] and tokenizer.pieces(ids) == expected["bpe_tokens"]
    assert tokenizer.text(ids) == expected["text"]


@pytest.mark.parametrize("level", [BPE(size=300), ByteBPE(size=400)], ids=repr)
def test_a_word_without_an_end_is_learned_from_in_bounded_time(level):
    """Its pairs are counted in parts: as a whole, 300,000 characters take 24 s on an idle machine."""
    endless = "".join(np.random.default_rng(0).choice(list("abcde"), 300_000))
    begun = time.process_time()
    tokenizer = level.train(["the old baker\n" * 3, endless])
    assert time.process_time() - begun < 12
    assert tokenizer.text(tokenizer.stream("the old baker\n")).startswith("the old baker")


@pytest.mark.parametrize("level", [BPE(size=60), ByteBPE(size=300)], ids=repr)
def test_words_of_usual_length_are_learned_as_ever(level, monkeypatch):
    lines = ["the old baker sings über 12 öfen " * 40, "and the young cook"]
    found = level.train(lines).serialised
    monkeypatch.setattr(levels, "in_words", lambda text: [text])
    assert level.train(lines).serialised == found


def test_an_id_beyond_all_others_is_refused_before_the_library_makes_room_for_it(tmp_path):
    ByteBPE(size=300).train(["the old baker"]).core.model.save(str(tmp_path))
    ids = json.loads((tmp_path / "vocab.json").read_text())
    for wrong in (2**31, -1, 1.5, "7", 0, None, 2 * len(ids) + 1000):
        (tmp_path / "vocab.json").write_text(json.dumps(ids | {"the": wrong}))
        with pytest.raises(
            ValueError, match="vocab.json: the id of .* is .*, but each is a whole number below"
        ):
            PublishedGPT2(str(tmp_path)).tokenizer(list)


@pytest.mark.parametrize(
    "level",
    [Words(least=1), WhitespaceWords(), BPE(size=60), Characters(), TextCharacters(), WordPiece(size=60)],
    ids=repr,
)
def test_words_with_something_unknown_are_those_between_spaces(level):
    tokenizer = level.train(["the old baker opens the door ."])
    found = tokenizer.unknown(["the baker opens, ß zöö.", "", "the", "<unk> door"])
    if type(level) is WordPiece:  # whose mark is another one
        found = ([word for word in found[0] if word != "<unk>"], found[1])
    assert found == (["opens,", "ß", "zöö."], 8)
    assert Bytes().train([]).unknown(["zöö"]) == ([], 1)


@pytest.mark.parametrize("level", [BPE(size=60), Words(least=1)], ids=repr)
def test_a_saved_vocabulary_with_an_id_beyond_all_others_is_refused(level, tmp_path):
    described = json.loads(level.train(["the old baker"]).serialised)
    vocabulary = described["model"]["vocab"]
    vocabulary[max(vocabulary, key=vocabulary.get)] = 2**31
    (tmp_path / "tokenizer.json").write_text(json.dumps(described))
    with pytest.raises(ValueError, match="tokenizer.json: the id of .* is 2147483648, but each is a whole"):
        Tokenizer.load(tmp_path / "tokenizer.json")
