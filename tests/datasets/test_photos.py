"""Photos of every mode become upright RGB; damaged ones and wrong folders are named."""

import io

import numpy as np
import pytest
from PIL import Image

from course.datasets.photos import check_image_folder, open_rgb
from course.errors import CourseError


def gradient(width=40, height=20):
    """Red grows to the right, green downwards."""
    x, y = np.meshgrid(np.linspace(0, 250, width), np.linspace(0, 250, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 30)], axis=2).astype(np.uint8))


def refused(path):
    with pytest.raises(CourseError) as caught:
        open_rgb(path)
    assert str(path) in caught.value.problem
    assert caught.value.cure
    return caught.value.problem


def near(picture, wanted, tolerance=6):
    assert picture.mode == "RGB"
    assert picture.size == wanted.size
    assert np.abs(np.asarray(picture, int) - np.asarray(wanted, int)).mean() < tolerance


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L", "1", "P"])
def test_modes(tmp_path, mode):
    picture = gradient().convert(mode)
    path = tmp_path / ("x.jpg" if mode == "CMYK" else "x.png")
    picture.save(path, quality=95)
    near(open_rgb(path), picture.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_pixels_are_laid_on_white(tmp_path, mode):
    """Under alpha 0 lies any colour; to drop alpha would bring it to light."""
    picture = gradient().convert("RGBA")
    alpha = np.asarray(picture).copy()
    alpha[:, :20, 3] = 0
    picture = Image.fromarray(alpha)
    if mode == "P":
        picture = picture.quantize(64, method=Image.Quantize.FASTOCTREE)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "x.png")
    read = np.asarray(open_rgb(tmp_path / "x.png"), int)
    assert (read[:, :18] > 250).all()
    assert (read[:, 22:].mean(axis=(0, 1)) < 240).all()


def test_half_transparent_is_mixed(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 128)).save(tmp_path / "x.png")
    assert np.abs(np.asarray(open_rgb(tmp_path / "x.png"), int) - 127).max() <= 1


def test_sixteen_bit_grey_is_scaled_not_clipped(tmp_path):
    Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)).save(tmp_path / "x.png")
    assert np.asarray(open_rgb(tmp_path / "x.png"))[0, :, 0].tolist() == pytest.approx([0, 127, 255], abs=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation(tmp_path, orientation):
    """All eight orientations show the same upright picture."""
    upright = gradient()
    back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for step in back.get(orientation, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "x.jpg", exif=exif, quality=95)
    near(open_rgb(tmp_path / "x.jpg"), upright)


def test_webp_under_a_jpg_name(tmp_path):
    gradient().save(tmp_path / "x.jpg", format="WEBP")
    assert open_rgb(tmp_path / "x.jpg").size == (40, 20)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_beside_a_good_picture(tmp_path):
    gradient().save(tmp_path / "x.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    assert open_rgb(tmp_path / "x.jpg").size == (40, 20)


def jpeg():
    data = io.BytesIO()
    gradient(200, 200).save(data, format="JPEG", quality=95)
    return data.getvalue()


def test_truncated_jpeg(tmp_path):
    (tmp_path / "x.jpg").write_bytes(jpeg()[:-400])
    assert "is damaged" in refused(tmp_path / "x.jpg")
    assert "truncated" in refused(tmp_path / "x.jpg")


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"<html>not found</html>", "is not a picture"), (jpeg()[:200], "x.jpg")],
    ids=["empty", "a web page", "head only"],
)
def test_no_picture(tmp_path, content, says):
    (tmp_path / "x.jpg").write_bytes(content)
    assert says in refused(tmp_path / "x.jpg")


def test_truncated_png(tmp_path):
    gradient(200, 200).save(tmp_path / "x.png")
    data = (tmp_path / "x.png").read_bytes()
    (tmp_path / "x.png").write_bytes(data[: len(data) // 2])
    refused(tmp_path / "x.png")


def test_absent(tmp_path):
    assert "is not there" in refused(tmp_path / "x.jpg")


# Folders

CLASSES = ("fresh", "rotten")


@pytest.fixture
def folder(tmp_path):
    for name, count in zip(CLASSES, (3, 2)):
        (tmp_path / name).mkdir()
        for i in range(count):
            gradient().save(tmp_path / name / f"{i}.JPG")
    return tmp_path


def folder_refused(folder, *words):
    with pytest.raises(CourseError) as caught:
        check_image_folder(folder, CLASSES)
    for word in words:
        assert str(word) in str(caught.value)
    assert caught.value.cure


def test_good_folder(folder):
    (folder / "fresh" / "Thumbs.db").write_bytes(b"x")
    (folder / "readme.txt").write_text("x")
    assert check_image_folder(folder, CLASSES) == {"fresh": 3, "rotten": 2}


def test_missing_folder(tmp_path):
    folder_refused(tmp_path / "none", tmp_path / "none", "fresh, rotten")


def test_missing_class(folder):
    (folder / "rotten").rename(folder / "Rotten")
    folder_refused(folder, "no folder 'rotten'", "There is a folder 'Rotten': rename it")


def test_empty_class(folder):
    for path in (folder / "rotten").iterdir():
        path.unlink()
    (folder / "rotten" / "Thumbs.db").write_bytes(b"x")
    folder_refused(folder, folder / "rotten", "no pictures")


def test_folder_that_is_no_class(folder):
    """Jupyter leaves .ipynb_checkpoints, and ImageFolder would number it as class 0 and shift all labels."""
    (folder / ".ipynb_checkpoints").mkdir()
    folder_refused(folder, folder / ".ipynb_checkpoints", "Delete it")


def test_corrupt_photo_in_a_folder(folder):
    (folder / "rotten" / "1.JPG").write_bytes(jpeg()[:-400])
    folder_refused(folder, folder / "rotten" / "1.JPG", "damaged")
    assert check_image_folder(folder, CLASSES, decode=False)["rotten"] == 2
