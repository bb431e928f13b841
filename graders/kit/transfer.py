"""Evidence about fine-tuning, shared by the graders of 05b and 07.

Each `expect_…` is the body of a check; the check's own module says why it matters and what it is worth.
"""

import torch

from course.checks.builders import loader
from course.checks.expect import (
    expect,
    expect_at_most,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
)
from course.checks.probes import forward, history_of, is_training, state_of
from course.checks.wire import Handle
from graders.kit.freezing import WIDTH, frozen_backbone
from graders.kit.general import accuracy, labels
from graders.kit.photos import colour_images
from graders.kit.worker.photos import fickle_loader, headed, steps_of, tiny_backbone, watch_steps

PASSES = 3

# -- fine-tuning --------------------------------------------------------------------------------------------------------


class Tuning:
    """One run of the student's `fine_tune` on a small network, and what was seen of it.

    The training data are 24 images in batches of 8, the validation data 12 in batches of 5, 5 and 2, so a batch tells where it is
    from. Labels are "own" (what the network itself answers at first), "wrong" (the class after that) or "random"; for validation
    also "mostly own" (three of twelve wrong) or "mixed" (two own, six wrong, four of the class after that); for training also
    "fickle": three passes wrong, then of the class after that, or "more fickle": three passes wrong, three own, then of the
    class after that. With "mixed" and "fickle" it gets better first and worse then; with "more fickle" a little better again.
    """

    def __init__(self, lab, model: Handle, classes: int, epochs: int, *lr: float, train: str, valid: str) -> None:
        images = {"train": colour_images(24, seed=5), "valid": colour_images(12, seed=6)}
        truth = {}
        for part, kind in (("train", train), ("valid", valid)):
            own = forward(model, images[part], mode="eval").argmax(1)
            if kind == "random":
                truth[part] = labels(len(own), classes, 8)
            else:
                others = {"own": 0, "mostly own": 3, "mixed": 10}.get(kind, len(own))
                shift = torch.tensor([1] * others + [0] * (len(own) - others))
                shift[6:] += kind == "mixed" and shift[6:] > 0
                truth[part] = (own + shift) % classes
        batches = {
            part: lab.build(loader(images=images[part], labels=truth[part], batch_size=size))
            for part, size in (("train", 8), ("valid", 5))
        }
        if "fickle" in train:
            wrong, own = truth["train"], (truth["train"] - 1) % classes
            after = (wrong + 1) % classes
            turns = [wrong, after] if train == "fickle" else [after, wrong, own, after]
            batches["train"] = lab.build(
                fickle_loader(images=images["train"], labels=turns, batch_size=8, passes=PASSES)
            )
        self.model, self.images, self.truth = model, images, truth
        self.before, self.first = state_of(model), self.measured("valid")
        watch_steps(model)
        history = lab.seeded(7).fine_tune(model, batches["train"], batches["valid"], epochs, *lr)
        self.steps = steps_of(model)
        self.curves = history_of(history)
        self.is_training = is_training(model)

    def measured(self, part: str) -> tuple[float, float]:
        """(loss, accuracy) of the network as it is now, measured here."""
        logits = forward(self.model, self.images[part], mode="eval")
        loss = torch.nn.functional.cross_entropy(logits, self.truth[part])
        return float(loss), accuracy(logits, self.truth[part])


def expect_true_history(run: Tuning, epochs: int) -> None:
    """Of a run at learning rate 0, in which every epoch is like the state before: one true entry an epoch in each curve."""
    for part in ("train", "valid"):
        for name, wanted in zip((f"{part}_loss", f"{part}_accuracy"), run.measured(part), strict=True):
            expect_equal(len(run.curves.get(name, [])), epochs, f"entries of {name} after {epochs} epochs")
            for value in run.curves[name]:
                expect_float(value, f"an entry of {name}", low=0.0)
                # 1e-4: float32 sums over 24 items; a mean of batch means is off by 0.01 and more here
                expect_close(value, wanted, f"{name} at learning rate 0", rtol=1e-4, atol=1e-4)
    # batches of 8 are training photos; who looks at them in eval mode as well only measures
    passes = sum(int(step["training"]) for step in run.steps if step["items"] == 8)
    expect_equal(passes, 3 * epochs, f"training batches gone through in {epochs} epochs of three")


def expect_small_steps(standard: Tuning, none: Tuning) -> None:
    """One epoch at the default learning rate moves the numbers, but little; at learning rate 0 not at all."""
    moved = max(step["moved"] for step in standard.steps)
    # three steps of Adam at 1e-5 move a number by 3e-5; at the head's 1e-3 it would be 3e-3
    expect_at_most(moved, 5e-4, "the largest way of a parameter in three steps at the default learning rate")
    expect(moved > 0, "at the default learning rate nothing moves")
    moved = max(step["moved"] for step in none.steps)
    expect_at_most(moved, 0.0, "the largest way of a parameter in three steps at learning rate 0")


def expect_whole_network_learned(run: Tuning) -> None:
    """After enough epochs that validation got better: every parameter is another than before."""
    now = state_of(run.model)
    learned = [name for name in run.before if not name.split(".")[-1].startswith(("running", "num_batches"))]
    expect_changed({n: now[n] for n in learned}, {n: run.before[n] for n in learned}, "parameters after fine-tuning")


def expect_first_state(run: Tuning) -> None:
    """Every epoch made the validation worse: parameters and statistics are those of before."""
    measured = run.curves["valid_accuracy"]
    expect(bool(measured), "no validation accuracy was noted in any epoch")
    expect(max(measured) < run.first[1], "training on wrong labels did not make the network worse")
    # 1e-6: one photo of twelve more or less is 0.08
    expect_close(
        run.measured("valid")[1],
        run.first[1],
        "validation accuracy after fine-tuning that makes everything worse",
        rtol=0,
        atol=1e-6,
    )
    expect_same(state_of(run.model), run.before, "numbers after fine-tuning that only made it worse")
    expect(not run.is_training, "the model is left in train mode")


def expect_best_state(run: Tuning) -> None:
    """Validation went up and down: the state in the end is one with the highest accuracy that was seen."""
    seen = [run.first[1], *run.curves["valid_accuracy"]]
    # 1e-6: one photo of twelve more or less is 0.08
    expect_close(
        run.measured("valid")[1],
        max(seen),
        f"validation accuracy in the end; it was {', '.join(f'{v:.2f}' for v in seen)} in turn",
        rtol=0,
        atol=1e-6,
    )
    expect(not run.is_training, "the model is left in train mode")


def expect_no_drift(run: Tuning) -> None:
    """Frozen statistics stay, at every moment of fine-tuning."""
    drifted = max(step["drifted"] for step in run.steps)
    expect_at_most(drifted, 0.0, "the largest way of a frozen BatchNorm statistic during fine-tuning")


def expect_validation_only_measures(run: Tuning) -> None:
    """Validation batches are seen in eval mode, and nothing moves from one to the next."""
    seen = [step for step in run.steps if step["items"] in (5, 2)]
    # 3: batches of 5, 5 and 2, once
    expect(len(seen) >= 3, "the validation data were not measured in their batches")
    wrong = sum(step["training"] for step in seen)
    expect(
        wrong == 0, "{wrong:.0f} of {count} validation batches were seen in train mode", wrong=wrong, count=len(seen)
    )
    pairs = list(zip(run.steps, run.steps[1:], strict=False))
    taught = [b["since"] for a, b in pairs if a["items"] == 5 and b["items"] in (5, 2)]
    expect_at_most(max(taught, default=0.0), 0.0, "the way of a number from one validation batch to the next")


def tuned(student, lab, classes: int, epochs: int, *lr: float, train="own", valid="own", frozen=True) -> Tuning:
    """A run of `fine_tune` on the tiny backbone with a head of `classes` outputs, frozen before or not."""
    backbone = frozen_backbone(student, lab) if frozen else lab.build(tiny_backbone(seed=3))
    model = lab.build(headed(backbone=backbone, width=WIDTH, classes=classes, seed=1))
    return Tuning(lab, model, classes, epochs, *lr, train=train, valid=valid)


def expect_the_best_state_in_the_end(student, lab, classes: int) -> None:
    """Ruined by wrong labels it returns to the state before, statistics too; where it got better first, to that state."""
    for frozen in (True, False):
        run = tuned(student, lab, classes, 4, 0.05, train="wrong", valid="mostly own", frozen=frozen)
        expect_first_state(run)
    expect_best_state(tuned(student, lab, classes, 8, 0.05, train="fickle", valid="mixed"))
    # up in two steps, down, and half the way up again: the best of all, not of the last two (0.17, 0.33, 0.50, 0.17, 0.33)
    expect_best_state(tuned(student, lab, classes, 18, 0.1, train="more fickle", valid="mixed"))
