"""Evidence for the bonus "ready for a GPU": what a function does on a pretend GPU (`course.pretend_gpu`), in several projects.

A function is called twice: with a network on the CPU of a machine that has a GPU, and with one on the GPU. Both times the network
must stay where it is, and come to the same. Batches come from the CPU, as every loader gives them.
"""

import functools
import io
from collections.abc import Callable
from typing import Any

import torch

from course.checks.builders import linear_net, loader, sgd, tensor_set
from course.checks.expect import (
    expect,
    expect_at_most,
    expect_close,
    expect_equal,
    expect_float,
    expect_int,
    expect_same,
    fail,
)
from course.checks.probes import history_of, metrics_of, state_of
from course.checks.wire import Blueprint, Handle
from graders.kit.general import images, labels
from graders.kit.worker.gpu import counting_loss, devices_of, graphs_alive, numbers_of, placed
from graders.kit.worker.photos import headed, tiny_backbone

PLACES = {"cpu": "a network on the CPU, beside a GPU", "cuda:0": "a network on the GPU"}
CLASSES = 3


def everywhere(lab: Any, network: Callable[[], Blueprint], ask: Callable[[Any], Any]) -> list[Any]:
    """What `ask` finds with a network in each of `PLACES`; the network has to stay there."""
    lab.pretend_gpu()
    found = []
    for place, what in PLACES.items():
        model = lab.build(placed(thing=lab.build(network()), device=place))
        found.append(ask(model))
        expect_equal(devices_of(model), [place], f"device of {what}, afterwards")
    return found


def flat_net(side: int = 4, channels: int = 1) -> Blueprint:
    """A small network for pictures of that size."""
    return linear_net(features=channels * side * side, classes=CLASSES, seed=5)


def pictures(count: int, seed: int, channels: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    """(images (count, channels, 4, 4), labels (count,)) on the CPU."""
    return images(count, 4, seed=seed, channels=channels), labels(count, CLASSES, seed)


def batches(lab: Any, count: int, seed: int, channels: int = 1) -> Any:
    """A loader of them in batches of four."""
    x, y = pictures(count, seed, channels)
    return lab.build(loader(images=x, labels=y, batch_size=4))


def _expect_alike(found: list[Any], what: str) -> None:
    """Numbers from both places: the same but for rounding."""
    on_cpu, on_gpu = found
    # 1e-4: an optimizer may take its steps in another order there
    expect_close(on_gpu, on_cpu, f"{what} on the GPU", rtol=1e-4, atol=1e-5)


def expect_epoch(lab: Any, student: Any, name: str) -> None:
    """An epoch that trains, or measures, by a loop that is written out: `train_epoch` and `validate`."""

    def ask(model: Any) -> tuple[Any, ...]:
        loss, given = lab.build(counting_loss()), batches(lab, 14, seed=1)
        more = (lab.build(sgd(model=model, lr=0.1)),) if name == "train_epoch" else ()
        told = metrics_of(getattr(student, name)(model, given, loss, *more))
        for value, kind in zip(told, ("loss", "accuracy"), strict=True):
            expect_float(value, f"the {kind} of an epoch")
        # 1: that of the batch before hangs on the name of its loss
        what = "graphs of earlier batches that are still in memory when the next one comes"
        expect_at_most(graphs_alive(loss), 1, what)
        return (*told, numbers_of(model))

    on_cpu, on_gpu = everywhere(lab, flat_net, ask)
    for place, kind in enumerate(("the loss", "the accuracy")):
        _expect_alike([on_cpu[place], on_gpu[place]], kind)
    for weight, value in on_cpu[2].items():
        _expect_alike([value, on_gpu[2][weight]], weight)


def expect_training(
    lab: Any, train: Callable[[Any], Any], network: Callable[[], Blueprint] = flat_net, alike: bool = True
) -> None:
    """Some epochs by a function that returns a history of plain numbers.

    Args:
        train: calls the student's function with a network.
        alike: no chance is in it, beside what is seeded: it comes to the same.
    """

    def ask(model: Any) -> tuple[dict[str, list[Any]], dict[str, torch.Tensor]]:
        curves = history_of(train(model))
        for name, values in curves.items():
            for value in values:
                expect_float(value, f"an entry of {name}", low=0.0)
        return curves, numbers_of(model)

    on_cpu, on_gpu = everywhere(lab, network, ask)
    for name, value in on_cpu[1].items():
        if alike:
            _expect_alike([value.float(), on_gpu[1][name].float()], name)


def expect_tuning(lab: Any, student: Any, name: str) -> None:
    """`train` or `fine_tune`, with a head on a small frozen backbone."""

    def train(model: Any) -> Any:
        loaders = batches(lab, 14, seed=1, channels=3), batches(lab, 6, seed=2, channels=3)
        return getattr(lab.seeded(7), name)(model, *loaders, 2, 1e-3)

    backbone = functools.partial(tiny_backbone, seed=3, width=8, frozen=True)
    expect_training(lab, train, lambda: headed(backbone=backbone(), width=8, classes=CLASSES, seed=1))


def expect_counts(lab: Any, count: Callable[[Any], list[Any]]) -> None:
    """Whole numbers, the same wherever the network is."""
    on_cpu, on_gpu = everywhere(lab, flat_net, count)
    for value in on_gpu:
        expect_int(value, "a count")
    expect_equal(on_gpu, on_cpu, "counts on the GPU")


def expect_answers(lab: Any, network: Callable[[], Blueprint], ask: Callable[[Any], Any], what: str) -> None:
    """A function that uses a network: the same plain answer, wherever the network is."""
    on_cpu, on_gpu = everywhere(lab, network, ask)
    for value in (on_cpu, on_gpu):
        expect(not isinstance(value, Handle), "{thing}: it is a tensor on the GPU still", thing=what)
    if isinstance(on_cpu, torch.Tensor):
        _expect_alike([on_cpu, on_gpu], what)
    elif isinstance(on_cpu, list):
        expect_equal([name for name, _ in on_gpu], [name for name, _ in on_cpu], f"{what} on the GPU")
        for (name, value), (_, other) in zip(on_cpu, on_gpu, strict=True):
            expect_float(other, f"the number beside {name}")
            _expect_alike([value, other], f"the number beside {name}")
    else:
        expect_equal(on_gpu, on_cpu, f"{what} on the GPU")


def expect_saved(student: Any, lab: Any) -> None:
    """A file of a network on the GPU can be opened without one, and holds the numbers; the network stays there."""
    lab.pretend_gpu()
    model = lab.build(placed(thing=lab.build(flat_net()), device="cuda"))
    path = lab.path("on_gpu.pt")
    student.save_model(model, path)
    expect_equal(devices_of(model), ["cuda:0"], "device of a network on the GPU, after it was saved")
    try:
        found = torch.load(io.BytesIO(lab.read(path)), map_location="cpu", weights_only=True)
    except Exception as fault:
        fail("the file cannot be opened without a GPU: {text}", text=str(fault).splitlines()[0][:160])
    expect_same({name: value.detach() for name, value in found.items()}, numbers_of(model), "saved numbers")


def file_from_gpu(lab: Any) -> tuple[str, dict[str, torch.Tensor]]:
    """(path of a file whose numbers were saved on a GPU, the numbers)."""
    from course.pretend_gpu import PretendGpu

    state = state_of(flat_net_here())
    stream = io.BytesIO()
    with PretendGpu():
        torch.save({name: value.to("cuda") for name, value in state.items()}, stream)
    return lab.file("from_gpu.pt", stream.getvalue()), state


def flat_net_here() -> torch.nn.Module:
    """The network of `flat_net`, on the judge's side."""
    return linear_net.build(features=16, classes=CLASSES, seed=6)


def picture_set(lab: Any, count: int, seed: int) -> Any:
    """A data set of pictures on the CPU."""
    x, y = pictures(count, seed)
    return lab.build(tensor_set(images=x, labels=y))
