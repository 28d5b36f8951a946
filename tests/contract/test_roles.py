"""README's table "Add something", written from the roles: `python tests/contract/test_roles.py` writes it."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

from data.batches.batch import Batching
from data.items.annotating import PictureNetwork
from data.items.corpus import (
    CaptionCorpus,
    LabelledCorpus,
    ParallelCorpus,
    ParsedCorpus,
    QuestionCorpus,
    TaggedCorpus,
    TextCorpus,
    TreeCorpus,
)
from data.tasks.task import Task
from data.tokenizers.level import Level
from models.attention.positions import Positions
from models.attention.scores import Score
from models.encoders.encoder import Encoder
from models.encoders.on_encoder import OnEncoder
from models.heads.pooling import Pooling
from models.language.language_model import LanguageModel
from models.language.smoothing import Smoothing
from models.layers.annotations import Annotator
from models.layers.compositions import Composition
from models.layers.recurrent import Cell
from models.translation.encoder_decoder import EncoderDecoder
from train.objectives.objective import Objective
from train.optimizers import Optimizer, Schedule
from train.run import Evaluator

# What a user may add -> its role.
ROLES = {
    "an attention score": Score,
    "a composition of state and context": Composition,
    "positions": Positions,
    "a recurrent cell": Cell,
    "a language model": LanguageModel,
    "an encoder-decoder": EncoderDecoder,
    "an encoder": Encoder,
    "a head on an encoder": OnEncoder,
    "a pooling": Pooling,
    "a smoothing of n-grams": Smoothing,
    "a running text": TextCorpus,
    "a parallel corpus": ParallelCorpus,
    "a labelled corpus": LabelledCorpus,
    "a tagged corpus": TaggedCorpus,
    "a treebank": ParsedCorpus,
    "a treebank of constituents": TreeCorpus,
    "a corpus of questions": QuestionCorpus,
    "a corpus of captions": CaptionCorpus,
    "what annotates pictures": Annotator,
    "what annotates them beforehand": PictureNetwork,
    "a tokenizer": Level,
    "a task": Task,
    "a batching": Batching,
    "an objective": Objective,
    "an optimizer": Optimizer,
    "a schedule": Schedule,
    "an evaluator": Evaluator,
}


def methods(role: type) -> list[str]:
    """What a part of a role must write: the methods that its bases leave open, in their order."""
    found = {}
    for base in reversed(role.__mro__):
        if base.__module__.startswith(("data.", "models.", "train.")):
            (node,) = ast.parse(textwrap.dedent(inspect.getsource(base))).body
            inner = (one for one in node.body if isinstance(one, ast.FunctionDef))
            found |= {one.name: leaves_open(one) for one in inner}
    return [name for name, left in found.items() if left]


def leaves_open(method: ast.FunctionDef) -> bool:
    """Whether a method does nothing but raise NotImplementedError."""
    last = method.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.unparse(last)


def table_of_roles() -> str:
    """README's table, as markdown."""
    lines = ["| to add | a class with the base | that says |", "|---|---|---|"]
    for what, role in ROLES.items():
        path = role.__module__.replace(".", "/") + ".py"
        said = ", ".join(f"`{name}`" for name in methods(role)) or "see there"
        lines.append(f"| {what} | `{role.__name__}` of `{path}` | {said} |")
    return "\n".join(lines)


README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"(<!-- roles -->\n).*?(\n<!-- end -->)", re.DOTALL)


def test_readme_tells_what_to_write():
    """Else run `python tests/contract/test_roles.py`, which writes it anew."""
    assert BLOCK.search(README.read_text(encoding="utf-8"))[0].split("\n", 1)[1].startswith(table_of_roles())


if __name__ == "__main__":
    written = BLOCK.sub(
        lambda block: block[1] + table_of_roles() + block[2], README.read_text(encoding="utf-8")
    )
    README.write_text(written, encoding="utf-8")
