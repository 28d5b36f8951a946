"""A published BERT or ELMo as a trained run: what asks runs can ask it, for vectors or for masked tokens."""

from pathlib import Path

from data.corpora.unknown_text import UnknownText
from data.tasks.bidirectional import BidirectionalText
from data.tasks.pretraining import Pretraining
from data.tokenizers import published_folder
from data.tokenizers.levels import SavedTokenizer
from data.tokenizers.whole_words import WholeWords, read_words
from data.tokenizers.wordpiece import PublishedWordPiece, has_pieces
from models.heads.encoder_alone import EncoderAlone
from models.heads.masked_lm import MaskedLM
from train.run import Run, Trained
from train.weights.bert import heads, read_bert
from train.weights.elmo import read_elmo


def trained_bert(folder: Path) -> Trained:
    """The BERT of a folder with its tokenizer, and the head that predicts masked tokens where it has one.

    Whether one text follows another it says too, where it was published to. ValueError where there is no
    tokenizer.
    """
    encoder, params = read_bert(folder)
    where = folder.absolute()
    if has_pieces(folder):
        level = PublishedWordPiece(str(where))
    elif (path := where / published_folder.WHOLE).is_file():  # other ids than pieces, as exported from here
        level = SavedTokenizer(str(path))
    else:
        raise ValueError(
            f"{folder}: no vocab.txt and no tokenizer.json: copy the files of its tokenizer there"
        )
    tokenizer = level.tokenizer(list)
    there = {head for head, arrays in heads(encoder).items() if arrays[0][0].partition("/")[0] in params}
    kind = MaskedLM if "cls.predictions" in there else EncoderAlone
    model = kind(vocab_size=encoder.vocab_size, encoder=encoder)
    task = Pretraining(UnknownText(), level, encoder.context, "cls.seq_relationship" in there)
    run = Run(model=model.with_sizes(0, 1), task=task, initial=str(folder))
    return Trained(run, model, params, tokenizer, "as published", folder)


def trained_elmo(folder: Path) -> Trained:
    """The ELMo of a folder: states of words by their characters, whether or not a vocabulary lists them."""
    encoder, params = read_elmo(folder)
    tokenizer = read_words(folder)
    model = EncoderAlone(vocab_size=len(tokenizer), encoder=encoder)
    task = BidirectionalText((UnknownText(),), WholeWords(), width=encoder.longest)
    run = Run(model=model.with_sizes(0, 1), task=task, initial=str(folder))
    return Trained(run, model, {"encoder": params}, tokenizer, "as published", folder)
