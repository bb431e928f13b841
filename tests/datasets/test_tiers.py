"""Which data are used: argument, environment, what is there; and what is said when they are not there or damaged."""

import numpy as np
import pytest

from course import paths
from course.datasets import digits, store, tiers
from course.datasets.signs import read_signs, shots, write_signs
from course.errors import CourseError


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty data folder; pocket data are a stand-in that costs nothing."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    monkeypatch.setattr(store, "ensure", lambda name, quiet=False: tmp_path / "pocket" / name)
    return tmp_path


@pytest.fixture
def full_mnist(data):
    digits.write(data / "mnist", seed=1, train_count=20, valid_count=20)
    return data / "mnist"


def some_signs(seed=0):
    rng = np.random.default_rng(seed)
    shot = rng.integers(20, 230, (8, 1, 28, 28))
    images = np.clip(shot + rng.normal(0, 8, (8, 5, 28, 28)), 0, 255).astype(np.uint8).reshape(40, 28, 28)
    return images, np.repeat([0, 24], 20)


@pytest.fixture
def full_asl(data):
    (data / "asl").mkdir()
    write_signs(data / "asl" / tiers.TRAIN_CSV, *some_signs())
    return data / "asl"


@pytest.mark.parametrize("name", ["mnist", "asl", "fruits", "presidential"])
def test_pocket_where_nothing_is_there(data, name):
    found = tiers.locate(name)
    assert found.tier == "pocket"
    assert found.path == data / "pocket" / name
    assert "pocket" in found.note
    assert "is not there" in found.note
    assert "\n" not in found.note


@pytest.mark.parametrize("name", ["mnist", "asl", "fruits", "presidential"])
def test_full_asked_for_but_absent(data, name):
    with pytest.raises(CourseError) as caught:
        tiers.locate(name, "full")
    assert str(data / name) in caught.value.problem
    assert str(data / name) in caught.value.cure


def test_full_where_it_is_there(full_mnist):
    found = tiers.locate("mnist")
    assert (found.tier, found.path) == ("full", full_mnist)
    assert "full" in found.note


def test_environment_chooses_and_the_argument_is_stronger(full_mnist, monkeypatch):
    monkeypatch.setenv("COURSE_TIER", "pocket")
    assert tiers.locate("mnist").tier == "pocket"
    assert tiers.locate("mnist", "full").tier == "full"
    monkeypatch.setenv("COURSE_TIER", "")
    assert tiers.locate("mnist").tier == "full"
    monkeypatch.setenv("COURSE_TIER", "big")
    with pytest.raises(CourseError, match="COURSE_TIER says 'big'"):
        tiers.locate("mnist")
    with pytest.raises(CourseError, match="--data says 'huge'"):
        tiers.locate("mnist", "huge")


def test_unknown_name(data):
    with pytest.raises(CourseError, match="no data set called 'cifar'"):
        tiers.locate("cifar")


def test_gz_files_that_were_dropped_in_are_unpacked(full_mnist):
    from torchvision.datasets import MNIST

    for path in (full_mnist / "MNIST" / "raw").glob("*ubyte"):
        path.unlink()
    assert tiers.locate("mnist").tier == "full"
    assert len(MNIST(full_mnist, train=True)) == 20


def test_truncated_gz_that_was_dropped_in(full_mnist):
    raw = full_mnist / "MNIST" / "raw"
    packed = raw / "train-images-idx3-ubyte.gz"
    (raw / "train-images-idx3-ubyte").unlink()
    packed.write_bytes(packed.read_bytes()[:500])
    with pytest.raises(CourseError) as caught:
        tiers.locate("mnist")
    assert str(packed) in caught.value.problem
    assert not (raw / "train-images-idx3-ubyte").exists()


@pytest.mark.parametrize("keep", [0, 10, 3000])
def test_truncated_unpacked_file(full_mnist, keep):
    """torchvision would read it as fewer images, or stop with an assertion."""
    path = full_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CourseError, match="damaged or cut short") as caught:
        tiers.locate("mnist")
    assert str(path) in caught.value.problem
    assert "fetch mnist" in caught.value.cure


def test_lone_training_csv_is_split_by_shot_once(full_asl):
    found = tiers.locate("asl")
    assert found.tier == "full"
    train, valid = tiers.sign_tables(found)
    assert train.parent == valid.parent != full_asl
    (a, la), (b, lb) = read_signs(train), read_signs(valid)
    assert len(a) + len(b) == 40
    group = shots(np.concatenate([a, b]), np.concatenate([la, lb]))
    assert not set(group[: len(a)]) & set(group[len(a) :])
    stamp = train.stat().st_mtime_ns
    assert tiers.sign_tables(found) == (train, valid)
    assert train.stat().st_mtime_ns == stamp
    write_signs(full_asl / tiers.TRAIN_CSV, *some_signs(1))
    assert tiers.sign_tables(found)[0] != train
    assert not list(full_asl.glob(".*"))


def test_split_goes_to_the_runs_where_the_data_cannot_be_written(full_asl, monkeypatch, data):
    whole = tiers._split_into

    def split(train, home):
        if home.parent == full_asl:
            raise PermissionError(13, "Permission denied")
        whole(train, home)

    monkeypatch.setattr(tiers, "_split_into", split)
    train, _ = tiers.sign_tables(tiers.locate("asl"))
    assert train.is_relative_to(data / "runs")

    def nowhere(train, home):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tiers, "_split_into", nowhere)
    write_signs(full_asl / tiers.TRAIN_CSV, *some_signs(2))
    with pytest.raises(CourseError, match="no validation CSV"):
        tiers.sign_tables(tiers.locate("asl"))


@pytest.mark.parametrize("name", tiers.VALID_CSVS)
def test_validation_csv_beside_it_is_used(full_asl, name):
    write_signs(full_asl / name, *some_signs(1))
    assert tiers.sign_tables(tiers.locate("asl")) == (full_asl / tiers.TRAIN_CSV, full_asl / name)


def test_photos_are_looked_for_apart(full_asl, data):
    assert tiers.sign_photos().tier == "pocket"
    assert tiers.sign_photos().path == data / "pocket" / "asl" / "photos"
    (full_asl / "photos").mkdir()
    for i, letter in enumerate(tiers.LETTERS):
        with pytest.raises(CourseError, match="photos"):
            tiers.sign_photos("full")
        (full_asl / "photos" / f"{letter}.{'png' if i % 2 else 'jpg'}").write_bytes(b"x")
    assert tiers.sign_photos().path == full_asl / "photos"
    assert tiers.sign_photos("pocket").tier == "pocket"


def test_class_folders(data):
    for split in ("train", "valid"):
        for name in tiers.FRUITS:
            assert tiers.locate("fruits").tier == "pocket"
            (data / "fruits" / split / name).mkdir(parents=True)
    assert tiers.locate("fruits").tier == "full"


def test_paths_are_shown_from_the_checkout():
    assert tiers.shown(paths.ROOT / "data" / "mnist") == "data/mnist"
