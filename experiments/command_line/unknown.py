"""How many words of a user's input a run has never learned: said once, when all is done."""

import contextlib
import string
import sys
from collections.abc import Callable, Iterator, Sequence

from data.splits import listed


@contextlib.contextmanager
def told(tokenizer) -> Iterator[Callable[[Sequence[str]], None]]:
    """A function that takes note of texts; what they have that is unknown is told at the end, if anything."""
    unknown: dict[str, int] = {}
    words = 0

    def note(texts: Sequence[str]) -> None:
        nonlocal words
        if tokenizer.unk is None:  # it spells everything
            return
        found, count = tokenizer.unknown(texts)
        words += count
        for word in found:
            bare = word.strip(string.punctuation) or word
            unknown[bare] = unknown.get(bare, 0) + 1

    yield note
    if unknown:
        count = sum(unknown.values())
        which = listed(list(unknown), width=100)
        verb = "is" if count == 1 else "are"
        sys.stdout.flush()
        print(f"lookback: {count:,} of {words:,} words {verb} unknown to this run: {which}", file=sys.stderr)
