"""A student's own report: what it shows, what it says of what is missing, and that nothing in it runs."""

import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner

from course import files
from course.catalog import projects
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.cli import main
from course.reports import own
from course.runs.record import Record
from course.training import History, Metrics
from course.workspace import exercises, pristine_text, verdicts

FIRST = projects()[0]
EVIL = '<script>alert("\'")</script><img src=x onerror=alert(1)>\x1b`&'


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A desk of its own, with unedited stubs."""
    monkeypatch.setenv("COURSE_EXERCISES", str(tmp_path / "exercises"))
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    for entry in projects():
        files.write(exercises.exercise_file(entry), pristine_text(entry))
    return tmp_path


def verdict(outcome="failed", text="conv.weight: 33 of 36 values differ", **fields):
    name = FIRST.functions[0].name
    failure = Failure("not graded", text) if outcome != "passed" else None
    one = CheckResult(
        FIRST.id, name, f"test_{outcome}", f"it is {outcome}", 2, 2 * (outcome == "passed"), outcome, failure
    )
    return replace(one, **({"hint": "Where does it stand?", "line": 12, "code": "x = 1"} | fields))


def keep(*checks):
    verdicts.record(ProjectResult(FIRST.id, FIRST.title, "x", checks), exercises.exercise_file(FIRST))


def run_left(names=("cat", "dog"), text="a", **more):
    """As a run of the first project leaves it."""
    record = Record(FIRST.id, {"data": "pocket", "epochs": 2, **more})
    history = History()
    history.add(Metrics(0.9, 0.5), Metrics(0.8, 0.6))
    history.add(Metrics(0.4, 0.9), Metrics(float("nan"), 0.7))
    record.trained(history, [1, 1])
    record.measured(torch.tensor([[3, 1], [0, 4]]).numpy(), names)
    record.answered(torch.rand(2, 1, 8, 8), [0, 1], [1, 1], names, [0.9, 0.8])
    record.augmented(torch.rand(1, 1, 8, 8), lambda image: image.flip(-1))
    record.words({text: ["near", text]}, [(text, text, 0.1, 0.9, "right"), ("near", text, 0.5, 0.5, "")])
    record.attention([text, "[MASK]"], torch.tensor([[0.3, 0.7], [0.9, 0.1]]).numpy(), "layer 1, head 2")
    return record.save(exercises.paths.runs_folder() / FIRST.module)


def test_an_untouched_desk_says_how_to_begin(desk):
    text = own.page()
    for entry in projects():
        assert f"<code>course watch {entry.id}</code> begins with {entry.functions[0].name}" in text
    assert f"0</strong> of {sum(entry.points for entry in projects())} points" in text


def test_verdicts_have_message_and_hint_and_say_how_old_they_are(desk):
    keep(verdict(), verdict("passed"))
    text = own.page()
    assert "conv.weight: 33 of 36 values differ" in text
    assert "<strong>Hint:</strong> Where does it stand?" in text
    assert "1 of 2 checks passes" in text
    assert "line 12: <code>x = 1</code>" in text
    assert "before your last edit" not in text
    assert f"<code>course run {FIRST.id}</code>" in text
    file = exercises.exercise_file(FIRST)
    file.write_text(file.read_text("utf-8") + "\n# more\n", "utf-8")
    assert "before your last edit" in own.page()


def test_verdicts_of_a_notebook_stand_beside_those_of_the_module(desk, monkeypatch):
    monkeypatch.setattr(exercises.paths, "ROOT", desk)
    book = desk / "notebooks" / f"{FIRST.module}.ipynb"
    cells = [{"cell_type": "code", "source": [f"def {FIRST.functions[0].name}():\n    return 1"]}]
    files.write(book, json.dumps({"cells": cells}))
    assert "run the cell of checks below each function" in own.page()
    result = ProjectResult(FIRST.id, FIRST.title, "x", (verdict("passed"),))
    verdicts.record_cell(FIRST, FIRST.functions[0].name, result)
    text = own.page()
    assert f"notebooks/{FIRST.module}.ipynb" in text
    assert "its check passes" in text
    assert f"2 of {FIRST.points}" in text


def test_a_run_shows_its_figures_with_words(desk):
    run_left()
    text = own.page()
    assert "Curves over 5 epochs: training from 0.50 to 0.90; validation from 0.60 to 0.70" in text  # ours has five
    assert "validation, three runs of ours: at the end 0.9" in text
    assert "fine-tuning from epoch 2" in text
    assert "7 of 8 right" in text
    assert 'alt="wrong: dog 0.90, is cat"' in text
    assert 'alt="picture: view 5"' in text
    assert "A map of words. a beside near." in text
    assert "The covered word looks most at a (0.90)." in text
    assert FIRST.how_to_look[:30] in text
    assert "0.875 right" in text


def test_real_data_have_no_band_of_ours(desk):
    run_left(data="full")
    assert "three runs of ours" not in own.page()


def test_whatever_a_text_holds_it_is_text(desk):
    run_left((EVIL, "b"), EVIL, **{EVIL: EVIL})
    evil = dict.fromkeys(("task", "title", "says", "hint", "code", "place"), EVIL)
    keep(verdict(text=EVIL, **evil | {"task": FIRST.functions[0].name}), verdict("waiting", text=EVIL))
    text = own.page()
    assert text.count("&lt;script&gt;") > 15
    for never in ("<script", "<img src=x", "\x1b", "onerror=alert(1)>"):
        assert never not in text.replace("onerror=alert(1)&gt;", "")
    assert "default-src 'none'" in text


def spoilt():
    """run.json that no run of ours writes."""
    whole = json.loads(run_left().read_text("utf-8"))
    yield "[" * 100_000
    yield "[1, 2]"
    yield json.dumps({"settings": 3, "when": "x", "history": None})
    yield json.dumps(whole | {"when": 1e300})
    for key in ("history", "confusion", "pictures", "augmented", "words", "attention"):
        for value in (None, 3, "x", [], [[]], {"classes": ["a"], "counts": [[1, 2]]}, {"tokens": ["a"], "weights": []}):
            yield json.dumps(whole | {key: value})
    yield json.dumps(whole | {"pictures": [{"uri": "https://example.org/x", "width": 1, "height": 1, "caption": "a"}]})
    yield json.dumps(whole | {"confusion": {"classes": ["a"], "counts": [["<b>"]]}})
    yield json.dumps(whole | {"words": {"near": {}, "places": [["a", "b", "1); x", 2, "right"]]}})


def test_a_spoilt_file_costs_its_figure_alone(desk):
    for content in spoilt():
        (desk / "runs" / FIRST.module / "run.json").write_text(content, "utf-8")
        text = own.page()
        assert text.endswith("</html>\n")
        assert "example.org" not in text
        assert "<b>&" not in text
        assert "1); x" not in text


@pytest.mark.parametrize(
    "content", ["", "[]", '{"checks": [{}]}', '{"checks": [3, null, {"task": 1}]}', '{"checks": "x"}']
)
def test_spoilt_verdicts_are_none(desk, content):
    keep(verdict())
    kept = next((desk / "verdicts").glob("*.json"))
    known = json.loads(kept.read_text("utf-8"))
    kept.write_text(json.dumps(known | json.loads(content)) if content.startswith("{") else content, "utf-8")
    assert verdicts.of_module(exercises.exercise_file(FIRST)) is None
    assert own.page().endswith("</html>\n")


def test_the_command_writes_one_file(desk):
    result = CliRunner().invoke(main, ["report", "--out", str(desk / "my.html")])
    assert result.exit_code == 0
    assert "my.html" in result.output
    text = (desk / "my.html").read_text("utf-8")
    assert "<script" not in text
    for address in ("http://", "https://", "url(", "<link", "@import"):
        assert address not in text
