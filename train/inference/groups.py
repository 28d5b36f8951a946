"""Rows of like length together, in few shapes, so that little is compiled."""

from collections.abc import Iterator, Sequence

from data.batches.batch import width_of

WIDTHS = (8, 16, 32, 64, 128, 256, 512)  # few, for each is compiled
TOKENS = 2048  # of source in one search: enough rows to keep two cores busy, few enough to share a length


def grouped(ids: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], int]]:
    """(line numbers, width): lines of like length together, at most TOKENS padded source tokens a group."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    while order:
        # Filled from the longest: its width is what the group is padded to.
        longest = len(ids[order[-1]])
        width = width_of(longest, WIDTHS)
        rows = rows_for(width)
        shorter = next((w for w in reversed(WIDTHS) if w < width), 0)
        members = [i for i in order[-rows:] if len(ids[i]) > shorter] or order[-1:]
        del order[-len(members) :]
        yield members, width


def rows_for(width: int) -> int:
    """How many lines of a width make a full group: a multiple of 8."""
    return max(TOKENS // width // 8, 1) * 8


def full_rows(count: int, width: int) -> int:
    """One row for a line by itself, else the full group: two compilations a width at most."""
    return 1 if count == 1 else rows_for(width)
