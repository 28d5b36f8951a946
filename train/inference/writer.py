"""How a trained language model goes on from a prompt: token by token as they come, or whole continuations."""

from collections.abc import Iterator, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from data.batches.batch import pad, width_of
from models.decoding.sampling import Draw, most_likely
from models.decoding.search import Continuation, Marks, PerToken
from models.decoding.top_k import forbid
from train.evaluators.evaluator import Trained

WIDTHS = (1, 8, 32, 128, 512, 2048)  # of prompts; few, for each is compiled


class Writer:
    """A language model with its tokenizer. Compiled once for each of a few widths of prompts."""

    def __init__(self, trained: Trained):
        model = trained.model
        if not hasattr(model, "prefill"):
            raise ValueError(
                f"{trained.directory}: {type(model).__name__} does not go on from a prompt; "
                "a neural language model does"
            )
        self.model, self.tokenizer = model, trained.tokenizer
        self.params = jax.tree.map(jnp.asarray, trained.params)
        self.context: int | None = getattr(model, "context", None)
        apply = lambda params, *arguments, method: model.apply({"params": params}, *arguments, method=method)
        self.start = jax.jit(partial(apply, method="start"), static_argnums=(1, 2))
        self.read = jax.jit(partial(apply, method="prefill"))
        self.step = jax.jit(partial(apply, method="step"))
        self.choose = jax.jit(self.chosen, static_argnums=2)

    @property
    def marks(self) -> Marks:
        never = self.tokenizer.never
        return Marks(end=-1 if self.tokenizer.spells_newline else self.tokenizer.eos, never=never)

    def prompt(self, text: str) -> list[int]:
        """The ids a text begins with; without any, what a line begins after."""
        if self.tokenizer.spells_newline:
            return self.tokenizer.stream(text or "\n").tolist()
        return [self.tokenizer.eos, *self.tokenizer.stream(text).tolist()[: -1 if text else None]]

    def chosen(self, logits, key, draw: Draw | None):
        return (draw or most_likely)(forbid(logits, self.tokenizer.never), key)[0]

    def ids(
        self, prompt: Sequence[int], length: int, draw: Draw | None = None, seed: int = 0
    ) -> Iterator[int]:
        """`length` tokens, or fewer if the end mark is said. A full context goes on from its later half."""
        said, key, index = list(prompt), jax.random.key(seed), 0
        while index < length:
            room = self.context or len(said) + length
            held = said[-max(room // 2, 1) :] if len(said) >= room else said
            width = width_of(len(held), [w for w in WIDTHS if w <= room])
            carry = self.start(self.params, 1, room if self.context else width + length - index)
            logits, carry = self.read(self.params, carry, pad([held], 1, width), np.array([len(held)]))
            for _ in range(min(length - index, room - len(held))):
                token = int(self.choose(logits, jax.random.fold_in(key, index), draw))
                if token == self.marks.end:
                    return
                yield token
                said.append(token)
                index += 1
                logits, carry = self.step(self.params, carry, np.array([token]))

    def stream(self, text: str, length: int, draw: Draw | None = None, seed: int = 0) -> Iterator[str]:
        """The continuation in pieces, each once it is whole: bytes of one character wait for the last."""
        prompt = self.prompt(text)
        said, shown = [], 0
        before = len(self.tokenizer.text(prompt))
        for token in self.ids(prompt, length, draw, seed):
            said.append(token)
            written = self.tokenizer.text([*prompt, *said])[before:]
            if not written.endswith("\N{REPLACEMENT CHARACTER}"):
                yield written[shown:]
                shown = len(written)

    def __call__(
        self,
        texts: Sequence[str],
        length: int,
        beam: int = 1,
        draw: Draw | None = None,
        seed: int = 0,
    ) -> list[list[str]]:
        """The `beam` best continuations of each text, best first; all at once, whatever their lengths."""
        prompts = [self.prompt(text) for text in texts]
        longest = max(map(len, prompts))
        width = width_of(longest, WIDTHS)
        if self.context is not None and width + length > self.context:
            width = longest
        search = Continuation(length, beam, PerToken(), draw, self.marks)
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

    def continued(self, prompt: list[int], tokens: np.ndarray) -> str:
        ended = np.flatnonzero(tokens == self.marks.end)
        said = tokens[: ended[0]] if len(ended) else tokens
        return self.tokenizer.text([*prompt, *said.tolist()])[len(self.tokenizer.text(prompt)) :]
