"""Grader of project 04a: data augmentation.

pytest graders/test_04a_augmentation.py
"""

import torch
from torch.nn.functional import avg_pool2d

from course.catalog import project
from course.checks import seeds
from course.checks.attachments import views
from course.checks.builders import (
    compiled,
    linear_net,
    moody_net,
    steady_sign_net,
    tensor_set,
)
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_at_most,
    expect_close,
    expect_equal,
    expect_same,
    expect_tensor,
)
from course.checks.probes import (
    called,
    history_of,
    parameters_of,
    predict,
    state_of,
)
from graders.kit import gpu
from graders.kit.epochs import (
    expect_callers_rate,
    expect_each_item_once_an_epoch,
    expect_entries,
    expect_modes,
    expect_no_rate_by_the_batch,
    expect_one_optimizer,
    expect_only_the_free_learn,
    expect_plain_steps,
    expect_steps,
    expect_trained_anew,
    expect_true_curves,
    expect_validation_teaches_nothing,
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
from graders.kit.loops import Data, Run, varied, wrong_labels
from graders.kit.networks import expect_left_alone, standing_of
from graders.kit.pages import show_judgement, show_told, told_by
from graders.kit.pictures import (
    correlation,
    expect_each_changed,
    expect_many_views,
    expect_nothing_seeded,
    expect_places_kept,
    expect_to_either_side,
)
from graders.kit.pictures import (
    expect_left_alone as expect_pictures_left_alone,
)
from graders.kit.poses import STEP, hook, poses
from graders.kit.saving import expect_replaced, expect_saved_whole, numbers_in_file, numbers_of
from graders.kit.worker.loops import MARK, enough_views, freeze_part, loop_net, marking_transforms
from graders.kit.worker.pictures import all_through, drawn
from graders.kit.worker.specimens import likely_named_net, named_net

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


def _regions(pictures):
    """How many bright regions each picture (N, 1, H, W) has, counted by letting the largest number of each spread over it."""
    flat = pictures.flatten(1)
    middle, most = flat.median(1).values.view(-1, 1, 1, 1), flat.amax(1).view(-1, 1, 1, 1)
    # 0.1, or it is an even picture: dots are 0.7 brighter, and 0.2 at half the light and half blurred away
    bright = ((pictures > (middle + most) / 2) & (most - middle >= 0.1)).float()
    numbers = torch.arange(1.0, flat.shape[1] + 1).view_as(pictures[:1]) * bright
    for _ in range(pictures.shape[-1]):
        numbers = torch.nn.functional.max_pool2d(numbers, 3, 1, 1) * bright
    return [len(one[one > 0].unique()) for one in numbers]


def _hands(student, lab):
    """Draws of a hand, at which three checks look."""
    return lab.shared("draws of a hand", lambda: _draws(student, hand_like()))


def _hooks(student, lab):
    """The poses of draws of a hook, at which three checks look."""
    return lab.shared("draws of a hook", lambda: poses(_draws(student, hook())))


@check(
    "make_transforms", points=2, hint="Apply your training transform twice to one picture. Do the two results differ?"
)
def test_training_pictures_are_drawn_anew_each_time(student, lab):
    """An augmentation that is drawn once is only another fixed data set."""
    found = _hands(student, lab)
    lab.attach(lambda: views(hand_like(), list(found[:12]), "One picture, and what your transform made of it"))
    expect_many_views(found)
    expect_each_changed(student.make_transforms(True), hand_like())
    expect_nothing_seeded(student.make_transforms, hand_like())


@check(
    "make_transforms",
    title="shape, dtype and range are kept",
    points=1,
    hint="Print shape, dtype, minimum and maximum before and after your transform. What should change?",
)
def test_shape_type_and_range_stay(student):
    """One image or a batch, float32, within [0, 1], and the argument is left alone."""
    for train, draws in ((True, 10), (False, 2)):
        transform = student.make_transforms(train)
        for batch in (0, 1, 5):
            pictures = [images(batch, 28, seed=k) if batch else images(1, 28, seed=k)[0] for k in range(draws)]
            through = all_through(transform, pictures)
            expect_pictures_left_alone(through)
            for found, picture in zip(through["found"], pictures, strict=True):
                shape = tuple(picture.shape)
                # 1e-6: interpolation may overshoot by rounding
                expect_tensor(
                    found, "the transformed picture", shape=shape, dtype=torch.float32, low=-1e-6, high=1 + 1e-6
                )


@check(
    "make_transforms",
    points=1,
    hint="Apply your validation transform twice to one picture. Should anything in it be random?",
)
def test_validation_pictures_stay_as_they_are(student):
    """Augmented validation measures another task, and another one each time."""
    transform = student.make_transforms(False)
    for picture in (hand_like(), images(4, 28)):
        # 1e-6: who copies, clamps or converts the type keeps float32 to about 1e-7
        expect_close(called(transform, picture), picture, "a validation picture", rtol=0, atol=1e-6)


@check("make_transforms", points=2, hint="Would you read the sign if the picture hung upside down, or in a mirror?")
def test_a_hand_is_never_turned_upside_down(student, lab):
    """Turned by a quarter or more, upside down or mirrored, it is a different sign, or no sign at all."""
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
    seen = _hooks(student, lab)
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


@check("make_transforms", points=1, hint="Plot eight training views of one hand. Is the whole hand still in each?")
def test_the_hand_stays_in_the_picture(student, lab):
    """A view without the hand teaches the wrong thing: its label is still that of the letter."""
    found = _hands(student, lab)
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
    seen = _regions(_draws(student, spots))
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
    strange = int((_hooks(student, lab).likeness < 0.5).sum())
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
    hint="Plot eight training views of one hand. Does it move, turn or grow, or does only the light change?",
)
def test_the_hand_moves_turns_or_grows(student, lab):
    """Other signers hold their hands elsewhere: light alone does not teach that."""
    found, hand = _hands(student, lab), hand_like()
    still = sum(torch.equal(one, hand) for one in found)
    # 51: of sixty; who leaves seven of ten alone leaves 42, give or take 4
    expect_at_most(
        still,
        51,
        "draws that come back as they were",
        "{still} of {DRAWS} draws come back as they were",
        still=still,
        DRAWS=DRAWS,
    )
    seen = _hooks(student, lab)
    shift = seen.shift - poses(hook()[None]).shift
    near = correlation(avg_pool2d(found, 3, 1), avg_pool2d(hand, 3, 1).expand(len(found), -1, -1, -1))
    # 0.75: half a pixel is rounding, a shear, or the other centre of a turn. 0.985: averaged over 3 x 3 pixels, all light leaves a
    # correlation of 0.994 and more, noise of 0.1 one of 0.984; a zoom by a tenth goes down to 0.96.
    moved = [(seen.angle.abs() >= STEP) | (shift.abs().amax(1) >= 0.75), near < 0.985]
    # 0.1: turns by up to 5 degrees are 0.26, zooms by up to a tenth 0.41, give or take 0.06; light is 0, noise of 0.1 is 0.01
    expect_at_least(
        max(float(flags.float().mean()) for flags in moved),
        0.1,
        "share of draws in which the hand has another place, angle or size",
    )
    whole = seen.likeness > 0.8  # as above: what is cut off has another centre
    expect_to_either_side(seen.angle[whole], STEP, "turned to the right", "turned to the left")
    # 0.75: as above
    expect_to_either_side(shift[whole, 0], 0.75, "moved to the right", "to the left")
    expect_to_either_side(shift[whole, 1], 0.75, "moved down", "up")


# -- train_augmented ----------------------------------------------------------------------------------------------------

CLASSES, SIZES = 4, [8, 8, 1]
LINE = {"features": 28 * 28, "classes": CLASSES, "seed": 2}


def _pictures(count: int, seed: int) -> torch.Tensor:
    """Pictures whose first two pixels are 0, for `marking_transforms`."""
    pictures = varied(count, 1, 28, seed)
    pictures[..., 0, :2] = 0
    return pictures


def teaching() -> Data:
    """17 pictures to learn from, drawn anew in each class."""
    return Data(_pictures(17, 1), labels(17, CLASSES, 1))


def watching() -> Data:
    """11 pictures to measure with."""
    return Data(_pictures(11, 2), labels(11, CLASSES, 2))


def _train(lab, model, train: Data, valid: Data, epochs: int, lr: float):
    """The student's training in batches of 8, the last of one item. Its transform is one of ours, which leaves marks."""
    lab.stand_in("make_transforms", marking_transforms())
    train_set, valid_set = (lab.build(tensor_set(images=part.images, labels=part.labels)) for part in (train, valid))
    return lab.seeded(7).train_augmented(model, train_set, valid_set, epochs, lr, 8)


def _run(lab, epochs: int, lr: float = 0.01, train: Data | None = None, frozen: str = "") -> Run:
    train = train or teaching()
    net = {"channels": 1, "classes": int(train.labels.max()) + 1, "seed": 2}
    model = lab.build(loop_net(**net))
    if frozen:
        freeze_part(model, frozen)
    return Run(
        model, loop_net.build(**net), train, watching(), lambda: _train(lab, model, train, watching(), epochs, lr)
    )


def _three_epochs(lab) -> Run:
    """What six checks look at, each for something else. It gets worse at the validation pictures all the time."""

    def run() -> Run:
        net = {"channels": 1, "classes": CLASSES, "seed": 2}
        model = lab.build(loop_net(**net))
        freeze_part(model, FROZEN)
        train, valid = (
            Data(x, wrong_labels(model, x, CLASSES)[kind])
            for x, kind in ((teaching().images, "taught"), (watching().images, "mostly own"))
        )
        found = Run(model, loop_net.build(**net), train, valid, lambda: _train(lab, model, train, valid, 3, 0.05))
        expect(bool(found.flags_after), "the network has no parameters any more")  # asked for now: the next check can't
        return found

    return lab.shared("three epochs", run)


FROZEN = "2.0.0.bias"


def _shown(run: Run) -> list[torch.Tensor]:
    """The pictures that the network was taught in each epoch."""
    return [torch.cat([one.images for step in run.epoch(k) for one in step.passes]) for k in range(3)]


@check(
    "train_augmented",
    title="training sees newly augmented pictures in each epoch",
    points=1,
    hint="Print a picture as it reaches the network in two epochs. Is it the data set's own, or the same twice?",
)
def test_training_sees_augmented_pictures_anew_each_epoch(lab):
    """Every training batch is augmented once, in every epoch in another way."""
    run = _three_epochs(lab)
    expect_steps(run)
    sizes = [step.items for step in run.steps]
    expect_equal(sizes, SIZES * 3, "sizes of the training batches in three epochs of seventeen, by eight")
    shown = torch.cat(_shown(run))
    times = (shown[:, 0, 0, 0] / MARK).round()
    if min(teaching().who(shown)) >= 0:  # else it has its transform from elsewhere, which leaves no marks
        plain, often = int((times == 0).sum()), int((times > 1).sum())
        expect(plain == 0, "{plain} of 51 training pictures reach the network as they are in the data set", plain=plain)
        expect(
            often == 0,
            "{often} of 51 training pictures were augmented more than once before they were shown",
            often=often,
        )
    views = {}
    for who, picture in zip(
        (who for step in run.steps for one in step.passes for who in run.items(one)), shown, strict=True
    ):
        views.setdefault(who, []).append(picture)
    again = sum(torch.equal(a, b) for found in views.values() for k, b in enumerate(found) for a in found[:k])
    # a half: with the marks no two views are alike; a transform from elsewhere may leave a batch as it is
    expect_at_most(
        again,
        25,
        "pairs of views of a picture that are the same in two epochs, of 51",
        "{again} of 51 pairs of views are alike: a picture is shown just so in another epoch",
        again=again,
    )


@check("train_augmented", points=1, hint="Which transform do your validation pictures go through?")
def test_validation_sees_the_pictures_as_they_are(lab):
    """Validation in eval mode, on unchanged pictures, each in every epoch."""
    run = _three_epochs(lab)
    expect_modes(run)
    measured = torch.cat([one.images for one in run.passes if one.taught is None] or [torch.zeros(1, 1, 28, 28)])
    seen = [picture for picture, who in zip(measured, watching().who(measured), strict=True) if who >= 0]
    # 33: eleven pictures in each of three epochs
    expect_at_least(len(seen), 33, "validation pictures that are measured in three epochs of eleven")
    changed = sum(bool(picture[0, 0, :2].any()) for picture in seen)
    expect(changed == 0, "{changed} of {all} validation pictures were augmented", changed=changed, all=len(seen))


@check("train_augmented", points=1, hint="Which argument of `DataLoader` shuffles the training pictures?")
def test_training_order_is_new_in_each_epoch(lab):
    """Each picture once an epoch, in another order each time, also the one that is left for the last batch."""
    # every picture has a class of its own, so the classes that the network is taught say which picture comes when
    expect_each_item_once_an_epoch(_run(lab, 2, train=Data(teaching().images, torch.arange(17))), SIZES, 2)


@check("train_augmented", points=1, hint="Which of your two loaders may reach `backward`?")
def test_validation_data_teach_nothing(lab):
    """With other validation labels the weights must come out the same, bit for bit, after as many epochs."""

    def trained(kind: str):
        model = lab.build(linear_net(**LINE))
        train, valid = (
            Data(x, wrong_labels(model, x, CLASSES)[k])
            for x, k in zip((teaching().images[:8], watching().images[:5]), ("taught", kind), strict=True)
        )
        # 0.001: of 784 weights for each class; with more the first step teaches all there is
        curves = history_of(_train(lab, model, train, valid, 16, 0.001))
        return state_of(model), curves

    expect_validation_teaches_nothing(trained, 16)


@check(
    "train_augmented",
    title="it uses the caller's learning rate",
    points=1,
    hint='Print `optimizer.param_groups[0]["lr"]`. Is it the `lr` that the caller gave?',
)
def test_the_learning_rate_is_the_callers(lab):
    """At 0 no parameter moves; at 0.05 all do but a frozen one, by one optimizer, which has that rate at most."""
    still = lab.build(loop_net(channels=1, classes=CLASSES, seed=2))
    before = parameters_of(still)
    _train(lab, still, teaching(), watching(), 1, 0.0)
    expect_same(parameters_of(still), before, "parameters after an epoch at learning rate 0")
    run = _three_epochs(lab)
    expect_only_the_free_learn(run)
    expect_callers_rate(run, 0.05)
    expect_one_optimizer(run)
    expect_no_rate_by_the_batch(_run(lab, 1, 0.05, frozen=FROZEN), run)


@check(
    "train_augmented",
    points=1,
    hint="How many entries does each list have, and was the last one measured on the model as it is at the end?",
)
def test_the_history_is_true(lab):
    """One entry an epoch in each curve, true of it: on the pictures as they were shown, and on the plain validation pictures."""
    expect_true_curves(_three_epochs(lab), 3)
    model = lab.build(linear_net(**LINE, sure=400.0))
    known = Data(teaching().images[:3], wrong_labels(model, teaching().images[:3], CLASSES)["own"])
    # nothing is left to learn, and nothing is learned: all epochs are gone through even so
    expect_entries(history_of(_train(lab, model, known, known, 25, 0.0)), 25)
    model, other = (lab.build(linear_net(**{**LINE, "seed": seed})) for seed in (2, 3))
    sets = [lab.build(tensor_set(images=part.images, labels=part.labels)) for part in (teaching(), watching())]
    expect_trained_anew(lambda: lab.student.train_augmented(model, *sets, 1, 0.01, 8), model, other)


@check(
    "train_augmented",
    points=1,
    hint="In which order do loss, zero_grad, backward and step come, and does the loss get logits?",
)
def test_each_batch_is_one_plain_step(lab):
    """Down, along the gradient of the mean cross entropy of this very batch; nothing is left of the one before."""
    expect_plain_steps(_three_epochs(lab), bound=1.0, epochs=2)


@check(
    "train_augmented",
    points=3,
    slow=True,
    hint="Is every view of a hand new in each epoch, and does the training accuracy rise?",
)
def test_it_reads_unseen_hands(lab):
    """Your augmented training of the course's network; the judge counts on signers that it has not met.

    The views are the course's own, which are known to be enough, so that your `make_transforms` has no part in this. The network
    answers by the running mean of its weights, so that no lucky or unlucky last step decides.

    The bound is the larger of 0.90 and the plain network's mean over five seeds (course/models/baselines.toml) and 0.03 more.
    """
    x, y = lab.exam(mixed_unseen_signs)

    def trained():
        pictures, truth = training_signs()
        lab.stand_in("make_transforms", enough_views())
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


@check(
    "save_model",
    title="the file holds the weights and nothing else",
    points=2,
    hint="Opening a pickled object can run code. What can you save that holds only weights?",
)
def test_the_file_holds_the_numbers_and_nothing_else(student, lab):
    """A state dict, parameters and running statistics alike, readable with weights_only=True."""
    form = {"features": 16, "classes": CLASSES, "seed": seeds.drawn(4)}
    model = lab.build(moody_net(**form))
    path, before = lab.path("model.pt"), standing_of(model)
    student.save_model(model, path)
    expect_same(numbers_in_file(lab.read(path)), numbers_of(moody_net, **form), "saved numbers")
    expect_left_alone(model, before, "after saving")
    expect_saved_whole(student, lab)


@check(
    "save_model", points=1, hint="Print the names in `state_dict()` of a compiled and of a plain network. What differs?"
)
def test_a_compiled_model_is_saved_under_plain_names(student, lab):
    """Otherwise nobody can load it into the network that it came from."""
    seed = {"seed": seeds.drawn(4)}
    for net, form in ((linear_net, {"features": 16, "classes": CLASSES, **seed}), (named_net, seed)):
        path = lab.path("compiled.pt")
        student.save_model(lab.build(compiled(model=lab.build(net(**form)))), path)
        expect_same(numbers_in_file(lab.read(path)), numbers_of(net, **form), "saved numbers of a compiled network")
    student.save_model(lab.build(likely_named_net(**seed)), path)
    expect_same(
        numbers_in_file(lab.read(path)), numbers_of(likely_named_net, **seed), "saved numbers of a plain network"
    )


@check("save_model", points=1, hint="The path may already hold an older file. What should it hold afterwards?")
def test_an_older_file_is_replaced(student, lab):
    """Saving twice leaves the second model."""
    expect_replaced(student, lab)


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "train_augmented",
    ready_for="a GPU",
    needs=("make_transforms",),
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_each_batch_goes_to_the_device_of_the_network(student, lab):
    """Views are drawn on the CPU or on the GPU; images and labels of one batch have to meet where the network is."""
    lab.stand_in("make_transforms", marking_transforms())

    def train(model):
        sets = gpu.picture_set(lab, 14, seed=1), gpu.picture_set(lab, 6, seed=2)
        return lab.seeded(7).train_augmented(model, *sets, 2, 0.01, 4)

    gpu.expect_training(lab, train, alike=False)


@bonus("save_model", ready_for="a GPU", hint="Which call moves the network, and is it still on the GPU afterwards?")
def test_a_network_on_a_gpu_is_saved_and_stays_there(student, lab):
    """Others have no GPU: the file opens with map_location="cpu". And whoever saves between two epochs wants to train on."""
    gpu.expect_saved(student, lab)
