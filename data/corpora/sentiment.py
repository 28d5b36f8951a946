"""Sentences with one of a few classes: the Stanford Sentiment Treebank, the sets of Kim 2014 §3, and TREC.

`items(split)` gives the sentences of a split with their class, `labels` what the classes are called, and
`protocol` what was read, in the words of a results table.
"""

import dataclasses
import hashlib
import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from data.fields import Bound
from data.files import folders
from data.items.corpus import LabelledCorpus
from data.items.labelled import Labelled
from data.splits import known_split, usual

UNESCAPED = {"-LRB-": "(", "-RRB-": ")", r"\/": "/", r"\*": "*"}
ESCAPE = re.compile("|".join(map(re.escape, UNESCAPED)))
HELD_OUT = 10  # where a set has no valid split, one in so many sentences of its train split is that


@dataclasses.dataclass(frozen=True)
class StanfordSentiment(LabelledCorpus):
    """Film reviews in sentences, a class at every node of the parse -- Socher et al. 2013.

    8,544 / 1,101 / 2,210 sentences of 5 classes (SST-5); with 2 classes neutral ones are left out and
    6,920 / 872 / 1,821 stay (SST-2). `phrases` adds to train every phrase that has a node, each text once.
    """

    classes: Literal[2, 5] = 5
    phrases: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The five classes, or the two."""
        fine = ("very negative", "negative", "neutral", "positive", "very positive")
        return fine if self.classes == 5 else ("negative", "positive")

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The sentences of a split; in train with `phrases` those as well, each text once."""
        name = usual(split)
        archive = folders.locate("sst/trainDevTestTrees_PTB.zip", data_dir)
        source = f"{archive}:{name}.txt"
        lines = folders.read_member(archive, f"{name}.txt")
        trees = [nodes(line, f"{source}, line {number}") for number, line in enumerate(lines, 1)]
        if self.phrases and split == "train":
            chosen = list({text: (label, text) for tree in trees for label, text in tree}.values())
        else:
            chosen = [tree[-1] for tree in trees]
        if self.classes == 5:
            return [Labelled(text, None, label) for label, text in chosen]
        return [Labelled(text, None, int(label > 2)) for label, text in chosen if label != 2]

    def protocol(self, split: str) -> str:
        """sst-CLASSES SPLIT, and whether phrases are in it."""
        phrases = ", all its phrases" if self.phrases and known_split(split) == "train" else ""
        return f"sst-{self.classes} {known_split(split)}{phrases}"


def nodes(tree: str, where: str) -> list[tuple[int, str]]:
    """(class, text) of every node of "(3 (2 not) (3 bad))", those within a node before it, the root last."""
    found, open_nodes = [], []
    tokens = re.findall(r"[()]|[^\s()]+", tree)
    for before, token in zip(["", *tokens], tokens, strict=False):
        if before == "(":
            if token not in ("0", "1", "2", "3", "4"):
                raise ValueError(
                    f"{where}: a node has the class {token[:20]!r}, which must be 0, 1, 2, 3 or 4"
                )
            open_nodes.append((int(token), []))
        elif not open_nodes and (found or token != "("):
            raise ValueError(f"{where}: {token[:20]!r} stands outside of the tree's brackets")
        elif token == ")":
            label, words = open_nodes.pop()
            if not words:
                raise ValueError(f"{where}: a node without words")
            found.append((label, " ".join(words)))
            if open_nodes:
                open_nodes[-1][1].extend(words)
        elif token != "(":
            open_nodes[-1][1].append(ESCAPE.sub(lambda escape: UNESCAPED[escape[0]], token))
    if open_nodes or not found:
        raise ValueError(f"{where}: a tree is (class word) or (class tree tree), but brackets are left open")
    return found


@dataclasses.dataclass(frozen=True)
class CrossValidated(LabelledCorpus):
    """A set without splits of its own, read in ten folds: `fold` is test, a tenth of the rest valid.

    MR: sentences of film reviews, 5,331 of each class -- Pang & Lee 2005. SUBJ: 5,000 subjective and 5,000
    objective ones -- Pang & Lee 2004. CR: customer reviews, 2,407 positive, 1,368 negative -- Hu & Liu 2004.
    MPQA: short opinions, 3,312 positive, 7,294 negative -- Wiebe et al. 2005. All as Kim 2014 had them.
    The published accuracies are means over the folds 0 to 9. A sentence's text alone decides its fold, so
    what a set says twice is in one split only. Empty lines, four of CR and three of MPQA, stay out.
    """

    FOLDS: ClassVar[int] = 10
    FILES: ClassVar[dict[str, dict[str, str]]] = {
        "MR": {"negative": "rt-polarity.neg", "positive": "rt-polarity.pos"},
        "SUBJ": {"objective": "subj.objective", "subjective": "subj.subjective"},
        "CR": {"negative": "custrev.neg", "positive": "custrev.pos"},
        "MPQA": {"negative": "mpqa.neg", "positive": "mpqa.pos"},
    }

    name: Literal["MR", "SUBJ", "CR", "MPQA"] = "MR"
    fold: Annotated[int, Bound(least=0, most=9)] = 0

    def of_seed(self, seed: int) -> "CrossValidated":
        """The fold of that number: ten seeds are the ten folds."""
        return dataclasses.replace(self, fold=seed)

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of the set, as FILES has them."""
        return tuple(self.FILES[self.name])

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The sentences of a split, one class after the other."""
        known_split(split)
        files = self.FILES[self.name].values()
        paths = [folders.locate(f"sent-conv/raw/{file}", data_dir) for file in files]
        return [
            Labelled(line, None, label)
            for label, path in enumerate(paths)
            for line in sentences(path)
            if line and self.split_of(line) == split
        ]

    def split_of(self, sentence: str) -> str:
        """The split of a sentence in this fold."""
        number = fingerprint(sentence)
        if number % self.FOLDS == self.fold:
            return "test"
        return "valid" if number // self.FOLDS % HELD_OUT == 0 else "train"

    def protocol(self, split: str) -> str:
        """The same of every fold: the ten make one cell of a table."""
        return f"{self.name}, ten folds, {known_split(split)}"


@dataclasses.dataclass(frozen=True)
class TREC(LabelledCorpus):
    """Questions by what their answer is: 6 classes, or 50 of `fine` ones; 5,452 / 500 -- Li & Roth 2002.

    A tenth of the published train file, by the questions' text, is valid.
    """

    COARSE: ClassVar[tuple[str, ...]] = ("ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM")
    FINE: ClassVar[str] = (
        "ABBR:abb ABBR:exp DESC:def DESC:desc DESC:manner DESC:reason ENTY:animal ENTY:body ENTY:color "
        "ENTY:cremat ENTY:currency ENTY:dismed ENTY:event ENTY:food ENTY:instru ENTY:lang ENTY:letter "
        "ENTY:other ENTY:plant ENTY:product ENTY:religion ENTY:sport ENTY:substance ENTY:symbol "
        "ENTY:techmeth ENTY:termeq ENTY:veh ENTY:word HUM:desc HUM:gr HUM:ind HUM:title LOC:city "
        "LOC:country LOC:mount LOC:other LOC:state NUM:code NUM:count NUM:date NUM:dist NUM:money NUM:ord "
        "NUM:other NUM:perc NUM:period NUM:speed NUM:temp NUM:volsize NUM:weight"
    )

    fine: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The 6 classes, or the 50."""
        return tuple(self.FINE.split()) if self.fine else self.COARSE

    def items(self, split: str, data_dir: str | None = None) -> list[Labelled]:
        """The questions of a split in the file's order."""
        name = "TREC_10.label" if known_split(split) == "test" else "train_5500.label"
        path = folders.located(f"TREC/{name}", "https://cogcomp.seas.upenn.edu/Data/QA/QC", data_dir)
        found = []
        for number, line in enumerate(sentences(path), 1):
            label, _, question = line.partition(" ")
            name = label if self.fine else label.partition(":")[0]
            if not question or name not in self.labels:
                raise ValueError(
                    f"{path}, line {number}: begins with {label[:20]!r}, but a line is class:kind, a space "
                    f"and a question, of class {', '.join(self.COARSE)}"
                )
            held = fingerprint(question) % HELD_OUT == 0
            if split == "test" or held == (split == "valid"):
                found.append(Labelled(question, None, self.labels.index(name)))
        return found

    def protocol(self, split: str) -> str:
        """TREC-CLASSES SPLIT, and how it is cut."""
        cut = "" if known_split(split) == "test" else " by hash of the train file"
        return f"TREC-{len(self.labels)} {split}{cut}"


def sentences(path: Path) -> list[str]:
    """The lines of a file in UTF-8 or else in Latin-1, as these sets have both."""
    content = folders.read_bytes(path)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        content = content.decode("latin-1").encode()
    return [line.strip() for line in folders.decode_lines(content, path)]


def fingerprint(sentence: str) -> int:
    """A large number that is a function of the text alone."""
    return int.from_bytes(hashlib.blake2b(sentence.encode(), digest_size=8).digest(), "big")
