"""The figures of the lessons: each picture is what its kept data give, and the quick measurements give those data again."""

import dataclasses
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from course import paths
from course.authoring.figures import keeping, style
from course.authoring.figures.figure import Figure, figures_of
from course.catalog import project, projects
from course.cli import main

LARGEST = 400_000  # bytes of a notebook: it goes through mails and learning platforms
FIGURES = [one for entry in projects() for one in figures_of(entry).values()]
each = pytest.mark.parametrize("one", FIGURES, ids=lambda one: one.name)


@each
def test_a_picture_is_what_its_kept_data_give(one):
    """Run `course author figures` after a change of the drawing; `keeping` says how much may differ, and why."""
    assert keeping.wrong_picture(one) is None


@pytest.mark.parametrize("one", [one for one in FIGURES if one.quick], ids=lambda one: one.name)
def test_a_quick_measurement_gives_the_kept_data_again(one):
    """The slow ones train; `course author figures --check` repeats them all."""
    assert list(keeping.wrong_data(one, one.measure())) == []


def test_nothing_is_kept_that_belongs_to_no_figure():
    assert [str(file) for file in keeping.orphans()] == []


@pytest.mark.parametrize("entry", projects(), ids=lambda entry: entry.module)
def test_a_notebook_stays_small(entry):
    assert (paths.ROOT / "release" / entry.module / f"{entry.module}.ipynb").stat().st_size < LARGEST


# -- the machinery, on a figure of its own


def dots(data):
    drawing = style.sheet(3, 2)
    drawing.subplots().plot(data["y"], marker="o")
    return drawing


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A figure of project 08, kept in a checkout of its own; the real ones are not known there."""
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(keeping, "_folder", lambda: tmp_path / "kept")
    one = Figure("08", "dots", dots, lambda: {"y": [0.1, 0.25, 1 / 3]})
    monkeypatch.setattr(keeping, "figures_of", lambda entry: {"dots": one} if entry.id == "01" else {})
    return one


def write(*args, **kwargs):
    keeping.write([project("01")], *args, say=lambda said: None, **kwargs)


def test_what_is_written_is_fresh_and_the_numbers_can_be_read(toy, tmp_path):
    write()
    assert json.loads((tmp_path / "kept/08/dots.json").read_text()) == {"y": [0.1, 0.25, 0.333333]}
    assert (tmp_path / "docs/figures/08-dots.png").stat().st_size < keeping.LARGEST
    assert list(keeping.stale([project("01")])) == []


def test_arrays_are_kept_as_arrays(toy):
    grey = dataclasses.replace(
        toy,
        draw=lambda data: Image.fromarray(data["a"]),
        measure=lambda: {"a": np.eye(9, dtype=np.uint8) * 255},
    )
    keeping._keep(grey, grey.measure())
    assert keeping.kept(grey)["a"].dtype == np.uint8
    assert Image.open(io.BytesIO(grey.picture(keeping.kept(grey)))).mode == "L"
    assert list(keeping.wrong_data(grey, {"a": np.zeros((9, 9), np.uint8)})) == [
        "08 dots: data.a differs from what is kept by up to 255."
    ]


def test_a_changed_drawing_changed_data_and_left_files_are_named(toy, tmp_path, monkeypatch):
    write()

    def labelled(data):
        drawing = dots(data)
        drawing.axes[0].set_xlabel("epoch")
        return drawing

    assert "is stale" in keeping.wrong_picture(dataclasses.replace(toy, draw=labelled))
    assert list(keeping.wrong_data(toy, {"y": [0.1, 0.2501, 1 / 3]})) == []  # within 1e-4
    assert list(keeping.wrong_data(toy, {"y": [0.1, 0.251, 1 / 3]})) == ["08 dots: data.y[1] is 0.251, kept 0.25."]
    assert list(keeping.wrong_data(toy, {"y": [0.1]})) == ["08 dots: data.y differs from what is kept."]
    (tmp_path / "docs/figures/08-old.png").write_bytes(b"")
    assert list(keeping.stale([project("01")])) == ["docs/figures/08-old.png belongs to no figure."]
    write()
    assert not (tmp_path / "docs/figures/08-old.png").exists()


def test_a_word_more_counts_as_a_difference_and_the_soft_edge_of_a_line_does_not():
    def picture(word: str, grey: int = 0) -> bytes:
        image = Image.new("L", (600, 300), 255)
        ImageDraw.Draw(image).line((20, 20, 500, 20), fill=grey, width=1)
        ImageDraw.Draw(image).text((50, 100), word, fill=0)
        return style.png(image)

    assert keeping.difference(picture("epoch"), picture("epoch", grey=keeping.LEVELS)) == 0
    assert keeping.difference(picture("epoch"), picture("epochs")) > 0
    assert keeping.difference(picture("loss of an epoch"), picture("accuracy of it")) > keeping.PART


def test_drawing_alone_measures_nothing(toy, monkeypatch):
    write()

    def never():
        raise AssertionError("measured")

    lazy = dataclasses.replace(toy, measure=never)
    monkeypatch.setattr(keeping, "figures_of", lambda entry: {"dots": lazy} if entry.id == "01" else {})
    write(measure=False)
    assert list(keeping.stale([project("01")], measure=False)) == []


def test_a_figure_without_data_says_what_to_do(toy):
    assert "no data of the figure 08 dots" in keeping.wrong_picture(toy).replace(
        "docs", "no data of the figure 08 dots"
    )
    keeping.files.write(keeping.picture_file("08", "dots"), b"")
    assert keeping.wrong_picture(toy) == "There are no data of the figure 08 dots."


def test_the_command_knows_its_figures():
    done = CliRunner().invoke(main, ["author", "figures", "01", "--only", "no-such", "--check"])
    assert done.exit_code != 0
    assert "There is no figure 'no-such'" in done.output
