"""The beginning of another corpus's training text: what is learned from less."""

import dataclasses

from data.corpora.stdlib_text import StdlibDocs
from data.fields import Mass
from data.items.corpus import TextCorpus


@dataclasses.dataclass(frozen=True)
class FirstShare(TextCorpus):
    """The first `share` of the training text of `corpus`, whole lines; the other splits are the corpus's."""

    corpus: TextCorpus = StdlibDocs()
    share: Mass = 1.0

    def text(self, split: str, data_dir: str | None = None) -> str:
        """Of train the lines that end within the share, and the one that it ends in."""
        whole = self.corpus.text(split, data_dir)
        if split != "train" or self.share == 1:
            return whole
        return whole[: whole.find("\n", max(int(self.share * len(whole)) - 1, 0)) + 1] or whole

    def protocol(self, split: str) -> str:
        """The corpus's; of train also the share."""
        told = self.corpus.protocol(split)
        return told if split != "train" else f"{told}, the first {self.share:.3g}"
