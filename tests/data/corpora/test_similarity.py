"""Rated pairs and analogies: the published sets by their known sizes, and those of the generated world."""

import pytest

from data.corpora.similarity import (
    FILES,
    Analogy,
    GoogleAnalogies,
    Rated,
    WordPairs,
    WorldAnalogies,
    WorldPairs,
)

SIZES = {
    "WordSim-353": 353, "WordSim-353 similarity": 203, "WordSim-353 relatedness": 252, "SimLex-999": 999,
    "RW": 2034, "MEN": 3000, "SimVerb-3500": 3500, "RG-65": 65, "MC-30": 30, "MTurk-287": 287,
    "MTurk-771": 771, "YP-130": 130, "VERB-143": 144,
}  # fmt: skip
FIRST = {
    "WordSim-353": ("love", "sex", 6.77),
    "SimLex-999": ("old", "new", 1.58),
    "RW": ("squishing", "squirt", 5.88),
    "MEN": ("sun", "sunlight", 50.0),
    "VERB-143": ("happen", "say", 0.19),
}


@pytest.mark.parametrize("name", FILES)
def test_published_pairs_are_as_many_as_published(data_dir, name):
    pairs = WordPairs(name).pairs(str(data_dir))
    assert len(pairs) == SIZES[name] and FIRST.get(name, pairs[0]) == pairs[0]
    assert all(pair.first and pair.second and pair.score >= 0 for pair in pairs)
    assert len({pair.score for pair in pairs}) > 5


def test_googles_analogies_are_as_many_as_published(data_dir):
    corpus = GoogleAnalogies()
    questions = corpus.questions(str(data_dir))
    assert questions[0] == Analogy("capital-common-countries", "Athens", "Greece", "Baghdad", "Iraq")
    groups = [corpus.group(one.section) for one in questions]
    assert (len(questions), len({one.section for one in questions})) == (19_544, 14)
    assert (groups.count("semantic"), groups.count("syntactic")) == (
        8_869,
        10_675,
    )  # Mikolov et al. 2013a, Table 1


@pytest.mark.parametrize(
    "path, content, corpus, complaint",
    [
        ("rw/rw.txt", "a\tb\t1\nc\td\n", WordPairs("RW"), "line 2: not two words and a rating"),
        ("wordsim353/combined.csv", "Word 1,Word 2,x\na,b,c\n", WordPairs(), "line 2: not two words"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path, path, content, corpus, complaint):
    file = tmp_path / "word-similarity" / path
    file.parent.mkdir(parents=True)
    file.write_text(content)
    with pytest.raises(ValueError, match=complaint):
        corpus.pairs(str(tmp_path))


def test_a_set_by_a_wrong_name_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="WordPairs.name takes one of .*, SimLex-999, .* not 'SimLex999'"):
        WordPairs("SimLex999")


def test_nouns_of_the_world_are_alike_that_fit_the_same_places():
    scores = {frozenset(pair[:2]): pair.score for pair in WorldPairs().pairs()}
    score = lambda *words: scores[frozenset(words)]
    assert score("dog", "cat") == 1 == score("baker", "teacher")
    assert 0 < score("dog", "guitar") < score("dog", "baker") < 1
    assert score("soup", "bread") > score("soup", "baker")
    assert Rated("baker", "woman", 1.0) in WorldPairs().pairs()


def test_the_world_asks_for_plurals_genders_and_the_past():
    questions = WorldAnalogies().questions()
    assert Analogy("gender", "man", "woman", "king", "queen") in questions
    by_section = {
        section: [one for one in questions if one.section == section] for section in ("plural", "past")
    }
    assert all(len(found) == 40 * 39 for found in by_section.values())
    assert len({word for one in by_section["plural"] for word in one[1:3]}) == 80
    small = WorldAnalogies(most=2).questions()
    assert [
        len([one for one in small if one.section == section]) for section in ("plural", "gender", "past")
    ] == [2] * 3
    for one in questions:
        assert len(set(one[1:])) == 4 and not any("@" in word for word in one)
    assert WorldAnalogies().questions() == questions
