"""A probabilistic context-free grammar read off trees, and the likeliest tree by CKY; numpy only."""

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from models.fields import Count, Positive
from models.ids import EOS, PAD, UNK
from models.model import Batch
from models.translation.aligner import FittedTranslator, Params

Symbol = tuple  # ("tag", id), ("node", id of the opening bracket, those above), ("rest", node, those before)


class Node(NamedTuple):
    """A constituent by its brackets' ids, or a leaf (`close` is -1) by its own."""

    open: int
    close: int = -1
    children: "tuple[Node, ...]" = ()


@dataclasses.dataclass(frozen=True)
class PCFG(FittedTranslator):
    """p(tree) = prod over its rules of p(A -> B C | A), by counts  -- Booth & Thompson 1973; Charniak 1996.

    Targets are trees as tokens whose leaves are tags, one for each word of the source. Rules are binary: of
    what stands left of it, a part of a constituent remembers the last `horizontal` siblings; a constituent
    remembers `vertical` - 1 of those above it (Klein & Manning 2003, §2). Words seen once say what a tag
    gives to a word that was never seen. The tree of the highest probability is found by CKY, in O(n^3 G);
    where the grammar derives none, all tags stand in one constituent.
    """

    vocab_size: Count = 0
    vertical: Positive = 2
    horizontal: Count = 2

    def fit(self, data: Batch, seed: int = 0) -> Params:
        """Rules, a column of symbols each, with their log-probabilities; `pieces` tells what is a bracket."""
        pieces = data["pieces"]
        closing = {str(piece)[1:]: index for index, piece in enumerate(pieces) if str(piece)[:1] == ")"}
        pairs = {
            i: closing.get(str(piece)[1:], -1) for i, piece in enumerate(pieces) if str(piece)[:1] == "("
        }
        counts: Counter = Counter()
        seen: Counter = Counter()
        for source, target in zip(data["source"], data["targets"], strict=True):
            words = [int(i) for i in source if i not in (PAD, EOS)]
            tree, tags = tree_of([int(i) for i in target if i not in (PAD, EOS)], pairs)
            if len(tags) != len(words):
                raise ValueError(
                    f"PCFG: a tree has {len(tags)} leaves for {len(words)} words; set task.corpus.leaves=tags"
                )
            counts["start", self.symbol(tree, ())] += 1
            counts.update(self.rules(tree, ()))
            lexical = [(("tag", tag), word) for tag, word in zip(tags, words, strict=True)]
            counts.update(("word", *pair) for pair in lexical)
            seen.update(words)
        return tables(counts, seen, pairs)

    def symbol(self, node: Node, above: tuple[int, ...]) -> Symbol:
        """What a node is in the grammar, under those `above`, the nearest last."""
        if node.close < 0:
            return "tag", node.open
        return "node", node.open, above[len(above) - self.vertical + 1 :] if self.vertical > 1 else ()

    def rules(self, node: Node, above: tuple[int, ...]) -> Iterator[tuple]:
        """("unary", A, B) and ("binary", A, B, C) of a tree."""
        if node.close < 0:
            return
        here, inside = self.symbol(node, above), (*above, node.open)
        children = [self.symbol(child, inside) for child in node.children]
        if len(children) == 1:
            yield "unary", here, children[0]
        parent = here
        for place, child in enumerate(children[:-1]):
            if place == len(children) - 2:
                yield "binary", parent, child, children[-1]
                break
            before = children[max(place + 1 - self.horizontal, 0) : place + 1]
            rest = ("rest", here, tuple(one[:2] for one in before))
            yield "binary", parent, child, rest
            parent = rest
        for child in node.children:
            yield from self.rules(child, inside)

    def translated(self, params: Params, source: Sequence[int]) -> tuple[list[int], float]:
        """The likeliest tree of a sentence as tokens, and log p of it and the words."""
        words = [word for word in source if word not in (PAD, EOS)]
        chart = Chart(params, words)
        found = chart.best()
        if found is None:
            root = int(params["opens"][params["root"]])
            tags = [int(params["tags"][scores.argmax()]) for scores in chart.lexical]
            return [root, *tags, int(params["closes"][params["root"]]), EOS], float("-inf")
        tokens, log_probability = found
        return [*tokens, EOS], log_probability


def tree_of(tokens: Sequence[int], pairs: dict[int, int]) -> tuple[Node, list[int]]:
    """The tree of these tokens, and its leaves; ValueError where they are none."""
    stack: list[tuple[int, list]] = [(-1, [])]
    leaves = []
    for token in tokens:
        opened, children = stack[-1]
        if token in pairs:
            stack.append((token, []))
        elif opened >= 0 and token == pairs[opened]:
            stack.pop()
            stack[-1][1].append(Node(opened, token, tuple(children)))
        else:
            children.append(Node(token))
            leaves.append(token)
    if len(stack) != 1 or len(stack[0][1]) != 1 or stack[0][1][0].close < 0:
        raise ValueError("PCFG: a target is no tree of brackets; set task.corpus to one of trees")
    return stack[0][1][0], leaves


def tables(counts: Counter, seen: Counter, pairs: dict[int, int]) -> Params:
    """The grammar as arrays: symbols by number, rules sorted by their parent."""
    symbols: dict[Symbol, int] = {}
    number = lambda symbol: symbols.setdefault(symbol, len(symbols))
    totals: Counter = Counter()
    rules = defaultdict(list)
    once: Counter = Counter()
    for (kind, parent, *rest), count in counts.items():
        if kind == "word":
            once[parent] += count if seen[rest[0]] == 1 else 0
        totals[kind == "word", parent if kind != "start" else None] += count
    for (kind, parent, *rest), count in counts.items():
        if kind == "start":
            rules[kind].append((number(parent), np.log(count / totals[False, None])))
        elif kind == "word":
            share = np.log(count / (totals[True, parent] + once[parent]))
            rules[kind].append((rest[0], number(parent), share))
        else:
            share = np.log(count / totals[False, parent])
            rules[kind].append((number(parent), *map(number, rest), share))
    for tag in [symbol for symbol in symbols if symbol[0] == "tag" and once[symbol]]:
        share = np.log(once[tag] / (totals[True, tag] + once[tag]))
        rules["word"].append((UNK, symbols[tag], share))
    width = {"start": 2, "unary": 3, "binary": 4, "word": 3}
    found: Params = {}
    for kind, columns in width.items():
        rows = np.array(sorted(rules[kind]), float).reshape(-1, columns)
        found[kind] = rows[:, :-1].astype(np.int32)
        found[f"{kind} p"] = rows[:, -1]
    opens = [symbol[1] if symbol[0] == "node" else -1 for symbol in symbols]
    found["opens"] = np.array(opens, np.int32)
    found["closes"] = np.array([pairs.get(opened, -1) for opened in opens], np.int32)
    found["tags"] = np.array([symbol[1] if symbol[0] == "tag" else -1 for symbol in symbols], np.int32)
    found["root"] = found["start"][found["start p"].argmax(), 0]
    return found


class Best:
    """max over the rules of each parent, rules sorted by it."""

    def __init__(self, parents: Int[np.ndarray, "R"], size: int):
        self.parents, self.starts = np.unique(parents, return_index=True)
        self.size = size

    def __call__(self, scores: Float[np.ndarray, "R"]) -> Float[np.ndarray, "N"]:
        """[size], -inf for what is no parent."""
        found = np.full(self.size, -np.inf)
        if len(self.parents):
            found[self.parents] = np.maximum.reduceat(scores, self.starts)
        return found


class Chart:
    """The log-probability of the best derivation of each span from each symbol: [n, n + 1, N].

    `binary` is before unary rules, `full` after. How a score came about is looked up again at the end, for
    the spans of the best tree alone.
    """

    def __init__(self, params: Params, words: Sequence[int]):
        self.params, self.size, count = params, len(params["opens"]), len(words)
        self.binary = np.full((count, count + 1, self.size), -np.inf)
        self.full = self.binary.copy()
        self.parents = Best(params["binary"][:, 0], self.size)
        self.above = Best(params["unary"][:, 0], self.size)
        self.lexical = [self.of_word(word) for word in words]
        for place, scores in enumerate(self.lexical):
            self.close(place, place + 1, scores)
        for width in range(2, count + 1):
            for start in range(count - width + 1):
                end = start + width
                self.close(start, end, self.parents(self.splits(start, end).max(axis=0)))

    def of_word(self, word: int) -> Float[np.ndarray, "N"]:
        """log p(word | tag) of each tag; of a word that was never seen that of UNK."""
        rows, p = self.params["word"], self.params["word p"]
        at = rows[:, 0] == word
        if not at.any():
            at = rows[:, 0] == UNK
        scores = np.full(self.size, -np.inf)
        scores[rows[at, 1]] = p[at]
        return scores

    def splits(self, start: int, end: int) -> Float[np.ndarray, "K R"]:
        """The score of each binary rule at each place to split a span."""
        _, left, right = self.params["binary"].T
        middles = np.arange(start + 1, end)
        return (
            self.full[start, middles][:, left] + self.full[middles, end][:, right] + self.params["binary p"]
        )

    def close(self, start: int, end: int, scores: Float[np.ndarray, "N"]) -> None:
        """Take unary rules until none makes a score better."""
        self.binary[start, end] = best = scores
        while True:
            better = np.maximum(best, self.above(self.chains(best)))
            if np.array_equal(better, best):
                break
            best = better
        self.full[start, end] = best

    def chains(self, scores: Float[np.ndarray, "N"]) -> Float[np.ndarray, "R"]:
        """The score of each unary rule."""
        return scores[self.params["unary"][:, 1]] + self.params["unary p"]

    def best(self) -> tuple[list[int], float] | None:
        """The tokens of the likeliest tree of all words, and its log-probability; None without any."""
        count = len(self.lexical)
        starts, p = self.params["start"][:, 0], self.params["start p"]
        scores = self.full[0, count, starts] + p if count else np.array([-np.inf])
        if not np.isfinite(scores.max()):
            return None
        return self.tokens(0, count, int(starts[scores.argmax()])), float(scores.max())

    def tokens(self, start: int, end: int, symbol: int) -> list[int]:
        """The tokens of the best derivation of a span from a symbol."""
        score = self.full[start, end, symbol]
        if self.binary[start, end, symbol] == score:
            if end - start == 1:
                return [int(self.params["tags"][symbol])]
            scores = np.where(self.params["binary"][:, 0] == symbol, self.splits(start, end), -np.inf)
            split, rule = np.unravel_index(scores.argmax(), scores.shape)
            _, left, right = self.params["binary"][rule].tolist()
            middle = start + 1 + int(split)
            within = [*self.tokens(start, middle, left), *self.tokens(middle, end, right)]
        else:
            chains = self.chains(self.full[start, end])
            rule = np.where(self.params["unary"][:, 0] == symbol, chains, -np.inf).argmax()
            within = self.tokens(start, end, int(self.params["unary"][rule, 1]))
        opened = int(self.params["opens"][symbol])
        return [opened, *within, int(self.params["closes"][symbol])] if opened >= 0 else within
