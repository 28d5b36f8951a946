"""Treebanks of constituents in files: articles on biology, many genres, newspapers, and one in Chinese."""

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from data.corpora.parsed.constituents import plain_trees
from data.fields import brief
from data.files import compressed, folders
from data.files.folders import decode_lines
from data.items.corpus import TreeCorpus
from data.items.tree import Tree, escaped, read
from data.splits import known_split, listed


class TreebankFiles(TreeCorpus):
    """Trees of files, which are read once a process."""

    abstract = True

    def written(self, split: str, data_dir: str | None) -> Iterable[Tree]:
        """The trees of a split as they are written."""
        raise NotImplementedError

    def trees(self, split: str, data_dir: str | None = None) -> list[Tree]:
        """Those of a split, without functions and empty nodes."""
        return list(_read(self, known_split(split), data_dir))


@functools.lru_cache(maxsize=16)
def _read(corpus: TreebankFiles, split: str, data_dir: str | None) -> tuple[Tree, ...]:
    return tuple(plain_trees(corpus.written(split, data_dir)))


@dataclasses.dataclass(frozen=True)
class Craft(TreebankFiles):
    """67 articles on the biology of mice, 18,951 / 2,780 sentences, no test  -- Verspoor et al. 2012."""

    def written(self, split: str, data_dir: str | None) -> Iterator[Tree]:
        """The articles in the order of their names."""
        why = "CRAFT keeps its test articles: set evaluators.Parseval.split=valid, or another corpus"
        name = {"train": "train", "valid": "dev"}[known_split(split, ("train", "valid"), why)]
        source = "github.com/UCDenver-ccp/CRAFT"
        place = lambda path: folders.located(f"craft/{path}", source, data_dir)
        wanted = set(folders.read_lines(place(f"articles/ids/craft-ids-{name}.txt")))
        archive = place("structural-annotation/treebank/penn.tar.gz")
        found = {named[1]: content for named, content in compressed.tar_members(archive, r".*?(\d+)\.tree")}
        if missing := sorted(wanted - found.keys()):
            raise ValueError(f"{archive}: there is no article {listed(missing)}; take the archive anew")
        for article in sorted(wanted):
            where = f"{archive}:{article}.tree"
            yield from read(decode_lines(found[article], where), where)

    def protocol(self, split: str) -> str:
        """CRAFT 5, SPLIT."""
        return f"CRAFT 5 constituents, {split}"


@dataclasses.dataclass(frozen=True)
class Gum(TreebankFiles):
    """Documents of many genres, those of reddit left out; 13,263 sentences  -- Zeldes 2017."""

    def written(self, split: str, data_dir: str | None) -> Iterator[Tree]:
        """Those that splits.md names of a split; train are all that it does not name."""
        archive = folders.located("gum/gum_const.tar.gz", "github.com/amir-zeldes/gum", data_dir)
        pattern = r"(?:.*/)?(?:splits\.md|(GUM_\w+)\.ptb)"
        found = {named[1]: content for named, content in compressed.tar_members(archive, pattern)}
        if None not in found:
            raise ValueError(f"{archive}: there is no splits.md, which says what is test; take it anew")
        named = {"valid": set(), "test": set()}
        section: set[str] = set()
        for line in decode_lines(found.pop(None), f"{archive}:splits.md"):
            if line.startswith("#"):
                section = named.get({"dev": "valid"}.get(heading := line.strip("# "), heading), set())
            elif item := re.fullmatch(r"\s*\*\s*(GUM_\w+)\s*", line):
                section.add(item[1])
        rest = set().union(*named.values())
        wanted = found.keys() - rest if split == "train" else found.keys() & named[split]
        for document in sorted(wanted):
            where = f"{archive}:{document}.ptb"
            yield from read(decode_lines(found[document], where), where)

    def protocol(self, split: str) -> str:
        """GUM, SPLIT."""
        return f"GUM constituents, {split}"


@dataclasses.dataclass(frozen=True)
class WsjSample(TreebankFiles):
    """A tenth of the Wall Street Journal, as NLTK has it: sections 0001-0159, 0160-0179 and 0180-0199.

    3,914 sentences in all. It is not the split of published scores, which is of the whole journal.
    """

    def written(self, split: str, data_dir: str | None) -> Iterator[Tree]:
        """The sections of a split in their order."""
        archive = folders.located("nltk_data/corpora/treebank.zip", "NLTK's package treebank", data_dir)
        first, last = {"train": (1, 159), "valid": (160, 179), "test": (180, 199)}[split]
        for number in range(first, last + 1):
            name = f"wsj_{number:04}.mrg"
            yield from read(folders.read_member(archive, name), f"{archive}:{name}")

    def protocol(self, split: str) -> str:
        """WSJ sample, SPLIT."""
        return f"WSJ sample constituents, {split}"


@dataclasses.dataclass(frozen=True)
class Sinica(TreebankFiles):
    """A sample of the Sinica Treebank, traditional Chinese, 10,000 phrases  -- Huang et al. 2000.

    Of ten lines one is test and the next valid. It is not the Chinese Treebank, nor do their scores compare.
    """

    HELD_OUT: ClassVar[dict[int, str]] = {0: "test", 1: "valid"}

    def written(self, split: str, data_dir: str | None) -> Iterator[Tree]:
        """The phrases of a split in their order."""
        archive = folders.located(
            "nltk_data/corpora/sinica_treebank.zip", "NLTK's package sinica_treebank", data_dir
        )
        for number, line in enumerate(folders.read_member(archive, "parsed")):
            if line.strip() and self.HELD_OUT.get(number % 10, "train") == split:
                yield sinica_tree(line, f"{archive}:parsed, line {number + 1}")

    def protocol(self, split: str) -> str:
        """Sinica Treebank sample, SPLIT."""
        return f"Sinica Treebank sample, {split}"


def sinica_tree(line: str, where: str) -> Tree:
    """The tree of "#1:1.[7] S(agent:NP(Head:Nh:他)|Head:VA4:走)#。", without roles and what follows #."""
    body = re.sub(r"^#.*?\]\s*", "", line).partition("#")[0].strip()
    stack: list[tuple[str, list]] = [("", [])]
    for part in re.findall(r"[^()|]+|[()]", body):
        if part == ")":
            label, children = stack.pop()
            if not stack:
                break
            stack[-1][1].append(Tree(label, tuple(children)))
        elif part == "(":
            *_, last = stack[-1][1] or [""]
            if not isinstance(last, str):
                break
            stack[-1][1].pop()
            stack.append((last.rpartition(":")[2], []))
        else:
            stack[-1][1].append(part)
    if len(stack) != 1 or len(stack[0][1]) != 1:
        raise ValueError(f"{where}: {brief(body)} is no tree as S(agent:NP(Head:Nhaa:word)|Head:VA4:word)")
    return leaf_by_leaf(stack[0][1][0], where)


def leaf_by_leaf(node: Tree | str, where: str) -> Tree:
    """The tree with each "role:tag:word" a word with its tag."""
    if isinstance(node, Tree):
        return Tree(node.label, tuple(leaf_by_leaf(child, where) for child in node.children))
    *_, tag, word = ("", *node.split(":", 2)) if node.count(":") < 2 else node.split(":", 2)
    if not (tag and word):
        raise ValueError(f"{where}: {brief(node)} is no word with its tag, as Head:Nab:word")
    return Tree(tag, (escaped("".join(word.split())),))


@dataclasses.dataclass(frozen=True)
class Joined(TreeCorpus):
    """Corpora that are learned from together: train is of all, valid and test are the first's."""

    corpora: tuple[TreeCorpus, ...]

    def __post_init__(self):
        super().__post_init__()
        if not self.corpora:
            raise ValueError("Joined.corpora is empty: give some, as in (Gum(), Craft())")

    def trees(self, split: str, data_dir: str | None = None) -> list[Tree]:
        """Those of all corpora to learn from, of the first to be judged by."""
        some = self.corpora if known_split(split) == "train" else self.corpora[:1]
        return [tree for corpus in some for tree in corpus.trees(split, data_dir)]

    def protocol(self, split: str) -> str:
        """The corpus's; of train all that there are."""
        some = self.corpora if split == "train" else self.corpora[:1]
        return " + ".join(corpus.protocol(split) for corpus in some)
