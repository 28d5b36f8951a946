"""Slurm: arrays of jobs by `sbatch`, one task of an array a row with a seed.

Scripts of plain sbatch, not submitit: that hands functions over by pickles, which point at modules of a
checkout that has moved on; without an accounting database it calls a job that died hard UNKNOWN for ever; and
it requeues only what has a method for it. Here a job is a command line that goes on from wherever it stands,
the script that was submitted says which command each task is, and can be read and submitted again by hand.

What is behind each line of the script, as seen on Slurm 22.05:
- A script that ends by itself in the grace time of a preemption has ended for Slurm: it is not started
  again. So the script asks for that (`scontrol requeue`), for what was killed, preempted or warned.
- `scancel` sends the same signal, and a job that asked to be requeued then would come back from the dead. So
  it asks only while Slurm says that the job is running.
- The last task of an array has the array's own number as its SLURM_JOB_ID: asked to requeue that, Slurm stops
  and requeues all of its tasks. So a task is called ARRAY_TASK everywhere.
- `trap : TERM` lets the script outlive its step, to say what became of it, and is not inherited.
"""

import dataclasses
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data.fields import Count, Positive
from experiments.launch import attempt, checkout, program
from experiments.launch.jobs import Job
from experiments.launch.submitted import Submission, fresh, submitted
from experiments.launch.target import Launch, Scheduled, Target, setting

LARGEST = 1000  # tasks of an array: Slurm's MaxArraySize is 1001 where nobody has set it
GRES = re.compile(r"gpu(?::[^:,]+)?:(\d+)(?:\(.*\))?")
ASKED = "%F_%K|%T|%r|%N"  # of squeue: array_task, state, why it waits, nodes
QUEUED = {*"PENDING CONFIGURING REQUEUED REQUEUE_FED REQUEUE_HOLD SPECIAL_EXIT RESV_DEL_HOLD".split()}
ENDED = {
    *"BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT".split()
}
# Any other state is of a job that has its nodes: a word that is new to us starts no second process.


@dataclasses.dataclass(frozen=True)
class Slurm(Target):
    """A cluster with Slurm, from one of its login nodes; settings are called as sbatch's options are.

    The folder of runs, this checkout's Python and the corpora have to be where all nodes see them.
    """

    partition: str | None = setting(None, "of nodes, as in gpu")
    account: str | None = setting(None, "that is charged")
    qos: str | None = setting(None, "quality of service")
    time: str | None = setting(None, "limit, as in 24:00:00: a job saves before it and queues again")
    gres: str | None = setting(None, "of a node, as in gpu:4")
    cpus: Positive = setting(1, "cores of a process")
    mem: str | None = setting(None, "memory of a node, as in 64G")
    nodes: Positive = setting(1, "of a job")
    processes: Positive | None = setting(None, "of a node: one, or one a GPU where a job has several nodes")
    at_once: Positive | None = setting(None, "jobs of an array that run at once, at most")
    grace: Positive = setting(300, "seconds before its time is over that a job is warned")
    restarts: Count = setting(50, "of a job, at most, after kills, preemptions and time limits")
    python: str = setting(sys.executable, "the interpreter on the nodes")
    options: tuple[str, ...] = setting((), "more of sbatch's, as in options=--constraint=a100")
    setup: tuple[str, ...] = setting((), "a line of shell before the job, as in 'setup=module load cuda'")

    def preview(self, launch: Launch) -> str:
        """The scripts, one after another; what waits for another job names it where its id would stand."""
        copy, logs = (
            checkout.copy_of(launch.runs_dir, launch.commit),
            launch.runs_dir.absolute() / ".launches" / "TIME",
        )
        groups = grouped(launch.jobs)
        scripts = [
            self.script(launch, group, copy, logs, f"JOB_OF:{needed}" if needed in launch.jobs else "")
            for needed, group in groups
        ]
        return "\n".join(scripts)

    def launch(self, launch: Launch) -> int:
        """Submit what is not queued or running already."""
        program.require("sbatch", ": launch from a login node of the cluster, or see the script by --dry-run")
        before = submitted(launch.runs_dir)
        jobs = fresh(launch.jobs, launch.runs_dir)
        ids = {str(job): before[str(job)].id for job in launch.jobs if job not in jobs}
        copy = checkout.pinned(launch.runs_dir)
        submission = Submission(launch.runs_dir, "slurm", copy.name)
        for at, (needed, group) in enumerate(grouped(jobs)):
            for job in group:
                if str(job) in before:
                    attempt.release(job.folder(launch.runs_dir), before[str(job)].id)
            logs = submission.file(f"-{at}")
            text = self.script(launch, group, copy, logs, ids.get(str(needed), ""))
            script = submission.file(f"-{at}.sh")
            script.write_text(text, encoding="utf-8")
            logs.mkdir()
            number = program.printed("sbatch", "--parsable", str(script)).partition(";")[0].strip()
            taken = {str(job): f"{number}_{task}" for task, job in enumerate(group)}
            submission.took(taken)
            ids |= taken
            print(f"Slurm's job {number}: {len(group)} of {len(jobs)}, {script}")
        return 0

    def script(self, launch: Launch, group: Sequence[Job], copy: Path, logs: Path, after: str) -> str:
        """What sbatch is given: options, each task's command, and what becomes of one that is stopped."""
        runs_dir, data_dir = (
            launch.runs_dir.absolute(),
            launch.data_dir and str(Path(launch.data_dir).absolute()),
        )
        lines = ["#!/bin/bash", *(f"#SBATCH {option}" for option in self.sbatch(len(group), logs, after)), ""]
        lines += ["trap : TERM", *self.setup, f"cd {shlex.quote(str(Path.cwd()))}"]
        lines += [f"export PYTHONPATH={shlex.quote(str(copy))}${{PYTHONPATH:+:$PYTHONPATH}}"]
        lines += ['export JAX_NUM_CPU_DEVICES="${JAX_NUM_CPU_DEVICES:-' + f'{self.cpus}}}"']
        lines += ["task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID", "case $SLURM_ARRAY_TASK_ID in"]
        for task, job in enumerate(group):
            folder = shlex.quote(str(job.folder(runs_dir)))
            words = shlex.join(job.arguments(runs_dir, data_dir))
            lines += [f"{task}) folder={folder}", f"   job=({words}) ;;"]
        python = shlex.quote(self.python)
        lines += [
            "esac",
            "",
            f"srun --kill-on-bad-exit=1 --cpus-per-task={self.cpus} \\",
            f'    {python} -P -m experiments.launch.attempt "$folder" \\',
            '    --job "$task" --restart "${SLURM_RESTART_COUNT:-0}" -- \\',
            f'    {python} -P -m experiments "${{job[@]}}"',
            "code=$?",
            f"if (( (code == {attempt.AGAIN} || code > {attempt.KILLED})"
            f" && ${{SLURM_RESTART_COUNT:-0}} < {self.restarts} )) &&",
            '    scontrol show job "$task" | grep -q JobState=RUNNING',
            "then",
            '    scontrol requeue "$task"',
            "fi",
            "exit $code",
        ]
        return "\n".join(lines) + "\n"

    def sbatch(self, tasks: int, logs: Path, after: str) -> list[str]:
        """The options of a script."""
        at_once = f"%{self.at_once}" if self.at_once else ""
        found = {
            "job-name": "lookback",
            "array": f"0-{tasks - 1}{at_once}",
            "output": f"{logs}/%a.log",
            "open-mode": "append",
            "signal": f"USR1@{self.grace}",
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "time": self.time,
            "gres": self.gres,
            "mem": self.mem,
            "nodes": str(self.nodes),
            "ntasks-per-node": str(self.processes_of_a_node),
            "cpus-per-task": str(self.cpus),
            "dependency": f"afterok:{after}" if after else None,
            "kill-on-invalid-dep": "yes" if after else None,
        }
        given = [f"--{name}={shlex.quote(value)}" for name, value in found.items() if value is not None]
        return ["--requeue", *given, *self.options]

    @property
    def processes_of_a_node(self) -> int:
        """One; among several nodes one a GPU, as JAX gives a process of several under Slurm one device."""
        if self.processes:
            return self.processes
        count = GRES.search(self.gres or "")
        return int(count[1]) if self.nodes > 1 and count else 1

    def states(self, ids: Iterable[str]) -> Mapping[str, Scheduled] | None:
        """What squeue says, {} of jobs that ended some minutes ago; None where there is no Slurm."""
        wanted = set(ids)
        try:  # everybody's: who shares a folder of runs may have launched what is in it
            told = program.printed("squeue", "--noheader", "--array", "--states=all", f"--format={ASKED}")
        except ValueError:
            return None
        found = {}
        for line in told.splitlines():
            one, word, why, nodes = line.split("|")
            if one in wanted:
                active = "queued" if word in QUEUED else "running"
                found[one] = Scheduled(word if word in ENDED else active, nodes if word != "PENDING" else why)
        return found


def grouped(jobs: Sequence[Job]) -> list[tuple[Job | None, list[Job]]]:
    """(what they begin with, jobs): an array each, in such an order that no job waits for a later one."""
    groups: list[tuple[Job | None, list[Job]]] = []
    open_groups: dict[Job | None, list[Job]] = {}
    for job in jobs:
        needed = next(iter(job.before), None)
        group = open_groups.get(needed)
        if group is None or len(group) == LARGEST:
            open_groups[needed] = group = []
            groups.append((needed, group))
        group.append(job)
    return sorted(groups, key=lambda group: len(group[1][0].before))
