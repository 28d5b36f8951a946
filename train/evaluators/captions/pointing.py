"""Whether a word looks at what it speaks of."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from data.corpora.captioned.captions import GeneratedCaptions
from data.tasks.captioning import Captioning
from models.translation.captioner import OfPictures
from train.inference.caption_writer import CaptionWriter
from train.metrics.alignment import merge_pieces, words_of
from train.metrics.counts import Counts, Share
from train.run import Evaluator, Result, Run, Trained

GROUPS = {"NOUN": "thing", "ADJ": "colour"}  # by a word's part of speech; the world has no other adjectives


@dataclasses.dataclass(frozen=True)
class Pointing(Evaluator):
    """How often a word looks most at a place within the box of what it speaks of, in per cent.

    Of the words for things and for their colours, in the captions that the pictures were drawn from: the
    model is given the words before (teacher forcing). A place is within a box where its middle is; a word of
    several pieces looks where they look on average. Beside it stand what the middle of the picture would
    score ("centre pointing"), and what looking anywhere would ("uniform pointing"): the share of places in
    the box.
    """

    needs = {"task": Captioning, "task.corpus": GeneratedCaptions, "model": OfPictures}
    why = "looks up boxes of the generated world's pictures"
    split: str = "test"

    def require(self, run: Run) -> None:
        """And ValueError where the model has no attention."""
        super().require(run)
        if not run.model.attends:
            raise ValueError(
                "evaluators: Pointing: a model without attention points nowhere; set model.score"
            )

    def __call__(self, trained: Trained) -> Iterator[Result]:
        corpus, tokenizer = trained.task.corpus, trained.tokenizer
        language, (height, width) = corpus.language, corpus.size
        scenes = corpus.drawn(self.split)
        texts = [scene.sentence.text(language) for scene in scenes]
        ids = tokenizer.encode(texts)
        maps = CaptionWriter.of(trained).maps([scene.picture for scene in scenes], ids)
        rows = {
            (how, group): []
            for how in ("pointing", "centre pointing", "uniform pointing")
            for group in GROUPS
        }
        for scene, text, weights in zip(scenes, texts, maps, strict=True):
            owners = words_of(tokenizer.spans(text), text, scene.sentence.tokens[language])
            looks = merge_pieces(weights.reshape(len(weights), -1), range(weights[0].size), owners)
            found = {key: [] for key in rows}
            for look, tag, box in zip(
                looks, scene.sentence.tags(language), scene.places(language), strict=True
            ):
                if box is None or tag not in GROUPS:
                    continue
                within = box.covers(*weights.shape[1:], height, width)
                found["pointing", tag].append(within.flat[look.argmax()])
                found["centre pointing", tag].append(box.covers(1, 1, height, width).item())
                found["uniform pointing", tag].append(within.mean())
            for key, right in found.items():
                rows[key].append([sum(right), len(right)])
        protocol = trained.protocol(
            trained.task.protocol(self.split),
            signature=f"peak over {weights[0].size} places, {height} x {width} pixels",
            decoding="teacher forcing on the reference",
        )
        for (metric, tag), of_scenes in rows.items():
            yield Result.of(metric, GROUPS[tag], Counts(Share, np.array(of_scenes, float)), protocol)
