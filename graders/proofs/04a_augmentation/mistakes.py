"""What goes wrong in project 04a: what may change in a picture, where augmentation belongs, what a saved model is.

"Humbatova 2020" and "forum" as in 01; "PyTorch tutorial" its page on saving and loading models.
"""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import History, one_pass

MISTAKES = Catalogue("04a")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- make_transforms ----------------------------------------------------------------------------------------------------

ANEW, STAY = "test_training_pictures_are_drawn_anew_each_time", "test_shape_type_and_range_stay"
PLAIN, UPRIGHT = "test_validation_pictures_stay_as_they_are", "test_a_hand_is_never_turned_upside_down"
VISIBLE, MOVES = "test_the_hand_stays_in_the_picture", "test_the_hand_moves_turns_or_grows"
JITTER = "v2.ColorJitter(brightness=0.3, contrast=0.4),"
GUARD = "    if not train:\n        return v2.Identity()\n"

patch(
    "make_transforms",
    ("if not train:", "if True:"),
    name="never_augmented",
    caught_by=ANEW,
    says="The training pictures are not augmented at all.",
)


patch(
    "make_transforms",
    ("translate=(0.06, 0.06)", "translate=(0.6, 0.06)"),
    name="moved_out_of_sight",
    caught_by=VISIBLE,
    says="A shift by more than half of the picture takes the hand out of it; what comes in from outside is no hand.",
)
patch(
    "make_transforms",
    ("scale=(0.85, 1.15)", "scale=(0.85, 2.15)"),
    name="twice_as_large",
    caught_by=VISIBLE,
    says="At twice the size the fingers are outside of the picture, and they make the letter.",
)


@mistake(
    "make_transforms",
    caught_by=ANEW,
    says="The change is drawn once, when the transform is made: all pictures are changed alike, in every epoch.",
)
def drawn_once(train):
    if not train:
        return v2.Identity()
    angle, right, down = (float(x) for x in torch.empty(3).uniform_(-3, 3))
    return lambda image: v2.functional.affine(image, 3 * angle, [int(right), int(down)], 1.0, [0.0, 0.0]).clamp(0, 1)


@mistake(
    "make_transforms", caught_by=ANEW, says="The seed is set in every call: chance gives the same change each time."
)
def seeded_in_each_call(train):
    if not train:
        return v2.Identity()
    change = v2.RandomAffine(12, (0.08, 0.08), (0.85, 1.15))

    def transform(image):
        torch.manual_seed(0)
        return change(image).clamp(0, 1)

    return transform


patch(
    "make_transforms",
    (JITTER, JITTER + " v2.Lambda(lambda image: image + 0.1 * torch.randn_like(image)),"),
    name="noise_not_clamped",
    caught_by=STAY,
    says="Noise carries values below 0 and above 1, and nothing brings them back.",
)
patch(
    "make_transforms",
    (JITTER, JITTER + " v2.Normalize([0.5], [0.5]),"),
    name="normalised_in_training_only",
    caught_by=STAY,
    says="Training pictures are moved to -1 to 1 and validation pictures are not: two worlds.",
    source="Humbatova 2020",
)
patch(
    "make_transforms",
    (JITTER, JITTER + " v2.Resize([32, 32]),"),
    name="enlarged",
    caught_by=STAY,
    says="The network reads 28 × 28.",
)
patch(
    "make_transforms",
    (JITTER, JITTER + " v2.Lambda(lambda image: (255 * image).to(torch.uint8)),"),
    name="back_to_bytes",
    caught_by=STAY,
    says="The augmented pictures are bytes from 0 to 255 again.",
)
patch(
    "make_transforms",
    (JITTER, JITTER + " v2.Lambda(lambda image: image.expand(*image.shape[:-3], 3, 28, 28)),"),
    name="made_colour",
    caught_by=STAY,
    says="Three channels that all say the same; one was asked for.",
)
patch(
    "make_transforms",
    (JITTER, "v2.Lambda(lambda image: image.mul_(0.9)),"),
    ("v2.Pad(6,", "v2.Lambda(lambda image: image.mul_(0.98)), v2.Pad(6,"),
    name="changed_in_place",
    caught_by=STAY,
    says="The picture is changed in place: the data set itself gets darker with each epoch.",
    source="forum",
)
patch(
    "make_transforms",
    (GUARD, ""),
    name="validation_augmented",
    caught_by=PLAIN,
    says="The validation pictures are augmented too.",
    source="Humbatova 2020",
)
patch(
    "make_transforms",
    ("if not train:", "if train:"),
    name="the_wrong_one_augmented",
    caught_by=PLAIN,
    says="Validation is augmented and training is not.",
)
patch(
    "make_transforms",
    ("return v2.Identity()", "return v2.RandomHorizontalFlip()"),
    name="validation_mirrored",
    caught_by=PLAIN,
    says="Half of the validation pictures are mirrored.",
)
patch(
    "make_transforms",
    (JITTER, JITTER + " v2.RandomVerticalFlip(),"),
    name="flipped_top_to_bottom",
    caught_by=UPRIGHT,
    says="Flipped top to bottom, a sign is none or another one.",
)
patch(
    "make_transforms",
    ("degrees=12", "degrees=180"),
    name="turned_all_the_way",
    caught_by=UPRIGHT,
    says="No one signs upside down: a turn of 180 degrees changes the meaning.",
)
patch(
    "make_transforms",
    ("translate=(0.06, 0.06)", "translate=(0.9, 0.9)"),
    name="moved_out_of_the_picture",
    caught_by=VISIBLE,
    says="The hand is moved out of the picture; its label still says that it is there.",
)
patch(
    "make_transforms",
    (JITTER, "v2.RandomResizedCrop([28, 28], scale=(0.01, 0.1)),"),
    name="cropped_to_a_corner",
    caught_by=VISIBLE,
    says="A tenth of the picture is cut out: mostly no hand is on it.",
)
patch(
    "make_transforms",
    ("scale=(0.85, 1.15)", "scale=(0.02, 0.05)"),
    name="shrunk_to_a_point",
    caught_by=VISIBLE,
    says="The hand is shrunk to a point.",
)


@mistake("make_transforms", caught_by=MOVES, says="Only the light changes; other signers hold their hands elsewhere.")
def light_only(train):
    if not train:
        return v2.Identity()
    return v2.Compose([v2.ColorJitter(brightness=0.3, contrast=0.4), v2.Lambda(lambda image: image.clamp(0, 1))])


@mistake("make_transforms", caught_by=MOVES, says="Noise makes each picture a different one, but shows no other hand.")
def noise_only(train):
    if not train:
        return v2.Identity()
    return lambda image: (image + 0.05 * torch.randn_like(image)).clamp(0, 1)


patch(
    "make_transforms",
    ("degrees=12, translate=(0.06, 0.06), scale=(0.85, 1.15)", "degrees=1"),
    name="hardly_turned",
    caught_by=MOVES,
    says="A turn by one degree is no other angle.",
)

# -- train_augmented ----------------------------------------------------------------------------------------------------

SHOWN, VALID_PLAIN = (
    "test_training_sees_augmented_pictures_anew_each_epoch",
    "test_validation_sees_the_pictures_as_they_are",
)
TEACH, TRUE_HISTORY = "test_validation_data_teach_nothing", "test_the_history_is_true"
READS = "test_it_reads_unseen_hands"
ONE = "one_pass(model, train_loader, loss_function, optimizer, transform=augment)"
MEASURE = "one_pass(model, valid_loader, loss_function)"
LOADER = "DataLoader(train_set, batch_size, shuffle=True)"
ADAM = "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"

patch(
    "train_augmented",
    (", transform=augment", ""),
    name="augmentation_forgotten",
    caught_by=SHOWN,
    says="The transform is made and never used.",
)
patch(
    "train_augmented",
    ("draw, loss_function = make_transforms(True)", "draw, loss_function = make_transforms(False)"),
    name="the_transform_of_validation",
    caught_by=SHOWN,
    says="make_transforms(False) changes nothing; for training it is make_transforms(True).",
)
patch(
    "train_augmented",
    (LOADER, "DataLoader([(make_transforms(True)(x), y) for x, y in train_set], batch_size, shuffle=True)"),
    (", transform=augment", ""),
    name="augmented_once_before",
    caught_by=SHOWN,
    says="The pictures are augmented once before the training: a fixed data set again.",
)
patch(
    "train_augmented",
    (LOADER, "DataLoader(train_set, batch_size, shuffle=True, drop_last=True)"),
    name="the_rest_dropped",
    caught_by=SHOWN,
    says="drop_last throws the items of the last, smaller batch away.",
)
patch(
    "train_augmented",
    (MEASURE, "one_pass(model, valid_loader, loss_function, transform=augment)"),
    name="validation_augmented_too",
    caught_by=VALID_PLAIN,
    says="The validation pictures are augmented too.",
    source="Humbatova 2020",
)
patch(
    "train_augmented",
    ("DataLoader(valid_set, batch_size)", "DataLoader(train_set, batch_size)"),
    name="measured_on_training_pictures",
    caught_by=VALID_PLAIN,
    says="Validation measures on the training pictures.",
)
patch(
    "train_augmented",
    (MEASURE, "one_pass(model, valid_loader, loss_function, optimizer)"),
    name="learns_from_validation",
    caught_by=TEACH,
    says="With an optimizer one_pass trains: the network learns from the validation data.",
)
patch(
    "train_augmented",
    (LOADER, "DataLoader(torch.utils.data.ConcatDataset([train_set, valid_set]), batch_size, shuffle=True)"),
    name="validation_mixed_in",
    caught_by=TEACH,
    says="The validation pictures are among the training pictures.",
    source="Humbatova 2020",
)
patch(
    "train_augmented",
    ("history.add(train, one", "history.add(one"),
    (MEASURE + ")", MEASURE + ", train)"),
    name="curves_exchanged",
    caught_by=TRUE_HISTORY,
    says="The curves of training and validation are exchanged.",
)
patch(
    "train_augmented",
    ("range(epochs)", "range(epochs - 1)"),
    name="one_epoch_short",
    caught_by=TRUE_HISTORY,
    says="One epoch is missing.",
)
patch(
    "train_augmented",
    (
        f"        train = {ONE}\n        history.add(train, {MEASURE})\n",
        f"        valid = {MEASURE}\n        history.add({ONE}, valid)\n",
    ),
    name="measured_before_training",
    caught_by=TRUE_HISTORY,
    says="Validation comes before the epoch's training: its curve lags one epoch behind.",
)
patch(
    "train_augmented",
    ("lr=lr)", "lr=lr / 1000)"),
    name="hardly_a_step",
    caught_by=READS,
    says="The learning rate is a thousandth of what was asked for: hardly anything is learned.",
)
patch(
    "train_augmented",
    (LOADER, "DataLoader(train_set, batch_size)"),
    name="never_shuffled",
    caught_by="test_training_order_is_new_in_each_epoch",
    says="The training pictures come in the same order in each epoch.",
)
patch(
    "train_augmented",
    (LOADER, "DataLoader(train_set, 64, shuffle=True)"),
    name="batch_size_written_in",
    caught_by=SHOWN,
    says="The batch size is written in; the argument is not read.",
)
patch(
    "train_augmented",
    ("lr=lr)", "lr=1e-3)"),
    name="learning_rate_written_in",
    caught_by="test_the_learning_rate_is_the_callers",
    says="The learning rate is written in; the argument is not read.",
)


@mistake(
    "train_augmented",
    caught_by=TEACH,
    says="The epoch with the lowest validation loss is kept: the validation data have chosen the weights.",
)
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


patch(
    "train_augmented",
    ("Adam(model.parameters(), lr=lr)", "Adam([p for p in model.parameters() if p.dim() > 1], lr=lr)"),
    name="weights_alone",
    caught_by="test_the_learning_rate_is_the_callers",
    says="The optimizer was given the weights and not the biases: they stay as they were.",
)

# -- save_model ---------------------------------------------------------------------------------------------------------

NUMBERS, NAMES = "test_the_file_holds_the_numbers_and_nothing_else", "test_a_compiled_model_is_saved_under_plain_names"
REPLACED = "test_an_older_file_is_replaced"
SAVE = "torch.save(plain.state_dict(), temporary)"

patch(
    "save_model",
    (SAVE, "torch.save(plain, temporary)"),
    name="whole_module_pickled",
    caught_by=NUMBERS,
    says="The whole object is pickled: its file runs code when it is opened, and breaks when the class moves.",
    source="PyTorch tutorial",
)
patch(
    "save_model",
    (SAVE, "torch.save(list(plain.parameters()), temporary)"),
    name="a_list_of_parameters",
    caught_by=NUMBERS,
    says="A list of parameters has no names, and no running statistics.",
)
patch(
    "save_model",
    (SAVE, "torch.save({n: p.detach() for n, p in plain.named_parameters()}, temporary)"),
    name="running_statistics_left_out",
    caught_by=NUMBERS,
    says="Parameters alone leave BatchNorm's running statistics out.",
)
patch(
    "save_model",
    (SAVE, "torch.save({'model': plain.state_dict(), 'epoch': 1}, temporary)"),
    name="wrapped_in_a_checkpoint",
    caught_by=NUMBERS,
    says="The state dict lies inside of another dict.",
)
patch(
    "save_model",
    (SAVE, "torch.save(plain.half().state_dict(), temporary)"),
    name="halved",
    caught_by=NUMBERS,
    says="The numbers are halved in precision, and the model with them.",
)
patch(
    "save_model",
    ('plain = getattr(model, "_orig_mod", model)', "plain = model"),
    name="names_of_the_compiled",
    caught_by=NAMES,
    says="A compiled network puts _orig_mod. before each name: the plain one does not know them.",
    source="forum",
)
patch(
    "save_model",
    ("    os.replace(temporary, path)", "    if not os.path.exists(path):\n        os.replace(temporary, path)"),
    name="the_old_one_kept",
    caught_by=REPLACED,
    says="A file that is there already is left as it was.",
)
patch(
    "save_model",
    (SAVE, "torch.save(plain.state_dict(), open(path, 'ab'))"),
    ("    os.replace(temporary, path)", ""),
    name="appended",
    caught_by=REPLACED,
    says="The file is opened to be appended to: the old one comes first.",
)
