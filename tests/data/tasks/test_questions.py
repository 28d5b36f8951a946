"""Questions: SQuAD's format and what is wrong in it, windows that hold all ids, spans of answers."""

import dataclasses
import itertools
import json
import re

import pytest

from data.corpora.squad import Squad
from data.items.question import Answer, Question
from data.splits import SPLITS
from data.tasks.questions import Questions, inputs_of, places
from data.tokenizers.levels import BPE, Words
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.lexicon import lexicon
from data.world.stories import WorldQuestions
from data.world.world import World

SMALL = WorldQuestions(World(train=150, valid=20, test=40))
CONTEXT = "  The  naïve Baker (of Bern) sells bread—fresh bread—in 1998. Anna buys it."


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


def squad(folder, answers, context="Anna sleeps in Bern.", name="dev-v1.1.json"):
    asked = [{"id": "q7", "question": " Who sleeps? ", "answers": answers}]
    file = {"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": context, "qas": asked}]}]}
    (folder / "squad").mkdir(exist_ok=True)
    (folder / "squad" / name).write_text(json.dumps(file))
    return folder


def test_the_format_of_squad(tmp_path):
    folder = squad(tmp_path, [{"text": "Anna", "answer_start": 0}, {"text": "Bern", "answer_start": 15}])
    assert Squad().items("valid", folder) == [
        Question("Anna sleeps in Bern.", "Who sleeps?", (Answer("Anna", 0), Answer("Bern", 15)), "q7")
    ]


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([{"text": "Anna", "answer_start": 1}], "question q7: 'Anna' is not what stands at character 1"),
        ([{"text": "", "answer_start": 0}], "question q7: '' is not"),
        ([{"text": " ", "answer_start": 4}], "question q7: ' ' is not what stands at character 4"),
        ([{"text": "Anna", "answer_start": -20}], "question q7: 'Anna' is not what stands at character -20"),
        ([{"text": "Anna", "answer_start": "0"}], "question q7: 'Anna' is not what stands at character 0"),
        ([], "question q7: no answer; SQuAD 2.0 has such"),
        ([{"text": "Anna"}], r"not in the format of SQuAD 1.1.*KeyError.*answer_start"),
        ("Anna", "not in the format"),
    ],
)
def test_a_malformed_question_is_told(tmp_path, answers, message):
    with pytest.raises(ValueError, match=rf"dev-v1\.1\.json, {message}|dev-v1\.1\.json: {message}"):
        Squad().items("valid", squad(tmp_path, answers))


def test_a_file_that_is_no_json_or_not_there_is_told(tmp_path):
    squad(tmp_path, [], name="train-v1.1.json")
    (tmp_path / "squad/train-v1.1.json").write_text('{"data":\n [,]}')
    with pytest.raises(ValueError, match=r"train-v1\.1\.json, line 2: not JSON"):
        Squad().items("train", tmp_path)
    with pytest.raises(ValueError, match=r"squad/dev-v1\.1\.json is missing .*rajpurkar"):
        Squad().items("valid", tmp_path)
    with pytest.raises(ValueError, match="hidden"):
        Squad().items("test", tmp_path)


@pytest.mark.parametrize("tokenizer", [Words(), WholeWords(), BPE(size=90), WordPiece(size=90)], ids=repr)
def test_the_ids_of_an_answer_are_those_that_touch_its_characters(tokenizer):
    ids, spans = places(CONTEXT, trained := tokenizer.train([CONTEXT]))
    assert [*ids, trained.eos] == trained.encode([CONTEXT])[0] and len(ids) == len(spans)
    for text in ("naïve Baker", "(of Bern)", "fresh bread", "1998", "Anna buys it."):
        answer = Answer(text, CONTEXT.index(text))
        first, last = inputs_of(answer, spans)
        found = CONTEXT[spans[first][0] : spans[last][1]]
        assert text in found and len(found.split()) == len(text.split())
        if not isinstance(tokenizer, WholeWords):
            assert found == text
    pieces = [CONTEXT[first:beyond] for first, beyond in spans]
    assert not any(piece != piece.strip() for piece in pieces)


def test_windows_hold_every_id_and_the_answer_where_they_have_all_of_it():
    words = [f"w{number}" for number in range(50)]
    context = " ".join(words)
    start = context.index("w31")
    question = Question(context, "w1 w2 w3 w4", (Answer("w31 w32", start),))
    task = Questions(SMALL, WholeWords(), longest=20, stride=7, asking=3)
    tokenizer = WholeWords().train([context])
    windows = task.windows([question, question], tokenizer)
    first = [window for window in windows if window.question == 0]
    assert len(windows) == 2 * len(first)
    begin = [tokenizer.bos, *tokenizer.encode(["w1 w2 w3"])[0]]
    held, answered = [], 0
    for number, window in enumerate(first):
        inputs, target = window.example.inputs, window.example.targets
        assert len(inputs) == len(window.example.segments) == len(window.places) <= 20
        assert inputs[: len(begin)] == begin and inputs[-1] == tokenizer.eos
        assert window.example.segments == [0] * len(begin) + [1] * (len(inputs) - len(begin))
        shown = [context[place[0] : place[1]] for place in window.places if place]
        assert shown == words[7 * number : 7 * number + 14]
        held += shown
        if {"w31", "w32"} <= set(shown):
            answered += 1
            assert [context[slice(*window.places[place])] for place in target] == ["w31", "w32"]
        else:
            assert target == (0, 0)
    assert set(held) == set(words) and answered == 2 and words[-1] in held[-14:]
    assert first[-1].places[-2] is not None and len(first) == 7  # the last begins with w42


def test_a_text_that_fits_is_one_window():
    task = Questions(SMALL, WholeWords(), longest=20, stride=5, asking=3)
    tokenizer = WholeWords().train(["a"])
    for size, count in ((16, 1), (17, 2), (21, 2), (22, 3)):  # 20 less BOS, a, EOS and EOS
        question = Question("a " * size, "a", (Answer("a", 0),))
        assert len(task.windows([question], tokenizer)) == count
    with pytest.raises(ValueError, match="further"):
        Questions(SMALL, longest=100, asking=64, stride=40)


def test_world_questions_have_their_answer_where_they_say_and_splits_share_no_context():
    parts = {split: SMALL.items(split) for split in SPLITS}
    assert [len(part) for part in parts.values()] == [150, 20, 40]
    for part in parts.values():
        for one in part:
            ((text, start),) = one.answers
            assert one.context[start : start + len(text)] == text and text
    for one, other in itertools.combinations(SPLITS, 2):
        assert not {item.context for item in parts[one]} & {item.context for item in parts[other]}
    fewer = dataclasses.replace(SMALL, world=dataclasses.replace(SMALL.world, train=30))
    assert fewer.items("train") == parts["train"][:30]
    assert len({one.id for part in parts.values() for one in part}) == 210


PARTS = re.compile(
    r"(?P<who>Who (?!did |do |does ))|(?P<where>^Where )|(?P<whom>^(?:Who|What) (?:did|do|does) )"
)
EMPTY = {"who", "what", "where", "did", "do", "does", "someone", "something"}


def test_just_one_sentence_of_the_context_fits_a_world_question():
    kinds = set()
    for one in SMALL.items("train"):
        kinds.add(PARTS.match(one.question).lastgroup)
        told = set(words(one.question)) - EMPTY
        ((text, start),) = one.answers
        sentences = one.context.split(". ")
        for verb in lexicon(1.0).verbs:  # "Who cleans" is asked of those who "clean"
            if all(set(verb.en) & set(words(sentence)) for sentence in sentences):
                told -= set(verb.en)
        ends = list(itertools.accumulate(len(sentence) + 2 for sentence in sentences))
        answering = next(place for place, end in enumerate(ends) if start < end)
        fitting = [place for place, sentence in enumerate(sentences) if told <= set(words(sentence))]
        assert fitting == [answering], one
    assert kinds == {"who", "where", "whom"}


def words(text):
    return re.findall(r"[\w']+", text.lower())


@pytest.mark.parametrize(
    "tokenizer", [WordPiece(size=60, least=1), WordPiece(size=60, lowercase=False, least=1)]
)
def test_an_answer_of_characters_that_the_tokenizer_drops_is_not_learned_and_still_asked(tmp_path, tokenizer):
    context = "The sign \ufffd means lost, \u200b\u200b means zero width."
    lost, zero = (Answer(text, context.index(text)) for text in ("\ufffd", "\u200b\u200b"))
    spelled = Answer("lost", context.index("lost"))
    asked = [Question(context, "What?", answers, name) for name, answers in {
        "a": (lost,), "b": (zero, spelled), "c": (spelled,)
    }.items()]  # fmt: skip
    task = Questions(SMALL, tokenizer)
    trained = tokenizer.train([context, "What?"])
    windows = task.windows(asked, trained)
    assert [window.question for window in windows] == [0, 1, 2]
    assert [window.example.weights for window in windows] == [0, 1, 1]
    assert windows[1].example.targets == windows[2].example.targets != (0, 0)
    every = dataclasses.replace(task, corpus=Squad())
    folder = squad(tmp_path, [{"text": "\ufffd", "answer_start": lost.start}], context, "train-v1.1.json")
    with pytest.raises(ValueError, match="drops all characters of its answers; set task.tokenizer"):
        every.encoded("train", trained, folder)


@pytest.mark.parametrize("context", ["Anna \ud83d sleeps.", 7, None, ["Anna"]])
def test_what_is_no_text_is_told_by_its_question(context, tmp_path):
    folder = squad(tmp_path, [{"text": "Anna", "answer_start": 0}], context)
    with pytest.raises(ValueError, match="dev-v1.1.json, question q7: no text .*; mend the file$"):
        Squad().items("valid", folder)


def test_a_file_of_squad_may_begin_with_a_byte_order_mark(tmp_path):
    folder = squad(tmp_path, [{"text": "Anna", "answer_start": 0}])
    path = folder / "squad" / "dev-v1.1.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(Squad().items("valid", folder)) == 1
