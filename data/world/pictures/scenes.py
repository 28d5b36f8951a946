"""Pictures of the generated world: each is drawn from a derivation, so that every word knows its place.

    A girl washes a red car behind a church.

A picture has who does it at the left, the sign of the doing, and what it is done to at the right; a place
stands in the row above what happens in front of it, below what happens behind it, and beside it at the right.
All are drawn a few pixels off, by chance.
"""

import dataclasses
import random
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, UInt8

from data.fields import Bound, Count, Part
from data.splits import known_split
from data.world.derivation import Clause, NounPhrase, Place
from data.world.lexicon import Lexicon, Noun, lexicon
from data.world.pictures import sprites
from data.world.world import PATIENCE, Sentence, split_of

SIDE = 32  # pixels
NOUN, SIGN = 8, 4  # how wide they are; all are NOUN high
PREPOSITIONS = ("in@front@of", "behind", "next@to")
Node = tuple[int, str]


class Box(NamedTuple):
    """Pixels: rows from `top` and columns from `left` on, up to `bottom` and `right`, which are outside."""

    top: int
    left: int
    bottom: int
    right: int

    def covers(self, rows: int, columns: int, height: int, width: int) -> Bool[np.ndarray, "R C"]:
        """Which cells of a grid over a picture of this height and width have their middles within."""
        middle = lambda count, size: (np.arange(count) + 0.5) * size / count
        down, along = middle(rows, height)[:, None], middle(columns, width)[None]
        return (self.top <= down) & (down < self.bottom) & (self.left <= along) & (along < self.right)


class Scene(NamedTuple):
    """A sentence, its picture, and the box of each node of the derivation that is drawn."""

    sentence: Sentence
    picture: UInt8[np.ndarray, "Y X 3"]
    boxes: Mapping[Node, Box]

    def places(self, language: str) -> list[Box | None]:
        """The box of each token; None where the picture does not show what it says."""
        found = (
            [self.boxes[node] for node in nodes & self.boxes.keys()]
            for nodes in self.sentence.nodes(language)
        )
        return [boxes[0] if boxes else None for boxes in found]


class Pool:
    """What the drawings show, as the lexicon has it."""

    def __init__(self, words: Lexicon):
        nouns = {noun.en[0]: noun for noun in words.plain}
        verbs = {verb.en[0]: verb for verb in words.verbs if verb.objects}
        everywhere = [one for pool in words.prepositions.values() for one in pool]
        of = lambda drawings: [nouns[name] for name in drawings]
        self.people, self.animals = of(sprites.PEOPLE), of(sprites.ANIMALS)
        self.things, self.places = of(sprites.THINGS), of(sprites.PLACES)
        self.doings = [verbs[name] for name in sprites.DOINGS]
        self.colours = [one for one in words.adjectives if one.en in sprites.SAID]
        self.prepositions = [next(one for one in everywhere if one.en == name) for name in PREPOSITIONS]


def pool() -> Pool:
    """Of the whole lexicon."""
    return Pool(lexicon(1.0))


class SceneSampler:
    """Draws derivations of what can be drawn: who, doing, what, of which colours, and where."""

    def __init__(self, words: Pool, generator: random.Random):
        self.words, self.random = words, generator
        self.count = 0

    def clause(self) -> Clause:
        """One clause; a colour in three of four where there is one, a place likewise."""
        self.count = 0
        words, index = self.words, self.index()
        who = self.random.choice(words.people + words.animals)
        doings = [verb for verb in words.doings if who.kind in verb.subjects]
        verb = self.random.choice(doings)
        objects = [noun for noun in words.things + words.animals if noun.kind in verb.objects]
        subject = self.phrase(who)
        what = self.phrase(self.random.choice([noun for noun in objects if noun is not who]))
        middle = (self.place(),) if self.random.random() < 0.75 else ()
        return Clause(index, subject, verb, object=what, middle=middle)

    def index(self) -> int:
        """The number of the next phrase, from 1 on."""
        self.count += 1
        return self.count

    def phrase(self, noun: Noun) -> NounPhrase:
        """A noun that was not spoken of before, in a colour that it can have."""
        colours = [one for one in self.words.colours if noun.kind in one.kinds]
        colour = (self.random.choice(colours),) if colours and self.random.random() < 0.75 else ()
        return NounPhrase(self.index(), noun, False, "a", adjectives=colour)

    def place(self) -> Place:
        """In front of, behind or next to something that stands, in no colour."""
        preposition = self.random.choice(self.words.prepositions)
        nouns = [noun for noun in self.words.places if noun.kind in preposition.kinds]
        index = self.index()
        return Place(index, preposition, NounPhrase(self.index(), self.random.choice(nouns), False, "a"))


def picture_of(
    clause: Clause, draw: np.random.Generator, noise: float
) -> tuple[UInt8[np.ndarray, "Y X 3"], dict[Node, Box]]:
    """(the picture, {node: box}) of a clause; `noise` is the standard deviation of a pixel's, of 255."""
    place = clause.middle[0] if clause.middle else None
    where = place.preposition.en if place else ""
    most = SIDE - NOUN  # the last row or column that a noun may begin at
    top = number(
        draw, *{"in@front@of": (NOUN + 1, most), "behind": (0, most - NOUN - 1)}.get(where, (0, most))
    )
    room = most - NOUN - SIGN - (NOUN if where == "next@to" else 0)
    # What is left of the width goes before the first of the three and between them, by chance.
    who, sign, what = np.sort(draw.integers(0, room + 1, 3)) + (0, NOUN, NOUN + SIGN)
    canvas = np.broadcast_to(draw.integers(176, 226, 3), (SIDE, SIDE, 3)).astype(float)
    boxes = put_phrase(canvas, clause.subject, top, int(who))
    boxes[clause.index, "verb"] = put(canvas, sprites.DOINGS[clause.verb.en[0]], top, int(sign))
    boxes |= put_phrase(canvas, clause.object, top, int(what))
    if place:
        rows = {"in@front@of": (0, top - NOUN), "behind": (top + NOUN, most)}.get(where, (top, top))
        columns = (most, most) if where == "next@to" else (0, most)
        boxes |= put_phrase(canvas, place.phrase, number(draw, *rows), number(draw, *columns))
    canvas += draw.normal(0, noise, canvas.shape)
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8), boxes


def number(draw: np.random.Generator, least: int, most: int) -> int:
    """A whole number, all as likely."""
    return int(draw.integers(least, most + 1))


def put_phrase(
    canvas: Float[np.ndarray, "Y X 3"], phrase: NounPhrase, top: int, left: int
) -> dict[Node, Box]:
    """Draw what a noun phrase speaks of; {node: box} of its noun and its colour."""
    colours = [one.en for one in phrase.adjectives]
    box = put(canvas, sprites.NOUNS[phrase.noun.en[0]], top, left, *colours)
    return {(phrase.index, part): box for part in ("noun", *colours)}


def put(canvas: Float[np.ndarray, "Y X 3"], letters: str, top: int, left: int, colour: str = "") -> Box:
    """Lay a drawing onto the canvas, in place."""
    pixels, seen = sprites.drawn(letters, colour)
    bottom, right = top + len(pixels), left + len(pixels[0])
    canvas[top:bottom, left:right][seen] = pixels[seen]
    return Box(top, left, bottom, right)


@dataclasses.dataclass(frozen=True)
class Scenes(Part):
    """A seeded world of pictures of 32 x 32 pixels, each with the sentence that says all that is in it.

    Sentence i of a split is drawn from (seed, split, i) alone, then again if it was said before; all splits'
    sentences differ. `noise` is the standard deviation of what is added to a pixel, of 255.
    """

    seed: Count = 0
    noise: Annotated[float, Bound(least=0, most=64)] = 6.0
    train: Count = 4000
    valid: Count = 300
    test: Count = 500

    def describe(self, split: str) -> str:
        """The world of a split as a protocol names it: Scenes(noise=0.0)."""
        named = ("seed", "noise", known_split(split))
        fields = (field for field in dataclasses.fields(self) if field.name in named)
        values = ((field, getattr(self, field.name)) for field in fields)
        changed = ", ".join(f"{field.name}={value!r}" for field, value in values if value != field.default)
        return f"Scenes({changed})"

    def scenes(self, split: str) -> Iterator[Scene]:
        """The scenes of a split."""
        size, words, said = getattr(self, known_split(split)), pool(), set()
        for index in range(size):
            sampler = SceneSampler(words, random.Random(f"{self.seed} {split} {index}"))
            for _ in range(PATIENCE):
                sentence = Sentence(sampler.clause())
                text = sentence.text("en")
                if split_of(text) == split and text not in said:
                    break
            else:
                raise ValueError(f"Scenes.{split} is {size}, but only {index} can be drawn; ask for fewer")
            said.add(text)
            draw = np.random.default_rng((self.seed, ("train", "valid", "test").index(split), index))
            yield Scene(sentence, *picture_of(sentence.derivation, draw, self.noise))
