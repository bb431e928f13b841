"""What goes wrong in project 07, where all the parts come together: the mistakes of 01, 04a and 05b once more, and colour.

"forum" and "Humbatova 2020" as in 05b.
"""

import torch
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared import devices, saving, transfer, views
from graders.proofs.shared.transfer import ADD, TRAINED, VALID, Headed

MISTAKES = Catalogue("07")

# -- make_transforms ----------------------------------------------------------------------------------------------------

NORMAL = MISTAKES.caught_by("make_transforms", "test_photos_are_normalised_as_the_backbone_expects")
PLAIN = MISTAKES.caught_by("make_transforms", "test_validation_photos_are_whole_and_always_the_same")
ANEW = MISTAKES.caught_by("make_transforms", "test_training_photos_are_drawn_anew_each_time")
ORANGE = MISTAKES.caught_by("make_transforms", "test_an_orange_stays_orange")
NORMALIZE, RESIZE = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
JITTER = "v2.ColorJitter(brightness=0.15, contrast=0.15)"

transfer.photos(NORMAL, PLAIN, ANEW, 224)
views.light_and_colour(NORMAL, ANEW, ORANGE, JITTER)
views.crops(NORMAL, PLAIN, ANEW)
views.chance(PLAIN, ANEW)
NORMAL.patch(
    "only_training_normalised",
    "Training photos are normalised and validation photos are not.",
    (NORMALIZE, "*([v2.Normalize(MEAN, STD)] if train else [])"),
    source="Humbatova 2020",
)
PLAIN.patch(
    "colours_lost",
    "The validation photos have lost their colours.",
    (RESIZE, "[v2.Resize(size), v2.CenterCrop(size), v2.Grayscale(3)]"),
)


@ANEW.mistake("You set the seed in every call, so every view is the same.")
def seeded_in_each_call(train, size=96):
    views = [v2.RandomResizedCrop(size, scale=(0.6, 1.0))] if train else [v2.Resize(size), v2.CenterCrop(size)]
    steps = [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821

    def transform(image):
        if train:
            torch.manual_seed(0)
        return v2.Compose(steps)(image)

    return transform


ORANGE.patch(
    "grey_now_and_then",
    "Some photos lose their colours: a grey orange is neither fresh nor rotten.",
    (JITTER, "v2.RandomGrayscale(0.3)"),
)
ORANGE.patch(
    "any_hue",
    "A hue change of up to 180 degrees makes green and blue oranges; colour is what tells fresh from rotten.",
    (JITTER, "v2.ColorJitter(brightness=0.15, hue=0.5)"),
)
ORANGE.patch(
    "channels_by_chance",
    "The channels are swapped at random: the colours no longer mean anything.",
    (JITTER, "v2.RandomChannelPermutation()"),
)
ORANGE.patch(
    "negative_by_chance",
    "Half of the photos are inverted: a fresh orange comes out blue.",
    (JITTER, "v2.RandomInvert()"),
)

# -- build_model --------------------------------------------------------------------------------------------------------

SIX = MISTAKES.caught_by("build_model", "test_each_photo_gets_six_logits")
HEAD = MISTAKES.caught_by("build_model", "test_the_head_can_learn_and_the_backbone_stays")

transfer.heads(SIX, HEAD, HEAD, ("six_by_heart", 6), "the original course's recipe for Keras, copied")
SIX.patch(
    "fresh_or_rotten",
    "Two classes, fresh and rotten; there are three fruits of each.",
    ("n_classes: int = 6", "n_classes: int = 2"),
)


@HEAD.mistake("The features are always detached: even when unfrozen, the backbone learns nothing.", uses=[Headed])
def features_detached(backbone, width, n_classes):
    return Headed(backbone, width, n_classes, lambda net, x: net.head(net.backbone(x).detach()))


# -- freeze_backbone ----------------------------------------------------------------------------------------------------

FROZEN = MISTAKES.caught_by("freeze_backbone", "test_every_parameter_is_frozen")
STAY = MISTAKES.caught_by("freeze_backbone", "test_statistics_stay_in_a_network_that_is_trained")

transfer.freezing(FROZEN, STAY, STAY, "backbone")
FROZEN.patch(
    "only_weights",
    "Only what is called weight is frozen; biases are not.",
    (
        "    backbone.requires_grad_(False)\n",
        '    for name, p in backbone.named_parameters():\n        p.requires_grad = not name.endswith("weight")\n',
    ),
)

# -- train --------------------------------------------------------------------------------------------------------------

TRUE_HISTORY = MISTAKES.caught_by("train", "test_the_history_is_true")
MOVES = MISTAKES.caught_by("train", "test_only_the_head_moves")
GETS = MISTAKES.caught_by("train", "test_the_optimizer_gets_only_what_can_be_trained")
TEACH = MISTAKES.caught_by("train", "test_validation_photos_teach_nothing")
NEAR = MISTAKES.caught_by("train", "test_the_head_alone_comes_near_the_bar")
GIVEN = "[p for p in model.parameters() if p.requires_grad]"
HISTORY = "    history = History()\n"
STEP = MISTAKES.caught_by("train", "test_each_batch_is_one_plain_step")

transfer.loop(STEP, TRUE_HISTORY, MOVES, f"Adam({GIVEN}, lr=lr)", teach=TEACH)
transfer.twice(TRUE_HISTORY, "trained_twice_an_epoch")
transfer.measured(TRUE_HISTORY, TRUE_HISTORY)
transfer.written_in(MOVES, "learning_rate_written_in", "1e-3")
transfer.taught(TEACH, "learns_from_validation")
transfer.thawed(MOVES, "statistics_thawed", HISTORY, "its statistics move although the backbone is frozen")
TRUE_HISTORY.patch(
    "accuracy_returned",
    "You return the last accuracy; return a History.",
    ("    return history", "    return history.valid_accuracy[-1]"),
)
TRUE_HISTORY.patch(
    "only_the_last_epoch", "The history has an entry for the last epoch only.", ("        " + ADD, "    " + ADD)
)
TRUE_HISTORY.patch(
    "validated_before_the_epoch",
    "The validation is measured before the epoch: each entry is that of the model before.",
    (TRAINED + VALID, VALID + TRAINED),
)
TRUE_HISTORY.patch(
    "training_for_validation",
    "The figures of the training are recorded as those of the validation.",
    (ADD, "history.add(trained, trained)"),
)
TRUE_HISTORY.patch(
    "validation_for_training",
    "The figures of the validation are recorded as those of the training.",
    (ADD, "history.add(valid, valid)"),
)
MOVES.patch(
    "everything_trained",
    "The whole network is unfrozen and trained at the head's learning rate.",
    (HISTORY, "    model.requires_grad_(True)\n" + HISTORY),
    (GIVEN, "model.parameters()"),
)
MOVES.patch(
    "never_steps",
    "Without the optimizer a pass only measures: nothing is learned.",
    (TRAINED, TRAINED.replace(", optimizer", "")),
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
    "both_together",
    "Training and validation photos are trained on together.",
    (TRAINED, TRAINED.replace("train_loader", "[*train_loader, *valid_loader]")),
)
NEAR.patch(
    "one_batch_of_each",
    "The loop stops after the first batch: thirty-two photos are not enough.",
    (TRAINED, TRAINED.replace("train_loader", "[next(iter(train_loader))]")),
    (VALID, VALID.replace("valid_loader", "[next(iter(valid_loader))]")),
)

# -- fine_tune ----------------------------------------------------------------------------------------------------------

WHOLE = MISTAKES.caught_by("fine_tune", "test_the_whole_network_learns")
SMALL = MISTAKES.caught_by("fine_tune", "test_the_steps_are_small_unless_asked_otherwise")
BEST = MISTAKES.caught_by("fine_tune", "test_it_ends_with_the_best_state")
STATISTICS = MISTAKES.caught_by("fine_tune", "test_statistics_stay_and_validation_only_measures")
TUNING_STEP = MISTAKES.caught_by("fine_tune", "test_each_batch_is_one_plain_tuning_step")
BAR = MISTAKES.caught_by("fine_tune", "test_it_passes_the_assessment")
THAW = "    model.requires_grad_(True)\n"

transfer.tuning(WHOLE, WHOLE, SMALL, BEST, BAR, THAW, "model.parameters()")
transfer.loop(TUNING_STEP, WHOLE, SMALL, "Adam(model.parameters(), lr=lr)", "tuning_")
transfer.twice(WHOLE, "tuned_twice_an_epoch")
transfer.written_in(SMALL, "fine_tuning_rate_written_in", "1e-5")
transfer.taught(STATISTICS, "tunes_on_validation")
transfer.thawed(
    STATISTICS, "frozen_statistics_thawed", THAW, "a few hundred photos overwrite what it learned from many"
)

# -- evaluate -----------------------------------------------------------------------------------------------------------

COUNTS = MISTAKES.caught_by("evaluate", "test_it_counts_every_photo_once")
EVAL = MISTAKES.caught_by("evaluate", "test_it_measures_in_eval_mode_and_changes_nothing")

COUNTS.patch(
    "fraction",
    "You return a fraction; return two counts, (correct, total).",
    ("return correct, total", "return correct / total"),
)
COUNTS.patch("exchanged", "`total` and `correct` are swapped.", ("return correct, total", "return total, correct"))
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
    "what_follows_the_point_cut_off",
    "The accuracy of a batch is multiplied back and cut off: 0.7 of 10 photos is 6.9999999, and becomes 6.",
    (
        "int((model(images).argmax(dim=1) == labels).sum())",
        "int((model(images).argmax(dim=1) == labels).float().mean().item() * len(labels))",
    ),
)
COUNTS.patch(
    "size_of_the_data_set",
    "The total is the size of the data set; a loader may give a part of it only.",
    ("return correct, total", "return correct, len(getattr(loader, 'dataset', range(total)))"),
)
COUNTS.patch(
    "fraction_and_total",
    "The first number is a fraction; return the count.",
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
    "The state dict is wrapped in another dict, which the loader doesn't expect.",
    (SAVE, 'torch.save({"model": model.state_dict()}, temporary)'),
)
IS_MODEL.patch(
    "old_file_kept",
    "An existing file is kept, with yesterday's model in it; replace it.",
    ("    temporary =", "    if os.path.exists(path):\n        return\n    temporary ="),
)
IS_MODEL.patch(
    "halved",
    "Saving halves the precision of the model itself.",
    (SAVE, "torch.save(model.half().state_dict(), temporary)"),
)
saving.files(IS_MODEL, IS_MODEL, "model")
SAME.patch(
    "parameters_without_statistics",
    "BatchNorm's running statistics are buffers, not parameters: they are missing from the file.",
    (SAVE, "torch.save(dict(model.named_parameters()), temporary)"),
    source="forum",
)
SAME.patch(
    "statistics_left_out",
    "The running statistics are left out.",
    (SAVE, 'torch.save({n: t for n, t in model.state_dict().items() if "running" not in n}, temporary)'),
)

# -- devices ------------------------------------------------------------------------------------------------------------

for task, check in (
    ("train", "test_training_goes_to_the_device_of_the_network"),
    ("fine_tune", "test_fine_tuning_goes_to_the_device_of_the_network"),
):
    devices.histories(MISTAKES.caught_by(task, check), "    loss_function = nn.CrossEntropyLoss()\n", f"{task}_")
devices.batches(MISTAKES.caught_by("evaluate", "test_the_assessment_goes_to_the_device_of_the_network"), "assessment")
devices.saving(MISTAKES.caught_by("save_model", "test_a_network_on_a_gpu_is_saved_and_stays_there"), "model")
