"""Running text whose words are as unevenly common as a language's, for those who learn word vectors."""

import numpy as np

from experiments.bench.generated_sentences import EOS


def stream(words: int, vocabulary: int) -> np.ndarray:
    """Lines of 24 words and EOS; word n, from 4 on, is drawn with a chance in 1 / (n - 3), as Zipf has it."""
    chances = 1 / np.arange(1, vocabulary - 3)
    # No small seed: who draws with the same one would leave out of the text what this one has put in.
    draw = np.random.default_rng((words, vocabulary))
    drawn = draw.choice(len(chances), (words // 24, 24), p=chances / chances.sum())
    return np.pad(drawn + 4, ((0, 0), (0, 1)), constant_values=EOS).astype(np.int32).ravel()
