"""Streams of ids in memory-mapped files: made once, found again by a hash of the text and the tokenizer.

A file is numpy's .npy followed by a SHA-256 of that hash and its own bytes. A file cut short, changed, or put
in another's place is thus known for what it is, and made again.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from data.files import folders
from data.tokenizers.tokenizer import Tokenizer

BESIDE, DAY = ".tokens-", 24 * 60 * 60


def mapped(text: str, tokenizer: Tokenizer) -> np.ndarray:
    """The stream of a text, int32 [n], from the cache folder."""
    content = hashlib.sha256(text.encode()).hexdigest()
    key = hashlib.sha256(f"{content} {tokenizer.hash}".encode()).hexdigest()
    path = folders.cache_folder() / "tokens" / f"{key}.npy"
    if not is_sound(path, key):
        write(path, key, tokenizer.stream(text))
    return np.load(path, mmap_mode="r")


def is_sound(path: Path, key: str) -> bool:
    """Whether there is such a file, whole, unchanged, and of this key."""
    if not path.is_file() or not path.stat().st_size:  # an empty file cannot be mapped
        return False
    content = np.memmap(path, np.uint8, "r")
    return seal(key, content[:-32]) == content[-32:].tobytes()


def seal(key: str, content: np.ndarray) -> bytes:
    """SHA-256 of the key and the content, 32 bytes."""
    digest = hashlib.sha256(key.encode())
    digest.update(content)
    return digest.digest()


def write(path: Path, key: str, ids: np.ndarray) -> None:
    """Beside its place first, so that no reader ever sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=BESIDE, delete=False) as beside:
        try:
            np.save(beside, ids)
            beside.flush()
            digest = seal(key, np.memmap(beside.name, np.uint8, "r"))
            beside.write(digest)
            beside.close()
            os.replace(beside.name, path)
        except BaseException:
            os.unlink(beside.name)
            raise


def sweep(folder: Path) -> None:
    """Remove what processes that were killed while they wrote have left: files beside, a day old and more."""
    for path in folder.glob(f"{BESIDE}*"):
        with contextlib.suppress(OSError):  # another process sweeps too
            if time.time() - path.stat().st_mtime > DAY:
                path.unlink()
