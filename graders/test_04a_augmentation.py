"""Grader of project 04a: data augmentation.

pytest graders/test_04a_augmentation.py
"""

import io

import torch
from hypothesis import given
from hypothesis import strategies as st

from course.catalog import project
from course.checks.attachments import views
from course.checks.builders import (
    compiled,
    linear_net,
    moody_net,
    steady_sign_net,
    tensor_set,
    witness_net,
)
from course.checks.check import check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_at_most,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
    fail,
)
from course.checks.probes import (
    argument_after,
    called,
    forward,
    history_of,
    parameters_of,
    predict,
    seen_by,
    state_of,
    taught_to,
)
from graders.kit.general import (
    LETTERS,
    accuracy,
    baseline,
    hand_like,
    images,
    labels,
    mixed_unseen_signs,
    training_signs,
)
from graders.kit.pages import show_judgement, show_told, told_by
from graders.kit.pictures import (
    expect_each_changed,
    expect_many_views,
    expect_nothing_seeded,
    expect_places_kept,
    expect_to_either_side,
)
from graders.kit.poses import STEP, hook, poses
from graders.kit.worker.pictures import drawn

THRESHOLD = project("04a").thresholds["valid_accuracy"]
MARGIN = project("04a").thresholds["above_cnn"]
EPOCHS, BATCH = 12, 16  # small batches: who draws one change for a whole batch draws twice as many as with 32
DRAWS = 60

# -- make_transforms ----------------------------------------------------------------------------------------------------


def _draws(student, picture, count=DRAWS):
    found = drawn(student.make_transforms(True), picture, count)
    for one in found:
        expect_tensor(one, "an augmented picture", shape=tuple(picture.shape), dtype=torch.float32)
    return torch.stack(found)


def _centre(picture):
    """Centre of mass (row, column) of each picture (N, 1, H, W), in pixels from the middle."""
    weight = picture.sum(1)
    rows = torch.linspace(-0.5, 0.5, picture.shape[-2]) * picture.shape[-2]
    total = weight.sum((1, 2)).clamp(min=1e-6)
    return torch.stack([(weight.sum(2) * rows).sum(1) / total, (weight.sum(1) * rows).sum(1) / total], 1)


def _regions(picture):
    """How many bright regions a picture (1, H, W) has, counted by letting the largest number of each spread over it."""
    middle, most = float(picture.median()), float(picture.max())
    if most - middle < 0.1:  # an even picture: dots are 0.7 brighter, and 0.2 at half the light and half blurred away
        return 0
    bright = (picture > (middle + most) / 2).float()
    numbers = torch.arange(1.0, picture.numel() + 1).view_as(picture) * bright
    for _ in range(picture.shape[-1]):
        numbers = torch.nn.functional.max_pool2d(numbers, 3, 1, 1) * bright
    return len(numbers.unique()) - 1


@check("make_transforms", points=2, hint="How often should the network see exactly the same picture?")
def test_training_pictures_are_drawn_anew_each_time(student, lab):
    """An augmentation that is drawn once is only another fixed data set."""
    found = _draws(student, hand_like())
    lab.attach(lambda: views(hand_like(), list(found[:12]), "One picture, and what your transform made of it"))
    expect_many_views(found)
    expect_each_changed(student.make_transforms(True), hand_like())
    expect_nothing_seeded(student.make_transforms, hand_like())


@check(
    "make_transforms", title="shape, dtype and range are kept", points=1, hint="Which values is the network used to?"
)
@given(seed=st.integers(0, 999), batch=st.sampled_from([0, 1, 5]))
def test_shape_type_and_range_stay(student, seed, batch):
    """One image or a batch, float32, within [0, 1], and the argument is left alone."""
    picture = images(max(batch, 1), 28, seed=seed)
    picture = picture if batch else picture[0]
    for train in (True, False):
        transform = student.make_transforms(train)
        found = called(transform, picture)
        expect_close(
            argument_after(transform, picture), picture, "the picture that was given, afterwards", rtol=0, atol=0
        )
        # 1e-6: interpolation may overshoot by rounding
        expect_tensor(
            found, "the transformed picture", shape=tuple(picture.shape), dtype=torch.float32, low=-1e-6, high=1 + 1e-6
        )


@check(
    "make_transforms",
    points=1,
    hint="What do you want to know from the validation: how good the network is, or how lucky?",
)
def test_validation_pictures_stay_as_they_are(student):
    """Augmented validation measures another task, and another one each time."""
    transform = student.make_transforms(False)
    for picture in (hand_like(), images(4, 28)):
        # 1e-6: who copies, clamps or converts the type keeps float32 to about 1e-7
        expect_close(called(transform, picture), picture, "a validation picture", rtol=0, atol=1e-6)


@check("make_transforms", points=2, hint="Would you read the sign if the picture hung upside down, or in a mirror?")
def test_a_hand_is_never_turned_upside_down(student):
    """Turned by a quarter or more, flipped top to bottom or mirrored, a sign is none or another one."""
    top = torch.zeros(1, 28, 28)
    top[:, 3:12, 8:20] = 1.0  # everything above the middle
    row = _centre(_draws(student, top))[:, 0]
    fallen = int((row > 0).sum())
    # the mass stands 6.5 rows above the middle: a tilt of 45 degrees with a shift of 0.15 of the height keeps it above
    expect_at_most(
        fallen,
        0,
        "draws in which the top has come to the bottom",
        "in {fallen} of {DRAWS} draws what was at the top has come to the bottom",
        fallen=fallen,
        DRAWS=DRAWS,
    )
    seen = poses(_draws(student, hook()))
    mirrored = int(seen.mirrored.sum())
    # 2: right transforms, strong ones too, give none in thousands; a patch that erases half of the hook may
    expect_at_most(
        mirrored,
        2,
        "mirrored draws",
        "in {mirrored} of {DRAWS} draws the hand is mirrored",
        mirrored=mirrored,
        DRAWS=DRAWS,
    )
    # 54: 45 degrees are allowed, and are read to 9
    turned = int(((seen.angle.abs() > 54) & (seen.likeness > 0.8)).sum())
    expect_at_most(
        turned,
        0,
        "draws that are turned by more than 45 degrees",
        "in {turned} of {DRAWS} draws the hand is turned by more than 45 degrees",
        turned=turned,
        DRAWS=DRAWS,
    )


@check("make_transforms", points=1, hint="How much of the hand may be cut off before the letter cannot be read?")
def test_the_hand_stays_in_the_picture(student):
    """A view without the hand teaches the wrong thing: its label is still that of the letter."""
    found = _draws(student, hand_like())
    # 0.25: in 1,500 draws of the solution at least 0.40 is left; of a hand that was moved out of the picture 0.17
    contrast = found.flatten(1).std(1) / hand_like().flatten().std()
    lost = int((contrast < 0.25).sum())
    expect_at_least(
        float(contrast.min()),
        0.25,
        "contrast that is left of the hand, in the worst draw",
        "in {lost} of {DRAWS} draws hardly anything is left of the hand",
        lost=lost,
        DRAWS=DRAWS,
    )
    # Five dots for a hand and its ends: one in the middle, four 9 pixels from it. A third larger and a fifth of the picture aside
    # two of the ends are still there; at twice the size none is, and half the picture aside the middle has gone too.
    spots = torch.full((1, 28, 28), 0.2)
    for row, column in ((14, 14), (5, 14), (23, 14), (14, 5), (14, 23)):
        spots[:, row - 1 : row + 2, column - 1 : column + 2] = 0.9
    seen = [_regions(one) for one in _draws(student, spots)]
    # 3: the middle and two of the ends
    expect_at_least(
        min(seen),
        3,
        "dots of five that are still in the picture, in the worst draw",
        "of five dots, the middle of a hand and its ends, only {least} are left in the worst of {DRAWS} draws",
        least=min(seen),
        DRAWS=DRAWS,
    )
    # 0.5: turned, moved, enlarged or sheared a hook is 0.75 and more like itself. 6: an erased patch may hide it now and then
    strange = int((poses(_draws(student, hook())).likeness < 0.5).sum())
    expect_at_most(
        strange,
        6,
        "draws in which a hook is no hook any more",
        "in {strange} of {DRAWS} draws a hook is not like itself any more: a negative, or too dark or bright?",
        strange=strange,
        DRAWS=DRAWS,
    )
    expect_places_kept(student.make_transforms(True))


@check(
    "make_transforms",
    title="the hand moves, turns or grows",
    points=1,
    hint="If only the light changes, what does the network learn about another position?",
)
def test_the_hand_moves_turns_or_grows(student):
    """Other signers hold their hands elsewhere: light alone does not teach that."""
    found = _draws(student, hand_like())
    edges = (found - found.mean((1, 2, 3), keepdim=True)) / found.std((1, 2, 3), keepdim=True)
    own = (hand_like() - hand_like().mean()) / hand_like().std()
    alike = (edges * own).mean((1, 2, 3))  # correlation with the original: 1 for any change of light
    # a change of brightness and contrast, clipped, stays above 0.97; a shift of two pixels falls to about 0.8
    expect_at_least(
        float((alike < 0.95).float().mean()), 0.5, "share of draws in which the hand has another place, angle or size"
    )
    seen = poses(_draws(student, hook()))
    whole = seen.likeness > 0.8  # as above: what is cut off has another centre
    shift = (seen.shift - poses(hook()[None]).shift)[whole]
    expect_to_either_side(seen.angle[whole], STEP, "turned to the right", "turned to the left")
    # 0.75: half a pixel is rounding, a shear, or the other centre of a turn
    expect_to_either_side(shift[:, 0], 0.75, "moved to the right", "to the left")
    expect_to_either_side(shift[:, 1], 0.75, "moved down", "up")


# -- train_augmented ----------------------------------------------------------------------------------------------------

CLASSES = 4


def _trained(lab, model, epochs, valid_labels=None, lr=1e-3, batch_size=8, train=None):
    x, y = images(20, 28, seed=1), labels(20, CLASSES, 1)
    train = train or lab.build(tensor_set(images=x, labels=y))
    y = labels(10, CLASSES, 2) if valid_labels is None else valid_labels
    valid = lab.build(tensor_set(images=images(10, 28, seed=2), labels=y))
    return lab.seeded(7).train_augmented(model, train, valid, epochs, lr, batch_size)


def _matches(batch, originals):
    """For each image of a batch: is it one of the originals, value for value?"""
    # 1e-6: a picture that is only copied or clamped is the same to about 1e-7; one that was changed differs by more in some pixel
    return [bool((originals - one).abs().flatten(1).amax(1).min() < 1e-6) for one in batch]


@check(
    "train_augmented",
    title="training sees newly augmented pictures in each epoch",
    points=1,
    needs=("make_transforms",),
    hint="Is the picture that reaches the network still the one in the data set?",
)
def test_training_sees_augmented_pictures_anew_each_epoch(lab):
    """Every training batch is augmented, in every epoch in another way."""
    model = lab.build(witness_net(classes=CLASSES, seed=1))
    _trained(lab, model, 2)
    shown = [batch for training, batch in seen_by(model) if training]
    expect_equal(
        [len(b) for b in shown], [8, 8, 4] * 2, "sizes of the training batches in two epochs of twenty, by eight"
    )
    plain = sum(sum(_matches(b, images(20, 28, seed=1))) for b in shown)
    # 10: chance may leave a quarter of them alone; without augmentation all forty come as they are
    expect_at_most(
        plain,
        10,
        "training pictures that reach the network as they are, of 40",
        "{plain} of 40 training pictures reach the network as they are in the data set",
        plain=plain,
    )
    first, second = torch.cat(shown[: len(shown) // 2]), torch.cat(shown[len(shown) // 2 :])
    again = sum(_matches(second, first))
    # 5: likewise; a data set that was augmented once, beforehand, shows all twenty again
    expect_at_most(
        again,
        5,
        "pictures of the second epoch that were shown just so in the first, of 20",
        "{again} of 20 pictures of the second epoch were shown just so in the first",
        again=again,
    )


@check("train_augmented", points=1, needs=("make_transforms",), hint="What should a validation picture look like?")
def test_validation_sees_the_pictures_as_they_are(lab):
    """Validation in eval mode, on unchanged pictures, each exactly once an epoch."""
    model = lab.build(witness_net(classes=CLASSES, seed=1))
    _trained(lab, model, 2)
    shown = [batch for training, batch in seen_by(model) if not training]
    expect_equal(sum(len(b) for b in shown), 20, "validation pictures shown in two epochs of ten")
    changed = 20 - sum(sum(_matches(b, images(10, 28, seed=2))) for b in shown)
    expect(changed == 0, "{changed} of 20 validation pictures were changed", changed=changed)


@check(
    "train_augmented",
    points=1,
    needs=("make_transforms",),
    hint="What does DataLoader do with the order, if you ask it to?",
)
def test_training_order_is_new_in_each_epoch(lab):
    """Each picture once an epoch, in another order each time."""
    # every picture has a class of its own, so the classes that the network is taught say which picture comes when
    data = lab.build(tensor_set(images=images(20, 28, seed=1), labels=torch.arange(20)))
    model = lab.build(witness_net(classes=20, seed=1))
    _trained(lab, model, 2, train=data)
    taught = [who for batch in taught_to(model) for who in batch]
    expect_equal(len(taught), 40, "pictures that two epochs over twenty pictures teach")
    first, second = taught[:20], taught[20:]
    for order in (first, second):
        expect_equal(sorted(order), list(range(20)), "items of an epoch, sorted")
        expect(order != list(range(20)), "training pictures come in the order of the data set")
    expect(first != second, "training pictures come in the same order in the second epoch")


@check("train_augmented", points=1, needs=("make_transforms",), hint="Which data may move a weight?")
def test_validation_data_teach_nothing(lab):
    """With other validation labels the weights must come out the same, bit for bit.

    The first labels are what the network says at the start, the second what it thinks least likely: whoever keeps the epoch
    with the best validation keeps an early one with the first, a late one with the second.
    """
    states = []
    for likely in (True, False):
        model = lab.build(moody_net(features=784, classes=CLASSES, seed=1))
        logits = forward(model, images(10, 28, seed=2), mode="eval")
        _trained(lab, model, 6, logits.argmax(1) if likely else logits.argmin(1), lr=0.05)
        states.append(state_of(model))
    expect_same(states[1], states[0], "weights after training with other validation labels")


@check(
    "train_augmented",
    title="it uses the caller's learning rate",
    points=1,
    needs=("make_transforms",),
    hint="Where does the learning rate go?",
)
def test_the_learning_rate_is_the_callers(lab):
    """With a learning rate of 0 no parameter moves; with 0.01 they do."""
    model = lab.build(linear_net(features=784, classes=CLASSES, seed=1))
    before = parameters_of(model)
    _trained(lab, model, 1, lr=0.0)
    expect_same(parameters_of(model), before, "parameters after an epoch at learning rate 0")
    _trained(lab, model, 1, lr=0.01)
    after = parameters_of(model)
    moved = max(float((after[n] - before[n]).abs().max()) for n in before)
    # three Adam steps of 0.01 move a weight by up to 0.03, of 0.001 by up to 0.003
    expect(
        moved > 5e-3, "in three steps at learning rate 0.01 no parameter moved by more than {moved:.2g}", moved=moved
    )
    expect_changed(after, before, "parameters after an epoch at learning rate 0.01")


@check(
    "train_augmented",
    points=1,
    needs=("make_transforms",),
    hint="How many entries has each curve, and of which model is the last?",
)
def test_the_history_is_true(lab):
    """One entry an epoch in each curve; the last one is that of the final model on the plain validation pictures."""
    model = lab.build(linear_net(features=784, classes=CLASSES, seed=1))
    curves = history_of(_trained(lab, model, 3))
    for name in ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy"):
        expect_equal(len(curves.get(name, [])), 3, f"entries of {name} after three epochs")
        for value in curves[name]:
            expect_float(value, f"an entry of {name}", low=0.0)
    logits, truth = forward(model, images(10, 28, seed=2), mode="eval"), labels(10, CLASSES, 2)
    loss = float(torch.nn.functional.cross_entropy(logits, truth))
    # 1e-4: float32 sums over ten items
    expect_close(curves["valid_loss"][-1], loss, "the last valid_loss", rtol=1e-4, atol=1e-4)
    # 1e-6: one item of ten more or less is 0.1
    expect_close(curves["valid_accuracy"][-1], accuracy(logits, truth), "the last valid_accuracy", rtol=0, atol=1e-6)


@check(
    "train_augmented",
    points=3,
    needs=("make_transforms",),
    slow=True,
    hint="Does the augmentation cover what differs from signer to signer?",
)
def test_it_reads_unseen_hands(lab):
    """Your augmented training of the course's network; the judge counts on signers that it has not met.

    The network answers by the running mean of its weights, so that no lucky or unlucky last step decides.

    The bound is the larger of 0.90 and the plain network's mean over five seeds (course/models/baselines.toml) and 0.03 more.
    """
    x, y = mixed_unseen_signs(lab.seed)

    def trained():
        pictures, truth = training_signs()
        model = lab.build(steady_sign_net(seed=lab.seed))
        train = lab.build(tensor_set(images=pictures, labels=truth))
        valid = lab.build(tensor_set(images=pictures[:32], labels=truth[:32]))
        history = lab.seeded(lab.seed).train_augmented(model, train, valid, EPOCHS, batch_size=BATCH)
        told = told_by(history)
        return {"told": told, "logits": predict(model, x)}

    found = lab.remember("signs", trained)
    logits = expect_tensor(found["logits"], "logits", shape=(len(y), 24))
    names, unseen = ("training", "32 of its pictures, plain"), ("unseen hands, in the end", accuracy(logits, y))
    show_told(lab, found["told"], "Accuracy after each epoch, as your training tells it", names, unseen)
    show_judgement(lab, y, logits, LETTERS, x)
    expect_at_least(
        accuracy(logits, y),
        max(THRESHOLD, baseline("convolutional") + MARGIN),
        f"accuracy on unseen hands (without augmentation {baseline('convolutional'):.3f})",
    )


# -- save_model ---------------------------------------------------------------------------------------------------------


def _numbers(content: bytes) -> dict:
    try:
        found = torch.load(io.BytesIO(content), weights_only=True)
    except Exception as fault:
        fail(
            "torch.load(..., weights_only=True) cannot read the saved file: {text}",
            text=str(fault).splitlines()[0][:160],
        )
    expect(
        isinstance(found, dict) and all(type(v) is torch.Tensor for v in found.values()),
        "the saved file holds more than a state dict",
    )
    return dict(found)


@check(
    "save_model",
    title="the file holds the weights and nothing else",
    points=2,
    hint="Which of the two runs code when it is opened: an object, or numbers?",
)
def test_the_file_holds_the_numbers_and_nothing_else(student, lab):
    """A state dict, parameters and running statistics alike, readable with weights_only=True."""
    model = lab.build(moody_net(features=16, classes=CLASSES, seed=4))
    path, before = lab.path("model.pt"), state_of(model)
    student.save_model(model, path)
    expect_same(_numbers(lab.read(path)), before, "saved numbers")
    expect_same(state_of(model), before, "numbers of the model itself after saving")


@check("save_model", points=1, hint="Which names does a compiled network have, and which does the plain one know?")
def test_a_compiled_model_is_saved_under_plain_names(student, lab):
    """Otherwise nobody can load it into the network that it came from."""
    model = lab.build(linear_net(features=16, classes=CLASSES, seed=4))
    path = lab.path("compiled.pt")
    student.save_model(lab.build(compiled(model=model)), path)
    expect_same(_numbers(lab.read(path)), state_of(model), "saved numbers of a compiled network")


@check("save_model", points=1, hint="What becomes of the file of yesterday?")
def test_an_older_file_is_replaced(student, lab):
    """Saving twice leaves the second model."""
    path = lab.file("old.pt", b"yesterday")
    for seed in (1, 2):
        model = lab.build(linear_net(features=16, classes=CLASSES, seed=seed))
        student.save_model(model, path)
    expect_same(_numbers(lab.read(path)), state_of(model), "numbers after saving two models to one path")
