"""How a trained language model goes on from a prompt: token by token as they come, or whole continuations."""

from collections.abc import Iterator, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from data.batches.batch import pad, width_of
from models.decoding.sampling import Sample, most_likely
from models.decoding.search import Continuation, LengthNormalised, SpecialTokens
from models.decoding.top_k import log_probs
from models.language.language_model import LanguageModel
from train.run import Trained, require_role

WIDTHS = (1, 8, 32, 128, 512, 2048)  # of prompts; few, for each is compiled


class Generator:
    """A language model with its tokenizer. Compiled once for each of a few widths of prompts."""

    def __init__(self, trained: Trained):
        model = trained.model
        require_role(str(trained.directory), "is to go on from a prompt", "model", model, LanguageModel)
        self.model, self.tokenizer = model, trained.tokenizer
        self.document_end = trained.task.document_end
        self.params = jax.tree.map(jnp.asarray, trained.params)
        self.context: int | None = model.context
        apply = lambda params, *arguments, method: model.apply({"params": params}, *arguments, method=method)
        self.start = jax.jit(partial(apply, method="start"), static_argnums=(1, 2))
        self.read = jax.jit(partial(apply, method="prefill"))
        self.step = jax.jit(partial(apply, method="step"))
        self.choose = jax.jit(self.chosen, static_argnums=2)

    @property
    def marks(self) -> SpecialTokens:
        """The special tokens, of which none of `never` is written.

        Running text has no end unless its documents have one.
        """
        running, eos = self.tokenizer.spells_newline, self.tokenizer.eos
        never = (one for one in self.tokenizer.never if not (self.document_end and one == eos))
        return SpecialTokens(end=-1 if running and not self.document_end else eos, never=tuple(never))

    def prompt(self, text: str) -> list[int]:
        """The ids a text begins with; without any, what a line or a document begins after."""
        if self.tokenizer.spells_newline:
            if self.document_end and not text:
                return [self.tokenizer.eos]
            return self.tokenizer.stream(text or "\n", self.document_end).tolist()
        return [self.tokenizer.eos, *self.tokenizer.stream(text).tolist()[: -1 if text else None]]

    def chosen(self, logits, key, draw: Sample | None):
        """The next token: drawn, or the likeliest."""
        return (draw or most_likely)(log_probs(logits, self.marks.never), key)[0]

    def ids(
        self, prompt: Sequence[int], length: int, draw: Sample | None = None, seed: int = 0
    ) -> Iterator[int]:
        """`length` tokens, or fewer if the text ends. A full context goes on from its later half."""
        written, key, index = list(prompt), jax.random.key(seed), 0
        while index < length:
            room = self.context or len(written) + length
            held = written[-max(room // 2, 1) :] if len(written) >= room else written
            width = width_of(len(held), [w for w in WIDTHS if w <= room])
            carry = self.start(self.params, 1, room if self.context else width + length - index)
            logits, carry = self.read(self.params, carry, pad([held], 1, width), np.array([len(held)]))
            for _ in range(min(length - index, room - len(held))):
                token = int(self.choose(logits, jax.random.fold_in(key, index), draw))
                if token == self.marks.end:
                    return
                yield token
                written.append(token)
                index += 1
                logits, carry = self.step(self.params, carry, np.array([token]))

    def stream(self, text: str, length: int, draw: Sample | None = None, seed: int = 0) -> Iterator[str]:
        """The continuation in pieces, each once it is whole: bytes of one character wait for the last."""
        prompt = self.prompt(text)
        tokens, shown = [], 0
        before = len(self.tokenizer.text(prompt))
        for token in self.ids(prompt, length, draw, seed):
            tokens.append(token)
            written = self.tokenizer.text([*prompt, *tokens])[before:]
            if not written.endswith("\N{REPLACEMENT CHARACTER}"):
                yield written[shown:]
                shown = len(written)

    def __call__(
        self,
        texts: Sequence[str],
        length: int,
        beam: int = 1,
        draw: Sample | None = None,
        seed: int = 0,
    ) -> list[list[str]]:
        """The `beam` best continuations of each text, best first; all at once, whatever their lengths.

        Where the longest of them would not fit into the context each goes on by itself, as in `ids`, the text
        of row r by seed + r; a beam cannot, and is a ValueError.
        """
        prompts = [self.prompt(text) for text in texts]
        longest = max(map(len, prompts))
        if self.context is not None and longest + length > self.context:
            if beam > 1:
                raise ValueError(
                    f"beam={beam}: {longest} tokens and {length} more do not fit into "
                    f"context={self.context}: lower length, or take beam=1"
                )
            each = (self.ids(prompt, length, draw, seed + row) for row, prompt in enumerate(prompts))
            return [[self.continued(*pair)] for pair in zip(prompts, map(list, each), strict=True)]
        width = width_of(longest, WIDTHS)
        if self.context is not None and width + length > self.context:
            width = longest
        search = Continuation(length, beam, LengthNormalised(), draw, self.marks)
        write = jax.jit(partial(search, self.model))
        found = write(
            self.params,
            pad(prompts, len(prompts), width),
            np.array(list(map(len, prompts))),
            np.full(len(prompts), length),
            jax.random.key(seed),
        )
        return [
            [self.continued(prompt, tokens) for tokens in np.asarray(row)]
            for prompt, row in zip(prompts, found.tokens, strict=True)
        ]

    def continued(self, prompt: list[int], tokens: Sequence[int]) -> str:
        """The text of tokens up to the end of it, without the prompt's."""
        tokens = [int(token) for token in tokens]
        kept = tokens[: tokens.index(self.marks.end)] if self.marks.end in tokens else tokens
        return self.tokenizer.text([*prompt, *kept])[len(self.tokenizer.text(prompt)) :]
