"""What the folder of a published model says of its tokenizer, as `transformers` writes it.

tokenizer.json is all of one; else there is a vocabulary, tokenizer_config.json says how text is cut, and
added_tokens.json what was added later. By config.json the model may have more rows than there are pieces.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tokenizers

from data.fields import brief
from data.files import folders, installed, json_text
from data.ids import SPECIALS
from data.tokenizers.tokenizer import BERT_SPECIALS, END_OF_TEXT, UNUSED, Tokenizer

WHOLE, SETTINGS, ADDED, CONFIG = "tokenizer.json", "tokenizer_config.json", "added_tokens.json", "config.json"
MOST = 2_000_000  # ids: more than any published model has
AS_WRITTEN = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
NOT_OURS = {"post_processor": None, "truncation": None, "padding": None}  # tasks add special tokens, and cut


def file_of(folder: str, names: Sequence[str], data_dir: str | None = None) -> Path | None:
    """The file of a folder by the first of these names, plain or gzipped, None where there is none.

    The folder is a path, a name of data/files/installed.py, or lies in the data folders.
    """
    own = installed.folder_of(folder)
    found = (folders.present(own / name) or folders.find(f"{folder}/{name}", data_dir) for name in names)
    return next(filter(None, found), None)


def entries(path: Path) -> dict[str, Any]:
    """A file's JSON object, {} where there is no such file; ValueError that names one that has none."""
    if not path.is_file():
        return {}
    return json_text.read_object(path)


def completed(described: dict[str, Any], folder: Path) -> Tokenizer:
    """A tokenizer from what a tokenizer.json says of it, with what the folder adds.

    Added tokens are read in text, and each row of the model has an id. ValueError where it has too few.
    """
    try:
        pieces = described["model"]["vocab"]
        added = {token["content"]: token for token in described.get("added_tokens") or ()}
        ids = pieces | {name: token["id"] for name, token in added.items()}
        added = {token["content"]: token for token in added_later(folder, ids)} | added
        ids |= {name: token["id"] for name, token in added.items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{folder}: its tokenizer has no pieces that can be read ({error!r})") from None
    require_ids(ids, folder)
    rows = max(ids.values()) + 1
    size = entries(folder / CONFIG).get("vocab_size", rows)
    if type(size) is not int or not 0 < size < MOST:
        raise ValueError(f"{folder / CONFIG}: vocab_size is {brief(size)}, not a whole number above 0")
    if rows > size:
        raise ValueError(
            f"{folder}: {rows} pieces; vocab_size is {size} by {CONFIG}: leave out what was added, or save "
            f"the model after resize_token_embeddings({rows})"
        )
    ids |= {f"{UNUSED}{index}>": index for index in {*range(size)} - {*ids.values()}}
    # No text spells the special tokens; whatever else was added is read in it.
    ours = SPECIALS if [ids.get(name) for name in SPECIALS] == [*range(len(SPECIALS))] else ()
    own = {*ours, *BERT_SPECIALS, END_OF_TEXT}
    added = [token | {"special": name in own} for name, token in added.items()]
    added.sort(key=lambda token: token["id"])
    whole = described | NOT_OURS | {"model": described["model"] | {"vocab": ids}, "added_tokens": added}
    try:
        return Tokenizer(tokenizers.Tokenizer.from_str(json.dumps(whole)).to_str())
    except Exception as error:  # what `tokenizers` raises is a bare Exception
        raise ValueError(f"{folder}: its tokenizer cannot be read ({str(error)[:100]})") from None


def require_ids(ids: Mapping[str, Any], path: Path) -> None:
    """ValueError unless the ids of pieces are whole numbers from 0 on, few of them left out and none twice.

    The library keeps room for each up to the highest: one of 2**31 would end the process.
    """
    most, seen = 2 * len(ids) + 1000, set()
    for piece, index in ids.items():
        if type(index) is not int or not 0 <= index < most or index in seen:
            due = f"each is a whole number below {most} and stands once"
            raise ValueError(
                f"{path}: the id of {brief(piece)} is {brief(index)}, but {due}; copy the file again"
            )
        seen.add(index)


def model_of(described: Mapping[str, Any]) -> str | None:
    """The kind of model that a tokenizer.json has: BPE, WordPiece .."""
    model = described.get("model")
    return model.get("type") if isinstance(model, dict) else None


def added_later(folder: Path, ids: Mapping[str, int]) -> list[dict[str, Any]]:
    """The tokens that files beside a tokenizer add, by their ids; of those with names alone the next ids."""
    settings, known = entries(folder / SETTINGS), dict(ids)
    found = [AS_WRITTEN | {"content": name, "id": index} for name, index in entries(folder / ADDED).items()]
    for index, token in settings.get("added_tokens_decoder", {}).items():
        found.append(AS_WRITTEN | token | {"id": int(index)})
    known |= {token["content"]: token["id"] for token in found}
    extra = settings.get("extra_special_tokens") or settings.get("additional_special_tokens") or []
    for name in extra.values() if isinstance(extra, dict) else extra:
        name = name["content"] if isinstance(name, dict) else name
        known.setdefault(name, max(known.values()) + 1)
        found.append(AS_WRITTEN | {"content": name, "id": known[name]})
    return sorted(found, key=lambda token: token["id"])
