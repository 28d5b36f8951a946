"""Chromium without a window, where there is one: what a page is once its scripts have run."""

import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def dom(page: str, folder: Path) -> str:
    """The page's document after its scripts, opened as a file."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    command += [f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=180).stdout


def with_probe(page: str, script: str) -> str:
    """The page with a script that runs once it is loaded, and an error told in its title."""
    told = "addEventListener('error', e => { document.title = 'ERROR ' + e.message; });"
    return page.replace(
        "<body>", f"<body><script>{told} addEventListener('load', () => {{ {script} }});</script>"
    )
