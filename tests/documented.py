"""What users are shown: the command lines of README, --help, results pages, docstrings and notebooks."""

import ast
import re
from pathlib import Path

from experiments.__main__ import EPILOG, found
from experiments.inline import notebooks

ROOT = Path(__file__).parents[1]
COMMAND = re.compile(r"(echo .*\| |cat .*\| )?lookback .*")
INLINE = re.compile(r"`(lookback [^`]+)`")
SAID = re.compile(r"""((?:[^\s"']|"[^"]*"|'[^']*'|\s(?!\s))+)""")  # as far as two spaces outside of quotes


def command_lines() -> dict[str, str]:
    """{command line: where it stands first}."""
    pages = [ROOT / "README.md", *sorted((ROOT / "experiments" / "results").glob("*.md"))]
    texts = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in pages}
    texts |= {"lookback --help": EPILOG}
    texts |= {f"lookback {name} --help": module.__doc__ for name, module in found().items()}
    for path in sorted((ROOT / "experiments").rglob("*.py")):
        if path.parent.name != "commands" and path.parent.parent.name != "commands":
            texts[path.relative_to(ROOT).as_posix()] = ast.get_docstring(ast.parse(path.read_text())) or ""
    for path in notebooks.files().values():  # whose sentences run on behind the sign of a comment
        sentences = re.sub(r"\n# +(?=\S)", " ", path.read_text(encoding="utf-8"))
        texts[path.relative_to(ROOT).as_posix()] = sentences
    lines: dict[str, str] = {}
    for where, text in texts.items():
        for line in text.replace("\\\n", " ").splitlines():
            inline = [one for one in INLINE.findall(line) if len(one.split()) > 2]
            for one in [line.strip()] if COMMAND.match(line.strip()) else inline:
                if not {"NAME", "COMMAND"} & set(one.split()):
                    lines.setdefault(SAID.match(re.sub(r"\s+&&\s+", " && ", one))[1].strip(), where)
    return lines


def trains(line: str) -> bool:
    """Whether a line begins by training, and neither needs the user's `mine` nor leaves it to others."""
    return line.startswith("lookback run ") and "mine" not in line
