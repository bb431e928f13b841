"""Evidence about a backbone and a new head, shared by the graders of 05b and 07: freezing, building, listing, thawing.

Each `expect_…` is the body of a check; the check's own module says why it matters and what it is worth.
"""

import torch

from course.checks.expect import expect, expect_changed, expect_close, expect_equal, expect_same, expect_tensor
from course.checks.probes import buffers_of, forward, seen_by, trainable_of
from course.checks.session import StudentRaised
from course.checks.wire import Blueprint, Handle
from graders.kit.networks import (
    expect_images_kept,
    expect_judged_alone,
    expect_left_alone,
    expect_logits,
    expect_not_normalised,
    expect_own_gradients,
    expect_registered,
    standing_of,
)
from graders.kit.photos import colour_images
from graders.kit.worker.gradients import pull_of
from graders.kit.worker.loops import freeze_part
from graders.kit.worker.networks import is_same, missing_in, modes_of, places_of, set_modes, thaw
from graders.kit.worker.photos import headed, tiny_backbone
from graders.kit.worker.specimens import (
    bare_norm,
    house,
    lively_head,
    marked,
    normalised_backbone,
    scaled_net,
    watched_backbone,
)

WIDTH = 8  # features of the tiny backbone
FROZEN = 8  # its parameters

# -- freezing -----------------------------------------------------------------------------------------------------------


def frozen_backbone(student, lab) -> Handle:
    """The tiny backbone, frozen by the student (or by the reference, where that is what the check needs)."""
    return student.freeze_backbone(lab.build(tiny_backbone(seed=3)))


def backbones(instances: bool) -> dict[str, Blueprint]:
    """What is frozen: a plain one, one with norms of every kind and parameters of its own, and one that is itself a norm."""
    return {
        "a network with BatchNorm2d": tiny_backbone(seed=3),
        "a network with norms of other kinds": normalised_backbone(seed=3, instances=instances),
        "a single BatchNorm2d": bare_norm(seed=3),
    }


def expect_frozen_whatever_the_mode(student, lab, instances: bool = False) -> None:
    """A backbone that was in train mode when it was frozen, as every new network is, does not drift in any mode after it.

    Args:
        instances: InstanceNorm with running statistics is among the norms.
    """
    for what, blueprint in backbones(instances).items():
        given = lab.build(blueprint)
        forward(given, colour_images(8), mode="train")
        backbone = student.freeze_backbone(given)
        before = buffers_of(backbone)
        forward(backbone, colour_images(8))
        expect_same(buffers_of(backbone), before, f"statistics of {what} after one batch, frozen while in train mode")
        for mode in ("eval", "train"):
            forward(backbone, colour_images(8), mode=mode)
            expect_same(buffers_of(backbone), before, f"statistics of {what} after one batch in {mode} mode")


def expect_all_frozen(student, lab) -> None:
    """No parameter requires a gradient, it is still that very backbone, and it can be thawed again."""
    for blueprint in backbones(False).values():
        given = lab.build(blueprint)
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
        expect(is_same(backbone, given), "what came back is another object than the backbone that was given")
        # 1e-5: the same numbers; a frozen layer may be computed in another order
        expect_close(forward(backbone, colour_images(4), mode="eval"), answers, "features", rtol=1e-5, atol=1e-5)
        thaw(backbone)
        cut = [name for name, size in pull_of(backbone, colour_images(4)).items() if size < 0]
        expect(
            not cut,
            "after requires_grad_(True) no gradient reaches {cut} parameters, {example} among them: it could never be fine-tuned",
            cut=len(cut),
            example=cut[0] if cut else 0,
        )
        try:  # nobody was told that it may be called twice; whoever remembers what is frozen answers without freezing
            student.freeze_backbone(given)
        except StudentRaised:
            continue
        free = [name for name, flag in trainable_of(given).items() if flag]
        expect(not free, "frozen, thawed and frozen again, {free} parameters require a gradient", free=len(free))


def expect_statistics_stay_within(student, lab, classes: int, instances: bool = False) -> None:
    """As a part of a network in train mode the backbone's statistics do not move, and it answers as in eval mode.

    What is not the backbone's is not frozen: a norm in the head goes on learning.
    """
    whole = lab.build(headed(backbone=frozen_backbone(student, lab), width=WIDTH, classes=classes, seed=1))
    in_eval, before = forward(whole, colour_images(8), mode="eval"), buffers_of(whole)
    in_train = forward(whole, colour_images(8), mode="train")
    expect_same(buffers_of(whole), before, "BatchNorm statistics of the backbone within a larger network")
    # 1e-4: float32; normalising by the batch's own statistics is off by 0.1 and more
    expect_close(in_train, in_eval, "logits in train mode, against eval mode", rtol=1e-4, atol=1e-4)
    backbone = student.freeze_backbone(lab.build(normalised_backbone(seed=3, instances=instances)))
    in_eval = forward(backbone, colour_images(8), mode="eval")
    whole = lab.build(lively_head(backbone=backbone, width=WIDTH, classes=classes, seed=1))
    before = buffers_of(whole)
    for mode in ("train", "eval", "train"):
        forward(whole, colour_images(8), mode=mode)
    after = buffers_of(whole)
    own = {name for name in before if name.startswith("0.")}
    expect_same(
        {n: after[n] for n in own}, {n: before[n] for n in own}, "statistics of the backbone, trained with a head"
    )
    expect_changed(
        {n: after[n] for n in after if n not in own}, before, "statistics of a norm in the head, which is not frozen"
    )
    features = forward(backbone, colour_images(8))
    expect_close(features, in_eval, "features in train mode, against eval mode", rtol=1e-4, atol=1e-4)


# -- networks with a new head -------------------------------------------------------------------------------------------


def expect_logits_for(student, lab, standard: int, other: int) -> None:
    """(B, 3, H, W) in, (B, classes) out, for the number of classes that is not asked for and for others; logits in both modes."""
    for classes, width, batch in ((standard, WIDTH, 3), (other, 13, 3), (standard, 5, 1), (200, WIDTH, 1)):
        asked = [] if classes == standard else [classes]
        model = student.build_model(lab.build(watched_backbone(seed=3, width=width)), width, *asked)
        logits = forward(model, colour_images(batch), mode="eval")
        expect_tensor(logits, f"logits for {classes} classes", shape=(batch, classes), dtype=torch.float32)
    model = student.build_model(lab.build(tiny_backbone(seed=3)), WIDTH, 7)
    expect_logits(model, colour_images(8), classes=7)
    expect_not_normalised(model, [colour_images(16), colour_images(16, seed=1) ** 3])
    expect_judged_alone(model, colour_images(4))
    expect_images_kept(model, colour_images(4))


def expect_head_alone_learns(model: Handle) -> None:
    """Of a model on the frozen tiny backbone: that stays frozen, the head does not, and a gradient reaches all of it."""
    found = pull_of(model, colour_images(24))  # a pass, by which lazy layers get their shapes
    flags = trainable_of(model)
    free = [name for name, flag in flags.items() if flag]
    expect(len(free) >= 1, "nothing in the network can be trained: is the head frozen too?")
    expect_equal(sum(not flag for flag in flags.values()), FROZEN, "frozen parameters, those of the backbone")
    idle = [name for name in free if found[name] <= 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))


def expect_backbone_as_it_is(student, lab, *classes: int) -> None:
    """The backbone that was given is in the model: that very object, as it was, in whatever mode, shown the photos as they are."""
    x = colour_images(4)
    for training in (True, False):
        backbone = lab.build(watched_backbone(seed=3, width=WIDTH))
        features = forward(backbone, x, mode="eval")
        set_modes(backbone, list(modes_of(backbone)) if training else [])
        before = standing_of(backbone)
        model = student.build_model(backbone, WIDTH, *classes)
        expect_left_alone(backbone, before, "after build_model", "the backbone")
        expect_close(
            forward(backbone, x, mode="eval"), features, "what the backbone gives after build_model", rtol=0, atol=0
        )
        missing = missing_in(model, backbone)
        expect(
            missing == 0,
            "{missing} of {own} parameters of the backbone that was given are not in the model: are these copies?",
            missing=missing,
            own=len(before["trainable or not any more"]),
        )
        for mode in ("train", "eval"):
            known = len(seen_by(backbone))
            forward(model, x, mode=mode)
            shown = seen_by(backbone)[known:]
            expect(bool(shown), "the backbone that was given is not used")
            expect_equal(
                [was for was, _ in shown],
                [mode == "train"] * len(shown),
                f"is the backbone in train mode, in {mode} mode",
            )
            for _, photos in shown:
                expect_close(photos, x, "the photos that the backbone is shown", rtol=0, atol=0)


def expect_thawed_later(student, lab, *classes: int) -> None:
    """A backbone that was frozen when the model was built, and is thawed later, learns then."""
    backbone = lab.build(tiny_backbone(seed=3, frozen=True))
    model = student.build_model(backbone, WIDTH, *classes)
    thaw(backbone)
    expect_gradients_everywhere(model)


def expect_gradients_everywhere(model: Handle) -> None:
    """A backbone that was not frozen is not frozen in the model either: every parameter can learn, and a gradient reaches it."""
    found = pull_of(model, colour_images(16))
    frozen = [name for name, flag in trainable_of(model).items() if not flag]
    expect(not frozen, "a backbone that was not frozen is frozen now: {first}", first=", ".join(frozen[:3]))
    cut = [name for name, size in found.items() if size < 0]
    expect(
        not cut,
        "no gradient reaches {cut} parameters, {example} among them: it could never be fine-tuned",
        cut=len(cut),
        example=cut[0] if cut else 0,
    )
    expect_registered(model, colour_images(4))
    expect_own_gradients(model, colour_images(8))


# -- listing and thawing -------------------------------------------------------------------------------------------------


def expect_listed(student, lab, kind: str) -> None:
    """`trainable_parameters` of one of the houses: its own tensors, each once, those that require a gradient and no others."""
    own = list(house.build(kind=kind).parameters())
    expected = [k for k, p in enumerate(own) if p.requires_grad]
    model = lab.build(marked(model=house(kind=kind)))
    set_modes(model, list(modes_of(model)) if kind == "tied" else [])
    before = standing_of(model)
    found = student.trainable_parameters(model)
    expect(type(found) is list, "expected a list")
    places = places_of(model, found)
    copies = places.count(-1)
    expect(
        copies == 0,
        "{copies} of {count} are copies, not the model's own: an optimizer that is given them changes nothing in the model",
        copies=copies,
        count=len(found),
    )
    what = {"tied": "shared weights, layers and parameters", "household": "many layers and parameters of its own"}.get(
        kind, kind
    )
    expect_equal(sorted(places), expected, f"which of the {len(own)} parameters are listed ({what})")
    expect_left_alone(model, before, "after trainable_parameters")
    if kind == "layer":
        freeze_part(model, "weight")
        places = places_of(model, student.trainable_parameters(model))
        expect_equal(places, [1], "which of two parameters are listed once the first has been frozen")


def expect_thawed(student, lab, classes: int) -> None:
    """Every parameter can learn, wherever it stands; nothing else is another than before, and the same network comes back."""
    for frozen in (True, False, None):
        whole = (
            lab.build(scaled_net(seed=3, classes=classes)) if frozen is None else _whole(student, lab, frozen, classes)
        )
        set_modes(whole, [name for name, training in modes_of(whole).items() if training and frozen])
        before = standing_of(whole)
        back = student.unfreeze(whole)
        expect(is_same(back, whole), "what came back is another object than the model that was given")
        left = [name for name, flag in trainable_of(whole).items() if not flag]
        expect(
            not left,
            "{left} parameters still require no gradient: {first}",
            left=len(left),
            first=", ".join(left[:3]),
        )
        expect_left_alone(whole, before | {"trainable or not any more": trainable_of(whole)}, "after unfreezing")
        first = next(iter(trainable_of(whole)))
        freeze_part(whole, first)
        student.unfreeze(whole)
        expect(trainable_of(whole)[first], "{name} was frozen again, and is not unfrozen a second time", name=first)


def expect_statistics_as_they_were(student, lab, classes: int) -> None:
    """Frozen statistics stay frozen, others go on moving, and so do those of a norm in the head; train mode is still train mode."""
    for frozen in (True, False):
        whole = _whole(student, lab, frozen, classes)
        student.unfreeze(whole)
        before = buffers_of(whole)
        forward(whole, colour_images(8), mode="train")
        after = buffers_of(whole)
        still = {name for name in before if frozen and name.startswith("0.")}
        expect_same(
            {n: after[n] for n in still},
            {n: before[n] for n in still},
            "BatchNorm statistics after a batch in train mode",
        )
        expect_changed(
            {n: after[n] for n in after if n not in still},
            before,
            "statistics that were not frozen, after a batch in train mode",
        )
        modes = modes_of(whole)
        dull = [name or "the network" for name in modes if not name.startswith("0") and not modes[name]]
        expect(not dull, "after unfreeze and train() still in eval mode: {dull}", dull=", ".join(dull))


def _whole(student, lab, frozen: bool, classes: int) -> Handle:
    backbone = lab.build(normalised_backbone(seed=3))
    backbone = student.freeze_backbone(backbone) if frozen else backbone
    return lab.build(lively_head(backbone=backbone, width=WIDTH, classes=classes, seed=1))
