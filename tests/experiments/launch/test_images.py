"""Images are of the hashed packages and of a commit that is told; built where there is an engine."""

import re
import shutil
import subprocess
import tomllib

import pytest

from experiments.launch.checkout import ROOT
from experiments.launch.targets.jobset import JobSet

DOCKER, APPTAINER = ((ROOT / name).read_text(encoding="utf-8") for name in ("Dockerfile", "Apptainer.def"))
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
    "packages"
]


@pytest.mark.parametrize("text", [DOCKER, APPTAINER], ids=["Dockerfile", "Apptainer.def"])
def test_packages_are_hashed_and_all_code_is_in_it(text):
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert [("--require-hashes -r requirements.txt" in line) for line in installs] == [True, False, False]
    # jax's plugin is of the version that the hashed packages have; the project itself brings no packages.
    assert "jax.__version__" in installs[1] and "--no-deps" in installs[2]
    copied = re.findall(r"^(?:COPY|   ) (\w+) /?[\w/]*$", text, re.M)
    assert set(PACKAGES) <= set(copied)
    # An empty commit ends the build, and what a record says is what was given.
    assert re.search(r'test -n "(\$COMMIT|\{\{ COMMIT \}\})"', text) and "LOOKBACK_COMMIT=" in text


def test_the_requirements_have_a_hash_each():
    lines = (ROOT / "requirements.txt").read_text().replace("\\\n", " ").splitlines()
    assert lines and all("--hash=sha256:" in line for line in lines if "==" in line)


def test_both_are_of_the_same_python_which_the_project_takes():
    first, second = (re.search(r"[Ff]rom:? (python:3\.(\d+)\S*)", text, re.I) for text in (DOCKER, APPTAINER))
    assert first[1] == second[1] and int(first[2]) >= 11


def test_the_tag_that_is_built_is_the_one_that_jobsets_ask_for():
    """As the first lines of Dockerfile tag it: twelve letters of the commit."""
    assert "git rev-parse HEAD | cut -c 1-12" in DOCKER
    assert JobSet(image="registry/lookback", claim="c").image_of("0123456789abcdef").endswith(":0123456789ab")


@pytest.mark.slow
def test_the_image_is_built_and_tells_its_commit():
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], capture_output=True).returncode:
        pytest.skip("no Docker engine runs here")
    base = re.search(r"^FROM (\S+)$", DOCKER, re.M)[1]
    if subprocess.run([docker, "pull", "--quiet", base], capture_output=True).returncode:
        pytest.skip(f"{base} cannot be had")
    build = [docker, "build", "--quiet", "--build-arg", "COMMIT=0123abc", str(ROOT)]
    image = subprocess.run(build, capture_output=True, text=True, check=True).stdout.strip()
    said = "from train.folder.claim import commit; print(commit())"
    run = [docker, "run", "--rm", image, "python", "-P", "-c", said]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip() == "0123abc"
