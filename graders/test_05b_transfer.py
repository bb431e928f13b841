"""Grader of project 05b: transfer learning and fine-tuning.

pytest graders/test_05b_transfer.py
"""

import torch

from course.catalog import project
from course.checks.builders import frozen_net, tied_net
from course.checks.check import bonus, check
from course.checks.expect import expect, expect_at_least, expect_equal, expect_same, expect_tensor
from course.checks.probes import state_of, trainable_of
from graders.kit import gpu
from graders.kit.freezing import (
    WIDTH,
    expect_all_frozen,
    expect_backbone_as_it_is,
    expect_frozen_whatever_the_mode,
    expect_gradients_everywhere,
    expect_head_alone_learns,
    expect_listed,
    expect_logits_for,
    expect_statistics_as_they_were,
    expect_statistics_stay_within,
    expect_thawed,
    expect_thawed_later,
    frozen_backbone,
)
from graders.kit.general import accuracy
from graders.kit.heads import stood, trained_here
from graders.kit.pages import DOOR, show_judgement, show_photo_views
from graders.kit.photos import (
    folder_photos,
    unseen_at_the_door,
)
from graders.kit.tuning import (
    expect_no_drift,
    expect_plain_photo_steps,
    expect_small_steps,
    expect_the_best_state_in_the_end,
    expect_true_history,
    expect_validation_only_measures,
    expect_whole_network_learned,
    photo_run,
)
from graders.kit.views import expect_colours_kept, expect_light_kept, expect_normalised, expect_plain, expect_varied
from graders.kit.worker.photos import (
    backbone_of,
    headed,
    photo_loader,
    predict_photos,
    tiny_backbone,
    train_head,
    width_of,
)

THRESHOLD = project("05b").thresholds["valid_accuracy"]
CLASSES = 3

# -- freeze_backbone ----------------------------------------------------------------------------------------------------


@check("freeze_backbone", points=1, hint="What decides whether the optimizer may change a parameter?")
def test_every_parameter_is_frozen(student, lab):
    """A parameter that still requires a gradient is one that 139 photos can spoil."""
    expect_all_frozen(student, lab)


@check("freeze_backbone", points=2, hint="Which tensors of a BatchNorm layer change although they have no gradient?")
def test_frozen_statistics_do_not_drift(student, lab):
    """Running statistics that drift turn a frozen backbone into another one, one batch at a time."""
    expect_frozen_whatever_the_mode(student, lab)


@check(
    "freeze_backbone", points=1, hint="What does `model.train()` at the start of an epoch do to the layers inside it?"
)
def test_it_stays_frozen_within_a_larger_network(student, lab):
    """The whole network is put into train mode each epoch; the backbone must answer as it does in eval mode."""
    expect_statistics_stay_within(student, lab, CLASSES)


# -- build_model --------------------------------------------------------------------------------------------------------


@check(
    "build_model",
    points=1,
    needs=("freeze_backbone",),
    hint="How many features go into the head, and how many logits come out?",
)
def test_each_photo_gets_one_logit_for_each_class(student, lab):
    """(B, 3, H, W) in, (B, classes) out; logits, not probabilities."""
    expect_logits_for(student, lab, 2, 5)


@check(
    "build_model",
    points=1,
    needs=("freeze_backbone",),
    hint="Print `requires_grad` of each parameter by its name. Can the new part learn, and is the rest as before?",
)
def test_only_the_head_can_learn(student, lab):
    """The frozen backbone stays frozen and the head does not: every trainable parameter gets a gradient."""
    expect_head_alone_learns(student.build_model(frozen_backbone(student, lab), WIDTH, CLASSES))


@check(
    "build_model",
    points=1,
    needs=("freeze_backbone",),
    hint="Compare the backbone's state dict before and after. Is anything new or different?",
)
def test_the_backbone_is_used_as_it_is(student, lab):
    """Its weights are in the model unchanged, nothing has frozen it on the way, and gradients reach it."""
    expect_backbone_as_it_is(student, lab, CLASSES)
    expect_gradients_everywhere(student.build_model(lab.build(tiny_backbone(seed=3)), WIDTH, 7))
    expect_thawed_later(student, lab, 7)


# -- trainable_parameters -----------------------------------------------------------------------------------------------


@check("trainable_parameters", points=1, hint="Which attribute of a parameter says that it may change?")
def test_only_what_requires_a_gradient_is_listed(student, lab):
    """Linear(4, 3) is frozen, Linear(3, 2) is not: its weight and its bias are left. So it is in any network."""
    found = student.trainable_parameters(lab.build(frozen_net(seed=0)))
    expect(type(found) is list, "expected a list")
    shapes = sorted(tuple(p.shape) for p in found if type(p) is torch.Tensor)
    expect_equal(shapes, [(2,), (2, 3)], "shapes of what is listed, sorted")
    for kind in ("layer", "household", "frozen", "empty"):
        expect_listed(student, lab, kind)


@check("trainable_parameters", points=1, hint="Two layers share one parameter. How often is it in your list?")
def test_shared_parameters_are_listed_once(student, lab):
    """One layer in two places has two parameters, not four; one matrix in two layers is one."""
    found = student.trainable_parameters(lab.build(tied_net(seed=0)))
    shapes = sorted(tuple(p.shape) for p in found)
    expect_equal(shapes, [(5,), (5, 5)], "shapes of the parameters of one layer that is used twice, sorted")
    expect_listed(student, lab, "tied")


# -- make_transforms ----------------------------------------------------------------------------------------------------


@check("make_transforms", points=1, hint="Which mean and standard deviation was the backbone trained with?")
def test_photos_are_normalised_as_the_backbone_expects(student):
    """float32 (3, size, size), each channel (x - mean) / std with ImageNet's MEAN and STD: validation photos exactly."""
    expect_normalised(student)


@check(
    "make_transforms",
    points=1,
    hint="Apply your validation transform twice to one photo. Should anything in it be random?",
)
def test_validation_photos_are_whole_and_always_the_same(student):
    """The central square of the photo, resized; no crop by chance, no flip, no margin lost."""
    expect_plain(student)


@check(
    "make_transforms",
    points=1,
    hint="Apply your training transform twice to one photo. Do the results differ, and is the dog in both?",
)
def test_training_photos_are_drawn_anew_each_time(student, lab):
    """139 photos seen in many ways; a dog on its head is not among them, nor one without its colours."""
    show_photo_views(lab, student.make_transforms(True), "presidential")
    expect_varied(student, upright=True)
    expect_light_kept(student)
    expect_colours_kept(student)


# -- unfreeze -----------------------------------------------------------------------------------------------------------


@check(
    "unfreeze",
    points=1,
    needs=("freeze_backbone",),
    hint="Print `requires_grad` of each parameter after the call. Which of them is still off?",
)
def test_every_parameter_can_learn_again(student, lab):
    """All of them, the backbone's and the head's; and the same network comes back."""
    whole = lab.build(headed(backbone=frozen_backbone(student, lab), width=WIDTH, classes=CLASSES, seed=1))
    before = state_of(whole)
    back = student.unfreeze(whole)
    for which, what in ((back, "what came back"), (whole, "the model that was given")):
        frozen = [name for name, flag in trainable_of(which).items() if not flag]
        expect(
            not frozen,
            "{thing}: {frozen} parameters still require no gradient: {first}",
            thing=what,
            frozen=len(frozen),
            first=", ".join(frozen[:3]),
        )
        expect_same(state_of(which), before, f"{what}: numbers after unfreezing")
    expect_thawed(student, lab, CLASSES)


@check(
    "unfreeze",
    points=1,
    needs=("freeze_backbone",),
    hint="Are 139 photos enough to estimate a mean and a variance anew?",
)
def test_statistics_stay_frozen(student, lab):
    """Parameters may learn; BatchNorm's running statistics keep what many pictures have taught them."""
    expect_statistics_as_they_were(student, lab, CLASSES)


# -- fine_tune ----------------------------------------------------------------------------------------------------------

NEEDS = ("freeze_backbone", "unfreeze", "trainable_parameters")


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="After two epochs, how many entries does each list have, and on which data was each measured?",
)
def test_the_history_is_true(student, lab):
    """Four curves of plain numbers; each entry is what the model scores in its epoch, over every photo once."""
    expect_true_history(student, lab, "fine_tune", CLASSES)


@check("fine_tune", points=1, needs=NEEDS, hint="In which order do loss, zero_grad, backward and step come?")
def test_each_batch_is_one_plain_step(student, lab):
    """Down, along the gradient of the mean cross entropy of this very batch; nothing is left of the one before."""
    expect_plain_photo_steps(student, lab, "fine_tune", CLASSES)


@check("fine_tune", points=1, needs=NEEDS, hint="Was the optimizer built before or after the parameters were unfrozen?")
def test_the_whole_network_learns(student, lab):
    """Backbone and head both move. An optimizer that was given the frozen list moves the head alone."""
    # the labels are wrong on purpose, in training and in validation, so that there is something to learn
    expect_whole_network_learned(student, lab, CLASSES)


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
    """Wrong labels and a large learning rate ruin the network; the state before is then the best one, its statistics too."""
    expect_the_best_state_in_the_end(student, lab, CLASSES)


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="What would the validation accuracy be worth if the network had learned from those photos?",
)
def test_validation_photos_only_measure(student, lab):
    """They are seen in eval mode, and nothing is learned from them."""
    expect_validation_only_measures(student, lab, CLASSES)


@check(
    "fine_tune",
    points=1,
    needs=NEEDS,
    hint="The backbone's parameters move now. Which of its buffers must stay as they are?",
)
def test_frozen_statistics_survive_fine_tuning(student, lab):
    """BatchNorm's running statistics stay what they were, at every moment."""
    expect_no_drift(photo_run(student, lab, "fine_tune", CLASSES, 2, 0.01))


@check(
    "fine_tune",
    title="the door recognises its dog",
    points=3,
    needs=("freeze_backbone", "build_model", "trainable_parameters", "make_transforms", "unfreeze"),
    slow=True,
    hint="Print the validation accuracy after each stage. Does the head not learn, or does fine-tuning lose it?",
)
def test_the_door_knows_its_dog(student, lab):
    """The whole way from 139 photos; the judge counts on photos that no file holds. Never opening gives 0.667."""
    x, y = lab.exam(unseen_at_the_door)

    def logits():
        model, plain, train, valid = _with_head(student, lab)
        lab.seeded(lab.seed).fine_tune(model, train, valid, 2)
        return predict_photos(model, plain, x)

    found = expect_tensor(lab.remember("door", logits), "logits", shape=(len(y), 2))
    show_judgement(lab, y, found, DOOR, x)
    expect_at_least(accuracy(found, torch.tensor(y)), THRESHOLD, "accuracy on unseen photos at the door")


def _with_head(student, lab):
    """A network whose head is trained, the transform of validation, and both loaders."""
    backbone = student.freeze_backbone(lab.build(backbone_of(name="pocket_mobilenet")))
    model = lab.seeded(lab.seed).build_model(backbone, width_of(backbone), 2)
    augment, plain = student.make_transforms(True), student.make_transforms(False)
    photos, truth = folder_photos("presidential", "train")
    train = lab.build(photo_loader(photos=photos, labels=truth, transform=augment, batch_size=16, shuffle=True))
    photos, truth = folder_photos("presidential", "valid")
    valid = lab.build(photo_loader(photos=photos, labels=truth, transform=plain, batch_size=32))
    if not stood(lab, model, _head):
        train_head(model, train, epochs=16, lr=2e-3, seed=lab.seed)
    return model, plain, train, valid


def _head(seed):
    return trained_here("05b", lambda student, lab: _with_head(student, lab)[0], seed)


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "fine_tune",
    ready_for="a GPU",
    needs=NEEDS,
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_fine_tuning_goes_to_the_device_of_the_network(student, lab):
    """Batches go where the network is; the best state is kept and loaded there, too."""
    gpu.expect_tuning(lab, student, "fine_tune")
