"""Small corpora in the layouts of the real ones, out of the generated world: `write(folder)`.

They let every documented command on real data run where there is none.
"""

import csv
import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

from PIL import Image

from data.corpora.glue import TASKS
from data.corpora.marked.impermissible import FOLDER
from data.corpora.sentiment import CrossValidated
from data.corpora.similarity import FILES, GENDERS
from data.world.pictures.scenes import Scenes
from data.world.world import World

WORLD = World(train=120, valid=30, test=30, depth=0, distance=0)
SPLITS = {"train": ("train",), "valid": ("val", "dev", "testa"), "test": ("test",)}


def write(folder: Path) -> None:
    """All of them, below a folder."""
    corpora = (translations, texts, tags, dependencies, constituents, glue, treebank, polar, reviews, words)
    for corpus in (*corpora, questions, impermissible, scenes):
        for path, content in corpus().items():
            where = folder / path
            where.parent.mkdir(parents=True, exist_ok=True)
            where.write_bytes(content if isinstance(content, bytes) else content.encode())


def scenes() -> dict:
    """RSICD: pictures of the world in JPEG, each with its sentence, lower-cased and without its full stop."""
    archive, images = io.BytesIO(), []
    with zipfile.ZipFile(archive, "w") as members:
        for split, (name, *_) in SPLITS.items():
            for number, scene in enumerate(Scenes(train=40, valid=8, test=8).scenes(split)):
                picture, file = io.BytesIO(), f"{name}_{number}.jpg"
                Image.fromarray(scene.picture).save(picture, "JPEG")
                members.writestr(f"RSICD_images/{file}", picture.getvalue())
                said = [word.lower() for word in scene.sentence.tokens["en"][:-1]]
                images.append({"filename": file, "split": name, "sentences": [{"tokens": said}] * 5})
    return {
        "rsicd/RSICD_images.zip": archive.getvalue(),
        "rsicd/dataset_rsicd.json": json.dumps({"images": images, "dataset": "rsicd"}),
    }


def lines(texts) -> str:
    """A text a line."""
    return "".join(f"{text}\n" for text in texts)


def tokens(split: str, language: str = "en") -> list[str]:
    """Lower-cased tokens of each sentence, spaces between."""
    return [" ".join(one.tokens[language]).lower() for one in WORLD.sentences(split)]


def translations() -> dict:
    """Multi30k, raw and tokenised."""
    names = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
    kinds = {"raw": "", "tok": ".lc.norm.tok"}
    return {
        f"multi30k/data/task1/{kind}/{name}{suffix}.{language}": lines(tokens(split, language))
        for kind, suffix in kinds.items()
        for split, name in names.items()
        for language in ("en", "de", "fr")
    }


def texts() -> dict:
    """The Penn Treebank, WikiText-2 with headings, and a long text of characters."""
    found = {f"ptb/ptb.{split}.txt": lines(f" {text} " for text in tokens(split)) for split in SPLITS}
    for split in SPLITS:
        said = tokens(split) * 4  # so that words are often enough there to have vectors
        articles = [
            f" \n = A {split} = \n \n {' '.join(said[at : at + 6])} " for at in range(0, len(said), 6)
        ]
        found[f"wikitext-2/wiki.{split}.tokens"] = lines(articles)
    found["tinyshakespeare/input.txt"] = "\n\n".join(f"ANNA:\n{text}" for text in tokens("train") * 3)
    return found


def tags() -> dict:
    """CoNLL-2003: a word, two columns of no concern, and an entity in IOB1, without test."""
    found = {}
    for split, name in (("train", "eng.train"), ("valid", "eng.testa")):
        blocks = ["-DOCSTART- -X- O O"]
        for one in WORLD.sentences(split):
            pairs = zip(one.tokens["en"], one.entities("en"), strict=True)
            blocks.append("\n".join(f"{word} NN I-NP {tag.replace('B-', 'I-')}" for word, tag in pairs))
        found[f"conll2003/{name}"] = "\n\n".join(blocks) + "\n"
    return found


def dependencies() -> dict:
    """The English Web Treebank: CoNLL-U, a sentence twice, so that relations are often enough there."""
    found = {}
    for split, name in (("train", "train"), ("valid", "dev"), ("test", "test")):
        blocks = []
        for one in WORLD.sentences(split):
            columns = zip(one.tokens["en"], one.tags("en"), one.dependencies("en"), strict=True)
            rows = [
                f"{at}\t{word}\t_\t{tag}\t_\t_\t{arc.head + 1}\t{arc.relation or 'dep'}\t_\t_"
                for at, (word, tag, arc) in enumerate(columns, 1)
            ]
            blocks += [lines(rows)] * 2
        found[f"UD_English-EWT/en_ewt-ud-{name}.conllu"] = lines(blocks)
    return found


def constituents() -> dict:
    """Trees as GUM, CRAFT and NLTK's sample of the Wall Street Journal pack them."""
    trees = {split: [one.tree("en") for one in WORLD.sentences(split)] for split in SPLITS}
    gum = {f"gum/const/GUM_{split}.ptb": lines(trees[split]) for split in SPLITS}
    gum["gum/splits.md"] = "## dev\n\n  * GUM_valid\n\n## test\n\n  * GUM_test\n"
    craft = {f"{number}.tree": lines(trees[split]) for number, split in ((1, "train"), (2, "valid"))}
    rooted = lines(f"( {tree})" for tree in trees["train"][:2])
    with io.BytesIO() as packed:
        with zipfile.ZipFile(packed, "w") as archive:
            for number in range(1, 200):
                archive.writestr(f"treebank/combined/wsj_{number:04}.mrg", rooted)
        sample = packed.getvalue()
    return {
        "gum/gum_const.tar.gz": tar(gum),
        "craft/structural-annotation/treebank/penn.tar.gz": tar(craft),
        "craft/articles/ids/craft-ids-train.txt": "1\n",
        "craft/articles/ids/craft-ids-dev.txt": "2\n",
        "nltk_data/corpora/treebank.zip": sample,
    }


def tar(files: dict[str, str]) -> bytes:
    """An archive of texts, as .tar.gz."""
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return gzip.compress(packed.getvalue())


def glue() -> dict:
    """Every task of GLUE; labels take turns, those of test are hidden."""
    found = {}
    for name, task in TASKS.items():
        if name == "AX":
            continue
        header = [*(task.headless or (*task.texts, task.answer))]
        answers = task.labels or ("0.0", "2.5", "5.0")
        for split, file in (
            ("train", "train"),
            ("valid", f"dev{task.suffix}"),
            ("test", f"test{task.suffix}"),
        ):
            rows = [] if task.headless else [header if split != "test" else [*task.texts]]
            sentences = tokens(split)
            for at, text in enumerate(sentences):
                values = dict.fromkeys(header, "x") | dict(
                    zip(task.texts, (text, sentences[at - 1]), strict=False)
                )
                values[task.answer] = answers[at % len(answers)]
                rows.append(
                    [values[column] for column in (rows[0] if rows and not task.headless else header)]
                )
            found[f"glue_data/{task.folder or name}/{file}.tsv"] = lines("\t".join(row) for row in rows)
    return found


def treebank() -> dict:
    """The Stanford Sentiment Treebank: a class at the root, the same at each word."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for split, name in (("train", "train"), ("valid", "dev"), ("test", "test")):
            trees = []
            for at, text in enumerate(tokens(split)):
                words = " ".join(f"({at % 5} {word})" for word in text.split() if word not in "()")
                trees.append(f"({at % 5} {words})")
            members.writestr(f"trees/{name}.txt", lines(trees))
    return {"sst/trainDevTestTrees_PTB.zip": archive.getvalue()}


def impermissible() -> dict:
    """Both sets of Pruthi et al. 2020: every third word is marked."""
    found = {}
    for folder, names in (("sst-wiki", SPLITS), ("occupation-classification", ("valid", "test"))):
        for split in names:
            name = f"{FOLDER}/{folder}/{'dev' if split == 'valid' else split}.txt"
            said = tokens(split)
            found[name] = lines(f"{at % 2}\t{text}" for at, text in enumerate(said))
            marks = (" ".join("100"[at % 3] for at, _ in enumerate(text.split())) for text in said)
            found[f"{name}.block"] = lines(marks)
    return found


def polar() -> dict:
    """The sets of Kim 2014: two files each."""
    files = [file for pair in CrossValidated.FILES.values() for file in pair.values()]
    return {f"sent-conv/raw/{file}": lines(tokens("train")[at % 2 :: 2]) for at, file in enumerate(files)}


def reviews() -> dict:
    """Amazon's reviews with 1 to 5 stars, and IMDB's archive with 1 to 10."""
    table = io.StringIO()
    rows = csv.writer(table, delimiter="\t", lineterminator="\n")
    rows.writerow(("rating", "date", "variation", "verified_reviews", "feedback"))
    said = [f"{text} {again}" for again in ("once .", "twice .", "again .") for text in tokens("train")]
    rows.writerows((1 + at % 5, "31-Jul-18", "Black", text, 1) for at, text in enumerate(said))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as members:
        for published in ("train", "test"):
            for at, text in enumerate(tokens("train")):
                kind, stars = ("neg", 1 + at % 4) if at % 2 else ("pos", 7 + at % 4)
                content = f"{text} . {text.upper()} .".encode()
                info = tarfile.TarInfo(f"aclImdb/{published}/{kind}/{at}_{stars}.txt")
                info.size = len(content)
                members.addfile(info, io.BytesIO(content))
    return {
        "amazon_alexa/amazon_alexa.tsv": table.getvalue(),
        "imdb/aclImdb_v1.tar.gz": archive.getvalue(),
    }


def words() -> dict:
    """Rated pairs of words, and questions of analogy."""
    known = sorted({word for text in tokens("train") for word in text.split() if word.isalpha()})
    pairs = [(one, other, at % 10) for at, (one, other) in enumerate(zip(known, known[1:], strict=False))]
    found = {}
    for name, path in FILES.items():
        if name == "SimLex-999":
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as members:
                rows = ["word1\tword2\tPOS\tSimLex999", *(f"{a}\t{b}\tN\t{score}" for a, b, score in pairs)]
                members.writestr("SimLex-999/SimLex-999.txt", lines(rows))
            found[path] = archive.getvalue()
        elif name == "WordSim-353":
            rows = (f"{a},{b},{score}" for a, b, score in pairs)
            found[path] = lines(["Word 1,Word 2,Human (mean)", *rows])
        else:
            found[path] = lines(f"{a}\t{b}\t{score}" for a, b, score in pairs)
    asked = [f"{a} {b} {c} {d}" for a, b in GENDERS for c, d in GENDERS if a != c]
    found["word2vec/questions-words.txt"] = lines([": family", *asked, ": gram1-adjective-to-adverb", *asked])
    return found


def questions() -> dict:
    """SQuAD 1.1: the last word of a sentence is what is asked for."""
    found = {}
    for split, name in (("train", "train"), ("valid", "dev")):
        paragraphs = []
        for at, text in enumerate(tokens(split)):
            word = text.split()[0]
            answers = [{"text": word, "answer_start": text.index(word)}]
            asked = {
                "id": f"{split}{at}",
                "question": f"what comes before {text.split()[1]} ?",
                "answers": answers,
            }
            paragraphs.append({"context": text, "qas": [asked]})
        data = {"version": "1.1", "data": [{"title": "t", "paragraphs": paragraphs}]}
        found[f"squad/{name}-v1.1.json"] = json.dumps(data)
    return found
