"""Which word vectors know best what words have in common?

    lookback run word_vectors                       7 rows x 3 seeds on text of the generated world: minutes
    lookback run word_vectors --data-dir CORPORA    on WikiText-2, by people's ratings: 45 min on 2 cores
    lookback run word_vectors --data-dir CORPORA "task.corpus=TextFiles(path='my/text')"    on your own text

Counted or trained, all look at the same words around a word. Published comparisons are on texts a thousand
times as long as WikiText-2's 2 million words.
"""

import dataclasses

from data.corpora.similarity import GoogleAnalogies, WordPairs, WorldAnalogies, WorldPairs
from data.corpora.text import GeneratedText, WikiText2
from data.tasks.language import LanguageModelling
from data.tokenizers.levels import WhitespaceWords, Words
from experiments.report.columns import COSTS, Column
from experiments.report.table import Table
from models.vectors.glove import GloVe
from models.vectors.word2vec import CBOW, Word2Vec
from models.vectors.word_vectors import PPMI, SVD, WordsByDocuments, WordVectors
from train.evaluators.vectors.word_similarity import Analogies, Similarity
from train.run import Run


def rows(base: Run, features: int, window: int, epochs: int) -> dict[str, Run]:
    """All with the same window and width, but for PPMI, which is as wide as the vocabulary."""
    skip_gram = Word2Vec(features=features, window=window, epochs=epochs)
    models: dict[str, WordVectors] = {
        "PPMI": PPMI(window=window),
        "PPMI + SVD": SVD(of=PPMI(window=window), features=features),
        "PPMI + SVD, exponent 0": SVD(of=PPMI(window=window), features=features, exponent=0.0),
        "LSA": SVD(of=WordsByDocuments(), features=features, exponent=1.0),
        "skip-gram": skip_gram,
        "CBOW": dataclasses.replace(skip_gram, architecture=CBOW(), rate=0.075),
        "GloVe": GloVe(features=features, window=window, epochs=3 * epochs),
    }
    return {row: dataclasses.replace(base, model=model) for row, model in models.items()}


WORLD = Run(
    model=Word2Vec(),
    task=LanguageModelling(GeneratedText(), Words(lowercase=True)),
    evaluators=(Similarity(WorldPairs()), Analogies(WorldAnalogies())),
)
RATED = ("WordSim-353", "SimLex-999", "MEN", "RG-65")
WIKITEXT = Run(
    model=Word2Vec(),
    task=LanguageModelling(WikiText2(), WhitespaceWords(least=5)),
    evaluators=(*(Similarity(WordPairs(name)) for name in RATED), Analogies(GoogleAnalogies())),
)
TIME = {"time": COSTS["time"]}

TABLE = Table(
    name="word_vectors",
    title="Word vectors, text of the generated world",
    lecture="001",
    rows=rows(WORLD, features=50, window=3, epochs=10),
    columns={
        "nouns alike": Column("Spearman", "world"),
        **{name: Column("accuracy", f"world analogies, {name}") for name in ("plural", "past", "gender")},
        **TIME,
    },
    baseline="skip-gram",
    smoke=("steps=2", "task.corpus.world.train=300"),
    real=Table(
        name="word_vectors-wikitext",
        title="Word vectors, WikiText-2",
        rows=rows(WIKITEXT, features=100, window=5, epochs=5),
        columns={
            **{name: Column("Spearman", name) for name in RATED},
            "analogies": Column("accuracy", "Google analogies"),
            "semantic": Column("accuracy", "Google analogies, semantic"),
            "syntactic": Column("accuracy", "Google analogies, syntactic"),
            **TIME,
        },
        baseline="skip-gram",
        smoke=("steps=2", "task.tokenizer.least=200"),
    ),
)
