"""Several texts and what they are scored, or classed, together: as a restaurant by its reviews."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any

from data.fields import Bound, Positive
from data.items.corpus import LabelledCorpus
from data.items.example import Example
from data.tasks.classification import Classification
from data.tokenizers.tokenizer import Tokenizer
from data.world.restaurants import WorldRestaurants


@dataclasses.dataclass(frozen=True)
class TextGroups(Classification):
    """The class or the score of each group of texts of a corpus, one text a line.

    The inputs are BOS text EOS of one text after another, and `segments` number the texts from 0. A text
    loses its end where it is over `each` inputs, and a group its last texts, of which it has at most `texts`.
    """

    grouped = True
    corpus: LabelledCorpus = WorldRestaurants()
    texts: Positive = 8
    each: Annotated[int, Bound(least=3)] = 48
    longest: Annotated[int, Bound(least=3)] = 384

    def require(self, run: Any) -> None:
        """ValueError where the corpus has no groups, or where not all texts of a group have room."""
        super().require(run)
        if not self.corpus.grouped:
            kind = type(self.corpus).__name__
            raise ValueError(
                f"task=TextGroups: the texts of task.corpus={kind} are no groups: set task=Classification()"
            )
        if self.texts * self.each > self.longest:
            raise ValueError(
                f"task.longest={self.longest} does not hold {self.texts} texts of {self.each} inputs: raise "
                "task.longest, or lower task.each"
            )
        if self.characters:
            raise ValueError("task=TextGroups gives no characters: set task.characters=False")

    def examples(self, texts: Sequence[tuple[str, str | None]], tokenizer: Tokenizer) -> list[Example]:
        """Each group as an encoder reads it; its target is not known, and 0."""
        groups = [group.split("\n")[: self.texts] for group, _ in texts]
        encoded = iter(tokenizer.encode([line for lines in groups for line in lines]))
        found = []
        for lines in groups:
            inputs, segments = [], []
            for number, _ in enumerate(lines):
                row = [tokenizer.bos, *next(encoded)[:-1][: self.each - 2], tokenizer.eos]
                inputs += row
                segments += [number] * len(row)
            found.append(Example(inputs, 0, segments))
        return found
