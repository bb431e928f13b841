"""Grader of project 07: fresh and rotten fruit.

pytest graders/test_07_fruits.py
"""

import torch

from course.catalog import project
from course.checks.attachments import confusion
from course.checks.builders import fixed_net, loader, moody_net
from course.checks.check import check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_int,
    expect_same,
    expect_tensor,
)
from course.checks.probes import diary_of, forward, history_of, state_of, trainable_of
from graders.kit.freezing import (
    WIDTH,
    expect_all_frozen,
    expect_backbone_as_it_is,
    expect_frozen_whatever_the_mode,
    expect_gradients_everywhere,
    expect_head_alone_learns,
    expect_logits_for,
    expect_statistics_stay_within,
    frozen_backbone,
)
from graders.kit.general import accuracy, images, labels, numbered
from graders.kit.pages import FRUIT, show_judgement, show_photo_views, show_told, told_by
from graders.kit.photos import (
    colour_images,
    expect_hue_kept,
    expect_normalised,
    expect_plain,
    expect_varied,
    folder_photos,
    unseen_fruit,
)
from graders.kit.saving import expect_replaced, expect_saved_whole, numbers_in_file
from graders.kit.transfer import (
    expect_no_drift,
    expect_small_steps,
    expect_the_best_state_in_the_end,
    expect_true_history,
    expect_validation_only_measures,
    expect_whole_network_learned,
    tuned,
)
from graders.kit.worker.photos import (
    backbone_of,
    headed,
    photo_loader,
    predict_photos,
    steps_of,
    tiny_backbone,
    watch_optimizers,
    watch_steps,
    watched,
    width_of,
)

THRESHOLD = project("07").thresholds["valid_accuracy"]
CLASSES = 6

# -- make_transforms ----------------------------------------------------------------------------------------------------


@check("make_transforms", points=1, hint="Which numbers were subtracted and divided by when the backbone was trained?")
def test_photos_are_normalised_as_the_backbone_expects(student):
    """float32 (3, 96, 96), each channel (x - mean) / std with ImageNet's numbers."""
    expect_normalised(student)


@check("make_transforms", points=1, hint="Should the assessment depend on luck?")
def test_validation_photos_are_whole_and_always_the_same(student):
    """The central square of the photo, resized; augmentation is for training."""
    expect_plain(student.make_transforms(False))


@check("make_transforms", points=1, hint="How often should the network see exactly the same photo?")
def test_training_photos_are_drawn_anew_each_time(student, lab):
    """Each epoch another view of the same fruit."""
    transform = student.make_transforms(True)
    show_photo_views(lab, transform, "fruits")
    expect_varied(transform, upright=False)


@check("make_transforms", points=1, hint="What tells a fresh orange from a rotten one?")
def test_an_orange_stays_orange(student):
    """A change of hue changes the label too."""
    expect_hue_kept(student.make_transforms(True))


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, hint="How many classes are three kinds of fruit, fresh and rotten?")
def test_each_photo_gets_six_logits(student, lab):
    """(B, 3, H, W) in, (B, 6) out; logits, because cross entropy applies softmax itself."""
    expect_logits_for(student, lab, 6, 4)


@check(
    "build_model",
    points=1,
    needs=("freeze_backbone",),
    hint="Which part of the network is new, and what must it be able to do?",
)
def test_the_head_can_learn_and_the_backbone_stays(student, lab):
    """A frozen backbone is still frozen in the model; every trainable parameter gets a gradient."""
    expect_backbone_as_it_is(student, lab)
    expect_head_alone_learns(student.build_model(frozen_backbone(student, lab), WIDTH))
    expect_gradients_everywhere(student.build_model(lab.build(tiny_backbone(seed=3)), WIDTH, 7))


# -- freeze_backbone ----------------------------------------------------------------------------------------------------


@check("freeze_backbone", points=1, hint="What decides whether the optimizer may change a parameter?")
def test_every_parameter_is_frozen(student, lab):
    """No parameter of the backbone requires a gradient, and it is still that backbone."""
    expect_all_frozen(student, lab)


@check("freeze_backbone", points=1, hint="What does model.train() do to the BatchNorm layers within?")
def test_statistics_stay_in_a_network_that_is_trained(student, lab):
    """In train mode the backbone's running statistics do not move, and it answers as in eval mode."""
    expect_frozen_whatever_the_mode(student, lab, instances=True)
    expect_statistics_stay_within(student, lab, CLASSES, instances=True)


# -- train --------------------------------------------------------------------------------------------------------------


def _frozen_and_headed(student, lab):
    return lab.build(headed(backbone=frozen_backbone(student, lab), width=WIDTH, classes=CLASSES, seed=1))


def _trained(lab, model, epochs, *lr, valid_labels=None):
    train = lab.build(loader(images=colour_images(20, seed=1), labels=labels(20, CLASSES, 1), batch_size=8))
    y = labels(10, CLASSES, 2) if valid_labels is None else valid_labels
    valid = lab.build(loader(images=colour_images(10, seed=2), labels=y, batch_size=4))
    return lab.seeded(7).train(model, train, valid, epochs, *lr)


@check(
    "train",
    points=1,
    needs=("freeze_backbone",),
    hint="How many entries has each curve, and of which model is the last?",
)
def test_the_history_is_true(student, lab):
    """One entry an epoch in each curve; the last one is that of the final model on the validation photos."""
    model = lab.build(headed(backbone=lab.build(tiny_backbone(seed=3)), width=WIDTH, classes=CLASSES, seed=1))
    curves = history_of(_trained(lab, model, 3, 0.05))
    for name in ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy"):
        expect_equal(len(curves.get(name, [])), 3, f"entries of {name} after three epochs")
        for value in curves[name]:
            expect_float(value, f"an entry of {name}", low=0.0)
    logits, truth = forward(model, colour_images(10, seed=2), mode="eval"), labels(10, CLASSES, 2)
    loss = float(torch.nn.functional.cross_entropy(logits, truth))
    # 1e-4: float32 sums over ten items
    expect_close(curves["valid_loss"][-1], loss, "the last valid_loss", rtol=1e-4, atol=1e-4)
    # 1e-6: one item of ten or of twenty more or less is 0.05 and more
    expect_close(curves["valid_accuracy"][-1], accuracy(logits, truth), "the last valid_accuracy", rtol=0, atol=1e-6)
    # at learning rate 0, with frozen statistics, the training curves are what the model scores anyhow
    model = _frozen_and_headed(student, lab)
    watch_steps(model)
    curves = history_of(_trained(lab, model, 2, 0.0))
    # training batches hold 8, 8 and 4 photos, those of validation 4, 4 and 2
    passes = sum(int(step["training"]) for step in steps_of(model) if step["items"] == 8)
    expect_equal(passes, 4, "training batches of eight gone through in two epochs of two")
    logits, truth = forward(model, colour_images(20, seed=1), mode="eval"), labels(20, CLASSES, 1)
    loss = float(torch.nn.functional.cross_entropy(logits, truth))
    for k in (0, 1):
        # 1e-4: float32 sums over twenty items; a mean of batch means is off by 0.01 and more here
        expect_close(curves["train_loss"][k], loss, "train_loss at learning rate 0", rtol=1e-4, atol=1e-4)
        wanted = accuracy(logits, truth)
        expect_close(curves["train_accuracy"][k], wanted, "train_accuracy at learning rate 0", rtol=0, atol=1e-6)


@check("train", points=1, needs=("freeze_backbone",), hint="What may change while the backbone is frozen?")
def test_only_the_head_moves(student, lab):
    """The backbone's parameters and statistics stay bit for bit, the head's all move; at learning rate 0 nothing does."""
    model = _frozen_and_headed(student, lab)
    before, flags = state_of(model), trainable_of(model)
    _trained(lab, model, 1, 0.0)
    expect_same(state_of(model), before, "numbers after an epoch at learning rate 0")
    _trained(lab, model, 2, 0.01)
    after = state_of(model)
    frozen = {name: before[name] for name in before if not flags.get(name, False)}
    expect_same({name: after[name] for name in frozen}, frozen, "numbers of the frozen backbone")
    head = {name: before[name] for name, flag in flags.items() if flag}
    expect_changed({name: after[name] for name in head}, head, "parameters of the head")


@check("train", points=1, needs=("freeze_backbone",), hint="What does the optimizer need to know of frozen parameters?")
def test_the_optimizer_gets_only_what_can_be_trained(student, lab):
    """Frozen parameters in its list cost memory, and hide that the list was made before the freezing."""
    model = _frozen_and_headed(student, lab)
    watch_optimizers(model)
    try:
        _trained(lab, model, 1)
    finally:
        notes = watched(model)
    frozen = sum(not flag for note in notes for flag in note)
    expect(frozen == 0, "the optimizer was given {frozen} frozen parameters", frozen=frozen)


@check("train", points=1, hint="What would the assessment be worth if the network had learned from its photos?")
def test_validation_photos_teach_nothing(lab):
    """With other validation labels the weights must come out the same, bit for bit."""
    states = []
    for truth in (labels(10, CLASSES, 2), labels(10, CLASSES, 3)):
        model = lab.build(headed(backbone=lab.build(tiny_backbone(seed=3)), width=WIDTH, classes=CLASSES, seed=1))
        _trained(lab, model, 2, valid_labels=truth)
        states.append(state_of(model))
    expect_same(states[1], states[0], "weights after training with other validation labels")


@check(
    "train",
    points=4,
    needs=("make_transforms", "build_model", "freeze_backbone"),
    slow=True,
    hint="Which part loses it: the photos, the frozen backbone, or the training of the head?",
)
def test_the_head_alone_comes_near_the_bar(student, lab):
    """Six epochs of your training on the frozen pocket backbone; the judge counts on photos that were not trained on.

    The bar of 0.92 is for the whole way (`fine_tune`); the head alone must already be within 0.02 of it.
    """
    x, y = unseen_fruit(lab.seed)

    def trained():
        model, plain, _, _, told = _with_trained_head(student, lab)
        return {"told": told, "logits": predict_photos(model, plain, x)}

    found = lab.remember("fruit, head", trained)
    logits = expect_tensor(found["logits"], "logits", shape=(len(y), CLASSES))
    unseen = accuracy(logits, torch.tensor(y))
    names = ("training photos", "photos set aside, plain")
    title = "Accuracy after each epoch, as your train tells it"
    show_told(lab, found["told"], title, names, ("unseen fruit, in the end", unseen))
    lab.attach(lambda: confusion(y, logits, FRUIT))
    expect_at_least(unseen, THRESHOLD - 0.02, "accuracy on unseen fruit after training the head")


def _with_trained_head(student, lab):
    """The model after six epochs of `train`, the transform of validation, both loaders, and what `train` told."""
    backbone = student.freeze_backbone(lab.build(backbone_of(name="pocket_mobilenet")))
    model = lab.seeded(lab.seed).build_model(backbone, width_of(backbone))
    augment, plain = student.make_transforms(True), student.make_transforms(False)
    photos, truth = folder_photos("fruits", "train")
    # every sixth training photo watches; the photos of the assessment are not shown to the student's code
    first = [k for k in range(len(photos)) if k % 6]
    rest = [k for k in range(len(photos)) if not k % 6]
    pick = lambda which: {"photos": [photos[k] for k in which], "labels": [truth[k] for k in which]}  # noqa: E731
    train = lab.build(photo_loader(**pick(first), transform=augment, batch_size=32, shuffle=True))
    valid = lab.build(photo_loader(**pick(rest), transform=plain, batch_size=32))
    told = told_by(lab.seeded(lab.seed).train(model, train, valid, 6))
    return model, plain, train, valid, told


# -- fine_tune ----------------------------------------------------------------------------------------------------------


NEEDS = ("freeze_backbone",)


@check(
    "fine_tune", points=1, needs=NEEDS, hint="Which parameters does the optimizer know, and what do the curves tell?"
)
def test_the_whole_network_learns(student, lab):
    """Backbone and head both move, and the history is true. An optimizer made before unfreezing moves the head alone."""
    expect_true_history(tuned(student, lab, CLASSES, 2, 0.0, train="random", valid="random"), 2)
    expect_whole_network_learned(tuned(student, lab, CLASSES, 30, 0.01, train="wrong", valid="wrong"))


@check("fine_tune", points=1, needs=NEEDS, hint="How far may a number move that many pictures have found?")
def test_the_steps_are_small_unless_asked_otherwise(student, lab):
    """The default learning rate is a hundredth of the head's; the caller's own is used where one is given."""
    expect_small_steps(
        tuned(student, lab, CLASSES, 1, train="wrong"), tuned(student, lab, CLASSES, 1, 0.0, train="wrong")
    )


@check("fine_tune", points=2, needs=NEEDS, hint="Why end with a state that is worse than one you had?")
def test_it_ends_with_the_best_state(student, lab):
    """Wrong labels and a large learning rate ruin the network; the state before is then the best one, its statistics too."""
    expect_the_best_state_in_the_end(student, lab, CLASSES)


@check("fine_tune", points=1, needs=NEEDS, hint="Which numbers move in fine-tuning, and which photos may move them?")
def test_statistics_stay_and_validation_only_measures(student, lab):
    """Frozen statistics stay what they were at every moment; validation is in eval mode and teaches nothing."""
    expect_no_drift(tuned(student, lab, CLASSES, 2, 0.01, train="wrong", valid="wrong"))
    expect_validation_only_measures(tuned(student, lab, CLASSES, 2, 0.01, frozen=False, valid="wrong"))


@check(
    "fine_tune",
    points=4,
    needs=("make_transforms", "build_model", "freeze_backbone", "train"),
    slow=True,
    hint="Does fine-tuning end above the frozen stage or below it?",
)
def test_it_passes_the_assessment(student, lab):
    """0.92 on fruit that was not trained on, by the whole way: frozen, then fine-tuned. Guessing gives 0.167."""
    x, y = unseen_fruit(lab.seed)

    def logits():
        model, plain, train, valid, _ = _with_trained_head(student, lab)
        lab.seeded(lab.seed).fine_tune(model, train, valid, 2)
        return predict_photos(model, plain, x)

    found = expect_tensor(lab.remember("fruit, tuned", logits), "logits", shape=(len(y), CLASSES))
    show_judgement(lab, y, found, FRUIT, x)
    expect_at_least(accuracy(found, torch.tensor(y)), THRESHOLD, "accuracy on unseen fruit")


# -- evaluate -----------------------------------------------------------------------------------------------------------


@check("evaluate", points=2, hint="Do the items of a small last batch count as much as the others?")
def test_it_counts_every_photo_once(student, lab):
    """(correct, total) as whole numbers, over ragged batches."""
    for count, batch_size in ((10, 4), (7, 7), (5, 1), (9, 8)):
        (x, _), y = numbered(count), labels(count, CLASSES, count)
        logits = torch.randn(count, CLASSES, generator=torch.Generator().manual_seed(count))
        logits[-1, y[-1]] = 9  # the last one is right: a small last batch has the highest accuracy
        batches = lab.build(loader(images=x, labels=y, batch_size=batch_size))
        found = student.evaluate(lab.build(fixed_net(logits=logits)), batches)
        expect(type(found) in (tuple, list) and len(found) == 2, "expected a pair (correct, total)")
        for value, what in zip(found, ("correct", "total"), strict=True):
            expect_int(value, what)
        expect_equal(
            list(found),
            [int((logits.argmax(1) == y).sum()), count],
            f"(correct, total) of {count} photos in batches of {batch_size}",
        )


@check("evaluate", points=1, hint="Which layers answer differently in train mode?")
def test_it_measures_in_eval_mode_and_changes_nothing(student, lab):
    """No dropout, no running statistics, no gradients."""
    model = lab.build(moody_net(features=64, classes=CLASSES, seed=1))
    before = state_of(model)
    batches = lab.build(loader(images=images(12), labels=labels(12, CLASSES), batch_size=4))
    student.evaluate(model, batches)
    expect_equal(
        diary_of(model), [(False, False, 4)] * 3, "(train mode, gradients on, batch size) of each forward pass"
    )
    expect_same(state_of(model), before, "numbers after the assessment")


# -- save_model ---------------------------------------------------------------------------------------------------------


@check("save_model", points=1, hint="Which of the two runs code when it is opened: an object, or numbers?")
def test_the_saved_file_is_the_model(student, lab):
    """A state dict with parameters and running statistics, readable with weights_only=True; an older file is replaced."""
    expect_replaced(student, lab)
    expect_saved_whole(student, lab)


@check("save_model", points=1, hint="What besides parameters does a network with BatchNorm know?")
def test_a_reloaded_model_answers_the_same(student, lab):
    """The numbers in the file, put into another network of this kind, give the same logits."""
    model = lab.build(moody_net(features=16, classes=CLASSES, seed=4))
    forward(model, images(16, 4), mode="train")
    path = lab.path("moody.pt")
    student.save_model(model, path)
    other = moody_net.build(features=16, classes=CLASSES, seed=9)
    missing = other.load_state_dict(numbers_in_file(lab.read(path)), strict=False)
    expect(
        not missing.missing_keys and not missing.unexpected_keys,
        "names that do not fit: {missing}",
        missing=str(missing),
    )
    # 1e-5: the same numbers on the same machine
    expect_close(
        forward(model, images(5, 4), mode="eval"),
        other.eval()(images(5, 4)).detach(),
        "logits after loading",
        rtol=1e-5,
        atol=1e-5,
    )
