"""What goes wrong in project 07, where all the parts come together: the mistakes of 01, 04a and 05b once more, and colour.

"forum" and "Humbatova 2020" as in 05b.
"""

import torch
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

MISTAKES = Catalogue("07")

# -- make_transforms ----------------------------------------------------------------------------------------------------

NORMAL = MISTAKES.caught_by("make_transforms", "test_photos_are_normalised_as_the_backbone_expects")
PLAIN = MISTAKES.caught_by("make_transforms", "test_validation_photos_are_whole_and_always_the_same")
ANEW = MISTAKES.caught_by("make_transforms", "test_training_photos_are_drawn_anew_each_time")
ORANGE = MISTAKES.caught_by("make_transforms", "test_an_orange_stays_orange")
NORMALIZE, RESIZE = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
JITTER = "v2.ColorJitter(brightness=0.15, contrast=0.15)"

NORMAL.patch(
    "not_normalised",
    "Mean and deviation are left out: the backbone sees another world than it was trained in.",
    (", " + NORMALIZE, ""),
)
NORMAL.patch(
    "only_training_normalised",
    "Training photos are normalised and validation photos are not.",
    (NORMALIZE, "*([v2.Normalize(MEAN, STD)] if train else [])"),
    source="Humbatova 2020",
)
NORMAL.patch(
    "only_validation_normalised",
    "Validation photos are normalised and training photos are not.",
    (NORMALIZE, "*([] if train else [v2.Normalize(MEAN, STD)])"),
    source="Humbatova 2020",
)
NORMAL.patch(
    "never_divided",
    "Pixels go up to 255: they were not divided before mean and deviation were applied.",
    ("scale=True", "scale=False"),
)
NORMAL.patch(
    "size_by_heart", "224 is written down; `size` is ignored.", ("    if train:", "    size = 224\n    if train:")
)
PLAIN.patch(
    "validation_augmented",
    "The validation photos are augmented too: the assessment depends on luck.",
    ("    if train:", "    if True:"),
    source="Humbatova 2020",
)
PLAIN.patch(
    "squeezed",
    "A banana that is squeezed into a square is a short, thick one.",
    (RESIZE, "[v2.Resize((size, size), antialias=True)]"),
)
PLAIN.patch(
    "bgr",
    "The channels are blue, green, red: a blue orange.",
    ("v2.ToImage(), *views", "v2.ToImage(), v2.Lambda(lambda image: image.flip(-3)), *views"),
    source="forum: cv2.imread",
)
PLAIN.patch(
    "colours_lost",
    "The validation photos have lost their colours.",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.Grayscale(3)]"),
)
ANEW.patch("never_augmented", "The training photos are not augmented at all.", ("    if train:", "    if False:"))


@ANEW.mistake("The seed is set in every call: chance gives the same view each time.")
def seeded_in_each_call(train, size=96):
    views = [v2.RandomResizedCrop(size, scale=(0.6, 1.0))] if train else [v2.Resize(size), v2.CenterCrop(size)]
    steps = [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821

    def transform(image):
        if train:
            torch.manual_seed(0)
        return v2.Compose(steps)(image)

    return transform


ORANGE.patch(
    "any_hue",
    "A change of hue by up to 180 degrees makes green and blue oranges; colour is what tells fresh from rotten.",
    (JITTER, "v2.ColorJitter(brightness=0.15, hue=0.5)"),
)
ORANGE.patch(
    "channels_by_chance",
    "The channels are exchanged by chance: the colours no longer mean anything.",
    (JITTER, "v2.RandomChannelPermutation()"),
)
ORANGE.patch(
    "negative_by_chance",
    "Half of the photos are negatives: a fresh orange is blue in them.",
    (JITTER, "v2.RandomInvert()"),
)

# -- build_model --------------------------------------------------------------------------------------------------------

SIX = MISTAKES.caught_by("build_model", "test_each_photo_gets_six_logits")
HEAD = MISTAKES.caught_by("build_model", "test_the_head_can_learn_and_the_backbone_stays")
BUILD = "nn.Sequential(backbone, nn.Linear(width, n_classes))"

SIX.patch(
    "fresh_or_rotten",
    "Two classes, fresh and rotten; there are three fruits of each.",
    ("n_classes: int = 6", "n_classes: int = 2"),
)
SIX.patch(
    "six_by_heart", "6 is written down; n_classes is ignored.", (BUILD, "nn.Sequential(backbone, nn.Linear(width, 6))")
)
SIX.patch(
    "width_by_heart",
    "The number of features is written down; another backbone has another.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(512, n_classes))"),
    crashes=True,
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
for end, called in (("Softmax(dim=1)", "softmax"), ("Sigmoid()", "sigmoid"), ("ReLU()", "relu")):
    SIX.patch(
        f"ends_in_{called}",
        f"Cross entropy wants logits; nn.{end} at the end squeezes them.",
        (BUILD, f"nn.Sequential(backbone, nn.Linear(width, n_classes), nn.{end})"),
        source="the original course's recipe for Keras, copied",
    )
HEAD.patch(
    "head_frozen_too",
    "The head is frozen too: nothing can learn.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(False)"),
)
HEAD.patch(
    "backbone_thawed",
    "The frozen backbone is thawed while the head is added.",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(True)"),
)
HEAD.patch(
    "frozen_by_the_way",
    "The backbone is frozen here, whether that was asked for or not.",
    (BUILD, "nn.Sequential(backbone.requires_grad_(False), nn.Linear(width, n_classes))"),
)


class WithoutGraph(nn.Module):
    """For `backbone_under_no_grad`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone, self.head = backbone, nn.Linear(width, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x).detach())


@HEAD.mistake("The features are detached for ever: unfrozen, the backbone still learns nothing.", uses=[WithoutGraph])
def features_detached(backbone, width, n_classes=6):
    return WithoutGraph(backbone, width, n_classes)


@HEAD.mistake("Every layer starts from random numbers, the backbone's too: what it knew is gone.")
def all_started_anew(backbone, width, n_classes=6):
    model = nn.Sequential(backbone, nn.Linear(width, n_classes))
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return model


# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN = MISTAKES.caught_by("freeze_backbone", "test_every_parameter_is_frozen")
STAY = MISTAKES.caught_by("freeze_backbone", "test_statistics_stay_in_a_network_that_is_trained")

FROZEN.patch(
    "attribute_of_the_module",
    "backbone.requires_grad = False sets a new attribute of the module; its parameters do not notice.",
    ("    backbone.requires_grad_(False)\n", "    backbone.requires_grad = False\n"),
    source="forum",
)
FROZEN.patch(
    "only_weights",
    "Only what is called weight is frozen; biases are not.",
    (
        "    backbone.requires_grad_(False)\n",
        '    for name, p in backbone.named_parameters():\n        p.requires_grad = not name.endswith("weight")\n',
    ),
)


@STAY.mistake(
    "Running mean and variance are no parameters: they move in train mode although nothing requires a gradient.",
    source="forum",
)
def parameters_only(backbone):
    return backbone.requires_grad_(False)


@STAY.mistake("eval() holds until the next model.train(), which comes with the next epoch.", source="forum")
def eval_once(backbone):
    return backbone.requires_grad_(False).eval()


@STAY.mistake("With momentum 0 the running mean stays, but in train mode the batch's own mean is used.", source="forum")
def no_momentum(backbone):
    backbone.requires_grad_(False)
    for layer in backbone.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum, layer.num_batches_tracked = 0.0, None
    return backbone


@STAY.mistake("Only the outermost layers are looked at; BatchNorm stands in the blocks within.")
def outermost_layers_only(backbone):
    backbone.requires_grad_(False)
    for layer in backbone.children():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return backbone


STAY.patch(
    "held_in_train_mode",
    "train() no longer does anything, and the layers are held in the mode that they were in: a new network is in train mode.",
    ("            layer.eval()\n", ""),
)

# -- train --------------------------------------------------------------------------------------------------------------

TRUE_HISTORY = MISTAKES.caught_by("train", "test_the_history_is_true")
MOVES = MISTAKES.caught_by("train", "test_only_the_head_moves")
GETS = MISTAKES.caught_by("train", "test_the_optimizer_gets_only_what_can_be_trained")
TEACH = MISTAKES.caught_by("train", "test_validation_photos_teach_nothing")
NEAR = MISTAKES.caught_by("train", "test_the_head_alone_comes_near_the_bar")
GIVEN = "[p for p in model.parameters() if p.requires_grad]"
STEP, MEASURE = (
    "one_pass(model, train_loader, loss_function, optimizer)",
    "one_pass(model, valid_loader, loss_function)",
)

TRUE_HISTORY.patch(
    "accuracy_returned",
    "The last accuracy is returned; a History was asked for.",
    ("    return history", "    return history.valid_accuracy[-1]"),
)
TRUE_HISTORY.patch(
    "trained_twice_an_epoch",
    "An epoch goes through the training photos once; here it goes twice, and only the second pass is entered.",
    (f"        trained = {STEP}\n", 2 * f"        trained = {STEP}\n"),
)
TRUE_HISTORY.patch(
    "only_the_last_epoch",
    "Only the last epoch is entered.",
    (f"        history.add(trained, {MEASURE})\n", f"    history.add(trained, {MEASURE})\n"),
)
TRUE_HISTORY.patch(
    "validated_before_the_epoch",
    "The validation is measured before the epoch: each entry is that of the model before.",
    (
        f"        trained = {STEP}\n        history.add(trained, {MEASURE})",
        f"        valid = {MEASURE}\n        history.add({STEP}, valid)",
    ),
)
TRUE_HISTORY.patch(
    "training_for_validation",
    "The training's own figures are entered as those of the validation.",
    (f"history.add(trained, {MEASURE})", "history.add(trained, trained)"),
)
TRUE_HISTORY.patch(
    "validation_for_training",
    "The validation's figures are entered as those of the training.",
    (f"history.add(trained, {MEASURE})", f"valid = {MEASURE}\n        history.add(valid, valid)"),
)


@TRUE_HISTORY.mistake("The validation is measured in train mode: dropout and batch statistics are on.")
def validated_in_train_mode(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    loss_function, history = nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        trained = one_pass(model, train_loader, loss_function, optimizer)
        model.train()
        loss, right, items = 0.0, 0, 0
        with torch.no_grad():
            for images, labels in valid_loader:
                logits = model(images)
                loss += float(loss_function(logits, labels)) * len(labels)
                right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
        history.add(trained, Metrics(loss / items, right / items))
    return history


@TRUE_HISTORY.mistake(
    "The mean of the batches is not the mean of the photos: the last batch is smaller.", source="Humbatova 2020"
)
def batch_means_averaged(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    loss_function, history = nn.CrossEntropyLoss(), History()

    def mean(parts):
        return Metrics(*(sum(column) / len(parts) for column in zip(*parts, strict=True)))

    for _ in range(epochs):
        trained = mean([one_pass(model, [batch], loss_function, optimizer) for batch in train_loader])
        history.add(trained, mean([one_pass(model, [batch], loss_function) for batch in valid_loader]))
    return history


MOVES.patch(
    "everything_trained",
    "The whole network is thawed and trained at the head's learning rate.",
    ("    history = History()", "    model.requires_grad_(True)\n    history = History()"),
    (GIVEN, "model.parameters()"),
)
MOVES.patch("learning_rate_written_in", "1e-3 is written down; `lr` is ignored.", ("lr=lr)", "lr=1e-3)"))
MOVES.patch(
    "statistics_thawed",
    "BatchNorm gets its train method back: its statistics move although the backbone is frozen.",
    (
        "    history = History()",
        '    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n    history = History()',
    ),
)
MOVES.patch(
    "never_steps",
    "Without the optimizer a pass only measures: nothing is learned.",
    (STEP, "one_pass(model, train_loader, loss_function)"),
)
GETS.patch(
    "all_parameters_given",
    "The optimizer was given all parameters, the frozen ones too.",
    (GIVEN, "model.parameters()"),
)
GETS.patch(
    "backbone_in_a_group",
    "The frozen backbone is in a group of its own; it is still in the optimizer's list.",
    (GIVEN, '[{"params": model[0].parameters()}, {"params": model[1].parameters()}]'),
)
TEACH.patch(
    "learns_from_validation",
    "The validation photos are trained on: their accuracy says nothing any more.",
    (MEASURE, "one_pass(model, valid_loader, loss_function, optimizer)"),
    source="Humbatova 2020",
)
TEACH.patch(
    "both_together",
    "Training and validation photos are trained on together.",
    (STEP, "one_pass(model, [*train_loader, *valid_loader], loss_function, optimizer)"),
)


@NEAR.mistake("The loop stops after the first batch: thirty-two photos are not enough.")
def one_batch_an_epoch(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    loss_function, history = nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        trained = one_pass(model, [next(iter(train_loader))], loss_function, optimizer)
        history.add(trained, one_pass(model, [next(iter(valid_loader))], loss_function))
    return history


# -- fine_tune ----------------------------------------------------------------------------------------------------------

WHOLE = MISTAKES.caught_by("fine_tune", "test_the_whole_network_learns")
SMALL = MISTAKES.caught_by("fine_tune", "test_the_steps_are_small_unless_asked_otherwise")
BEST = MISTAKES.caught_by("fine_tune", "test_it_ends_with_the_best_state")
STATISTICS = MISTAKES.caught_by("fine_tune", "test_statistics_stay_and_validation_only_measures")
BAR = MISTAKES.caught_by("fine_tune", "test_it_passes_the_assessment")
THAW = "    model.requires_grad_(True)\n"
ADAM = "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"
FIRST = "best = one_pass(model, valid_loader, loss_function).accuracy"
BETTER = "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}"

WHOLE.patch(
    "tuned_twice_an_epoch",
    "An epoch goes through the training photos once; here it goes twice, and only the second pass is entered.",
    (f"        trained = {STEP}\n", 2 * f"        trained = {STEP}\n"),
)
WHOLE.patch("never_unfrozen", "The backbone is still frozen: only the head goes on learning.", (THAW, ""))
WHOLE.patch(
    "optimizer_before_unfreezing",
    "The optimizer was built while the backbone was frozen, and keeps the list that it was given.",
    (THAW + ADAM, ADAM.replace("model.parameters()", "[p for p in model.parameters() if p.requires_grad]") + THAW),
    source="forum",
)
WHOLE.patch(
    "curves_exchanged",
    "Training and validation are exchanged in the history.",
    ("history.add(trained, valid)", "history.add(valid, trained)"),
)
SMALL.patch(
    "learning_rate_of_the_head",
    "The head's learning rate: what the backbone knows is overwritten in a few steps.",
    ("lr: float = 1e-5", "lr: float = 1e-3"),
)
SMALL.patch("fine_tuning_rate_written_in", "1e-5 is written down; `lr` is ignored.", ("lr=lr)", "lr=1e-5)"))
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
    (BETTER, "            best, kept = valid.accuracy, model.state_dict()"),
    source="forum: best_model_wts = model.state_dict()",
)
BEST.patch(
    "best_by_training_accuracy",
    "The best is chosen by the training photos, which the network can learn by heart.",
    ("        if valid.accuracy > best:", "        if trained.accuracy > best:"),
    (BETTER, BETTER.replace("valid.accuracy", "trained.accuracy")),
    (FIRST, "best = one_pass(model, train_loader, loss_function).accuracy"),
)
BEST.patch(
    "first_or_last",
    "Only the first and the last state are compared; the best was in between.",
    (
        "        if valid.accuracy > best:\n" + BETTER + "\n    model.load_state_dict(kept)",
        "    if valid.accuracy < best:\n        model.load_state_dict(kept)",
    ),
)
BEST.patch("left_in_train_mode", "The model is left in train mode.", ("    model.eval()", "    model.train()"))
STATISTICS.patch(
    "frozen_statistics_thawed",
    "BatchNorm gets its train method back: some hundred photos overwrite what many have taught it.",
    (THAW, THAW + '    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n'),
)
STATISTICS.patch(
    "tunes_on_validation",
    "The validation photos are trained on: their accuracy says nothing any more.",
    (
        "valid = one_pass(model, valid_loader, loss_function)",
        "valid = one_pass(model, valid_loader, loss_function, optimizer)",
    ),
)


@BAR.mistake("One step at a learning rate of 1 and no way back: the network has forgotten everything.")
def forgets_everything(model, train_loader, valid_loader, epochs, lr=1e-5):
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    history, loss_function = History(), nn.CrossEntropyLoss()
    history.add(one_pass(model, [next(iter(train_loader))], loss_function, optimizer))
    return history


FIRST = "    best = one_pass(model, valid_loader, loss_function).accuracy\n"
BEST.patch(
    "better_than_the_last_one",
    "Each epoch is compared with the one before it: up again after a fall is not yet the best.",
    (FIRST, ""),
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + FIRST),
)

# -- evaluate -----------------------------------------------------------------------------------------------------------

COUNTS = MISTAKES.caught_by("evaluate", "test_it_counts_every_photo_once")
EVAL = MISTAKES.caught_by("evaluate", "test_it_measures_in_eval_mode_and_changes_nothing")

COUNTS.patch(
    "fraction",
    "A fraction is returned; how many of how many was asked for.",
    ("return correct, total", "return correct / total"),
)
COUNTS.patch("exchanged", "Total and correct are exchanged.", ("return correct, total", "return total, correct"))
COUNTS.patch(
    "a_tensor",
    "The count is a tensor, not a Python int.",
    ("int((model(images).argmax(dim=1) == labels).sum())", "(model(images).argmax(dim=1) == labels).sum()"),
)
COUNTS.patch(
    "every_batch_full",
    "The last batch is counted as if it were full.",
    ("total += len(labels)", "total += loader.batch_size"),
)
COUNTS.patch(
    "fraction_and_total",
    "The first number is a fraction; a count was asked for.",
    ("return correct, total", "return correct / total, total"),
)
COUNTS.patch(
    "the_wrong_axis",
    "argmax over dim 0 asks which photo has the highest logit of a class.",
    ("argmax(dim=1)", "argmax(dim=0)"),
    ("== labels", "[: len(labels)].repeat(len(labels))[: len(labels)] == labels"),
)


@COUNTS.mistake("The mean of the batch accuracies is not the accuracy: the last batch is smaller.")
def mean_of_batches(model, loader):
    model.eval()
    with torch.no_grad():
        parts = [float((model(x).argmax(1) == y).double().mean()) for x, y in loader]
    total = len(loader.dataset)
    return round(sum(parts) / len(parts) * total), total


EVAL.patch(
    "eval_forgotten",
    "The network may be in train mode: dropout guesses and statistics move.",
    ("    model.eval()\n", ""),
    source="Humbatova 2020",
)
EVAL.patch("with_a_graph", "The graph is kept for nothing: memory and time.", ("with torch.no_grad():", "if True:"))

# -- save_model ---------------------------------------------------------------------------------------------------------

IS_MODEL = MISTAKES.caught_by("save_model", "test_the_saved_file_is_the_model")
SAME = MISTAKES.caught_by("save_model", "test_a_reloaded_model_answers_the_same")
SAVE = "torch.save(model.state_dict(), temporary)"

IS_MODEL.patch(
    "the_whole_object",
    "The whole object is pickled: it runs code when it is opened, and breaks when the code moves.",
    (SAVE, "torch.save(model, temporary)"),
    source="PyTorch tutorial",
)
IS_MODEL.patch(
    "wrapped_in_a_dict",
    "The state dict stands in another dict; nobody was told.",
    (SAVE, 'torch.save({"model": model.state_dict()}, temporary)'),
)
IS_MODEL.patch(
    "old_file_kept",
    "A file that is there already is kept, with yesterday's model in it.",
    ("    temporary =", "    if os.path.exists(path):\n        return\n    temporary ="),
)
IS_MODEL.patch(
    "halved",
    "The model itself is made half as precise by being saved.",
    (SAVE, "torch.save(model.half().state_dict(), temporary)"),
)
SAME.patch(
    "parameters_without_statistics",
    "BatchNorm's running statistics are no parameters: they are missing in the file.",
    (SAVE, "torch.save(dict(model.named_parameters()), temporary)"),
    source="forum",
)
SAME.patch(
    "statistics_left_out",
    "The running statistics are left out.",
    (SAVE, 'torch.save({n: t for n, t in model.state_dict().items() if "running" not in n}, temporary)'),
)
