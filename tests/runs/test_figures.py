"""The pictures of a run: written whole, for every kind of image, with the marks that carry the meaning."""

import numpy as np
import pytest
import torch
from PIL import Image

from course.runs import figures
from course.training import History, Metrics

LETTERS = "abcdefghiklmnopqrstuvwxy"


def size(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.size


def colours(path):
    with Image.open(path) as picture:
        return {colour for _, colour in picture.convert("RGB").getcolors(1 << 24)}


def rgb(code):
    return tuple(int(code[i : i + 2], 16) for i in (1, 3, 5))


@pytest.mark.parametrize("epochs", [1, 2, 40])
@pytest.mark.parametrize("valid", [True, False])
def test_learning_curves(tmp_path, epochs, valid):
    history = History()
    for k in range(epochs):
        history.add(Metrics(1 / (k + 1), k / epochs), Metrics(1.2 / (k + 1), k / epochs) if valid else None)
    path = figures.learning_curves(history, tmp_path / "new" / "curves.png", "a title")
    assert size(path)[0] > size(path)[1] > 300
    assert rgb(figures.BLUE) in colours(path)
    assert (rgb(figures.ORANGE) in colours(path)) == valid


def test_curves_of_a_loss_that_ran_away(tmp_path):
    history = History()
    history.add(Metrics(float("nan"), 0.1), Metrics(float("inf"), 0.1))
    assert figures.learning_curves(history, tmp_path / "curves.png").is_file()


@pytest.mark.parametrize("names", ["ab", LETTERS, ["freshapples", "freshbanana", "rottenoranges"]])
def test_confusion_matrix(tmp_path, names):
    counts = np.diag(np.full(len(names), 40))
    counts[0, -1] = 1200
    path = figures.confusion_matrix(counts, names, tmp_path / "confusion.png")
    assert 400 < size(path)[0] < 2000


def test_confusion_matrix_of_a_class_that_never_comes(tmp_path):
    assert figures.confusion_matrix(np.zeros((3, 3), int), "abc", tmp_path / "confusion.png").is_file()


@pytest.mark.parametrize("count", [1, 8, 32])
def test_sheet_of_images(tmp_path, count):
    images = [torch.rand(784)] * count
    path = figures.images_with_labels(images, [1] * count, [1] * count, "abc", tmp_path / "sheet.png", [0.5] * count)
    assert rgb(figures.ORANGE) not in colours(path)
    wrong = figures.images_with_labels(images, [1] * count, [2] * count, "abc", tmp_path / "wrong.png", [0.5] * count)
    assert rgb(figures.ORANGE) in colours(wrong)


def test_augmented_calls_the_transform_seven_times_an_image(tmp_path):
    calls = []

    def transform(image):
        calls.append(image)
        return image.flip(-1)

    originals = [torch.rand(1, 28, 28) for _ in range(3)]
    kept = [image.clone() for image in originals]
    figures.augmented(originals, transform, tmp_path / "augmented.png")
    assert len(calls) == 21
    assert all(torch.equal(a, b) for a, b in zip(originals, kept))
    assert rgb(figures.BLUE) in colours(tmp_path / "augmented.png")


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (torch.rand(784), (28, 28)),
        (torch.rand(1, 9, 7), (9, 7)),
        (torch.rand(9, 7), (9, 7)),
        (torch.rand(3, 9, 7), (9, 7, 3)),
        (torch.rand(3, 9, 7).requires_grad_(), (9, 7, 3)),
        (np.full((1, 9, 7), 255, np.uint8), (9, 7)),
        (Image.new("RGB", (7, 9)), (9, 7, 3)),
        (torch.randn(3, 9, 7) * 3, (9, 7, 3)),  # normalised: stretched
    ],
)
def test_picture_of_any_image(image, shape):
    shown = figures.picture(image)
    assert shown.shape == shape
    assert 0 <= shown.min() <= shown.max() <= 1


def test_picture_keeps_values_within_0_to_1():
    values = torch.tensor([[0.2, 0.4]])
    assert np.allclose(figures.picture(values), values)


def test_flat_image_that_is_no_square():
    with pytest.raises(ValueError, match="785"):
        figures.picture(torch.rand(785))


def test_a_picture_appears_whole_or_not_at_all(tmp_path, monkeypatch):
    (tmp_path / "sheet.png").write_bytes(b"old")
    monkeypatch.setattr(figures.Figure, "savefig", lambda self, path, **_: (path.write_bytes(b"ha"), 1 / 0))
    with pytest.raises(ZeroDivisionError):
        figures.images_with_labels([torch.rand(4)], [0], [0], "a", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
