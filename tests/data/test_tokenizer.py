"""Text goes in and comes back; the vocabulary is a function of the text; a foreign file is refused."""

import random
from collections import Counter

import pytest

from data.tokenizer import BPE, Characters, Tokenizer, Words
from data.vocabulary import EOS, PAD, SPECIALS, UNK

LINES = [
    "A man's dog, near the bushes.",
    "a man 's dog , near the bushes .",
    "Die Straße heißt „Am Äußeren Öl“, sagt Jürgen.",
    "L'été, c'est où? Là-bas… «oui», dit-elle; ça va!",
    'He said: "no" (twice) - a_b & c/d, 3.5 @-@ 7%.',
    "wide  spaces   stay",
]
LOSSLESS = (BPE(size=150), Words(least=1), Characters())


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
