"""torch.nn.functional.scaled_dot_product_attention in its own layout, [B, N, T, H]."""

from experiments.bench.peers import torch_machine as machine
from experiments.bench.work import Work


def sdpa(batch, heads, length, size, causal, backward, dtype) -> Work:
    """PyTorch's fused attention, forward or forward and backward."""
    place = machine.device()
    import torch
    from torch.nn.functional import scaled_dot_product_attention as attend

    torch.manual_seed(0)
    shape = batch, heads, length, size
    q, k, v, up = (torch.randn(shape, device=place).to(getattr(torch, dtype)) for _ in range(4))
    inputs = [x.requires_grad_(backward) for x in (q, k, v)]

    def forward():
        with torch.inference_mode():
            return attend(*inputs, is_causal=causal)

    def both():
        out = attend(*inputs, is_causal=causal)
        return out, *torch.autograd.grad(out, inputs, up)

    return Work(both if backward else forward, machine.wait, memory=machine.memory())
