"""The rendered hands: what `signs`, `photo` and `write` promise to those who build on them."""

import io

import numpy as np
import pytest
from PIL import Image

from course.datasets import hands
from course.datasets.hands import files
from course.datasets.hands.signers import HIDDEN_SHOTS, SIGNERS, SPLITS, place, shot
from course.datasets.signs import LABELS, read_signs


def test_there_are_24_letters_without_j_and_z():
    assert hands.LETTERS == "abcdefghiklmnopqrstuvwxy"


@pytest.mark.parametrize("split", SPLITS)
def test_signs_are_grey_pictures_with_kaggle_labels_in_balance(split):
    images, labels = hands.signs(48, 3, split)
    assert images.shape == (48, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert tuple(np.unique(labels)) == LABELS
    assert set(np.bincount(labels)[list(LABELS)]) == {2}
    assert np.all(images.std((1, 2)) > 15), "a picture in which nothing can be seen"


def test_no_signs_is_an_empty_array():
    images, labels = hands.signs(0, 3, "train")
    assert images.shape == (0, 28, 28)
    assert labels.shape == (0,)


def test_item_k_does_not_depend_on_how_many_are_asked_for():
    images, labels = hands.signs(30, 5, "hidden")
    part, part_labels = files._block(5, "hidden", 24, 6)
    assert np.array_equal(images[24:], part)
    assert np.array_equal(labels[24:], part_labels)


def test_another_seed_or_split_is_another_picture():
    pictures = [hands.signs(1, seed, split)[0].tobytes() for seed in (1, 2) for split in SPLITS]
    assert len(set(pictures)) == len(pictures)


def test_large_secret_seeds_are_fine():
    assert hands.signs(1, 2**63 + 11, "hidden")[0].shape == (1, 28, 28)


def test_signers_of_the_splits_are_different_people():
    people = {}
    for split in SPLITS:
        for signer in range(SIGNERS.get(split, 12)):
            one = shot("a", hands.SEED, split, signer, 0)
            assert one.hand == shot("y", hands.SEED, split, signer, 3).hand, "one person, one hand"
            people[split, signer] = (one.hand, tuple(one.skin.colour))
    assert len(set(people.values())) == len(people)


def test_every_train_signer_shows_every_letter_many_times():
    seen = {place("train", k) for k in range(2400)}
    assert len(seen) == 2400
    assert {(letter, signer) for letter, signer, _ in seen} == {
        (letter, signer) for letter in hands.LETTERS for signer in range(SIGNERS["train"])
    }


def test_hidden_signers_do_not_run_out():
    assert place("hidden", 24 * HIDDEN_SHOTS * 1000)[1] == 1000


def test_mixed_signers_stand_before_as_many_bright_walls_as_the_validation_signers():
    """Two of ten; of the hidden signers every fourth has one, so that some are left out."""
    images, labels = hands.mixed_signs(14, 5)
    assert images.shape == (14 * 24, 28, 28)
    assert images.dtype == np.uint8
    assert "".join(chr(ord("a") + k) for k in labels[24:48]) == hands.LETTERS
    for position, signer in ((0, 0), (3, 3), (7, 7), (9, 9), (10, 10), (11, 12), (13, 11)):
        assert np.array_equal(images[24 * position + 2], files.sign(shot("c", 5, "hidden", signer, 0))), position
    bright = [signer for signer in range(10) if files._is_bright(signer)]
    assert bright == [3, 7]  # as among the ten of the validation file


def test_shots_of_a_take_are_near_duplicates_and_takes_are_not():
    def grey(signer, number):
        return files.sign(shot("k", 7, "train", signer, number)).astype(float)

    first = grey(0, 0)
    assert not np.array_equal(first, grey(0, 1))
    assert np.corrcoef(first.ravel(), grey(0, 1).ravel())[0, 1] > 0.8
    assert np.abs(first - grey(0, 1)).mean() < np.abs(first - grey(1, 0)).mean()


@pytest.mark.parametrize("call", [lambda: hands.signs(1, 0, "test"), lambda: hands.photo("a", 0, "all")])
def test_an_unknown_split_is_refused(call):
    with pytest.raises(ValueError, match="split must be one of train, valid, hidden"):
        call()


@pytest.mark.parametrize("letter", ["j", "z", "A", "", "ab"])
def test_a_letter_that_is_no_still_pose_is_refused(letter):
    with pytest.raises(ValueError, match="letter must be one of"):
        hands.photo(letter, 0, "hidden")


def test_a_photo_is_a_colour_picture_that_depends_on_its_seed():
    picture = hands.photo("v", 1, "hidden")
    assert picture.mode == "RGB"
    assert picture.size == (360, 270)
    pixels = np.asarray(picture).astype(int)
    assert np.abs(pixels[..., 0] - pixels[..., 2]).mean() > 3, "grey"
    assert np.array_equal(pixels, np.asarray(hands.photo("v", 1, "hidden")))
    assert not np.array_equal(pixels, np.asarray(hands.photo("v", 2, "hidden")))


def test_write_makes_kaggle_csvs_and_photos_whatever_the_split_of_the_work(tmp_path, monkeypatch):
    rows = {"train": 30, "valid": 24}
    monkeypatch.setattr(files, "ROWS", rows)
    monkeypatch.setattr(files, "LETTERS", "ay")
    made = {}
    for chunk in (7, 120):
        monkeypatch.setattr(files, "CHUNK", chunk)
        folder, calls = tmp_path / str(chunk), []
        hands.write(folder, lambda done, total, calls=calls: calls.append((done, total)))
        files_made = sum(-(-count // chunk) for count in rows.values()) + 2
        assert calls == [(k, files_made) for k in range(1, files_made + 1)]
        made[chunk] = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert made[7] == made[120]
    assert sorted(made[7]) == ["photos/a.jpg", "photos/y.jpg", "sign_mnist_train.csv", "sign_mnist_valid.csv"]
    for split, count in rows.items():
        path = tmp_path / "7" / f"sign_mnist_{split}.csv"
        header = path.read_text().splitlines()[0].split(",")
        assert header == ["label", *(f"pixel{k}" for k in range(1, 785))]
        images, labels = read_signs(path)
        expected, numbers = hands.signs(count, hands.SEED, split)
        assert np.array_equal(images, expected)
        assert np.array_equal(labels, numbers)
    with Image.open(io.BytesIO(made[7]["photos/a.jpg"])) as picture:
        assert (picture.format, picture.mode) == ("JPEG", "RGB")
        taken = np.asarray(picture).astype(int)
    assert np.abs(taken - np.asarray(hands.photo("a", hands.SEED, "hidden")).astype(int)).mean() < 4


@pytest.mark.slow
def test_cheap_tricks_stay_under_the_threshold():
    """A linear head on pixels, or on a 64-bin grey histogram, is at least 0.05 under 0.90 on unseen signers."""
    sets = {split: hands.signs(count, hands.SEED, split) for split, count in (("train", 720), ("valid", 240))}

    def pixels(images):
        return images.reshape(len(images), -1) / 255 - 0.5

    def histogram(images):
        return np.stack([np.histogram(image, 64, (0, 256))[0] for image in images]) / 784

    for features, ridge in ((pixels, 10.0), (histogram, 1e-3)):
        x, unseen = (np.hstack([features(sets[s][0]), np.ones((len(sets[s][0]), 1))]) for s in ("train", "valid"))
        target = np.eye(25)[sets["train"][1]]
        weights = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ target)
        accuracy = float(((unseen @ weights).argmax(1) == sets["valid"][1]).mean())
        assert accuracy <= 0.85, features.__name__
