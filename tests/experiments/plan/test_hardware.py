"""Names of targets, and what is told of those that are not there."""

import pytest

from experiments.plan import hardware


@pytest.mark.parametrize(
    "name, kind, count", [("h200x8", "h200", 8), ("v5e-8", "v5e", 8), ("h100", "h100", 1)]
)
def test_a_target_is_a_kind_of_device_and_how_many(name, kind, count):
    found = hardware.named(name)
    assert (found.name, found.count, found.asked) == (kind, count, name)
    assert found.memory > 1e9 and found.peak["bfloat16"] / found.bandwidth > 100  # operations a byte


@pytest.mark.parametrize("path", sorted(hardware.FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_is_a_target(path):
    found = hardware.named(path.stem)
    assert found.words and found.chip.backend == found.backend
    assert (found.backend == "cpu") == (not found.peak) == (not found.topologies)


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("h300", "unknown target 'h300': choose from cpu, h100, h200, v5e"),
        ("v5e-128", "--on v5e-128: from 1 to 64 of v5e"),
        ("h200x0", "--on h200x0: from 1 to 32 of h200"),
        ("", "unknown target ''"),
    ],
)
def test_another_name_is_refused(name, complaint):
    with pytest.raises(ValueError, match=complaint):
        hardware.named(name)


def test_a_compiler_that_is_not_installed_is_told_with_what_brings_it(monkeypatch):
    monkeypatch.setattr(hardware, "installed", lambda package: False)
    with pytest.raises(ValueError, match=r"--on h200x8: .* pip install -e '\.\[plan-cuda\]', or --on cpu-8"):
        hardware.named("h200x8").devices()


def test_what_the_compiler_asks_is_written_as_protobuf_has_it():
    fields = {"platform_name": '"CUDA"', "version": "{ major: 9 }", "card": {"cores": 132, "clock": 1.98}}
    assert (
        hardware.textproto(fields)
        == 'platform_name: "CUDA" version { major: 9 } card { cores: 132 clock: 1.98 }'
    )
