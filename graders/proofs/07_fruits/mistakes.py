"""What goes wrong in project 07, where all the parts come together: the mistakes of 01, 04a and 05b once more, and colour.

"forum" and "Humbatova 2020" as in 05b.
"""

import torch
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

MISTAKES = Catalogue("07")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- make_transforms ----------------------------------------------------------------------------------------------------

NORMAL, PLAIN = (
    "test_photos_are_normalised_as_the_backbone_expects",
    "test_validation_photos_are_whole_and_always_the_same",
)
ANEW, ORANGE = "test_training_photos_are_drawn_anew_each_time", "test_an_orange_stays_orange"
NORMALIZE, RESIZE = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
JITTER = "v2.ColorJitter(brightness=0.15, contrast=0.15)"

patch(
    "make_transforms",
    (", " + NORMALIZE, ""),
    name="not_normalised",
    caught_by=NORMAL,
    says="Mean and deviation are left out: the backbone sees another world than it was trained in.",
)
patch(
    "make_transforms",
    (NORMALIZE, "*([v2.Normalize(MEAN, STD)] if train else [])"),
    name="only_training_normalised",
    caught_by=NORMAL,
    says="Training photos are normalised and validation photos are not.",
    source="Humbatova 2020",
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
    ("scale=True", "scale=False"),
    name="never_divided",
    caught_by=NORMAL,
    says="Pixels go up to 255: they were not divided before mean and deviation were applied.",
)
patch(
    "make_transforms",
    ("    if train:", "    size = 224\n    if train:"),
    name="size_by_heart",
    caught_by=NORMAL,
    says="224 is written down; `size` is ignored.",
)
patch(
    "make_transforms",
    ("    if train:", "    if True:"),
    name="validation_augmented",
    caught_by=PLAIN,
    says="The validation photos are augmented too: the assessment depends on luck.",
    source="Humbatova 2020",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize((size, size), antialias=True)]"),
    name="squeezed",
    caught_by=PLAIN,
    says="A banana that is squeezed into a square is a short, thick one.",
)
patch(
    "make_transforms",
    ("v2.ToImage(), *views", "v2.ToImage(), v2.Lambda(lambda image: image.flip(-3)), *views"),
    name="bgr",
    caught_by=PLAIN,
    says="The channels are blue, green, red: a blue orange.",
    source="forum: cv2.imread",
)
patch(
    "make_transforms",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.Grayscale(3)]"),
    name="colours_lost",
    caught_by=PLAIN,
    says="The validation photos have lost their colours.",
)
patch(
    "make_transforms",
    ("    if train:", "    if False:"),
    name="never_augmented",
    caught_by=ANEW,
    says="The training photos are not augmented at all.",
)


@mistake("make_transforms", caught_by=ANEW, says="The seed is set in every call: chance gives the same view each time.")
def seeded_in_each_call(train, size=96):
    views = [v2.RandomResizedCrop(size, scale=(0.6, 1.0))] if train else [v2.Resize(size), v2.CenterCrop(size)]
    steps = [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821

    def transform(image):
        if train:
            torch.manual_seed(0)
        return v2.Compose(steps)(image)

    return transform


patch(
    "make_transforms",
    (JITTER, "v2.ColorJitter(brightness=0.15, hue=0.5)"),
    name="any_hue",
    caught_by=ORANGE,
    says="A change of hue by up to 180 degrees makes green and blue oranges; colour is what tells fresh from rotten.",
)
patch(
    "make_transforms",
    (JITTER, "v2.RandomChannelPermutation()"),
    name="channels_by_chance",
    caught_by=ORANGE,
    says="The channels are exchanged by chance: the colours no longer mean anything.",
)
patch(
    "make_transforms",
    (JITTER, "v2.RandomInvert()"),
    name="negative_by_chance",
    caught_by=ORANGE,
    says="Half of the photos are negatives: a fresh orange is blue in them.",
)

# -- build_model --------------------------------------------------------------------------------------------------------

SIX, HEAD = "test_each_photo_gets_six_logits", "test_the_head_can_learn_and_the_backbone_stays"
BUILD = "nn.Sequential(backbone, nn.Linear(width, n_classes))"

patch(
    "build_model",
    ("n_classes: int = 6", "n_classes: int = 2"),
    name="fresh_or_rotten",
    caught_by=SIX,
    says="Two classes, fresh and rotten; there are three fruits of each.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, 6))"),
    name="six_by_heart",
    caught_by=SIX,
    says="6 is written down; n_classes is ignored.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(512, n_classes))"),
    name="width_by_heart",
    caught_by=SIX,
    crashes=True,
    says="The number of features is written down; another backbone has another.",
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
for end, called in (("Softmax(dim=1)", "softmax"), ("Sigmoid()", "sigmoid"), ("ReLU()", "relu")):
    patch(
        "build_model",
        (BUILD, f"nn.Sequential(backbone, nn.Linear(width, n_classes), nn.{end})"),
        name=f"ends_in_{called}",
        caught_by=SIX,
        says=f"Cross entropy wants logits; nn.{end} at the end squeezes them.",
        source="the original course's recipe for Keras, copied",
    )
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(False)"),
    name="head_frozen_too",
    caught_by=HEAD,
    says="The head is frozen too: nothing can learn.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone, nn.Linear(width, n_classes)).requires_grad_(True)"),
    name="backbone_thawed",
    caught_by=HEAD,
    says="The frozen backbone is thawed while the head is added.",
)
patch(
    "build_model",
    (BUILD, "nn.Sequential(backbone.requires_grad_(False), nn.Linear(width, n_classes))"),
    name="frozen_by_the_way",
    caught_by=HEAD,
    says="The backbone is frozen here, whether that was asked for or not.",
)


class WithoutGraph(nn.Module):
    """For `backbone_under_no_grad`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone, self.head = backbone, nn.Linear(width, n_classes)

    def forward(self, x):
        return self.head(self.backbone(x).detach())


@mistake(
    "build_model",
    caught_by=HEAD,
    says="The features are detached for ever: unfrozen, the backbone still learns nothing.",
    uses=[WithoutGraph],
)
def features_detached(backbone, width, n_classes=6):
    return WithoutGraph(backbone, width, n_classes)


@mistake(
    "build_model",
    caught_by=HEAD,
    says="Every layer starts from random numbers, the backbone's too: what it knew is gone.",
)
def all_started_anew(backbone, width, n_classes=6):
    model = nn.Sequential(backbone, nn.Linear(width, n_classes))
    for layer in model.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return model


# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN, STAY = "test_every_parameter_is_frozen", "test_statistics_stay_in_a_network_that_is_trained"

patch(
    "freeze_backbone",
    ("    backbone.requires_grad_(False)\n", "    backbone.requires_grad = False\n"),
    name="attribute_of_the_module",
    caught_by=FROZEN,
    says="backbone.requires_grad = False sets a new attribute of the module; its parameters do not notice.",
    source="forum",
)
patch(
    "freeze_backbone",
    (
        "    backbone.requires_grad_(False)\n",
        '    for name, p in backbone.named_parameters():\n        p.requires_grad = not name.endswith("weight")\n',
    ),
    name="only_weights",
    caught_by=FROZEN,
    says="Only what is called weight is frozen; biases are not.",
)


@mistake(
    "freeze_backbone",
    caught_by=STAY,
    says="Running mean and variance are no parameters: they move in train mode although nothing requires a gradient.",
    source="forum",
)
def parameters_only(backbone):
    return backbone.requires_grad_(False)


@mistake(
    "freeze_backbone",
    caught_by=STAY,
    says="eval() holds until the next model.train(), which comes with the next epoch.",
    source="forum",
)
def eval_once(backbone):
    return backbone.requires_grad_(False).eval()


@mistake(
    "freeze_backbone",
    caught_by=STAY,
    says="With momentum 0 the running mean stays, but in train mode the batch's own mean is used.",
    source="forum",
)
def no_momentum(backbone):
    backbone.requires_grad_(False)
    for layer in backbone.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum, layer.num_batches_tracked = 0.0, None
    return backbone


@mistake(
    "freeze_backbone",
    caught_by=STAY,
    says="Only the outermost layers are looked at; BatchNorm stands in the blocks within.",
)
def outermost_layers_only(backbone):
    backbone.requires_grad_(False)
    for layer in backbone.children():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    return backbone


patch(
    "freeze_backbone",
    ("            layer.eval()\n", ""),
    name="held_in_train_mode",
    caught_by=STAY,
    says="train() no longer does anything, and the layers are held in the mode that they were in: a new network is in train mode.",
)

# -- train --------------------------------------------------------------------------------------------------------------

TRUE_HISTORY, MOVES = "test_the_history_is_true", "test_only_the_head_moves"
GETS, TEACH = "test_the_optimizer_gets_only_what_can_be_trained", "test_validation_photos_teach_nothing"
NEAR = "test_the_head_alone_comes_near_the_bar"
GIVEN = "[p for p in model.parameters() if p.requires_grad]"
STEP, MEASURE = (
    "one_pass(model, train_loader, loss_function, optimizer)",
    "one_pass(model, valid_loader, loss_function)",
)

patch(
    "train",
    ("    return history", "    return history.valid_accuracy[-1]"),
    name="accuracy_returned",
    caught_by=TRUE_HISTORY,
    says="The last accuracy is returned; a History was asked for.",
)
patch(
    "train",
    (f"        trained = {STEP}\n", 2 * f"        trained = {STEP}\n"),
    name="trained_twice_an_epoch",
    caught_by=TRUE_HISTORY,
    says="An epoch goes through the training photos once; here it goes twice, and only the second pass is entered.",
)
patch(
    "train",
    (f"        history.add(trained, {MEASURE})\n", f"    history.add(trained, {MEASURE})\n"),
    name="only_the_last_epoch",
    caught_by=TRUE_HISTORY,
    says="Only the last epoch is entered.",
)
patch(
    "train",
    (
        f"        trained = {STEP}\n        history.add(trained, {MEASURE})",
        f"        valid = {MEASURE}\n        history.add({STEP}, valid)",
    ),
    name="validated_before_the_epoch",
    caught_by=TRUE_HISTORY,
    says="The validation is measured before the epoch: each entry is that of the model before.",
)
patch(
    "train",
    (f"history.add(trained, {MEASURE})", "history.add(trained, trained)"),
    name="training_for_validation",
    caught_by=TRUE_HISTORY,
    says="The training's own figures are entered as those of the validation.",
)
patch(
    "train",
    (f"history.add(trained, {MEASURE})", f"valid = {MEASURE}\n        history.add(valid, valid)"),
    name="validation_for_training",
    caught_by=TRUE_HISTORY,
    says="The validation's figures are entered as those of the training.",
)


@mistake(
    "train",
    caught_by=TRUE_HISTORY,
    says="The validation is measured in train mode: dropout and batch statistics are on.",
)
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


@mistake(
    "train",
    caught_by=TRUE_HISTORY,
    says="The mean of the batches is not the mean of the photos: the last batch is smaller.",
    source="Humbatova 2020",
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


patch(
    "train",
    ("    history = History()", "    model.requires_grad_(True)\n    history = History()"),
    (GIVEN, "model.parameters()"),
    name="everything_trained",
    caught_by=MOVES,
    says="The whole network is thawed and trained at the head's learning rate.",
)
patch(
    "train",
    ("lr=lr)", "lr=1e-3)"),
    name="learning_rate_written_in",
    caught_by=MOVES,
    says="1e-3 is written down; `lr` is ignored.",
)
patch(
    "train",
    (
        "    history = History()",
        '    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n    history = History()',
    ),
    name="statistics_thawed",
    caught_by=MOVES,
    says="BatchNorm gets its train method back: its statistics move although the backbone is frozen.",
)
patch(
    "train",
    (STEP, "one_pass(model, train_loader, loss_function)"),
    name="never_steps",
    caught_by=MOVES,
    says="Without the optimizer a pass only measures: nothing is learned.",
)
patch(
    "train",
    (GIVEN, "model.parameters()"),
    name="all_parameters_given",
    caught_by=GETS,
    says="The optimizer was given all parameters, the frozen ones too.",
)
patch(
    "train",
    (GIVEN, '[{"params": model[0].parameters()}, {"params": model[1].parameters()}]'),
    name="backbone_in_a_group",
    caught_by=GETS,
    says="The frozen backbone is in a group of its own; it is still in the optimizer's list.",
)
patch(
    "train",
    (MEASURE, "one_pass(model, valid_loader, loss_function, optimizer)"),
    name="learns_from_validation",
    caught_by=TEACH,
    says="The validation photos are trained on: their accuracy says nothing any more.",
    source="Humbatova 2020",
)
patch(
    "train",
    (STEP, "one_pass(model, [*train_loader, *valid_loader], loss_function, optimizer)"),
    name="both_together",
    caught_by=TEACH,
    says="Training and validation photos are trained on together.",
)


@mistake("train", caught_by=NEAR, says="The loop stops after the first batch: thirty-two photos are not enough.")
def one_batch_an_epoch(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    loss_function, history = nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        trained = one_pass(model, [next(iter(train_loader))], loss_function, optimizer)
        history.add(trained, one_pass(model, [next(iter(valid_loader))], loss_function))
    return history


# -- fine_tune ----------------------------------------------------------------------------------------------------------

WHOLE, SMALL = "test_the_whole_network_learns", "test_the_steps_are_small_unless_asked_otherwise"
BEST, STATISTICS = "test_it_ends_with_the_best_state", "test_statistics_stay_and_validation_only_measures"
BAR = "test_it_passes_the_assessment"
THAW = "    model.requires_grad_(True)\n"
ADAM = "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"
FIRST = "best = one_pass(model, valid_loader, loss_function).accuracy"
BETTER = "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}"

patch(
    "fine_tune",
    (f"        trained = {STEP}\n", 2 * f"        trained = {STEP}\n"),
    name="tuned_twice_an_epoch",
    caught_by=WHOLE,
    says="An epoch goes through the training photos once; here it goes twice, and only the second pass is entered.",
)
patch(
    "fine_tune",
    (THAW, ""),
    name="never_unfrozen",
    caught_by=WHOLE,
    says="The backbone is still frozen: only the head goes on learning.",
)
patch(
    "fine_tune",
    (THAW + ADAM, ADAM.replace("model.parameters()", "[p for p in model.parameters() if p.requires_grad]") + THAW),
    name="optimizer_before_unfreezing",
    caught_by=WHOLE,
    says="The optimizer was built while the backbone was frozen, and keeps the list that it was given.",
    source="forum",
)
patch(
    "fine_tune",
    ("history.add(trained, valid)", "history.add(valid, trained)"),
    name="curves_exchanged",
    caught_by=WHOLE,
    says="Training and validation are exchanged in the history.",
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
    ("lr=lr)", "lr=1e-5)"),
    name="fine_tuning_rate_written_in",
    caught_by=SMALL,
    says="1e-5 is written down; `lr` is ignored.",
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
    (BETTER, "            best, kept = valid.accuracy, model.state_dict()"),
    name="state_not_copied",
    caught_by=BEST,
    says="state_dict() gives the tensors themselves: they go on changing while they are kept.",
    source="forum: best_model_wts = model.state_dict()",
)
patch(
    "fine_tune",
    ("        if valid.accuracy > best:", "        if trained.accuracy > best:"),
    (BETTER, BETTER.replace("valid.accuracy", "trained.accuracy")),
    (FIRST, "best = one_pass(model, train_loader, loss_function).accuracy"),
    name="best_by_training_accuracy",
    caught_by=BEST,
    says="The best is chosen by the training photos, which the network can learn by heart.",
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
    ("    model.eval()", "    model.train()"),
    name="left_in_train_mode",
    caught_by=BEST,
    says="The model is left in train mode.",
)
patch(
    "fine_tune",
    (THAW, THAW + '    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n'),
    name="frozen_statistics_thawed",
    caught_by=STATISTICS,
    says="BatchNorm gets its train method back: some hundred photos overwrite what many have taught it.",
)
patch(
    "fine_tune",
    (
        "valid = one_pass(model, valid_loader, loss_function)",
        "valid = one_pass(model, valid_loader, loss_function, optimizer)",
    ),
    name="tunes_on_validation",
    caught_by=STATISTICS,
    says="The validation photos are trained on: their accuracy says nothing any more.",
)


@mistake(
    "fine_tune",
    caught_by=BAR,
    says="One step at a learning rate of 1 and no way back: the network has forgotten everything.",
)
def forgets_everything(model, train_loader, valid_loader, epochs, lr=1e-5):
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    history, loss_function = History(), nn.CrossEntropyLoss()
    history.add(one_pass(model, [next(iter(train_loader))], loss_function, optimizer))
    return history


FIRST = "    best = one_pass(model, valid_loader, loss_function).accuracy\n"
patch(
    "fine_tune",
    (FIRST, ""),
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + FIRST),
    name="better_than_the_last_one",
    caught_by=BEST,
    says="Each epoch is compared with the one before it: up again after a fall is not yet the best.",
)

# -- evaluate -----------------------------------------------------------------------------------------------------------

COUNTS, EVAL = "test_it_counts_every_photo_once", "test_it_measures_in_eval_mode_and_changes_nothing"

patch(
    "evaluate",
    ("return correct, total", "return correct / total"),
    name="fraction",
    caught_by=COUNTS,
    says="A fraction is returned; how many of how many was asked for.",
)
patch(
    "evaluate",
    ("return correct, total", "return total, correct"),
    name="exchanged",
    caught_by=COUNTS,
    says="Total and correct are exchanged.",
)
patch(
    "evaluate",
    ("int((model(images).argmax(dim=1) == labels).sum())", "(model(images).argmax(dim=1) == labels).sum()"),
    name="a_tensor",
    caught_by=COUNTS,
    says="The count is a tensor, not a Python int.",
)
patch(
    "evaluate",
    ("total += len(labels)", "total += loader.batch_size"),
    name="every_batch_full",
    caught_by=COUNTS,
    says="The last batch is counted as if it were full.",
)
patch(
    "evaluate",
    ("return correct, total", "return correct / total, total"),
    name="fraction_and_total",
    caught_by=COUNTS,
    says="The first number is a fraction; a count was asked for.",
)
patch(
    "evaluate",
    ("argmax(dim=1)", "argmax(dim=0)"),
    ("== labels", "[: len(labels)].repeat(len(labels))[: len(labels)] == labels"),
    name="the_wrong_axis",
    caught_by=COUNTS,
    says="argmax over dim 0 asks which photo has the highest logit of a class.",
)


@mistake(
    "evaluate",
    caught_by=COUNTS,
    says="The mean of the batch accuracies is not the accuracy: the last batch is smaller.",
)
def mean_of_batches(model, loader):
    model.eval()
    with torch.no_grad():
        parts = [float((model(x).argmax(1) == y).double().mean()) for x, y in loader]
    total = len(loader.dataset)
    return round(sum(parts) / len(parts) * total), total


patch(
    "evaluate",
    ("    model.eval()\n", ""),
    name="eval_forgotten",
    caught_by=EVAL,
    says="The network may be in train mode: dropout guesses and statistics move.",
    source="Humbatova 2020",
)
patch(
    "evaluate",
    ("with torch.no_grad():", "if True:"),
    name="with_a_graph",
    caught_by=EVAL,
    says="The graph is kept for nothing: memory and time.",
)

# -- save_model ---------------------------------------------------------------------------------------------------------

IS_MODEL, SAME = "test_the_saved_file_is_the_model", "test_a_reloaded_model_answers_the_same"
SAVE = "torch.save(model.state_dict(), temporary)"

patch(
    "save_model",
    (SAVE, "torch.save(model, temporary)"),
    name="the_whole_object",
    caught_by=IS_MODEL,
    says="The whole object is pickled: it runs code when it is opened, and breaks when the code moves.",
    source="PyTorch tutorial",
)
patch(
    "save_model",
    (SAVE, 'torch.save({"model": model.state_dict()}, temporary)'),
    name="wrapped_in_a_dict",
    caught_by=IS_MODEL,
    says="The state dict stands in another dict; nobody was told.",
)
patch(
    "save_model",
    ("    temporary =", "    if os.path.exists(path):\n        return\n    temporary ="),
    name="old_file_kept",
    caught_by=IS_MODEL,
    says="A file that is there already is kept, with yesterday's model in it.",
)
patch(
    "save_model",
    (SAVE, "torch.save(model.half().state_dict(), temporary)"),
    name="halved",
    caught_by=IS_MODEL,
    says="The model itself is made half as precise by being saved.",
)
patch(
    "save_model",
    (SAVE, "torch.save(dict(model.named_parameters()), temporary)"),
    name="parameters_without_statistics",
    caught_by=SAME,
    says="BatchNorm's running statistics are no parameters: they are missing in the file.",
    source="forum",
)
patch(
    "save_model",
    (SAVE, 'torch.save({n: t for n, t in model.state_dict().items() if "running" not in n}, temporary)'),
    name="statistics_left_out",
    caught_by=SAME,
    says="The running statistics are left out.",
)
