"""Settings of places: what --with says becomes their fields, and a mistake is one line."""

import pytest

from experiments.launch.target import with_settings
from experiments.launch.targets.jobset import JobSet
from experiments.launch.targets.sky import Sky


@pytest.mark.parametrize(
    "kind, changes, said",
    [
        (JobSet, ["imag=x"], "has no setting 'imag'; did you mean 'image'"),
        (JobSet, ["gpus=many"], "gpus takes int, at least 0"),
        (JobSet, ["nodes=0"], "nodes takes int, at least 1"),
        (JobSet, ["select=gpu"], "--with select=gpu: takes a label and its value"),
        (Sky, ["spot=perhaps"], "spot takes bool"),
        (Sky, ["runs"], "has no setting 'runs'|name=value"),
    ],
)
def test_a_wrong_setting_is_one_line(kind, changes, said):
    with pytest.raises(ValueError, match=said):
        with_settings(kind, changes)


def test_settings_are_read_as_their_fields_are():
    target = with_settings(JobSet, ["gpus=2", "image=a=b", "select=x=1", "select=y=2"])
    assert (target.gpus, target.image, target.select) == (2, "a=b", ("x=1", "y=2"))
    assert with_settings(Sky, ["spot=yes"]).spot is True
    with pytest.raises(ValueError, match="--cores is not for --on sky"):
        with_settings(Sky, [], cores=2)
