"""Results by the name of a task, and what the evaluator within says against a run."""

import dataclasses

import pytest

from data.fields import Positive
from data.tasks.language import LanguageModelling
from data.tasks.translation import Translation
from models.language.ngram import NGram
from train.evaluators.named import Named
from train.evaluators.translation.bleu_scores import Bleu
from train.run import Evaluator, Result, Run


@dataclasses.dataclass(frozen=True)
class Two(Evaluator):
    """A score of the split and one of something else."""

    split: str = "valid"
    value: Positive = 3

    def __call__(self, trained):
        for name in (self.split, "layer 1"):
            yield Result("height", name, self.value, {"corpus": "hills"})


def test_results_go_by_the_name_and_keep_all_else():
    found = list(Named(Two(), "hills, north")(None))
    assert [(one.metric, one.name, one.value) for one in found] == [
        ("height", "hills, north", 3),
        ("height", "hills, north, layer 1", 3),
    ]
    assert all(one.protocol == {"corpus": "hills"} for one in found)


def test_what_the_evaluator_refuses_is_refused_in_its_words():
    run = Run(NGram(), LanguageModelling(), evaluators=(Named(Bleu(), "words"),))
    with pytest.raises(ValueError, match="^evaluators: Named: Bleu judges translations, and task=[^\n]*$"):
        run.require()
    assert Named(Bleu(), "words").look is not None and Translation().targets
