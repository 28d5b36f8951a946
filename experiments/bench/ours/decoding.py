"""Translation and continuation by models/decoding/search.py, with weights as they are drawn."""

import math
from collections.abc import Callable

import numpy as np

from experiments.bench import generated_sentences as sentences
from experiments.bench.work import Work
from train import devices


def endless(model: type) -> type:
    """The model that never says EOS: everyone says the same number of tokens."""
    import jax.numpy as jnp

    class Endless(model):
        def logits(self, states):
            return super().logits(states).at[..., sentences.EOS].set(-jnp.inf)

    return Endless


def translation(count, vocabulary, features, hidden, heads, layers, beam) -> Work:
    """All sources with their answers fetched, batches as they come: rows split over devices."""
    devices.setup()
    import jax

    from models.decoding.search import Search
    from models.translation.transformer import Transformer
    from train.parallel import Jit, by_rows

    model = endless(Transformer)(vocabulary, features, hidden, heads, layers, layers)
    blocks = sentences.batches(count, vocabulary)
    params = jax.jit(model.init)(jax.random.key(0), blocks[0], blocks[0])["params"]
    params = jax.device_put(params, Jit().state_sharding(params))

    def search(params, source):
        found = Search(beam, stretch=0.0, slack=source.shape[1])(model, params, source)
        return found.tokens[:, 0]

    find = by_rows(search)
    place = lambda block: Jit().put_rows(block, 0)
    translate = lambda: [jax.device_get(find(params, place(block)))[: len(block)] for block in blocks]
    return Work(translate, check=long_as(blocks), facts=facts(params))


def continuation(batch, prompt, new, vocabulary, context, features, heads, layers) -> Work:
    """`new` tokens after a prompt, greedily, keys and values of what has been read kept."""
    devices.setup()
    import jax
    import jax.numpy as jnp

    from models.decoding.search import generate
    from models.language.gpt2 import GPT2
    from train.parallel import Jit, by_rows

    model = endless(GPT2)(vocabulary, context, features, heads, layers)
    text, _ = sentences.windows(batch, prompt, vocabulary)
    params = jax.jit(model.init)(jax.random.key(0), text[:, :1])["params"]
    used = jax.devices()[:batch]  # a device without a row would read all the weights for nothing
    params = jax.device_put(params, Jit().state_sharding(params, used))

    def answer(params, text):
        apply = lambda *arguments, method: model.apply({"params": params}, *arguments, method=method)
        rows = text.shape[0]
        carry = apply(rows, prompt + new, method="start")
        # Decoding begins with BOS: it stands where the last token of the prompt does.
        _, carry = apply(carry, text[:, :-1], jnp.full(rows, prompt - 1), method="prefill")
        step = lambda carry, token: apply(carry, token, method="step")
        return generate(step, carry, jnp.full(rows, new), new).tokens[:, 0]

    find = by_rows(answer, used)
    place = lambda: Jit().put_rows(text, 0, used)
    speak = lambda: [jax.device_get(find(params, place()))[:batch]]
    return Work(speak, check=long_as([np.zeros((batch, new))]), facts=facts(params))


def long_as(blocks) -> Callable:
    """A check that as many tokens were said as everyone has to say."""
    due = sum(math.prod(block.shape) for block in blocks)

    def check(answers):
        said = sum(int((tokens != sentences.PAD).sum()) for tokens in answers)
        if said != due:
            raise ValueError(f"{said} tokens said where {due} are due")

    return check


def facts(params) -> dict:
    """What is told of a model: its number of parameters."""
    import jax

    return {"parameters": sum(leaf.size for leaf in jax.tree.leaves(params))}
