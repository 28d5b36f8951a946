"""Parts to text and back, and text that is no part: parsed with a suggestion, never run."""

import dataclasses
import json

import flax.linen as nn
import pytest

from data.batches.pairs import Buckets
from data.corpora.parallel import Generated, Multi30k
from data.tasks.translation import Translation
from data.tokenizers.levels import Characters
from data.world.world import World
from models.attention.positions import Learned
from models.attention.scores import Bilinear, Dot, ScaledDot
from models.decoding.search import GNMTPenalty, Search
from models.layers.recurrent import GRU, LSTM
from models.translation.seq2seq import Seq2Seq
from models.translation.transformer import Transformer
from train.evaluators.translation.alignment_error import AlignmentError
from train.evaluators.translation.bleu_scores import Bleu
from train.objectives.histories import Exponential
from train.objectives.next_token import NextTargetToken
from train.optimizers import Adam, Constant, Cosine, Plateau, Sgd
from train.parallel import Jit, Pmap
from train.parts import from_tree, known_parts, override, parse, to_tree
from train.run import Run

TRANSLATION = {
    "task": Translation(),
    "objective": NextTargetToken(),
    "batches": Buckets(),
    "evaluators": (Bleu(),),
}
RUN = Run(model=Seq2Seq(), **TRANSLATION)
RUNS = [
    Run(model=Transformer(), **TRANSLATION),
    Run(
        **TRANSLATION | {"evaluators": (Bleu(search=Search(penalty=GNMTPenalty(0.6))),)},
        model=Transformer(positions=Learned(64), dtype="bfloat16"),
    ),
    Run(
        model=Seq2Seq(score=None, cell=GRU(features=64)),
        optimizer=Adam(schedule=Cosine(), clip=1.0),
        **TRANSLATION,
    ),
    Run(
        model=Seq2Seq(score=Bilinear()),
        task=Translation(Multi30k(text="tok"), "de", "fr", Characters(lowercase=True)),
        objective=NextTargetToken(history=Exponential(0.99)),
        optimizer=Sgd(Plateau(peak=0.5, patience=2), momentum=0.9),
        batches=Buckets(512, 3, 4),
        patience=3,
        evaluators=(Bleu("valid"), AlignmentError(sentences=5)),
        parallel=Pmap(),
    ),
    Run(model=Seq2Seq(), task=Translation(Generated(World(seed=3))), parallel=Jit(fsdp=2)),
]


@pytest.mark.parametrize("run", RUNS, ids=range(len(RUNS)))
def test_a_run_comes_back_from_json(run):
    text = json.dumps(to_tree(run))
    assert from_tree(json.loads(text)) == run
    assert len({json.dumps(to_tree(other)) for other in (*RUNS, run)}) == len(RUNS)


def test_every_part_with_defaults_comes_back():
    for part in known_parts().values():
        if not any(f.default is f.default_factory for f in dataclasses.fields(part)):
            assert from_tree(to_tree(part())) == part()


@pytest.mark.parametrize(
    "change, path, value",
    [
        ("model.score=Bilinear()", "model.score", Bilinear()),
        ("model.score=Bilinear", "model.score", Bilinear()),
        ("model.score=None", "model.score", None),
        ("model.cell=LSTM(features=512)", "model.cell", LSTM(features=512)),
        ("model=Transformer(num_heads=8)", "model", Transformer(num_heads=8)),
        ("optimizer.schedule.peak=3e-4", "optimizer.schedule.peak", 3e-4),
        ("optimizer=Sgd(schedule=Constant(peak=2.0))", "optimizer", Sgd(Constant(peak=2.0))),
        ("optimizer.clip=1", "optimizer.clip", 1.0),
        ("model.dtype=bfloat16", "model.dtype", "bfloat16"),
        ("model.dtype='bfloat16'", "model.dtype", "bfloat16"),
        ("task.source=de", "task.source", "de"),
        (" task.corpus = Multi30k(text=tok) ".replace(" ", ""), "task.corpus", Multi30k("tok")),
        ("steps=500", "steps", 500),
        ("evaluators=(Bleu(split='valid'), AlignmentError)", "evaluators", (Bleu("valid"), AlignmentError())),
        ("evaluators=[]", "evaluators", ()),
        ("evaluators.Bleu.search.beam=2", "evaluators", (Bleu(search=Search(beam=2)),)),
        ("evaluators.0.split=valid", "evaluators", (Bleu("valid"),)),
    ],
)
def test_a_change_changes_one_place(change, path, value):
    changed = override(RUN, [change])
    found = changed
    *above, field = path.split(".")
    for name in (*above, field):
        found = getattr(found, name)
    assert found == value and type(found) is type(value)
    before, after = to_tree(RUN), to_tree(changed)
    for name in above:
        before, after = before[name], after[name]
    del before[field], after[field]
    assert before == after
    assert RUN == Run(model=Seq2Seq(), **TRANSLATION)


def test_changes_are_made_in_order():
    changed = override(RUN, ["model=Transformer", "model.num_heads=2", "steps=3", "steps=4"])
    assert changed == Run(model=Transformer(num_heads=2), **TRANSLATION, steps=4)


@pytest.mark.parametrize(
    "change, complaint",
    [
        ("model.scor=Dot()", "Seq2Seq has no 'scor'; did you mean 'score'?"),
        ("modle.score=Dot()", "Run has no 'modle'; did you mean 'model'?"),
        ("model.score=Bilinaer()", "no part is called 'Bilinaer'; did you mean 'Bilinear'?"),
        ("model.score=Bilinaer", "did you mean 'Bilinear'?"),
        ("optimizer=Adam(beta3=0.9)", "Adam has no 'beta3'; did you mean 'beta"),
        ("steps.peak=1", "Run.steps is 1000, which has no 'peak'"),
        ("model.=1", "Seq2Seq has no ''"),
        ("steps", "a change is written path=value"),
        ("steps=", "neither a literal nor a part"),
        ("steps=1.5", "Run.steps takes int, at least 1, not 1.5"),
        ("steps=True", "Run.steps takes int, at least 1, not True"),
        ("steps=many", "Run.steps takes int, at least 1, not 'many'"),
        ("steps=0", "Run.steps takes int, at least 1, not 0"),
        ("model.dropout=True", "Seq2Seq.dropout takes float, at least 0 and below 1, not True"),
        ("model.dropout='0.1'", "Seq2Seq.dropout takes float, at least 0 and below 1, not '0.1'"),
        ("model.bidirectional=1", "Seq2Seq.bidirectional takes bool, not 1"),
        ("model.score=7", "Seq2Seq.score takes Score or None, not 7"),
        ("model=None", "Run.model takes Model"),
        ("optimizer=Constant()", "Run.optimizer takes Optimizer"),
        ("evaluators=Bleu()", "Run.evaluators takes"),
        ("evaluators.Accuracy.split=valid", "evaluators.Accuracy: name one of Bleu"),
        ("evaluators.Bleu=3", "evaluators.Bleu: name one of Bleu"),
        ("task.corpus=Nope", "no part is called 'Nope'; there are Bracketings, Directions, Files"),
        ("model.score=LSTM", "takes Score or None, not LSTM; there are Additive, Bilinear"),
        ("model.score=dot", "did you mean 'Dot'?"),
        ("evaluators=(Nope(),)", "no part is called 'Nope'; there are Accuracy, AdversarialAttention"),
        ("evaluators=(Bleu(search=Nope()),)", "no part is called 'Nope'; there are Search"),
        ("steps=Nope", "Run.steps takes int, at least 1, not 'Nope'"),
        ("task=Trained", "no part is called 'Trained'; there are AlignedTranslation, BidirectionalText"),
        ("task=Nope", "there are AlignedTranslation, BidirectionalText, Captioning"),
        ("evaluators=(Bleu(), 3)", "Run.evaluators takes"),
        ("model.name='x'", "Seq2Seq has no 'name'"),
        ("model.parent=None", "Seq2Seq has no 'parent'"),
        ("task.corpus=Files(train='x')", "Files needs valid, test"),
    ],
)
def test_a_wrong_change_says_what_is_wrong(change, complaint):
    with pytest.raises(ValueError) as raised:
        override(RUN, [change])
    assert complaint in str(raised.value) and "\n" not in str(raised.value)


def test_an_int_passes_for_a_float():
    dropout = override(RUN, ["model.dropout=0"]).model.dropout
    assert dropout == 0 and type(dropout) is float


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch {path}')",
        "open('{path}', 'w')",
        "Bilinear().__class__",
        "LSTM(features=open('{path}', 'w'))",
        'f\'{{open("{path}", "w")}}\'',
        "[open('{path}', 'w') for _ in (1,)]",
        "(lambda: open('{path}', 'w'))()",
        "(x := open('{path}', 'w'))",
        "Dot() or open('{path}', 'w')",
        "LSTM(**dict(features=3))",
        "LSTM(*(3,))",
        "LSTM(512)",
        "{{[1]: 2}}",
        "2 ** 8",
        "1; 2",
        "LSTM(features=",
        "\0",
        "9" * 5000,
        "(" * 300 + ")" * 300,
        "-" * 5000 + "1",
    ],
)
def test_text_is_never_run(text, tmp_path):
    path = tmp_path / "made"
    with pytest.raises(ValueError) as raised:
        parse(text.format(path=path))
    assert not path.exists() and "\n" not in str(raised.value) and len(str(raised.value)) < 300


def test_fields_are_written_by_name():
    with pytest.raises(ValueError, match="write the fields of LSTM by name"):
        parse("LSTM(512)")


@pytest.mark.parametrize(
    "tree, complaint",
    [
        ({"score": None}, "no 'part'"),
        ({"part": "Seq3Seq"}, "did you mean 'Seq2Seq'"),
        ({"part": ["Seq2Seq"]}, "no part is called"),
        ({"part": "Seq2Seq", "layers": 3}, "Seq2Seq has no 'layers'"),
        ({"part": "Seq2Seq", "score": {"part": "Nope"}}, "there are Additive, Bilinear"),
        ({"part": "Run", "steps": 5}, "Run needs model, task"),
        ({"part": "Run", "model": {"part": "Seq2Seq", "num_layers": "two"}}, "Seq2Seq.num_layers takes int"),
    ],
)
def test_a_wrong_tree_says_what_is_wrong(tree, complaint):
    with pytest.raises(ValueError, match=complaint):
        from_tree(tree)


def test_parts_are_found_by_being_defined_and_no_others():
    parts = known_parts()
    assert {"Run", "Bilinear", "Seq2Seq", "Transformer", "Adam", "BPE", "World", "Bleu"} <= set(parts)
    assert parts["Dot"] is Dot and parts["ScaledDot"] is ScaledDot
    assert all(dataclasses.is_dataclass(part) for part in parts.values())
    assert issubclass(parts["Learned"], nn.Module) and "Path" not in parts
