"""Makes gpt2/ beside it: a small random GPT-2 as `transformers` saves it, and the logits it computes.

    python tests/golden/make_gpt2.py     # in an environment with the extra `parity`

What is written to the residual stream is small, so that the epsilon of every layer norm moves a logit by 1e-4
or more; the other weights are large, and the erf form of gelu moves them by 5e-4.
"""

from pathlib import Path

import numpy as np
import torch
from transformers import GPT2Config, GPT2LMHeadModel

FOLDER = Path(__file__).parent / "gpt2"
SMALL = {"wte": 0.1, "wpe": 0.05, "c_proj": 0.03}


def main() -> None:
    config = GPT2Config(
        vocab_size=40, n_positions=12, n_embd=16, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2
    )
    model = GPT2LMHeadModel(config).eval()
    generator = torch.Generator().manual_seed(20)
    with torch.no_grad():
        for name, weight in model.transformer.named_parameters():
            deviation = next((SMALL[part] for part in name.split(".") if part in SMALL), 0.3)
            centre = 1.0 if "ln_" in name and name.endswith("weight") else 0.0
            weight.normal_(centre, deviation, generator=generator)
        inputs = torch.randint(40, (3, 12), generator=generator)
        logits = model(inputs).logits
    model.save_pretrained(FOLDER)
    (FOLDER / "generation_config.json").unlink()
    np.savez(FOLDER / "logits.npz", inputs=inputs.numpy().astype(np.int32), logits=logits.numpy())


if __name__ == "__main__":
    main()
