"""CTranslate2 in float32, the model of peers/generation.py converted."""

import tempfile

import ctranslate2
from ctranslate2.converters.transformers import MarianMTLoader

from experiments.bench import generated_sentences as sentences
from experiments.bench.peers.transformers_generation import marian
from experiments.bench.work import Work, cores


def translation(count, vocabulary, features, hidden, heads, layers, beam, spread="intra") -> Work:
    """`spread`: "intra" gives one batch all cores, "inter" each core a part of the batch."""
    words = [f"w{number}" for number in range(vocabulary)]
    words[sentences.EOS] = "</s>"
    place = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    threads = {"inter_threads": 1, "intra_threads": cores()}
    if spread == "inter":
        threads = {"inter_threads": cores(), "intra_threads": 1}
    with tempfile.TemporaryDirectory() as folder:
        convert(marian(vocabulary, features, hidden, heads, layers), words, folder)
        translator = ctranslate2.Translator(folder, device=place, compute_type="float32", **threads)
    blocks = sentences.batches(count, vocabulary)
    texts = [[[words[i] for i in row if i != sentences.PAD] for row in block] for block in blocks]

    def translate():
        return [
            translator.translate_batch(
                rows, beam_size=beam, length_penalty=1.0, max_decoding_length=block.shape[1],
                min_decoding_length=block.shape[1],
                max_batch_size=-(-len(rows) // cores()) if spread == "inter" else 0,
            )
            for rows, block in zip(texts, blocks, strict=True)
        ]  # fmt: skip

    def check(answers):
        for found, block in zip(answers, blocks, strict=True):
            if any(len(each.hypotheses[0]) != block.shape[1] for each in found):
                raise ValueError(f"not every answer has the {block.shape[1]} tokens that are due")

    return Work(translate, check=check)


def convert(model, words: list[str], folder: str) -> None:
    """The steps of its TransformersConverter, less the tokenizer, which random words have none of."""
    import torch

    with torch.no_grad():
        spec = MarianMTLoader().get_model_spec(model)
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = words[:3]
    spec.config.unk_token = words[0]
    spec.config.decoder_start_token = spec.config.eos_token
    spec.validate()
    spec.optimize()
    spec.save(folder)
