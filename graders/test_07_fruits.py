"""Grader of project 07: fresh and rotten fruit.

pytest graders/test_07_fruits.py
"""

import torch

from course.catalog import project
from course.checks.attachments import confusion
from course.checks.builders import fixed_net, loader, moody_net
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_close,
    expect_equal,
    expect_int,
    expect_same,
    expect_tensor,
)
from course.checks.probes import copy_parameters, forward, history_of, state_of
from graders.kit import gpu
from graders.kit.epochs import (
    expect_modes,
    expect_only_the_free_learn,
    expect_settings,
    expect_steps,
    expect_validation_teaches_nothing,
)
from graders.kit.freezing import (
    WIDTH,
    expect_all_frozen,
    expect_backbone_as_it_is,
    expect_frozen_whatever_the_mode,
    expect_gradients_everywhere,
    expect_head_alone_learns,
    expect_logits_for,
    expect_statistics_stay_within,
    expect_thawed_later,
    frozen_backbone,
)
from graders.kit.general import accuracy, images, labels, numbered
from graders.kit.heads import stood, trained_here
from graders.kit.loops import Data, passes_of, varied, wrong_labels
from graders.kit.pages import FRUIT, show_judgement, show_photo_views, show_told, told_by
from graders.kit.photos import (
    folder_photos,
    unseen_fruit,
)
from graders.kit.saving import expect_replaced, expect_saved_whole, numbers_in_file
from graders.kit.tuning import (
    expect_no_drift,
    expect_plain_photo_steps,
    expect_rate,
    expect_small_steps,
    expect_the_best_state_in_the_end,
    expect_true_history,
    expect_validation_only_measures,
    expect_whole_network_learned,
    headed_net,
    photo_run,
    teaching,
    watching,
)
from graders.kit.views import (
    expect_colours_kept,
    expect_hue_kept,
    expect_light_kept,
    expect_normalised,
    expect_plain,
    expect_varied,
)
from graders.kit.worker.loops import freeze_part, loop_net, part_loader, settings_of
from graders.kit.worker.photos import (
    backbone_of,
    photo_loader,
    predict_photos,
    tiny_backbone,
    width_of,
)

THRESHOLD = project("07").thresholds["valid_accuracy"]
CLASSES = 6

# -- make_transforms ----------------------------------------------------------------------------------------------------


@check("make_transforms", points=1, hint="Which mean and standard deviation was the backbone trained with?")
def test_photos_are_normalised_as_the_backbone_expects(student):
    """float32 (3, 96, 96), each channel (x - mean) / std with the mean and standard deviation of ImageNet."""
    expect_normalised(student)


@check(
    "make_transforms",
    points=1,
    hint="Apply your validation transform twice to one photo. Should anything in it be random?",
)
def test_validation_photos_are_whole_and_always_the_same(student):
    """The central square of the photo, resized; augmentation is for training only."""
    expect_plain(student)


@check("make_transforms", points=1, hint="Apply your training transform twice to one photo. Do the two results differ?")
def test_training_photos_are_drawn_anew_each_time(student, lab):
    """In each epoch the network sees another view of the same fruit."""
    show_photo_views(lab, student.make_transforms(True), "fruits")
    expect_varied(student, upright=False)
    expect_light_kept(student)


@check("make_transforms", points=1, hint="Plot eight training views of one photo. Does any of them change the colour?")
def test_an_orange_stays_orange(student):
    """A change of hue changes the label too, and so does taking the colour away."""
    expect_hue_kept(student)
    expect_colours_kept(student)


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, hint="Three kinds of fruit, each fresh or rotten: how many classes are there?")
def test_each_photo_gets_six_logits(student, lab):
    """(B, 3, H, W) in, (B, 6) out; logits, because cross entropy applies softmax itself."""
    expect_logits_for(student, lab, 6, 4)


@check(
    "build_model",
    points=1,
    needs=("freeze_backbone",),
    hint="Print `requires_grad` of each parameter by its name. Can the new part learn, and is the rest as before?",
)
def test_the_head_can_learn_and_the_backbone_stays(student, lab):
    """A frozen backbone is still frozen in the model; every trainable parameter gets a gradient."""
    expect_backbone_as_it_is(student, lab)
    expect_head_alone_learns(student.build_model(frozen_backbone(student, lab), WIDTH))
    expect_gradients_everywhere(student.build_model(lab.build(tiny_backbone(seed=3)), WIDTH, 7))
    expect_thawed_later(student, lab, 7)


# -- freeze_backbone ----------------------------------------------------------------------------------------------------


@check("freeze_backbone", points=1, hint="What decides whether the optimizer may change a parameter?")
def test_every_parameter_is_frozen(student, lab):
    """No parameter of the backbone requires a gradient, and it is still the same backbone."""
    expect_all_frozen(student, lab)


@check("freeze_backbone", points=1, hint="What does `model.train()` do to the BatchNorm layers inside it?")
def test_statistics_stay_in_a_network_that_is_trained(student, lab):
    """In train mode the backbone's running statistics do not move, and it answers as in eval mode."""
    expect_frozen_whatever_the_mode(student, lab, instances=True)
    expect_statistics_stay_within(student, lab, CLASSES, instances=True)


# -- train --------------------------------------------------------------------------------------------------------------


@check(
    "train",
    points=1,
    needs=("freeze_backbone",),
    hint="How many entries does each list have, and was the last one measured on the model as it is at the end?",
)
def test_the_history_is_true(student, lab):
    """One entry an epoch in each curve, true of that epoch: validation in eval mode, after the training."""
    expect_true_history(student, lab, "train", CLASSES)
    expect_modes(photo_run(student, lab, "train", CLASSES, 2, 0.01, frozen=False))


@check(
    "train",
    points=1,
    needs=("freeze_backbone",),
    hint="In which order do loss, zero_grad, backward and step come, and does the loss get logits?",
)
def test_each_batch_is_one_plain_step(student, lab):
    """One step down the gradient of this batch's mean cross entropy; nothing is left over from the batch before."""
    expect_plain_photo_steps(student, lab, "train", CLASSES)


@check(
    "train",
    points=1,
    needs=("freeze_backbone",),
    hint="Compare the state dict before and after training. What besides the head has changed?",
)
def test_only_the_head_moves(student, lab):
    """The backbone stays bit for bit, statistics too; all of the head moves, at the caller's learning rate. At 0 nothing does."""
    still = photo_run(student, lab, "train", CLASSES, 1, 0.0)
    expect_same(still.after, still.before, "weights after an epoch at learning rate 0")
    run = expect_rate(student, lab, "train", CLASSES)
    expect_no_drift(run)
    expect_only_the_free_learn(run)


@check(
    "train",
    points=1,
    needs=("freeze_backbone",),
    hint="Print how many parameters the optimizer holds. Does it need the frozen ones?",
)
def test_the_optimizer_gets_only_what_can_be_trained(student, lab):
    """Frozen parameters in its list cost memory, and hide that the optimizer was built before freezing."""
    run = photo_run(student, lab, "train", CLASSES, 1)
    expect_steps(run)
    frozen = max(step.frozen for step in run.steps)
    expect(frozen == 0, "the optimizer was given {frozen} frozen parameters", frozen=frozen)


@check("train", points=1, hint="What would the assessment be worth if the network had learned from these photos?")
def test_validation_photos_teach_nothing(student, lab):
    """With other validation labels the weights must come out the same, bit for bit, after as many epochs."""

    def trained(kind: str):
        model = headed_net(student, lab, CLASSES, frozen=False)
        train, valid = (
            Data(x, wrong_labels(model, x, CLASSES)[k])
            for x, k in zip((teaching()[:12], watching()[:5]), ("taught", kind), strict=True)
        )
        loaders = train.batches(lab, 12, shuffle=True), valid.batches(lab, 5)
        curves = history_of(lab.seeded(7).train(model, *loaders, 16, 0.02))
        return state_of(model), curves

    expect_validation_teaches_nothing(trained, 16)


@check(
    "train",
    points=4,
    needs=("make_transforms", "build_model", "freeze_backbone"),
    slow=True,
    hint="Print both accuracies after each epoch. Is the training accuracy low too, or only the validation accuracy?",
)
def test_the_head_alone_comes_near_the_bar(student, lab):
    """Six epochs of your training on the frozen pocket backbone; the judge counts on photos that were not trained on.

    The bar of 0.92 is for the whole way (`fine_tune`); the head alone must already be within 0.02 of it.
    """
    x, y = lab.exam(unseen_fruit)

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


def _with_trained_head(student, lab, upstream=False):
    """The model after six epochs of `train`, the transform of validation, both loaders, and what `train` told.

    Args:
        upstream: `train` is not the function at hand: in a class its work is done once, and tells nothing.
    """
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
    told = (upstream and stood(lab, model, _head)) or told_by(lab.seeded(lab.seed).train(model, train, valid, 6))
    return model, plain, train, valid, told


def _head(seed):
    return trained_here("07", lambda student, lab: _with_trained_head(student, lab)[0], seed)


# -- fine_tune ----------------------------------------------------------------------------------------------------------


NEEDS = ("freeze_backbone",)


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="Print how many parameters the optimizer holds. Was it built after unfreezing?",
)
def test_the_whole_network_learns(student, lab):
    """Backbone and head both move, and the history is true. An optimizer built before unfreezing moves the head alone."""
    expect_true_history(student, lab, "fine_tune", CLASSES)
    expect_whole_network_learned(student, lab, CLASSES)


@check("fine_tune", points=1, needs=NEEDS, hint="In which order do loss, zero_grad, backward and step come?")
def test_each_batch_is_one_plain_tuning_step(student, lab):
    """One step down the gradient of this batch's mean cross entropy; nothing is left over from the batch before."""
    expect_plain_photo_steps(student, lab, "fine_tune", CLASSES)


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="The weights are good already. Look at the default of `lr`: how far may one step move them?",
)
def test_the_steps_are_small_unless_asked_otherwise(student, lab):
    """The default learning rate is a hundredth of the head's; the caller's own is used where one is given."""
    expect_small_steps(student, lab, CLASSES)


@check(
    "fine_tune",
    points=2,
    needs=NEEDS,
    hint="Which epoch had the best validation accuracy, and whose weights does the model hold at the end?",
)
def test_it_ends_with_the_best_state(student, lab):
    """Wrong labels and a large learning rate ruin the network; then the state before is the best one, including its statistics."""
    expect_the_best_state_in_the_end(student, lab, CLASSES)


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="Compare the state dict before and after. Which tensors may change, and from which photos may they learn?",
)
def test_statistics_stay_and_validation_only_measures(student, lab):
    """Frozen statistics stay what they were at every moment; validation is in eval mode and teaches nothing."""
    expect_no_drift(photo_run(student, lab, "fine_tune", CLASSES, 2, 0.01))
    expect_validation_only_measures(student, lab, CLASSES)


@check(
    "fine_tune",
    points=4,
    needs=("make_transforms", "build_model", "freeze_backbone", "train"),
    slow=True,
    hint="Print the validation accuracy after each epoch. Does fine-tuning end above the frozen stage or below it?",
)
def test_it_passes_the_assessment(student, lab):
    """0.92 on fruit that was not trained on, by the whole way: frozen, then fine-tuned. Guessing gives 0.167."""
    x, y = lab.exam(unseen_fruit)

    def logits():
        model, plain, train, valid, _ = _with_trained_head(student, lab, upstream=True)
        lab.seeded(lab.seed).fine_tune(model, train, valid, 2)
        return predict_photos(model, plain, x)

    found = expect_tensor(lab.remember("fruit, tuned", logits), "logits", shape=(len(y), CLASSES))
    show_judgement(lab, y, found, FRUIT, x)
    expect_at_least(accuracy(found, torch.tensor(y)), THRESHOLD, "accuracy on unseen fruit")


# -- evaluate -----------------------------------------------------------------------------------------------------------


@check("evaluate", points=2, hint="Do the items of a small last batch count as much as the others?")
def test_it_counts_every_photo_once(student, lab):
    """(correct, total) as whole numbers, for batches of unequal size, for many batches, and counted anew in each call."""
    for count, batch_size in ((10, 4), (7, 7), (5, 1), (9, 8), (130, 1)):
        (x, _), y = numbered(count), labels(count, CLASSES, count)
        batches = lab.build(loader(images=x, labels=y, batch_size=batch_size))
        model = lab.build(fixed_net(logits=torch.zeros(count, CLASSES)))
        for seed in (count, count + 1):  # the same network with other numbers
            # close together: who rounds them meets ties
            logits = torch.randn(count, CLASSES, generator=torch.Generator().manual_seed(seed)) / 100
            logits[-1, y[-1]] = 9  # the last one is right: a small last batch has the highest accuracy
            copy_parameters(model, lab.build(fixed_net(logits=logits)))
            found = student.evaluate(model, batches)
            expect(type(found) in (tuple, list) and len(found) == 2, "expected a pair (correct, total)")
            for value, what in zip(found, ("correct", "total"), strict=True):
                expect_int(value, what)
            right = int((logits.argmax(1) == y).sum())
            what = f"(correct, total) of {count} photos in batches of {batch_size}"
            expect_equal(list(found), [right, count], what)
    # 7 of 10 in float32 is a little less than 0.7: who multiplies it by 10 and cuts off what follows the point counts 6
    (x, _), y = numbered(10), torch.zeros(10, dtype=torch.int64)
    logits = torch.nn.functional.one_hot((torch.arange(10) >= 7).long(), CLASSES).float()
    model = lab.build(fixed_net(logits=logits))
    for build, what, counts in (
        (loader(images=x, labels=y, batch_size=10), "of 10 photos in one batch", [7, 10]),
        (
            part_loader(images=x, labels=y, batch_size=4, items=[8, 0, 3, 9, 1]),
            "of a loader that gives 5 of 10 photos",
            [3, 5],
        ),
    ):
        expect_equal(list(student.evaluate(model, lab.build(build))), counts, f"(correct, total) {what}")


@check(
    "evaluate",
    points=1,
    hint="Print `model.training` before, during and after. Which layers answer differently in train mode?",
)
def test_it_measures_in_eval_mode_and_changes_nothing(student, lab):
    """No dropout, no running statistics, no gradients; and the network can be trained as before."""
    net = {"channels": 3, "classes": CLASSES, "seed": 2, "dropout": 0.5}
    model, twin = lab.build(loop_net(**net)), loop_net.build(**net).eval()
    freeze_part(model, "3.bias")
    x = varied(40, 3, 8, 4)
    truth = twin(x).argmax(1)
    before, settings = state_of(model), settings_of(model)
    batches = lab.build(loader(images=x, labels=truth, batch_size=16))
    found = []
    passes = passes_of(model, lambda: found.append(student.evaluate(model, batches)))
    expect_equal(list(found[0]), [40, 40], "(correct, total), the labels being what the network answers in eval mode")
    awake = sum(bool(one.training) for one in passes)
    expect(awake == 0, "in {awake} of {all} forward passes a part was in train mode", awake=awake, all=len(passes))
    recorded = sum(one.recorded for one in passes)
    expect(
        recorded == 0, "gradients are recorded in {number} of {all} forward passes", number=recorded, all=len(passes)
    )
    expect_same(state_of(model), before, "weights after the assessment")
    expect_settings(settings_of(model), settings, "the network after the assessment")


# -- save_model ---------------------------------------------------------------------------------------------------------


@check("save_model", points=1, hint="Opening a pickled object can run code. What can you save that holds only weights?")
def test_the_saved_file_is_the_model(student, lab):
    """A state dict with parameters and running statistics, readable with weights_only=True; an older file is replaced."""
    expect_replaced(student, lab)
    expect_saved_whole(student, lab)


@check("save_model", points=1, hint="BatchNorm also keeps buffers. Does your file hold them?")
def test_a_reloaded_model_answers_the_same(student, lab):
    """The weights in the file, loaded into another network of the same kind, give the same logits."""
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


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "train",
    ready_for="a GPU",
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_training_goes_to_the_device_of_the_network(student, lab):
    """The network stays where it is, and each batch goes there."""
    gpu.expect_tuning(lab, student, "train")


@bonus(
    "fine_tune",
    ready_for="a GPU",
    needs=NEEDS,
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_fine_tuning_goes_to_the_device_of_the_network(student, lab):
    """Batches go where the network is; the best state is kept and loaded there, too."""
    gpu.expect_tuning(lab, student, "fine_tune")


@bonus(
    "evaluate",
    ready_for="a GPU",
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_the_assessment_goes_to_the_device_of_the_network(student, lab):
    """Photos and labels go where the network is, and the counts come back as plain numbers."""
    count = lambda model: list(student.evaluate(model, gpu.batches(lab, 10, seed=1)))  # noqa: E731
    gpu.expect_counts(lab, count)


@bonus("save_model", ready_for="a GPU", hint="Which call moves the network, and is it still on the GPU afterwards?")
def test_a_network_on_a_gpu_is_saved_and_stays_there(student, lab):
    """Others have no GPU: the file opens with map_location="cpu". And whoever saves between two epochs wants to train on."""
    gpu.expect_saved(student, lab)
