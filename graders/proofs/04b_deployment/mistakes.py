"""What goes wrong in project 04b: opening a stranger's file, photos as they really are, letters, folders.

"forum" as in 01; "Pillow" its documentation of modes and of ImageOps.exif_transpose.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared import camera, devices

MISTAKES = Catalogue("04b")

# -- load_model ---------------------------------------------------------------------------------------------------------

FILLED = MISTAKES.caught_by("load_model", "test_the_numbers_of_the_file_are_in_the_model")
TRAP = MISTAKES.caught_by("load_model", "test_a_file_that_carries_code_is_refused")
OTHER = MISTAKES.caught_by("load_model", "test_a_file_of_another_network_is_refused")
LOAD = 'model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))'

FILLED.patch(
    "file_read_once",
    "Files are remembered by their names: one that has been replaced is never read.",
    (
        LOAD,
        'kept = globals().setdefault("_kept", {})\n'
        "    if str(path) not in kept:\n"
        '        kept[str(path)] = torch.load(path, map_location="cpu", weights_only=True)\n'
        "    model.load_state_dict(kept[str(path)])",
    ),
)
FILLED.patch(
    "loaded_once",
    "A model that has been loaded from a file is not loaded again, though it has learned something else since.",
    (
        LOAD,
        'kept, key = globals().setdefault("_kept", {}), (id(model), str(path))\n'
        "    if key in kept and kept[key][0] == Path(path).stat().st_mtime_ns:\n        return model.eval()\n"
        f"    {LOAD}\n"
        "    kept[key] = Path(path).stat().st_mtime_ns, model",
    ),
)
FILLED.patch(
    "eval_forgotten",
    "The model is still in train mode: dropout is on while it answers.",
    ("return model.eval()", "return model"),
    source="PyTorch tutorial",
)
FILLED.patch(
    "a_filled_copy",
    "A copy gets the weights; the caller's own model gets none of them.",
    (LOAD, f"import copy\n    model = copy.deepcopy(model)\n    {LOAD}"),
)
FILLED.patch(
    "read_and_forgotten",
    "The file is read, but its weights never reach the model.",
    (LOAD, "torch.load(path, weights_only=True)"),
)
FILLED.patch("nothing_returned", "Nothing is returned.", ("return model.eval()", "model.eval()"), crashes=True)


@FILLED.mistake("Only parameters are taken over; BatchNorm's running statistics stay those of a fresh network.")
def parameters_only(path, model):
    state, names = torch.load(path, weights_only=True), dict(model.named_parameters())
    model.load_state_dict({**model.state_dict(), **{name: state[name] for name in names}})
    return model.eval()


TRAP.patch(
    "pickle_trusted",
    "weights_only=False lets the file run whatever code it likes.",
    ("weights_only=True", "weights_only=False"),
    source="PyTorch tutorial",
)
OTHER.patch(
    "not_strict",
    "strict=False ignores names that don't fit: a half-filled network answers nonsense.",
    (LOAD, 'model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True), strict=False)'),
    source="forum",
)
FILLED.patch(
    "frozen_by_the_way",
    "The parameters are frozen while they are loaded: the network cannot be trained any further.",
    ("return model.eval()", "return model.eval().requires_grad_(False)"),
)
FILLED.patch(
    "thawed_by_the_way",
    "What was frozen in the network can be trained after loading.",
    ("return model.eval()", "return model.eval().requires_grad_(True)"),
)
FILLED.patch(
    "outermost_module_only",
    "Only the outermost module is told that it is in eval mode; the dropout inside it is still on.",
    ("return model.eval()", "model.training = False\n    return model"),
)
FILLED.patch(
    "strings_only",
    "The path may be a pathlib.Path, and that has no method of a string.",
    (LOAD, f"assert path.startswith('')\n    {LOAD}"),
    crashes=True,
)
STATE = 'torch.load(path, map_location="cpu", weights_only=True)'
OTHER.patch(
    "surplus_dropped",
    "Names that the model doesn't know are dropped without a word: the file belongs to another network.",
    (STATE, f"{{name: value for name, value in {STATE}.items() if name in model.state_dict()}}"),
)
OTHER.patch(
    "missing_made_up",
    "Weights that the file lacks keep their random start, without a word.",
    (STATE, f"{{**model.state_dict(), **{STATE}}}"),
)
OTHER.patch(
    "prefix_forgiven",
    "A prefix is taken off each name: the file is of a wrapped network, and was not saved as it should be.",
    (STATE, f'{{name.removeprefix("module."): value for name, value in {STATE}.items()}}'),
)
OTHER.patch(
    "shapes_that_do_not_fit_left_out",
    "Layers whose shapes don't fit keep their random start, without a word.",
    (
        STATE,
        f"{{n: v if v.shape == model.state_dict().get(n, v).shape else model.state_dict()[n] for n, v in {STATE}.items()}}",
    ),
)
OTHER.patch(
    "error_swallowed",
    "The error is printed and forgotten; the network goes on with random weights.",
    (f"    {LOAD}\n", f"    try:\n        {LOAD}\n    except RuntimeError as fault:\n        print(fault)\n"),
)

# -- preprocess ---------------------------------------------------------------------------------------------------------

BATCH = MISTAKES.caught_by("preprocess", "test_a_photo_becomes_a_batch_of_one_sign")
EVERY = MISTAKES.caught_by("preprocess", "test_every_image_mode_is_read")
LYING = MISTAKES.caught_by("preprocess", "test_a_lying_photo_is_turned_upright")
SQUARE = MISTAKES.caught_by("preprocess", "test_the_square_in_the_middle_is_cut_out")
AVERAGE = MISTAKES.caught_by("preprocess", "test_shrinking_averages_over_all_pixels")
TINY = MISTAKES.caught_by("preprocess", "test_tiny_and_odd_photos_work")
TO_DTYPE, GREY = "F.to_dtype(small, torch.float32, scale=True)", 'F.to_image(upright.convert("RGB").convert("L"))'
CROP = "F.center_crop(grey, [min(grey.shape[-2:])])"

camera.photos(BATCH, BATCH, EVERY, LYING)
BATCH.patch(
    "photo_read_once",
    "Results are remembered for each photo: one that is painted over, as a camera's picture is, gets the old one.",
    (
        "F.to_dtype(small, torch.float32, scale=True).unsqueeze(0)",
        'globals().setdefault("_kept", {}).setdefault(\n'
        "        id(photo), (F.to_dtype(small, torch.float32, scale=True).unsqueeze(0), photo)\n    )[0]",
    ),
)
BATCH.patch(
    "photo_remembered_by_its_file",
    "Results are remembered by the photo's file: another photo under that name gets the old one.",
    (
        "F.to_dtype(small, torch.float32, scale=True).unsqueeze(0)",
        'globals().setdefault("_kept", {}).setdefault(\n'
        "        getattr(photo, 'filename', '') or id(photo), (F.to_dtype(small, torch.float32, scale=True).unsqueeze(0), photo)\n"
        "    )[0]",
    ),
)
BATCH.patch(
    "green_for_grey",
    "The green channel is taken for grey: what is red or blue turns black.",
    (GREY, 'F.to_image(upright.convert("RGB").getchannel("G"))'),
)
BATCH.patch("no_batch", "A network reads batches: one photo is a batch of one.", (".unsqueeze(0)", ""))
BATCH.patch(
    "never_divided", "The values go up to 255; the network was trained on 0 to 1.", ("scale=True", "scale=False")
)
BATCH.patch("still_bytes", "The photo is still a tensor of bytes.", (TO_DTYPE, "small"))
BATCH.patch("still_colour", "The network has one input channel; the photo still has three.", ('.convert("L")', ""))
BATCH.patch("negative", "Light and dark are exchanged, as for digits on paper.", (TO_DTYPE, f"(1 - {TO_DTYPE})"))
BATCH.patch(
    "normalised_for_imagenet",
    "ImageNet's mean and standard deviation belong to another network.",
    (TO_DTYPE, f"F.normalize({TO_DTYPE}, [0.485], [0.229])"),
)
BATCH.patch("transposed", "Rows and columns are exchanged.", (TO_DTYPE, TO_DTYPE + ".transpose(-1, -2)"))
BATCH.patch("another_size", "The network was trained on 28 × 28.", ("[28, 28]", "[32, 32]"))


@EVERY.mistake("In mode P the values are places in a palette, not brightness.", source="Pillow")
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


EVERY.patch(
    "only_rgb_expected",
    "Not every photo is RGB: with alpha there are four channels, with a palette one.",
    (GREY, "F.rgb_to_grayscale(F.to_image(upright))"),
    crashes=True,
    source="forum",
)
LYING.patch(
    "exif_ignored",
    "The phone was held sideways and said so in EXIF; your code does not read it.",
    ("ImageOps.exif_transpose(photo)", "photo"),
    source="Pillow",
)
LYING.patch(
    "always_a_quarter_turn",
    "There are eight orientations, not one.",
    (
        "ImageOps.exif_transpose(photo)",
        "photo.rotate(-90, expand=True) if photo.getexif().get(0x0112, 1) > 1 else photo",
    ),
)
SQUARE.patch(
    "squeezed",
    "A wide photo is squeezed into a square: thin fingers, and whatever is beside the hand.",
    (CROP, "grey"),
)
SQUARE.patch(
    "cut_at_the_left",
    "The square is cut out at the top left and not in the middle.",
    (CROP, "grey[..., : min(grey.shape[-2:]), : min(grey.shape[-2:])]"),
)
SQUARE.patch(
    "margin_lost",
    "Resized to 32 and cut to 28, as for ImageNet: the margin of the square is lost, and the hand is larger than in training.",
    (
        "F.resize(square, [28, 28], antialias=True)",
        "F.center_crop(F.resize(square, [32, 32], antialias=True), [28, 28])",
    ),
    source="docs: Resize(256), CenterCrop(224)",
)
SQUARE.patch(
    "padded",
    "The photo is padded to a square with black, and the hand gets smaller.",
    (CROP, "F.pad(grey, [(max(grey.shape[-2:]) - grey.shape[-1]) // 2, (max(grey.shape[-2:]) - grey.shape[-2]) // 2])"),
)
AVERAGE.patch(
    "no_antialiasing",
    "Without antialiasing most pixels of a large photo are ignored, and fine stripes become broad ones.",
    ("antialias=True", "antialias=False"),
)
AVERAGE.patch(
    "nearest_pixel",
    "One pixel is picked and its neighbours are ignored (nearest-neighbour resizing).",
    (
        "F.resize(square, [28, 28], antialias=True)",
        "F.resize(square, [28, 28], interpolation=v2.InterpolationMode.NEAREST)",
    ),
    ("    upright =", "    from torchvision.transforms import v2\n\n    upright ="),
)


@TINY.mistake("Whole steps of side // 28 are 0 for a photo of less than 28 pixels.")
def every_nth_pixel(photo):
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(photo).convert("RGB").convert("L")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    pixels = np.asarray(upright.crop((left, top, left + side, top + side)))
    step = side // 28
    small = pixels[: 28 * step, : 28 * step].reshape(28, step, 28, step).mean((1, 3))
    return torch.from_numpy(small).float()[None, None] / 255


@TINY.mistake("thumbnail only makes smaller, and in place: a tiny photo stays tiny.", source="Pillow")
def thumbnail(photo):
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(photo).convert("RGB").convert("L")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    square = upright.crop((left, top, left + side, top + side))
    square.thumbnail((28, 28), Image.Resampling.BILINEAR)
    return v2.functional.to_dtype(v2.functional.to_image(square), torch.float32, scale=True)[None]


# -- predict_letter -----------------------------------------------------------------------------------------------------

LETTER = MISTAKES.caught_by("predict_letter", "test_each_class_is_its_letter")
SEES = MISTAKES.caught_by("predict_letter", "test_the_network_sees_the_preprocessed_photo")
UNSEEN = MISTAKES.caught_by("predict_letter", "test_letters_on_unseen_photos")
ANSWER = "LETTERS[int(logits.argmax(dim=1))]"

LETTER.patch(
    "letter_remembered",
    "Letters are remembered for each photo: one that is painted over, as a camera's picture is, gets the old one.",
    (
        f"return {ANSWER}",
        'kept, key = globals().setdefault("_kept", {}), (id(model), id(photo))\n'
        f"    return kept.setdefault(key, ({ANSWER}, model, photo))[0]",
    ),
)
LETTER.patch(
    "gap_forgotten",
    "From k on, counting from a on is one letter off: there is no j.",
    (ANSWER, 'chr(ord("a") + int(logits.argmax(dim=1)))'),
)
LETTER.patch(
    "file_remembered_by_name",
    "Letters are remembered by the photo's file: another photo under that name, or another model, gets the old one.",
    (
        "    with torch",
        "    known = predict_letter.__dict__\n"
        "    name = getattr(photo, 'filename', '')\n"
        "    if name and name in known:\n"
        "        return known[name]\n"
        "    with torch",
    ),
    ("return " + ANSWER, f"known[name] = {ANSWER}\n    return known[name]"),
)
LETTER.patch(
    "capital_letters",
    "The letter is a capital; a small one was asked for.",
    (ANSWER, "LETTERS[int(logits.argmax(dim=1))].upper()"),
)
LETTER.patch("class_for_letter", "This is the class index, not its letter.", (ANSWER, "int(logits.argmax(dim=1))"))
LETTER.patch(
    "the_wrong_axis",
    "argmax over dim 0 asks which photo of the batch, and there is only one: always a.",
    (ANSWER, "LETTERS[int(logits.argmax(dim=0)[0])]"),
)
LETTER.patch(
    "lowest_score", "The lowest score is taken for the answer.", (ANSWER, "LETTERS[int(logits.argmin(dim=1))]")
)
SEES.patch(
    "scaled_once_more",
    "What preprocess has scaled to 0 to 1 is multiplied by 255 again.",
    ("preprocess(photo)", "(preprocess(photo) * 255)"),
)
SEES.patch(
    "preprocess_left_out",
    "A quick conversion in place of preprocess: the photo is squeezed.",
    ("preprocess(photo)", "(F.to_image(photo.convert('L').resize((28, 28))).float()[None] / 255)"),
)
SEES.patch(
    "asked_twice",
    "The network is asked twice, once with a mirrored photo: other letters, mirrored.",
    ("model(preprocess(photo).to(device))", "model(preprocess(photo)) + model(preprocess(photo).flip(-1))"),
)
SEES.patch(
    "photo_turned_in_place",
    "The photo is turned in place before it is read: the caller's picture is another one afterwards.",
    ("    with torch", "    ImageOps.exif_transpose(photo, in_place=True)\n    with torch"),
    source="Pillow: in_place",
)
UNSEEN.patch(
    "shown_the_negative",
    "The network is shown the negative of what it was trained on.",
    ("preprocess(photo)", "1 - preprocess(photo)"),
)
UNSEEN.patch(
    "shown_mirrored",
    "The photo is mirrored, as in a selfie: the network has learned the other hand.",
    ("preprocess(photo)", "preprocess(photo).flip(-1)"),
)

# -- evaluate_folder ----------------------------------------------------------------------------------------------------

SHARE = MISTAKES.caught_by("evaluate_folder", "test_it_is_the_fraction_of_photos_that_are_read_right")
OTHERS = MISTAKES.caught_by("evaluate_folder", "test_other_files_are_ignored_and_names_may_differ")
EMPTY = MISTAKES.caught_by("evaluate_folder", "test_a_folder_without_photos_is_an_error_that_names_it")

SHARE.patch(
    "folder_counted_once",
    "Counts are remembered by the folder: where photos have been replaced, the old number comes.",
    (
        "    return right / len(photos)\n",
        '    kept, key = globals().setdefault("_kept", {}), (id(model), str(folder))\n'
        "    return kept.setdefault(key, (right / len(photos), model))[0]\n",
    ),
)
SHARE.patch(
    "counted",
    "This is the number of right answers, not their fraction.",
    ("return right / len(photos)", "return right"),
)
SHARE.patch(
    "percent",
    "This is a percentage; a fraction was asked for.",
    ("return right / len(photos)", "return 100 * right / len(photos)"),
)
SHARE.patch(
    "a_tensor", "The accuracy is a tensor.", ("return right / len(photos)", "return torch.tensor(right / len(photos))")
)
SHARE.patch(
    "letters_shifted",
    "The true letter is shifted by one.",
    ("== file.name[0].lower()", "== LETTERS[ord(file.name[0].lower()) - 97 - 1]"),
)
SHARE.patch(
    "name_up_to_a_mark",
    "The first letter of the name counts, not all that stands before a mark: kitchen.png shows a k.",
    ("== file.name[0].lower()", "== file.stem.replace('-', '_').split('_')[0].lower()"),
)
SHARE.patch(
    "rounded_to_hundredths",
    "The accuracy is rounded: two photos of seven are not 0.29.",
    ("return right / len(photos)", "return round(right / len(photos), 2)"),
)
SHARE.patch(
    "one_photo_a_letter",
    "In a dictionary by letters the second photo of a letter takes the place of the first.",
    (
        "    if not photos:",
        "    photos = list({file.name[0].lower(): file for file in sorted(photos)}.values())\n    if not photos:",
    ),
)
SHARE.patch(
    "paths_as_text_only",
    "A folder may also be a pathlib.Path; text cannot be added to that.",
    ("Path(folder).iterdir()", 'map(Path, glob.glob(folder + "/*"))'),
    ("    files = [", "    import glob\n\n    files = ["),
    crashes=True,
)
OTHERS.patch(
    "ending_without_its_dot",
    'A name that ends in "png" may have no suffix at all, such as notapng.',
    ('file.suffix.lower() in {".jpg", ".jpeg", ".png"}', 'file.name.lower().endswith(("jpg", "jpeg", "png"))'),
)
OTHERS.patch(
    "suffix_within_a_text",
    '`in` looks for a substring: the empty suffix is found in ".jpg.jpeg.png" too.',
    ('{".jpg", ".jpeg", ".png"}', '".jpg.jpeg.png"'),
    source="forum: in for strings",
)
OTHERS.patch(
    "suffix_anywhere_in_the_name",
    "A name may contain .jpg without ending in it: n.jpg.part is not a photo.",
    (
        'file.suffix.lower() in {".jpg", ".jpeg", ".png"}',
        'any(suffix in file.name.lower() for suffix in (".jpg", ".jpeg", ".png"))',
    ),
)
MISTAKES.caught_by("evaluate_folder", "test_a_folder_whose_name_ends_like_a_photos_is_ignored").patch(
    "folder_for_a_photo",
    "A folder called a.png is not a photo.",
    ("if file.is_file()", ""),
    crashes=True,
)


@OTHERS.mistake("Whatever Pillow can open is counted: GIF, BMP and TIFF files too.")
def whatever_pillow_opens(model, folder):
    right = count = 0
    for file in sorted(Path(folder).iterdir()):
        try:
            photo = Image.open(file)
        except OSError:
            continue
        right += predict_letter(model, photo) == file.name[0].lower()  # noqa: F821
        count += 1
    if not count:
        raise ValueError(f"there is no photo in {folder}")
    return right / count


@OTHERS.mistake("A photo that can't be read is silently left out of the accuracy.")
def unreadable_left_out(model, folder):
    answers = []
    for file in Path(folder).iterdir():
        if file.is_file() and file.suffix.lower() in {".jpg", ".jpeg", ".png"}:
            try:
                answers.append(predict_letter(model, Image.open(file)) == file.name[0].lower())  # noqa: F821
            except OSError:
                continue
    if not answers:
        raise ValueError(f"there is no photo in {folder}")
    return sum(answers) / len(answers)


OTHERS.patch("only_small_suffixes", "Cameras write .JPG in capitals.", (".suffix.lower()", ".suffix"))
OTHERS.patch(
    "the_whole_name",
    "Only the first letter of the name counts: B-kitchen is a b.",
    ("file.name[0].lower()", "file.stem.lower()"),
)
OTHERS.patch(
    "capitals_are_wrong", "A capital letter in the name is the same letter.", ("file.name[0].lower()", "file.name[0]")
)
OTHERS.patch(
    "other_files_counted",
    "Files that aren't photos are counted as wrong answers.",
    ("return right / len(photos)", "return right / len(list(Path(folder).iterdir()))"),
)
OTHERS.patch(
    "folders_within_too",
    "rglob goes down into every folder: the photos of others are counted too.",
    ("Path(folder).iterdir()", 'Path(folder).rglob("*")'),
)
OTHERS.patch("jpeg_forgotten", ".jpeg is a photo too.", ('{".jpg", ".jpeg", ".png"}', '{".jpg", ".png"}'))


@OTHERS.mistake("Every file is opened as if it were a photo.", crashes=True)
def everything_opened(model, folder):
    files = list(Path(folder).iterdir())
    if not files:
        raise ValueError(f"there is no photo in {folder}")
    right = sum(predict_letter(model, Image.open(file)) == file.name[0].lower() for file in files)  # noqa: F821
    return right / len(files)


CHECK = '    if not photos:\n        raise ValueError(f"there is no photo in {folder}")\n'
EMPTY.patch("divided_by_nothing", "ZeroDivisionError does not say which folder was empty.", (CHECK, ""))
EMPTY.patch(
    "empty_is_zero", "An empty folder looks like a bad model.", (CHECK, "    if not photos:\n        return 0.0\n")
)
EMPTY.patch(
    "folder_not_named",
    "The message does not say which folder.",
    ('f"there is no photo in {folder}"', '"there is no photo"'),
)

# -- devices ------------------------------------------------------------------------------------------------------------

FROM_GPU = MISTAKES.caught_by("load_model", "test_a_file_from_a_gpu_is_read_without_one")
PHOTO_DEVICE = MISTAKES.caught_by("predict_letter", "test_the_photo_goes_to_the_device_of_the_network")

FROM_GPU.patch(
    "no_map_location",
    "Without map_location a file that was saved on a GPU can only be opened where there is one.",
    ('map_location="cpu", ', ""),
    crashes=True,
)
PHOTO_DEVICE.patch(
    "photo_left", "The photo stays on the CPU; the network may be on a GPU.", (".to(device)", ""), crashes=True
)
PHOTO_DEVICE.patch(
    "network_moved", devices.MOVED, ("model(preprocess(photo).to(device))", "model.cpu()(preprocess(photo))")
)
