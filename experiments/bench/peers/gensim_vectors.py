"""gensim's Word2Vec, a worker a core, on lists of words that are there already."""

import numpy as np
from gensim.models import Word2Vec

from experiments.bench import running_text
from experiments.bench.work import Work, cores


def word2vec(words, vocabulary, features, window, negatives, epochs) -> Work:
    """Skip-gram vectors of the same text, its vocabulary built beforehand."""
    ids = running_text.stream(words, vocabulary)
    lines = np.split(ids, np.flatnonzero(ids == running_text.EOS) + 1)
    text = [[str(word) for word in line[:-1]] for line in lines]
    settings = {"vector_size": features, "window": window, "negative": negatives, "sg": 1}
    model = Word2Vec(**settings, min_count=1, workers=cores(), epochs=epochs)
    model.build_vocab(text)
    return Work(lambda: model.train(text, total_examples=len(text), epochs=epochs))
