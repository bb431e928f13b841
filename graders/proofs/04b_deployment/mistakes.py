"""What goes wrong in project 04b: opening a stranger's file, photos as they really are, letters, folders.

"forum" as in 01; "Pillow" its documentation of modes and of ImageOps.exif_transpose.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("04b")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- load_model ---------------------------------------------------------------------------------------------------------

FILLED, TRAP = "test_the_numbers_of_the_file_are_in_the_model", "test_a_file_that_carries_code_is_refused"
OTHER = "test_a_file_of_another_network_is_refused"
LOAD = 'model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))'

patch(
    "load_model",
    ("return model.eval()", "return model"),
    name="eval_forgotten",
    caught_by=FILLED,
    says="The model is still in train mode: dropout is on while it answers.",
    source="PyTorch tutorial",
)
patch(
    "load_model",
    (LOAD, f"import copy\n    model = copy.deepcopy(model)\n    {LOAD}"),
    name="a_filled_copy",
    caught_by=FILLED,
    says="A copy gets the numbers; the model that the caller goes on with has none of them.",
)
patch(
    "load_model",
    (LOAD, "torch.load(path, weights_only=True)"),
    name="read_and_forgotten",
    caught_by=FILLED,
    says="The file is read, but its numbers never reach the model.",
)
patch(
    "load_model",
    ("return model.eval()", "model.eval()"),
    name="nothing_returned",
    caught_by=FILLED,
    crashes=True,
    says="Nothing is returned.",
)


@mistake(
    "load_model",
    caught_by=FILLED,
    says="Only parameters are taken over; BatchNorm's running statistics stay those of a fresh network.",
)
def parameters_only(path, model):
    state, names = torch.load(path, weights_only=True), dict(model.named_parameters())
    model.load_state_dict({**model.state_dict(), **{name: state[name] for name in names}})
    return model.eval()


patch(
    "load_model",
    ("weights_only=True", "weights_only=False"),
    name="pickle_trusted",
    caught_by=TRAP,
    says="weights_only=False lets the file run whatever code it likes.",
    source="PyTorch tutorial",
)
patch(
    "load_model",
    (LOAD, 'model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)'),
    name="not_strict",
    caught_by=OTHER,
    says="strict=False ignores names that do not fit: a half-filled network answers nonsense.",
    source="forum",
)
patch(
    "load_model",
    (f"    {LOAD}\n", f"    try:\n        {LOAD}\n    except RuntimeError as fault:\n        print(fault)\n"),
    name="error_swallowed",
    caught_by=OTHER,
    says="The error is printed and forgotten; the network goes on with random numbers.",
)

# -- preprocess ---------------------------------------------------------------------------------------------------------

BATCH, EVERY = "test_a_photo_becomes_a_batch_of_one_sign", "test_every_image_mode_is_read"
LYING, SQUARE = "test_a_lying_photo_is_turned_upright", "test_the_square_in_the_middle_is_cut_out"
AVERAGE, TINY = "test_shrinking_averages_over_all_pixels", "test_tiny_and_odd_photos_work"
TO_DTYPE, GREY = "F.to_dtype(small, torch.float32, scale=True)", 'F.to_image(upright.convert("RGB").convert("L"))'
CROP = "F.center_crop(grey, [min(grey.shape[-2:])])"

patch(
    "preprocess",
    (".unsqueeze(0)", ""),
    name="no_batch",
    caught_by=BATCH,
    says="A network reads batches: one photo is a batch of one.",
)
patch(
    "preprocess",
    ("scale=True", "scale=False"),
    name="never_divided",
    caught_by=BATCH,
    says="The values go up to 255; the network was trained on 0 to 1.",
)
patch(
    "preprocess", (TO_DTYPE, "small"), name="still_bytes", caught_by=BATCH, says="The photo is still a tensor of bytes."
)
patch(
    "preprocess",
    ('.convert("L")', ""),
    name="still_colour",
    caught_by=BATCH,
    says="The network has one input channel; the photo still has three.",
)
patch(
    "preprocess",
    (TO_DTYPE, f"(1 - {TO_DTYPE})"),
    name="negative",
    caught_by=BATCH,
    says="Light and dark are exchanged, as for digits on paper.",
)
patch(
    "preprocess",
    (TO_DTYPE, f"F.normalize({TO_DTYPE}, [0.485], [0.229])"),
    name="normalised_for_imagenet",
    caught_by=BATCH,
    says="ImageNet's mean and deviation belong to another network.",
)
patch(
    "preprocess",
    (TO_DTYPE, TO_DTYPE + ".transpose(-1, -2)"),
    name="transposed",
    caught_by=BATCH,
    says="Rows and columns are exchanged.",
)
patch(
    "preprocess",
    ("[28, 28]", "[32, 32]"),
    name="another_size",
    caught_by=BATCH,
    says="The network was trained on 28 × 28.",
)


@mistake(
    "preprocess", caught_by=EVERY, says="In mode P the values are places in a palette, not brightness.", source="Pillow"
)
def palette_taken_for_grey(photo):
    from PIL import ImageOps

    pixels = np.asarray(ImageOps.exif_transpose(photo)).astype(np.float32)
    if pixels.ndim == 2:
        grey = pixels
    else:
        grey = pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3].mean(-1)
    side = min(grey.shape)
    top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
    square = Image.fromarray(grey[top : top + side, left : left + side]).resize((28, 28), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(square) / 255).float().clamp(0, 1)[None, None]


patch(
    "preprocess",
    (GREY, "F.rgb_to_grayscale(F.to_image(upright))"),
    name="only_rgb_expected",
    caught_by=EVERY,
    crashes=True,
    says="Not every photo is RGB: with alpha there are four channels, with a palette one.",
    source="forum",
)
patch(
    "preprocess",
    ("ImageOps.exif_transpose(photo)", "photo"),
    name="exif_ignored",
    caught_by=LYING,
    says="The phone lay on its side and wrote so into EXIF; nobody read it.",
    source="Pillow",
)
patch(
    "preprocess",
    (
        "ImageOps.exif_transpose(photo)",
        "photo.rotate(-90, expand=True) if photo.getexif().get(0x0112, 1) > 1 else photo",
    ),
    name="always_a_quarter_turn",
    caught_by=LYING,
    says="There are eight orientations, not one.",
)
patch(
    "preprocess",
    (CROP, "grey"),
    name="squeezed",
    caught_by=SQUARE,
    says="A broad photo is squeezed into a square: thin fingers, and what stands beside the hand.",
)
patch(
    "preprocess",
    (CROP, "grey[..., : min(grey.shape[-2:]), : min(grey.shape[-2:])]"),
    name="cut_at_the_left",
    caught_by=SQUARE,
    says="The square is cut out at the top left and not in the middle.",
)
patch(
    "preprocess",
    (CROP, "F.pad(grey, [(max(grey.shape[-2:]) - grey.shape[-1]) // 2, (max(grey.shape[-2:]) - grey.shape[-2]) // 2])"),
    name="padded",
    caught_by=SQUARE,
    says="The photo is padded to a square with black, and the hand gets smaller.",
)
patch(
    "preprocess",
    ("antialias=True", "antialias=False"),
    name="no_antialiasing",
    caught_by=AVERAGE,
    says="Without antialiasing most pixels of a large photo are ignored, and fine stripes become broad ones.",
)
patch(
    "preprocess",
    (
        "F.resize(square, [28, 28], antialias=True)",
        "F.resize(square, [28, 28], interpolation=v2.InterpolationMode.NEAREST)",
    ),
    ("    upright =", "    from torchvision.transforms import v2\n\n    upright ="),
    name="nearest_pixel",
    caught_by=AVERAGE,
    says="The nearest pixel speaks for all its neighbours.",
)


@mistake(
    "preprocess",
    caught_by=TINY,
    says="Whole steps of side // 28 are 0 for a photo of less than 28 pixels.",
)
def every_nth_pixel(photo):
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(photo).convert("RGB").convert("L")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    pixels = np.asarray(upright.crop((left, top, left + side, top + side)))
    step = side // 28
    small = pixels[: 28 * step, : 28 * step].reshape(28, step, 28, step).mean((1, 3))
    return torch.from_numpy(small).float()[None, None] / 255


@mistake(
    "preprocess",
    caught_by=TINY,
    says="thumbnail only makes smaller, and in place: a tiny photo stays tiny.",
    source="Pillow",
)
def thumbnail(photo):
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(photo).convert("RGB").convert("L")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.crop((left, top, left + side, top + side))
    square.thumbnail((28, 28), Image.Resampling.BILINEAR)
    return v2.functional.to_dtype(v2.functional.to_image(square), torch.float32, scale=True)[None]


# -- predict_letter -----------------------------------------------------------------------------------------------------

LETTER, SEES, UNSEEN = (
    "test_each_class_is_its_letter",
    "test_the_network_sees_the_preprocessed_photo",
    "test_letters_on_unseen_photos",
)
ANSWER = "LETTERS[int(logits.argmax(dim=1))]"

patch(
    "predict_letter",
    (ANSWER, 'chr(ord("a") + int(logits.argmax(dim=1)))'),
    name="gap_forgotten",
    caught_by=LETTER,
    says="From k on, counting from a on is one letter off: there is no j.",
)
patch(
    "predict_letter",
    (ANSWER, "LETTERS[int(logits.argmax(dim=1))].upper()"),
    name="capital_letters",
    caught_by=LETTER,
    says="The letter is a capital; a small one was asked for.",
)
patch(
    "predict_letter",
    (ANSWER, "int(logits.argmax(dim=1))"),
    name="class_for_letter",
    caught_by=LETTER,
    says="This is the number of the class, not its letter.",
)
patch(
    "predict_letter",
    (ANSWER, "LETTERS[int(logits.argmax(dim=0)[0])]"),
    name="the_wrong_axis",
    caught_by=LETTER,
    says="argmax over dim 0 asks which photo of the batch, and there is only one: always a.",
)
patch(
    "predict_letter",
    (ANSWER, "LETTERS[int(logits.argmin(dim=1))]"),
    name="lowest_score",
    caught_by=LETTER,
    says="The lowest score is taken for the answer.",
)
patch(
    "predict_letter",
    ("preprocess(photo)", "preprocess(photo) * 255"),
    name="scaled_once_more",
    caught_by=SEES,
    says="What preprocess has scaled to 0 to 1 is multiplied by 255 again.",
)
patch(
    "predict_letter",
    ("preprocess(photo)", "F.to_image(photo.convert('L').resize((28, 28))).float()[None] / 255"),
    name="preprocess_left_out",
    caught_by=SEES,
    says="A quick conversion in place of preprocess: the photo is squeezed.",
)
patch(
    "predict_letter",
    ("logits = model(preprocess(photo))", "logits = model(preprocess(photo)) + model(preprocess(photo).flip(-1))"),
    name="asked_twice",
    caught_by=SEES,
    says="The network is asked twice, once with a mirrored photo: other letters, mirrored.",
)
patch(
    "predict_letter",
    ("preprocess(photo)", "1 - preprocess(photo)"),
    name="shown_the_negative",
    caught_by=UNSEEN,
    says="The network is shown the negative of what it was trained on.",
)
patch(
    "predict_letter",
    ("preprocess(photo)", "preprocess(photo).flip(-1)"),
    name="shown_mirrored",
    caught_by=UNSEEN,
    says="The photo is mirrored, as in a selfie: the network has learned the other hand.",
)

# -- evaluate_folder ----------------------------------------------------------------------------------------------------

SHARE, OTHERS, EMPTY = (
    "test_it_is_the_fraction_of_photos_that_are_read_right",
    "test_other_files_are_ignored_and_names_may_differ",
    "test_a_folder_without_photos_is_an_error_that_names_it",
)

patch(
    "evaluate_folder",
    ("return right / len(photos)", "return right"),
    name="counted",
    caught_by=SHARE,
    says="This is the number of right answers, not their fraction.",
)
patch(
    "evaluate_folder",
    ("return right / len(photos)", "return 100 * right / len(photos)"),
    name="percent",
    caught_by=SHARE,
    says="This is a percentage; a fraction was asked for.",
)
patch(
    "evaluate_folder",
    ("return right / len(photos)", "return torch.tensor(right / len(photos))"),
    name="a_tensor",
    caught_by=SHARE,
    says="The accuracy is a tensor.",
)
patch(
    "evaluate_folder",
    ("== file.name[0].lower()", "== LETTERS[ord(file.name[0].lower()) - 97 - 1]"),
    name="letters_shifted",
    caught_by=SHARE,
    says="The true letter is shifted by one.",
)
patch(
    "evaluate_folder",
    (".suffix.lower()", ".suffix"),
    name="only_small_suffixes",
    caught_by=OTHERS,
    says="Cameras write .JPG in capitals.",
)
patch(
    "evaluate_folder",
    ("file.name[0].lower()", "file.stem.lower()"),
    name="the_whole_name",
    caught_by=OTHERS,
    says="Only the first letter of the name counts: B-kitchen is a b.",
)
patch(
    "evaluate_folder",
    ("file.name[0].lower()", "file.name[0]"),
    name="capitals_are_wrong",
    caught_by=OTHERS,
    says="A capital letter in the name is the same letter.",
)
patch(
    "evaluate_folder",
    ("return right / len(photos)", "return right / len(list(Path(folder).iterdir()))"),
    name="other_files_counted",
    caught_by=OTHERS,
    says="Files that are no photos are counted as read wrong.",
)
patch(
    "evaluate_folder",
    ("Path(folder).iterdir()", 'Path(folder).rglob("*")'),
    name="folders_within_too",
    caught_by=OTHERS,
    says="rglob goes down into every folder: the photos of others are counted too.",
)
patch(
    "evaluate_folder",
    ('{".jpg", ".jpeg", ".png"}', '{".jpg", ".png"}'),
    name="jpeg_forgotten",
    caught_by=OTHERS,
    says=".jpeg is a photo too.",
)


@mistake("evaluate_folder", caught_by=OTHERS, crashes=True, says="Every file is opened as if it were a photo.")
def everything_opened(model, folder):
    files = list(Path(folder).iterdir())
    if not files:
        raise ValueError(f"there is no photo in {folder}")
    right = sum(predict_letter(model, Image.open(file)) == file.name[0].lower() for file in files)  # noqa: F821
    return right / len(files)


CHECK = '    if not photos:\n        raise ValueError(f"there is no photo in {folder}")\n'
patch(
    "evaluate_folder",
    (CHECK, ""),
    name="divided_by_nothing",
    caught_by=EMPTY,
    says="ZeroDivisionError does not say which folder was empty.",
)
patch(
    "evaluate_folder",
    (CHECK, "    if not photos:\n        return 0.0\n"),
    name="empty_is_zero",
    caught_by=EMPTY,
    says="An empty folder looks like a bad model.",
)
patch(
    "evaluate_folder",
    ('f"there is no photo in {folder}"', '"there is no photo"'),
    name="folder_not_named",
    caught_by=EMPTY,
    says="The message does not say which folder.",
)
