"""Pocket door photos: counts, layout, bytes."""

import io

import pytest
from PIL import Image

from course.datasets import door
from course.errors import CourseError


def test_as_few_and_as_unbalanced_as_the_original():
    assert door.COUNTS == {"train": {"bo": 19, "not_bo": 120}, "valid": {"bo": 10, "not_bo": 20}}


@pytest.mark.parametrize("label", door.CLASSES)
def test_a_photo_is_a_colour_jpeg_and_the_same_again(label):
    data = door.photo_bytes(label, 1, "valid")
    assert data == door.photo_bytes(label, 1, "valid")
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (door.SIDE, door.SIDE))


def test_write_makes_the_folders_of_the_course(tmp_path, monkeypatch):
    monkeypatch.setattr(door, "COUNTS", {"train": {"bo": 1, "not_bo": 3}, "valid": {"bo": 1, "not_bo": 1}})
    seen = []
    door.write(tmp_path, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (6, 6)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.jpg"))
    assert files == [
        "train/bo/000.jpg",
        "train/not_bo/000.jpg",
        "train/not_bo/001.jpg",
        "train/not_bo/002.jpg",
        "valid/bo/000.jpg",
        "valid/not_bo/000.jpg",
    ]
    assert (tmp_path / "valid/bo/000.jpg").read_bytes() == door.photo_bytes("bo", 0, "valid")


def test_splits_and_seeds_give_different_photos():
    photos = [door.photo_bytes("bo", k, split) for k in (0, 1, 2**61) for split in ("train", "valid", "hidden")]
    assert len(set(photos)) == 9


def test_unknown_names_are_refused():
    with pytest.raises(CourseError, match="barney"):
        door.photo("barney", 0)


def test_a_visitor_is_what_the_photo_was_drawn_of():
    """The kind is the first draw of a photo's own random numbers, so asking for it draws no photo."""
    kinds = [door.visitor("not_bo", seed, "valid") for seed in range(20)]
    assert set(kinds) == {"dog", "cat", "thing"}
    assert door.visitor("bo", 0) == "dog"
    assert kinds == [door.visitor("not_bo", seed, "valid") for seed in range(20)]
