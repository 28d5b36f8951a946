"""The average of GLUE gives the lecture's printed numbers from its columns."""

import pytest

from data.corpora.glue import TASKS
from train.metrics.glue import METRICS, average

# The lecture's order of columns and its printed average; 70.94 is printed as 71.0 there.
ORDER = ("MNLI-m", "MNLI-mm", "QQP", "QNLI", "SST-2", "CoLA", "STS-B", "MRPC", "RTE")
LECTURE = {
    "BERT-large": ((86.7, 85.9, 72.1, 92.7, 94.9, 60.5, 86.5, 89.3, 70.1), 82.08, 82.1),
    "BERT-base": ((84.6, 83.4, 71.2, 90.5, 93.5, 52.1, 85.8, 88.9, 66.4), 79.60, 79.6),
    "OpenAI GPT": ((82.1, 81.4, 70.3, 87.4, 91.3, 45.4, 80.0, 82.3, 56.0), 75.13, 75.1),
    "Pre-OpenAI SOTA": ((80.6, 80.1, 66.1, 82.3, 93.2, 35.0, 81.0, 86.0, 61.7), 74.00, 74.0),
    "BiLSTM+ELMo+Attn": ((76.4, 76.1, 64.8, 79.8, 90.4, 36.0, 73.3, 84.9, 56.8), 70.94, 71.0),
}


@pytest.mark.parametrize("system", LECTURE)
def test_the_average_is_the_lecture_s(system):
    columns, exact, printed = LECTURE[system]
    found = average(dict(zip(ORDER, columns, strict=True)) | {"WNLI": 100.0})
    assert found == pytest.approx(exact, abs=0.005)
    assert found == pytest.approx(printed, abs=0.061 if system == "BiLSTM+ELMo+Attn" else 0.05)


def test_a_missing_column_is_named_and_each_metric_is_one_of_its_task():
    with pytest.raises(ValueError, match="MRPC, RTE missing"):
        average(dict.fromkeys(ORDER[:-2], 50.0))
    assert all(metric in TASKS[task].metrics for task, metric in METRICS.items())
