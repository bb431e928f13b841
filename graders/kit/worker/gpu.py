"""Recipes and probes for a pretend GPU (`course.pretend_gpu`): things that are put there, and questions about where things are."""

import weakref
from typing import Any

import torch
from torch import nn

from course.checks.builders import builder
from course.checks.probes import probe


@builder
def placed(thing: Any, device: str) -> Any:
    """A network or a tensor on that device."""
    return thing.to(device)


@builder
def gpu_logits(logits: torch.Tensor) -> torch.Tensor:
    """Logits as a network on the GPU gives them in training: a graph hangs on them."""
    return logits.to("cuda").requires_grad_() * 1


class CountingLoss(nn.CrossEntropyLoss):
    """Cross entropy that counts how many graphs of batches before are alive when the next one comes."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[Any] = []
        self.most = 0

    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(B, K) and (B,) -> the mean loss."""
        self.most = max(self.most, sum(token() is not None for token in self.tokens))
        token = _Token()
        self.tokens.append(weakref.ref(token))
        return _Held.apply(super().forward(input, target), token)  # type: ignore[no-any-return]


class _Token:
    """Something that lives as long as the graph that holds it."""


class _Held(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: torch.Tensor, token: _Token) -> torch.Tensor:
        ctx.token = token
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return gradients[0], None


@builder
def counting_loss() -> nn.Module:
    """A `CountingLoss`."""
    return CountingLoss()


@probe
def graphs_alive(loss: Any) -> int:
    """How many graphs of earlier batches were alive at most, when the loss of another batch was computed."""
    return int(loss.most)


@probe
def devices_of(model: nn.Module) -> list[str]:
    """Where the parameters and buffers of a network are: each device once."""
    return sorted({str(one.device) for one in (*model.parameters(), *model.buffers())})


@probe
def numbers_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name, brought to the CPU."""
    return {name: value.detach().cpu() for name, value in model.state_dict().items()}
