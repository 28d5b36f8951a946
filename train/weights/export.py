"""A trained GPT-2, BERT or ELMo as a folder that others read, with its tokenizer beside it.

GPT-2 and BERT are written as `transformers` keeps them, ELMo as bilm-tf and AllenNLP do. A tokenizer has a
published form where its ids come of pieces, of bytes or of whole words: vocab.txt of WordPiece, vocab.json
and merges.txt of GPT-2's bytes, ELMo's list of words. Any other is written as tokenizer.json.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import flax.linen as nn
import flax.traverse_util

from data.ids import SPECIALS
from data.tokenizers.published_folder import ADDED
from data.tokenizers.tokenizer import Tokenizer
from data.tokenizers.whole_words import ELMO_SPECIALS
from models.encoders.bert import BERT
from models.encoders.elmo import ELMo
from models.language.gpt2 import GPT2
from train.weights.bert import heads, write_bert
from train.weights.elmo import write_elmo
from train.weights.gpt2 import write_gpt2

WORDS = "vocabulary.txt"  # of ELMo; what is called vocab.txt here is of WordPiece
SETTINGS = "tokenizer_config.json"
# Of tokenizer_config.json: what a tokenizer.json calls it.
CLEANED = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}


def require_new(folder: Path) -> None:
    """ValueError unless a folder is empty or not there yet."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder}: there is something already; name a folder that is new or empty")


def export(model: nn.Module, params: Mapping[str, Any], tokenizer: Tokenizer, folder: Path) -> list[str]:
    """Write the GPT-2, BERT or ELMo that `model` is or stands on; the names of the files written.

    Of a head on BERT goes along what published ones have: the pooler, and what pretraining predicts. Other
    heads stay behind. ValueError, before anything is written, for a model with no published form.
    """
    require_new(folder)
    given, beside = type(model).__name__, {}
    while model.inner is not None:
        beside = {name: tree for name, tree in params.items() if name != "encoder"}
        model, params = model.inner, params["encoder"]
    kind = type(model)
    if kind not in WRITERS:
        what = given if kind.__name__ == given else f"{given} on {kind.__name__}"
        forms = " and ".join(", ".join(one.__name__ for one in WRITERS).rsplit(", ", 1))
        raise ValueError(f"{what} has no published form; {forms} have, alone or below a head")
    WRITERS[kind](model, params, beside, tokenizer, folder)
    return sorted(path.name for path in folder.iterdir())


def export_gpt2(model: GPT2, params: Mapping, beside: Mapping, tokenizer: Tokenizer, folder: Path) -> None:
    """As `GPT2LMHeadModel` of `transformers` loads it."""
    write_gpt2(folder, model, params)
    write_byte_bpe(tokenizer, folder, model.context)


def export_bert(model: BERT, params: Mapping, beside: Mapping, tokenizer: Tokenizer, folder: Path) -> None:
    """As `BertModel`, and `BertForPreTraining` where its heads are there, load it."""
    pieces, whole = tokenizer.mask is not None, {"encoder": params} | published(model, beside)
    write_bert(folder, model, whole, tokenizer if pieces else None)
    if pieces:
        cleaned = parts(tokenizer)["normalizer"]
        settings = {name: cleaned[ours] for name, ours in CLEANED.items()}
        write_added(tokenizer, folder)
        configure(folder, "BertTokenizer", model.context, **settings)
    else:
        write_as_it_is(tokenizer, folder, model.context)


def export_elmo(model: ELMo, params: Mapping, beside: Mapping, tokenizer: Tokenizer, folder: Path) -> None:
    """As bilm-tf and AllenNLP load it."""
    write_elmo(folder, model, params)
    write_words(tokenizer, folder)


WRITERS = {GPT2: export_gpt2, BERT: export_bert, ELMo: export_elmo}


def published(model: BERT, beside: Mapping[str, Any]) -> dict:
    """Of a head's parameters those of the published heads that are there whole."""
    leaves = flax.traverse_util.flatten_dict(beside, sep="/")
    known = [[leaf for leaf, *_ in arrays] for arrays in heads(model).values()]
    kept = {leaf: leaves[leaf] for head in known if leaves.keys() >= {*head} for leaf in head}
    return flax.traverse_util.unflatten_dict(kept, sep="/")


def write_byte_bpe(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """vocab.json and merges.txt where tokens are made of bytes as GPT-2's are; else tokenizer.json.

    Bytes that are never merged are the same ids, whether or not a text is cut into words first.
    """
    found = parts(tokenizer)
    cut = found["pre_tokenizer"] or {}
    if found["model"]["type"] != "BPE" or cut.get("type") != "ByteLevel" or cut["add_prefix_space"]:
        write_as_it_is(tokenizer, folder, context)
    elif not cut["use_regex"] and found["model"]["merges"]:
        write_as_it_is(tokenizer, folder, context)
    else:
        tokenizer.core.model.save(str(folder))
        write_added(tokenizer, folder)
        configure(folder, "GPT2Tokenizer", context, **marks(tokenizer))


def write_added(tokenizer: Tokenizer, folder: Path) -> None:
    """added_tokens.json, where tokens were added that are read in text as a whole."""
    added = {
        token["content"]: token["id"] for token in parts(tokenizer)["added_tokens"] if not token["special"]
    }
    if added:
        (folder / ADDED).write_text(json.dumps(added) + "\n", encoding="utf-8")


def write_words(tokenizer: Tokenizer, folder: Path) -> None:
    """A word a line, the marks first and no padding: ids are one less than ours, as those of characters."""
    cut = parts(tokenizer)["pre_tokenizer"] or {}
    pieces = tokenizer.pieces(range(len(tokenizer)))
    spaced = cut.get("type") == "WhitespaceSplit" or cut.get("behavior") == "Removed"
    if not spaced or (*pieces[: len(SPECIALS)],) != (*SPECIALS,):
        tokenizer.save(folder / "tokenizer.json")
        return
    lines = [*ELMO_SPECIALS, *pieces[len(SPECIALS) :]]
    (folder / WORDS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_as_it_is(tokenizer: Tokenizer, folder: Path, context: int) -> None:
    """tokenizer.json, which `transformers` reads by the library it is of."""
    tokenizer.save(folder / "tokenizer.json")
    configure(folder, "PreTrainedTokenizerFast", context, **marks(tokenizer))


def configure(folder: Path, kind: str, context: int, **settings: Any) -> None:
    """Tell `transformers` which of its classes reads the tokenizer, and with what."""
    entries = {"tokenizer_class": kind, "model_max_length": context, **settings}
    (folder / SETTINGS).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def marks(tokenizer: Tokenizer) -> dict[str, str]:
    """The special tokens by the names that `transformers` has for them."""
    ids = {name: getattr(tokenizer, name) for name in ("pad", "bos", "eos", "unk")}
    return {f"{name}_token": tokenizer.core.id_to_token(i) for name, i in ids.items() if i is not None}


def parts(tokenizer: Tokenizer) -> dict[str, Any]:
    """What a tokenizer.json says of its normalizer, pre_tokenizer and model."""
    return json.loads(tokenizer.serialised)
