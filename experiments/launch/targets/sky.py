"""SkyPilot: managed jobs of clouds, by `sky jobs launch`, a file a job; lost machines it replaces.

The folder of runs is a bucket that is mounted with a cache (MOUNT_CACHED): a ledger is appended to, which
other mounts of buckets cannot do. The code is a copy of the commit, the packages are the hashed ones.
"""

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

from data.fields import Positive
from experiments.launch import attempt, checkout, program
from experiments.launch.jobs import Job
from experiments.launch.submitted import Submission, submitted
from experiments.launch.target import Launch, Target, setting
from experiments.launch.targets.jobset import DATA, PORT, RUNS, corpora, together
from experiments.launch.yaml_text import documents

PYTHON = "$HOME/lookback/bin/python"
SETUP = """\
set -e
command -v uv || python3 -m pip install --quiet --user uv
PATH="$HOME/.local/bin:$PATH"
uv venv --quiet --allow-existing --python 3.12 "$HOME/lookback"
uv pip install --quiet --python "$HOME/lookback" --require-hashes -r requirements.txt
"""
PLUGIN = """\
version=$("$HOME/lookback/bin/python" -c "import jax; print(jax.__version__)")
uv pip install --quiet --python "$HOME/lookback" "jax[{name}]==$version"
"$HOME/lookback/bin/python" -c "import jax; exit(jax.default_backend() == 'cpu' and 'no accelerator seen')"
"""
HOSTS = f"""\
export JAX_NUM_PROCESSES=$SKYPILOT_NUM_NODES JAX_PROCESS_ID=$SKYPILOT_NODE_RANK
export JAX_COORDINATOR_ADDRESS=$(echo "$SKYPILOT_NODE_IPS" | head -n 1):{PORT}
"""
KILLED = [134, 137, 139]  # exit codes of what was killed or aborted: worth another machine


@dataclasses.dataclass(frozen=True)
class Sky(Target):
    """SkyPilot's managed jobs: whatever cloud has room, spot machines too."""

    runs: str | None = setting(None, "bucket that keeps the runs, as in s3://bucket/runs (needed)")
    data: str | None = setting(None, "bucket with corpora")
    accelerators: str | None = setting(None, "of a node, as in H100:8")
    cpus: str | None = setting(None, "of a node, as in 8+")
    memory: str | None = setting(None, "of a node, GB, as in 64+")
    infra: str | None = setting(None, "as in aws/us-east-1 or kubernetes")
    spot: bool = setting(False, "yes for machines that may be taken away")
    nodes: Positive = setting(1, "of a job")
    setup: tuple[str, ...] = setting((), "a line of shell once the packages are there")
    again: bool = setting(False, "yes submits what was submitted before and is not known to be done")

    elsewhere = True

    def preview(self, launch: Launch) -> str:
        """The tasks of the files, one after another."""
        copy = checkout.copy_of(launch.runs_dir, launch.commit)
        return documents(self.task(launch, job, copy) for jobs in together(launch.jobs) for job in jobs)

    def launch(self, launch: Launch) -> int:
        """Submit what was not submitted before."""
        self.require_bucket()
        program.require("sky", "; --dry-run prints the files, for `sky jobs launch`")
        before = submitted(launch.runs_dir)
        jobs = [job for job in launch.jobs if self.again or str(job) not in before]
        if len(jobs) < len(launch.jobs):
            print(
                f"{len(launch.jobs) - len(jobs)} were submitted before; --with again=yes submits them again"
            )
        copy = checkout.pinned(launch.runs_dir)
        submission = Submission(launch.runs_dir, "sky", copy.name)
        for at, chain in enumerate(together(jobs)):
            file = submission.file(f"-{at}.yaml")
            file.write_text(self.pipeline(launch, chain, copy), encoding="utf-8")
            program.printed("sky", "jobs", "launch", "--yes", "--detach-run", str(file))
            submission.took({str(job): file.name for job in chain})
            print(f"{file.name}: {', '.join(map(str, chain))}")
        return 0

    def pipeline(self, launch: Launch, chain: Sequence[Job], copy: Path) -> str:
        """The file of a job; of several, that begin with one another, a pipeline, one after another."""
        tasks = [self.task(launch, job, copy) for job in chain]
        return documents(tasks if len(tasks) == 1 else [{"name": tasks[0]["name"]}, *tasks])

    def plugin(self) -> str:
        """What installs jax's plugin for the accelerators, and fails where it does not see them."""
        if self.accelerators is None:
            return ""
        return PLUGIN.format(name="tpu" if self.accelerators.lower().startswith("tpu") else "cuda13")

    def require_bucket(self) -> str:
        """The bucket of the runs; ValueError where none is given."""
        if self.runs is None:
            raise ValueError("--on sky needs --with runs=s3://bucket/runs; --with help says what that is")
        return self.runs

    def task(self, launch: Launch, job: Job, copy: Path) -> dict:
        """What SkyPilot calls a task."""
        words = job.arguments(Path(RUNS), corpora(launch, self.data))
        folder = shlex.quote(str(job.folder(Path(RUNS))))
        lines = [
            f'export PYTHONPATH="$PWD" LOOKBACK_COMMIT={launch.commit[:12]}',
            'restart=$(echo "$SKYPILOT_NODE_IPS" | cksum | cut -d " " -f 1)  # one number for all nodes',
            f'{PYTHON} -P -m experiments.launch.attempt {folder} --job "$SKYPILOT_TASK_ID" \\',
            f'    --restart "$restart" -- {PYTHON} -P -m experiments {shlex.join(words)}',
        ]
        if self.data:
            lines.insert(0, f"export LOOKBACK_DATA={DATA}")
        run = (HOSTS if self.nodes > 1 else "") + "\n".join(lines) + "\n"
        wanted = {
            "infra": self.infra,
            "accelerators": self.accelerators,
            "cpus": self.cpus,
            "memory": self.memory,
            "use_spot": self.spot,
            "job_recovery": {"recover_on_exit_codes": [*KILLED, attempt.AGAIN]},
        }
        mounts = {RUNS: {"source": self.require_bucket(), "mode": "MOUNT_CACHED"}}
        if self.data:
            mounts[DATA] = {"source": self.data, "mode": "COPY"}
        return {
            "name": "-".join(["lookback", job.table.replace("_", "-"), str(job.seed)]),
            "workdir": str(copy),
            "num_nodes": self.nodes,
            "resources": {name: value for name, value in wanted.items() if value is not None},
            "file_mounts": mounts,
            "setup": SETUP + self.plugin() + "".join(f"{line}\n" for line in self.setup),
            "run": run,
        }
