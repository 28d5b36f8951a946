"""Schemes of span tags: the worked example, round trips, what conlleval makes of broken tags, transitions."""

import itertools

import numpy as np
import pytest

from data.items.entity_tags import SCHEMES, Span, converted, labels, may_follow, spans, written

IOB2 = "B-ORG O B-PER B-PER I-PER O B-LOC I-LOC I-LOC B-ORG".split()
IOB1 = "I-ORG O I-PER B-PER I-PER O I-LOC I-LOC I-LOC I-ORG".split()
BIOES = "S-ORG O S-PER B-PER E-PER O B-LOC I-LOC E-LOC S-ORG".split()
WRITTEN = {"iob1": IOB1, "iob2": IOB2, "bioes": BIOES}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tags_of_every_scheme_mark_the_same_spans_and_become_any_other(scheme):
    marked = [
        Span("ORG", 0, 1), Span("PER", 2, 3), Span("PER", 3, 5), Span("LOC", 6, 9), Span("ORG", 9, 10)
    ]  # fmt: skip
    assert spans(WRITTEN[scheme]) == marked
    for other, tags in WRITTEN.items():
        assert converted(WRITTEN[scheme], other) == tags


@pytest.mark.parametrize(
    "tags",
    [
        "U-ORG O U-PER B-PER L-PER O B-LOC I-LOC L-LOC U-ORG",
        "S-ORG O S-PER B-PER E-PER O B-LOC M-LOC E-LOC S-ORG",
        "W-ORG O W-PER B-PER E-PER O B-LOC M-LOC E-LOC W-ORG",
    ],
    ids=["BILOU", "BMES", "BMEWO"],
)
def test_other_schemes_are_read(tags):
    assert spans(tags.split()) == spans(IOB2) and converted(tags.split(), "iob1") == IOB1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_set_of_spans_survives_being_written(scheme):
    length = 4
    places = [
        Span(kind, first, end)
        for kind in "XY"
        for first in range(length)
        for end in range(first + 1, length + 1)
    ]
    for count in range(3):
        for chosen in itertools.combinations(sorted(places, key=lambda span: span.first), count):
            if all(one.end <= other.first for one, other in itertools.pairwise(chosen)):
                assert spans(written(chosen, length, scheme)) == list(chosen)


@pytest.mark.parametrize(
    "tags, marked",
    [
        ("O I-X I-Y O", [("X", 1, 2), ("Y", 2, 3)]),  # I of another type begins anew
        ("B-X I-Y I-Y", [("X", 0, 1), ("Y", 1, 3)]),
        ("I-X B-X I-X", [("X", 0, 1), ("X", 1, 3)]),
        ("E-X E-X", [("X", 0, 1), ("X", 1, 2)]),  # conlleval: E behind E begins anew, so does I
        ("B-X E-X I-X", [("X", 0, 2), ("X", 2, 3)]),
        ("S-X I-X", [("X", 0, 1), ("X", 1, 2)]),
        ("O O", []),
        ("", []),
    ],
)
def test_broken_tags_are_read_as_conlleval_reads_them(tags, marked):
    assert spans(tags.split()) == [Span(*one) for one in marked]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sequence_is_allowed_just_if_it_is_what_its_spans_are_written_as(scheme):
    tags = labels("XY", scheme)
    assert tags[0] == "O" and len(tags) == 1 + 2 * len(SCHEMES[scheme])
    allowed, edge = may_follow(tags, scheme), len(tags)
    seen = set()
    for length in (1, 2, 3):
        for chosen in itertools.product(range(edge), repeat=length):
            pairs = itertools.pairwise((edge, *chosen, edge))
            sequence = [tags[index] for index in chosen]
            right = converted(sequence, scheme) == sequence
            assert all(allowed[pair] for pair in pairs) == right, sequence
            seen.add(right)
    assert seen == {True, False} and allowed.dtype == np.bool_


def test_an_unknown_scheme_is_refused():
    with pytest.raises(ValueError, match="unknown scheme 'iob3'.*did you mean 'iob"):
        labels("X", "iob3")
