"""A loaded model answers from Python what the commands answer, and shows what it holds within."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data.batches.streams import Windows
from data.corpora.parallel import Generated
from data.corpora.polarity import Polarity
from data.corpora.tags import GeneratedTags
from data.corpora.text import GeneratedText
from data.tasks.classification import Classification
from data.tasks.language import LanguageModelling
from data.tasks.questions import Questions
from data.tasks.tagging import Tagging
from data.tasks.translation import Translation
from data.tokenizers.levels import WhitespaceWords, Words
from data.tokenizers.wordpiece import WordPiece
from data.world.stories import WorldQuestions
from data.world.tasks import WorldRating
from data.world.world import World
from models.attention.scores import ScaledDot
from models.decoding.search import Search
from models.encoders.attention_flow import AttentionFlow
from models.encoders.bert import BERT
from models.encoders.words import WordLSTM
from models.heads.classifier import Classifier
from models.heads.span import SpanFinder
from models.heads.tagger import Tagger
from models.language.gpt2 import GPT2
from models.language.ngram import NGram
from models.language.rnn import RNNLM
from models.language.smoothing import StupidBackoff
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from models.vectors.word_vectors import PPMI
from train.inference.loaded import Loaded
from train.objectives.next_token import NextToken
from train.run import Run, Trained

SMALL = World(train=60, valid=8, test=8, depth=0, distance=0, ambiguity=0)
TRANSLATION = Translation(Generated(SMALL), tokenizer=Words(least=1))
TEXT = LanguageModelling(GeneratedText(SMALL), WhitespaceWords())
TAGS = Tagging(GeneratedTags(SMALL), Words(least=1))
CLASSES = Classification(Polarity(WorldRating(SMALL)), WordPiece(size=200))
LOOKING = {"features": 8, "num_heads": 2, "num_layers": 3}
SENTENCE = "the baker sees the dog ."


def by_chance(model, task, **fields) -> Loaded:
    """A run as it begins: its weights are random, which is enough to be asked."""
    run = Run(model=model, task=task, **fields)
    tokenizer = task.train_tokenizer()
    model = model.with_sizes(len(tokenizer), len(task.labels) or 1)
    if model.fitted:
        params = model.fit(task.encoded("train", tokenizer))
    else:
        pair = (np.ones((1, 4), np.int32),) * (2 if isinstance(task, Translation) else 1)
        params = jax.jit(model.init)(jax.random.key(0), *pair)["params"]
    return Loaded(Trained(run, model, params, tokenizer, "by chance", "runs/none"))


@pytest.fixture(scope="module")
def gpt2() -> Loaded:
    return by_chance(
        GPT2(context=32, **LOOKING), TEXT, objective=NextToken(), batches=Windows(rows=2, length=16)
    )


@pytest.fixture(scope="module")
def bert() -> Loaded:
    return by_chance(Classifier(0, BERT(context=64, **LOOKING)), CLASSES)


@pytest.mark.parametrize(
    "model",
    [
        Seq2Seq(embed_dim=8, features=8, score=ScaledDot()),
        Transformer(features=8, mlp_dim=8, num_heads=2, num_encoder_layers=1, num_decoder_layers=2),
    ],
    ids=["seq2seq", "transformer"],
)
def test_a_translator_translates_and_says_where_each_piece_looked(model):
    loaded = by_chance(model, TRANSLATION)
    search = Search(beam=2)
    texts = loaded.translate([SENTENCE, " ", SENTENCE], search)
    assert texts[0] == texts[2] and texts[1] == ""
    pieces, over, weights = loaded.attention(SENTENCE, "der Bäcker sieht")
    layers, heads = (2, 2) if isinstance(model, Transformer) else (1, 1)
    assert weights.shape == (layers, heads, len(pieces), len(over)) and len(over) == 7 and len(pieces) == 4
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
    own = loaded.attention(SENTENCE)
    assert own.over == over and own.weights.shape[2] == len(own.pieces)


def test_a_language_model_goes_on_and_says_how_surprised_it_is(gpt2):
    assert gpt2.generate(["the baker"], length=3, seed=1) == gpt2.generate(["the baker"], length=3, seed=1)
    said = gpt2.surprisal(SENTENCE)
    assert [piece for piece, _ in said][0] == "the"
    bits = -np.log2(1 / len(gpt2.trained.tokenizer))
    assert all(0 < surprise < 3 * bits for _, surprise in said)
    counted = by_chance(NGram(order=2), TEXT)
    assert [piece for piece, _ in counted.surprisal(SENTENCE)] == [piece for piece, _ in said]


def test_every_layer_and_head_of_gpt2_is_there_and_looks_back_only(gpt2):
    pieces, over, weights = gpt2.attention(SENTENCE)
    assert pieces == over and weights.shape == (3, 2, len(pieces), len(pieces))
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
    assert np.all(np.triu(weights, 1) == 0)
    states = gpt2.states(SENTENCE)
    assert states.layers.shape == (4, len(pieces), 8) and states.pieces == pieces
    ids, end = gpt2.trained.tokenizer.encode([SENTENCE])[0], gpt2.trained.tokenizer.eos
    inputs = jnp.array([[end, *ids[:-1]]])  # a line begins after the end of another
    one_pass = gpt2.trained.model.apply({"params": gpt2.trained.params}, inputs, method="states")
    np.testing.assert_allclose(states.layers[-1], one_pass[0], atol=1e-5)


def test_a_reader_of_questions_says_where_each_word_of_a_context_looked_at_the_question():
    task = Questions(WorldQuestions(SMALL), Words(lowercase=True), longest=24, stride=4, asking=8)
    reader = AttentionFlow(encoder=WordLSTM(embed_dim=8, features=4), features=4)
    loaded = by_chance(SpanFinder(encoder=reader), task)
    context = "The baker sees the dog. Anna sees the cat."
    pieces, over, weights = loaded.attention("Who sees the dog?", context)
    spelled = lambda text: loaded.trained.tokenizer.pieces(loaded.trained.tokenizer.encode([text])[0])[:-1]
    assert over == spelled("Who sees the dog?") and pieces == spelled(context)
    assert weights.shape == (1, 1, len(pieces), len(over))
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
    alone = loaded.attention(context)
    assert alone.pieces == alone.over and alone.weights.shape[-2:] == (len(pieces) + 2,) * 2
    with pytest.raises(ValueError, match="task.longest=24"):
        loaded.attention("Who sees the dog?", 3 * context)


def test_every_layer_and_head_of_bert_is_there_below_any_head(bert):
    pieces, over, weights = bert.attention(SENTENCE)
    assert pieces[0] == "[CLS]" and pieces[-1] == "[SEP]" and pieces == over
    assert weights.shape == (3, 2, len(pieces), len(pieces))
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-5)
    assert np.all(weights > 0) and bert.states(SENTENCE).layers.shape == (4, len(pieces), 8)


def test_a_recurrent_model_shows_its_score_or_says_that_it_has_none():
    looking = by_chance(RNNLM(embed_dim=8, features=8, score=ScaledDot(), window=10), TEXT)
    weights = looking.attention(SENTENCE).weights
    assert weights.shape[:2] == (1, 1)
    np.testing.assert_allclose(weights[0, 0, 1:].sum(-1), 1.0, atol=1e-5)
    with pytest.raises(ValueError, match="RNNLM.* has no attention to show: give it a score"):
        by_chance(RNNLM(embed_dim=8, features=8), TEXT).attention(SENTENCE)


def test_classes_and_vectors_of_texts(bert):
    (first, other) = bert.predict([SENTENCE, "dull"])
    assert set(first) == set(bert.trained.task.labels) and sum(first.values()) == pytest.approx(1, abs=1e-5)
    assert list(first.values()) == sorted(first.values(), reverse=True) and first != other
    vectors = bert.embed([SENTENCE, "dull", SENTENCE])
    assert vectors.shape == (3, 8)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    layers = bert.states(SENTENCE).layers
    np.testing.assert_allclose(vectors[0], layers[-1][1:-1].mean(0), atol=1e-6)


def test_words_with_their_tags():
    loaded = by_chance(Tagger(0, WordLSTM(0, 8, 8)), TAGS)
    (tagged, nothing) = loaded.tag([SENTENCE, ""])
    assert [word for word, _ in tagged] == SENTENCE.split() and nothing == []
    assert {tag for _, tag in tagged} <= set(TAGS.labels)


def test_what_does_not_sum_to_one_is_not_called_surprisal_nor_vectors_attention():
    with pytest.raises(ValueError, match="model.smoothing=StupidBackoff gives to words does not sum to 1"):
        by_chance(NGram(order=2, smoothing=StupidBackoff()), TEXT).surprisal(SENTENCE)
    with pytest.raises(ValueError, match="PPMI has no attention to show: its vectors know no context"):
        by_chance(PPMI(), TEXT).attention(SENTENCE)


ASKED = {
    "translate": lambda one: one.translate([SENTENCE]),
    "predict": lambda one: one.predict([SENTENCE]),
    "tag": lambda one: one.tag([SENTENCE]),
    "fill": lambda one: one.fill("the [MASK]"),
}


@pytest.mark.parametrize("question", ASKED)
def test_a_question_that_a_model_cannot_answer_is_refused_in_one_line(gpt2, question):
    with pytest.raises(ValueError, match="runs/none is .*, and (task|model)="):
        ASKED[question](gpt2)


def test_it_is_shown_in_one_line(gpt2):
    assert repr(gpt2) == f"<GPT2 on GeneratedText, {len(gpt2.trained.tokenizer)} ids, by chance: runs/none>"
