"""Where jobs can run: a file a target, whose class has the base `Target` (experiments/launch/target.py)."""

import pkgutil


def names() -> list[str]:
    """What `--on` takes: the files here."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))
