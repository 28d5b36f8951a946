"""Raw text to ids and back: subwords, words, characters or bytes, in one `tokenizer.json`.

Some read line by line and end each line with EOS. Of these BPE, Words and Characters write a word's beginning
as "▁" (as SentencePiece does) so that decoding restores the spaces: "bushes." and "bushes ." come back as
they went in; one space at the very beginning of a line does not. The others read a text as it runs, its line
ends included, and add nothing: TextCharacters, Bytes, ByteBPE, PublishedGPT2.
Training and encoding are Hugging Face `tokenizers`.
"""

import bisect
import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tokenizers
from tokenizers import Encoding, Regex

from data.fields import brief
from data.files import whole
from data.files.outside_text import lines_of
from data.files.reasons import reason
from data.ids import BOS, EOS, PAD, SPECIALS, UNK

SPECIALS_AS_WORDS = Regex(r"(?<!\S)(<pad>|<s>|</s>)(?!\S)")
END_OF_TEXT = "<|endoftext|>"
BERT_SPECIALS = ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")
UNUSED = "<unused "  # what begins the name of an id that is no piece: a row more than a vocabulary has
WORD = re.compile(r"\S+")
LINES, CHUNKS = 1024, 8  # that are encoded at once
BETWEEN_LINES = re.compile(r"\S\n(?=\S)")


class Tokenizer:
    """A trained tokenizer: ids in and out, its file, and the hash that binds a run to it.

    Its special tokens are `pad`, `bos`, `eos` and `unk`: ids 0 to 3, but in the published GPT-2, whose one
    special token <|endoftext|> stands for the first three and which has nothing unknown. In word pieces they
    are BERT's [PAD], [CLS], [SEP] and [UNK], wherever these stand, and `mask` is [MASK]; others have none.
    """

    def __init__(self, serialised: str):
        self.serialised = serialised
        self.core = tokenizers.Tokenizer.from_str(serialised)
        # A user's "</s>" is four characters of text, not the end of a sentence.
        self.core.encode_special_tokens = True
        found = tuple(self.core.id_to_token(index) for index in range(len(SPECIALS)))
        self.mask = None
        if found == SPECIALS:
            self.pad, self.bos, self.eos, self.unk = PAD, BOS, EOS, UNK
        elif None not in (ids := [self.core.token_to_id(piece) for piece in BERT_SPECIALS]):
            self.pad, self.bos, self.eos, self.unk, self.mask = ids
        elif (end := self.core.token_to_id(END_OF_TEXT)) is not None:
            self.pad, self.bos, self.eos, self.unk = end, end, end, None
        else:
            raise ValueError(f"it begins with {found}, so was not made by Lookback")
        # What can spell a line end reads texts as they run; what cannot reads line by line.
        self.spells_newline = self.core.decode(self.core.encode("\n").ids) == "\n"

    def __len__(self) -> int:
        return self.core.get_vocab_size()

    @property
    def hash(self) -> str:
        """SHA-256 of its file, in hexadecimal digits."""
        return hashlib.sha256(self.serialised.encode()).hexdigest()

    @property
    def lowercases(self) -> bool:
        """Whether texts lose their capitals on the way in, and so never have any on the way out."""
        return self.core.normalizer is not None and self.core.normalizer.normalize_str("A") == "a"

    @property
    def never(self) -> tuple[int, ...]:
        """The special tokens that no stream of text holds, so that none need be predicted."""
        unused = tuple(itertools.takewhile(self.is_unused, reversed(range(len(self)))))
        if self.unk is None:
            return unused  # GPT-2's documents end in <|endoftext|>
        if self.mask is not None:
            return self.pad, self.bos, self.mask, *unused
        return (self.pad, self.bos, *((self.eos,) if self.spells_newline else ()), *unused)

    def is_unused(self, index: int) -> bool:
        """Whether an id is no piece, but fills a published table up."""
        return (self.core.id_to_token(index) or "").startswith(UNUSED)

    def encode(self, lines: Sequence[str]) -> list[list[int]]:
        """Ids of each line, ended by EOS."""
        return [[*encoding.ids, self.eos] for encoding in self.core.encode_batch(list(lines))]

    def unknown(self, lines: Sequence[str]) -> tuple[list[str], int]:
        """(the words that have something unknown in them, how many words there are), between spaces.

        What a text itself calls unknown, as the Penn Treebank does with <unk>, is not counted.
        """
        found, count = [], 0
        for some in blocks(lines, LINES):
            words = [list(WORD.finditer(line)) for line in some]
            count += sum(map(len, words))
            encoded = self.core.encode_batch(some) if self.unk is not None else ()
            for held, encoding in zip(words, encoded, strict=False):
                found += self._unknown_of(held, encoding)
        return found, count

    def _unknown_of(self, words: list[re.Match], encoding: Encoding) -> list[str]:
        """Those of the words of a line that have something unknown in them."""
        mark = self.core.id_to_token(self.unk)
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        ends = [end for index, (_, end) in spans if index == self.unk]
        firsts = [word.start() for word in words]
        places = sorted({bisect.bisect_left(firsts, end) - 1 for end in ends})
        return [words[at][0] for at in places if at >= 0 and words[at][0] != mark]

    def stream(self, text: str, document_end: str | None = None) -> np.ndarray:
        """A whole text as int32 [n]: as it runs, or each line ended by EOS where line ends have no id.

        EOS stands for each `document_end`; where lines have it already, one more does, as for an empty line.
        """
        if document_end and self.spells_newline:
            first, *others = map(self.stream, text.split(document_end))
            return np.concatenate([first, *(np.append(np.int32(self.eos), one) for one in others)])
        if document_end:
            text = text.replace(document_end, "")
        some = blocks(chunks(text), CHUNKS) if self.spells_newline else blocks(lines_of(text), LINES)
        end = [] if self.spells_newline else [self.eos]
        found = [np.empty(0, np.int32)]
        for encoded in map(self.core.encode_batch_fast, some):
            found.append(np.array([index for one in encoded for index in one.ids + end], np.int32))
        return np.concatenate(found)

    def text(self, ids: Iterable[int]) -> str:
        """What `stream` made these ids of, as far as the tokenizer is lossless."""
        ids = np.fromiter(ids, np.int32)
        if self.spells_newline:
            return self.core.decode(ids.tolist())
        lines = np.split(ids, np.flatnonzero(ids == self.eos) + 1)
        return "\n".join(self.decode(line.tolist()) for line in lines)

    def spans(self, line: str) -> list[tuple[int, int]]:
        """The characters (first, beyond last) of `line` that each of its ids stands for; none for EOS."""
        return [*self.core.encode(line).offsets, (len(line), len(line))]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids` up to the first EOS; other special ids are left out."""
        ids = list(ids)
        return self.core.decode(ids[: ids.index(self.eos)] if self.eos in ids else ids)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Each id as it is written, "▁" for a word's beginning: what a heat map's axes show."""
        return [self.core.id_to_token(index) for index in ids]

    def save(self, path: Path) -> None:
        """Write its file."""
        whole.write(path, self.serialised)

    def require(self, expected_hash: str, path: Path) -> None:
        """ValueError unless this is the tokenizer a run was trained with."""
        if self.hash != expected_hash:
            raise ValueError(
                f"{path}: this tokenizer does not belong to the run (its hash begins {self.hash[:8]}, "
                f"the run was trained with {expected_hash[:8]}); put the run's own file back"
            )

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """The tokenizer of a file of `save`; ValueError where there is none or it is none of ours."""
        try:
            found = cls(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ValueError(
                f"{path}: no tokenizer here; a run keeps its own: put it back or train again"
            ) from None
        except Exception as error:  # what `tokenizers` raises for a broken file is a bare Exception
            raise ValueError(f"{path}: not a tokenizer file of Lookback ({reason(error)})") from None
        require_ids(found.core.get_vocab(), path)
        return found


def require_ids(ids: Mapping[str, object], path: Path) -> None:
    """ValueError unless a vocabulary's ids are whole numbers from 0 on, each once and with few gaps.

    For each id up to the highest the library keeps room: one of 2**31 would end the process.
    """
    most, seen = 2 * len(ids) + 1000, set()
    for piece, index in ids.items():
        if type(index) is not int or not 0 <= index < most or index in seen:
            raise ValueError(
                f"{path}: the id of {brief(piece)} is {brief(index)}, but each is a whole number below "
                f"{most} and stands once; copy the file again"
            )
        seen.add(index)


def numbered(pieces: Iterable[str]) -> dict[str, int]:
    """Each piece with its id: its place among them, from 0 on."""
    return {piece: index for index, piece in enumerate(pieces)}


def blocks(texts: Iterable[str], count: int) -> Iterator[list[str]]:
    """So many texts at a time: what the library makes of a text takes a hundred times its bytes."""
    left = iter(texts)
    return iter(lambda: list(itertools.islice(left, count)), [])


def chunks(text: str, size: int = 1 << 14) -> Iterator[str]:
    """Parts of about `size` characters that are encoded as they are in the whole.

    They end in a line feed with no other space around it. There GPT-2's pattern always cuts too, while the
    cut within a longer run of spaces depends on what follows the run.
    """
    start = 0
    while start < len(text):
        found = BETWEEN_LINES.search(text, start + size)
        end = found.end() if found else len(text)
        yield text[start:end]
        start = end
