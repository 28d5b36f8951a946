"""SQuAD: questions on paragraphs of Wikipedia, each answered by a span."""

import dataclasses

from data.files import folders, json_text
from data.files.reasons import reason
from data.items.corpus import QuestionCorpus
from data.items.question import Answer, Question
from data.splits import known_split, usual


@dataclasses.dataclass(frozen=True)
class Squad(QuestionCorpus):
    """Questions on paragraphs of Wikipedia, 87,599 / 10,570, test is hidden  -- Rajpurkar et al. 2016."""

    def items(self, split: str, data_dir: str | None = None) -> list[Question]:
        """The questions of the file of a split, in its order."""
        path = folders.located(
            f"squad/{self.name(split)}", "https://rajpurkar.github.io/SQuAD-explorer", data_dir
        )
        return parse_squad(folders.read_text(path), str(path))

    def protocol(self, split: str) -> str:
        """squad FILE."""
        return f"squad {self.name(split)}"

    def name(self, split: str) -> str:
        """The file of a split; ValueError of test, which is hidden."""
        why = "the test split of SQuAD is hidden: published scores stand beside those of valid"
        return f"{usual(known_split(split, ('train', 'valid'), why))}-v1.1.json"


def parse_squad(text: str, name: str) -> list[Question]:
    """The questions of a file in SQuAD's format 1.1; errors speak of `name` and of the question's id."""
    read = json_text.parse(text, name)
    try:
        paragraphs = [paragraph for article in read["data"] for paragraph in article["paragraphs"]]
        asked = [(paragraph["context"], one) for paragraph in paragraphs for one in paragraph["qas"]]
        found = [
            Question(
                context,
                one["question"].strip(),
                tuple(Answer(answer["text"], answer["answer_start"]) for answer in one["answers"]),
                one["id"],
            )
            for context, one in asked
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{name}: not in the format of SQuAD 1.1, which has data, paragraphs, qas ({reason(error)})"
        ) from None
    for question in found:
        require_text(question, name)
        if not question.answers:
            raise ValueError(f"{name}, question {question.id}: no answer; SQuAD 2.0 has such, 1.1 is due")
        for answer in question.answers:
            text, start = answer
            counted = type(start) is int and start >= 0
            if not (counted and text.strip() and question.context[start:][: len(text)] == text):
                wrong = f"{text[:40]!r} is not what stands at character {start}"
                raise ValueError(f"{name}, question {question.id}: {wrong} of its context")
    return found


def require_text(question: Question, name: str) -> None:
    """ValueError unless all that is to be text is, and can be written in UTF-8: JSON may hold half a sign."""
    texts = (question.context, question.question, *(answer.text for answer in question.answers))
    try:
        for text in texts:
            text.encode()
    except (UnicodeEncodeError, AttributeError) as error:
        raise ValueError(
            f"{name}, question {question.id}: no text ({reason(error)}); mend the file"
        ) from None
