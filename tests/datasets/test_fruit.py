"""Pocket fruit: layout, JPEGs, bytes, fresh hidden photos."""

import io

import numpy as np
import pytest
from PIL import Image

from course.datasets import fruit
from course.errors import CourseError
from course.pictures.press import press


def test_enough_photos_in_the_layout_of_the_real_data():
    assert sum(fruit.COUNTS.values()) * len(fruit.CLASSES) >= 840
    assert fruit.COUNTS["train"] * 6 >= 600
    assert fruit.COUNTS["valid"] * 6 >= 240
    assert sorted(fruit.CLASSES) == list(fruit.CLASSES)  # as ImageFolder numbers them


@pytest.mark.parametrize("label", fruit.CLASSES)
def test_a_photo_is_a_colour_jpeg_and_the_same_again(label):
    data = fruit.photo_bytes(label, 3, "train")
    assert data == fruit.photo_bytes(label, 3, "train")
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert image.size == (fruit.SIDE, fruit.SIDE)


def test_splits_and_seeds_give_different_photos():
    photos = [
        fruit.photo_bytes("freshapples", k, split) for k in (0, 1, 2**61) for split in ("train", "valid", "hidden")
    ]
    assert len(set(photos)) == 9


def test_unknown_names_are_refused():
    with pytest.raises(CourseError, match="freshpears"):
        fruit.photo("freshpears", 0)
    with pytest.raises(CourseError, match="test"):
        fruit.photo("freshapples", 0, "test")


def test_write_makes_the_folders_with_the_bytes_that_photo_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(fruit, "COUNTS", {"train": 2, "valid": 1})
    seen = []
    fruit.write(tmp_path, lambda done, total: seen.append((done, total)))
    assert seen == [(k, 18) for k in range(1, 19)]
    for split, count in fruit.COUNTS.items():
        assert sorted(p.name for p in (tmp_path / split).iterdir()) == list(fruit.CLASSES)
        for label in fruit.CLASSES:
            files = sorted((tmp_path / split / label).iterdir())
            assert [p.name for p in files] == [f"{k:03d}.jpg" for k in range(count)]
            assert files[0].read_bytes() == fruit.photo_bytes(label, 0, split)


def test_the_split_of_work_does_not_change_the_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(fruit, "COUNTS", {"train": 1, "valid": 1})
    fruit.write(tmp_path / "one", workers=0)
    fruit.write(tmp_path / "three", workers=3)
    for path in (tmp_path / "one").rglob("*.jpg"):
        assert path.read_bytes() == (tmp_path / "three" / path.relative_to(tmp_path / "one")).read_bytes()


def test_colours_of_the_classes_overlap():
    """Brightness alone must not tell rotten from fresh."""
    for fresh, rotten in zip(fruit.CLASSES[:3], fruit.CLASSES[3:]):
        one, two = (np.array([np.asarray(fruit.photo(c, k)).mean() for k in range(12)]) for c in (fresh, rotten))
        assert np.median(two) > one.min()
        assert np.median(one) < two.max()


def test_a_worker_that_fails_is_reported_with_its_words(tmp_path):
    with pytest.raises(CourseError, match="Only 0 of 1"):
        press(tmp_path, [("x.jpg", "course.datasets.fruit:nothing", ())])
