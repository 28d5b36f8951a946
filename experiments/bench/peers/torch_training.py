"""A training step as PyTorch code takes it: zero_grad, loss, backward, Adam's fused step."""

from collections.abc import Callable

from experiments.bench.peers import torch_machine as machine
from experiments.bench.work import Work


def updating(model, loss: Callable, batch: tuple, compiled: bool = False, dtype: str = "float32") -> Work:
    """`loss(model, *batch)` is a mean; with another dtype than float32 under autocast."""
    place = machine.device()
    import torch

    model = model.to(place).train()
    batch = tuple(torch.from_numpy(array).long().to(place) for array in batch)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9, fused=True)
    called = torch.compile(model) if compiled else model
    mixed = torch.autocast(place, getattr(torch, dtype), enabled=dtype != "float32")

    def update():
        optimizer.zero_grad(set_to_none=True)
        with mixed:
            value = loss(called, *batch)
        value.backward()
        optimizer.step()

    parameters = sum(p.numel() for p in model.parameters())
    return Work(update, machine.wait, memory=machine.memory(), facts={"parameters": parameters})
