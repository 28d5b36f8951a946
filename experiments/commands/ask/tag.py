"""Tag words with a trained run: a sentence a line in, words between spaces; a word and its tag a line out.

examples:
  lookback tag "runs/tagging-conll2003/BiLSTM-CRF + characters/0" < sentences.txt > tagged.tsv
  echo "Anna wohnt in Wien ." | lookback tag runs/tagging/BiLSTM-CRF/0

Between a word and its tag is a tab, and after each sentence a blank line. Tags of entities are in IOB2. What
was a word of its own in the corpus that the run learned from, such as a full stop, must be one here.
"""

import argparse
import sys

from experiments.command_line import stdin, unknown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed after `tag`."""
    parser.add_argument("run_dir", help="directory of a trained tagger, as in runs/tagging/BiLSTM-CRF/0")


def execute(arguments: argparse.Namespace) -> None:
    """Print each word with its tag."""
    from train import devices

    devices.setup()
    from data.files.outside_text import words_of
    from train.inference.word_tagger import WordTagger
    from train.weights.load import load

    tagger = WordTagger(load(arguments.run_dir))
    with unknown.told(tagger.trained.tokenizer) as note:
        for texts in stdin.lines():
            note(texts)
            sentences = [words_of(text) for text in texts]
            for words, tags in zip(sentences, tagger(sentences), strict=True):
                print(*(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)), sep="")
            sys.stdout.flush()
