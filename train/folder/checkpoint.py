"""A run's checkpoints: state, data iterator and run.json as one atomic unit.

Nothing else imports orbax. It writes into a temporary folder and renames it, so a checkpoint stands whole or
not at all. What it does not notice is a flipped byte: a digest of every file is stored in the same unit and
compared before any of them is read. Each record lists the checkpoints kept with it, and their metrics: the
newest decides which is the best. A state is stored flat, {"params/encoder/kernel": array}: a parameter can be
read without the code that made it, and a changed model is told by its first differing leaf.
"""

import functools
import hashlib
import json
import logging
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import flax.traverse_util
import jax
import numpy as np
import orbax.checkpoint as ocp

from train.folder.manifest import require_format

TEMPORARY = "*.orbax-checkpoint-tmp*"
DIGESTS, RECORD = "digests.json", "record/metadata"
STEP = re.compile("0|[1-9][0-9]*")
Read = TypeVar("Read")

# Orbax narrates each save and failure through absl; whatever fails reaches the caller as an exception anyway.
logging.getLogger("absl").addFilter(lambda record: "orbax" not in record.pathname)
logging.getLogger("asyncio").addFilter(lambda record: "orbax" not in logging.Formatter().format(record))


def unheard(ignored, before=sys.unraisablehook) -> None:
    """Leave out what tensorstore's threads say when orbax has given up a save and closed its event loop."""
    if str(ignored.exc_value) != "Event loop is closed":
        before(ignored)


# Errors that no caller can catch: the one of the disk itself is raised in `wait`.
sys.unraisablehook = unheard


def complain(line: str) -> None:
    """Print one line on stderr."""
    print(line, file=sys.stderr)


class Damaged(ValueError):
    """A checkpoint that is not what was saved."""


class Sealed(ocp.CompositeCheckpointHandler):
    """Adds the digests once all is written, just before orbax gives the checkpoint its final name."""

    def finalize(self, directory: Path) -> None:
        """Finish the parts as orbax does, then write the digest of every file."""
        super().finalize(directory)
        (directory / DIGESTS).write_text(json.dumps(digests(Path(directory)), indent=1))


@ocp.args.register_with_handler(Sealed, for_save=True, for_restore=True)
class Items(ocp.args.Composite):
    """What one checkpoint holds, by name."""


class Checkpoints:
    """The folder `checkpoints/` of one run: the last `keep`, regular and of all, and the best by `metric`.

    Reading never changes the folder. Saving clears what a killed process left behind, so only one process (or
    one group of processes under `jax.distributed`) may save at a time. `report` takes one line at a time.
    """

    def __init__(
        self,
        directory: Path,
        keep: int = 10,
        metric: str | None = "loss",
        mode: str = "min",
        report: Callable[[str], None] = complain,
    ):
        if keep < 1 or mode not in ("min", "max"):
            raise ValueError(f"checkpoints: keep={keep} must be at least 1 and mode={mode!r} 'min' or 'max'")
        self.directory = Path(directory).absolute()
        self.keep, self.metric, self.mode, self.report = keep, metric, mode, report
        self._damaged: set[int] = set()
        self._pending: int | None = None

    @property
    def steps(self) -> list[int]:
        """Finished checkpoints not found damaged, oldest first; one still being written is not among them."""
        paths = self.directory.iterdir() if self.directory.is_dir() else ()
        found = {int(path.name) for path in paths if STEP.fullmatch(path.name) and path.is_dir()}
        return sorted(found - self._damaged)

    @property
    def latest(self) -> int | None:
        """The last step that was saved, None where there is none."""
        return max(self.steps, default=None)

    @property
    def kept(self) -> dict[int, dict]:
        """{step: its metrics} of the newest and those kept with it; Damaged where its record is."""
        return {} if self.latest is None else kept_with(self._record(self.latest, RECORD))

    @property
    def regular(self) -> list[int]:
        """Those saved with metrics; the others were left where a run was interrupted."""
        return [step for step, metrics in self.kept.items() if metrics]

    @property
    def best(self) -> int | None:
        """The step with the best finite metric, the later one of equals."""
        return self._best(self.kept)

    def newest(self) -> dict | None:
        """What the newest sound checkpoint holds beside its state: iterator, run, metrics, leaves, kept."""
        return next(self._sound(self._record), None)

    def save(
        self,
        step: int,
        state: Any,
        iterator: dict,
        run: dict,
        metrics: dict | None = None,
        wait: bool = False,
    ) -> None:
        """Write in the background; the state may be donated at once. Errors surface in the next save or wait.

        A step saved already is replaced.
        """
        require_format(run, f"checkpoint {step}")
        self.wait()
        if self.latest is not None and step < self.latest:
            raise ValueError(
                f"{self.directory}: holds step {self.latest}, later than step {step} to be saved"
            )
        leaves = flatten(state)
        record = {
            "iterator": iterator,
            "run": run,
            "metrics": metrics,
            "leaves": {path: describe(leaf) for path, leaf in leaves.items()},
            "kept": self._kept_then(step, metrics or {}),
        }
        items = Items(state=ocp.args.PyTreeSave(leaves), record=ocp.args.JsonSave(plain(record)))
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            self._sweep(step)
            self._writer.save(self.directory / str(step), args=items, force=True)
        except Exception as error:
            raise self._unwritten(step, error) from error
        self._pending = step
        if wait:
            self.wait()

    def wait(self) -> None:
        """Until the last save stands on disk; then drop the checkpoints no longer kept."""
        step, self._pending = self._pending, None
        if step is None:
            return
        try:
            self._writer.wait_until_finished()
        except Exception as error:
            raise self._unwritten(step, error) from error
        self._damaged.discard(step)
        if jax.process_index() == 0:
            for stale in ({*self.steps} - {*self.kept}) | self._damaged:
                shutil.rmtree(self.directory / str(stale), ignore_errors=True)
        self._damaged.clear()

    def close(self) -> None:
        """Wait for what is being written, and stop the writer."""
        try:
            self.wait()
        finally:
            if "_writer" in vars(self):
                self._writer.close()

    def restore(self, abstract: Any, step: int | None = None) -> tuple[Any, dict, int, dict | None] | None:
        """(state, iterator, step, metrics) of `step`, else of the newest sound checkpoint; None without one.

        `abstract` is the state as `jax.ShapeDtypeStruct`s, each with the sharding its leaf shall have.
        It is reported at once where the best one is gone.
        """
        self.wait()
        read = functools.partial(self._restore, abstract)
        if step is not None:
            return read(step)
        restored = next(self._sound(read), None)
        if (best := self.best) not in (None, *self.steps):
            self.report(
                f"{self.directory}: {best}, the best until {self.latest}, is missing; put it back, as a run "
                "without its best checkpoint cannot be judged"
            )
        return restored

    def params(self, step: int) -> dict:
        """The parameters of one checkpoint: nested dicts of numpy arrays."""
        record = self._record(step)
        on_host = ocp.RestoreArgs(restore_type=np.ndarray)
        how = {path: on_host for path in record["leaves"] if path.startswith("params/")}
        return flax.traverse_util.unflatten_dict(self._leaves(step, how), sep="/")["params"]

    def beside(self, step: int) -> dict:
        """What was saved beside the leaves of a checkpoint; Damaged where any of its files is not sound."""
        return self._record(step)

    def take(self, other: "Checkpoints", step: int, iterator: dict, run: dict) -> None:
        """A checkpoint of another run as it is, but with this place in the data, and of this run."""
        record = other.beside(step) | {"iterator": iterator, "run": run}
        written = self.directory / TEMPORARY.replace("*", str(step), 1).replace("*", "")
        shutil.rmtree(written, ignore_errors=True)
        shutil.copytree(other.directory / str(step), written)
        (written / RECORD).write_text(json.dumps(plain(record)))
        (written / DIGESTS).write_text(json.dumps(digests(written), indent=1))
        written.rename(self.directory / str(step))

    def average(self, steps: Sequence[int]) -> dict:
        """The mean of the parameters at `steps`  -- Vaswani et al. 2017, section 6.1."""
        self.wait()
        if not steps:
            raise ValueError(f"{self.directory}: an average needs at least one checkpoint")
        totals = None
        for step in steps:
            wide = jax.tree.map(lambda x: x.astype(np.float64), like := self.params(step))
            totals = wide if totals is None else jax.tree.map(np.add, totals, wide)
        return jax.tree.map(lambda total, x: (total / len(steps)).astype(x.dtype), totals, like)

    def _restore(self, abstract: Any, step: int) -> tuple[Any, dict, int, dict | None]:
        record = self._record(step)
        wanted = {path: placed(leaf) for path, leaf in flatten(abstract).items()}
        require_same(wanted, record["leaves"], f"{self.directory / str(step)}")
        leaves = self._leaves(step, ocp.checkpoint_utils.construct_restore_args(wanted))
        state = jax.tree.unflatten(jax.tree.structure(abstract), [leaves[path] for path in wanted])
        return state, record["iterator"], step, record["metrics"]

    def _sound(self, read: Callable[[int], Read]) -> Iterator[Read]:
        """`read` of each checkpoint, newest first; a damaged one is reported and passed over."""
        if self.directory.exists() and not self.directory.is_dir():
            raise ValueError(f"{self.directory}: not a folder; remove it")
        for step in reversed(self.steps):
            try:
                value = read(step)
            except Damaged as error:
                self._damaged.add(step)
                self.report(f"{error}; looking at the one before it")
            else:
                yield value
        if self._damaged:
            raise ValueError(
                f"{self.directory}: every checkpoint is damaged ({numbers(self._damaged)}); delete them"
            )

    def _record(self, step: int, files: str = "*/**/*") -> dict:
        """What was saved beside the leaves, once these files of the checkpoint are known to be sound."""
        folder = self.directory / str(step)
        if not folder.is_dir():
            raise ValueError(
                f"{self.directory}: no checkpoint {step}; there: {numbers(self.steps) or 'none'}"
            )
        try:
            stored, found = dict(json.loads((folder / DIGESTS).read_text())), digests(folder, files)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise Damaged(f"{folder} is damaged: {DIGESTS} cannot be read") from error
        if files == RECORD:
            stored = {RECORD: stored.get(RECORD)}
        if wrong := sorted(path for path in {*stored, *found} if stored.get(path) != found.get(path)):
            raise Damaged(
                f"{folder} is damaged: {wrong[0]} is {'changed' if wrong[0] in found else 'missing'}"
            )
        record = json.loads((folder / RECORD).read_text())
        require_format(record["run"], str(folder))
        return record

    def _leaves(self, step: int, how: Mapping[str, ocp.RestoreArgs]) -> dict[str, Any]:
        args = ocp.args.PyTreeRestore(dict.fromkeys(how, 0), restore_args=dict(how), partial_restore=True)
        return ocp.PyTreeCheckpointer().restore(self.directory / str(step) / "state", args=args)

    def _best(self, kept: Mapping[int, dict]) -> int | None:
        values = {step: found[self.metric] for step, found in kept.items() if self.metric in found}
        sign = 1 if self.mode == "max" else -1
        finite = [(sign * value, step) for step, value in values.items() if math.isfinite(value)]
        return max(finite)[1] if finite else None

    def _kept_then(self, step: int, metrics: dict) -> dict[int, dict]:
        """Those to be kept once `step` is saved: the last, regular and of all, and the best."""
        read = lambda step: kept_with(self._record(step, RECORD))
        before = next(self._sound(read), {}) if self.steps else {}
        there = {one: told for one, told in before.items() if one < step}
        there[step] = plain(metrics)
        regular = [one for one, told in there.items() if told]
        chosen = {*list(there)[-self.keep :], *regular[-self.keep :], self._best(there)}
        return {one: told for one, told in there.items() if one in chosen}

    @functools.cached_property
    def _writer(self) -> ocp.AsyncCheckpointer:
        return ocp.AsyncCheckpointer(Sealed())

    def _sweep(self, step: int) -> None:
        """Remove what a killed process left, and a file that stands where the checkpoint shall."""
        if jax.process_index() == 0:
            for path in self.directory.glob(TEMPORARY):
                shutil.rmtree(path, ignore_errors=True)
            if (path := self.directory / str(step)).is_file():
                self.report(f"{path} is a file and no checkpoint: removed")
                path.unlink()

    def _unwritten(self, step: int, error: Exception) -> OSError:
        self._sweep(step)  # gives a full disk its room back
        last = "none" if self.latest is None else self.latest
        why = f"checkpoint {step} could not be written ({reason(error)})"
        return OSError(f"{self.directory}: {why}; the last good one: {last}")


def flatten(tree: Any) -> dict[str, Any]:
    """{"params/encoder/kernel": leaf}, in the order of the tree's leaves.

    Unlike `flax.traverse_util.flatten_dict` it goes into the named tuples that optax keeps its state in.
    """
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def describe(leaf: Any) -> str:
    """A leaf's type and shape in words: float32[3,4]."""
    return f"{leaf.dtype}{list(leaf.shape)}"


def placed(leaf: Any) -> jax.ShapeDtypeStruct:
    """Without a sharding orbax would restore onto the devices of the process that saved."""
    sharding = leaf.sharding or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def kept_with(record: Mapping) -> dict[int, dict]:
    """{step: its metrics} of the checkpoints that a record says are kept."""
    return {int(step): metrics for step, metrics in record["kept"].items()}


def digests(folder: Path, files: str = "*/**/*") -> dict[str, str]:
    """The SHA-256 of every file of a checkpoint's items; orbax goes on writing its own notes beside them."""
    found = {}
    for path in sorted(path for path in folder.glob(files) if path.is_file()):
        with open(path, "rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def plain(record: dict) -> dict:
    """With numpy and jax scalars as numbers, as JSON wants them."""
    return json.loads(json.dumps(record, default=lambda scalar: scalar.item()))


def require_same(wanted: Mapping[str, Any], stored: Mapping[str, str], where: str) -> None:
    """The same leaves of the same shape and type, or a ValueError naming the first that differs."""
    for path in (*wanted, *stored):
        here = describe(wanted[path]) if path in wanted else "absent"
        there = stored[path] if path in stored else "absent"
        if here != there:
            raise ValueError(
                f"{where}: {path} is {there} in the checkpoint, {here} in this run: not the same model"
            )


def reason(error: Exception) -> str:
    """What the system said, which tensorstore buries at the end of a paragraph; else the first line."""
    buried = re.search(r"os_error_code='(\d+)'", str(error))
    return os.strerror(int(buried[1])) if buried else (str(error) or repr(error)).splitlines()[0]


def numbers(steps: set[int] | list[int]) -> str:
    """Steps as a list in words."""
    return ", ".join(map(str, sorted(steps)))
