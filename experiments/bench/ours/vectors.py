"""word2vec as a run fits it: skip-gram with negative sampling, all of its passes over a text."""

from experiments.bench import running_text
from experiments.bench.work import Work
from train import devices


def word2vec(words, vocabulary, features, window, negatives, epochs) -> Work:
    """Skip-gram vectors of a text, all passes over it in one call."""
    devices.setup()
    from models.vectors.word2vec import Word2Vec

    model = Word2Vec(vocabulary, features=features, window=window, negatives=negatives, epochs=epochs)
    ids = running_text.stream(words, vocabulary)
    return Work(lambda: model.fit(ids), facts={"parameters": 2 * vocabulary * features})
