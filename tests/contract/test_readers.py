"""Every reader of files from outside, given files that were changed at random: it reads them, or says in a
line what is wrong. `COUNT` changed inputs a reader here; with thousands the same holds."""

import gzip
import io
import json
import random
import shutil
import tarfile
import time
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import old_torch
import pytest
import stand_ins
from jax import eval_shape, tree
from jax import random as jax_random
from run_folder import write_run

from data.corpora.captioned.rsicd import RSICD
from data.corpora.glue import Glue
from data.corpora.parallel import Files, Multi30k, Tatoeba
from data.corpora.reviews import IMDB, AmazonAlexa
from data.corpora.sentiment import TREC, CrossValidated, StanfordSentiment
from data.corpora.similarity import GoogleAnalogies, WordPairs
from data.corpora.squad import Squad
from data.corpora.tags import Conll2003, TagFiles, UdEwt
from data.corpora.text import PennTreebank, TextFiles
from data.files import arpa, arrays, folders, torch_pickle, vectors
from data.tokenizers.levels import BPE, ByteBPE, PublishedGPT2, SavedTokenizer, Words
from data.tokenizers.whole_words import read_words
from data.tokenizers.wordpiece import PublishedWordPiece, WordPiece, write_vocabulary
from experiments.bench import results
from experiments.command_line import configuration
from experiments.command_line.refusals import LONGEST, is_refusal, one_line
from models.encoders.elmo import ELMo
from train.folder import claim, record
from train.inference.loaded import load
from train.weights.bert import read_bert
from train.weights.elmo import read_elmo, write_elmo
from train.weights.gpt2 import read_gpt2
from train.weights.load import published

COUNT = 12
SLOWEST = 20.0  # seconds for what is read in a hundredth, with room for a busy machine
GOLDEN = Path(__file__).parents[1] / "golden"
LINES = "the old baker opens the door .\nanna's cat sees über 12 öfen\n" * 6
FRAGMENTS = (
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n\n",
        b"\t",
        b"\t\t",
        b'"',
        b"'",
        b"\\",
        b" ",
        b"\xc2\xa0",
    ),
    *(b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\x0c", b"\x1b[31m", b"-1", b"0", b"1e999", b"nan", b"2147483648"),
    *(b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"x" * 5000, b"null", b"true", b"{}", b"[]", b'"\\ud800"'),
)


def changed(content: bytes, rng: random.Random) -> bytes:
    """A file with one to three changes: bytes or numbers replaced, cut out, doubled, put in, or cut off."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(content) + 1)
        end = min(len(content), at + rng.choice((1, 1, 4, 30, 400)))
        piece = rng.choice(FRAGMENTS)
        numbers = [(at, end) for at, end in spans_of_digits(content[: 1 << 16])]
        way = rng.randrange(7)
        if way == 0:
            content = content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]
        elif way == 1:
            content = content[:at] + content[end:]
        elif way == 2:
            content = content[:end] + content[at:end] * rng.choice((1, 3)) + content[end:]
        elif way == 3:
            content = content[:at] + piece + content[at:]
        elif way == 4:
            content = content[:at] + piece + content[end:]
        elif way == 5:
            content = content[:at]
        elif numbers:
            first, last = rng.choice(numbers)
            content = content[:first] + piece + content[last:]
    return content


def spans_of_digits(content: bytes) -> list[tuple[int, int]]:
    """Where numbers stand."""
    found, start = [], None
    for place, byte in enumerate(content + b" "):
        if 48 <= byte <= 57:
            start = place if start is None else start
        elif start is not None:
            found.append((start, place))
            start = None
    return found


def put(path: Path, content: bytes | str) -> None:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def zipped(name: str, text: str) -> bytes:
    """A zip archive of one member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"folder/{name}", text)
    return packed.getvalue()


def films() -> bytes:
    """An archive of IMDB's kind."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for part in ("train", "test"):
            for number in range(12):
                member = tarfile.TarInfo(f"aclImdb/{part}/pos/{number}_{number % 4 + 7}.txt")
                content = f"A fine film , number {number} .<br />Go .".encode()
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def squad() -> str:
    """A file in SQuAD's format."""
    context = "Anna lives in Vienna since 1990 ."
    asked = [
        {"id": str(n), "question": "Where ?", "answers": [{"text": "Vienna", "answer_start": 14}]}
        for n in range(4)
    ]
    return json.dumps({"data": [{"paragraphs": [{"context": context, "qas": asked}]}]})


def elmo(folder: Path) -> None:
    """A small published ELMo."""
    model = ELMo(features=3, cells=4, num_layers=1, filters=((1, 2), (2, 3)), character_dim=2, highways=1)
    ids, characters = np.ones((1, 1), np.int32), np.ones((1, 1, 1), np.int32)
    shapes = eval_shape(model.init, jax_random.key(0), ids, None, characters)["params"]
    write_elmo(folder, model, tree.map(lambda leaf: np.ones(leaf.shape, np.float32), shapes))


def run_folder(folder: Path) -> None:
    """run.json and metrics.jsonl of a run."""
    from experiments.tables.catalogue import tables
    from train.parts import to_tree

    run = tables()["sentences"].rows["LSTM"]
    lines = [
        {"kind": "train", "step": 1, "loss": 2.5},
        {"kind": "valid", "step": 1, "loss": 2.0},
        {"kind": "result", "metric": "accuracy", "name": "test", "value": 7.0, "protocol": {}, "options": {}},
        {"kind": "cost", "seconds": 3.0},
    ]
    fields = {"experiment": "t", "row": "a", "seed": 0, "run": to_tree(run), "tokenizer": "x"}
    write_run(folder, *lines, **fields)


def gpt2_vocabulary(folder: Path) -> None:
    """encoder.json and vocab.bpe."""
    core = ByteBPE(size=300).train([LINES]).core
    folder.mkdir(exist_ok=True)
    core.model.save(str(folder))
    (folder / "vocab.json").rename(folder / "encoder.json")
    (folder / "merges.txt").rename(folder / "vocab.bpe")


def saved(level):
    """tokenizer.json of a level."""
    return lambda folder: put(folder / "tokenizer.json", level.train([LINES]).serialised)


def each_split(corpus, folder: Path) -> None:
    """Every split of a corpus."""
    for split in ("train", "valid", "test"):
        corpus.items(split, str(folder))


WORDS = "the DT O O\nbaker NN O B-PER\n\nanna NNP B-PER B-PER\nwins VB O O\n\n" * 4
UD = "# text = Anna wins\n1-2\tx\t_\t_\t_\t_\t_\t_\t_\t_\n"
UD += "1\tAnna\tAnna\tPROPN\tNNP\t_\t0\troot\t_\t_\n"
UD += "2\twins\twin\tVERB\tVBZ\t_\t0\troot\t_\t_\n\n"
GRAMS = "\\data\\\nngram 1=4\nngram 2=2\n\n\\1-grams:\n-1\t<s>\t-0.3\n-0.5\t</s>\n-0.7\t<unk>\t0\n"
GRAMS += "-0.9\ta\t-0.1\n\n\\2-grams:\n-0.2\t<s> a\n-0.4\ta </s>\n\n\\end\\\n"
VECTORS = "3 4\nthe 1.5 2 3 4\nbaker 0.1 0.2 0.3 0.4\nanna -1 -2 -3e-2 4\n"
BINARY = b"2 3\nthe " + np.arange(3, dtype="<f4").tobytes() + b"\nanna " + np.ones(3, "<f4").tobytes() + b"\n"
GLUE = "index\tsentence1\tsentence2\tlabel\n" + "".join(f"{n}\tA b .\tC d .\tentailment\n" for n in range(6))
ALEXA = "rating\tdate\tvariation\tverified_reviews\tfeedback\n" + '5\td\tv\t"Good, ""very""\nso"\t1\n' * 6
TREES = "(3 (2 not) (4 (2 so) (1 bad)))\n(0 (1 awful) (2 .))\n" * 4
RESULTS = '{"format": 1, "lines": [\n{"name": "a", "ours": {"seconds": 1.5}}\n]}\n'
PAIRS = "Word 1,Word 2,Human (mean)\nlove,sex,6.77\ntiger,cat,7.35\n"

# {name: (write a sound input into a folder, read it)}
READERS = {
    "lines": (lambda f: put(f / "x.txt", LINES), lambda f: folders.read_lines(f / "x.txt")),
    "gzip": (
        lambda f: put(f / "x.gz", gzip.compress(LINES.encode())),
        lambda f: folders.read_lines(f / "x.gz"),
    ),
    "Penn Treebank": (
        lambda f: put(f / "ptb/ptb.train.txt", LINES),
        lambda f: PennTreebank().text("train", str(f)),
    ),
    "a text": (lambda f: put(f / "x.txt", LINES), lambda f: TextFiles(str(f)).documents("train")),
    "pairs in files": (
        lambda f: [
            put(f / f"{split}.{language}", LINES)
            for split in ("train", "valid", "test")
            for language in ("en", "de")
        ],
        lambda f: Files(*(str(f / s) for s in ("train", "valid", "test"))).pairs("train", "en", "de"),
    ),
    "Multi30k": (
        lambda f: [
            put(f / f"multi30k/data/task1/raw/val.{end}.gz", gzip.compress(LINES.encode()))
            for end in ("en", "de")
        ],
        lambda f: Multi30k().pairs("valid", "en", "de", str(f)),
    ),
    "zip of pairs": (
        lambda f: put(
            f / "manythings/deu-eng.zip", zipped("deu.txt", "Go .\tGeh .\tx\nRun .\tLauf .\tx\n" * 9)
        ),
        lambda f: Tatoeba().pairs("train", "en", "de", str(f)),
    ),
    "zip of trees": (
        lambda f: put(f / "sst/trainDevTestTrees_PTB.zip", zipped("dev.txt", TREES)),
        lambda f: StanfordSentiment().items("valid", str(f)),
    ),
    "zip of word pairs": (
        lambda f: put(
            f / "word-similarity/SimLex-999.zip",
            zipped("SimLex-999.txt", "w\tv\tP\tS\n" + "old\tnew\tA\t1.58\n" * 3),
        ),
        lambda f: WordPairs("SimLex-999").pairs(str(f)),
    ),
    "tar of films": (
        lambda f: put(f / "imdb/aclImdb_v1.tar.gz", films()),
        lambda f: IMDB().items("train", str(f)),
    ),
    "tar of films, not packed": (
        lambda f: put(f / "imdb/aclImdb_v1.tar.gz", gzip.decompress(films())),
        lambda f: IMDB().items("train", str(f)),
    ),
    "stars": (
        lambda f: put(f / "amazon_alexa/amazon_alexa.tsv", ALEXA),
        lambda f: each_split(AmazonAlexa(), f),
    ),
    "sentences of two classes": (
        lambda f: [put(f / f"sent-conv/raw/rt-polarity.{end}", LINES) for end in ("neg", "pos")],
        lambda f: each_split(CrossValidated(), f),
    ),
    "pictures with captions": (
        lambda f: [put(f / path, content) for path, content in stand_ins.scenes().items()],
        lambda f: RSICD(side=8).items("valid", str(f)),
    ),
    "TREC": (
        lambda f: put(f / "TREC/train_5500.label", "NUM:dist How far is it ?\nHUM:ind Who are you ?\n" * 5),
        lambda f: TREC().items("train", str(f)),
    ),
    "GLUE": (
        lambda f: put(f / "glue_data/RTE/train.tsv", GLUE.replace("RTE", "")),
        lambda f: Glue("RTE").items("train", str(f)),
    ),
    "word pairs": (
        lambda f: put(f / "word-similarity/wordsim353/combined.csv", PAIRS),
        lambda f: WordPairs().pairs(str(f)),
    ),
    "analogies": (
        lambda f: put(f / "word2vec/questions-words.txt", ": capital\nAthens Greece Vienna Austria\n" * 3),
        lambda f: GoogleAnalogies().questions(str(f)),
    ),
    "SQuAD": (lambda f: put(f / "squad/dev-v1.1.json", squad()), lambda f: Squad().items("valid", str(f))),
    "tags of a user": (
        lambda f: put(f / "tags.txt", WORDS),
        lambda f: each_split(TagFiles(*[str(f / "tags.txt")] * 3), f),
    ),
    "CoNLL-2003": (
        lambda f: put(f / "conll2003/eng.train", "-DOCSTART- -X- O O\n\n" + WORDS),
        lambda f: Conll2003().items("train", str(f)),
    ),
    "CoNLL-U": (
        lambda f: put(f / "UD_English-EWT/en_ewt-ud-dev.conllu", UD * 3),
        lambda f: UdEwt().items("valid", str(f)),
    ),
    "vectors": (lambda f: put(f / "x.vec", VECTORS), lambda f: vectors.read(f / "x.vec")),
    "vectors without a header": (
        lambda f: put(f / "x.txt", VECTORS.partition("\n")[2]),
        lambda f: vectors.read(f / "x.txt"),
    ),
    "vectors in binary": (lambda f: put(f / "x.bin", BINARY), lambda f: vectors.read(f / "x.bin")),
    "ARPA": (
        lambda f: put(f / "x.arpa", GRAMS),
        lambda f: arpa.read(f / "x.arpa", ["<pad>", "<s>", "</s>", "<unk>", "a"]),
    ),
    "ARPA, packed": (
        lambda f: put(f / "x.arpa", gzip.compress(GRAMS.encode())),
        lambda f: arpa.read(f / "x.arpa", ["<pad>", "<s>", "</s>", "<unk>", "a"]),
    ),
    "GPT-2's vocabulary": (gpt2_vocabulary, lambda f: PublishedGPT2(str(f)).tokenizer(list).encode(["a b"])),
    "BERT's vocabulary": (
        lambda f: write_vocabulary(WordPiece(size=60).train([LINES]), f / "vocab.txt"),
        lambda f: PublishedWordPiece(str(f)).tokenizer(list).encode(["a b"]),
    ),
    "a tokenizer of BPE": (
        saved(BPE(size=60)),
        lambda f: SavedTokenizer(str(f / "tokenizer.json")).tokenizer(list).encode(["a b"]),
    ),
    "a tokenizer of words": (
        saved(Words(least=1)),
        lambda f: SavedTokenizer(str(f / "tokenizer.json")).tokenizer(list).encode(["a b"]),
    ),
    "GPT-2": (lambda f: shutil.copytree(GOLDEN / "gpt2", f, dirs_exist_ok=True), lambda f: read_gpt2(f)),
    "BERT": (lambda f: shutil.copytree(GOLDEN / "bert", f, dirs_exist_ok=True), lambda f: read_bert(f)),
    "weights of any kind": (
        lambda f: shutil.copytree(GOLDEN / "bert", f, dirs_exist_ok=True),
        lambda f: published(f),
    ),
    "a BERT that is asked": (
        lambda f: shutil.copytree(GOLDEN / "bert", f, dirs_exist_ok=True),
        lambda f: load(f).trained.tokenizer.encode(["a b"]),
    ),
    "ELMo": (elmo, lambda f: read_elmo(f)),
    "ELMo's words": (
        lambda f: put(f / "vocabulary.txt", "<S>\n</S>\n<UNK>\n" + "\n".join(LINES.split())),
        lambda f: read_words(f).encode(["a b"]),
    ),
    "a run": (run_folder, lambda f: (claim.read(f), record.read(f))),
    "run.json as a configuration": (run_folder, lambda f: configuration.read(str(f / "run.json"))),
    "a configuration": (
        lambda f: put(
            f / "mine", "# mine\nsteps=3\nmodel.dropout=0.1 # x\nseed=2\ntask.corpus=Files(train='a')\n"
        ),
        lambda f: configuration.read(str(f / "mine")),
    ),
    "arrays": (
        lambda f: np.savez_compressed(f / "x.npz", text=np.array("ab"), cells=np.arange(6.0).reshape(2, 3)),
        lambda f: arrays.read(f / "x.npz", "text", "cells"),
    ),
    "weights of torch": (
        lambda f: put(f / "x.pth", old_torch.packed(OrderedDict(a=old_torch.tensor(0, (2, 3), (3, 1))))),
        lambda f: torch_pickle.read(f / "x.pth"),
    ),
    "outputs": (
        lambda f: (run_folder(f), put(f / "outputs" / "test.source", LINES)),
        lambda f: record.read(f).output("test", "source"),
    ),
    "results of a benchmark": (lambda f: put(f / "x.json", RESULTS), lambda f: results.read(f / "x.json")),
}


@pytest.fixture(autouse=True)
def no_other_data(monkeypatch, tmp_path):
    monkeypatch.delenv("LOOKBACK_DATA", raising=False)
    monkeypatch.setenv("LOOKBACK_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", READERS)
def test_a_changed_file_is_read_or_refused_in_a_line(name, tmp_path):
    write, read = READERS[name]
    (sound := tmp_path / "sound").mkdir()
    write(sound)
    read(sound)
    files = sorted(path.relative_to(sound) for path in sound.rglob("*") if path.is_file())
    for number in range(COUNT):
        rng = random.Random(f"{name} {number}")
        folder = Path(shutil.copytree(sound, tmp_path / str(number)))
        path = folder / rng.choice(files)
        path.write_bytes(changed(path.read_bytes(), rng))
        begun = time.monotonic()
        try:
            read(folder)
        except (ValueError, OSError) as error:
            assert is_refusal(error), (number, error)
            assert "\n" not in str(error) and len(one_line(error)) <= LONGEST, (number, str(error))
        assert time.monotonic() - begun < SLOWEST, number
        shutil.rmtree(folder)
