"""Questions that a check asks about objects on the student's side. Every answer is plain data.

A probe is one function with two lives. In a check it is called with a handle and asks the worker. In the worker it is
called with the object itself (`PROBES`). What a probe reports is what the worker says: accuracy is therefore counted by the
judge, from predictions, with labels that the worker does not have.
"""

import copy
import dataclasses
import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import nn

from course import training
from course.checks.wire import Handle

P = ParamSpec("P")
T = TypeVar("T")
PROBES: dict[str, Callable[..., Any]] = {}


def probe(function: Callable[P, T]) -> Callable[P, T]:
    """Register a probe. The first handle among its arguments says which worker to ask; with none it runs here."""
    if PROBES.setdefault(function.__name__, function) is not function:
        raise ValueError(f"two probes are called {function.__name__}")

    @functools.wraps(function)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        for value in (*args, *kwargs.values()):
            if type(value) is Handle:
                return value.session.request("probe", name=function.__name__, args=list(args), kwargs=kwargs)
        return function(*args, **kwargs)

    return ask


# -- networks -----------------------------------------------------------------------------------------------------------


@probe
def forward(model: nn.Module, images: torch.Tensor, mode: str | None = None) -> Any:
    """model(images) without gradients; `mode` "train" or "eval" is set first, None leaves it as it is."""
    if mode is not None:
        model.train(mode == "train")
    with torch.no_grad():
        return model(images)


@probe
def predict(model: nn.Module, images: torch.Tensor, batch: int = 256) -> torch.Tensor:
    """Logits of all images in eval mode: (N, ...) -> (N, classes)."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(part) for part in images.split(batch)]).clone()


@probe
def state_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers by name, copied."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


@probe
def parameters_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters by name, copied."""
    return {name: value.detach().clone() for name, value in model.named_parameters()}


@probe
def buffers_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """Buffers (running statistics) by name, copied."""
    return {name: value.detach().clone() for name, value in model.named_buffers()}


@probe
def trainable_of(model: nn.Module) -> dict[str, bool]:
    """Which parameters require a gradient."""
    return {name: value.requires_grad for name, value in model.named_parameters()}


@probe
def gradients_of(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> dict[str, float]:
    """The largest gradient of each parameter after one cross-entropy backward in train mode; -1 where there is none."""
    model.train()
    model.zero_grad()
    nn.functional.cross_entropy(model(images), labels).backward()
    sizes = {n: -1.0 if p.grad is None else float(p.grad.abs().max()) for n, p in model.named_parameters()}
    model.zero_grad()
    return sizes


@probe
def unregistered_in(model: nn.Module, images: torch.Tensor) -> int:
    """How many tensors that require a gradient the forward pass uses and `model.parameters()` does not list."""
    known = {id(p) for p in model.parameters()}
    nodes, seen, foreign = [model(images).sum().grad_fn], set(), 0
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):  # the end of a path: a tensor that gathers a gradient
            foreign += id(node.variable) not in known
        nodes += [parent for parent, _ in node.next_functions]
    return foreign


@probe
def copy_parameters(target: nn.Module, source: nn.Module) -> None:
    """Give `target` the parameters and buffers of `source`, in order: names may differ."""
    with torch.no_grad():
        for mine, theirs in ((target.parameters, source.parameters), (target.buffers, source.buffers)):
            for to, origin in zip(mine(), theirs(), strict=True):
                to.copy_(origin)


@probe
def learning_rates_of(optimizer: torch.optim.Optimizer) -> list[float]:
    """The learning rate of each group of parameters."""
    return [float(group["lr"]) for group in optimizer.param_groups]


@probe
def is_training(model: nn.Module) -> bool:
    """Is the network, or any part of it, in train mode?"""
    return any(part.training for part in model.modules())


@probe
def traces_on(model: nn.Module) -> dict[str, Any]:
    """What can be left behind on a network beside other numbers: mode, what is frozen, dropout, hooks, methods put over its own."""
    parts = list(model.named_modules())
    return {
        "parts in train mode": [name or "the network" for name, part in parts if part.training],
        "frozen parameters": [name for name, value in model.named_parameters() if not value.requires_grad],
        "dropout": [part.p for _, part in parts if isinstance(part, nn.modules.dropout._DropoutNd)],
        "hooks": sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for _, part in parts),
        "replaced forward methods": [name or "the network" for name, part in parts if "forward" in vars(part)],
    }


@probe
def is_network(model: Any) -> bool:
    """Is it an `nn.Module`?"""
    return isinstance(model, nn.Module)


@probe
def diary_of(model: Any) -> list[tuple[bool | None, bool, int]]:
    """What a `recipes.moody_net` noted: (train mode, gradients on, batch size) of each forward pass.

    The mode is None where some parts of the network were in one mode and some in the other.
    """
    return list(model.diary)


@probe
def fit_with_the_course(
    model: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epochs: int,
    batch_size: int = 32,
    lr: float = 1e-3,
    seed: int = 0,
    followed: torch.Tensor | None = None,
) -> dict[str, Any]:
    """Train the network by the course's own loop.

    Adam, cross entropy, shuffled. The learning rate falls in a line to a tenth, so that no last step decides about a verdict.

    Args:
        followed: images whose classes are asked for after each epoch, in eval mode. Their labels stay with the judge.

    Returns:
        "train_loss" and "train_accuracy" of each epoch, and "followed": int64 (epochs, N), or (epochs, 0).
    """
    torch.manual_seed(seed)
    data = torch.utils.data.TensorDataset(images, labels)
    batches = torch.utils.data.DataLoader(data, batch_size, shuffle=True)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr)
    fall = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, total_iters=max(epochs - 1, 1))
    said = []

    def after_epoch(_: training.History) -> None:
        fall.step()
        if followed is not None:
            said.append(predict(model, followed).argmax(1))

    history = training.fit(
        model, batches, None, epochs=epochs, optimizer=optimizer, progress=False, after_epoch=after_epoch
    )
    answers = torch.stack(said) if said else torch.zeros(epochs, 0, dtype=torch.int64)
    return {"train_loss": history.train_loss, "train_accuracy": history.train_accuracy, "followed": answers}


# -- data ---------------------------------------------------------------------------------------------------------------


@probe
def length_of(thing: Any) -> int:
    """len(thing)."""
    return len(thing)


@probe
def item_of(dataset: Any, index: int) -> tuple[Any, Any]:
    """dataset[index] as (image, label)."""
    image, label = dataset[index]
    return image, label


@probe
def items_of(dataset: Any, indices: list[int]) -> tuple[Any, Any]:
    """Several items as a DataLoader puts them together: (images (B, ...), labels (B,))."""
    images, labels = torch.utils.data.default_collate([dataset[index] for index in indices])
    return images, labels


@probe
def batches_of(loader: Any, most: int = 10_000) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """One pass over a loader, at most `most` batches."""
    found = []
    for images, labels in loader:
        found.append((images, labels))
        if len(found) == most:
            break
    return found


@probe
def called(function: Callable[..., Any], *args: Any) -> Any:
    """function(*args): for a transform or whatever else can be called."""
    return function(*args)


# -- results of training ------------------------------------------------------------------------------------------------


@probe
def metrics_of(result: Any) -> tuple[Any, Any]:
    """(loss, accuracy) of a tuple, a named tuple, a dataclass, a dict or an object with these names."""
    if isinstance(result, dict):
        return result["loss"], result["accuracy"]
    if hasattr(result, "loss") and hasattr(result, "accuracy"):
        return result.loss, result.accuracy
    loss, accuracy = result
    return loss, accuracy


@probe
def history_of(result: Any) -> dict[str, list[Any]]:
    """The four curves of a history, whether it is a dict, a dataclass or an object with these names."""
    names = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
    fields = (
        result if isinstance(result, dict) else {name: getattr(result, name) for name in names if hasattr(result, name)}
    )
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        fields = dataclasses.asdict(result)
    return {name: list(fields[name]) for name in names if name in fields}


# -- compiling ----------------------------------------------------------------------------------------------------------


@probe
def is_compiled(model: nn.Module) -> bool:
    """Was the network compiled, by `torch.compile(model)` or by `model.compile()`?"""
    return hasattr(model, "_orig_mod") or getattr(model, "_compiled_call_impl", None) is not None


@probe
def same_parameters(model: nn.Module, other: nn.Module) -> bool:
    """Do the two networks share their parameters (the very same tensors)?"""
    ids = {id(p) for p in model.parameters()}
    return ids == {id(p) for p in other.parameters()} and bool(ids)


_COMPILERS: list[Any] = []  # what inductor looked for before `break_the_compiler`


@probe
def break_the_compiler(model: nn.Module, broken: bool) -> None:
    """Make compiled code fail at its first use, as on a machine without a C++ compiler, or mend that again."""
    import torch._inductor.config as inductor

    settings: Any = inductor
    torch._dynamo.reset()
    settings.force_disable_caches = broken
    if broken:
        _COMPILERS.append(settings.cpp.cxx)
        settings.cpp.cxx = ("no-such-compiler",)
    elif _COMPILERS:
        settings.cpp.cxx = _COMPILERS.pop()


@probe
def compiler_works(model: nn.Module, example: torch.Tensor) -> bool:
    """Can this machine compile such a network? Another one may ask less of the compiler."""
    torch._dynamo.reset()
    try:
        with torch.no_grad():
            torch.compile(copy.deepcopy(model).eval())(example)
        return True
    except Exception:
        return False


# -- witnesses ----------------------------------------------------------------------------------------------------------


@probe
def seen_by(model: Any) -> list[tuple[bool, torch.Tensor]]:
    """What a `recipes.witness_net` or `letter_net` was shown: (train mode, images) of each forward pass."""
    return [(bool(mode), batch) for mode, batch in model.seen]


@probe
def taught_to(model: Any) -> list[list[int]]:
    """The classes that a `recipes.witness_net` was taught, batch by batch."""
    return [[int(k) for k in batch] for batch in model.taught]
