"""What goes wrong in project 04a: what may change in a picture, where augmentation belongs, what a saved model is.

"Humbatova 2020" and "forum" as in 01; "PyTorch tutorial" its page on saving and loading models.
"""

import copy
import itertools
import random

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import History, one_pass
from graders.proofs.shared import devices, loops, saving
from graders.proofs.shared.loops import batch_means, by_hand, in_train_mode

MISTAKES = Catalogue("04a")
ADAM = "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"

# -- make_transforms ----------------------------------------------------------------------------------------------------

ANEW = MISTAKES.caught_by("make_transforms", "test_training_pictures_are_drawn_anew_each_time")
STAY = MISTAKES.caught_by("make_transforms", "test_shape_type_and_range_stay")
PLAIN = MISTAKES.caught_by("make_transforms", "test_validation_pictures_stay_as_they_are")
UPRIGHT = MISTAKES.caught_by("make_transforms", "test_a_hand_is_never_turned_upside_down")
VISIBLE = MISTAKES.caught_by("make_transforms", "test_the_hand_stays_in_the_picture")
MOVES = MISTAKES.caught_by("make_transforms", "test_the_hand_moves_turns_or_grows")
JITTER = "v2.ColorJitter(brightness=0.3, contrast=0.4),"
GUARD = "    if not train:\n        return v2.Identity()\n"

ANEW.patch("never_augmented", "The training pictures are not augmented at all.", ("if not train:", "if True:"))


VISIBLE.patch(
    "moved_out_of_sight",
    "A shift by more than half of the picture takes the hand out of it; what comes in from outside is no hand.",
    ("translate=(0.06, 0.06)", "translate=(0.6, 0.06)"),
)
VISIBLE.patch(
    "twice_as_large",
    "At twice the size the fingers are outside of the picture, and they make the letter.",
    ("scale=(0.85, 1.15)", "scale=(0.85, 2.15)"),
)


@VISIBLE.mistake(
    "The batch is moved as one long row of pixels: what leaves a picture comes in at the edge of the next one."
)
def moved_into_the_next(train):
    def moved(images):
        down, right = (int(x) for x in torch.randint(-3, 4, (2,)))
        return images.flatten().roll(28 * down + right).view(images.shape)

    return moved if train else v2.Identity()


@ANEW.mistake("The change is drawn once, when the transform is made: all pictures are changed alike, in every epoch.")
def drawn_once(train):
    if not train:
        return v2.Identity()
    angle, right, down = (float(x) for x in torch.empty(3).uniform_(-3, 3))
    return lambda image: v2.functional.affine(image, 3 * angle, [int(right), int(down)], 1.0, [0.0, 0.0]).clamp(0, 1)


@ANEW.mistake("The seed is set in every call: chance gives the same change each time.")
def seeded_in_each_call(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(image):
        torch.manual_seed(0)
        return change(image).clamp(0, 1)

    return transform


@ANEW.mistake("Ten changes are drawn when the transform is made; each epoch deals out the same ten.")
def ten_views(train):
    if not train:
        return v2.Identity()
    ten = [(random.uniform(-12, 12), [random.randint(-2, 2), random.randint(-2, 2)]) for _ in range(10)]

    def transform(images):
        angle, shift = random.choice(ten)
        return v2.functional.affine(images, angle, shift, 1.0, [0.0, 0.0])

    return transform


@ANEW.mistake("A change is drawn at every second call only: two pictures in a row are changed alike.")
def drawn_at_every_second_call(train):
    if not train:
        return v2.Identity()
    calls, change = itertools.count(), {}

    def transform(images):
        if next(calls) % 2 == 0:
            change.update(angle=random.uniform(-12, 12), shift=[random.randint(-2, 2), random.randint(-2, 2)])
        return v2.functional.affine(images, change["angle"], change["shift"], 1.0, [0.0, 0.0])

    return transform


@ANEW.mistake("In a batch only the first picture is changed; the others come back as they were.")
def only_the_first_of_a_batch(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(images):
        return change(images) if images.dim() == 3 else torch.cat([change(images[:1]), images[1:]])

    return transform


@ANEW.mistake(
    "Each call seeds the generator that all share: the order of the pictures and the dropout are no longer drawn.",
    source="forum: torch.manual_seed in a transform",
)
def everything_seeded(train):
    if not train:
        return v2.Identity()
    calls, change = itertools.count(), v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(images):
        torch.manual_seed(next(calls))
        return change(images)

    return transform


@ANEW.mistake(
    "Each call seeds the generator that all share by the clock: nobody can repeat a run any more.",
    source="assistant: torch.seed() for fresh randomness",
)
def seeded_by_the_clock(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(images):
        torch.seed()
        return change(images)

    return transform


STAY.patch(
    "noise_not_clamped",
    "Noise carries values below 0 and above 1, and nothing brings them back.",
    (JITTER, JITTER + " v2.Lambda(lambda image: image + 0.1 * torch.randn_like(image)),"),
)
STAY.patch(
    "normalised_in_training_only",
    "Training pictures are scaled to -1 to 1 and validation pictures are not.",
    (JITTER, JITTER + " v2.Normalize([0.5], [0.5]),"),
    source="Humbatova 2020",
)
STAY.patch("enlarged", "The network reads 28 × 28.", (JITTER, JITTER + " v2.Resize([32, 32]),"))
STAY.patch(
    "back_to_bytes",
    "The augmented pictures are bytes from 0 to 255 again.",
    (JITTER, JITTER + " v2.Lambda(lambda image: (255 * image).to(torch.uint8)),"),
)
STAY.patch(
    "made_colour",
    "Three channels with the same content; one was asked for.",
    (JITTER, JITTER + " v2.Lambda(lambda image: image.expand(*image.shape[:-3], 3, 28, 28)),"),
)
STAY.patch(
    "changed_in_place",
    "The picture is changed in place: the data set itself gets darker with each epoch.",
    (JITTER, "v2.Lambda(lambda image: image.mul_(0.9)),"),
    ("v2.Pad(6,", "v2.Lambda(lambda image: image.mul_(0.98)), v2.Pad(6,"),
    source="forum",
)
PLAIN.patch("validation_augmented", "The validation pictures are augmented too.", (GUARD, ""), source="Humbatova 2020")
PLAIN.patch("the_wrong_one_augmented", "Validation is augmented and training is not.", ("if not train:", "if train:"))
PLAIN.patch(
    "validation_mirrored",
    "Half of the validation pictures are mirrored.",
    ("return v2.Identity()", "return v2.RandomHorizontalFlip()"),
)
UPRIGHT.patch(
    "flipped_top_to_bottom",
    "Flipped top to bottom, a sign is a different sign, or no sign at all.",
    (JITTER, JITTER + " v2.RandomVerticalFlip(),"),
)
UPRIGHT.patch(
    "turned_all_the_way",
    "No one signs upside down: a turn of 180 degrees changes the meaning.",
    ("degrees=12", "degrees=180"),
)
UPRIGHT.patch(
    "mirrored",
    "In a mirror, a sign is made with the other hand.",
    (JITTER, JITTER + " v2.RandomHorizontalFlip(),"),
    source="forum: RandomHorizontalFlip on letters and digits",
)
UPRIGHT.patch(
    "nearly_a_quarter_turn", "Turned by up to 85 degrees, a hand lies on its side.", ("degrees=12", "degrees=85")
)


@VISIBLE.mistake("In a batch the pictures come back in another order: each has the label of another one.")
def another_order_in_the_batch(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))
    return lambda images: change(images if images.dim() == 3 else images[torch.randperm(len(images))])


@VISIBLE.mistake("In a batch each picture is mixed with another one, and keeps its own label alone.", source="mix-up")
def mixed_within_the_batch(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(images):
        moved = change(images)
        return moved if images.dim() == 3 else 0.7 * moved + 0.3 * moved.roll(1, 0)

    return transform


VISIBLE.patch(
    "negative_by_chance",
    "Half of the pictures are negatives: a dark hand on a bright ground.",
    (JITTER, JITTER + " v2.RandomInvert(),"),
)
VISIBLE.patch(
    "moved_out_of_the_picture",
    "The hand is moved out of the picture; its label still says that it is there.",
    ("translate=(0.06, 0.06)", "translate=(0.9, 0.9)"),
)
VISIBLE.patch(
    "cropped_to_a_corner",
    "A tenth of the picture is cut out: mostly no hand is on it.",
    (JITTER, "v2.RandomResizedCrop([28, 28], scale=(0.01, 0.1)),"),
)
VISIBLE.patch("shrunk_to_a_point", "The hand is shrunk to a point.", ("scale=(0.85, 1.15)", "scale=(0.02, 0.05)"))


@MOVES.mistake("Only the light changes; other signers hold their hands elsewhere.")
def light_only(train):
    if not train:
        return v2.Identity()
    return v2.Compose([v2.ColorJitter(brightness=0.3, contrast=0.4), v2.Lambda(lambda image: image.clamp(0, 1))])


@MOVES.mistake("Noise makes each picture a different one, but shows no other hand.")
def noise_only(train):
    if not train:
        return v2.Identity()
    return lambda image: (image + 0.05 * torch.randn_like(image)).clamp(0, 1)


MOVES.patch(
    "tilted_one_way",
    "All hands are tilted to the same side; people tilt theirs to either.",
    ("degrees=12, translate=(0.06, 0.06)", "degrees=(5, 15), translate=(0.0, 0.0)"),
)
MOVES.patch(
    "shifted_one_way",
    "The hand is moved to the right and never to the left.",
    ("translate=(0.06, 0.06)", "translate=(0.0, 0.06)"),
    ("v2.CenterCrop(28),", "v2.CenterCrop(28), v2.Lambda(lambda image: image.roll(int(torch.randint(1, 4, ())), -1)),"),
)
MOVES.patch(
    "hardly_turned",
    "A turn by one degree is no other angle.",
    ("degrees=12, translate=(0.06, 0.06), scale=(0.85, 1.15)", "degrees=1"),
)

# -- train_augmented ----------------------------------------------------------------------------------------------------

SHOWN = MISTAKES.caught_by("train_augmented", "test_training_sees_augmented_pictures_anew_each_epoch")
VALID_PLAIN = MISTAKES.caught_by("train_augmented", "test_validation_sees_the_pictures_as_they_are")
TEACH = MISTAKES.caught_by("train_augmented", "test_validation_data_teach_nothing")
TRUE_HISTORY = MISTAKES.caught_by("train_augmented", "test_the_history_is_true")
READS = MISTAKES.caught_by("train_augmented", "test_it_reads_unseen_hands")
STEP = MISTAKES.caught_by("train_augmented", "test_each_batch_is_one_plain_step")
ORDER = MISTAKES.caught_by("train_augmented", "test_training_order_is_new_in_each_epoch")
RATE = MISTAKES.caught_by("train_augmented", "test_the_learning_rate_is_the_callers")
ONE = "one_pass(model, train_loader, loss_function, optimizer, transform=augment)"
MEASURE = "one_pass(model, valid_loader, loss_function)"
LOADER = "DataLoader(train_set, batch_size, shuffle=True)"

SHOWN.patch("augmentation_forgotten", "The transform is made and never used.", (", transform=augment", ""))
SHOWN.patch(
    "the_transform_of_validation",
    "make_transforms(False) changes nothing; for training it is make_transforms(True).",
    ("draw, loss_function = make_transforms(True)", "draw, loss_function = make_transforms(False)"),
)
SHOWN.patch(
    "augmented_once_before",
    "The pictures are augmented once before the training: a fixed data set again.",
    (LOADER, "DataLoader([(make_transforms(True)(x), y) for x, y in train_set], batch_size, shuffle=True)"),
    (", transform=augment", ""),
)
SHOWN.patch(
    "the_rest_dropped",
    "drop_last throws the items of the last, smaller batch away.",
    (LOADER, "DataLoader(train_set, batch_size, shuffle=True, drop_last=True)"),
)
SHOWN.patch(
    "augmented_twice",
    "Each picture is augmented when it is fetched, and once more in the batch: it is turned and moved too far.",
    (LOADER, f"{LOADER}\n    draw_first = make_transforms(True)"),
    (
        "return torch.stack([draw(image) for image in batch])",
        "return torch.stack([draw(draw_first(image)) for image in batch])",
    ),
)
VALID_PLAIN.patch(
    "validated_in_train_mode",
    "The validation is measured in train mode: dropout and batch statistics are on.",
    (MEASURE, "in_train_mode(model, valid_loader, loss_function)"),
    uses=[in_train_mode],
)
VALID_PLAIN.patch(
    "trained_in_eval_mode",
    "The hand-written loop never says model.train(): after the first validation, dropout is off for good.",
    (ONE, ONE.replace("one_pass", "by_hand").replace("optimizer", "optimizer, 'no train mode'")),
    uses=[by_hand],
)
loops.slips(STEP, ORDER, RATE, call=ONE)
loops.epochs(ORDER, TRUE_HISTORY, TRUE_HISTORY, TEACH, call=ONE)
loops.rates(RATE, "Adam(model.parameters(), lr=lr)")
RATE.patch(
    "new_optimizer_each_epoch",
    "A new optimizer each epoch: Adam forgets all the gradients that it has seen.",
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + ADAM),
)
TRUE_HISTORY.patch(
    "history_remembered",
    "Histories are remembered for each network and its data: trained again, it learns nothing and gets the old one.",
    (
        "    history = History()\n",
        '    kept = globals().setdefault("_kept", {})\n'
        "    if (id(model), id(train_set), epochs, lr) in kept:\n"
        "        return kept[id(model), id(train_set), epochs, lr][0]\n    history = History()\n",
    ),
    (
        "    return history\n",
        "    kept[id(model), id(train_set), epochs, lr] = history, model, train_set\n    return history\n",
    ),
)
TRUE_HISTORY.patch(
    "batch_means_averaged",
    "The mean of the batches is not the mean of the pictures: the last batch is smaller.",
    (MEASURE, MEASURE.replace("one_pass", "batch_means")),
    uses=[batch_means],
)
VALID_PLAIN.patch(
    "validation_augmented_too",
    "The validation pictures are augmented too.",
    (MEASURE, "one_pass(model, valid_loader, loss_function, transform=augment)"),
    source="Humbatova 2020",
)
VALID_PLAIN.patch(
    "measured_on_training_pictures",
    "Validation measures on the training pictures.",
    ("DataLoader(valid_set, batch_size)", "DataLoader(train_set, batch_size)"),
)
TEACH.patch(
    "learns_from_validation",
    "With an optimizer one_pass trains: the network learns from the validation data.",
    (MEASURE, "one_pass(model, valid_loader, loss_function, optimizer)"),
)
TEACH.patch(
    "validation_mixed_in",
    "The validation pictures are among the training pictures.",
    (LOADER, "DataLoader(torch.utils.data.ConcatDataset([train_set, valid_set]), batch_size, shuffle=True)"),
    source="Humbatova 2020",
)
TRUE_HISTORY.patch(
    "curves_exchanged",
    "The curves of training and validation are exchanged.",
    ("history.add(train, one", "history.add(one"),
    (MEASURE + ")", MEASURE + ", train)"),
)
TRUE_HISTORY.patch("one_epoch_short", "One epoch is missing.", ("range(epochs)", "range(epochs - 1)"))
TRUE_HISTORY.patch(
    "measured_before_training",
    "Validation comes before the epoch's training: its curve lags one epoch behind.",
    (
        f"        train = {ONE}\n        history.add(train, {MEASURE})\n",
        f"        valid = {MEASURE}\n        history.add({ONE}, valid)\n",
    ),
)
READS.patch(
    "hardly_a_step",
    "The learning rate is a thousandth of what was asked for: hardly anything is learned.",
    ("lr=lr)", "lr=lr / 1000)"),
)
ORDER.patch(
    "never_shuffled",
    "The training pictures come in the same order in each epoch.",
    (LOADER, "DataLoader(train_set, batch_size)"),
)
SHOWN.patch(
    "batch_size_written_in",
    "The batch size is hard-coded; the argument is ignored.",
    (LOADER, "DataLoader(train_set, 64, shuffle=True)"),
)
RATE.patch(
    "learning_rate_written_in", "The learning rate is hard-coded; the argument is ignored.", ("lr=lr)", "lr=1e-3)")
)


@TEACH.mistake("The epoch with the lowest validation loss is kept: the validation data have chosen the weights.")
def best_epoch_kept(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    train_loader, valid_loader = DataLoader(train_set, batch_size, shuffle=True), DataLoader(valid_set, batch_size)
    augment, loss_function = make_transforms(True), nn.CrossEntropyLoss()  # noqa: F821
    optimizer, history, best, kept = torch.optim.Adam(model.parameters(), lr=lr), History(), float("inf"), {}
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer, transform=augment)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(train, valid)
        if valid.loss < best:
            best, kept = valid.loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return history


RATE.patch(
    "weights_alone",
    "The optimizer was given the weights and not the biases: they stay as they were.",
    ("Adam(model.parameters(), lr=lr)", "Adam([p for p in model.parameters() if p.dim() > 1], lr=lr)"),
)

# -- save_model ---------------------------------------------------------------------------------------------------------

NUMBERS = MISTAKES.caught_by("save_model", "test_the_file_holds_the_numbers_and_nothing_else")
NAMES = MISTAKES.caught_by("save_model", "test_a_compiled_model_is_saved_under_plain_names")
REPLACED = MISTAKES.caught_by("save_model", "test_an_older_file_is_replaced")
SAVE = "torch.save(plain.state_dict(), temporary)"

NUMBERS.patch(
    "whole_module_pickled",
    "The whole object is pickled: its file runs code when it is opened, and breaks when the class moves.",
    (SAVE, "torch.save(plain, temporary)"),
    source="PyTorch tutorial",
)
NUMBERS.patch(
    "a_list_of_parameters",
    "A list of parameters has no names, and no running statistics.",
    (SAVE, "torch.save(list(plain.parameters()), temporary)"),
)
NUMBERS.patch(
    "running_statistics_left_out",
    "Parameters alone leave BatchNorm's running statistics out.",
    (SAVE, "torch.save({n: p.detach() for n, p in plain.named_parameters()}, temporary)"),
)
NUMBERS.patch(
    "wrapped_in_a_checkpoint",
    "The state dict is wrapped in another dict, which the loader doesn't expect.",
    (SAVE, "torch.save({'model': plain.state_dict(), 'epoch': 1}, temporary)"),
)
NUMBERS.patch(
    "halved",
    "The weights are cut to half precision, in the model too.",
    (SAVE, "torch.save(plain.half().state_dict(), temporary)"),
)
saving.files(NUMBERS, REPLACED, "plain")
NAMES.patch(
    "ten_letters_cut",
    "Whatever begins with _orig_mod loses ten letters: a plain network may have a part called _orig_model.",
    (
        SAVE,
        'torch.save({n[10:] if n.startswith("_orig_mod") else n: t for n, t in model.state_dict().items()}, temporary)',
    ),
)
NAMES.patch(
    "letters_stripped",
    "lstrip takes letters off, not a prefix: `model.0.weight` loses more than that.",
    (SAVE, 'torch.save({n.lstrip("_orig_mod."): t for n, t in model.state_dict().items()}, temporary)'),
    source="forum",
)
NAMES.patch(
    "names_of_the_compiled",
    "A compiled network puts _orig_mod. before each name: the plain one does not know them.",
    ('plain = getattr(model, "_orig_mod", model)', "plain = model"),
    source="forum",
)
REPLACED.patch(
    "the_old_one_kept",
    "A file that is there already is left as it was.",
    ("    os.replace(temporary, path)", "    if not os.path.exists(path):\n        os.replace(temporary, path)"),
)
REPLACED.patch(
    "appended",
    "The file is opened to be appended to: the old one comes first.",
    (SAVE, "torch.save(plain.state_dict(), open(path, 'ab'))"),
    ("    os.replace(temporary, path)", ""),
)

# -- devices ------------------------------------------------------------------------------------------------------------

devices.histories(
    MISTAKES.caught_by("train_augmented", "test_each_batch_goes_to_the_device_of_the_network"),
    "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
)
devices.saving(MISTAKES.caught_by("save_model", "test_a_network_on_a_gpu_is_saved_and_stays_there"), "plain")
