"""Kaggle's CSV of signs: what is read, what is refused and how that is said, and the split by shot."""

import numpy as np
import pytest

from course import paths
from course.datasets.signs import COLUMNS, LABELS, read_signs, shots, split_by_shot, write_signs
from course.errors import CourseError

HEADER = ",".join(COLUMNS)


def row(label=3, pixels=784, value=7):
    return ",".join([str(label), *[str(value)] * pixels])


def write(tmp_path, *lines, header=HEADER, end="\n"):
    path = tmp_path / "sign_mnist_train.csv"
    path.write_text(end.join([header, *lines]) + end, newline="")
    return path


def refused(path):
    with pytest.raises(CourseError) as caught:
        read_signs(path)
    assert str(path) in caught.value.problem
    assert caught.value.cure
    return caught.value.problem


@pytest.fixture
def pictures():
    """Three letters; 4 shots of each, 5 noisy copies of a shot."""
    rng = np.random.default_rng(0)
    shot = rng.integers(20, 230, (12, 1, 28, 28))
    images = np.clip(shot + rng.normal(0, 8, (12, 5, 28, 28)), 0, 255).astype(np.uint8).reshape(60, 28, 28)
    return images, np.repeat([0, 8, 24], 20), np.repeat(np.arange(12), 5)


def test_what_is_written_is_read_back(tmp_path, pictures):
    images, labels, _ = pictures
    write_signs(tmp_path / "x.csv", images, labels)
    read, numbers = read_signs(tmp_path / "x.csv")
    assert read.dtype == np.uint8
    assert read.shape == (60, 28, 28)
    assert numbers.dtype == np.int64
    assert (read == images).all()
    assert (numbers == labels).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text + "\n\n",
        lambda text: text.replace("label", '"label"'),
        lambda text: text.rstrip("\n"),
    ],
    ids=["CRLF", "byte-order mark", "blank lines at the end", "quoted header", "no newline at the end"],
)
def test_harmless_variants_are_read(tmp_path, change):
    path = tmp_path / "x.csv"
    path.write_text(change(f"{HEADER}\n{row(3)}\n{row(24)}\n"), encoding="utf-8", newline="")
    assert read_signs(path)[1].tolist() == [3, 24]


def test_columns_in_another_order_are_found_by_name(tmp_path):
    names = COLUMNS[::-1]
    path = write(tmp_path, ",".join([*map(str, range(784, 0, -1)), "5"]).replace("784", "84"), header=",".join(names))
    with pytest.raises(CourseError, match="outside 0-255"):  # pixel256 = 256 is the first one out of range
        read_signs(path)
    values = [str(i % 256) for i in range(784)]
    path = write(tmp_path, ",".join([*values[::-1], "5"]), header=",".join(names))
    images, labels = read_signs(path)
    assert labels.tolist() == [5]
    assert images.reshape(-1).tolist() == [i % 256 for i in range(784)]


def test_missing_column(tmp_path):
    header = ",".join(c for c in COLUMNS if c != "pixel300")
    assert "line 1: the column 'pixel300' is missing" in refused(write(tmp_path, row(pixels=783), header=header))


def test_file_without_a_header(tmp_path):
    assert "'label' and 784 more is missing" in refused(write(tmp_path, row(), header=row()))


def test_index_column_of_pandas(tmp_path):
    assert "'Unnamed: 0' does not belong" in refused(write(tmp_path, "0," + row(), header="Unnamed: 0," + HEADER))


@pytest.mark.parametrize("pixels", [783, 785, 12])
def test_wrong_number_of_pixels(tmp_path, pixels):
    path = write(tmp_path, row(), row(), row(pixels=pixels), row())
    assert f"line 4: {pixels} pixels instead of 784" in refused(path)


def test_one_pixel_moved_to_the_next_line(tmp_path):
    """The total number of fields is right, so a reader that only counts them would shift every image."""
    assert "line 2: 783 pixels" in refused(write(tmp_path, row(pixels=783), row(pixels=785)))


@pytest.mark.parametrize("value", ["x", "", "12.5", "nan", "1e2", "0x10"])
def test_not_a_number(tmp_path, value):
    cells = row().split(",")
    cells[10] = value
    assert f"line 3, field 11: {value!r} is not a whole number" in refused(write(tmp_path, row(), ",".join(cells)))


@pytest.mark.parametrize("value", [-1, 256, 99999])
def test_pixel_out_of_range(tmp_path, value):
    cells = row().split(",")
    cells[784] = str(value)
    assert f"line 3: pixel784 is {value}" in refused(write(tmp_path, row(), ",".join(cells)))


@pytest.mark.parametrize(("label", "says"), [(9, "J is a motion"), (25, "Z is a motion"), (26, "26"), (-1, "-1")])
def test_label_out_of_range(tmp_path, label, says):
    problem = refused(write(tmp_path, row(), "", row(label)))
    assert "line 4: the label" in problem  # the blank line is counted
    assert says in problem


@pytest.mark.parametrize("content", ["", "\n", HEADER, HEADER + "\n\n"])
def test_empty(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_text(content)
    refused(path)


def test_absent_and_binary(tmp_path):
    assert "is not there" in refused(tmp_path / "none.csv")
    path = tmp_path / "x.csv"
    path.write_bytes(b"\x1f\x8b\x08\x00\xff\xfe")
    assert "cannot be read as text" in refused(path)


def test_shots_are_found(pictures):
    images, labels, shot = pictures
    assert (shots(images, labels) == shot).all()


def test_shots_do_not_see_brightness_and_contrast(pictures):
    images, labels, shot = pictures
    scale = np.linspace(0.4, 1.0, 60)[:, None, None]
    assert (shots((images * scale).astype(np.uint8), labels) == shot).all()


def test_flat_pictures_are_nobodys_copies():
    assert shots(np.zeros((3, 28, 28), np.uint8), np.zeros(3, int)).tolist() == [0, 1, 2]


def test_split_keeps_shots_whole_and_letters_on_both_sides(pictures):
    images, labels, shot = pictures
    train, valid = split_by_shot(images, labels)
    assert sorted([*train, *valid]) == list(range(60))
    assert not set(shot[train]) & set(shot[valid])
    assert set(labels[train]) == set(labels[valid]) == {0, 8, 24}
    assert len(valid) == 15  # one shot of four of each letter
    again = split_by_shot(images, labels)
    assert (again[0] == train).all()
    assert (split_by_shot(images, labels, seed=1)[1] != valid).any()


def test_split_of_a_letter_with_one_shot_goes_to_train(pictures):
    images, _, _ = pictures
    train, valid = split_by_shot(images[:5], np.zeros(5, int))
    assert len(train) == 5
    assert len(valid) == 0


@pytest.mark.real
def test_real_file_by_shot():
    """The threshold stands on a plateau: the groups of the real file hardly change between 0.85 and 0.98."""
    real = paths.real_folder()
    if real is None:
        pytest.skip("COURSE_REAL does not name a folder with the real data")
    images, labels = read_signs(real / "asl" / "sign_mnist_train.csv")
    assert len(images) == 5105
    assert set(labels) == set(LABELS)
    counts = {t: shots(images, labels, t).max() + 1 for t in (0.85, 0.88, 0.98)}
    assert counts == {0.85: 220, 0.88: 226, 0.98: 242}
    group = shots(images, labels)
    train, valid = split_by_shot(images, labels)
    assert not set(group[train]) & set(group[valid])
    share = np.bincount(labels[valid], minlength=25)[list(LABELS)] / np.bincount(labels, minlength=25)[list(LABELS)]
    assert share.min() > 0.15
    assert share.max() < 0.35
