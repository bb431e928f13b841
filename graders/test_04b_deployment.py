"""Grader of project 04b: deployment.

pytest graders/test_04b_deployment.py
"""

import functools
import io
from pathlib import Path

import numpy as np
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from course.catalog import project
from course.checks.builders import brightness_net, letter_net, moody_net, sign_net
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
)
from course.checks.probes import copy_parameters, is_training, seen_by, state_of, trainable_of
from course.checks.seeds import drawn, fixed
from course.checks.session import StudentRaised
from course.models.signs import sign_network_state
from graders.kit import gpu
from graders.kit.camera import (
    expect_left_as_it_was,
    expect_not_black,
    lying,
    lying_in_every_way,
    transparent,
)
from graders.kit.general import (
    LETTERS,
    any_order,
    even_photo,
    inner_square,
    panorama,
    photo,
    saved,
    scene,
    specks,
    trap_file,
    unseen_photos,
)
from graders.kit.pages import show_prepared, show_readings
from graders.kit.photos import opened
from graders.kit.worker.pictures import path_object, photo_from, repaint
from graders.kit.worker.specimens import a_path, named_net

THRESHOLD = project("04b").thresholds["photo_accuracy"]

# -- load_model ---------------------------------------------------------------------------------------------------------


def _net(seed: int):
    return moody_net(features=16, classes=4, seed=drawn(seed))


@check(
    "load_model",
    title="the weights of the file are in the model",
    points=2,
    hint="Which method puts a state dict into a network, and in which mode is a network used?",
)
def test_the_numbers_of_the_file_are_in_the_model(student, lab):
    """Parameters and running statistics, all of them; and eval mode, ready for use. What could be trained still can be."""
    state, given_model = _other_state(), lab.build(_net(2))
    model = student.load_model(lab.file("model.pt", saved(state)), given_model)
    for which, what in ((model, "the loaded model"), (given_model, "the model that was given")):
        expect_same(state_of(which), state, f"numbers of {what}")
        expect(not is_training(which), "{thing} is in train mode", thing=what)
    state, given_model = state_of(lab.build(named_net(seed=drawn(1)))), lab.build(named_net(seed=drawn(2)))
    flags = trainable_of(given_model)
    model = student.load_model(a_path(text=lab.file("named.v2", saved(state))), given_model)
    expect_same(state_of(model), state, "numbers of the loaded model")
    other = [name for name, flag in trainable_of(model).items() if flag != flags[name]]
    expect(not other, "after loading trainable or not any more: {names}", names=", ".join(other[:4]))
    one, another, second = lab.build(_net(2)), lab.build(_net(3)), state_of(lab.build(_net(4)))
    first, then = _other_state(), "the model that was given, from a file that is another one by now"
    for content, which, what in ((first, one, "a model"), (first, another, "a second model"), (second, one, then)):
        student.load_model(lab.file("again.pt", saved(content)), which)
        expect_same(state_of(which), content, f"numbers of {what}")
    copy_parameters(one, another)  # it learns something else, and is loaded once more
    expect_same(
        state_of(student.load_model(lab.path("again.pt"), one)), second, "numbers of a model that was loaded again"
    )


def _other_state():
    """The state of a moody net with other running statistics than a fresh one has."""
    net = moody_net.build(features=16, classes=4, seed=drawn(1))
    net(torch.rand(8, 16, generator=torch.Generator().manual_seed(drawn(0))))
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


@check(
    "load_model",
    points=2,
    hint="A stranger's pickle can run code when it is opened. Which argument of `torch.load` refuses that?",
)
def test_a_file_that_carries_code_is_refused(student, lab):
    """A pickle can run anything. weights_only=True reads tensors only."""
    path, marker = lab.file("trap.pt", b""), lab.file("marker", b"untouched")
    lab.file("trap.pt", trap_file(marker))
    try:
        student.load_model(path, lab.build(_net(2)))
        refused = False
    except StudentRaised:
        refused = True
    expect_equal(lab.read(marker), b"untouched", "a file that the trap would overwrite")
    expect(refused, "a file that holds more than numbers was accepted")
    _expect_loaded(student, lab, _other_state())


@check("load_model", points=1, hint="If the file has no weights for the head, what are its outputs worth?")
def test_a_file_of_another_network_is_refused(student, lab):
    """Missing or foreign names mean another architecture; a half-filled network answers nonsense."""
    state = _other_state()
    for what, wrong in _others(state).items():
        try:
            student.load_model(lab.file("wrong.pt", saved(wrong)), lab.build(_net(2)))
        except StudentRaised:
            continue
        expect(False, "a file {thing} was loaded without an error", thing=what)
    _expect_loaded(student, lab, state)


def _expect_loaded(student, lab, state):
    """The call that refuses a bad file takes a good one: numbers of it are in the model."""
    given, name = lab.build(_net(2)), "head.weight"
    student.load_model(lab.file("model.pt", saved(state)), given)
    expect_same({name: state_of(given)[name]}, {name: state[name]}, "numbers of the model, from a good file")


def _others(state: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor]]:
    """States of other networks, by what they are."""
    without = lambda part: {name: value for name, value in state.items() if not name.startswith(part)}  # noqa: E731
    prefixes = ("model.", "module.", "_orig_mod.", "net.", "state_dict.")
    named = {f"with {p} before each name": {p + name: value for name, value in state.items()} for p in prefixes}
    return {
        "without its last layer": without("head"),
        "without one bias": without("hidden.bias"),
        "without running statistics": without("norm.running_mean"),
        "with other names": {name.replace("hidden", "first"): value for name, value in state.items()},
        "with names in capitals": {name.upper(): value for name, value in state.items()},
        "with one name more": {**state, "extra.weight": torch.zeros(2)},
        "with a layer of another width": {**state, "head.weight": torch.zeros(4, 20)},
        "with a layer for more classes": {**state, "head.weight": torch.zeros(9, 16), "head.bias": torch.zeros(9)},
        "with one prefix": {("module." + n if n == "head.bias" else n): value for n, value in state.items()},
        "of no network": {},
        **named,
    }


# -- preprocess ---------------------------------------------------------------------------------------------------------


def _reference(image: Image.Image) -> torch.Tensor:
    """Upright, grey, central square, 28 x 28 by averaging: float32 (1, 1, 28, 28)."""
    upright = ImageOps.exif_transpose(image).convert("RGB").convert("L")
    side = min(upright.size)
    left, top = (upright.width - side) // 2, (upright.height - side) // 2
    small = upright.crop((left, top, left + side, top + side)).resize((28, 28), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(small).copy()).view(1, 1, 28, 28).float() / 255


def _expect_like(tensor, image: Image.Image, what: str) -> None:
    expect_tensor(tensor, what, shape=(1, 1, 28, 28), dtype=torch.float32, low=0.0, high=1.0)
    wanted = _reference(image)
    # Filters, the order of greying and shrinking, and a half pixel in the crop differ among right solutions by a mean of 0.01
    # (bilinear against bicubic, box, or torchvision, on the scenes used here); a wrong crop or turn gives 0.1 and more;
    # 0.03 stands between.
    distance = float((tensor - wanted).abs().mean())
    if distance > 0.03:
        expect_close(tensor, wanted, what, rtol=0, atol=0.1)
        expect(False, "{thing}: the values are off by {distance:.3f} on average", thing=what, distance=distance)


@check(
    "preprocess", points=2, hint="Print shape, dtype, minimum and maximum. Are they what the network saw in training?"
)
def test_a_photo_becomes_a_batch_of_one_sign(student, lab):
    """(1, 1, 28, 28), float32, 0 to 1: grey, square, small."""
    show_prepared(student, lab)
    for image in (*map(scene, ((300, 300), (320, 240), (240, 320), (1200, 900))), panorama()):
        size = image.size
        _expect_like(student.preprocess(photo(image)), image, f"a photo of {size[0]} x {size[1]}")
    other = ImageOps.mirror(scene((300, 300)))
    _expect_like(student.preprocess(photo(other)), other, "another photo of 300 x 300, after the first")
    for name, colour in (("red", (255, 0, 0)), ("green", (0, 255, 0)), ("blue", (0, 0, 255))):
        grey = float(
            expect_tensor(student.preprocess(photo(Image.new("RGB", (40, 40), colour))), f"pure {name}").mean()
        )
        # 0.05 to 0.95: Pillow's grey of them is 0.30, 0.59 and 0.11, the mean of three channels 0.33
        expect(
            0.05 < grey < 0.95,
            "pure {name} has the grey value {grey:.2f}: do all channels count?",
            name=name,
            grey=grey,
        )
    expect_left_as_it_was(lab, student.preprocess)
    for then in (scene((300, 300)), other):
        given = lab.build(photo_from(path=lab.file("now.png", photo(then).content)))
        _expect_like(student.preprocess(given), then, "a photo whose file was another one before")
    repaint(given, photo(scene((300, 300))))
    _expect_like(student.preprocess(given), scene((300, 300)), "a photo that was painted over since it was read")


@check(
    "preprocess",
    title="every image mode can be read",
    points=2,
    hint="What do the values of a mode P image mean? Which Pillow method turns any mode into grey?",
)
def test_every_image_mode_is_read(student):
    """RGB, RGBA, L, LA, P, 1 and CMYK: files come in all of them."""
    base = scene((200, 240))
    for mode, kind in (
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("CMYK", "TIFF"),
        ("1", "PNG"),
    ):
        image = base.quantize(64) if mode == "P" else base.convert(mode)
        _expect_like(student.preprocess(photo(image, kind)), image, f"a photo of mode {mode}")
    for mode, content in transparent():
        expect_not_black(float(expect_tensor(student.preprocess(content), f"a photo of mode {mode}").mean()), mode)


@check(
    "preprocess",
    title="a photo taken sideways is turned upright",
    points=2,
    hint="A phone stores how it was held in the EXIF data. Which function of `PIL.ImageOps` applies it?",
)
def test_a_lying_photo_is_turned_upright(student):
    """EXIF orientation: the pixels lie, or are mirrored, and the tag says how to turn them."""
    for what, content in lying_in_every_way((300, 200)):
        _expect_like(student.preprocess(content), opened(content), what)


@check(
    "preprocess", points=1, hint="A photo is 300 wide and 200 high. Which of its pixels are the square in the middle?"
)
def test_the_square_in_the_middle_is_cut_out(student):
    """Squeezing a broad photo into a square makes thin fingers; cutting at the left loses the hand."""
    # the central square is white and the rest black; in a class light on dark or dark on light, how light and how dark drawn anew
    for number in range(1 if fixed() else 3):
        light = 255 if fixed() else drawn(number) % 256
        beside = 0 if light > 127 else 255  # whichever is farther from it
        pixels = np.full((120, 360, 3), beside, np.uint8)
        pixels[:, 120:240] = light
        found = student.preprocess(photo(Image.fromarray(pixels)))
        expect_tensor(found, "a broad photo", shape=(1, 1, 28, 28))
        # 0.04: at most half a column of 28 on each side may mix with what is beside it
        expect_close(float(found.mean()), light / 255, "mean of the central square", rtol=0, atol=0.04)
    share = float(expect_tensor(student.preprocess(photo(inner_square((560, 280)))), "a square in a square").mean())
    # 0.02: filters change this mean by 0.003; where a tenth of the margin is lost it is 0.05 more
    expect(
        abs(share - 0.25) < 0.02,
        "a square that fills 0.25 of the central square fills {share:.2f} of what comes out: its margin is lost, or more is seen",
        share=share,
    )


@check(
    "preprocess",
    points=1,
    hint="One pixel of the small picture covers many of the photo. Does your resize average them all?",
)
def test_shrinking_averages_over_all_pixels(student):
    """Without antialiasing most of a large photo is ignored, and single specks become large ones."""
    # in a class each quarter has a share of white of its own
    shares = () if fixed() else tuple((0.2, 0.5, 0.8)[drawn(number) % 3] for number in range(4))
    found = student.preprocess(specks(560, *shares))
    expect_tensor(found, "fine specks", shape=(1, 1, 28, 28))
    wanted = torch.tensor(shares or (0.5,) * 4).view(2, 2).repeat_interleave(14, 0).repeat_interleave(14, 1)
    off = (found - wanted).abs()
    off[..., 13:15, :] = off[..., 13:15] = 0  # filters mix the quarters where they meet
    # each pixel that is left stands for 400 of 0 or 1: 0.5 give or take 0.025, and hardly ever 0.1; a mean of four is off by 0.25
    expect(
        float(off.max()) < 0.15,
        "fine specks of black and white give {least:.2f} to {most:.2f}, not an even grey",
        least=float(found.min()),
        most=float(found.max()),
    )


@check(
    "preprocess",
    points=1,
    hint="Try a photo of 1 × 1 and one of 2 × 300 pixels. How large is the square in the middle?",
)
@given(width=st.integers(1, 60), height=st.integers(1, 60), grey=st.integers(0, 255))
@example(width=9, height=9, grey=1)
def test_tiny_and_odd_photos_work(student, width, height, grey):
    """Any size, down to one pixel; an even grey stays that grey."""
    found = student.preprocess(photo(Image.new("RGB", (width, height), (grey, grey, grey))))
    expect_tensor(found, f"a photo of {width} x {height}", shape=(1, 1, 28, 28), dtype=torch.float32)
    # 2 / 255: the weights of grey and of the filter round
    expect_close(found, torch.full((1, 1, 28, 28), grey / 255), f"an even grey of {grey}", rtol=0, atol=2 / 255)


# -- predict_letter -----------------------------------------------------------------------------------------------------


@check("predict_letter", points=2, needs=("preprocess",), hint="There is no j in the data. Which letter is class 9?")
def test_each_class_is_its_letter(student, lab):
    """From k on, chr(97 + class) is one letter off."""
    classes = list(range(24)) if fixed() else any_order(drawn(0), 24)
    found = [student.predict_letter(lab.build(letter_net(index=k)), photo(scene((60, 60)))) for k in classes]
    expect_equal(found, [LETTERS[k] for k in classes], "letters of the classes 0 to 23")
    # photos of one file, which is replaced in between, by two models: who remembers files by their names knows the old letter
    for model, kind, letter in ((brightness_net(), 1, "b"), (brightness_net(), 9, "k"), (letter_net(index=3), 9, "d")):
        given = lab.build(photo_from(path=lab.file("now.png", even_photo(kind, "png"))))
        said = student.predict_letter(lab.build(model), given)
        expect_equal(
            said, letter, "the letter of a photo whose file was another one before, or was read by another model"
        )
    given, model = lab.build(photo_from(path=lab.file("now.png", even_photo(1, "png")))), lab.build(brightness_net())
    for kind, letter in ((1, "b"), (9, "k")):
        repaint(given, photo(Image.open(io.BytesIO(even_photo(kind, "png")))))
        said = student.predict_letter(model, given)
        expect_equal(said, letter, "the letter of a photo that was painted over since it was read")


@check(
    "predict_letter",
    points=1,
    needs=("preprocess",),
    hint="Print the shape that goes into the model. Is it what `preprocess` returned?",
)
def test_the_network_sees_the_preprocessed_photo(student, lab):
    """One batch of one, 28 x 28, grey, 0 to 1."""
    image = scene((240, 120))
    for content in (photo(image), lying(ImageOps.mirror(image), 6)):
        model = lab.build(letter_net(index=3))
        student.predict_letter(model, content)
        shown = seen_by(model)
        expect(len(shown) > 0, "the network was not asked")
        for _, batch in shown:
            _expect_like(batch, opened(content), "what the network was shown")


@check(
    "predict_letter",
    title="it reads letters on unseen photos",
    points=2,
    needs=("preprocess",),
    hint="Look at what `preprocess` makes of a photo. Does it look like a training picture?",
)
def test_letters_on_unseen_photos(student, lab):
    """Colour photos by signers that the network has not met, through your whole chain. Guessing gives 0.04."""
    model = lab.build(sign_net(seed=0, state=sign_network_state()))
    pictures = lab.exam(unseen_photos)
    read = [(picture, student.predict_letter(model, picture), letter) for letter, picture in pictures]
    right = sum(said == letter for _, said, letter in read)
    show_readings(lab, read)
    expect_at_least(right / len(pictures), THRESHOLD, f"share of {len(pictures)} unseen photos that are read right")


# -- evaluate_folder ----------------------------------------------------------------------------------------------------


def _folder(lab, names):
    """A folder of even grey photos: `names` maps a file name to the class whose brightness it gets, or to raw bytes."""
    contents = {n: c if isinstance(c, bytes) else even_photo(c, n.rpartition(".")[2]) for n, c in names.items()}
    return lab.files(contents)


COUNT = ("none", "one", "two", "three", "four")


def _some_right(photos: dict[str, int]) -> tuple[dict[str, int], int]:
    """Four photos, all right, of which the last is spoiled, or in a class one to three that are drawn anew; how many are right."""
    wrong = [3] if fixed() else any_order(drawn(0), 4)[: 1 + drawn(1) % 3]
    spoiled = {name: (k + 4 + 1) % 24 if place in wrong else k for place, (name, k) in enumerate(photos.items())}
    return spoiled, 4 - len(wrong)


# pictures, each too bright for its letter, whose names do not end as a photo's does
NO_PHOTOS = {
    name: photo(Image.new("L", (8, 8), 255), kind).content
    for name, kind in (
        ("f.gif", "GIF"),
        ("g.bmp", "BMP"),
        ("h.tiff", "TIFF"),
        ("i", "PNG"),
        ("knotapng", "PNG"),
        ("ljpg", "JPEG"),
        ("m.p", "PNG"),
        ("n.jpg.part", "JPEG"),
        ("o.png~", "PNG"),
    )
}


@check(
    "evaluate_folder",
    points=2,
    needs=("preprocess", "predict_letter"),
    hint="Three right answers out of four: which number should come out?",
)
def test_it_is_the_fraction_of_photos_that_are_read_right(student, lab):
    """The letter stands in the file's name; letters after the gap count as the others."""
    photos, right = _some_right({"a.png": 0, "k.png": 9, "y.jpg": 23, "b.png": 1})
    folder = _folder(lab, photos)
    value = student.evaluate_folder(lab.build(brightness_net()), folder)
    # 1e-6: one photo of four more or less is 0.25
    expect_close(
        expect_float(value, "the accuracy"), right / 4, f"{COUNT[right]} right of four photos", rtol=0, atol=1e-6
    )
    # another model, and the folder as a Path
    value = student.evaluate_folder(lab.build(letter_net(index=9)), lab.build(path_object(path=folder)))
    expect_close(value, 0.25, "the same photos, by a model that always says k", rtol=0, atol=1e-6)
    model, names = lab.build(brightness_net()), ("a.png", "b.png")
    folder = _folder(lab, dict.fromkeys(names, 0))
    for kind, wanted in ((0, 0.5), (5, 0.0)):  # the same names in the same folder, and other photos
        for name in names:
            lab.file(f"{Path(folder).name}/{name}", even_photo(kind, "png"))
        value = student.evaluate_folder(model, folder)
        expect_close(value, wanted, "a folder whose photos are others by now", rtol=0, atol=1e-6)
    seven = _folder(lab, {"attic.png": 0, "a_2.png": 5, "a3.png": 5, "b.png": 5, "b2.png": 1, "c.png": 5, "d.png": 5})
    value = student.evaluate_folder(lab.build(brightness_net()), seven)
    # 1e-6: rounded to two or three places it is off by 2e-4 and more
    expect_close(value, 2 / 7, "two right of seven photos", rtol=0, atol=1e-6)


@check(
    "evaluate_folder", points=1, needs=("preprocess", "predict_letter"), hint="Is README.md a photo? Is B-kitchen.JPG?"
)
def test_other_files_are_ignored_and_names_may_differ(student, lab):
    """Real folders hold other files too, and people name their photos as they like."""
    photos, right = _some_right({"B-kitchen.JPG": 1, "c_2.jpeg": 2, "D.PNG": 3, "e.v2.final.png": 4})
    said = f"{COUNT[right]} right of four photos"
    others = {"README.md": b"about these photos", "Thumbs.db": b"\0", "unsorted/f.png": 9}
    value = student.evaluate_folder(lab.build(brightness_net()), _folder(lab, {**photos, **others}))
    # 1e-6, here and below: one photo of five more or less is 0.2
    expect_close(value, right / 4, f"{said}, among other files", rtol=0, atol=1e-6)
    for name, content in NO_PHOTOS.items():
        value = student.evaluate_folder(lab.build(brightness_net()), _folder(lab, {**photos, name: content}))
        expect_close(value, right / 4, f"{said}, beside {name}", rtol=0, atol=1e-6)
    try:  # a photo that cannot be read stops the count, or is not read right
        value = student.evaluate_folder(lab.build(brightness_net()), _folder(lab, {**photos, "f.png": b"\x89PNG, cut"}))
    except StudentRaised:
        return
    what = f"{COUNT[right]} right of five photos, of which one cannot be read"
    expect_close(value, right / 5, what, rtol=0, atol=1e-6)


@check(
    "evaluate_folder",
    points=1,
    needs=("preprocess", "predict_letter"),
    hint="Without photos you would divide by zero. What does the user need to read in the error?",
)
def test_a_folder_without_photos_is_an_error_that_names_it(student, lab):
    """A wrong path must not look like a bad model."""
    folder = _folder(lab, {"README.md": b"nothing here"})
    try:
        student.evaluate_folder(lab.build(brightness_net()), folder)
    except StudentRaised as fault:
        expect_equal(fault.type, "ValueError", "the type of the error")
        expect(folder in fault.text, "the message does not name the folder: {text}", text=fault.text[:120])
    else:
        expect(False, "a folder without photos gave no error")
    # and the same call works where there is one
    value = student.evaluate_folder(lab.build(brightness_net()), _folder(lab, {"a.png": 0}))
    # 1e-6: there is nothing between no photo of one and one of one
    expect_close(value, 1.0, "one right photo of one", rtol=0, atol=1e-6)


# -- bonuses ------------------------------------------------------------------------------------------------------------


@bonus(
    "evaluate_folder",
    ready_for="a folder called a.png",
    needs=("preprocess", "predict_letter"),
    hint="A name does not make a file. What does pathlib offer to tell files from folders?",
)
def test_a_folder_whose_name_ends_like_a_photos_is_ignored(student, lab):
    """Nobody means to have such a folder, but archives are unpacked into folders of their own name."""
    content = {"B.JPG": 1, "c.png": 2, "D.PNG": 9, "a.png/b.txt": b"in a folder called a.png"}
    value = student.evaluate_folder(lab.build(brightness_net()), _folder(lab, content))
    # 1e-6: one photo of three more or less is 0.33
    expect_close(value, 2 / 3, "two right of three photos, beside a folder called a.png", rtol=0, atol=1e-6)


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "load_model",
    ready_for="files from a GPU",
    hint="Look at `help(torch.load)`. Which argument says where tensors from a GPU should go?",
)
def test_a_file_from_a_gpu_is_read_without_one(student, lab):
    """A file remembers on which device its tensors were. Without a GPU it can only be opened by saying where they should go."""
    path, state = gpu.file_from_gpu(lab)
    model = student.load_model(path, lab.build(gpu.flat_net()))
    expect_same(state_of(model), state, "numbers of a file that was saved on a GPU")


@bonus(
    "predict_letter",
    ready_for="a GPU",
    needs=("preprocess",),
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_the_photo_goes_to_the_device_of_the_network(student, lab):
    """`preprocess` gives a tensor on the CPU; the network may be on a GPU."""
    net = functools.partial(sign_net, seed=0, state=sign_network_state())
    letter = lambda model: student.predict_letter(model, photo(scene((60, 60))))  # noqa: E731
    gpu.expect_answers(lab, net, letter, "the letter")
