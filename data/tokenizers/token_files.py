"""Streams of ids in memory-mapped files: made once, found again by a hash of the text and the tokenizer.

A file is numpy's .npy followed by a SHA-256 of that hash and its own bytes. A file cut short, changed, or put
in another's place is thus known for what it is, and made again.
"""

import hashlib
from pathlib import Path

import numpy as np

from data.files import folders, whole
from data.tokenizers.tokenizer import Tokenizer


def mapped(text: str, tokenizer: Tokenizer, document_end: str | None = None) -> np.ndarray:
    """The stream of a text, int32 [n], from the cache folder."""
    content = hashlib.sha256(text.encode()).hexdigest()
    ended = [document_end] if document_end else []
    key = hashlib.sha256(" ".join([content, tokenizer.hash, *ended]).encode()).hexdigest()
    path = folders.cache_folder() / "tokens" / f"{key}.npy"
    if not is_sound(path, key):
        write(path, key, tokenizer.stream(text, *ended))
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
    with whole.writing_among_others(path) as beside:
        np.save(beside, ids)
        beside.flush()
        beside.write(seal(key, np.memmap(beside.name, np.uint8, "r")))
