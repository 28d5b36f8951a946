"""What counts as seen is what the rows' pointers can point at."""

from experiments.tables.language.copying import TABLE
from train.evaluators.language.word_groups import WordGroups


def test_groups_go_by_the_window_of_the_pointers():
    for table in (TABLE, TABLE.real):
        for run in table.rows.values():
            (groups,) = (each for each in run.evaluators if isinstance(each, WordGroups))
            assert groups.window == run.model.window


def test_rows_differ_by_what_is_put_on_the_lstm_alone():
    for table in (TABLE, TABLE.real):
        for run in table.rows.values():
            assert run.model.clone(score=None, pointer=None) == table.rows["LSTM"].model
