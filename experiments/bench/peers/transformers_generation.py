"""transformers' generate, weights as they are drawn, EOS forbidden: everyone says as many tokens."""

from collections.abc import Callable

import torch
import transformers

from experiments.bench import generated_sentences as sentences
from experiments.bench.peers import torch_machine as machine
from experiments.bench.work import Work


def marian(vocabulary, features, hidden, heads, layers):
    """The post-LN Transformer with one table and sinusoidal positions; its padding is one id beyond ours."""
    config = transformers.MarianConfig(
        vocab_size=vocabulary + 1, d_model=features, encoder_layers=layers, decoder_layers=layers,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=hidden,
        decoder_ffn_dim=hidden, activation_function="relu", scale_embedding=True, init_std=features**-0.5,
        max_position_embeddings=2 * sentences.WIDTHS[-1], pad_token_id=vocabulary,
        decoder_start_token_id=vocabulary, eos_token_id=sentences.EOS, bos_token_id=sentences.BOS,
        forced_eos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    return transformers.MarianMTModel(config).eval()


def translation(count, vocabulary, features, hidden, heads, layers, beam) -> Work:
    """The translation of so many sentences, in blocks of like length, greedy or by beam search."""
    place = machine.device()
    model = marian(vocabulary, features, hidden, heads, layers).to(place)
    blocks = [torch.from_numpy(block).long().to(place) for block in sentences.batches(count, vocabulary)]

    @torch.inference_mode()
    def translate():
        return [
            model.generate(
                block.where(block != sentences.PAD, vocabulary), attention_mask=block != sentences.PAD,
                num_beams=beam, do_sample=False, length_penalty=1.0,
                max_new_tokens=block.shape[1], min_new_tokens=block.shape[1],
            )
            for block in blocks
        ]  # fmt: skip

    return Work(translate, machine.wait, long_as(blocks), machine.memory(), facts(model))


def continuation(batch, prompt, new, vocabulary, context, features, heads, layers) -> Work:
    """So many new tokens after prompts, greedily, by a GPT-2 of these sizes."""
    place = machine.device()
    config = transformers.GPT2Config(
        vocab_size=vocabulary, n_positions=context, n_embd=features, n_head=heads, n_layer=layers,
        bos_token_id=sentences.BOS, eos_token_id=sentences.EOS, pad_token_id=sentences.PAD,
    )  # fmt: skip
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(config).eval().to(place)
    text = torch.from_numpy(sentences.windows(batch, prompt, vocabulary)[0]).long().to(place)

    @torch.inference_mode()
    def speak():
        told = model.generate(
            text,
            attention_mask=torch.ones_like(text),
            do_sample=False,
            max_new_tokens=new,
            min_new_tokens=new,
        )
        return [told[:, prompt - 1 :]]

    return Work(speak, machine.wait, long_as([text.new_zeros(batch, new)]), machine.memory(), facts(model))


def long_as(blocks) -> Callable:
    """A check that answers, less the token they begin with, are as long as everyone's."""

    def check(answers):
        for answer, block in zip(answers, blocks, strict=True):
            if answer.shape[1] - 1 != block.shape[1]:
                raise ValueError(f"{answer.shape[1] - 1} tokens said where {block.shape[1]} are due")

    return check


def facts(model) -> dict:
    """What is told of a model: its number of parameters."""
    return {"parameters": sum(p.numel() for p in model.parameters() if p.requires_grad)}
