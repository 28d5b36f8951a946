"""The lectures: the numbers by which claims and tables name them, and what they are."""

LECTURES = {
    "000": "UT Austin CS378, lecture 24",
    "001": "Understanding large language models, session 3",
    "002": "UMass CS685 (2020), attention: what was said",
    "003": "UMass CS685 (2020), attention: the slides",
    "004": "Harvard CS109B, lecture 24",
}


def numbered(lectures: str) -> tuple[str, ...]:
    """The lectures of a text such as "000/002"; ValueError for a number that is none of theirs."""
    found = tuple(lectures.split("/"))
    if strange := [number for number in found if number not in LECTURES]:
        raise ValueError(f"no lecture {strange[0]!r}: one of {', '.join(LECTURES)}")
    return found
