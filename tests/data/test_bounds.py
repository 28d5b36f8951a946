"""Every number of every part of data has bounds, and what makes no sense is refused in one line."""

import dataclasses
import importlib
import pkgutil
import typing

import pytest

import data
from data.batches.examples import Padded
from data.batches.masked import MaskedPairs
from data.batches.pairs import Buckets
from data.batches.streams import Streams, Windows
from data.corpora.parallel import Files
from data.corpora.polarity import Polarity
from data.corpora.recall import Recall
from data.corpora.reviews import IMDB, AmazonAlexa, ReviewText
from data.corpora.sentiment import CrossValidated, StanfordSentiment
from data.corpora.similarity import WorldAnalogies, WorldPairs
from data.corpora.stdlib_text import StdlibCode
from data.corpora.tags import GeneratedTags, TagFiles
from data.corpora.text import TextFiles
from data.fields import Bound, Part, annotations, kinds
from data.tasks.bidirectional import BidirectionalText
from data.tasks.classification import Classification
from data.tasks.pretraining import Pretraining
from data.tasks.questions import Questions
from data.tasks.tagging import Tagging
from data.tasks.translation import Translation
from data.tokenizers.level import Level
from data.tokenizers.levels import BPE, Bytes, PublishedGPT2, SavedTokenizer, WhitespaceWords, Words
from data.tokenizers.whole_words import WholeWords
from data.tokenizers.wordpiece import WordPiece
from data.world.stories import WorldQuestions
from data.world.tasks import WorldRating
from data.world.world import World

for info in pkgutil.walk_packages(data.__path__, "data."):
    importlib.import_module(info.name)
PARTS = [part for part in kinds(Part) if part.__module__.startswith("data.")]


def bare_numbers(annotation):
    """The number types within an annotation that have no bound."""
    if typing.get_origin(annotation) is typing.Annotated:
        kind, *bounds = typing.get_args(annotation)
        return [] if any(isinstance(bound, Bound) for bound in bounds) else bare_numbers(kind)
    if annotation in (int, float):
        return [annotation]
    return [found for option in typing.get_args(annotation) for found in bare_numbers(option)]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_number_has_bounds(part):
    assert not {name: bare for name, kind in annotations(part).items() if (bare := bare_numbers(kind))}


def test_the_parts_are_found():
    names = {part.__name__ for part in PARTS}
    assert len(PARTS) > 50 and {"World", "Masking", "Buckets", "BPE", "WordPairs", "Questions"} <= names


@pytest.mark.parametrize(
    "part, fields",
    [
        (World, {"vocabulary": 0.0}),
        (World, {"vocabulary": 1.1}),
        (World, {"vocabulary": float("nan")}),
        (World, {"depth": 5}),
        (World, {"distance": -1}),
        (World, {"ambiguity": 1.5}),
        (World, {"train": -1}),
        (World, {"seed": 0.5}),
        (Buckets, {"tokens": 0}),
        (Buckets, {"shapes": 0}),
        (Buckets, {"multiple": 0}),
        (Padded, {"tokens": -1}),
        (Padded, {"shapes": 0}),
        (Padded, {"multiple": 0}),
        (Streams, {"length": 0}),
        (Windows, {"rows": 0}),
        (MaskedPairs, {"rows": 0}),
        (Words, {"size": 1}),
        (Words, {"least": 0}),
        (BPE, {"size": 4}),
        (BPE, {"lowercase": 1}),
        (WholeWords, {"size": -5}),
        (WhitespaceWords, {"least": 0}),
        (WordPiece, {"size": 5}),
        (WordPiece, {"least": 0}),
        (Translation, {"longest": 0}),
        (Classification, {"longest": 2}),
        (Classification, {"width": 2}),
        (Tagging, {"longest": 0}),
        (Tagging, {"width": 0}),
        (Tagging, {"scheme": "iob3"}),
        (BidirectionalText, {"width": 2}),
        (Pretraining, {"length": 7}),
        (Questions, {"longest": 0}),
        (Questions, {"stride": 0}),
        (Questions, {"asking": -1}),
        (Questions, {"longest": 68}),
        (Recall, {"distances": ()}),
        (Recall, {"distances": (1, 0)}),
        (Recall, {"test": -1}),
        (IMDB, {"size": 0}),
        (AmazonAlexa, {"size": -1}),
        (ReviewText, {"corpus": StdlibCode()}),
        (Polarity, {"middle": 5.0}),
        (CrossValidated, {"fold": 10}),
        (CrossValidated, {"name": "MRS"}),
        (StanfordSentiment, {"classes": 3}),
        (StdlibCode, {"size": 999}),
        (GeneratedTags, {"unseen": 1.0}),
        (GeneratedTags, {"tags": "names"}),
        (GeneratedTags, {"language": "es"}),
        (TextFiles, {"path": ""}),
        (TextFiles, {"path": "a.txt", "pattern": " "}),
        (Files, {"train": "", "valid": "b", "test": "c"}),
        (TagFiles, {"train": "a", "valid": "", "test": "c"}),
        (TagFiles, {"train": "a", "valid": "b", "test": "c", "tag": 0}),
        (TagFiles, {"train": "a", "valid": "b", "test": "c", "separator": ""}),
        (WorldPairs, {"vocabulary": 0}),
        (WorldAnalogies, {"most": 1}),
        (WorldRating, {"slang": -0.1}),
        (WorldQuestions, {"length": 0}),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else str(one),
)
def test_what_makes_no_sense_is_refused_in_one_line(part, fields):
    with pytest.raises(ValueError, match=f"^{part.__name__}[.:]") as error:
        part(**fields)
    assert "\n" not in str(error.value)


@dataclasses.dataclass(frozen=True)
class Syllables(Level):
    """A user's own level."""


@pytest.mark.parametrize(
    "task, fitting, wrong",
    [
        (Translation, Words(), Bytes()),
        (Translation, Syllables(), WordPiece()),
        (Classification, WordPiece(), PublishedGPT2()),
        (Tagging, Syllables(), Bytes()),
        (BidirectionalText, WhitespaceWords(), Words()),
        (Pretraining, SavedTokenizer("tokenizer.json"), Words()),
        (Questions, Bytes(), PublishedGPT2()),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else type(one).__name__,
)
def test_a_task_takes_levels_that_give_what_it_needs(task, fitting, wrong):
    assert task(tokenizer=fitting).tokenizer is fitting
    with pytest.raises(ValueError, match=f"{task.__name__}.tokenizer: {type(wrong).__name__} ") as error:
        task(tokenizer=wrong)
    named = str(error.value).partition("to one of ")[2].split(", ")
    assert type(fitting).__name__ in named and type(wrong).__name__ not in named


def test_a_direction_has_two_languages():
    Translation().require(None)
    with pytest.raises(ValueError, match="task.source and task.target are both 'en'"):
        Translation(target="en").require(None)
