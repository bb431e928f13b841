"""What every loop that trains must do, written once for all projects that have one (02, 04a, 05b, 07; 01 has its own textbook).

A `Run` is one call of the student's training function on a small `Watched` network, with all that was written down of it. Each
`expect_…` below is a demand on such a run. They judge what the network was shown, what each batch taught it, what each step was taken
along and what was told and left behind; not by which optimizer, nor how the loop is written. The judge knows data, labels and the
network's form, and computes for itself what each step should have been.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checks.builders import loader
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
from course.checks.probes import forward, history_of, state_of, trainable_of
from graders.kit.worker.loops import logbook_of, open_logbook

CURVES = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
State = dict[str, torch.Tensor]


class Data(NamedTuple):
    """Images and their labels, on the judge's side."""

    images: torch.Tensor
    labels: torch.Tensor

    def batches(self, lab: Any, batch_size: int, shuffle: bool = False) -> Any:
        """A loader of them on the student's side."""
        return lab.build(loader(images=self.images, labels=self.labels, batch_size=batch_size, shuffle=shuffle))

    def who(self, images: torch.Tensor) -> list[int]:
        """Which of the items these are, by all rows of pixels but the first, which may carry marks; -1: none of them."""
        far = (images[:, None, ..., 1:, :] - self.images[None, ..., 1:, :]).abs().flatten(2).amax(2)
        # 1e-6: a picture that is only copied or clamped is the same to about 1e-7
        return [int(row.argmin()) if row.min() < 1e-6 else -1 for row in far]


def varied(count: int, channels: int, side: int, seed: int) -> torch.Tensor:
    """Images in [0, 1), each with four quarters of its own brightness and some noise: (count, channels, side, side)."""
    generator = torch.Generator().manual_seed(seed)
    quarters = torch.rand(count, channels, 2, 2, generator=generator)
    noise = torch.rand(count, channels, side, side, generator=generator)
    return 0.7 * nn.functional.interpolate(quarters, size=(side, side)) + 0.3 * noise


@dataclass(frozen=True, eq=False)
class Pass:
    """One forward pass: images and logits, the gradient by these ("taught", None if none came), numbers before it, parts in train mode."""

    images: torch.Tensor
    logits: torch.Tensor
    taught: torch.Tensor | None
    state: State
    training: list[str]
    recorded: bool


@dataclass(frozen=True, eq=False)
class Step:
    """What the optimizer did between two batches: along which gradients, at which rates, which numbers came out; and the passes before."""

    passes: list[Pass]
    state: State
    gradients: State = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    decay: dict[str, float] = field(default_factory=dict)
    optimizer: dict[str, int] = field(default_factory=dict)
    frozen: int = 0

    @property
    def items(self) -> int:
        return sum(len(one.images) for one in self.passes)


class Run:
    """One run of a training function: `start` calls it on `model`, a `Watched` network of the student's side.

    Args:
        twin: a network of the same form, here.
        thaws: the function makes every parameter trainable first.
    """

    def __init__(
        self, model: Any, twin: nn.Module, train: Data, valid: Data, start: Callable[[], Any], *, thaws: bool = False
    ) -> None:
        self.model, self.twin, self.train, self.valid = model, twin, train, valid
        self.before, self.flags = state_of(model), {n: flag or thaws for n, flag in trainable_of(model).items()}
        self.learns = [name for name, flag in self.flags.items() if flag]
        open_logbook(model)
        try:
            self.curves = history_of(start())
        except Exception:
            logbook_of(model)
            raise
        log = logbook_of(model)
        self.after, self.passes, self.steps = state_of(model), [], []
        self._read(log["events"], log["states"])

    def _read(self, events: list[dict[str, Any]], states: list[State]) -> None:
        since: list[Pass] = []
        for event in events:
            kind, state = event.pop("what"), states[event.pop("state")]
            if kind == "pass":
                self.passes.append(Pass(state=state, **{"logits": torch.zeros(0), "recorded": False, **event}))
                since += [self.passes[-1]] if event["taught"] is not None else []
                continue
            event["optimizer"] = dict.fromkeys(event["rates"], event["optimizer"])
            if since or not self.steps:
                self.steps.append(Step(since, state, **event))
            else:  # a second optimizer, for other parameters
                last = self.steps.pop()
                both = {key: getattr(last, key) | event[key] for key in ("gradients", "rates", "decay", "optimizer")}
                self.steps.append(Step(last.passes, state, frozen=last.frozen + event["frozen"], **both))
            since = []

    def epoch(self, number: int) -> list[Step]:
        """The steps of an epoch, counted from 0: those after as many items as the training data have."""
        gone, found = 0, []
        for step in self.steps:
            if gone // len(self.train.labels) == number:
                found.append(step)
            gone += step.items
        return found

    def state_after(self, number: int) -> State:
        """The numbers after an epoch: those with which the next pass begins."""
        last = self.epoch(number)[-1].passes[-1]
        later = [one for one in self.passes[self.passes.index(last) + 1 :] if one.taught is None]
        return later[0].state if later else self.after

    def labels(self, one: Pass) -> torch.Tensor:
        """The labels of a training batch; of pictures that are not the data's own (augmented), the classes that are taught."""
        who = self.train.who(one.images)
        return self.train.labels[who] if min(who) >= 0 else one.taught.argmin(1)

    def logits(self, state: State, images: torch.Tensor, training: Sequence[str] = ()) -> torch.Tensor:
        """What the network with these numbers says, these parts of it in train mode."""
        self.twin.load_state_dict(state)
        for name, part in self.twin.named_modules():
            part.training = name in training
        return self.twin(images)

    def measured(self, state: State, data: Data) -> tuple[float, float]:
        """(loss, accuracy) in eval mode."""
        with torch.no_grad():
            return scores(self.logits(state, data.images), data.labels)


def scores(logits: torch.Tensor, truth: torch.Tensor) -> tuple[float, float]:
    """(mean cross entropy, fraction of right answers)."""
    return float(nn.functional.cross_entropy(logits, truth)), float((logits.argmax(1) == truth).double().mean())


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
        orders.append([who for one in passes for who in run.train.who(one.images)])
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


def expect_plain_steps(run: Run, *, bound: float = math.inf) -> None:
    """Each step goes down, along the gradient of the mean cross entropy of its own batch: the logits as they are, nothing left over.

    Args:
        bound: gradients may be shortened to this length.
    """
    expect_steps(run)
    parameters = dict(run.twin.named_parameters())
    for number, step in enumerate(run.steps, 1):
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
        expect(not missing, "step {number}: {name} has no gradient", number=number, name=missing[:1])
        length, own = (_length(by[name] for name in run.learns) for by in (total, step.gradients))
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
    expect_equal(trainable_of(run.model), run.flags, "which parameters require a gradient, afterwards")
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
    # a thousandth: of a schedule over the whole run only the last steps are so small
    early = highest[1][: len(highest[1]) * 3 // 4]
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


def wrong_labels(model: Any, images: torch.Tensor, classes: int) -> dict[str, torch.Tensor]:
    """ "own": what the network says; "taught": the class after that."""
    own = forward(model, images, mode="eval").argmax(1)
    return {"own": own, "taught": (own + 1) % classes}
