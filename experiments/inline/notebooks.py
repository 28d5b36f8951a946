"""The notebooks: Python scripts of percent cells, which jupytext makes .ipynb files of."""

import importlib
import os
import tempfile
from pathlib import Path

from data.files import whole

FOLDER = Path(__file__).parents[1] / "notebooks"
LIBRARIES = "jupytext", "nbclient", "ipykernel"
SECONDS = 600  # for one cell


def files() -> dict[str, Path]:
    """{notebook: its script}, in the order of the alphabet."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def title(path: Path) -> str:
    """The first heading of a notebook."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(line.removeprefix("# # ") for line in lines if line.startswith("# # "))


def write(path: Path, out: Path, run: bool = False) -> None:
    """A script as .ipynb, if asked run first: all that its cells print and draw is in the file then.

    ValueError of one line where a library of the extra is not there, or for a cell that fails.
    """
    require()
    import jupytext

    notebook = jupytext.read(path, fmt="py:percent")
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if run:
        executed(notebook, path.stem)
    whole.write(out, jupytext.writes(notebook, fmt="ipynb"))


def require() -> None:
    """ValueError that says what to install, unless the libraries of the extra are there."""
    for library in LIBRARIES:
        try:
            importlib.import_module(library)
        except ImportError:
            raise ValueError(f"notebooks need {library}: pip install -e '.[notebook]'") from None


def executed(notebook, name: str) -> None:
    """Run a notebook's cells from the top in a kernel of this Python, in the folder one stands in.

    ValueError of one line for a cell that fails or takes more than `SECONDS`.
    """
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    transport = "ipc" if os.name == "posix" else "tcp"  # over TCP others of the machine could listen
    with tempfile.TemporaryDirectory() as folder:
        connection = str(Path(folder, "kernel.json"))  # its sockets lie beside it
        kernel = AsyncKernelManager(kernel_name="python3", transport=transport, connection_file=connection)
        try:
            NotebookClient(notebook, km=kernel, timeout=SECONDS).execute()
        except CellExecutionError as error:
            said = error.evalue.strip().partition("\n")[0]
            raise ValueError(f"notebook {name}: a cell ended with {error.ename}: {said}") from error
        except CellTimeoutError:
            raise ValueError(f"notebook {name}: a cell took {SECONDS} s; run it in Jupyter") from None
