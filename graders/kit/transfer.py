"""Evidence about transfer learning, shared by the graders of 05b and 07: freezing, a new head, fine-tuning.

Each `expect_…` is the body of a check; the check's own module says why it matters and what it is worth.
"""

import torch

from course.checks.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_same,
    expect_tensor,
)
from course.checks.probes import buffers_of, forward, gradients_of, trainable_of
from course.checks.wire import Handle
from graders.kit.general import labels
from graders.kit.photos import colour_images
from graders.kit.worker.photos import headed, loud_backbone, tiny_backbone

WIDTH = 8  # features of the tiny backbone
FROZEN = 8  # its parameters
PASSES = 3

# -- freezing -----------------------------------------------------------------------------------------------------------


def frozen_backbone(student, lab) -> Handle:
    """The tiny backbone, frozen by the student (or by the reference, where that is what the check needs)."""
    return student.freeze_backbone(lab.build(tiny_backbone(seed=3)))


def expect_frozen_whatever_the_mode(student, lab) -> None:
    """A backbone that was in train mode when it was frozen, as every new network is, does not drift in any mode after it."""
    given = lab.build(tiny_backbone(seed=3))
    forward(given, colour_images(8), mode="train")
    backbone = student.freeze_backbone(given)
    before = buffers_of(backbone)
    forward(backbone, colour_images(8))
    expect_same(buffers_of(backbone), before, "BatchNorm statistics after one batch, frozen while in train mode")
    for mode in ("eval", "train"):
        forward(backbone, colour_images(8), mode=mode)
        expect_same(buffers_of(backbone), before, f"BatchNorm statistics after one batch in {mode} mode")


def expect_all_frozen(student, lab) -> None:
    """No parameter requires a gradient, and it is still that backbone."""
    given = lab.build(tiny_backbone(seed=3))
    answers = forward(given, colour_images(4), mode="eval")
    backbone = student.freeze_backbone(given)
    for which, what in ((backbone, "what came back"), (given, "the backbone that was given")):
        free = [name for name, flag in trainable_of(which).items() if flag]
        expect(
            not free,
            "{thing}: {free} parameters still require a gradient: {first}",
            thing=what,
            free=len(free),
            first=", ".join(free[:3]),
        )
    # 1e-5: the same numbers; a frozen layer may be computed in another order
    expect_close(forward(backbone, colour_images(4), mode="eval"), answers, "features", rtol=1e-5, atol=1e-5)


def expect_statistics_stay_within(student, lab, classes: int) -> None:
    """As a part of a network in train mode the backbone's statistics do not move, and it answers as in eval mode."""
    whole = lab.build(headed(backbone=frozen_backbone(student, lab), width=WIDTH, classes=classes, seed=1))
    in_eval, before = forward(whole, colour_images(8), mode="eval"), buffers_of(whole)
    in_train = forward(whole, colour_images(8), mode="train")
    expect_same(buffers_of(whole), before, "BatchNorm statistics of the backbone within a larger network")
    # 1e-4: float32; normalising by the batch's own statistics is off by 0.1 and more
    expect_close(in_train, in_eval, "logits in train mode, against eval mode", rtol=1e-4, atol=1e-4)


# -- networks with a new head -------------------------------------------------------------------------------------------


def expect_logits_for(student, lab, standard: int, other: int) -> None:
    """(B, 3, H, W) in, (B, classes) out, for the number of classes that is not asked for and for another; no softmax."""
    for classes in (standard, other):
        asked = [] if classes == standard else [classes]
        model = student.build_model(lab.build(tiny_backbone(seed=3)), WIDTH, *asked)
        logits = forward(model, 3 * colour_images(40), mode="eval")
        expect_tensor(logits, f"logits for {classes} classes", shape=(40, classes), dtype=torch.float32)
        # 1e-4: the sums of forty softmaxes are all 1 to about 1e-6; those of logits are as different as the pictures
        sums = logits.sum(1), logits.exp().sum(1)
        for total, kind in zip(sums, ("probabilities", "log-probabilities"), strict=True):
            expect(
                not torch.allclose(total, torch.ones(40), atol=1e-4), "the outputs are {sort}, not logits", sort=kind
            )
    expect_unsqueezed(lab)


def expect_head_alone_learns(model: Handle, classes: int) -> None:
    """Of a model on a frozen backbone: that stays frozen, the head does not, and a gradient reaches all of it."""
    flags = trainable_of(model)
    free = [name for name, flag in flags.items() if flag]
    expect(len(free) >= 1, "nothing in the network can be trained: is the head frozen too?")
    expect_equal(sum(not flag for flag in flags.values()), FROZEN, "frozen parameters, those of the backbone")
    found = gradients_of(model, colour_images(24), labels(24, classes))
    idle = [name for name in free if found[name] <= 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))


def expect_unsqueezed(lab) -> None:
    """On features in the hundreds logits are large and of both signs: no softmax, sigmoid, tanh or ReLU at the end."""
    width, x = 8, colour_images(40)
    model = lab.seeded(0).build_model(lab.build(loud_backbone(width=width)), width, 5)
    logits = forward(model, torch.cat([x, -x]), mode="eval")
    least, most = float(logits.min()), float(logits.max())
    expect(least < 0 < most, "outputs from {least:.2f} to {most:.2f}: logits have both signs", least=least, most=most)
    # tanh of hundreds is 1 to all digits; a head that normalises its features (LayerNorm) may stay small, but not just there
    squeezed = 0.999 < max(-least, most) < 1.001
    expect(
        not squeezed,
        "large features give outputs from {least:.3f} to {most:.3f}: something squeezes the logits",
        least=least,
        most=most,
    )


def expect_gradients_everywhere(model: Handle) -> None:
    """A backbone that was not frozen is not frozen in the model either: every parameter can learn, and a gradient reaches it."""
    frozen = [name for name, flag in trainable_of(model).items() if not flag]
    expect(not frozen, "a backbone that was not frozen is frozen now: {first}", first=", ".join(frozen[:3]))
    found = gradients_of(model, colour_images(16), labels(16, 2))
    cut = [name for name, size in found.items() if size < 0]
    expect(
        not cut,
        "no gradient reaches {cut} parameters, {example} among them: it could never be fine-tuned",
        cut=len(cut),
        example=cut[0] if cut else 0,
    )
