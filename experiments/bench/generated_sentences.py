"""The sentences that all translators get, and the batches they get them in."""

import numpy as np

PAD, BOS, EOS = 0, 1, 2
WIDTHS = (8, 16, 32, 64)
TOKENS = 2048  # of source in a batch


def batches(count: int, vocabulary: int, seed: int = 0) -> list[np.ndarray]:
    """`count` sources as [rows, width], EOS at their ends and PAD behind; of like length, rows shared evenly.

    Lengths are log-normal about 12 words, as captions are. A source of width w is answered with w tokens.
    """
    draw = np.random.default_rng(seed)
    lengths = np.clip(np.exp(draw.normal(np.log(12), 0.4, count)).astype(int), 3, WIDTHS[-1] - 1) + 1
    found, shorter = [], 0
    for width in WIDTHS:
        members = np.sort(lengths[(lengths > shorter) & (lengths <= width)])
        parts = np.array_split(members, -(-len(members) * width // TOKENS)) if len(members) else []
        found += [block(part, width, vocabulary, draw) for part in parts]
        shorter = width
    return found


def block(lengths: np.ndarray, width: int, vocabulary: int, draw: np.random.Generator) -> np.ndarray:
    """Random words [rows, width], each row of its length ended by EOS and padded."""
    words = draw.integers(EOS + 1, vocabulary, (len(lengths), width))
    at = np.arange(width)
    words[at >= lengths[:, None]] = PAD
    words[np.arange(len(lengths)), lengths - 1] = EOS
    return words.astype(np.int32)


def pairs(batch: int, length: int, vocabulary: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    """(source, inputs, targets) for training, each [batch, length] at least three quarters of it words."""
    draw = np.random.default_rng(seed)
    sides = [
        block(draw.integers(length * 3 // 4, length + 1, batch), length, vocabulary, draw) for _ in range(2)
    ]
    source, targets = sides
    inputs = np.where(targets == PAD, PAD, np.roll(targets, 1, axis=1))
    inputs[:, 0] = BOS
    return source, inputs, targets


def windows(batch: int, length: int, vocabulary: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(inputs, targets) of running text, each [batch, length]."""
    ids = np.random.default_rng(seed).integers(EOS + 1, vocabulary, (batch, length + 1)).astype(np.int32)
    return ids[:, :-1], ids[:, 1:]
