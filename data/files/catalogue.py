"""What the repository knows about each named corpus: its files, checksums, licence and where it comes from.

The numbers stand in `catalogue.tsv`, a line a file. Size and sha256 are those of the plain text, since two
gzips of one text differ; an archive (.zip) is read in place and stands with its own bytes. A url of "-"
means that no public address serves that file alone. manythings.org puts new editions under old names, so its
archives are fetched from copies pinned to a commit.
"""

import csv
import dataclasses
from pathlib import Path

from data.splits import known


@dataclasses.dataclass(frozen=True)
class File:
    """One file by its usual path under a data folder, plain; `path + ".gz"` is accepted in its place."""

    path: str
    size: int
    sha256: str
    url: str | None


@dataclasses.dataclass(frozen=True)
class Corpus:
    """A published data set: what to call it, what may be done with it, and its files.

    `by_hand` says how to come by files that have no url.
    """

    name: str
    title: str
    kind: str
    licence: str
    homepage: str
    citation: str
    files: tuple[File, ...]
    by_hand: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files, plain."""
        return sum(file.size for file in self.files)


def get(name: str) -> Corpus:
    """The corpus of a name; ValueError with the nearest name where there is none."""
    return CORPORA[known("corpus", name, CORPORA)]


def _files(corpus: str) -> tuple[File, ...]:
    with Path(__file__).with_name("catalogue.tsv").open(encoding="utf-8", newline="") as table:
        return tuple(
            File(row["path"], int(row["size"]), row["sha256"], None if row["url"] == "-" else row["url"])
            for row in csv.DictReader(table, delimiter="\t")
            if row["corpus"] == corpus
        )


CORPORA = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="multi30k",
            title="Multi30k, task 1: captions of pictures in four languages",
            kind="parallel: en de fr cs",
            licence="no licence text; derived from Flickr30k, for non-commercial research and education",
            homepage="https://github.com/multi30k/dataset",
            citation="Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions",
            files=_files("multi30k"),
        ),
        Corpus(
            name="tatoeba",
            title="Tatoeba sentence pairs of manythings.org (German 2018-04-07, French 2017-09-29)",
            kind="parallel: en-de en-fr",
            licence="CC BY 2.0",
            homepage="https://www.manythings.org/anki/",
            citation="tatoeba.org, by way of manythings.org/anki",
            files=_files("tatoeba"),
        ),
        Corpus(
            name="newstest",
            title="WMT newstest2013 and newstest2014, plain text: test sets only",
            kind="parallel: 2013 en de fr cs, 2014 en-de en-fr",
            licence="free for research (WMT)",
            homepage="https://www.statmt.org/wmt14/translation-task.html",
            citation="Bojar et al. 2014, Findings of the 2014 Workshop on Statistical Machine Translation",
            files=_files("newstest"),
            by_hand="take it from statmt.org (dev.tgz of wmt13, test-full.tgz of wmt14) or from "
            "sacreBLEU's mirrors (`sacrebleu -t wmt14/full -l en-de --echo src`)",
        ),
        Corpus(
            name="ptb",
            title="Penn Treebank, as Mikolov made it ready for language models",
            kind="text: en, words",
            licence="LDC User Agreement (text of LDC99T42): for research, not to be passed on",
            homepage="https://catalog.ldc.upenn.edu/LDC99T42",
            citation="Marcus et al. 1993; Mikolov et al. 2010, Recurrent neural network based language model",
            files=_files("ptb"),
        ),
        Corpus(
            name="wikitext-2",
            title="WikiText-2, word level",
            kind="text: en, words",
            licence="CC BY-SA 3.0",
            homepage="https://huggingface.co/datasets/Salesforce/wikitext",
            citation="Merity et al. 2017, Pointer Sentinel Mixture Models",
            files=_files("wikitext-2"),
        ),
        Corpus(
            name="tinyshakespeare",
            title="Tiny Shakespeare: 40,000 lines of his plays",
            kind="text: en, characters",
            licence="public domain",
            homepage="https://github.com/karpathy/char-rnn",
            citation="Karpathy 2015, The Unreasonable Effectiveness of Recurrent Neural Networks",
            files=_files("tinyshakespeare"),
        ),
        Corpus(
            name="warpeace",
            title="Tolstoy's War and Peace in English",
            kind="text: en, characters",
            licence="public domain",
            homepage="https://cs.stanford.edu/people/karpathy/char-rnn/",
            citation="Karpathy et al. 2015, Visualizing and Understanding Recurrent Networks",
            files=_files("warpeace"),
        ),
        Corpus(
            name="gpt2",
            title="GPT-2's byte-level BPE: its 50,257 pieces and 50,000 merges",
            kind="tokenizer",
            licence="Modified MIT (GPT-2)",
            homepage="https://github.com/openai/gpt-2",
            citation="Radford et al. 2019, Language Models are Unsupervised Multitask Learners",
            files=_files("gpt2"),
        ),
        Corpus(
            name="word-similarity",
            title="Pairs of words rated by people: WordSim-353, SimLex-999, MEN, RW, SimVerb and others",
            kind="word pairs: en, scores",
            licence="WordSim-353 CC BY 4.0; the others are free for research",
            homepage="https://github.com/mfaruqui/eval-word-vectors",
            citation="Finkelstein et al. 2002; Hill et al. 2015; Bruni et al. 2014; Luong et al. 2013",
            files=_files("word-similarity"),
            by_hand="take word-sim/ from that repository, the three others from their own pages",
        ),
        Corpus(
            name="google-analogies",
            title="Google's analogies: 19,544 questions in 14 sections",
            kind="analogies: en",
            licence="Apache-2.0",
            homepage="https://github.com/tmikolov/word2vec",
            citation="Mikolov et al. 2013, Efficient Estimation of Word Representations in Vector Space",
            files=_files("google-analogies"),
            by_hand="copy questions-words.txt of its repository into word2vec/",
        ),
        Corpus(
            name="conll2003",
            title="CoNLL-2003 English: names of persons, places, organisations and others in Reuters news",
            kind="tagged: en, entities",
            licence="Reuters Corpus agreement (NIST): for research, not to be passed on",
            homepage="https://www.clips.uantwerpen.be/conll2003/ner/",
            citation="Tjong Kim Sang & De Meulder 2003, Introduction to the CoNLL-2003 Shared Task",
            files=_files("conll2003"),
            by_hand="make it from the shared task's annotation and NIST's Reuters Corpus (eng.testb too)",
        ),
        Corpus(
            name="ud_english-ewt",
            title="Universal Dependencies, English Web Treebank, of May 2025 (before release 2.16)",
            kind="tagged: en, parts of speech",
            licence="CC BY-SA 4.0",
            homepage="https://github.com/UniversalDependencies/UD_English-EWT",
            citation="Silveira et al. 2014, A Gold Standard Dependency Corpus for English",
            files=_files("ud_english-ewt"),
            by_hand="take it from its repository; other releases differ in single annotations",
        ),
        Corpus(
            name="glue",
            title="GLUE without CoLA, QQP, MNLI and QNLI's train.tsv, which are read where they are",
            kind="texts and pairs: en, classes and scores",
            licence="that of each task; MRPC: Microsoft Research, non-commercial",
            homepage="https://gluebenchmark.com",
            citation="Wang et al. 2019, GLUE: A Multi-Task Benchmark for Natural Language Understanding",
            files=_files("glue"),
            by_hand="take each TASK.zip from gluebenchmark.com/tasks into glue_data/TASK/",
        ),
        Corpus(
            name="sst",
            title="Stanford Sentiment Treebank: sentences of film reviews, a class at every node",
            kind="sentences: en, 5 classes",
            licence="none stated; for research",
            homepage="https://nlp.stanford.edu/sentiment/",
            citation="Socher et al. 2013, Recursive Deep Models for Semantic Compositionality",
            files=_files("sst"),
            by_hand="take trainDevTestTrees_PTB.zip from nlp.stanford.edu/sentiment into sst/",
        ),
        Corpus(
            name="sent-conv",
            title="MR, SUBJ, CR and MPQA as Kim 2014 had them",
            kind="sentences: en, 2 classes",
            licence="MR, SUBJ and CR CC BY 4.0 as NLTK lists them; MPQA none stated, for research",
            homepage="https://github.com/harvardnlp/sent-conv-torch",
            citation="Kim 2014, Convolutional Neural Networks for Sentence Classification",
            files=_files("sent-conv"),
            by_hand="copy the files of its repository's data folder into sent-conv/raw/",
        ),
        Corpus(
            name="rsicd",
            title="RSICD: pictures from the air with five captions each, at 112 x 112 pixels",
            kind="captioned pictures: en",
            licence="none stated; for research, not to be passed on",
            homepage="https://github.com/201528014227051/RSICD_optimal",
            citation="Lu et al. 2018, Exploring Models and Data for Remote Sensing Image Caption Generation",
            files=_files("rsicd"),
            by_hand="scale the pictures of its page to 112 x 112; rsicd/ takes them as a zip, and the JSON",
        ),
        Corpus(
            name="amazon-alexa",
            title="Reviews of Amazon's loudspeakers with stars",
            kind="reviews: en, 1 to 5 stars",
            licence="CC BY-NC-SA 4.0 as its publisher lists it",
            homepage="https://www.kaggle.com/datasets/sid321axn/amazon-alexa-reviews",
            citation="Amazon Alexa Reviews, Kaggle 2018",
            files=_files("amazon-alexa"),
            by_hand="take amazon_alexa.tsv from Kaggle into amazon_alexa/",
        ),
    )
}
