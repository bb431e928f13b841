"""What goes wrong in project 05b: what is frozen and what is not, what the optimizer was given, which state is kept.

"forum" is discuss.pytorch.org, where freezing and BatchNorm come back every month; "Humbatova 2020" as in 01.
"""

import copy

import torch
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, fit, one_pass

MISTAKES = Catalogue("05b")

# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN = MISTAKES.caught_by("freeze_backbone", "test_every_parameter_is_frozen")
DRIFT = MISTAKES.caught_by("freeze_backbone", "test_frozen_statistics_do_not_drift")
WITHIN = MISTAKES.caught_by("freeze_backbone", "test_it_stays_frozen_within_a_larger_network")


@FROZEN.mistake(
    "model.requires_grad = False sets a new attribute of the module; its parameters do not notice.", source="forum"
)
def attribute_of_the_module(model):
    model.requires_grad = False
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


@FROZEN.mistake("Only the weights of the convolutions are frozen; biases and BatchNorm are not.")
def only_weights_of_convolutions(model):
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.requires_grad = False
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


FROZEN.patch(
    "first_block_only",
    "Only the first block is frozen.",
    ("model.requires_grad_(False)", "model[0].requires_grad_(False)"),
)
FROZEN.patch(
    "statistics_only",
    "BatchNorm stays in eval mode, but the parameters can still learn.",
    ("    model.requires_grad_(False)\n", ""),
)


@FROZEN.mistake(
    "Without a graph nothing is frozen: the parameters still require a gradient.",
    source="forum: torch.no_grad to freeze",
)
def under_no_grad(model):
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
                layer.train = lambda mode=True, layer=layer: layer
        return model


@FROZEN.mistake("A copy is frozen; the backbone that the caller holds is not.")
def a_frozen_copy(model):
    model = copy.deepcopy(model).requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


FROZEN.patch(
    "statistics_reset",
    "The running statistics are reset: what the backbone had learned about its inputs is gone.",
    ("            layer.eval()\n", "            layer.eval()\n            layer.reset_running_stats()\n"),
)


@DRIFT.mistake(
    "Running mean and variance are no parameters: they move in train mode although nothing requires a gradient.",
    source="forum: frozen BatchNorm still changes",
)
def parameters_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model


@DRIFT.mistake("eval() holds until the next model.train(), which comes with the next epoch.", source="forum")
def eval_once(model):
    model.requires_grad_(False)
    return model.eval()


@DRIFT.mistake("Only the outermost layers are looked at; BatchNorm stands in the blocks within.")
def outermost_layers_only(model):
    model.requires_grad_(False)
    for layer in model.children():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


@DRIFT.mistake("BatchNorm's weight and bias are frozen; its running statistics are neither.")
def affine_only(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.weight.requires_grad_(False)
            layer.bias.requires_grad_(False)
    return model


@WITHIN.mistake(
    "With track_running_stats = False nothing is noted, but in train mode each batch is normalised by itself.",
    source="forum",
)
def statistics_not_tracked(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.track_running_stats = False
    return model


@WITHIN.mistake(
    "With momentum 0 the running mean stays, but in train mode the batch's own mean is used.",
    source="forum: momentum=0 to freeze BatchNorm",
)
def no_momentum(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.0
            layer.num_batches_tracked = None
    return model


DRIFT.patch(
    "held_in_train_mode",
    "train() no longer does anything, and the layers are held in the mode that they were in: a new network is in train mode.",
    ("            layer.eval()\n", ""),
)

# -- build_model --------------------------------------------------------------------------------------------------------

LOGITS = MISTAKES.caught_by("build_model", "test_each_photo_gets_one_logit_for_each_class")
LEARNS = MISTAKES.caught_by("build_model", "test_only_the_head_can_learn")
AS_IT_IS = MISTAKES.caught_by("build_model", "test_the_backbone_is_used_as_it_is")
BUILD = "nn.Sequential(backbone, nn.Linear(width, n_classes))"

LOGITS.patch(
    "width_by_heart",
    "The number of features is written down; another backbone has another.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(576, n_classes))"),
    crashes=True,
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
LOGITS.patch(
    "always_two_classes",
    "2 is written down; n_classes is ignored.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 2))"),
)
LOGITS.patch(
    "one_logit",
    "One logit for yes or no belongs to another loss; cross entropy wants one for each class.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 1))"),
)
for end, called in (
    ("Softmax(dim=1)", "softmax"),
    ("LogSoftmax(dim=1)", "log_softmax"),
    ("Sigmoid()", "sigmoid"),
    ("ReLU()", "relu"),
    ("Tanh()", "tanh"),
):
    LOGITS.patch(
        f"ends_in_{called}",
        f"Cross entropy wants logits; nn.{end} at the end squeezes them.",
        (BUILD, f"nn.Sequential(backbone, nn.Linear(width, n_classes), nn.{end})"),
        source="Humbatova 2020",
    )
LEARNS.patch(
    "head_frozen_too",
    "The head is frozen too: nothing can learn.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(False)"),
)
LEARNS.patch(
    "backbone_thawed",
    "The frozen backbone is thawed while the head is added.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(True)"),
)


class Idle(nn.Module):
    """For `layer_that_is_not_used`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone, self.hidden, self.head = backbone, nn.Linear(width, width), nn.Linear(width, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


@LEARNS.mistake("A layer is made and not used in forward.", uses=[Idle])
def layer_that_is_not_used(backbone, width, n_classes=2):
    return Idle(backbone, width, n_classes)


class WithoutGraph(nn.Module):
    """For `backbone_under_no_grad`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone, self.head = backbone, nn.Linear(width, n_classes)

    def forward(self, x):
        with torch.no_grad():
            features = self.backbone(x)
        return self.head(features)


@AS_IT_IS.mistake(
    "The backbone runs under no_grad for ever: unfrozen, it still learns nothing.", uses=[WithoutGraph], source="forum"
)
def backbone_under_no_grad(backbone, width, n_classes=2):
    return WithoutGraph(backbone, width, n_classes)


@AS_IT_IS.mistake(
    "Every layer starts from random numbers, the backbone's too: what it knew is gone.",
    source="forum: model.apply(init)",
)
def all_started_anew(backbone, width, n_classes=2):
    model = nn.Sequential(backbone, nn.Linear(width, n_classes))
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return model


@AS_IT_IS.mistake("The backbone is copied without its numbers.")
def copied_without_numbers(backbone, width, n_classes=2):
    backbone = copy.deepcopy(backbone)
    for parameter in backbone.parameters():
        nn.init.normal_(parameter, std=0.1)
    return nn.Sequential(backbone, nn.Linear(width, n_classes))


AS_IT_IS.patch(
    "frozen_by_the_way",
    "The backbone is frozen here, whether that was asked for or not.",
    (BUILD, "nn.Sequential(backbone.requires_grad_(False), nn.Linear(width, n_classes))"),
)

# -- trainable_parameters -----------------------------------------------------------------------------------------------

LISTED = MISTAKES.caught_by("trainable_parameters", "test_only_what_requires_a_gradient_is_listed")
ONCE = MISTAKES.caught_by("trainable_parameters", "test_shared_parameters_are_listed_once")
LIST = "[parameter for parameter in model.parameters() if parameter.requires_grad]"

LISTED.patch("all_of_them", "The frozen ones are listed too.", (LIST, "list(model.parameters())"))
LISTED.patch(
    "the_frozen_ones", "These are the frozen ones.", ("if parameter.requires_grad", "if not parameter.requires_grad")
)
LISTED.patch(
    "a_filter",
    "A filter can be gone through only once; a list was asked for.",
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

NORMAL.patch(
    "not_normalised",
    "Mean and deviation are left out: the backbone sees another world than it was trained in.",
    (", " + NORMALIZE, ""),
)
NORMAL.patch(
    "only_validation_normalised",
    "Validation photos are normalised and training photos are not.",
    (NORMALIZE, "*([] if train else [v2.Normalize(MEAN, STD)])"),
    source="Humbatova 2020",
)
NORMAL.patch(
    "mean_and_deviation_exchanged", "Mean and deviation are exchanged.", (NORMALIZE, "v2.Normalize(STD, MEAN)")
)
NORMAL.patch(
    "other_numbers",
    "0.5 and 0.5 are numbers of other networks.",
    (NORMALIZE, "v2.Normalize([0.5] * 3, [0.5] * 3)"),
    source="PyTorch tutorial: CIFAR-10",
)
NORMAL.patch(
    "never_divided",
    "Pixels go up to 255: they were not divided before mean and deviation were applied.",
    ("scale=True", "scale=False"),
)
NORMAL.patch(
    "double",
    "float64: the network's numbers are float32.",
    (LAST, "v2.ToDtype(torch.float64, scale=True), v2.Normalize(MEAN, STD)"),
)
NORMAL.patch(
    "size_by_heart", "96 is written down; `size` is ignored.", ("    if train:", "    size = 96\n    if train:")
)
NORMAL.patch(
    "bgr_after_normalising",
    "The channels are turned round at the end: blue, green, red.",
    (NORMALIZE, "v2.Normalize(MEAN, STD), v2.Lambda(lambda image: image.flip(-3))"),
)
PLAIN.patch(
    "bgr",
    "The channels are blue, green, red, as OpenCV gives them.",
    ("v2.ToImage(), *views", "v2.ToImage(), v2.Lambda(lambda image: image.flip(-3)), *views"),
    source="forum: cv2.imread",
)
PLAIN.patch(
    "validation_augmented",
    "The validation photos are augmented too: another accuracy each time.",
    ("    if train:", "    if True:"),
    source="Humbatova 2020",
)
PLAIN.patch(
    "validation_mirrored",
    "Half of the validation photos are mirrored.",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.RandomHorizontalFlip()]"),
)
PLAIN.patch(
    "squeezed", "A broad photo is squeezed into a square.", (RESIZE, "[v2.Resize((size, size), antialias=True)]")
)
PLAIN.patch(
    "not_resized", "The middle is cut out of a photo that was never made smaller.", (RESIZE, "[v2.CenterCrop(size)]")
)
PLAIN.patch(
    "cut_by_chance",
    "The square is cut out by chance, in validation too.",
    (RESIZE, "[v2.Resize(size), v2.RandomCrop(size)]"),
)
PLAIN.patch(
    "cut_at_the_left",
    "The square is cut out at the top left and not in the middle.",
    (RESIZE, "[v2.Resize(size), v2.Lambda(lambda image: image[..., :size, :size])]"),
)
ANEW.patch("never_augmented", "The training photos are not augmented at all.", ("    if train:", "    if False:"))


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
    "A dog on its head is not among the photos at the door.",
    ("v2.RandomHorizontalFlip(),", "v2.RandomVerticalFlip(),"),
)
ANEW.patch(
    "turned_all_the_way",
    "A turn by up to 180 degrees puts dogs on their heads.",
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
    "Train mode is not the same as being trainable: no parameter requires a gradient by it.",
    (THAW, "return model.train()"),
)


@AGAIN.mistake("Only weights of convolutions and of the head can learn again; biases and BatchNorm cannot.")
def matrices_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = parameter.dim() > 1
    return model


@AGAIN.mistake("A copy is thawed; the model that the caller goes on with is not.")
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
SURVIVE = MISTAKES.caught_by("fine_tune", "test_frozen_statistics_survive_fine_tuning")
DOOR = MISTAKES.caught_by("fine_tune", "test_the_door_knows_its_dog")
ADAM, UNFREEZE = "torch.optim.Adam(trainable_parameters(model), lr=lr)", "    unfreeze(model)\n"
FIRST = "best = one_pass(model, valid_loader, loss_function).accuracy"
KEPT = "    kept = {name: value.clone() for name, value in model.state_dict().items()}\n"
BETTER = "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}"

TRUE_HISTORY.patch(
    "one_entry_too_many",
    "The state before the first epoch is entered too: one entry more than there were epochs.",
    (
        "    for _ in range(epochs):",
        "    measured = one_pass(model, valid_loader, loss_function)\n"
        "    history.add(measured, measured)\n"
        "    for _ in range(epochs):",
    ),
)
TRUE_HISTORY.patch(
    "twice_an_epoch",
    "An epoch goes through the training data once; here it goes twice, and only the second pass is entered.",
    (
        "        train = one_pass(model, train_loader, loss_function, optimizer)\n",
        2 * "        train = one_pass(model, train_loader, loss_function, optimizer)\n",
    ),
)
TRUE_HISTORY.patch(
    "validation_not_entered",
    "The validation is measured and not entered.",
    ("history.add(train, valid)", "history.add(train)"),
)
TRUE_HISTORY.patch(
    "curves_exchanged",
    "Training and validation are exchanged.",
    ("history.add(train, valid)", "history.add(valid, train)"),
)
TRUE_HISTORY.patch(
    "accuracy_returned",
    "The best accuracy is returned; a History was asked for.",
    ("    return history", "    return best"),
)


@TRUE_HISTORY.mistake(
    "The mean of the batches is not the mean of the photos: the last batch is smaller.", source="Humbatova 2020"
)
def batch_means_averaged(model, train_loader, valid_loader, epochs, lr=1e-5):
    loss_function, history = nn.CrossEntropyLoss(), History()
    unfreeze(model)  # noqa: F821
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=lr)  # noqa: F821

    def measured():
        parts = [one_pass(model, [batch], loss_function) for batch in valid_loader]
        return Metrics(*(sum(column) / len(parts) for column in zip(*parts, strict=True)))

    best, kept = measured().accuracy, copy.deepcopy(model.state_dict())
    for _ in range(epochs):
        train, valid = one_pass(model, train_loader, loss_function, optimizer), measured()
        history.add(train, valid)
        if valid.accuracy > best:
            best, kept = valid.accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    model.eval()
    return history


WHOLE.patch("never_unfrozen", "The backbone is still frozen: only the head goes on learning.", (UNFREEZE, ""))
WHOLE.patch(
    "optimizer_before_unfreezing",
    "The optimizer was built while the backbone was frozen, and keeps the list that it was given.",
    (UNFREEZE, ""),
    (ADAM, ADAM + "\n    unfreeze(model)"),
    source="forum",
)
WHOLE.patch(
    "only_the_head_given",
    "The optimizer was given the head alone.",
    (ADAM, "torch.optim.Adam(model[-1].parameters(), lr=lr)"),
)
WHOLE.patch("learning_rate_written_in", "1e-5 is written down; `lr` is ignored.", ("lr=lr)", "lr=1e-5)"))
WHOLE.patch(
    "back_to_the_first_state",
    "The state before the first epoch is put back, whatever was learned.",
    ("    model.load_state_dict(kept)", "    model.load_state_dict(first)"),
    ("    history = History()", "    history, first = History(), kept"),
)
SMALL.patch(
    "learning_rate_of_the_head",
    "The head's learning rate: what the backbone knows is overwritten in a few steps.",
    ("lr: float = 1e-5", "lr: float = 1e-3"),
)
SMALL.patch(
    "a_hundred_times_larger",
    "The learning rate is multiplied by the factor that should divide it.",
    ("lr=lr)", "lr=100 * lr)"),
)
SMALL.patch(
    "steps_of_nothing",
    "With a default learning rate of 0 fine-tuning changes nothing.",
    ("lr: float = 1e-5", "lr: float = 0.0"),
)
BEST.patch(
    "ends_with_the_last_state", "The best state is kept and never put back.", ("    model.load_state_dict(kept)\n", "")
)
BEST.patch(
    "the_first_state_forgotten",
    "The state before the first epoch is not among the candidates: fine-tuning can make it worse.",
    (FIRST, "best = 0.0"),
)
BEST.patch(
    "state_not_copied",
    "state_dict() gives the tensors themselves: they go on changing while they are kept.",
    (KEPT, "    kept = model.state_dict()\n"),
    (BETTER, "            best, kept = valid.accuracy, model.state_dict()"),
    source="forum: best_model_wts = model.state_dict()",
)
BEST.patch(
    "shallow_copy",
    "A copy of the dict holds the same tensors; they go on changing.",
    (KEPT, "    kept = dict(model.state_dict())\n"),
    (BETTER, "            best, kept = valid.accuracy, model.state_dict().copy()"),
    source="forum",
)
BEST.patch(
    "best_by_training_accuracy",
    "The best is chosen by the training photos, which the network can learn by heart.",
    ("        if valid.accuracy > best:", "        if train.accuracy > best:"),
    (BETTER, BETTER.replace("valid.accuracy", "train.accuracy")),
    (FIRST, "best = one_pass(model, train_loader, loss_function).accuracy"),
    source="Humbatova 2020",
)
BEST.patch(
    "the_worst_kept",
    "The state with the lowest accuracy is kept.",
    ("        if valid.accuracy > best:", "        if valid.accuracy < best:"),
)
BEST.patch(
    "first_or_last",
    "Only the first and the last state are compared; the best was in between.",
    (
        "        if valid.accuracy > best:\n" + BETTER + "\n    model.load_state_dict(kept)",
        "    if valid.accuracy < best:\n        model.load_state_dict(kept)",
    ),
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
        BETTER,
        "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.named_parameters()}",
    ),
    ("model.load_state_dict(kept)", "model.load_state_dict(kept, strict=False)"),
)
BEST.patch("left_in_train_mode", "The model is left in train mode.", ("    model.eval()", "    model.train()"))
MEASURES.patch(
    "learns_from_validation",
    "The validation photos are trained on: their accuracy says nothing any more.",
    (
        "valid = one_pass(model, valid_loader, loss_function)",
        "valid = one_pass(model, valid_loader, loss_function, optimizer)",
    ),
    source="Humbatova 2020",
)


@MEASURES.mistake("The validation is measured in train mode: dropout and batch statistics are on.")
def validated_in_train_mode(model, train_loader, valid_loader, epochs, lr=1e-5):
    loss_function, history = nn.CrossEntropyLoss(), History()
    unfreeze(model)  # noqa: F821
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=lr)  # noqa: F821
    best, kept = one_pass(model, valid_loader, loss_function).accuracy, copy.deepcopy(model.state_dict())
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer)
        model.train()
        right, items, total = 0, 0, 0.0
        with torch.no_grad():
            for images, labels in valid_loader:
                logits = model(images)
                total += float(loss_function(logits, labels)) * len(labels)
                right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
        valid = Metrics(total / items, right / items)
        history.add(train, valid)
        if valid.accuracy > best:
            best, kept = valid.accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    model.eval()
    return history


SURVIVE.patch(
    "statistics_thawed",
    "BatchNorm gets its train method back: 139 photos overwrite what many pictures have taught it.",
    (UNFREEZE, '    unfreeze(model)\n    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n'),
)
SURVIVE.patch(
    "train_mode_for_all",
    "Every layer is put into train mode by hand, the frozen BatchNorm too.",
    (UNFREEZE, "    unfreeze(model)\n    for layer in model.modules():\n        layer.training = True\n"),
)


@DOOR.mistake("One step at a learning rate of 1 and no way back: the network has forgotten everything.")
def forgets_everything(model, train_loader, valid_loader, epochs, lr=1e-5):
    unfreeze(model)  # noqa: F821
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=1.0)  # noqa: F821
    return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, optimizer=optimizer)


@DOOR.mistake("The head is reset before fine-tuning, and hardly learns at so small a learning rate.")
def head_reset(model, train_loader, valid_loader, epochs, lr=1e-5):
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)
    return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, lr=lr)


FIRST = "    best = one_pass(model, valid_loader, loss_function).accuracy\n"
BEST.patch(
    "better_than_the_last_one",
    "Each epoch is compared with the one before it: up again after a fall is not yet the best.",
    (FIRST, ""),
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + FIRST),
)
BEST.patch(
    "best_of_another_curve",
    "The validation accuracy is compared with a training accuracy, which is higher: the first that got better is kept.",
    ("best, kept = valid.accuracy, {", "best, kept = train.accuracy, {"),
)
