"""JSON from outside: any text is a value, or a ValueError of one line that names the file and the line."""

import json
from pathlib import Path

from data.files import folders
from data.files.outside_text import BOM, decode


def read(path: Path | str) -> object:
    """The value of a file, plain or gzipped."""
    return parse(folders.read_bytes(path), path)


def parse(content: bytes | str, name: object) -> object:
    """The value of a text in UTF-8; errors speak of `name`."""
    text = decode(content, str(name)) if isinstance(content, bytes) else content
    try:
        return json.loads(text.removeprefix(BOM))
    except json.JSONDecodeError as error:
        raise ValueError(f"{name}, line {error.lineno}: not JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError(f"{name}: not read, as its JSON is nested too deeply") from None
    except ValueError:  # of a number of thousands of digits
        raise ValueError(f"{name}: not read, as a number in its JSON is too long") from None


def read_object(path: Path | str) -> dict:
    """The value of a file that has to be an object."""
    found = read(path)
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not a JSON object")
    return found
