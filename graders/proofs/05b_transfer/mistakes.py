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
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN, DRIFT = "test_every_parameter_is_frozen", "test_frozen_statistics_do_not_drift"
WITHIN = "test_it_stays_frozen_within_a_larger_network"


@mistake(
    "freeze_backbone",
    caught_by=FROZEN,
    says="model.requires_grad = False sets a new attribute of the module; its parameters do not notice.",
    source="forum",
)
def attribute_of_the_module(model):
    model.requires_grad = False
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


@mistake(
    "freeze_backbone",
    caught_by=FROZEN,
    says="Only the weights of the convolutions are frozen; biases and BatchNorm are not.",
)
def only_weights_of_convolutions(model):
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.requires_grad = False
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


patch(
    "freeze_backbone",
    ("model.requires_grad_(False)", "model[0].requires_grad_(False)"),
    name="first_block_only",
    caught_by=FROZEN,
    says="Only the first block is frozen.",
)
patch(
    "freeze_backbone",
    ("    model.requires_grad_(False)\n", ""),
    name="statistics_only",
    caught_by=FROZEN,
    says="BatchNorm stays in eval mode, but the parameters can still learn.",
)


@mistake(
    "freeze_backbone",
    caught_by=FROZEN,
    says="Without a graph nothing is frozen: the parameters still require a gradient.",
    source="forum: torch.no_grad to freeze",
)
def under_no_grad(model):
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
                layer.train = lambda mode=True, layer=layer: layer
        return model


@mistake("freeze_backbone", caught_by=FROZEN, says="A copy is frozen; the backbone that the caller holds is not.")
def a_frozen_copy(model):
    model = copy.deepcopy(model).requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


patch(
    "freeze_backbone",
    ("            layer.eval()\n", "            layer.eval()\n            layer.reset_running_stats()\n"),
    name="statistics_reset",
    caught_by=FROZEN,
    says="The running statistics are reset: what the backbone had learned about its inputs is gone.",
)


@mistake(
    "freeze_backbone",
    caught_by=DRIFT,
    says="Running mean and variance are no parameters: they move in train mode although nothing requires a gradient.",
    source="forum: frozen BatchNorm still changes",
)
def parameters_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model


@mistake(
    "freeze_backbone",
    caught_by=DRIFT,
    says="eval() holds until the next model.train(), which comes with the next epoch.",
    source="forum",
)
def eval_once(model):
    model.requires_grad_(False)
    return model.eval()


@mistake(
    "freeze_backbone",
    caught_by=DRIFT,
    says="Only the outermost layers are looked at; BatchNorm stands in the blocks within.",
)
def outermost_layers_only(model):
    model.requires_grad_(False)
    for layer in model.children():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return model


@mistake(
    "freeze_backbone",
    caught_by=DRIFT,
    says="BatchNorm's weight and bias are frozen; its running statistics are neither.",
)
def affine_only(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.weight.requires_grad_(False)
            layer.bias.requires_grad_(False)
    return model


@mistake(
    "freeze_backbone",
    caught_by=WITHIN,
    says="With track_running_stats = False nothing is noted, but in train mode each batch is normalised by itself.",
    source="forum",
)
def statistics_not_tracked(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.track_running_stats = False
    return model


@mistake(
    "freeze_backbone",
    caught_by=WITHIN,
    says="With momentum 0 the running mean stays, but in train mode the batch's own mean is used.",
    source="forum: momentum=0 to freeze BatchNorm",
)
def no_momentum(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.0
            layer.num_batches_tracked = None
    return model


patch(
    "freeze_backbone",
    ("            layer.eval()\n", ""),
    name="held_in_train_mode",
    caught_by=DRIFT,
    says="train() no longer does anything, and the layers are held in the mode that they were in: a new network is in train mode.",
)

# -- build_model --------------------------------------------------------------------------------------------------------

LOGITS, LEARNS, AS_IT_IS = (
    "test_each_photo_gets_one_logit_for_each_class",
    "test_only_the_head_can_learn",
    "test_the_backbone_is_used_as_it_is",
)
BUILD = "nn.Sequential(backbone, nn.Linear(width, n_classes))"

patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(576, n_classes))"),
    name="width_by_heart",
    caught_by=LOGITS,
    crashes=True,
    says="The number of features is written down; another backbone has another.",
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 2))"),
    name="always_two_classes",
    caught_by=LOGITS,
    says="2 is written down; n_classes is ignored.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 1))"),
    name="one_logit",
    caught_by=LOGITS,
    says="One logit for yes or no belongs to another loss; cross entropy wants one for each class.",
)
for end, called in (
    ("Softmax(dim=1)", "softmax"),
    ("LogSoftmax(dim=1)", "log_softmax"),
    ("Sigmoid()", "sigmoid"),
    ("ReLU()", "relu"),
    ("Tanh()", "tanh"),
):
    patch(
        "build_model",
        (BUILD, f"nn.Sequential(backbone, nn.Linear(width, n_classes), nn.{end})"),
        name=f"ends_in_{called}",
        caught_by=LOGITS,
        says=f"Cross entropy wants logits; nn.{end} at the end squeezes them.",
        source="Humbatova 2020",
    )
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(False)"),
    name="head_frozen_too",
    caught_by=LEARNS,
    says="The head is frozen too: nothing can learn.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(True)"),
    name="backbone_thawed",
    caught_by=LEARNS,
    says="The frozen backbone is thawed while the head is added.",
)


class Idle(nn.Module):
    """For `layer_that_is_not_used`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone, self.hidden, self.head = backbone, nn.Linear(width, width), nn.Linear(width, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x))


@mistake("build_model", caught_by=LEARNS, says="A layer is made and not used in forward.", uses=[Idle])
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


@mistake(
    "build_model",
    caught_by=AS_IT_IS,
    says="The backbone runs under no_grad for ever: unfrozen, it still learns nothing.",
    uses=[WithoutGraph],
    source="forum",
)
def backbone_under_no_grad(backbone, width, n_classes=2):
    return WithoutGraph(backbone, width, n_classes)


@mistake(
    "build_model",
    caught_by=AS_IT_IS,
    says="Every layer starts from random numbers, the backbone's too: what it knew is gone.",
    source="forum: model.apply(init)",
)
def all_started_anew(backbone, width, n_classes=2):
    model = nn.Sequential(backbone, nn.Linear(width, n_classes))
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return model


@mistake("build_model", caught_by=AS_IT_IS, says="The backbone is copied without its numbers.")
def copied_without_numbers(backbone, width, n_classes=2):
    backbone = copy.deepcopy(backbone)
    for parameter in backbone.parameters():
        nn.init.normal_(parameter, std=0.1)
    return nn.Sequential(backbone, nn.Linear(width, n_classes))


patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone.requires_grad_(False), nn.Linear(width, n_classes))"),
    name="frozen_by_the_way",
    caught_by=AS_IT_IS,
    says="The backbone is frozen here, whether that was asked for or not.",
)

# -- trainable_parameters -----------------------------------------------------------------------------------------------

LISTED, ONCE = "test_only_what_requires_a_gradient_is_listed", "test_shared_parameters_are_listed_once"
LIST = "[parameter for parameter in model.parameters() if parameter.requires_grad]"

patch(
    "trainable_parameters",
    (LIST, "list(model.parameters())"),
    name="all_of_them",
    caught_by=LISTED,
    says="The frozen ones are listed too.",
)
patch(
    "trainable_parameters",
    ("if parameter.requires_grad", "if not parameter.requires_grad"),
    name="the_frozen_ones",
    caught_by=LISTED,
    says="These are the frozen ones.",
)
patch(
    "trainable_parameters",
    (LIST, "filter(lambda parameter: parameter.requires_grad, model.parameters())"),
    name="a_filter",
    caught_by=LISTED,
    says="A filter can be gone through only once; a list was asked for.",
    source="forum: optimizer got an empty parameter list",
)
patch(
    "trainable_parameters",
    (LIST, "[parameter.data for parameter in model.parameters() if parameter.requires_grad]"),
    name="data_of_the_parameters",
    caught_by=LISTED,
    says=".data is the bare tensor: it never gets a gradient, so the optimizer never moves it.",
)
patch(
    "trainable_parameters",
    (LIST, "[parameter.clone() for parameter in model.parameters() if parameter.requires_grad]"),
    name="copies",
    caught_by=LISTED,
    says="These are copies: an optimizer that moves them moves nothing in the model.",
)
patch(
    "trainable_parameters",
    (LIST, "[p for layer in model for p in layer.parameters() if p.requires_grad]"),
    name="layer_by_layer",
    caught_by=ONCE,
    says="A layer in two places is listed twice.",
    source="forum: some parameters appear in more than one parameter group",
)
patch(
    "trainable_parameters",
    (LIST, "[p for _, p in model.named_parameters(remove_duplicate=False) if p.requires_grad]"),
    name="duplicates_kept",
    caught_by=ONCE,
    says="remove_duplicate=False keeps what is shared as often as it is used.",
)

# -- make_transforms ----------------------------------------------------------------------------------------------------

NORMAL, PLAIN = (
    "test_photos_are_normalised_as_the_backbone_expects",
    "test_validation_photos_are_whole_and_always_the_same",
)
ANEW = "test_training_photos_are_drawn_anew_each_time"
NORMALIZE, RESIZE = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
LAST = "v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)"

patch(
    "make_transforms",
    (", " + NORMALIZE, ""),
    name="not_normalised",
    caught_by=NORMAL,
    says="Mean and deviation are left out: the backbone sees another world than it was trained in.",
)
patch(
    "make_transforms",
    (NORMALIZE, "*([] if train else [v2.Normalize(MEAN, STD)])"),
    name="only_validation_normalised",
    caught_by=NORMAL,
    says="Validation photos are normalised and training photos are not.",
    source="Humbatova 2020",
)
patch(
    "make_transforms",
    (NORMALIZE, "v2.Normalize(STD, MEAN)"),
    name="mean_and_deviation_exchanged",
    caught_by=NORMAL,
    says="Mean and deviation are exchanged.",
)
patch(
    "make_transforms",
    (NORMALIZE, "v2.Normalize([0.5] * 3, [0.5] * 3)"),
    name="other_numbers",
    caught_by=NORMAL,
    says="0.5 and 0.5 are numbers of other networks.",
    source="PyTorch tutorial: CIFAR-10",
)
patch(
    "make_transforms",
    ("scale=True", "scale=False"),
    name="never_divided",
    caught_by=NORMAL,
    says="Pixels go up to 255: they were not divided before mean and deviation were applied.",
)
patch(
    "make_transforms",
    (LAST, "v2.ToDtype(torch.float64, scale=True), v2.Normalize(MEAN, STD)"),
    name="double",
    caught_by=NORMAL,
    says="float64: the network's numbers are float32.",
)
patch(
    "make_transforms",
    ("    if train:", "    size = 96\n    if train:"),
    name="size_by_heart",
    caught_by=NORMAL,
    says="96 is written down; `size` is ignored.",
)
patch(
    "make_transforms",
    (NORMALIZE, "v2.Normalize(MEAN, STD), v2.Lambda(lambda image: image.flip(-3))"),
    name="bgr_after_normalising",
    caught_by=NORMAL,
    says="The channels are turned round at the end: blue, green, red.",
)
patch(
    "make_transforms",
    ("v2.ToImage(), *views", "v2.ToImage(), v2.Lambda(lambda image: image.flip(-3)), *views"),
    name="bgr",
    caught_by=PLAIN,
    says="The channels are blue, green, red, as OpenCV gives them.",
    source="forum: cv2.imread",
)
patch(
    "make_transforms",
    ("    if train:", "    if True:"),
    name="validation_augmented",
    caught_by=PLAIN,
    says="The validation photos are augmented too: another accuracy each time.",
    source="Humbatova 2020",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.RandomHorizontalFlip()]"),
    name="validation_mirrored",
    caught_by=PLAIN,
    says="Half of the validation photos are mirrored.",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize((size, size), antialias=True)]"),
    name="squeezed",
    caught_by=PLAIN,
    says="A broad photo is squeezed into a square.",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.CenterCrop(size)]"),
    name="not_resized",
    caught_by=PLAIN,
    says="The middle is cut out of a photo that was never made smaller.",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize(size), v2.RandomCrop(size)]"),
    name="cut_by_chance",
    caught_by=PLAIN,
    says="The square is cut out by chance, in validation too.",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize(size), v2.Lambda(lambda image: image[..., :size, :size])]"),
    name="cut_at_the_left",
    caught_by=PLAIN,
    says="The square is cut out at the top left and not in the middle.",
)
patch(
    "make_transforms",
    ("    if train:", "    if False:"),
    name="never_augmented",
    caught_by=ANEW,
    says="The training photos are not augmented at all.",
)


@mistake(
    "make_transforms",
    caught_by=ANEW,
    says="The change is drawn once, when the transform is made: all photos are changed alike.",
)
def drawn_once(train, size=96):
    views = [v2.Resize(size, antialias=True), v2.CenterCrop(size)]
    if train and torch.rand(()) < 1:
        views.append(v2.RandomHorizontalFlip(p=1.0))
    return v2.Compose(
        [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821
    )


patch(
    "make_transforms",
    ("v2.RandomHorizontalFlip(),", "v2.RandomVerticalFlip(),"),
    name="upside_down",
    caught_by=ANEW,
    says="A dog on its head is not among the photos at the door.",
)
patch(
    "make_transforms",
    ("v2.RandomHorizontalFlip(),", "v2.RandomRotation(180),"),
    name="turned_all_the_way",
    caught_by=ANEW,
    says="A turn by up to 180 degrees puts dogs on their heads.",
)

# -- unfreeze -----------------------------------------------------------------------------------------------------------

AGAIN, STATISTICS = "test_every_parameter_can_learn_again", "test_statistics_stay_frozen"
THAW = "return model.requires_grad_(True)"

patch(
    "unfreeze",
    (THAW, "model[-1].requires_grad_(True)\n    return model"),
    name="only_the_head",
    caught_by=AGAIN,
    says="Only the head can learn, and it could before.",
)
patch(
    "unfreeze",
    (THAW, "model.requires_grad = True\n    return model"),
    name="thawed_by_attribute",
    caught_by=AGAIN,
    says="model.requires_grad = True sets a new attribute of the module; its parameters do not notice.",
    source="forum",
)
patch(
    "unfreeze",
    (THAW, "return model.train()"),
    name="train_mode_instead",
    caught_by=AGAIN,
    says="Train mode is not the same as being trainable: no parameter requires a gradient by it.",
)


@mistake(
    "unfreeze",
    caught_by=AGAIN,
    says="Only weights of convolutions and of the head can learn again; biases and BatchNorm cannot.",
)
def matrices_only(model):
    for parameter in model.parameters():
        parameter.requires_grad = parameter.dim() > 1
    return model


@mistake("unfreeze", caught_by=AGAIN, says="A copy is thawed; the model that the caller goes on with is not.")
def a_thawed_copy(model):
    return copy.deepcopy(model).requires_grad_(True)


@mistake("unfreeze", caught_by=AGAIN, says="The statistics are reset: what many pictures have taught them is gone.")
def statistics_forgotten(model):
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
    return model.requires_grad_(True)


@mistake("unfreeze", caught_by=STATISTICS, says="BatchNorm gets its train method back: its statistics move again.")
def everything_as_before(model):
    for layer in model.modules():
        layer.__dict__.pop("train", None)
    return model.requires_grad_(True)


@mistake("unfreeze", caught_by=STATISTICS, says="Every layer is put into train mode by hand, BatchNorm too.")
def train_mode_by_hand(model):
    for layer in model.modules():
        layer.training = True
    return model.requires_grad_(True)


# -- fine_tune ----------------------------------------------------------------------------------------------------------

TRUE_HISTORY, WHOLE = "test_the_history_is_true", "test_the_whole_network_learns"
SMALL, BEST = "test_the_steps_are_small_unless_asked_otherwise", "test_it_ends_with_the_best_state"
MEASURES, SURVIVE = "test_validation_photos_only_measure", "test_frozen_statistics_survive_fine_tuning"
DOOR = "test_the_door_knows_its_dog"
ADAM, UNFREEZE = "torch.optim.Adam(trainable_parameters(model), lr=lr)", "    unfreeze(model)\n"
FIRST = "best = one_pass(model, valid_loader, loss_function).accuracy"
KEPT = "    kept = {name: value.clone() for name, value in model.state_dict().items()}\n"
BETTER = "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}"

patch(
    "fine_tune",
    (
        "    for _ in range(epochs):",
        "    measured = one_pass(model, valid_loader, loss_function)\n"
        "    history.add(measured, measured)\n"
        "    for _ in range(epochs):",
    ),
    name="one_entry_too_many",
    caught_by=TRUE_HISTORY,
    says="The state before the first epoch is entered too: one entry more than there were epochs.",
)
patch(
    "fine_tune",
    (
        "        train = one_pass(model, train_loader, loss_function, optimizer)\n",
        2 * "        train = one_pass(model, train_loader, loss_function, optimizer)\n",
    ),
    name="twice_an_epoch",
    caught_by=TRUE_HISTORY,
    says="An epoch goes through the training data once; here it goes twice, and only the second pass is entered.",
)
patch(
    "fine_tune",
    ("history.add(train, valid)", "history.add(train)"),
    name="validation_not_entered",
    caught_by=TRUE_HISTORY,
    says="The validation is measured and not entered.",
)
patch(
    "fine_tune",
    ("history.add(train, valid)", "history.add(valid, train)"),
    name="curves_exchanged",
    caught_by=TRUE_HISTORY,
    says="Training and validation are exchanged.",
)
patch(
    "fine_tune",
    ("    return history", "    return best"),
    name="accuracy_returned",
    caught_by=TRUE_HISTORY,
    crashes=False,
    says="The best accuracy is returned; a History was asked for.",
)


@mistake(
    "fine_tune",
    caught_by=TRUE_HISTORY,
    says="The mean of the batches is not the mean of the photos: the last batch is smaller.",
    source="Humbatova 2020",
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


patch(
    "fine_tune",
    (UNFREEZE, ""),
    name="never_unfrozen",
    caught_by=WHOLE,
    says="The backbone is still frozen: only the head goes on learning.",
)
patch(
    "fine_tune",
    (UNFREEZE, ""),
    (ADAM, ADAM + "\n    unfreeze(model)"),
    name="optimizer_before_unfreezing",
    caught_by=WHOLE,
    says="The optimizer was built while the backbone was frozen, and keeps the list that it was given.",
    source="forum",
)
patch(
    "fine_tune",
    (ADAM, "torch.optim.Adam(model[-1].parameters(), lr=lr)"),
    name="only_the_head_given",
    caught_by=WHOLE,
    says="The optimizer was given the head alone.",
)
patch(
    "fine_tune",
    ("lr=lr)", "lr=1e-5)"),
    name="learning_rate_written_in",
    caught_by=WHOLE,
    says="1e-5 is written down; `lr` is ignored.",
)
patch(
    "fine_tune",
    ("    model.load_state_dict(kept)", "    model.load_state_dict(first)"),
    ("    history = History()", "    history, first = History(), kept"),
    name="back_to_the_first_state",
    caught_by=WHOLE,
    says="The state before the first epoch is put back, whatever was learned.",
)
patch(
    "fine_tune",
    ("lr: float = 1e-5", "lr: float = 1e-3"),
    name="learning_rate_of_the_head",
    caught_by=SMALL,
    says="The head's learning rate: what the backbone knows is overwritten in a few steps.",
)
patch(
    "fine_tune",
    ("lr=lr)", "lr=100 * lr)"),
    name="a_hundred_times_larger",
    caught_by=SMALL,
    says="The learning rate is multiplied by the factor that should divide it.",
)
patch(
    "fine_tune",
    ("lr: float = 1e-5", "lr: float = 0.0"),
    name="steps_of_nothing",
    caught_by=SMALL,
    says="With a default learning rate of 0 fine-tuning changes nothing.",
)
patch(
    "fine_tune",
    ("    model.load_state_dict(kept)\n", ""),
    name="ends_with_the_last_state",
    caught_by=BEST,
    says="The best state is kept and never put back.",
)
patch(
    "fine_tune",
    (FIRST, "best = 0.0"),
    name="the_first_state_forgotten",
    caught_by=BEST,
    says="The state before the first epoch is not among the candidates: fine-tuning can make it worse.",
)
patch(
    "fine_tune",
    (KEPT, "    kept = model.state_dict()\n"),
    (BETTER, "            best, kept = valid.accuracy, model.state_dict()"),
    name="state_not_copied",
    caught_by=BEST,
    says="state_dict() gives the tensors themselves: they go on changing while they are kept.",
    source="forum: best_model_wts = model.state_dict()",
)
patch(
    "fine_tune",
    (KEPT, "    kept = dict(model.state_dict())\n"),
    (BETTER, "            best, kept = valid.accuracy, model.state_dict().copy()"),
    name="shallow_copy",
    caught_by=BEST,
    says="A copy of the dict holds the same tensors; they go on changing.",
    source="forum",
)
patch(
    "fine_tune",
    ("        if valid.accuracy > best:", "        if train.accuracy > best:"),
    (BETTER, BETTER.replace("valid.accuracy", "train.accuracy")),
    (FIRST, "best = one_pass(model, train_loader, loss_function).accuracy"),
    name="best_by_training_accuracy",
    caught_by=BEST,
    says="The best is chosen by the training photos, which the network can learn by heart.",
    source="Humbatova 2020",
)
patch(
    "fine_tune",
    ("        if valid.accuracy > best:", "        if valid.accuracy < best:"),
    name="the_worst_kept",
    caught_by=BEST,
    says="The state with the lowest accuracy is kept.",
)
patch(
    "fine_tune",
    (
        "        if valid.accuracy > best:\n" + BETTER + "\n    model.load_state_dict(kept)",
        "    if valid.accuracy < best:\n        model.load_state_dict(kept)",
    ),
    name="first_or_last",
    caught_by=BEST,
    says="Only the first and the last state are compared; the best was in between.",
)
patch(
    "fine_tune",
    ("best, kept = valid.accuracy, {", "kept = {"),
    name="any_better_than_the_first",
    caught_by=BEST,
    says="The best accuracy is not updated: whatever is better than the first is kept, the last of them in the end.",
)
patch(
    "fine_tune",
    (KEPT, "    kept = {name: value.clone() for name, value in model.named_parameters()}\n"),
    (
        BETTER,
        "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.named_parameters()}",
    ),
    ("model.load_state_dict(kept)", "model.load_state_dict(kept, strict=False)"),
    name="parameters_kept_without_statistics",
    caught_by=BEST,
    says="Only parameters are kept: where statistics are not frozen, they are those of the last epoch.",
)
patch(
    "fine_tune",
    ("    model.eval()", "    model.train()"),
    name="left_in_train_mode",
    caught_by=BEST,
    says="The model is left in train mode.",
)
patch(
    "fine_tune",
    (
        "valid = one_pass(model, valid_loader, loss_function)",
        "valid = one_pass(model, valid_loader, loss_function, optimizer)",
    ),
    name="learns_from_validation",
    caught_by=MEASURES,
    says="The validation photos are trained on: their accuracy says nothing any more.",
    source="Humbatova 2020",
)


@mistake(
    "fine_tune",
    caught_by=MEASURES,
    says="The validation is measured in train mode: dropout and batch statistics are on.",
)
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


patch(
    "fine_tune",
    (UNFREEZE, '    unfreeze(model)\n    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n'),
    name="statistics_thawed",
    caught_by=SURVIVE,
    says="BatchNorm gets its train method back: 139 photos overwrite what many pictures have taught it.",
)
patch(
    "fine_tune",
    (UNFREEZE, "    unfreeze(model)\n    for layer in model.modules():\n        layer.training = True\n"),
    name="train_mode_for_all",
    caught_by=SURVIVE,
    says="Every layer is put into train mode by hand, the frozen BatchNorm too.",
)


@mistake(
    "fine_tune",
    caught_by=DOOR,
    says="One step at a learning rate of 1 and no way back: the network has forgotten everything.",
)
def forgets_everything(model, train_loader, valid_loader, epochs, lr=1e-5):
    unfreeze(model)  # noqa: F821
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=1.0)  # noqa: F821
    return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, optimizer=optimizer)


@mistake(
    "fine_tune",
    caught_by=DOOR,
    says="The head is reset before fine-tuning, and hardly learns at so small a learning rate.",
)
def head_reset(model, train_loader, valid_loader, epochs, lr=1e-5):
    nn.init.zeros_(model[-1].weight)
    nn.init.zeros_(model[-1].bias)
    return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, lr=lr)


FIRST = "    best = one_pass(model, valid_loader, loss_function).accuracy\n"
patch(
    "fine_tune",
    (FIRST, ""),
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + FIRST),
    name="better_than_the_last_one",
    caught_by=BEST,
    says="Each epoch is compared with the one before it: up again after a fall is not yet the best.",
)
patch(
    "fine_tune",
    ("best, kept = valid.accuracy, {", "best, kept = train.accuracy, {"),
    name="best_of_another_curve",
    caught_by=BEST,
    says="The validation accuracy is compared with a training accuracy, which is higher: the first that got better is kept.",
)
