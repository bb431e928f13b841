"""What goes wrong in project 05b: what is frozen and what is not, what the optimizer was given, which state is kept.

"forum" is discuss.pytorch.org, where freezing and BatchNorm come back every month; "Humbatova 2020" as in 01.
"""

import copy

import torch
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import fit
from graders.proofs.shared import devices, transfer, views
from graders.proofs.shared.transfer import ADD, BUILD, Headed

MISTAKES = Catalogue("05b")

# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN = MISTAKES.caught_by("freeze_backbone", "test_every_parameter_is_frozen")
DRIFT = MISTAKES.caught_by("freeze_backbone", "test_frozen_statistics_do_not_drift")
WITHIN = MISTAKES.caught_by("freeze_backbone", "test_it_stays_frozen_within_a_larger_network")
FREEZE = "    model.requires_grad_(False)\n"

transfer.freezing(FROZEN, DRIFT, WITHIN, "model")
FROZEN.patch(
    "only_weights_of_convolutions",
    "Only the weights of the convolutions are frozen; biases and BatchNorm are not.",
    (
        FREEZE,
        "    for layer in model.modules():\n"
        "        if isinstance(layer, nn.Conv2d):\n"
        "            layer.weight.requires_grad = False\n",
    ),
)
FROZEN.patch("first_block_only", "Only the first block is frozen.", (FREEZE, FREEZE.replace("model", "model[0]")))
FROZEN.patch("statistics_only", "BatchNorm stays in eval mode, but the parameters can still learn.", (FREEZE, ""))
FROZEN.patch(
    "under_no_grad",
    "Without a graph nothing is frozen: the parameters still require a gradient.",
    (FREEZE, "    with torch.no_grad():\n        model.eval()\n"),
    source="forum: torch.no_grad to freeze",
)
FROZEN.patch(
    "a_frozen_copy",
    "A copy is frozen; the backbone that the caller holds is not.",
    (FREEZE, "    from copy import deepcopy\n\n    model = deepcopy(model).requires_grad_(False)\n"),
)
FROZEN.patch(
    "statistics_reset",
    "The running statistics are reset: what the backbone had learned about its inputs is gone.",
    ("            layer.eval()\n", "            layer.eval()\n            layer.reset_running_stats()\n"),
)


@DRIFT.mistake("BatchNorm's weight and bias are frozen, but its running statistics still move.")
def affine_only(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.weight.requires_grad_(False)
            layer.bias.requires_grad_(False)
    return model


@WITHIN.mistake(
    "With track_running_stats = False no statistics are kept, but in train mode each batch is normalised by its own.",
    source="forum",
)
def statistics_not_tracked(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.track_running_stats = False
    return model


# -- build_model --------------------------------------------------------------------------------------------------------

LOGITS = MISTAKES.caught_by("build_model", "test_each_photo_gets_one_logit_for_each_class")
LEARNS = MISTAKES.caught_by("build_model", "test_only_the_head_can_learn")
AS_IT_IS = MISTAKES.caught_by("build_model", "test_the_backbone_is_used_as_it_is")

transfer.heads(LOGITS, LEARNS, AS_IT_IS, ("always_two_classes", 2), "Humbatova 2020")
for end in ("LogSoftmax(dim=1)", "Tanh()"):
    transfer.ends_in(LOGITS, end, "Humbatova 2020")
LOGITS.patch(
    "one_logit",
    "One logit for yes or no belongs to another loss; cross entropy wants one for each class.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 1))"),
)


@LEARNS.mistake("A layer is made and not used in forward.", uses=[Headed])
def layer_that_is_not_used(backbone, width, n_classes):
    model = Headed(backbone, width, n_classes, lambda net, x: net.head(net.backbone(x)))
    model.hidden = nn.Linear(width, width)
    return model


@AS_IT_IS.mistake(
    "The backbone always runs under no_grad: even when unfrozen, it learns nothing.", uses=[Headed], source="forum"
)
def backbone_under_no_grad(backbone, width, n_classes):
    def without_graph(net, x):
        with torch.no_grad():
            features = net.backbone(x)
        return net.head(features)

    return Headed(backbone, width, n_classes, without_graph)


@AS_IT_IS.mistake("The backbone is copied without its weights.")
def copied_without_numbers(backbone, width, n_classes):
    backbone = copy.deepcopy(backbone)
    for parameter in backbone.parameters():
        nn.init.normal_(parameter, std=0.1)
    return nn.Sequential(backbone, nn.Linear(width, n_classes))


# -- trainable_parameters -----------------------------------------------------------------------------------------------

LISTED = MISTAKES.caught_by("trainable_parameters", "test_only_what_requires_a_gradient_is_listed")
ONCE = MISTAKES.caught_by("trainable_parameters", "test_shared_parameters_are_listed_once")
LIST = "[parameter for parameter in model.parameters() if parameter.requires_grad]"

LISTED.patch(
    "list_remembered",
    "The list is remembered for each model: it stays the same when a layer is frozen later.",
    (LIST, f'globals().setdefault("_kept", {{}}).setdefault(id(model), (model, {LIST}))[1]'),
)
LISTED.patch("all_of_them", "The frozen ones are listed too.", (LIST, "list(model.parameters())"))
LISTED.patch(
    "the_frozen_ones", "These are the frozen ones.", ("if parameter.requires_grad", "if not parameter.requires_grad")
)
LISTED.patch(
    "a_filter",
    "A filter object can be gone through only once; return a list.",
    (LIST, "filter(lambda parameter: parameter.requires_grad, model.parameters())"),
    source="forum: optimizer got an empty parameter list",
)
LISTED.patch(
    "data_of_the_parameters",
    ".data is the bare tensor: it never gets a gradient, so the optimizer never moves it.",
    (LIST, "[parameter.data for parameter in model.parameters() if parameter.requires_grad]"),
)
LISTED.patch(
    "copies",
    "These are copies: an optimizer that moves them moves nothing in the model.",
    (LIST, "[parameter.clone() for parameter in model.parameters() if parameter.requires_grad]"),
)
ONCE.patch(
    "layer_by_layer",
    "A layer in two places is listed twice.",
    (LIST, "[p for layer in model for p in layer.parameters() if p.requires_grad]"),
    source="forum: some parameters appear in more than one parameter group",
)
LISTED.patch(
    "innermost_layers_only",
    "Only layers without children are looked at; others, and the model itself, have parameters too.",
    (LIST, "[p for m in model.modules() if not list(m.children()) for p in m.parameters() if p.requires_grad]"),
)
LISTED.patch(
    "biases_left_out",
    "Only weights are listed; biases can be trained too.",
    (LIST, "[p for p in model.parameters() if p.requires_grad and p.dim() > 1]"),
)
LISTED.patch(
    "thawed_first",
    "Everything is unfrozen first; only what was trainable already was asked for.",
    (LIST, "list(model.requires_grad_(True).parameters())"),
)
ONCE.patch(
    "each_layer_its_own",
    "Two layers that share one matrix list it twice.",
    (LIST, "[p for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad]"),
)
ONCE.patch(
    "alike_taken_for_shared",
    "Parameters of one shape are not the same parameter.",
    (LIST, "list({p.shape: p for p in model.parameters() if p.requires_grad}.values())"),
)
ONCE.patch(
    "duplicates_kept",
    "remove_duplicate=False keeps what is shared as often as it is used.",
    (LIST, "[p for _, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]"),
)

# -- make_transforms ----------------------------------------------------------------------------------------------------

NORMAL = MISTAKES.caught_by("make_transforms", "test_photos_are_normalised_as_the_backbone_expects")
PLAIN = MISTAKES.caught_by("make_transforms", "test_validation_photos_are_whole_and_always_the_same")
ANEW = MISTAKES.caught_by("make_transforms", "test_training_photos_are_drawn_anew_each_time")
NORMALIZE, RESIZE = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
LAST = "v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)"

transfer.photos(NORMAL, PLAIN, ANEW, 96)
views.light_and_colour(NORMAL, ANEW, ANEW, "v2.ColorJitter(brightness=0.2, contrast=0.2)")
views.crops(NORMAL, PLAIN, ANEW)
views.chance(PLAIN, ANEW)
NORMAL.patch(
    "mean_and_deviation_exchanged", "Mean and standard deviation are swapped.", (NORMALIZE, "v2.Normalize(STD, MEAN)")
)
NORMAL.patch(
    "other_numbers",
    "A mean and a standard deviation of 0.5 belong to other networks.",
    (NORMALIZE, "v2.Normalize([0.5] * 3, [0.5] * 3)"),
    source="PyTorch tutorial: CIFAR-10",
)
NORMAL.patch(
    "double",
    "float64: the network's weights are float32.",
    (LAST, "v2.ToDtype(torch.float64, scale=True), v2.Normalize(MEAN, STD)"),
)
NORMAL.patch(
    "bgr_after_normalising",
    "The channels are turned round at the end: blue, green, red.",
    (NORMALIZE, "v2.Normalize(MEAN, STD), v2.Lambda(lambda image: image.flip(-3))"),
)
PLAIN.patch(
    "validation_mirrored",
    "Half of the validation photos are mirrored.",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.RandomHorizontalFlip()]"),
)
PLAIN.patch(
    "not_resized", "The centre is cropped from a photo that was never resized.", (RESIZE, "[v2.CenterCrop(size)]")
)
PLAIN.patch(
    "cut_by_chance",
    "The crop is random, in validation too.",
    (RESIZE, "[v2.Resize(size), v2.RandomCrop(size)]"),
)
PLAIN.patch(
    "cut_at_the_left",
    "The square is cut out at the top left and not in the middle.",
    (RESIZE, "[v2.Resize(size), v2.Lambda(lambda image: image[..., :size, :size])]"),
)


@ANEW.mistake("The change is drawn once, when the transform is made: all photos are changed alike.")
def drawn_once(train, size=96):
    views = [v2.Resize(size, antialias=True), v2.CenterCrop(size)]
    if train and torch.rand(()) < 1:
        views.append(v2.RandomHorizontalFlip(p=1.0))
    return v2.Compose(
        [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821
    )


ANEW.patch(
    "upside_down",
    "No photo at the door shows a dog upside down.",
    ("v2.RandomHorizontalFlip(),", "v2.RandomVerticalFlip(),"),
)
ANEW.patch(
    "nearly_a_quarter_turn",
    "Turned by up to 85 degrees, dogs walk up walls.",
    ("v2.RandomHorizontalFlip(),", "v2.RandomRotation(85),"),
)
ANEW.patch(
    "tilted_one_way",
    "All photos are tilted to the same side; people tilt a camera to either.",
    ("v2.RandomHorizontalFlip(),", "v2.RandomRotation((5, 15)),"),
)
ANEW.patch(
    "turned_all_the_way",
    "A turn of up to 180 degrees puts dogs upside down.",
    ("v2.RandomHorizontalFlip(),", "v2.RandomRotation(180),"),
)

# -- unfreeze -----------------------------------------------------------------------------------------------------------

AGAIN = MISTAKES.caught_by("unfreeze", "test_every_parameter_can_learn_again")
STATISTICS = MISTAKES.caught_by("unfreeze", "test_statistics_stay_frozen")
THAW = "return model.requires_grad_(True)"

AGAIN.patch(
    "only_the_head",
    "Only the head can learn, and it could before.",
    (THAW, "model[-1].requires_grad_(True)\n    return model"),
)
AGAIN.patch(
    "thawed_by_attribute",
    "model.requires_grad = True sets a new attribute of the module; its parameters do not notice.",
    (THAW, "model.requires_grad = True\n    return model"),
    source="forum",
)
AGAIN.patch(
    "train_mode_instead",
    "Train mode is not the same as being trainable: it makes no parameter require a gradient.",
    (THAW, "return model.train()"),
)


@AGAIN.mistake("Only weights of convolutions and of the head can learn again; biases and BatchNorm cannot.")
def matrices_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = parameter.dim() > 1
    return model


@AGAIN.mistake("A copy is unfrozen; the caller's own model is not.")
def a_thawed_copy(model):
    return copy.deepcopy(model).requires_grad_(True)


@AGAIN.mistake("The statistics are reset: what many pictures have taught them is gone.")
def statistics_forgotten(model):
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return model.requires_grad_(True)


@STATISTICS.mistake("BatchNorm gets its train method back: its statistics move again.")
def everything_as_before(model):
    for layer in model.modules():
        layer.__dict__.pop("train", None)
    return model.requires_grad_(True)


@AGAIN.mistake("You return a wrapper around the model; return the model itself.")
def wrapped_when_thawed(model):
    return nn.Sequential(model.requires_grad_(True))


@AGAIN.mistake("Only parameters called weight or bias can learn again; a parameter may have any name.")
def known_names_thawed(model):
    for name, parameter in model.named_parameters():
        if name.endswith(("weight", "bias")):
            parameter.requires_grad = True
    return model


@AGAIN.mistake("Only the parameters of the inner layers can learn again; the model may have some of its own.")
def layers_thawed(model):
    for layer in model.children():
        layer.requires_grad_(True)
    return model


AGAIN.patch(
    "eval_mode_by_the_way",
    "The network is put into train or eval mode; the caller decides which of them it is in.",
    (THAW, "return model.requires_grad_(True).eval()"),
)
STATISTICS.patch(
    "eval_mode_for_ever",
    "The whole network can no longer be put into train mode: dropout is off, and its own norms learn nothing.",
    (THAW, "model.eval()\n    model.train = lambda mode=True: model\n    return model.requires_grad_(True)"),
)


@STATISTICS.mistake("Statistics are frozen that were not frozen before; only those that were should stay so.")
def all_statistics_frozen(model):
    for layer in model.modules():
        if hasattr(layer, "running_mean"):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model.requires_grad_(True)


@STATISTICS.mistake("Every layer is put into train mode by hand, BatchNorm too.")
def train_mode_by_hand(model):
    for layer in model.modules():
        layer.training = True
    return model.requires_grad_(True)


# -- fine_tune ----------------------------------------------------------------------------------------------------------

TRUE_HISTORY = MISTAKES.caught_by("fine_tune", "test_the_history_is_true")
WHOLE = MISTAKES.caught_by("fine_tune", "test_the_whole_network_learns")
SMALL = MISTAKES.caught_by("fine_tune", "test_the_steps_are_small_unless_asked_otherwise")
BEST = MISTAKES.caught_by("fine_tune", "test_it_ends_with_the_best_state")
MEASURES = MISTAKES.caught_by("fine_tune", "test_validation_photos_only_measure")
STEP = MISTAKES.caught_by("fine_tune", "test_each_batch_is_one_plain_step")
SURVIVE = MISTAKES.caught_by("fine_tune", "test_frozen_statistics_survive_fine_tuning")
DOOR = MISTAKES.caught_by("fine_tune", "test_the_door_knows_its_dog")
PARAMETERS, UNFREEZE = "trainable_parameters(model)", "    unfreeze(model)\n"
KEPT = "    kept = {name: value.clone() for name, value in model.state_dict().items()}\n"
KEEP = "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}"

transfer.tuning(TRUE_HISTORY, WHOLE, SMALL, BEST, DOOR, UNFREEZE, PARAMETERS)
transfer.loop(STEP, TRUE_HISTORY, SMALL, f"Adam({PARAMETERS}, lr=lr)")
transfer.twice(TRUE_HISTORY, "twice_an_epoch")
transfer.measured(TRUE_HISTORY, MEASURES)
transfer.written_in(WHOLE, "learning_rate_written_in", "1e-5")
transfer.taught(MEASURES, "learns_from_validation")
transfer.thawed(SURVIVE, "statistics_thawed", UNFREEZE, "139 photos overwrite what it learned from many pictures")
TRUE_HISTORY.patch(
    "one_entry_too_many",
    "The state before the first epoch is recorded too: one entry more than there were epochs.",
    (
        "    for _ in range(epochs):",
        "    measured = one_pass(model, valid_loader, loss_function)\n"
        "    history.add(measured, measured)\n"
        "    for _ in range(epochs):",
    ),
)
TRUE_HISTORY.patch(
    "validation_not_entered",
    "The validation is measured but not recorded.",
    (ADD, "history.add(trained)"),
)
TRUE_HISTORY.patch(
    "accuracy_returned",
    "The best accuracy is returned; a History was asked for.",
    ("    return history", "    return best"),
)


WHOLE.patch(
    "only_the_head_given",
    "The optimizer was given the head alone.",
    (PARAMETERS, "model[-1].parameters()"),
)
WHOLE.patch(
    "back_to_the_first_state",
    "The state before the first epoch is put back, whatever was learned.",
    ("    model.load_state_dict(kept)", "    model.load_state_dict(first)"),
    ("    history = History()", "    history, first = History(), kept"),
)
SMALL.patch(
    "a_hundred_times_larger",
    "The learning rate is multiplied by the factor that it should be divided by.",
    ("lr=lr)", "lr=100 * lr)"),
)
SMALL.patch(
    "steps_of_nothing",
    "With a default learning rate of 0 fine-tuning changes nothing.",
    ("lr: float = 1e-5", "lr: float = 0.0"),
)
BEST.patch(
    "shallow_copy",
    "A copy of the dict holds the same tensors; they go on changing.",
    (KEPT, "    kept = dict(model.state_dict())\n"),
    (KEEP, "            best, kept = valid.accuracy, model.state_dict().copy()"),
    source="forum",
)
BEST.patch(
    "the_worst_kept",
    "The state with the lowest accuracy is kept.",
    ("        if valid.accuracy > best:", "        if valid.accuracy < best:"),
)
BEST.patch(
    "any_better_than_the_first",
    "The best accuracy is not updated: whatever is better than the first is kept, the last of them in the end.",
    ("best, kept = valid.accuracy, {", "kept = {"),
)
BEST.patch(
    "parameters_kept_without_statistics",
    "Only parameters are kept: where statistics are not frozen, they are those of the last epoch.",
    (KEPT, "    kept = {name: value.clone() for name, value in model.named_parameters()}\n"),
    (
        KEEP,
        "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.named_parameters()}",
    ),
    ("model.load_state_dict(kept)", "model.load_state_dict(kept, strict=False)"),
)


SURVIVE.patch(
    "train_mode_for_all",
    "Every layer is put into train mode by hand, the frozen BatchNorm too.",
    (UNFREEZE, "    unfreeze(model)\n    for layer in model.modules():\n        layer.training = True\n"),
)


@DOOR.mistake("The head is reset before fine-tuning, and hardly learns at so small a learning rate.")
def head_reset(model, train_loader, valid_loader, epochs, lr=1e-5):
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)
    return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, lr=lr)


BEST.patch(
    "best_of_another_curve",
    "The validation accuracy is compared with a training accuracy, which is higher: the first that got better is kept.",
    ("best, kept = valid.accuracy, {", "best, kept = trained.accuracy, {"),
)

# -- devices ------------------------------------------------------------------------------------------------------------

devices.histories(
    MISTAKES.caught_by("fine_tune", "test_fine_tuning_goes_to_the_device_of_the_network"), "    unfreeze(model)\n"
)
