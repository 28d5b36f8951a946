"""What every language of the world shares when it speaks: tokens in brackets, and how neighbours meet."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from data.world.derivation import Adverbial, Clause, Compound, Couple, Name, Place, Pronoun

PUNCTUATION = (",", ".")


class Token(NamedTuple):
    """A word form, its universal part of speech, and the nodes of the derivation that it realises."""

    form: str
    tag: str
    nodes: tuple[tuple[int, str], ...]


class Open(NamedTuple):
    """An opening bracket: the label of a constituent and the index of the phrase it renders."""

    label: str
    index: int


CLOSE = None
Stream = list[Token | Open | None]


class Speaker:
    """Renders a derivation as a stream of tokens and brackets; a subclass is a language."""

    language: str
    contractions: Mapping[tuple[str, str], str] = {}

    def __init__(self):
        self.stream: Stream = []

    def say(self, sentence: Clause | Compound) -> Stream:
        """The tokens of a sentence in their order, with the brackets of its constituents."""
        self.open("S", 0)
        if isinstance(sentence, Compound):
            self.compound(sentence)
        else:
            self.clause(sentence)
        self.word(".", "PUNCT", (0, "stop"))
        self.close()
        self.settle()
        return self.stream

    def open(self, label: str, index: int):
        """Begin a constituent."""
        self.stream.append(Open(label, index))

    def close(self):
        """End the constituent that was begun last."""
        self.stream.append(CLOSE)

    def word(self, form: str, tag: str, *nodes: tuple[int, str]):
        """`@` separates the tokens of a form of several words."""
        for part in form.split("@") if "@" in form else (form,):
            self.stream.append(Token(part, tag, nodes))

    def comma(self, index: int):
        """A comma that belongs to a phrase; doubled ones fall in `settle`."""
        self.word(",", "PUNCT", (index, "comma"))

    def adverbial(self, phrase: Adverbial | Place):
        """A fixed phrase, or a place."""
        if isinstance(phrase, Place):
            self.place(phrase)
            return
        self.open("ADVP", phrase.index)
        for form, tag, parts in getattr(phrase.phrase, self.language):
            self.word(form, tag, *((phrase.index, part) for part in parts))
        self.close()

    def entity(self, phrase, case: str = "nom", relative: bool = True):
        """A noun phrase of any sort. Without `relative` its relative clause is left for later."""
        self.open("NP", phrase.index)
        if isinstance(phrase, Couple):
            self.entity(phrase.first, case)
            self.word(self.conjunctions["and"], "CCONJ", (phrase.index, "and"))
            self.entity(phrase.second, case)
        elif isinstance(phrase, Name):
            label = "PER" if phrase.name.kinds else "LOC"
            self.word(getattr(phrase.name, self.language), "PROPN", (phrase.index, label))
        elif isinstance(phrase, Pronoun):
            self.word(self.pronoun(phrase, case), "PRON", (phrase.index, "pronoun"))
        else:
            self.noun_phrase(phrase, case)
            if phrase.place:
                self.place(phrase.place)
            if relative and phrase.relative:
                self.relative(phrase.relative)
        self.close()

    def compound(self, sentence: Compound):
        """Two clauses joined by and or but, the latter behind a comma."""
        for clause in (sentence.first, sentence.second):
            self.open("S", clause.index)
            self.clause(clause)
            self.close()
            if clause is sentence.first:
                if sentence.conjunction == "but":
                    self.comma(sentence.index)
                self.word(self.conjunctions[sentence.conjunction], "CCONJ", (sentence.index, "conjunction"))

    def settle(self):
        """One pass from the end: doubled marks fall, neighbours contract, forms adjust to what follows."""
        settled: Stream = []
        places: list[int] = []
        for item in reversed(self.stream):
            if type(item) is Token:
                if places:
                    item = self.settled(item, settled, places)
                    if item is None:
                        continue
                places.append(len(settled))
            settled.append(item)
        if settled[places[-1]].form == ",":
            del settled[places[-1]]
        self.stream = settled[::-1]

    def settled(self, token: Token, settled: Stream, places: list[int]) -> Token | None:
        """The token as it stands before the last of `places`, which it may absorb; None if it falls."""
        following = settled[places[-1]]
        if token.form == "," and following.form in PUNCTUATION:
            return None
        form = self.contractions.get((token.form, following.form))
        if form and following.tag in ("DET", "PART"):
            del settled[places.pop()]
            token = Token(form, token.tag, token.nodes + following.nodes)
            following = settled[places[-1]]
        return self.adjusted(token, following.form)

    def adjusted(self, token: Token, following: str) -> Token:
        """The token as its form changes before the form that follows: a -> an, le -> l'."""
        return token


def detokenise(tokens: Sequence[str]) -> str:
    """Raw text: marks and 's attach to the left, an elided form to the right; a capital begins it."""
    text = ""
    for token in tokens:
        attached = not text or token in PUNCTUATION or token == "'s" or text.endswith("'")
        text += token if attached else " " + token
    return text[:1].upper() + text[1:]


def spans_of(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """The characters (first, beyond last) of each token in `detokenise(tokens)`."""
    ends = [len(detokenise(tokens[: place + 1])) for place in range(len(tokens))]
    return [(end - len(token), end) for token, end in zip(tokens, ends, strict=True)]
