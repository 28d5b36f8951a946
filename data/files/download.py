"""A file from the web, whole or not at all, through pooch: retries, a bar of progress, errors in one line."""

from collections.abc import Callable
from pathlib import Path

import pooch
import requests
from rich.console import Console
from rich.progress import DownloadColumn, Progress, TaskID


def bars(shown: bool) -> Progress:
    """Bars of progress on the standard error, which leave the standard output to results."""
    columns = (*Progress.get_default_columns(), DownloadColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not shown)


class Bar:
    """What pooch takes for a bar of progress, drawn by rich."""

    def __init__(self, progress: Progress, task: TaskID):
        self.progress, self.task, self.total = progress, task, 0

    def update(self, size: int) -> None:
        """So many bytes more."""
        self.progress.update(self.task, total=self.total or None, advance=size)

    def reset(self) -> None:
        """Begin again, as a download is tried again."""
        self.progress.reset(self.task)

    def close(self) -> None:
        """Nothing to do: the bars are closed together."""


def download(
    addresses: list[str], folder: Path, accept: Callable[[Path], None], progress: Progress, retries: int
) -> Path:
    """The first of the addresses that there is, as a file in the folder.

    `accept` looks at what came and raises a ValueError when it is not what was wanted; that and a broken
    connection are tried again, a missing file is not.
    """
    name = addresses[0].rsplit("/", 1)[-1]
    bar = Bar(progress, progress.add_task(name, total=None))

    def checked(address: str, output: str, store: pooch.Pooch) -> None:
        try:
            pooch.HTTPDownloader(progressbar=bar)(address, output, store)
        except requests.HTTPError as error:
            if error.response.status_code == 404:
                raise FileNotFoundError(f"there is no {address} (404)") from error
            raise
        accept(Path(output))

    pooch.get_logger().setLevel("WARNING")
    for address in addresses:
        store = pooch.create(
            path=folder, base_url="", registry={name: None}, urls={name: address}, retry_if_failed=retries
        )
        try:
            return Path(store.fetch(name, downloader=checked))
        except FileNotFoundError as error:
            missing = error
        except requests.RequestException as error:
            reason = str(error).splitlines()[0]
            raise ConnectionError(f"could not download {address}: {reason}; run the command again") from error
    raise missing
