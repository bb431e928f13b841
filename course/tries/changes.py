"""What several experiments change about a network of the student's, whatever it is made of."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course.errors import CourseError

NON_LINEAR = (nn.ReLU, nn.LeakyReLU, nn.GELU, nn.SiLU, nn.ELU, nn.Tanh, nn.Sigmoid, nn.Hardswish, nn.Mish)


def then(change: Callable[[nn.Module], nn.Module]) -> Callable[[Any], Any]:
    """For `Bench.train(build_model=…)`: the student's network, and then this change of it."""

    def changed(build_model: Any) -> Any:
        return lambda *arguments, **named: change(build_model(*arguments, **named))

    return changed


def without(kinds: type[nn.Module] | tuple[type[nn.Module], ...], called: str) -> Callable[[nn.Module], nn.Module]:
    """Layers of these kinds let everything pass.

    Raises:
        CourseError, when the change is made: there is no such layer.
    """

    def change(model: nn.Module) -> nn.Module:
        found = [
            (parent, name)
            for parent in model.modules()
            for name, part in parent.named_children()
            if isinstance(part, kinds)
        ]
        if not found:
            raise CourseError(
                f"Your network has no {called} that is a layer.", "This experiment looks for `nn.…` layers."
            )
        for parent, name in found:
            setattr(parent, name, nn.Identity())
        return model

    return change


def narrowed(width: int) -> Callable[[nn.Module], nn.Module]:
    """A dense network whose hidden layers have so many units.

    Raises:
        CourseError, when the change is made: it has fewer than two linear layers.
    """

    def change(model: nn.Module) -> nn.Module:
        found = [
            (parent, name, part)
            for parent in model.modules()
            for name, part in parent.named_children()
            if isinstance(part, nn.Linear)
        ]
        if len(found) < 2:
            raise CourseError(
                "Your network has no hidden layer.", "This experiment makes hidden `nn.Linear` layers narrower."
            )
        before = found[0][2].in_features
        for parent, name, part in found:
            after = part.out_features if part is found[-1][2] else width
            setattr(parent, name, nn.Linear(before, after, bias=part.bias is not None))
            before = after
        return model

    return change


def blind_to_neighbours(model: nn.Module) -> nn.Module:
    """Each convolution keeps the weight in the middle of its kernel only: a 1 × 1 kernel, whatever its size is.

    Raises:
        CourseError: there is no convolution.
    """
    found = [part for part in model.modules() if isinstance(part, nn.Conv2d)]
    if not found:
        raise CourseError("Your network has no convolution.", "This experiment looks for `nn.Conv2d` layers.")
    for layer in found:
        middle = torch.zeros_like(layer.weight)
        middle[..., layer.kernel_size[0] // 2, layer.kernel_size[1] // 2] = 1
        layer.register_buffer("middle", middle, persistent=False)
        layer.register_forward_pre_hook(_keep_the_middle)
    return model


def _keep_the_middle(layer: nn.Module, _: Any) -> None:
    with torch.no_grad():
        layer.weight.mul_(layer.middle)  # type: ignore[operator, arg-type]
