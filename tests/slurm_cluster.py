"""A cluster of this machine alone: Slurm's own daemons, in a folder and on ports of their own, for a test."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "munged")
CPUS = 4  # as many as jobs shall run at once, whatever the machine has

# cred_expire, at least 5: a job that is requeued waits for twice as long, two minutes if nothing is said.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
MpiDefault=none
KillWait=15
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=1,bf_interval=1,requeue_delay=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=low Nodes=localhost Default=YES PriorityTier=1
PartitionName=high Nodes=localhost PriorityTier=9 PreemptMode=OFF
"""


def missing() -> str:
    """Why there can be no cluster here, "" where there can."""
    if lacking := [name for name in PROGRAMS if shutil.which(name) is None]:
        return f"{', '.join(lacking)} not installed: apt-get install slurm-wlm munge"
    return "" if os.getuid() == 0 else "Slurm's daemons are started by root alone"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running() -> Iterator[dict[str, str]]:
    """The environment in which sbatch and the others find the cluster, as long as it is up."""
    folder = Path(tempfile.mkdtemp(prefix="lookback-slurm-"))
    daemons: list[subprocess.Popen] = []
    variables = {"SLURM_CONF": str(folder / "slurm.conf")}

    def start(*command: str) -> None:
        with open(folder / f"{Path(command[0]).name}.out", "ab") as said:
            daemons.append(subprocess.Popen(command, env=os.environ | variables, stdout=said, stderr=said))

    try:
        folder.chmod(0o755)
        for name in ("state", "spool", "munge"):
            (folder / name).mkdir()
        key = folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(1024))
        key.chmod(0o400)
        ports = {"controller": free_port(), "daemon": free_port()}
        text = CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], folder=folder, cpus=CPUS, **ports
        )
        Path(variables["SLURM_CONF"]).write_text(text)
        own = {name: folder / "munge" / name for name in ("socket", "key", "pid", "log", "seed")}
        files = ("socket", "key-file", "pid-file", "log-file", "seed-file")
        start("munged", "--foreground", "--force", *(f"--{o}={own[o.split('-')[0]]}" for o in files))
        await_that(own["socket"].exists, "munged", folder)
        start("slurmctld", "-D")
        start("slurmd", "-D", "-N", "localhost")
        await_that(lambda: "idle" in said(("sinfo", "--noheader"), variables), "a node", folder)
        yield variables
        said(("scancel", "--me"), variables)
        await_that(lambda: not said(("squeue", "--noheader"), variables).strip(), "jobs to end", folder)
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(20)
            daemon.kill()
        shutil.rmtree(folder, ignore_errors=True)


def said(command: tuple[str, ...], variables: dict[str, str]) -> str:
    """What a program of Slurm's prints; what it says against it goes nowhere."""
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True).stdout


def await_that(holds, what: str, folder: Path, seconds: float = 60) -> None:
    """Wait until something holds; RuntimeError with what the daemons said where it does not."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            logs = "\n".join(
                path.read_text(errors="replace")[-2000:] for path in folder.glob("*.[lo][ou][gt]")
            )
            raise RuntimeError(f"waited {seconds} s for {what}:\n{logs}")
        time.sleep(0.1)
