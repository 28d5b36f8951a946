"""French: adjectives on both sides of the noun, agreement in gender and number, elision, ne ... pas."""

from data.world.derivation import Adjunct, Clause, NounPhrase, Place, Pronoun
from data.world.lexicon import french_plural
from data.world.surface import Speaker, Token

ASPIRATED = ("hérisson", "huit", "hamac", "hibou")
BEFORE_VOWELS = {"le": "l'", "la": "l'", "de": "d'", "que": "qu'", "ne": "n'", "se": "s'", "si": "s'"}
BEFORE_VOWELS |= {"ce": "cet", "sa": "son"}
MODALS = {
    "can": ("peut", "peuvent", "pouvoir"),
    "must": ("doit", "doivent", "devoir"),
    "want": ("veut", "veulent", "vouloir"),
    "will": ("va", "vont", "aller"),
}


def vowel(form: str) -> bool:
    """Whether the word begins with a vowel sound: a silent h counts, an aspirated one does not."""
    return form[0].lower() in "aeiouyhâàéèêîïôûœ" and not form.startswith(ASPIRATED)


def agree(masculine: str, feminine: str, female: bool, plural: bool) -> str:
    """petit petite petits petites, beau beaux, heureux heureux"""
    form = feminine if female else masculine
    return french_plural(form) if plural else form


class French(Speaker):
    """Says derivations in French: agreement, elision, adjectives on both sides of the noun."""

    language = "fr"
    conjunctions = {"and": "et", "but": "mais"}
    contractions = {("de", "le"): "du", ("de", "les"): "des", ("à", "le"): "au", ("à", "les"): "aux"}
    contractions |= {("de", "des"): "de", ("de", "de"): "de"}

    def adjusted(self, token: Token, following: str) -> Token:
        """l'homme, qu'il, s'il, cet homme, son amie"""
        if token.form not in BEFORE_VOWELS or not vowel(following):
            return token
        if token.form == "si" and following not in ("il", "ils"):
            return token
        return token._replace(form=BEFORE_VOWELS[token.form])

    def pronoun(self, phrase: Pronoun, case: str) -> str:
        """qui or que in a relative clause, else il, elle, ils, elles."""
        if phrase.relative:
            return "qui" if case == "nom" else "que"
        return (("il", "ils"), ("elle", "elles"))[phrase.female][phrase.plural]

    def noun_phrase(self, phrase: NounPhrase, case: str):
        """Determiner, numeral, adjectives that come first, noun, the others, the owner behind de."""
        noun, index = phrase.noun, phrase.index
        female = noun.french == "f"
        before = [adjective for adjective in phrase.adjectives if adjective.before]
        after = [adjective for adjective in phrase.adjectives if not adjective.before]
        form = noun.fr[phrase.plural]
        for determiner in self.determiner(phrase, female, bool(before)):
            self.word(determiner, "DET", (index, "determiner"))
        if phrase.numeral:
            self.word(phrase.numeral.fr, "NUM", (index, "numeral"))
        for adjective in before:
            masculine, feminine, special = adjective.fr
            if not phrase.plural and vowel(form):
                masculine = special
            self.word(agree(masculine, feminine, female, phrase.plural), "ADJ", (index, adjective.en))
        self.word(form, "NOUN", (index, "noun"))
        for adjective in after:
            self.word(agree(*adjective.fr[:2], female, phrase.plural), "ADJ", (index, adjective.en))
        if phrase.determiner == "of":
            self.open("PP", index)
            self.word("de", "ADP", (index, "of"))
            self.entity(phrase.owner)
            self.close()

    def determiner(self, phrase: NounPhrase, female: bool, before: bool) -> tuple[str, ...]:
        """`before`: an adjective precedes the noun, so that des becomes de."""
        kind, plural = phrase.determiner, phrase.plural
        if kind == "this":
            return ("ces" if plural else ("ce", "cette")[female],)
        if kind == "every":
            return ("chaque",)
        if kind == "own":
            if phrase.owner.plural:
                return (("leur", "leurs")[plural],)
            return ("ses" if plural else ("son", "sa")[female],)
        article = ("les",) if plural else (("le", "la")[female],)
        if kind != "a":
            return article
        if phrase.noun.mass:
            partitive = female or vowel(phrase.noun.fr[0]) and not before
            return ("de", *article) if partitive else ("du",)
        if plural:
            return () if phrase.numeral else ("de" if before else "des",)
        return (("un", "une")[female],)

    def relative(self, clause: Clause):
        """The clause behind its antecedent."""
        self.open("SBAR", clause.index)
        self.clause(clause)
        self.close()

    def place(self, place: Place, city: str = "à"):
        """A preposition and its phrase; `city` stands before a city."""
        preposition = place.preposition.fr if place.preposition else city
        self.open("PP", place.index)
        self.word(preposition, "ADP", (place.index, "preposition"))
        self.entity(place.phrase)
        self.close()

    def clause(self, clause: Clause):
        """Adverbial, subject, ne, verbs, pas, object, recipient, goal, adverbials, complement."""
        adjunct, subject = clause.adjunct, clause.subject
        if adjunct and adjunct.first:
            self.subordinate(adjunct)
            self.comma(adjunct.index)
        if clause.front:
            self.adverbial(clause.front)
            self.comma(clause.front.index)
        gap = clause.object if isinstance(clause.object, Pronoun) else None
        if gap:
            self.entity(gap, "acc")
        self.entity(subject)
        self.open("VP", clause.index)
        self.verbs(clause, gap)
        if clause.adjective:
            form = agree(*clause.adjective.fr[:2], subject.female, subject.plural)
            self.word(form, "ADJ", (clause.index, "adjective"))
        if clause.manner:
            self.adverbial(clause.manner)
        objects = (
            [(clause.verb.markers[2], "preposition", clause.object)] if clause.object and not gap else []
        )
        if clause.recipient:
            objects.append(("à", "recipient", clause.recipient))
        if len(objects) == 2 and isinstance(clause.object, NounPhrase) and clause.object.relative:
            objects.reverse()
        for preposition, part, phrase in objects:
            self.marked(clause.index, preposition, part, phrase)
        if clause.goal:
            self.place(clause.goal)
        for phrase in reversed(clause.middle):
            self.adverbial(phrase)
        if clause.complement:
            self.open("SBAR", clause.complement.index)
            self.word("que", "SCONJ", (clause.index, "that"))
            self.clause(clause.complement)
            self.close()
        if adjunct and not adjunct.first:
            self.subordinate(adjunct)
        self.close()

    def marked(self, index: int, preposition: str, part: str, phrase):
        """An object, after a preposition if it has one."""
        if not preposition:
            self.entity(phrase)
            return
        self.open("PP", index)
        self.word(preposition, "ADP", (index, part))
        self.entity(phrase)
        self.close()

    def subordinate(self, adjunct: Adjunct):
        """Conjunction and clause, in the order of a main clause."""
        self.open("SBAR", adjunct.index)
        self.word(adjunct.conjunction.fr, "SCONJ", (adjunct.index, "conjunction"))
        self.clause(adjunct.clause)
        self.close()

    def verbs(self, clause: Clause, gap: Pronoun | None):
        """n'ouvre pas, ne s'est jamais levée, veut souvent se lever"""
        index, subject, verb, past = clause.index, clause.subject, clause.verb, clause.past
        plural, node, wish = subject.plural, (index, "verb"), (index, "modal")
        if clause.polarity:
            self.word("ne", "ADV", (index, "polarity"))
        if verb and verb.reflexive and not clause.modal:
            self.word("se", "PRON", node)
        if verb is None:
            self.word((("est", "sont"), ("était", "étaient"))[past][plural], "AUX", node)
        elif clause.modal:
            self.word(MODALS[clause.modal][plural], "AUX", wish)
        elif past:
            auxiliary = ("est", "sont") if verb.être or verb.reflexive else ("a", "ont")
            self.word(auxiliary[plural], "AUX", node)
        else:
            self.word(verb.fr[1 + plural], "VERB", node)
        if clause.polarity:
            self.word({"not": "pas", "never": "jamais"}[clause.polarity], "ADV", (index, "polarity"))
        if clause.frequency:
            self.word(clause.frequency.fr, "ADV", (index, "frequency"))
        if verb and clause.modal:
            if verb.reflexive:
                self.word("se", "PRON", node)
            self.word(verb.fr[0], "VERB", node)
        elif verb and past:
            self.word(self.participle(verb, subject, gap), "VERB", node)

    def participle(self, verb, subject, gap) -> str:
        """Agrees with the subject after être, with an object that precedes after avoir."""
        form = verb.fr[3]
        agreed = subject if verb.être or verb.reflexive else gap
        return agree(form, form + "e", agreed.female, agreed.plural) if agreed else form
