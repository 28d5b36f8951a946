"""JobSet on Kubernetes, `jobset.x-k8s.io/v1alpha2`: a JobSet a job, with what begins with it in the same one.

Its pods are of an image that has the code of the commit (Dockerfile) and share a volume that keeps the runs.
Where a pod dies the whole JobSet is made anew, and each of its jobs goes on from where it stands; those that
are done end at once. A job that ends by a mistake ends its JobSet, and so what begins with the same weights
beside it: launched again, that goes on.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data.fields import Count, Positive
from experiments.launch import checkout, program
from experiments.launch.jobs import Job
from experiments.launch.submitted import Submission, fresh
from experiments.launch.target import COMPLETED, Launch, Scheduled, Target, setting
from experiments.launch.yaml_text import documents

RUNS, DATA, PORT = "/runs", "/data", 8476
INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
RESTART = "metadata.annotations['jobset.sigs.k8s.io/restart-attempt']"
MISTAKES = [1, 2]  # exit codes of a bug, and of what is refused: the same would come of it again


@dataclasses.dataclass(frozen=True)
class JobSet(Target):
    """A Kubernetes cluster with JobSet, by kubectl; jobs run an image that has the code of the commit."""

    image: str | None = setting(None, "as in registry/lookback; without a tag, that of the commit (needed)")
    claim: str | None = setting(None, "of the volume that keeps the runs, ReadWriteMany (needed)")
    data: str | None = setting(None, "claim of a volume with corpora")
    namespace: str = setting("default", "of the cluster")
    nodes: Positive = setting(1, "pods of a job, a host each")
    gpus: Count = setting(0, "of a pod, nvidia.com/gpu")
    tpus: Count = setting(0, "chips of a pod, google.com/tpu")
    cpu: str | None = setting(None, "of a pod, as in 8")
    memory: str | None = setting(None, "of a pod, as in 64Gi")
    select: tuple[str, ...] = setting((), "nodes with this label, as in select=pool=a100")
    queue: str | None = setting(None, "of Kueue, that holds jobs back until there is room")
    grace: Positive = setting(300, "seconds that a pod has to save")
    restarts: Count = setting(50, "of a job, at most")

    elsewhere = True

    def __post_init__(self):
        for label in self.select:
            if "=" not in label:
                raise ValueError(
                    f"--with select={label}: takes a label and its value, as in select=pool=a100"
                )

    def preview(self, launch: Launch) -> str:
        """The manifests."""
        return documents(self.manifest(launch, jobs, "preview") for jobs in together(launch.jobs))

    def launch(self, launch: Launch) -> int:
        """Create what is not there already."""
        self.image_of("")
        program.require("kubectl", "; --dry-run prints the manifests, for `kubectl create -f`")
        checkout.require_committed()
        submission = Submission(launch.runs_dir, "jobset", launch.commit)
        for at, jobs in enumerate(together(fresh(launch.jobs, launch.runs_dir))):
            manifest = self.manifest(launch, jobs, submission.name)
            file = submission.file(f"-{at}.yaml")
            file.write_text(documents([manifest]), encoding="utf-8")
            program.printed("kubectl", "create", "-f", str(file))
            name = manifest["metadata"]["name"]
            submission.took({str(job): f"{self.namespace}/{name}/job-{n}" for n, job in enumerate(jobs)})
            print(f"{name}: {', '.join(map(str, jobs))}")
        return 0

    def image_of(self, commit: str) -> str:
        """The image, by the commit where no tag says which; ValueError where a setting lacks."""
        for name in ("image", "claim"):
            if vars(self)[name] is None:
                raise ValueError(f"--on jobset needs --with {name}=..; --with help says what that is")
        tagged = re.search(r"[:@][^/]+$", self.image)
        return self.image if tagged else f"{self.image}:{commit[:12]}"

    def manifest(self, launch: Launch, jobs: Sequence[Job], stamp: str) -> dict:
        """The JobSet of a job and of those that begin with it."""
        words = re.sub("[^a-z0-9]+", "-", str(jobs[0]).lower()).strip("-")[:20].strip("-")
        digest = hashlib.sha256(f"{stamp} {jobs[0]}".encode()).hexdigest()[:8]
        name = f"lookback-{words}-{digest}"
        labels = {"kueue.x-k8s.io/queue-name": self.queue} if self.queue else {}
        mistakes = {"name": "mistakes", "action": "FailJobSet", "onJobFailureReasons": ["PodFailurePolicy"]}
        policy = {"maxRestarts": self.restarts} | ({"rules": [mistakes]} if self.nodes == 1 else {})
        return {
            "apiVersion": "jobset.x-k8s.io/v1alpha2",
            "kind": "JobSet",
            "metadata": {"name": name, "namespace": self.namespace} | ({"labels": labels} if labels else {}),
            "spec": {
                "failurePolicy": policy,
                "network": {"enableDNSHostnames": True, "subdomain": name},
                "replicatedJobs": [
                    {"name": f"job-{at}", "replicas": 1}
                    | self.waits(jobs, job)
                    | {"template": {"spec": self.job(launch, job, f"{name}-job-{at}-0-0.{name}", name)}}
                    for at, job in enumerate(jobs)
                ],
            },
        }

    def waits(self, jobs: Sequence[Job], job: Job) -> dict:
        """What a job of a JobSet has to wait for."""
        needed = next(iter(job.before), None)
        if needed not in jobs:
            return {}
        return {"dependsOn": [{"name": f"job-{jobs.index(needed)}", "status": "Complete"}]}

    def job(self, launch: Launch, job: Job, first: str, name: str) -> dict:
        """A Kubernetes job of as many pods as the run has hosts, the first at the address `first`."""
        mistake = {"action": "FailJob", "onExitCodes": {"operator": "In", "values": MISTAKES}}
        # Of several processes those that are left end with exit code 2 where one is killed.
        final = {"podFailurePolicy": {"rules": [mistake]}} if self.nodes == 1 else {}
        hosts = {"parallelism": self.nodes, "completions": self.nodes, "completionMode": "Indexed"}
        return (
            hosts | {"backoffLimit": 0} | final | {"template": {"spec": self.pod(launch, job, first, name)}}
        )

    def pod(self, launch: Launch, job: Job, first: str, name: str) -> dict:
        """What a host of a run is."""
        words = job.arguments(Path(RUNS), corpora(launch, self.data))
        attempt = ["python", "-P", "-m", "experiments.launch.attempt", str(job.folder(Path(RUNS)))]
        attempt += ["--job", name, "--restart", "$(RESTART)", "--", "python", "-P", "-m", "experiments"]
        literal = [word.replace("$(", "$$(") for word in words]  # which Kubernetes would look up otherwise
        env: list[dict] = [{"name": "RESTART", "valueFrom": {"fieldRef": {"fieldPath": RESTART}}}]
        if self.data:
            env += [{"name": "LOOKBACK_DATA", "value": DATA}]
        if self.nodes > 1:
            env += [
                {"name": "JAX_COORDINATOR_ADDRESS", "value": f"{first}:{PORT}"},
                {"name": "JAX_NUM_PROCESSES", "value": str(self.nodes)},
                {"name": "JAX_PROCESS_ID", "valueFrom": {"fieldRef": {"fieldPath": INDEX}}},
            ]
        claims = {"runs": (self.claim, RUNS)} | ({"data": (self.data, DATA)} if self.data else {})
        asked = {"cpu": self.cpu, "memory": self.memory}
        devices = {"nvidia.com/gpu": self.gpus, "google.com/tpu": self.tpus}
        limits = {name: str(count) for name, count in (asked | devices).items() if count}
        chosen = dict(label.split("=", 1) for label in self.select)
        container = {
            "name": "lookback",
            "image": self.image_of(launch.commit),
            "command": [*attempt, *literal],
            "env": env,
            "volumeMounts": [{"name": name, "mountPath": path} for name, (_, path) in claims.items()],
        }
        return {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": self.grace,
            "containers": [container | ({"resources": {"limits": limits}} if limits else {})],
            "volumes": [
                {"name": name, "persistentVolumeClaim": {"claimName": claim}}
                for name, (claim, _) in claims.items()
            ],
        } | ({"nodeSelector": chosen} if chosen else {})

    def states(self, ids: Iterable[str]) -> Mapping[str, Scheduled] | None:
        """What the JobSets' own status says; None where there is no kubectl, or it cannot ask."""
        found: dict[str, Scheduled] = {}
        for namespace in {one.split("/")[0] for one in ids}:
            try:
                told = program.printed("kubectl", "get", "jobsets", "--namespace", namespace, "--output=json")
            except ValueError:
                return None
            for jobset in json.loads(told)["items"]:
                found |= of_status(f"{namespace}/{jobset['metadata']['name']}", jobset.get("status", {}))
        return found


def of_status(name: str, status: Mapping) -> dict[str, Scheduled]:
    """{id of a job: what is said of it} by the status of its JobSet."""
    ended = [one["type"] for one in status.get("conditions", ()) if one["status"] == "True"]
    word = next((word for word in ("Completed", "Failed") if word in ended), "")
    found = {}
    for job in status.get("replicatedJobsStatus", ()):
        if job["succeeded"]:
            said = COMPLETED
        else:
            said = word.upper() or ("running" if job["ready"] else "queued")
        found[f"{name}/{job['name']}"] = Scheduled(said)
    return found


def corpora(launch: Launch, volume: str | None) -> str | None:
    """Where a job finds what --data-dir names here; ValueError where no volume there has it."""
    if launch.data_dir and not volume:
        raise ValueError(
            f"--data-dir {launch.data_dir}: is not there; say by --with data=.. what has the corpora"
        )
    return DATA if launch.data_dir else None


def together(jobs: Sequence[Job]) -> list[list[Job]]:
    """Jobs with those that begin with them, what comes first before what waits for it."""
    sets: dict[Job, list[Job]] = {}
    for job in jobs:
        first = next((one for one in reversed(job.before) if one in jobs), job)
        sets.setdefault(first, []).append(job)
    return list(sets.values())
