"""GLUE's one number as the lecture, and Devlin et al. 2019, Table 1, compute it."""

from collections.abc import Iterable, Mapping

METRICS = {
    "MNLI-m": "accuracy",
    "MNLI-mm": "accuracy",
    "QQP": "F1",
    "QNLI": "accuracy",
    "SST-2": "accuracy",
    "CoLA": "Matthews",
    "STS-B": "Spearman",
    "MRPC": "F1",
    "RTE": "accuracy",
}


def average(scores: Mapping[str, float], columns: Iterable[str] = METRICS) -> float:
    """The plain mean of nine columns, by the names of METRICS, all times 100; or of those given.

    F1 of the paraphrases in QQP and MRPC, Spearman's correlation in STS-B, Matthews' in CoLA, accuracy in all
    others. MNLI counts twice, matched and mismatched, and WNLI not at all: the benchmark's own number has
    MNLI once, WNLI as well, and the mean of two metrics where a task has two, so that the two do not compare.
    """
    columns = list(columns)
    if missing := [column for column in columns if column not in scores]:
        raise ValueError(f"the average is of {len(columns)} columns; {', '.join(missing)} missing")
    return sum(scores[column] for column in columns) / len(columns)
