"""English: the verb after its subject, do-support, one order for all."""

from data.world.derivation import Clause, Name, NounPhrase, Place, Pronoun
from data.world.surface import Speaker, Token

PRONOUNS = {False: ("he", "his"), True: ("she", "her")}


class English(Speaker):
    """Says derivations in English: do-support, a or an, cannot."""

    language = "en"
    conjunctions = {"and": "and", "but": "but"}
    contractions = {("can", "not"): "cannot"}

    def adjusted(self, token: Token, following: str) -> Token:
        """a is an before a vowel."""
        return token._replace(form="an") if token.form == "a" and following[0] in "aeiou" else token

    def personal(self, phrase) -> tuple[str, str]:
        """The personal pronoun and the possessive of a phrase."""
        if phrase.plural:
            return "they", "their"
        return PRONOUNS[phrase.female] if phrase.kind == "person" else ("it", "its")

    def pronoun(self, phrase: Pronoun, case: str) -> str:
        """who or that in a relative clause, else he, she, it, they."""
        if phrase.relative:
            return "who" if phrase.kind == "person" and case == "nom" else "that"
        return self.personal(phrase)[0]

    def noun_phrase(self, phrase: NounPhrase, case: str):
        """Determiner or owner's, numeral, adjectives, noun."""
        node = (phrase.index, "determiner")
        if phrase.determiner == "of":
            self.entity(phrase.owner)
            self.word("'s", "PART", (phrase.index, "of"))
        elif phrase.determiner == "own":
            self.word(self.personal(phrase.owner)[1], "DET", node)
        elif phrase.determiner == "this":
            self.word("these" if phrase.plural else "this", "DET", node)
        elif phrase.determiner != "a" or not (phrase.plural or phrase.noun.mass):
            self.word(phrase.determiner, "DET", node)
        if phrase.numeral:
            self.word(phrase.numeral.en, "NUM", (phrase.index, "numeral"))
        for adjective in phrase.adjectives:
            self.word(adjective.en, "ADJ", (phrase.index, adjective.en))
        self.word(phrase.noun.en[phrase.plural], "NOUN", (phrase.index, "noun"))

    def relative(self, clause: Clause):
        """The clause behind its antecedent, without a comma."""
        self.open("SBAR", clause.index)
        self.clause(clause)
        self.close()

    def place(self, place: Place, city: str = "in", other: str = "to"):
        """A preposition and its phrase; `city` and `other` stand where there is none of its own."""
        preposition = (
            place.preposition.en if place.preposition else city if isinstance(place.phrase, Name) else other
        )
        self.open("PP", place.index)
        self.word(preposition, "ADP", (place.index, "preposition"))
        self.entity(place.phrase)
        self.close()

    def clause(self, clause: Clause):
        """Adverbial, subject, verbs, recipient, object, goal, manner, place and time, complement."""
        adjunct = clause.adjunct
        if adjunct and adjunct.first:
            self.subordinate(adjunct)
            self.comma(adjunct.index)
        if clause.front:
            self.adverbial(clause.front)
        gap = clause.object if isinstance(clause.object, Pronoun) else None
        if gap:
            self.entity(gap, "acc")
        self.entity(clause.subject)
        self.open("VP", clause.index)
        self.verbs(clause)
        if clause.adjective:
            self.word(clause.adjective.en, "ADJ", (clause.index, "adjective"))
        if clause.recipient:
            self.entity(clause.recipient)
        if clause.object and not gap:
            self.object(clause)
        if clause.goal:
            self.place(clause.goal, city="to")
        if clause.manner:
            self.adverbial(clause.manner)
        for phrase in reversed(clause.middle):
            self.adverbial(phrase)
        if clause.complement:
            self.open("SBAR", clause.complement.index)
            self.word("that", "SCONJ", (clause.index, "that"))
            self.clause(clause.complement)
            self.close()
        if adjunct and not adjunct.first:
            self.subordinate(adjunct)
        self.close()

    def object(self, clause: Clause):
        """The object, behind the verb's preposition where it has one."""
        preposition = clause.verb.markers[0]
        if preposition:
            self.open("PP", clause.index)
            self.word(preposition, "ADP", (clause.index, "preposition"))
        self.entity(clause.object)
        if preposition:
            self.close()

    def subordinate(self, adjunct):
        """Conjunction and clause, in the order of a main clause."""
        self.open("SBAR", adjunct.index)
        self.word(adjunct.conjunction.en, "SCONJ", (adjunct.index, "conjunction"))
        self.clause(adjunct.clause)
        self.close()

    def verbs(self, clause: Clause):
        """does not want to open, can often open, never opened"""
        index, plural, verb, modal = clause.index, clause.subject.plural, clause.verb, clause.modal
        node, wish = (index, "verb"), (index, "modal")
        if verb is None:
            self.word(("was", "were")[plural] if clause.past else ("is", "are")[plural], "AUX", node)
            self.middle_adverb(clause)
            return
        base, third, past = verb.en
        if modal and modal != "want":
            self.word(modal, "AUX", wish)
            self.middle_adverb(clause)
        elif clause.polarity == "not":
            do = "did" if clause.past else ("does", "do")[plural]
            self.word(do, "AUX", wish if modal else node)
            self.middle_adverb(clause)
        else:
            self.middle_adverb(clause)
        finite = not modal and clause.polarity != "not"
        if modal == "want":
            self.word("want" if plural or clause.polarity == "not" else "wants", "VERB", wish)
            self.word("to", "PART", wish)
        form = (past if clause.past else base if plural else third) if finite else base
        self.word(form, "VERB", node)
        if verb.particle[0]:
            self.word(verb.particle[0], "ADP", node)

    def middle_adverb(self, clause: Clause):
        """not or never, and how often, behind the first verb."""
        if clause.polarity:
            tag = "PART" if clause.polarity == "not" else "ADV"
            self.word(clause.polarity, tag, (clause.index, "polarity"))
        if clause.frequency:
            self.word(clause.frequency.en, "ADV", (clause.index, "frequency"))
