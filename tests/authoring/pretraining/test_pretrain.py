"""The recipe resumes to the same weights, and a rehearsal of it makes a network that opens."""

import contextlib
import json
from types import SimpleNamespace

import numpy as np
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from course.authoring.pretraining import backbone, bert, formulas
from course.authoring.pretraining.pictures import CAUSES, Pictures
from course.authoring.pretraining.statistics import statistics
from course.cli import main
from course.models import pocket
from course.models.bert import FOLDER as BERT_FOLDER


def arguments(folder, steps: int) -> SimpleNamespace:
    pictures = {
        "folder": folder,
        "out": folder / "out",
        "seed": 1,
        "things": 0,
        "formulas": 40,
        "fruit": 0,
        "jobs": 1,
        "parts": ["things", "formulas", "fruit"],
        "sizes": [72, 88],
    }
    questions = {"category": 1.0, "kind": 0.5, "deep": 0.5, "causes": 1.0, "statistics": 1.0}
    return SimpleNamespace(**pictures, **questions, steps=steps, batch=16, rate=1e-3, every=2, threads=1)


def few_pictures(*_: object) -> Pictures:
    batch = formulas.make(1, 0, 40, 104)
    more = len(CAUSES) - len(formulas.CAUSES)
    return Pictures(batch.pictures, batch.categories, np.pad(batch.causes, ((0, 0), (0, more)), constant_values=np.nan))


def test_a_run_that_was_cut_ends_at_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(backbone, "prepare", few_pictures)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    backbone.train(arguments(whole, 4))
    true_save = torch.save

    def save_and_stop(state, file):
        true_save(state, file)
        file.replace(cut / "checkpoint.pt")
        raise KeyboardInterrupt

    monkeypatch.setattr(backbone.torch, "save", save_and_stop)
    with contextlib.suppress(KeyboardInterrupt):
        backbone.train(arguments(cut, 4))
    monkeypatch.setattr(backbone.torch, "save", true_save)
    backbone.train(arguments(cut, 4))
    first, second = (load_file(folder / "out" / pocket.WEIGHTS_FILE) for folder in (whole, cut))
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-4)
    names = pocket.read_categories(whole / "out" / pocket.CARD_FILE)
    pocket.read_weights(whole / "out" / pocket.WEIGHTS_FILE, names)


def test_statistics_tell_colour_and_texture_apart():
    red = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    red[:, 0] = 255
    noise = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    plain, rough = statistics(red), statistics(noise)
    assert plain.shape == (1, 185)
    assert plain[:, :125].count_nonzero() == 1  # one corner of the colour cube
    assert (rough[:, 125:] > plain[:, 125:]).all()


def test_the_command_gives_the_recipe_of_the_weights_and_what_is_typed(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(backbone, "train", asked.append)
    monkeypatch.setattr(bert, "train", lambda *recipe: asked.append(recipe))
    for typed in (
        ["backbone"],
        ["backbone", "--parts", "fruit", "--sizes", "8", "9", "--out", str(tmp_path)],
        ["bert"],
    ):
        assert CliRunner().invoke(main, ["author", "pretrain", *typed], catch_exceptions=False).exit_code == 0
    whole, part, words = asked
    card = json.loads((pocket.FOLDER / pocket.CARD_FILE).read_text("utf-8"))
    assert (whole.seed, whole.steps, whole.batch) == (card["seed"], card["steps"], card["batch"])
    assert (whole.parts, whole.out) == (["things", "formulas", "fruit"], pocket.FOLDER)
    assert (part.parts, part.sizes, part.out, part.steps) == (["fruit"], [8, 9], tmp_path, whole.steps)
    assert words[:2] == (bert.Recipe(), BERT_FOLDER)
