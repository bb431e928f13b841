"""The files of the signs: a lone training CSV is split by shot, and photos are looked for apart."""

import numpy as np
import pytest

from course.datasets import store, tiers
from course.datasets.sets import asl
from course.datasets.signs import LETTERS, read_signs, shots, write_signs
from course.errors import CourseError


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty data folder; pocket data are a stand-in that costs nothing."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    monkeypatch.setattr(store, "ensure", lambda name, quiet=False: tmp_path / "pocket" / name)
    return tmp_path


def some_signs(seed=0):
    rng = np.random.default_rng(seed)
    shot = rng.integers(20, 230, (8, 1, 28, 28))
    images = np.clip(shot + rng.normal(0, 8, (8, 5, 28, 28)), 0, 255).astype(np.uint8).reshape(40, 28, 28)
    return images, np.repeat([0, 24], 20)


@pytest.fixture
def full_asl(data):
    (data / "asl").mkdir()
    write_signs(data / "asl" / asl.TRAIN_CSV, *some_signs())
    return data / "asl"


def test_lone_training_csv_is_split_by_shot_once(full_asl):
    found = tiers.locate("asl")
    assert found.tier == "full"
    train, valid = asl.tables(found.path)
    assert train.parent == valid.parent != full_asl
    (a, la), (b, lb) = read_signs(train), read_signs(valid)
    assert len(a) + len(b) == 40
    group = shots(np.concatenate([a, b]), np.concatenate([la, lb]))
    assert not set(group[: len(a)]) & set(group[len(a) :])
    stamp = train.stat().st_mtime_ns
    assert asl.tables(found.path) == (train, valid)
    assert train.stat().st_mtime_ns == stamp
    write_signs(full_asl / asl.TRAIN_CSV, *some_signs(1))
    assert asl.tables(found.path)[0] != train
    assert not list(full_asl.glob(".*"))


def test_split_goes_to_the_runs_where_the_data_cannot_be_written(full_asl, monkeypatch, data):
    whole = asl._split_into

    def split(train, home):
        if home.parent == full_asl:
            raise PermissionError(13, "Permission denied")
        whole(train, home)

    monkeypatch.setattr(asl, "_split_into", split)
    train, _ = asl.tables(tiers.locate("asl").path)
    assert train.is_relative_to(data / "runs")

    def nowhere(train, home):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(asl, "_split_into", nowhere)
    write_signs(full_asl / asl.TRAIN_CSV, *some_signs(2))
    with pytest.raises(CourseError, match="no validation CSV"):
        asl.tables(tiers.locate("asl").path)


@pytest.mark.parametrize("name", asl.VALID_CSVS)
def test_validation_csv_beside_it_is_used(full_asl, name):
    write_signs(full_asl / name, *some_signs(1))
    assert asl.tables(tiers.locate("asl").path) == (full_asl / asl.TRAIN_CSV, full_asl / name)


def test_photos_are_looked_for_apart(full_asl, data):
    assert asl.photos().tier == "pocket"
    assert asl.photos().path == data / "pocket" / "asl" / "photos"
    (full_asl / "photos").mkdir()
    for i, letter in enumerate(LETTERS):
        with pytest.raises(CourseError, match="photos"):
            asl.photos("full")
        (full_asl / "photos" / f"{letter}.{'png' if i % 2 else 'jpg'}").write_bytes(b"x")
    assert asl.photos().path == full_asl / "photos"
    assert asl.photos("pocket").tier == "pocket"
