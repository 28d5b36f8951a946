"""A training step as the trainer takes it: forward, backward and Adam, compiled by train.step."""

import numpy as np

from experiments.bench import generated_sentences as sentences
from experiments.bench.work import Work
from train import devices


def gpt(batch, vocabulary, context, features, heads, layers, dropout, dtype="float32") -> Work:
    """A GPT-2 of these sizes on windows of running text."""
    devices.setup()
    from models.language.gpt2 import GPT2
    from train.objectives.next_token import NextToken

    model = GPT2(vocabulary, context, features, heads, layers, dropout=dropout, dtype=dtype)
    return updating(model, NextToken(), running_text(batch, context, vocabulary))


def lstm(batch, vocabulary, length, features, layers, dropout) -> Work:
    """A language model of LSTMs on windows of running text."""
    devices.setup()
    from experiments.bench.ours.recurrent import LSTMLanguageModel
    from train.objectives.next_token import NextToken

    model = LSTMLanguageModel(vocabulary, features, layers, dropout)
    return updating(model, NextToken(), running_text(batch, length, vocabulary))


def transformer(batch, length, vocabulary, features, hidden, heads, layers, dropout) -> Work:
    """An encoder-decoder on pairs of sentences, label smoothing 0.1."""
    devices.setup()
    from models.translation.transformer import Transformer
    from train.objectives.next_token import NextTargetToken

    model = Transformer(vocabulary, features, hidden, heads, layers, layers, dropout)
    source, inputs, targets = sentences.pairs(batch, length, vocabulary)
    weights = (targets != sentences.PAD).astype(np.float32)
    data = {"source": source, "inputs": inputs, "targets": targets, "weights": weights}
    return updating(model, NextTargetToken(smoothing=0.1), data)


def running_text(batch: int, length: int, vocabulary: int) -> dict[str, np.ndarray]:
    """A batch of windows: inputs, targets and weights."""
    inputs, targets = sentences.windows(batch, length, vocabulary)
    return {"inputs": inputs, "targets": targets, "weights": np.ones((batch, length), np.float32)}


def updating(model, objective, data) -> Work:
    """The step of a model by an objective, compiled; a call is one update."""
    import jax

    from train.optimizers import Adam, Constant
    from train.parallel import Jit
    from train.step import init_state

    parallel, optimizer = Jit(), Adam(schedule=Constant(peak=1e-4))
    init = lambda batch: init_state(model, objective, optimizer, 0, batch)
    sharding = parallel.state_sharding(jax.eval_shape(init, data))
    state = jax.jit(init, out_shardings=sharding)(data)
    step = parallel.compile(model, objective, optimizer, state)
    step = step.lower(state, (), parallel.put(data)).compile()
    parameters = sum(leaf.size for leaf in jax.tree.leaves(state.params))

    def update():
        nonlocal state
        state, _, measures = step(state, (), parallel.put(data))
        # Simulated devices may deadlock on steps that no one waits for; a GPU has a queue.
        return jax.block_until_ready(measures) if jax.default_backend() == "cpu" else measures

    memory = lambda: step.memory_analysis().temp_size_in_bytes * len(jax.devices())
    return Work(update, jax.block_until_ready, memory=memory, facts={"parameters": parameters})
