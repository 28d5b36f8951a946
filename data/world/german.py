"""German: the finite verb stands second in a main clause and last in any other, its particle at the end."""

from data.world.derivation import Adjunct, Clause, Name, NounPhrase, Place, Pronoun
from data.world.surface import Speaker

# Endings by case, each for masculine, feminine, neuter, plural.
ARTICLE = {
    "nom": "der die das die",
    "acc": "den die das die",
    "dat": "dem der dem den",
    "gen": "des der des der",
}
LIKE_DIES = {"nom": "er e es e", "acc": "en e es e", "dat": "em er em en", "gen": "es er es er"}
LIKE_EIN = {"nom": "- e - e", "acc": "en e - e", "dat": "em er em en", "gen": "es er es er"}
WEAK = {"nom": "e e e en", "acc": "en e e en", "dat": "en en en en", "gen": "en en en en"}
MIXED = {"nom": "er e es en", "acc": "en e es en", "dat": "en en en en", "gen": "en en en en"}
STRONG = {"nom": "er e es e", "acc": "en e es e", "dat": "em er em en", "gen": "en er en er"}
GENDERS = "mfnp"


def table(endings: dict[str, str]) -> dict[tuple[str, str], str]:
    """Endings by (case, gender), from rows of four with - for none."""
    return {
        (case, gender): ending.strip("-")
        for case, row in endings.items()
        for gender, ending in zip(GENDERS, row.split(), strict=True)
    }


ARTICLE, LIKE_DIES, LIKE_EIN, WEAK, MIXED, STRONG = map(
    table, (ARTICLE, LIKE_DIES, LIKE_EIN, WEAK, MIXED, STRONG)
)
RELATIVE = ARTICLE | {("dat", "p"): "denen"}
PERSONAL = {"m": ("er", "sein"), "f": ("sie", "ihr"), "n": ("es", "sein"), "p": ("sie", "ihr")}
MODALS = {
    "can": ("kann", "können"),
    "must": ("muss", "müssen"),
    "want": ("will", "wollen"),
    "will": ("wird", "werden"),
}


def gender(phrase) -> str:
    """m, f, n, or p for any plural"""
    if phrase.plural:
        return "p"
    if isinstance(phrase, Pronoun):
        return gender(phrase.antecedent)
    return phrase.noun.german if isinstance(phrase, NounPhrase) else "mf"[phrase.female]


class German(Speaker):
    """Says derivations in German: cases, genders, separable verbs, the verb second or last."""

    language = "de"
    conjunctions = {"and": "und", "but": "aber"}
    contractions = {("in", "dem"): "im", ("an", "dem"): "am", ("von", "dem"): "vom", ("zu", "dem"): "zum"}
    contractions |= {("zu", "der"): "zur"}

    def pronoun(self, phrase: Pronoun, case: str) -> str:
        """der, die, das in a relative clause, else er, sie, es."""
        if phrase.relative:
            return RELATIVE[case, gender(phrase)]
        return PERSONAL[gender(phrase)][0]

    def noun_phrase(self, phrase: NounPhrase, case: str):
        """Determiner, numeral, adjectives with the ending that it leaves them, noun in its case, owner."""
        index, noun, cell = phrase.index, phrase.noun, (case, gender(phrase))
        form, endings = self.determiner(phrase, cell)
        named = phrase.determiner == "of" and isinstance(phrase.owner, Name)
        if named:
            self.open("NP", phrase.owner.index)
            self.word(phrase.owner.name.de + "s", "PROPN", (phrase.owner.index, "PER"), (index, "of"))
            self.close()
        elif form:
            self.word(form, "DET", (index, "determiner"))
        if phrase.numeral:
            self.word(phrase.numeral.de, "NUM", (index, "numeral"))
        for adjective in phrase.adjectives:
            self.word(adjective.de[1] + endings[cell], "ADJ", (index, adjective.en))
        self.word(noun.de[phrase.plural][case], "NOUN", (index, "noun"))
        if phrase.determiner == "of" and not named:
            self.owner(phrase)

    def owner(self, phrase: NounPhrase):
        """The genitive: `des` is the article and the "of" at once."""
        owner = phrase.owner
        self.open("NP", owner.index)
        form, _ = self.determiner(owner, ("gen", gender(owner)))
        self.word(form, "DET", (owner.index, "determiner"), (phrase.index, "of"))
        self.word(owner.noun.de[0]["gen"], "NOUN", (owner.index, "noun"))
        self.close()

    def determiner(self, phrase: NounPhrase, cell) -> tuple[str, dict]:
        """The form, and the endings that adjectives take after it."""
        kind = phrase.determiner
        if kind == "this" or kind == "every":
            return {"this": "dies", "every": "jed"}[kind] + LIKE_DIES[cell], WEAK
        if kind == "own":
            return PERSONAL[gender(phrase.owner)][1] + LIKE_EIN[cell], MIXED
        if kind == "a":
            indefinite = not (phrase.plural or phrase.noun.mass)
            return ("ein" + LIKE_EIN[cell], MIXED) if indefinite else ("", STRONG)
        if kind == "of" and isinstance(phrase.owner, Name):
            return "", STRONG
        return ARTICLE[cell], WEAK

    def relative(self, clause: Clause):
        """The clause between commas, its verb last."""
        self.open("SBAR", clause.index)
        self.comma(clause.index)
        self.clause(clause, last=True)
        self.comma(clause.index)
        self.close()

    def place(self, place: Place, city: str = "in", other: str = "zu"):
        """A preposition and its phrase in the case that it takes; without one `city` or `other`."""
        preposition, case = city if isinstance(place.phrase, Name) else other, "dat"
        if place.preposition:
            preposition, case = place.preposition.de, place.preposition.case
        self.open("PP", place.index)
        self.word(preposition, "ADP", (place.index, "preposition"))
        self.entity(place.phrase, case)
        self.close()

    def clause(self, clause: Clause, last: bool = False):
        """`last`: the finite verb stands last; else second, and the subject follows it if it is not first."""
        adjunct = clause.adjunct
        finite, bracket = self.verbs(clause, last)
        gap = clause.object if isinstance(clause.object, Pronoun) else None
        inverted = bool(clause.front or (adjunct and adjunct.first))
        if adjunct and adjunct.first:
            self.subordinate(adjunct)
        if clause.front:
            self.adverbial(clause.front)
        if gap:
            self.entity(gap, clause.verb.markers[1])
        if not inverted:
            self.entity(clause.subject)
        if not last:
            self.word(*finite)
        if inverted:
            self.entity(clause.subject)
        postponed = self.middle(clause, gap, bool(bracket))
        for word in bracket:
            self.word(*word)
        if postponed:
            self.relative(postponed)
        if clause.complement:
            self.open("SBAR", clause.complement.index)
            self.comma(clause.index)
            self.word("dass", "SCONJ", (clause.index, "that"))
            self.clause(clause.complement, last=True)
            self.comma(clause.index)
            self.close()
        if adjunct and not adjunct.first:
            self.subordinate(adjunct)

    def middle(self, clause: Clause, gap, closed: bool) -> Clause | None:
        """The middle field. Returns the relative clause of its object if that is to follow the verbs."""
        index, postponed = clause.index, None
        times = [phrase for phrase in clause.middle if not isinstance(phrase, Place)]
        places = [phrase for phrase in clause.middle if isinstance(phrase, Place)]
        for phrase in times:
            self.adverbial(phrase)
        if clause.recipient:
            self.entity(clause.recipient, "dat")
        if clause.frequency:
            self.word(clause.frequency.de, "ADV", (index, "frequency"))
        if clause.polarity == "never":
            self.word("nie", "ADV", (index, "polarity"))
        preposition, _, case = clause.verb.markers[1].rpartition(".") if clause.verb else ("", "", "acc")
        thing = None if gap else clause.object
        final = (
            closed
            and not (places or clause.manner or clause.polarity == "not")
            or bool(preposition and closed)
        )
        if thing and final and isinstance(thing, NounPhrase):
            postponed = thing.relative
        if thing and not preposition:
            self.entity(thing, case, relative=not postponed)
        for phrase in reversed(places[1:]):
            self.adverbial(phrase)
        if clause.polarity == "not":
            self.word("nicht", "PART", (index, "polarity"))
        if clause.manner:
            self.adverbial(clause.manner)
        for phrase in places[:1]:
            self.adverbial(phrase)
        if thing and preposition:
            self.open("PP", index)
            self.word(preposition, "ADP", (index, "preposition"))
            self.entity(thing, case, relative=not postponed)
            self.close()
        if clause.goal:
            self.place(clause.goal, city="nach")
        if clause.adjective:
            self.word(clause.adjective.de[0], "ADJ", (index, "adjective"))
        return postponed

    def subordinate(self, adjunct: Adjunct):
        """Conjunction and clause between commas, its verb last."""
        conjunction = adjunct.conjunction.de
        if conjunction == "wenn" and adjunct.clause.past:
            conjunction = "als"
        self.open("SBAR", adjunct.index)
        self.comma(adjunct.index)
        self.word(conjunction, "SCONJ", (adjunct.index, "conjunction"))
        self.clause(adjunct.clause, last=True)
        self.comma(adjunct.index)
        self.close()

    def verbs(self, clause: Clause, last: bool) -> tuple[tuple, list[tuple]]:
        """The finite verb and what closes the clause: steht ... auf, hat ... gemacht, weil ... aufsteht."""
        index, plural, verb = clause.index, clause.subject.plural, clause.verb
        node, wish = (index, "verb"), (index, "modal")
        if verb is None:
            form = ("war", "waren")[plural] if clause.past else ("ist", "sind")[plural]
            return (finite := (form, "AUX", node)), [finite] if last else []
        infinitive, third, participle = verb.de
        prefix = verb.particle[1]
        if clause.modal:
            finite, bracket = (
                (MODALS[clause.modal][plural], "AUX", wish),
                [(prefix + infinitive, "VERB", node)],
            )
        elif clause.past:
            form = (("ist", "sind") if verb.sein else ("hat", "haben"))[plural]
            finite, bracket = (form, "AUX", node), [(participle, "VERB", node)]
        else:
            form = infinitive if plural else third
            if last:
                return (), [(prefix + form, "VERB", node)]
            return (form, "VERB", node), [(prefix, "ADP", node)] if prefix else []
        return finite, bracket + [finite] if last else bracket
