"""What every loop that trains must do, written once for all projects: each `expect_…` is a demand on a `loops.Run`.

They judge what the network was shown, what each batch taught it, what each step was taken along, what was told and left behind; not
by which optimizer, nor how the loop is written.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from course.checks.expect import (
    expect,
    expect_at_least,
    expect_at_most,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
)
from course.checks.probes import copy_parameters, history_of
from graders.kit.loops import Pass, Run, State, scores

CURVES = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")

# -- what is shown, and in which order ----------------------------------------------------------------------------------


def expect_steps(run: Run) -> None:
    """Something was learned from the training data at all."""
    expect(bool(run.steps and run.steps[0].items), "no optimizer took a step along what the training data teach")


def expect_each_item_once_an_epoch(run: Run, sizes: list[int], epochs: int, *, shuffled: bool = True) -> None:
    """A step for each batch, also for a last one of one item; each item once an epoch, in an order that is new each time."""
    expect_steps(run)
    found = [step.items for step in run.steps]
    expect_equal(found, sizes * epochs, f"items that each step is taken for, in {epochs} epochs")
    count = len(run.train.labels)
    orders = []
    for number in range(epochs):
        passes = [one for step in run.epoch(number) for one in step.passes]
        orders.append([who for one in passes for who in run.items(one)])
        expect_equal(sorted(orders[-1]), list(range(count)), f"items of epoch {number + 1}, sorted")
    if shuffled:
        # by chance once in 17! times
        expect(orders[0] != list(range(count)), "the training items come in the order of the data set")
        expect(orders[0] != orders[1], "the training items come in the same order in the second epoch")


def expect_modes(run: Run, *, held: str = "", quiet: bool = False) -> None:
    """Train mode while it learns, eval mode on validation data, which move nothing.

    Args:
        held: the part, by its name, whose mode is its own affair: a frozen backbone.
        quiet: validation must do without gradients, too.
    """
    expect_steps(run)
    names = [n for n, _ in run.twin.named_modules() if not held or n.split(".")[0] != held]
    last: Pass | None = None
    for one in run.passes:
        if one.taught is not None:
            asleep = [name or "the network" for name in names if name not in one.training]
            expect(not asleep, "{part} is in eval mode while the network learns", part=asleep[0] if asleep else "")
        if min(run.valid.who(one.images)) < 0:
            last = None
            continue
        expect(one.taught is None, "the network learns from the validation data")
        expect(not one.training, "validation data are measured in train mode: {parts}", parts=one.training[:3])
        expect(not (quiet and one.recorded), "gradients are recorded while the validation data are measured")
        if last is not None:
            expect_same(one.state, last.state, "numbers from one validation batch to the next")
        last = one


# -- what a step is -----------------------------------------------------------------------------------------------------


def expect_plain_steps(run: Run, *, bound: float = math.inf, epochs: int | None = None) -> None:
    """Each step goes down, along the gradient of its own batch's mean cross entropy: the logits as they are, nothing left over.

    Args:
        bound: gradients may be shortened to this length.
        epochs: look at the steps of so many; at all of them unless given.
    """
    expect_steps(run)
    parameters = dict(run.twin.named_parameters())
    steps = run.steps if epochs is None else [step for number in range(epochs) for step in run.epoch(number)]
    for number, step in enumerate(steps, 1):
        total = {name: torch.zeros_like(p) for name, p in parameters.items()}
        for one in step.passes:
            truth = run.labels(one)
            wanted = (one.logits.softmax(1) - nn.functional.one_hot(truth, one.logits.shape[1])) / step.items
            # 1e-3 and 1e-5: float32; a smoothing of 0.01 is 3e-4 off here
            expect_close(one.taught, wanted, f"the loss's gradient by the logits, step {number}", rtol=1e-3, atol=1e-5)
            logits = run.logits(one.state, one.images, one.training)
            found = torch.autograd.grad(logits, list(parameters.values()), one.taught)
            for name, gradient in zip(parameters, found, strict=True):
                total[name] += gradient
        missing = [name for name in run.learns if name not in step.gradients]
        expect(not missing, "step {number}: {name} has no gradient", number=number, name="".join(missing[:1]))
        length, own = (_length(by[name] for name in run.learns) for by in (total, step.gradients))
        # 0.999: a gradient that is clipped has the bound's length but for float32's rounding, about 1e-6
        shorter = own / length if min(bound, length) * 0.999 <= own < length else 1.0
        for name in run.learns:
            # float32 once more; what is left of the batch before, or is taken away, is a part of the whole
            what = f"the gradient of {name} at step {number}"
            expect_close(step.gradients[name], total[name] * shorter, what, rtol=1e-3, atol=1e-5)
    first = run.steps[0]
    way = sum(float(((first.state[n] - run.before[n]) * first.gradients[n]).sum()) for n in run.learns)
    expect(way < 0, "the first step goes up: the loss grows along it")


def _length(gradients: Iterable[torch.Tensor]) -> float:
    return math.sqrt(sum(float(gradient.square().sum()) for gradient in gradients))


def expect_one_optimizer(run: Run) -> None:
    """Every parameter that can learn is moved by one optimizer, and by the same one in all epochs."""
    expect_steps(run)
    for name in run.learns:
        used = {step.optimizer.get(name) for step in run.steps}
        expect(None not in used, "the optimizer was not given {name}", name=name)
        expect(len(used) == 1, "{count} optimizers take turns: each begins with an empty memory", count=len(used))


def expect_callers_rate(run: Run, lr: float) -> None:
    """The rate is the caller's or, by a schedule or in a part of the network, below it; and no weight decay to speak of."""
    expect_steps(run)
    rates = [rate for step in run.steps for rate in step.rates.values()]
    # 1e-6: rounding of a schedule
    expect_at_most(max(rates), lr * (1 + 1e-6), f"the largest learning rate where {lr} is asked for")
    # a half: what a schedule of few steps misses of its highest point
    expect_at_least(max(rates), lr / 2, f"the largest learning rate where {lr} is asked for")
    # 0.1: ten times the default of AdamW; with more the numbers shrink, whatever the data say
    expect_at_most(max(max(step.decay.values()) for step in run.steps), 0.1, "the weight decay")


def expect_only_the_free_learn(run: Run) -> None:
    """All parameters that require a gradient have moved, all others have not, and which those are is as it was."""
    expect_equal(run.flags_after, run.flags, "which parameters require a gradient, afterwards")
    moved = [{n: numbers[n] for n in run.learns} for numbers in (run.after, run.before)]
    expect_changed(*moved, "parameters after training")
    still = {n: run.before[n] for n, flag in run.flags.items() if not flag}
    expect_same({n: run.after[n] for n in still}, still, "frozen parameters")


def expect_no_rate_by_the_batch(short: Run, long: Run) -> None:
    """A learning rate that falls from batch to batch falls over the whole of the run, not in the same way whatever the epochs.

    Args:
        short: a run of one epoch.
        long: the same run of several.
    """
    highest = [[max(step.rates.values()) for step in run.steps] for run in (short, long)]
    first = len(short.epoch(0))
    falls = any(b < a for a, b in zip(highest[1][:first], highest[1][1:first]))
    same = highest[0][:first] == highest[1][:first]
    expect(not (falls and same), "the learning rate falls with each batch, however many are to come")
    early = highest[1][: len(highest[1]) * 3 // 4]
    # 1e-3: plans that fall over a whole run leave three quarters of it above a tenth; one that falls by the batch is far below
    expect_at_least(
        min(early) / max(early), 1e-3, "the smallest learning rate as a part of the largest, before the end"
    )


# -- what is told and left behind ---------------------------------------------------------------------------------------


def expect_entries(curves: dict[str, list[Any]], epochs: int) -> None:
    """One entry an epoch in each of the four curves, plain numbers."""
    for name in CURVES:
        expect(name in curves, "the history has no {name}", name=name)
        expect_equal(len(curves[name]), epochs, f"entries of {name} after {epochs} epochs")
        for value in curves[name]:
            expect_float(value, f"an entry of {name}", low=0.0)


def expect_trained_anew(train: Callable[[], Any], model: Any, other: Any) -> None:
    """The function trains whenever it is called, with these very objects too. The network gets `other`'s numbers in between."""
    first = history_of(train())
    copy_parameters(model, other)
    again = history_of(train())
    expect(
        any(first[name] != again[name] for name in CURVES),
        "called again with the same objects, of which the network is another by now, it gives the same history",
    )


def expect_true_curves(run: Run, epochs: int) -> None:
    """Each entry is true of its own epoch: means over items, to the digit.

    The training's are those of the passes that taught, or measured anew after the epoch.
    """
    expect_entries(run.curves, epochs)
    expect_steps(run)
    for number in range(epochs):
        steps = run.epoch(number)
        expect(bool(steps), "epoch {number} teaches nothing", number=number + 1)
        passes = [one for step in steps for one in step.passes]
        told = torch.cat([one.logits for one in passes]), torch.cat([run.labels(one) for one in passes])
        state = run.state_after(number)
        possible = {
            "train": [scores(*told), run.measured(state, run.train)],
            "valid": [run.measured(state, run.valid)],
        }
        for part, choices in possible.items():
            for place, kind in enumerate(("loss", "accuracy")):
                value = run.curves[f"{part}_{kind}"][number]
                nearest = min((choice[place] for choice in choices), key=lambda wanted: abs(wanted - value))
                # 1e-5 and 1e-6: float32 sums in another order; a mean of batch means is off by 1e-3, a rounded one by 1e-5
                expect_close(value, nearest, f"{part}_{kind} of epoch {number + 1}", rtol=1e-5, atol=1e-6)


def expect_validation_teaches_nothing(
    trained: Callable[[str], tuple[State, dict[str, list[Any]]]], epochs: int
) -> None:
    """With other validation labels the numbers come out the same, bit for bit, and all epochs are run.

    Args:
        trained: the state and the curves after a training on wrong labels, the validation labels being "own", what the network
            says at the start (it gets worse all the time); or "taught", what it is taught (better all the time). Whoever keeps the
            best, stops early or lowers the rate by them ends elsewhere.
    """
    ends = []
    for kind in ("own", "taught"):
        state, curves = trained(kind)
        expect_entries(curves, epochs)
        ends.append(state)
    expect_same(ends[1], ends[0], "numbers after training with other validation labels")


def expect_settings(now: dict[str, Any], before: dict[str, Any], what: str) -> None:
    """Nothing is set otherwise than before."""
    other = [name for name, value in before.items() if now.get(name) != value]
    first = other[0] if other else ""
    values = {"name": first, "was": str(before.get(first)), "now": str(now.get(first))}
    expect(not other, "{thing}: {name} was {was} and is {now}", thing=what, **values)
