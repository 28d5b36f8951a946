"""How fast is Lookback beside PyTorch, transformers, CTranslate2 and gensim?

    make bench                        all lines, on as many threads as there are cores
    lookback bench --rows attention   those of one group

A line is a shape with its contenders, ours first, and the bars it is held to: above 1 we are faster.
"""

import dataclasses

from experiments.bench import generated_sentences as sentences
from experiments.bench.line import Bar, Contender, Line, Variant

COMMAND = "bench"  # what measures it
# Ours keep freed memory (train/devices.py). PyTorch may gain or lose by that: the better of both is its time.
TORCH = (Variant("memory kept", keep_memory=True), Variant("memory as it comes"))
COMPILED = tuple(dataclasses.replace(variant, options={"compiled": True}) for variant in TORCH)
SPREAD = (
    Variant("all cores to a batch", options={"spread": "intra"}),
    Variant("a part of a batch to a core", options={"spread": "inter"}),
)
# Dense bfloat16 operations a second by the makers' data sheets.
PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12, "A10G": 70e12, "L4": 121e12, "V100": 125e12}
PUBLISHED_GPT2 = {"vocabulary": 50257, "context": 1024, "features": 768, "heads": 12, "layers": 12}
TRANSLATOR = {"vocabulary": 8000, "features": 256, "hidden": 1024, "heads": 4, "layers": 3}


def lines(platform: str) -> list[Line]:
    """What is measured on "cpu" (float32) or "gpu" (bfloat16)."""
    if platform == "cpu":
        points = [(length, 2, 8) for length in (512, 1024, 2048, 4096)]
        shown = [*attention(points, "float32", 0.85, 0.75, 1.0, against_xla=True), long_attention()]
        return [
            product(2048, "float32"),
            *shown,
            *training(),
            *translation(),
            lstm(),
            *generation(),
            word2vec(),
        ]
    points = [(length, 16384 // length, 16) for length in (1024, 2048, 4096, 8192, 16384)]
    return [product(8192, "bfloat16"), *attention(points, "bfloat16", 0.95, 0.95, 1.0), gpt2()]


def product(size: int, dtype: str) -> Line:
    """The roof: no program does more operations a second than a large product."""
    ours = Contender("lookback", "experiments.bench.ours.machine:product")
    peer = Contender("PyTorch", "experiments.bench.peers.torch_machine:product")
    flops = 2.0 * size**3
    options = {"size": size, "dtype": dtype}
    title = f"product of two {size} x {size}"
    return Line("product", "product", title, options, (ours, peer), flops / 1e9, "GFLOP/s", flops=flops)


def attention_flops(batch, heads, length, size, causal, backward, **_) -> float:
    """Two products forward, five more backward; a causal mask leaves half of each."""
    return 2.0 * batch * heads * length**2 * size * (7 if backward else 2) / (2 if causal else 1)


def attention(points, dtype, forward, both, goal, against_xla=False) -> list[Line]:
    """A line a point (length, rows, heads), full and causal, `forward` and `both` ways: ratios asked."""
    ours = Contender("lookback", "experiments.bench.ours.kernels:fused")
    torch = Contender("torch SDPA", "experiments.bench.peers.torch_attention:sdpa", TORCH)
    xla = Contender("jax.nn (XLA)", "experiments.bench.ours.kernels:xla")
    found = []
    for backward in (False, True):
        for causal in (False, True):
            for length, batch, heads in points:
                options = {"batch": batch, "heads": heads, "length": length, "size": 64}
                options |= {"causal": causal, "backward": backward, "dtype": dtype}
                flops = attention_flops(**options)
                bars = [Bar("speed", torch.name, least=both if backward else forward, goal=goal)]
                if against_xla and length >= 1024:
                    bars += [Bar("speed", xla.name, least=2.0), Bar("memory", xla.name, most=0.25)]
                kind = f"{'causal' if causal else 'full'}-{'both' if backward else 'forward'}"
                words = f"{'causal' if causal else 'full'}, {'forward + backward' if backward else 'forward'}"
                contenders = (ours, torch, xla) if against_xla else (ours, torch)
                name, title = f"attention-{kind}-{length}", f"attention, {words}, N = {length:,}"
                found.append(
                    Line(
                        name, "attention", title, options, contenders, flops / 1e9, "GFLOP/s", tuple(bars),
                        flops,
                    )
                )  # fmt: skip
    return found


def long_attention() -> Line:
    """Attention whose scores alone would take 8.6 GB: the bar is on the bytes in memory."""
    options = {"batch": 1, "heads": 8, "length": 16384, "size": 64}
    options |= {"causal": False, "backward": True, "dtype": "float32"}
    ours = Contender("lookback", "experiments.bench.ours.kernels:fused")
    flops = attention_flops(**options)
    title = "attention, full, forward + backward, N = 16,384, 8 heads"
    bars = (Bar("peak", most=2e9),)
    return Line("long", "long", title, options, (ours,), flops / 1e9, "GFLOP/s", bars, flops)


def gpt_flops(batch, vocabulary, context, features, layers, **_) -> float:
    """6 a weight and token, and attention's 12 L D T a token  -- Chowdhery et al. 2022, app. B."""
    weights = 12 * layers * features**2 + vocabulary * features
    return batch * context * (6.0 * weights + 12.0 * layers * features * context)


def training() -> list[Line]:
    """Updates of a GPT of two sizes and of an encoder-decoder."""
    gpt = {
        "batch": 12,
        "vocabulary": 65,
        "context": 256,
        "features": 384,
        "heads": 6,
        "layers": 6,
        "dropout": 0.2,
    }
    small = gpt | {"context": 64, "features": 128, "heads": 4, "layers": 4, "dropout": 0.0}
    ours = Contender("lookback", "experiments.bench.ours.training:gpt")
    eager = Contender("PyTorch, eager", "experiments.bench.peers.torch_gpt:training", TORCH)
    compiled = Contender("torch.compile", "experiments.bench.peers.torch_gpt:training", COMPILED)
    seq2seq = TRANSLATOR | {"batch": 64, "length": 64, "dropout": 0.1}
    targets = sentences.pairs(64, 64, TRANSLATOR["vocabulary"])[2]
    torch = Contender("torch.nn.Transformer", "experiments.bench.peers.torch_transformer:training", TORCH)
    return [
        Line(
            "gpt", "gpt", "training, GPT 6 x 384, context 256, batch 12", gpt,
            (ours, eager, compiled), 12 * 256, "tokens/s",
            (Bar("speed", eager.name, least=1.1, goal=1.3), Bar("speed", compiled.name, goal=1.0)),
            gpt_flops(**gpt),
        ),
        Line(
            "gpt-small", "gpt", "training, GPT 4 x 128, context 64, batch 12", small,
            (ours, eager, compiled), 12 * 64, "tokens/s",
            (Bar("speed", eager.name, least=1.0), Bar("speed", compiled.name, goal=1.0)),
            gpt_flops(**small),
        ),
        Line(
            "transformer", "transformer", "training, encoder-decoder 3 + 3 x 256, 64 x 64 tokens a side",
            seq2seq, (Contender("lookback", "experiments.bench.ours.training:transformer"), torch),
            int((targets != sentences.PAD).sum()), "tokens/s",
            (Bar("speed", torch.name, least=1.1, goal=1.3),),
        ),
    ]  # fmt: skip


def translation() -> list[Line]:
    """Greedy decoding and beam search of a batch of sentences."""
    ours = Contender("lookback", "experiments.bench.ours.decoding:translation")
    generate = Contender("transformers", "experiments.bench.peers.transformers_generation:translation", TORCH)
    ctranslate = Contender("CTranslate2", "experiments.bench.peers.ctranslate:translation", SPREAD)
    bars = Bar("speed", generate.name, least=2.0, goal=3.0), Bar("speed", ctranslate.name, goal=1.0)
    return [
        Line(
            name, name, f"translation of 500 sentences, 3 + 3 x 256, {words}",
            TRANSLATOR | {"count": 500, "beam": beam}, (ours, generate, ctranslate), 500, "sentences/s", bars,
        )
        for name, beam, words in (("greedy", 1, "greedy"), ("beam", 5, "beam 5"))
    ]  # fmt: skip


def lstm() -> Line:
    """Updates of the small LSTM of Zaremba et al. 2014."""
    options = {"batch": 20, "vocabulary": 10000, "length": 20, "features": 200, "layers": 2, "dropout": 0.0}
    ours = Contender("lookback", "experiments.bench.ours.training:lstm")
    torch = Contender("torch.nn.LSTM", "experiments.bench.peers.torch_lstm:training", TORCH)
    title, bar = "training, LSTM 2 x 200, batch 20 x 20", Bar("speed", torch.name, least=1.0)
    return Line("lstm", "lstm", title, options, (ours, torch), 400, "tokens/s", (bar,))


def generation() -> list[Line]:
    """GPT-2's own size, one prompt and eight."""
    ours = Contender("lookback", "experiments.bench.ours.decoding:continuation")
    generate = Contender(
        "transformers", "experiments.bench.peers.transformers_generation:continuation", TORCH
    )
    return [
        Line(
            f"generation-{batch}", "generation", f"GPT-2 124M, 64 tokens after 64, batch {batch}",
            PUBLISHED_GPT2 | {"batch": batch, "prompt": 64, "new": 64}, (ours, generate), 64 * batch,
            "tokens/s", (Bar("speed", generate.name, least=1.5),),
        )
        for batch in (1, 8)
    ]  # fmt: skip


def word2vec() -> Line:
    """Skip-gram vectors of a million words."""
    options = {"words": 1_000_000, "vocabulary": 20_000, "features": 100, "window": 5, "negatives": 5}
    ours = Contender("lookback", "experiments.bench.ours.vectors:word2vec")
    gensim = Contender("gensim", "experiments.bench.peers.gensim_vectors:word2vec")
    title, bar = "skip-gram, 100 wide, one pass", Bar("speed", gensim.name, least=0.5, goal=1.0)
    return Line(
        "word2vec", "word2vec", title, options | {"epochs": 1}, (ours, gensim), 1_000_000, "words/s", (bar,)
    )


def gpt2() -> Line:
    """Updates of GPT-2 in bfloat16, held to a share of the device's peak."""
    options = PUBLISHED_GPT2 | {"batch": 32, "dropout": 0.0, "dtype": "bfloat16"}
    ours = Contender("lookback", "experiments.bench.ours.training:gpt")
    eager = Contender("PyTorch, eager", "experiments.bench.peers.torch_gpt:training")
    compiled = Contender("torch.compile", "experiments.bench.peers.torch_gpt:training", COMPILED[1:])
    return Line(
        "gpt2", "gpt2", "training, GPT-2 124M, context 1024, batch 32", options,
        (ours, eager, compiled), 32 * 1024, "tokens/s",
        (Bar("mfu", least=0.45, goal=0.55),), gpt_flops(**options),
    )  # fmt: skip


SMALL = {
    "size": 64, "length": 32, "batch": 2, "heads": 2, "features": 32, "hidden": 32, "layers": 1,
    "vocabulary": 64, "context": 128, "count": 8, "beam": 2, "prompt": 4, "new": 4, "words": 2400,
}  # fmt: skip


def smoke(line: Line) -> Line:
    """The line at a size that takes no time, contenders in one way each, without torch.compile or bars."""
    options = {
        key: min(value, SMALL.get(key, value)) for key, value in line.options.items() if key != "dtype"
    }
    options |= {key: line.options[key] for key in line.options if key == "dtype"}
    kept = tuple(
        dataclasses.replace(contender, variants=contender.variants[:1])
        for contender in line.contenders
        if contender.name != "torch.compile"
    )
    return dataclasses.replace(
        line, title=f"{line.group}, small", options=options, contenders=kept, work=1, unit="runs/s", bars=()
    )


def smoked(found: list[Line]) -> list[Line]:
    """One line of each group, small."""
    return [smoke(line) for line in {line.group: line for line in found}.values()]


def chosen(found: list[Line], names: list[str] | None) -> list[Line]:
    """The lines of these names or groups; ValueError with the nearest for one there is not."""
    from data.splits import known

    if not names:
        return found
    every = dict.fromkeys([line.group for line in found] + [line.name for line in found])
    wanted = {known("line of the benchmark", name, every) for name in names}
    return [line for line in found if {line.name, line.group} & wanted]
