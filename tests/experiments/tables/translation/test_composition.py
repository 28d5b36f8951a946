"""Rows differ by the composition alone, and concatenation is the row that `translation` has."""

import pytest

from experiments.tables.translation import translation
from experiments.tables.translation.composition import COMPOSITIONS, TABLE

pytestmark = pytest.mark.usefixtures("committed")


def test_concatenation_is_the_row_of_translation_and_trained_once():
    for table, other in ((TABLE, translation.TABLE), (TABLE.real, translation.TABLE.real)):
        assert table.rows["concatenation"] == other.rows["lstm-additive"]


def test_nothing_but_the_composition_differs():
    for table in (TABLE, TABLE.real):
        usual = table.rows["concatenation"].model
        assert {row: run.model.composition for row, run in table.rows.items()} == COMPOSITIONS
        assert {run.model.clone(composition=usual.composition) for run in table.rows.values()} == {usual}
