"""Evaluators on a translator whose answers are known."""

import dataclasses
from unicodedata import normalize

import numpy as np
import pytest

from data.batches.pairs import Buckets
from data.corpora.parallel import Files, Generated, Multi30k
from data.tasks.translation import Translation
from data.tokenizers.levels import BPE, Words
from data.world.world import World
from models.decoding.search import GNMTPenalty, LengthNormalised, Search
from models.translation.seq2seq import Seq2Seq
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu
from train.inference.translator import Hypothesis, Translator
from train.metrics.alignment import counts, words_of
from train.objectives.next_token import NextTargetToken
from train.run import Run, Trained

TASK = Translation(corpus=Generated(World(train=200, valid=10, test=20, depth=1)), tokenizer=Words(least=1))


class Oracle:
    """Gives the translations that it was given, and looks where the gold alignment says."""

    def __init__(self, task, said=None, links=None):
        self.tokenizer, self.said, self.links = task.train_tokenizer(), said, links
        self.search = Search(beam=1)

    def __call__(self, lines):
        return iter([Hypothesis(text, 0.0, 0.0, ())] for text in self.said)

    def attention(self, line, ids):
        """Each piece of a target word looks at each piece of the source words it is linked to."""
        sentence, links = self.links.pop(0)
        owners = [
            words_of(self.tokenizer.spans(text), text, sentence.tokens[language])
            for text, language in ((line, "en"), (sentence.text("de"), "de"))
        ]
        weights = [[float((s, t) in links) for s in owners[0]] for t in owners[1]]
        return np.array(weights), ["?"] * len(owners[0]), ["?"] * len(owners[1])


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A run that is judged by what an oracle says, in place of the translator that it would make."""

    def made(oracle, task):
        monkeypatch.setattr(Translator, "of", lambda trained, search=Search(): oracle)
        run = Run(Seq2Seq(), task, NextTargetToken(), batches=Buckets())
        return Trained(run, run.model, {}, None, "made up", tmp_path)

    return made


def test_bleu_of_the_references_is_100_and_what_was_scored_is_kept(trained, tmp_path):
    references = [target for _, target in TASK.pairs("test")]
    results = {r.metric: r for r in Bleu(search=Search(beam=1))(trained(Oracle(TASK, references), TASK))}
    assert results["BLEU"].value == pytest.approx(100) and results["chrF"].value == pytest.approx(100)
    assert "tok:13a" in results["BLEU"].protocol["signature"]
    assert results["BLEU"].protocol["decoding"] == "greedy"
    assert results["BLEU"].protocol["weights"] == "made up"
    kept = (tmp_path / "outputs" / "test.hypothesis").read_text(encoding="utf-8")
    assert kept.removesuffix("\n").split("\n") == references


def test_bleu_of_a_perfect_translation_is_100_however_its_accents_are_spelled(trained, tmp_path):
    task = dataclasses.replace(TASK, corpus=written(tmp_path, "de", lambda text: normalize("NFD", text)))
    said = [normalize("NFC", target) for _, target in TASK.pairs("test")]
    results = [*Bleu()(trained(Oracle(task, said), task))]
    assert [result.value for result in results] == [pytest.approx(100)] * 2


def test_a_tokenizer_that_lowers_case_is_judged_without_it_and_the_signature_says_so(trained):
    task = dataclasses.replace(TASK, tokenizer=Words(least=1, lowercase=True))
    said = [target.lower() for _, target in task.pairs("test")]
    results = [*Bleu()(trained(Oracle(task, said), task))]
    assert [result.value for result in results] == [pytest.approx(100)] * 2
    assert all("case:lc" in result.protocol["signature"] for result in results)
    assert all(result.options == {"tokenize": "13a", "lowercase": True} for result in results)


def test_bleu_is_tokenised_as_the_target_language_wants_it(trained, tmp_path):
    corpus = written(tmp_path, "zh", lambda _: "我喜欢吃红色的苹果和香蕉")
    task = dataclasses.replace(TASK, corpus=corpus, target="zh")
    said = ["我很喜欢吃红色的苹果和香蕉"] * len(task.pairs("test"))
    (score, _) = Bleu()(trained(Oracle(task, said), task))
    assert "tok:zh" in score.protocol["signature"] and 60 < score.value < 100
    (plain, _) = Bleu(tokenize="13a")(trained(Oracle(task, said), task))
    assert "tok:13a" in plain.protocol["signature"] and plain.value < 1


def written(folder, language, form):
    """The corpus of TASK as files of a user's, its targets in a form of their own and in another language."""
    for split in ("train", "valid", "test"):
        sources, targets = zip(*TASK.pairs(split), strict=True)
        for name, lines in (("en", sources), (language, map(form, targets))):
            (folder / f"{split}.{name}").write_text("\n".join(lines), encoding="utf-8")
    return Files(*(str(folder / split) for split in ("train", "valid", "test")))


def test_bleu_says_how_text_was_tokenised(trained):
    references = [target for _, target in TASK.pairs("test")]
    (bleu, _) = Bleu(tokenize="none")(trained(Oracle(TASK, references), TASK))
    assert "tok:none" in bleu.protocol["signature"]


def aer(trained, change):
    sentences = list(TASK.corpus.world.sentences("test"))
    links = [(sentence, change(sentence.alignment("en", "de"))) for sentence in sentences]
    (result,) = AlignmentError(sentences=20)(trained(Oracle(TASK, links=links), TASK))
    return result.value


def one_source_a_target(links):
    return {min(link for link in links if link[1] == target) for _, target in links}


def test_alignment_error_is_that_of_the_links_that_argmax_can_show(trained):
    gold = [sentence.alignment("en", "de") for sentence in TASK.corpus.world.sentences("test")]
    shown = [one_source_a_target(links) for links in gold]
    missed = counts(shown, gold).score
    assert aer(trained, one_source_a_target) == pytest.approx(missed)
    assert aer(trained, lambda links: set()) == 100.0


def test_alignment_error_refuses_a_corpus_without_gold_and_a_model_without_attention():
    run = Run(Seq2Seq(), dataclasses.replace(TASK, corpus=Multi30k()), NextTargetToken(), batches=Buckets())
    with pytest.raises(ValueError, match="AlignmentError .* gold .* task.corpus=Multi30k is no Generated"):
        AlignmentError().require(run)
    blind = dataclasses.replace(run, task=TASK, model=Seq2Seq(score=None))
    with pytest.raises(ValueError, match="model=Seq2Seq without attention aligns nothing; set model.score"):
        AlignmentError().require(blind)
    AlignmentError().require(dataclasses.replace(run, task=TASK))


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (Search(beam=1), "greedy"),
        (Search(beam=4, penalty=LengthNormalised(0.5)), "beam 4, score / length^0.5"),
        (Search(beam=5, penalty=GNMTPenalty(0.6)), "beam 5, score / ((5 + length) / 6)^0.6"),
    ],
)
def test_a_search_is_written_so_that_unlike_ones_differ(search, words):
    assert str(search) == words


def test_pieces_find_their_words_whatever_they_are_and_unknown_ones_too():
    words, text = ["the", "baker", "'s", "old", "hat", "."], "The baker's old hat."
    for tokenizer in (BPE(60).train(["the bakers hats ."]), Words(least=1).train(["The baker . '"])):
        covered = [set() for _ in words]
        owners = words_of(tokenizer.spans(text), text, words)
        for owner, (first, last) in zip(owners, tokenizer.spans(text), strict=True):
            if owner >= 0:
                covered[owner] |= set(range(first, last))
        spelled = ["".join(text[at] for at in sorted(places)).strip().lower() for places in covered]
        assert spelled == words and owners[-1] == -1
    with pytest.raises(ValueError, match="'cat' does not come"):
        words_of([], text, ["the", "cat"])
