"""The lesson table: its bands, its order of work, and that it measures what the solutions themselves run."""

import ast
from pathlib import Path

import pytest

from course import catalog, lessons, lessons_measures, lessons_rows, paths
from course.errors import CourseError
from course.lessons_rows import LESSONS, Lesson, Row

HOLDING = {"dense": 0.96, "linear": 0.85, "mlp train": 1.0, "mlp": 0.5, "cnn": 0.7, "augmented": 0.95, "photos": 0.9}


def test_a_band_must_hold_with_every_seed():
    row = Row("CNN above MLP", "cnn", minus="mlp", least=0.10)
    values = [row.value(found) for found in ({"cnn": 0.7, "mlp": 0.6}, {"cnn": 0.9, "mlp": 0.5})]
    assert values == pytest.approx([0.1, 0.4])
    assert row.holds(values)  # 0.7 - 0.6 is a little under 0.1 in binary
    assert not row.holds([*values, 0.09])
    assert not Row("", "x", most=0.75).holds([0.7, 0.76])
    assert not Row("", "x", least=0.95).holds([float("nan")])
    assert Row("", "x").holds([0.0])


def test_a_row_without_its_values_is_not_shown():
    assert Row("", "cnn", minus="mlp").value({"cnn": 0.7}) is None
    lines, holds = lessons.table([{"mlp train": 1.0, "mlp": 0.5}])
    assert {line[0] for line in lines} == {"02"}
    assert holds


def test_table_says_what_does_not_hold():
    lines, holds = lessons.table([HOLDING, HOLDING | {"mlp": 0.8, "cnn": 0.95}])
    assert not holds
    verdicts = {line[1]: line[-1] for line in lines}
    assert verdicts["MLP, unseen signers"] == "DOES NOT HOLD"
    assert verdicts["dense network, unseen writers"] == "holds"
    assert verdicts["the gap between them"] == ""  # shown, not judged
    line = next(line for line in lines if line[1] == "MLP, unseen signers")
    assert line == ("02", "MLP, unseen signers", "0.650", "0.500", "0.800", "≤ 0.75", "DOES NOT HOLD")


@pytest.mark.parametrize(("found", "faults", "status"), [(HOLDING, [], 0), ({"mlp": 0.8}, [], 1), ({}, ["broken"], 2)])
def test_exit_status_and_page(monkeypatch, tmp_path, capsys, found, faults, status):
    monkeypatch.setattr(lessons, "measure", lambda seeds, only, jobs: ([found] * seeds, faults))
    page = tmp_path / "docs" / "lessons.md"
    assert lessons.main(["--seeds", "2", "--out", str(page)]) == status
    assert page.is_file() == (not faults)
    if not faults:
        assert page.read_text("utf-8").startswith("<!-- Made by `course lessons --seeds 2`")
    else:
        assert "broken" in capsys.readouterr().err


def test_part_of_the_table_is_only_printed(monkeypatch, tmp_path):
    monkeypatch.setattr(lessons, "measure", lambda seeds, only, jobs: ([{"mlp train": 1.0, "mlp": 0.5}], []))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert lessons.main(["--projects", "02"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_unknown_project(capsys):
    assert lessons.main(["--projects", "99"]) == 2
    assert "99" in capsys.readouterr().err


def test_a_lesson_comes_with_what_it_needs():
    assert lessons._chains(["04b"]) == [("04a", "04b")]
    assert lessons._chains(["04b", "02"]) == [("02",), ("04a", "04b")]
    keys = [key for chain in lessons._chains([]) for key in chain]
    assert sorted(keys) == sorted(LESSONS)
    with pytest.raises(CourseError, match="06"):
        lessons._chains(["06"])


def test_one_broken_lesson_is_reported_and_the_values_before_it_are_kept(monkeypatch, tmp_path):
    def broken(seed, work):
        raise IndexError("oops")

    first = Lesson("04a", lambda seed, work: {"augmented": seed + 0.5}, (), ())
    monkeypatch.setattr(lessons_rows, "LESSONS", LESSONS)
    monkeypatch.setitem(LESSONS, "04a", first)
    monkeypatch.setitem(LESSONS, "04b", Lesson("04b", broken, (), (), "04a"))
    found, fault = lessons._work(("04a", "04b"), 3, tmp_path)
    assert found == {"augmented": 3.5}
    assert "IndexError: oops" in fault


def test_epochs_are_those_that_the_solutions_run():
    for project_id, epochs in lessons_measures.EPOCHS.items():
        file = paths.ROOT / "solutions" / f"{catalog.project(project_id).module}.py"
        calls = [node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
        run = next(call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Run")
        options = {word.arg: ast.literal_eval(word.value) for word in run.keywords}
        assert options == {"epochs": epochs}, f"{file.name}: lessons_measures.EPOCHS, BATCH_SIZE or LR differ"


def test_bands_are_those_of_the_catalog():
    rows = {row.what: row for lesson in LESSONS.values() for row in lesson.rows}
    known = {key: catalog.project(key).thresholds for key in LESSONS}
    assert rows["dense network, unseen writers"].least == known["01"]["valid_accuracy"]
    assert rows["linear model, unseen writers"].most == pytest.approx(known["01"]["valid_accuracy"] - 0.05)
    assert rows["MLP, training"].least >= known["02"]["train_accuracy"]
    assert rows["CNN above MLP"].least == known["03"]["above_mlp"]
    assert rows["augmented, unseen signers"].least == known["04a"]["valid_accuracy"]
    assert rows["augmented above CNN"].least == known["04a"]["above_cnn"]
    assert rows["photos of unseen people"].least == known["04b"]["photo_accuracy"]


def test_the_page_in_docs_shows_every_row_and_every_band_holds():
    page = Path(paths.ROOT / "docs" / "lessons.md").read_text("utf-8")
    assert page.startswith("<!-- Made by `course lessons")
    for lesson in LESSONS.values():
        for row in lesson.rows:
            assert f"| {lesson.project} | {row.what} |" in page, "run `course lessons`"
    assert "DOES NOT HOLD" not in page
