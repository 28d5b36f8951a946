"""No part is dead: each is in a row of a table, or a command sets it, or a line here says what it is for."""

import ast
import re
from pathlib import Path

from experiments import commands
from experiments.tables import catalogue
from train.parts import is_ours, known_parts, within

GOLDEN = Path(__file__).parents[1] / "golden" / "bert"
# What a user sets by hand, with its reason. A part that a table or a command comes to reach leaves this list.
BY_HAND = {
    "AddK": "a smoothing to put in the place of another: model.smoothing=AddK()",
    "Bytes": "a tokenizer for any text: task.tokenizer=Bytes()",
    "Continuation": "what `lookback generate` goes on by: its beam, its sampling",
    "Characters": "a tokenizer for any text: task.tokenizer=Characters()",
    "Files": "a user's own sentence pairs: task.corpus=Files(..)",
    "GNMTPenalty": "a penalty to put in the place of another: evaluators.Bleu.search.penalty=GNMTPenalty()",
    "KneserNey": "a smoothing to put in the place of the modified one: model.smoothing=KneserNey()",
    "MaximumLikelihood": "a smoothing to put in the place of another: model.smoothing=MaximumLikelihood()",
    "Newstest": "another test set: evaluators=(Bleu(corpus=Newstest(year=2014), name='newstest2014'),)",
    "Plateau": "a schedule to put in the place of another: optimizer.schedule=Plateau()",
    "Pmap": "another way to spread a step over devices: parallel=Pmap()",
    "PublishedWordPiece": "the pieces of a published BERT: task.tokenizer=PublishedWordPiece()",
    "Sinica": "another corpus for `parsing`, in Chinese: task.corpus.corpus=Sinica()",
    "SpecialTokens": "what a search may not generate, as the tokenizer of `lookback generate` says",
    "StupidBackoff": "a smoothing to put in the place of another: model.smoothing=StupidBackoff()",
    "TREC": "another corpus for `sentences`: task.corpus=TREC()",
    "TagFiles": "a user's own tagged text: task.corpus=TagFiles(..)",
    "Tatoeba": "another corpus for `translation`: task.corpus=Tatoeba()",
    "TfIdf": "a weighting to put in the place of another: model.weighting=TfIdf()",
    "WithTestFile": "a user's own test set of a tagger: lookback evaluate RUN --on FILE",
    "WarAndPeace": "another text for `char_lm`: task.corpus=WarAndPeace()",
}


def rows():
    """Every run of every table, and those that begin with published weights."""
    for table in catalogue.tables().values():
        yield from table.rows.values()
        if table.given:
            yield from table.further(str(GOLDEN)).values()


def documented(path):
    """The parts that changes in the docstring of a file set."""
    return re.findall(r"[=(](\w+)", ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")


def used(path):
    """The names that the code of a file uses."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def test_every_part_is_reached_or_says_what_it_is_for():
    ours = {name for name, kind in known_parts().items() if is_ours(kind)}
    reached = {type(part).__name__ for run in rows() for part in within(run)}
    asking = list(Path(commands.__path__[0]).rglob("*.py"))
    for path in asking:
        reached |= {*used(path)}
    for path in (*asking, *catalogue.files().values()):
        reached |= {*documented(path)}
    assert ours - reached == set(BY_HAND)
