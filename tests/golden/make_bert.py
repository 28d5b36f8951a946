"""Makes bert/ beside it: a small random BERT as `transformers` saves it, and what it says of three texts.

    python tests/golden/make_bert.py     # in an environment with the extra `parity`

What layer norms read is small, so that an epsilon of 1e-5 in them moves a state of the last layer by 1e-3;
what goes into gelu is large, and its tanh form moves them by 1e-4.
"""

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForPreTraining

FOLDER = Path(__file__).parent / "bert"
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PIECES = [*MARKS, *"abcdefghijklmnopqrst", *(f"##{letter}" for letter in "abcdefghijklmno")]
SMALL = {"embeddings": 0.03, "attention.output": 0.03, "0.output": 0.004, "1.output": 0.004}
LARGE = {"query": 5.0, "key": 5.0, "intermediate": 1.5, "1.output.LayerNorm": 1.0}


def main() -> None:
    config = BertConfig(
        vocab_size=len(PIECES),
        max_position_embeddings=12,
        hidden_size=16,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
    )
    model = BertForPreTraining(config).eval()
    generator = torch.Generator().manual_seed(20)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            deviation = next((size for part, size in (LARGE | SMALL).items() if part in name), 0.5)
            centre, spread = (deviation, deviation / 3) if "LayerNorm.weight" in name else (0.0, deviation)
            weight.normal_(centre, spread, generator=generator)
        inputs = torch.randint(1, len(PIECES), (3, 12), generator=generator)
        segments = (torch.arange(12) >= torch.tensor([[12], [5], [3]])).long()
        inside = torch.arange(12) < torch.tensor([[12], [9], [6]])
        inputs, segments = inputs * inside, segments * inside
        said = model(inputs, inside.long(), segments, output_hidden_states=True)
    model.save_pretrained(FOLDER)
    (FOLDER / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    np.savez(
        FOLDER / "said.npz",
        inputs=inputs.numpy().astype(np.int32),
        segments=segments.numpy().astype(np.int32),
        layers=torch.stack(said.hidden_states).numpy(),
        pooled=model.bert.pooler(said.hidden_states[-1]).detach().numpy(),
        logits=said.prediction_logits.numpy(),
        follows=said.seq_relationship_logits.numpy(),
    )


if __name__ == "__main__":
    main()
