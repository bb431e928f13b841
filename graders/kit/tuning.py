"""Evidence about fine-tuning, shared by the graders of 05b and 07, on a tiny backbone with a head; and about training that head.

Each `expect_…` is the body of a check; the check's own module says why it matters and what it is worth.
"""

from typing import Any

import torch

from course.checks.expect import expect, expect_at_most, expect_changed, expect_close, expect_same
from course.checks.probes import buffers_of, forward, history_of, is_training, state_of, trainable_of
from graders.kit.epochs import (
    expect_callers_rate,
    expect_each_item_once_an_epoch,
    expect_entries,
    expect_modes,
    expect_no_rate_by_the_batch,
    expect_one_optimizer,
    expect_plain_steps,
    expect_steps,
    expect_true_curves,
)
from graders.kit.freezing import WIDTH, frozen_backbone
from graders.kit.general import labels
from graders.kit.loops import Data, Run, scores, wrong_labels
from graders.kit.photos import colour_images
from graders.kit.worker.loops import balance, watched_head, watched_twin
from graders.kit.worker.networks import thaw
from graders.kit.worker.photos import fickle_loader, tiny_backbone
from graders.kit.worker.specimens import scaled_net

SIZES, PASSES = [8, 8, 1], 2


def teaching() -> torch.Tensor:
    """17 images to learn from, drawn anew in each class."""
    return colour_images(17, seed=1)


def watching() -> torch.Tensor:
    """11 images to measure with."""
    return colour_images(11, seed=2)


def headed_net(student: Any, lab: Any, classes: int, *, frozen: bool = True) -> Any:
    """The tiny backbone, frozen by the student (or by the reference) or not, with a head."""
    backbone = frozen_backbone(student, lab) if frozen else lab.build(tiny_backbone(seed=3))
    return lab.build(watched_head(backbone=backbone, width=WIDTH, classes=classes, seed=1))


def photo_run(
    student: Any, lab: Any, name: str, classes: int, epochs: int, *lr: float, frozen: bool = True, worse: bool = False
) -> Run:
    """A run of `train` or `fine_tune` over 17 images in batches of 8, the last of one; 11 watch, in batches of 5, 5 and 1.

    Args:
        worse: the labels are such that the network gets worse at those that watch.
    """
    model = headed_net(student, lab, classes, frozen=frozen)
    train, valid = Data(teaching(), labels(17, classes, 1)), Data(watching(), labels(11, classes, 2))
    if worse:
        train = Data(teaching(), wrong_labels(model, teaching(), classes)["taught"])
        valid = Data(watching(), wrong_labels(model, watching(), classes)["mostly own"])

    def start() -> Any:
        loaders = train.batches(lab, 8, shuffle=True), valid.batches(lab, 5)
        return getattr(lab.seeded(7), name)(model, *loaders, epochs, *lr)

    return Run(model, watched_twin(WIDTH, classes), train, valid, start, thaws=name == "fine_tune", held="0" * frozen)


# -- the loop -----------------------------------------------------------------------------------------------------------


def expect_true_history(student: Any, lab: Any, name: str, classes: int) -> None:
    """Each entry is true of its epoch, of which there are as many as were asked for, also where nothing gets better."""
    # so that the accuracy falls from one epoch to another, be it the head alone that learns or all of it
    lr = {"train": 0.01, "fine_tune": 0.002}[name]
    run = photo_run(student, lab, name, classes, 4, lr, worse=True)
    expect_each_item_once_an_epoch(run, SIZES, 4)
    expect_true_curves(run, 4)
    model = lab.build(balance())
    own = [Data(one_channel(1e4 * y - 5e3), y).batches(lab, 8) for y in (torch.tensor([1, 0, 1]), torch.tensor([0, 1]))]
    started = getattr(lab.seeded(7), name)(model, *own, 25, 0.0)
    expect_entries(history_of(started), 25)


def expect_plain_photo_steps(student: Any, lab: Any, name: str, classes: int) -> None:
    """Frozen statistics or not: each step is one along the gradient of its own batch."""
    for frozen in (True, False):
        expect_plain_steps(photo_run(student, lab, name, classes, 2, 0.01, frozen=frozen), bound=1.0)


def expect_rate(student: Any, lab: Any, name: str, classes: int) -> Run:
    """The caller's learning rate, in one optimizer through all epochs; returns the run."""
    run = photo_run(student, lab, name, classes, 3, 0.01)
    expect_callers_rate(run, 0.01)
    expect_one_optimizer(run)
    expect_no_rate_by_the_batch(photo_run(student, lab, name, classes, 1, 0.01), run)
    return run


def expect_no_drift(run: Run) -> None:
    """Frozen statistics stay, at every moment of a run."""
    learned = dict(run.twin.named_parameters())
    still = {name: value for name, value in run.before.items() if name not in learned}
    for state in (*(one.state for one in run.passes), run.after):
        expect_same({name: state[name] for name in still}, still, "frozen BatchNorm statistics")


# -- fine-tuning alone --------------------------------------------------------------------------------------------------


def expect_small_steps(student: Any, lab: Any, classes: int) -> None:
    """At the default learning rate the numbers move, but little; at 0 not at all; else by the caller's."""
    ways = []
    for lr in ((), (0.0,)):
        run = photo_run(student, lab, "fine_tune", classes, 1, *lr)
        expect_steps(run)
        ways.append(max(float((step.state[n] - run.before[n]).abs().max()) for step in run.steps for n in run.learns))
    # three steps of Adam at 1e-5 move a number by 3e-5; at the head's 1e-3 it would be 3e-3
    expect_at_most(ways[0], 5e-4, "the largest way of a parameter in three steps at the default learning rate")
    expect(ways[0] > 0, "at the default learning rate nothing moves")
    expect_at_most(ways[1], 0.0, "the largest way of a parameter in three steps at learning rate 0")
    expect_rate(student, lab, "fine_tune", classes)


def expect_validation_only_measures(student: Any, lab: Any, classes: int) -> None:
    """Validation batches are seen in eval mode, and nothing moves from one to the next."""
    run = photo_run(student, lab, "fine_tune", classes, 2, 0.01, frozen=False)
    expect_modes(run, held="0")
    seen = sum(len(one.images) for one in run.passes if min(run.valid.who(one.images)) >= 0)
    # 11: every photo of the validation data, once at least
    expect(seen >= 11, "the validation data were not measured")


class Tuning:
    """A long run of the student's `fine_tune`, of which the end is judged.

    An epoch is one step, on 24 images; the validation data are 12. Labels are "wrong" (the class after what the network itself
    answers at first), for validation also "mostly own" (three of twelve wrong) or "mixed" (two own, six wrong, four of the class
    after that); for training also "fickle": two passes wrong, then of the class after that, or "more fickle": two passes of the
    class after that, two wrong, two own, then of the class after that again. With "mixed" and "fickle" it gets better first and
    worse then; with "more fickle" a little better again.
    """

    def __init__(self, student, lab, classes: int, epochs: int, lr: float, train="wrong", valid="wrong", frozen=True):
        model = headed_net(student, lab, classes, frozen=frozen)
        images = {"train": colour_images(24, seed=5), "valid": colour_images(12, seed=6)}
        truth = {}
        for part, kind in (("train", train), ("valid", valid)):
            own = forward(model, images[part], mode="eval").argmax(1)
            others = {"mostly own": 3, "mixed": 10}.get(kind, len(own))
            shift = torch.tensor([1] * others + [0] * (len(own) - others))
            shift[6:] += kind == "mixed" and shift[6:] > 0
            truth[part] = (own + shift) % classes
        batches = {part: Data(images[part], truth[part]).batches(lab, 24) for part in ("train", "valid")}
        if "fickle" in train:
            wrong, own = truth["train"], (truth["train"] - 1) % classes
            after = (wrong + 1) % classes
            turns = [wrong, after] if train == "fickle" else [after, wrong, own, after]
            batches["train"] = lab.build(
                fickle_loader(images=images["train"], labels=turns, batch_size=24, passes=PASSES)
            )
        self.model, self.epochs, self.valid = model, epochs, Data(images["valid"], truth["valid"])
        self.before, self.first = state_of(model), self.accuracy()
        history = lab.seeded(7).fine_tune(model, batches["train"], batches["valid"], epochs, lr)
        self.curves, self.is_training = history_of(history), is_training(model)

    def accuracy(self) -> float:
        """Of the network as it is now on the validation data, measured here."""
        return scores(forward(self.model, self.valid.images, mode="eval"), self.valid.labels)[1]


def expect_whole_network_learned(student: Any, lab: Any, classes: int) -> None:
    """After enough epochs that validation got better, all is another than before, and trainable; nothing holds the statistics."""
    run = Tuning(student, lab, classes, 8, 0.2)
    flags, now = trainable_of(run.model), state_of(run.model)
    still = [name for name, flag in flags.items() if not flag]
    expect(not still, "{name} requires no gradient after fine-tuning", name=", ".join(still[:1]))
    expect_changed({n: now[n] for n in flags}, {n: run.before[n] for n in flags}, "parameters after fine-tuning")
    model = photo_run(student, lab, "fine_tune", classes, 1, 0.01, frozen=False).model
    statistics = buffers_of(model)
    forward(model, teaching(), mode="train")
    moved = any(not torch.equal(value, statistics[name]) for name, value in buffers_of(model).items())
    expect(moved, "BatchNorm was not frozen, and its statistics do not move any more")
    model = lab.build(scaled_net(seed=3, classes=classes))
    data = Data(colour_images(8, seed=1), labels(8, classes, 1))
    batches = data.batches(lab, 4), data.batches(lab, 4)
    lab.seeded(7).fine_tune(model, *batches, 1, 0.01)
    still = [name for name, flag in trainable_of(model).items() if not flag]
    expect(not still, "{name} requires no gradient after fine-tuning", name=", ".join(still[:1]))


def expect_best_state(run: Tuning) -> None:
    """The state in the end is one with the highest accuracy that was seen, the one before the first epoch among them."""
    expect_entries(run.curves, run.epochs)
    seen = [run.first, *run.curves["valid_accuracy"]]
    what = f"validation accuracy in the end; it was {', '.join(f'{v:.3f}' for v in seen)} in turn"
    # 1e-6: one photo of twelve more or less is 0.08
    expect_close(run.accuracy(), max(seen), what, rtol=0, atol=1e-6)
    expect(not run.is_training, "the model is left in train mode")
    if seen.index(max(seen)) == 0 and seen.count(max(seen)) == 1:
        expect_same(state_of(run.model), run.before, "numbers after fine-tuning that only made it worse")


def expect_the_best_state_in_the_end(student: Any, lab: Any, classes: int) -> None:
    """Ruined by wrong labels it returns to the state before, statistics too; where it got better first, to that state."""
    # twelve epochs: it gets worse all the time, and ends early only where somebody has lost patience
    for frozen, epochs in ((True, 4), (False, 12)):
        expect_best_state(Tuning(student, lab, classes, epochs, 0.1, valid="mostly own", frozen=frozen))
    expect_best_state(Tuning(student, lab, classes, 6, 0.2, train="fickle", valid="mixed"))
    # up in two steps, down, and half the way up again: the best of all, not of the last two (0.17, 0.33, 0.50, 0.17, 0.33)
    expect_best_state(Tuning(student, lab, classes, 13, 0.2, train="more fickle", valid="mixed"))
    expect_smallest_gain_kept(lab)
    model = lab.build(scaled_net(seed=3, classes=classes))  # in train mode
    thaw(model)
    data = Data(colour_images(8, seed=1), labels(8, classes, 1))
    batches = data.batches(lab, 4), data.batches(lab, 4)
    lab.seeded(7).fine_tune(model, *batches, 1, 0.01)
    expect(not is_training(model), "a model that came in train mode is left in train mode")


def one_channel(values: torch.Tensor) -> torch.Tensor:
    """Images (B, 3, 2, 2) for a `balance`: even ones, of these values (B,) in the first channel, black in the others."""
    return values.view(-1, 1, 1, 1) * torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)


def expect_smallest_gain_kept(lab: Any) -> None:
    """One photo of 500 more is better, though the mean loss grows.

    The network has two logits that are apart by m plus an image's first channel. Training on black images moves m up. One
    validation photo after another turns right by that, while 370, of which it was wrongly sure before, are lost more and more.
    """
    channel = torch.cat([-0.02 * (torch.arange(10) + 0.37), torch.full((490,), 3.0)])
    valid = Data(one_channel(channel), torch.ones(500))
    valid.labels[130:] = 0
    train = Data(torch.zeros(8, 3, 2, 2), torch.ones(8, dtype=torch.int64))
    model = lab.build(balance())
    measured = lambda: scores(forward(model, valid.images, mode="eval"), valid.labels.long())[1]  # noqa: E731
    first = measured()
    batches = train.batches(lab, 8), Data(valid.images, valid.labels.long()).batches(lab, 100)
    seen = [first, *history_of(lab.seeded(7).fine_tune(model, *batches, 2, 0.01))["valid_accuracy"]]
    what = f"validation accuracy in the end; it was {', '.join(f'{v:.3f}' for v in seen)} in turn"
    # 1e-6: one photo of 500 more or less is 0.002
    expect_close(measured(), max(seen), what, rtol=0, atol=1e-6)
