"""Manifests are YAML that JobSet's and SkyPilot's own schemas take, strictly; they say what is to be run."""

import copy
import dataclasses
import functools
import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from experiments.launch import checkout, target, targets
from experiments.launch.jobs import Job
from experiments.launch.status import states
from experiments.launch.submitted import submitted
from experiments.launch.target import Launch, Scheduled, Target
from experiments.launch.targets.jobset import JobSet, of_status
from experiments.launch.targets.sky import Sky

ROW = "LSTM, $(HOME) 'quoted' : 50 %"


@dataclasses.dataclass(frozen=True)
class Begins(Job):
    """A job that begins with another."""

    first: Job | None = None

    @functools.cached_property
    def before(self):
        return () if self.first is None else (self.first, *self.first.before)


FIRST = Begins("a_table", ROW, 0, ("steps=5",))
JOBS = (FIRST, Begins("other", "b", 1), Begins("a_table", "then", 2, first=FIRST))
LAUNCH = Launch(JOBS, Path("runs"), None, "0123456789abcdef")
JOBSETS = [
    JobSet(image="registry/lookback", claim="runs"),
    JobSet(
        image="registry:5000/lookback@sha256:0",
        claim="runs",
        data="corpora",
        nodes=4,
        gpus=8,
        cpu="8",
        memory="64Gi",
        select=("pool=a100",),
        queue="team",
    ),
]
SKIES = [
    Sky(runs="s3://bucket/runs"),
    Sky(
        runs="gs://bucket/runs",
        data="gs://bucket/data",
        accelerators="H100:8",
        cpus="8+",
        memory="64+",
        infra="aws/us-east-1",
        spot=True,
        nodes=2,
        setup=("echo 'ready'",),
    ),
]


@pytest.fixture(scope="module", autouse=True)
def all_is_committed():
    """Whatever has changed in this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkout, "require_committed", lambda root=None: None)
        yield


def closed(schema):
    """A schema in which nothing may stand that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(inner) for name, inner in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found["additionalProperties"] = False
    return found


@pytest.fixture(scope="module")
def jobset_schema(data_dir):
    path = data_dir / "launch_schemas" / "jobset.x-k8s.io_jobsets.yaml.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    definition = yaml.safe_load(gzip.open(path))
    (version,) = definition["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    known = dict.fromkeys(("name", "namespace", "labels", "annotations"), {})
    schema["properties"]["metadata"]["properties"] = known
    assert f"{definition['spec']['group']}/{version['name']}" == "jobset.x-k8s.io/v1alpha2"
    return closed(schema)


@pytest.fixture(scope="module")
def sky_schemas(data_dir):
    path = data_dir / "launch_schemas" / "skypilot-0.14.1-schemas.json"
    if not path.exists():
        pytest.skip(f"no {path}")
    schemas = json.loads(path.read_text())
    # What is within a mount is the schema of storages, which is not among them.
    mode = {"enum": ["MOUNT", "COPY", "MOUNT_CACHED"]}
    mount = {"type": "object", "properties": {"source": {"type": "string"}, "mode": mode}}
    schemas["task"]["properties"]["file_mounts"] = {"additionalProperties": mount}
    return {name: closed(schema) for name, schema in schemas.items()}


def read(text):
    return [one for one in yaml.safe_load_all(text) if one]


def places(value, path=()):
    """(path of each mapping within a value)."""
    if isinstance(value, dict):
        yield path
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))


def misspelt(value, path, name):
    """A value in which one field of a mapping has a letter more."""
    other = copy.deepcopy(value)
    inner = functools.reduce(lambda at, step: at[step], path, other)
    inner[f"{name}s"] = inner.pop(name)
    return other


FREE = ("labels", "nodeSelector", "limits", "envs", "file_mounts")  # whose names are the user's


def require_strict(value, check):
    """What is right passes, and every field of it, misspelt, does not."""
    check(value)
    count = 0
    for path in places(value):
        inner = functools.reduce(lambda at, step: at[step], path, value)
        for name in () if path and path[-1] in FREE else inner:
            with pytest.raises(jsonschema.ValidationError):
                check(misspelt(value, path, name))
            count += 1
    assert count > 5


@pytest.mark.parametrize("target", JOBSETS, ids=["least", "all"])
def test_jobsets_are_what_the_definition_takes_and_a_misspelt_field_is_not(target, jobset_schema):
    jobsets = read(target.preview(LAUNCH))
    assert len(jobsets) == 2
    validator = jsonschema.Draft202012Validator(jobset_schema | {"required": ["apiVersion", "kind", "spec"]})
    for one in jobsets:
        require_strict(one, lambda value: validator.validate(value))


@pytest.mark.parametrize("target", SKIES, ids=["least", "all"])
def test_sky_tasks_are_what_its_schemas_take_and_a_misspelt_field_is_not(target, sky_schemas):
    tasks = read(target.preview(LAUNCH))
    assert len(tasks) == 3

    def check(value):
        jsonschema.Draft202012Validator(sky_schemas["task"]).validate(value)
        jsonschema.Draft7Validator(sky_schemas["resources"]).validate(value.get("resources", {}))

    for one in tasks:
        require_strict(one, check)


def test_what_begins_with_another_is_in_its_jobset_and_waits_for_it():
    first, other = read(JOBSETS[0].preview(LAUNCH))
    before, after = first["spec"]["replicatedJobs"]
    assert "dependsOn" not in before and len(other["spec"]["replicatedJobs"]) == 1
    assert after["dependsOn"] == [{"name": before["name"], "status": "Complete"}]
    named = [one["metadata"]["name"] for one in (first, other)]
    assert len(set(named)) == 2 and all(re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", name) for name in named)
    assert max(map(len, named)) + len("-job-10-0-63-abcde") <= 63


def test_the_hosts_of_a_run_know_each_other():
    jobset = read(JOBSETS[1].preview(LAUNCH))[0]
    name, job = jobset["metadata"]["name"], jobset["spec"]["replicatedJobs"][1]
    spec = job["template"]["spec"]
    assert spec["parallelism"] == spec["completions"] == 4 and spec["completionMode"] == "Indexed"
    env = {one["name"]: one for one in spec["template"]["spec"]["containers"][0]["env"]}
    # <jobset>-<job>-<job index>-<pod index>.<subdomain>, as the definition says of enableDNSHostnames
    address = f"{name}-{job['name']}-0-0.{jobset['spec']['network']['subdomain']}:8476"
    assert env["JAX_COORDINATOR_ADDRESS"]["value"] == address
    assert env["JAX_NUM_PROCESSES"]["value"] == "4"
    assert "job-completion-index" in env["JAX_PROCESS_ID"]["valueFrom"]["fieldRef"]["fieldPath"]
    alone = read(JOBSETS[0].preview(LAUNCH))[0]["spec"]["replicatedJobs"][0]["template"]["spec"]
    assert not [one for one in alone["template"]["spec"]["containers"][0]["env"] if "JAX" in one["name"]]


def test_a_pod_runs_its_row_from_the_image_of_the_commit():
    pod = read(JOBSETS[0].preview(LAUNCH))[0]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"][
        "spec"
    ]
    (container,) = pod["containers"]
    assert container["image"] == "registry/lookback:0123456789ab"
    assert read(JOBSETS[1].preview(LAUNCH))[0]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"][
        "spec"
    ]["containers"][0]["image"].endswith("@sha256:0")
    words = [word.replace("$$(", "$(") for word in container["command"]]
    assert words[words.index("experiments") + 1 :] == FIRST.arguments(Path("/runs"))
    assert ROW not in container["command"]  # as it is, Kubernetes would look up HOME
    assert pod["restartPolicy"] == "Never" and pod["terminationGracePeriodSeconds"] >= 60


def test_sky_runs_its_row_where_its_variables_say(tmp_path):
    """The text of `run`, by a shell; the stand-in for the environment's Python says what it was given."""
    task = read(SKIES[1].preview(LAUNCH))[0]
    python = tmp_path / "lookback" / "bin" / "python"
    python.parent.mkdir(parents=True)
    said = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    python.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, "-c", said])} "$@"\n')
    python.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "SKYPILOT_TASK_ID": "sky-1"}
    env |= {"SKYPILOT_NODE_IPS": "10.0.0.1\n10.0.0.2", "SKYPILOT_NODE_RANK": "1", "SKYPILOT_NUM_NODES": "2"}
    told = []
    for rank in ("0", "1"):
        command, seen = ["bash", "-c", task["run"]], env | {"SKYPILOT_NODE_RANK": rank}
        done = subprocess.run(command, env=seen, cwd=tmp_path, capture_output=True, text=True)
        told.append(json.loads(done.stdout))
    (first, _), (words, seen) = told
    place = {name: seen[f"JAX_{name}"] for name in ("COORDINATOR_ADDRESS", "NUM_PROCESSES", "PROCESS_ID")}
    assert place == {"COORDINATOR_ADDRESS": "10.0.0.1:8476", "NUM_PROCESSES": "2", "PROCESS_ID": "1"}
    assert words[words.index("experiments") + 1 :] == FIRST.arguments(Path("/runs"))
    assert words[words.index("--job") + 1] == "sky-1" and int(words[words.index("--restart") + 1])
    assert words == first  # so that all belong to one start of the job
    assert seen["LOOKBACK_COMMIT"] == LAUNCH.commit[:12]
    assert seen["PYTHONPATH"] == str(tmp_path) and task["num_nodes"] == 2
    assert subprocess.run(["bash", "-n", "-c", task["setup"]]).returncode == 0


@pytest.mark.parametrize(
    "accelerators, plugin", [("H100:8", "jax[cuda13]"), ("tpu-v5e-8", "jax[tpu]"), (None, None)]
)
def test_where_there_are_accelerators_jax_can_use_them_or_the_setup_fails(tmp_path, accelerators, plugin):
    """The text of `setup`, by a shell; stand-ins say what they were given, and that there is a CPU alone."""
    task = read(Sky(runs="s3://b", accelerators=accelerators).preview(LAUNCH))[0]
    python = tmp_path / "lookback" / "bin" / "python"
    for path in (python, tmp_path / "uv"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"""#!/bin/sh
echo "$@" >> {tmp_path}/asked
case "$*" in *__version__*) echo 1.2.3;; *default_backend*) exit 1;; esac
""")
        path.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", task["setup"]], env=env, cwd=tmp_path, capture_output=True)
    asked = (tmp_path / "asked").read_text()
    assert done.returncode == (0 if plugin is None else 1)
    assert ("jax[" in asked) == (plugin is not None) and (plugin is None or f"{plugin}==1.2.3" in asked)


def test_corpora_are_where_a_volume_has_them():
    on_real = LAUNCH._replace(data_dir="/home/me/corpora")
    for least, whole in (JOBSETS, SKIES):
        with pytest.raises(ValueError, match="--data-dir /home/me/corpora: is not there; .* --with data="):
            least.preview(on_real)
        text = whole.preview(on_real)
        assert "LOOKBACK_DATA" in text and "/home/me" not in text
        assert re.search(r'--data-dir"?\s+(- )?/data', text)
        assert "LOOKBACK_DATA" in whole.preview(LAUNCH) and "--data-dir" not in whole.preview(LAUNCH)


def test_every_place_is_found_by_its_file():
    for name in targets.names():
        kind = target.named(name)
        assert issubclass(kind, Target) and kind.__name__.lower() == name and kind().states(()) in (None, {})


@pytest.mark.parametrize(
    "target, lacks", [(JobSet(), "image"), (JobSet(image="x"), "claim"), (Sky(), "runs")]
)
def test_a_setting_that_is_needed_is_told(target, lacks):
    with pytest.raises(ValueError, match=f"needs --with {lacks}="):
        target.preview(LAUNCH)


@pytest.mark.parametrize("target, program", [(JOBSETS[0], "kubectl"), (SKIES[0], "sky")])
def test_without_the_scheduler_nothing_is_submitted(target, program, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=f"{program} is not on PATH; --dry-run prints"):
        target.launch(LAUNCH._replace(runs_dir=tmp_path))
    assert not list(tmp_path.iterdir())


def stand_in(folder, name, body):
    """A program on PATH that is no scheduler, but takes what one would."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def test_jobsets_are_created_once_and_their_status_is_read(monkeypatch, tmp_path, capsys):
    status = {
        "conditions": [{"type": "Suspended", "status": "False"}],
        "replicatedJobsStatus": [
            {"name": "job-0", "ready": 0, "succeeded": 1, "failed": 0, "active": 0, "suspended": 0},
            {"name": "job-1", "ready": 1, "succeeded": 0, "failed": 0, "active": 1, "suspended": 0},
        ],
    }
    told = tmp_path / "told.json"
    told.write_text('{"items": []}')
    stand_in(
        tmp_path, "kubectl", f'if [ "$1" = create ]; then cat "$3" >> {tmp_path}/created; else cat {told}; fi'
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    launch = LAUNCH._replace(runs_dir=tmp_path / "runs")
    assert JOBSETS[0].launch(launch) == 0
    ids = [one.id for one in submitted(launch.runs_dir).values()]
    assert len(ids) == len(set(ids)) == 3
    created = (tmp_path / "created").read_text()
    assert created.count("kind: JobSet") == 2
    names = list(dict.fromkeys(one.split("/")[1] for one in ids))
    items = [{"metadata": {"name": name}, "status": status} for name in names]
    told.write_text(json.dumps({"items": items}))
    capsys.readouterr()
    assert JobSet().states(ids)[f"default/{names[0]}/job-1"] == Scheduled("running")
    assert JobSet().states(ids)[f"default/{names[0]}/job-0"] == Scheduled("COMPLETED")
    state = {one.name: one.word for one in states(launch.runs_dir)}
    assert sorted(state.values()) == ["completed where it ran", "completed where it ran", "running"]
    assert JOBSETS[0].launch(launch) == 0  # of which none is created again, as none is left
    assert (tmp_path / "created").read_text() == created
    told.write_text("no list")
    stand_in(tmp_path, "kubectl", "echo 'error: no connection' >&2; exit 1")
    with pytest.raises(ValueError, match="which cannot be asked whether it runs still"):
        JOBSETS[0].launch(launch)
    failed = of_status("n/x", status | {"conditions": [{"type": "Failed", "status": "True"}]})
    assert failed == {"n/x/job-0": Scheduled("COMPLETED"), "n/x/job-1": Scheduled("FAILED")}


def test_sky_is_given_a_file_once(monkeypatch, tmp_path, capsys):
    stand_in(tmp_path, "sky", f'shift 4; (cat "$1"; echo ---) >> {tmp_path}/created')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(checkout, "pinned", lambda runs_dir: runs_dir / "copy")
    launch = LAUNCH._replace(runs_dir=tmp_path / "runs")
    assert SKIES[0].launch(launch) == SKIES[0].launch(launch) == 0
    assert "3 were submitted before" in capsys.readouterr().out
    names = [one["name"] for one in read((tmp_path / "created").read_text())]
    assert names == ["lookback-a-table-0"] * 2 + ["lookback-a-table-2", "lookback-other-1"]


def test_what_a_scheduler_says_against_it_is_told(monkeypatch, tmp_path):
    stand_in(tmp_path, "kubectl", "echo 'error: forbidden: no access' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(ValueError, match="kubectl says: error: forbidden: no access"):
        JOBSETS[0].launch(LAUNCH._replace(runs_dir=tmp_path / "runs"))
    assert not submitted(tmp_path / "runs") and JobSet().states(["default/x/job-0"]) is None
