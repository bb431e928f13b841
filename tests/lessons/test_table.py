"""The lesson table: its bands, its order of work, and that it measures what the solutions themselves run."""

import ast
import types
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from course import catalog, paths
from course.cli import main
from course.errors import CourseError
from course.lessons import measures, photos, rows, table
from course.lessons.rows import LESSONS, Lesson, Row
from course.models import zoo

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
    lines, holds = table.table([{"mlp train": 1.0, "mlp": 0.5}])
    assert {line[0] for line in lines} == {"02"}
    assert holds


def test_table_says_what_does_not_hold():
    lines, holds = table.table([HOLDING, HOLDING | {"mlp": 0.8, "cnn": 0.95}])
    assert not holds
    verdicts = {line[1]: line[-1] for line in lines}
    assert verdicts["MLP, unseen signers"] == "DOES NOT HOLD"
    assert verdicts["dense network, unseen writers"] == "holds"
    assert verdicts["the gap between them"] == ""  # shown, not judged
    line = next(line for line in lines if line[1] == "MLP, unseen signers")
    assert line == ("02", "MLP, unseen signers", "0.650", "0.500", "0.800", "≤ 0.75", "DOES NOT HOLD")


@pytest.mark.parametrize(("found", "faults", "status"), [(HOLDING, [], 0), ({"mlp": 0.8}, [], 1), ({}, ["broken"], 2)])
def test_exit_status_and_page(monkeypatch, tmp_path, found, faults, status):
    monkeypatch.setattr(table, "measure", lambda seeds, only, jobs: ([found] * seeds, faults))
    page = tmp_path / "docs" / "lessons.md"
    done = CliRunner().invoke(main, ["author", "lessons", "--seeds", "2", "--out", str(page)])
    assert done.exit_code == status
    assert page.is_file() == (not faults)
    if not faults:
        assert page.read_text("utf-8").startswith("<!-- Made by `course author lessons --seeds 2`")
    else:
        assert "broken" in done.output


def test_part_of_the_table_is_only_printed(monkeypatch, tmp_path):
    monkeypatch.setattr(table, "measure", lambda seeds, only, jobs: ([{"mlp train": 1.0, "mlp": 0.5}], []))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert CliRunner().invoke(main, ["author", "lessons", "02"]).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_lesson_comes_with_what_it_needs():
    assert table._chains(["04b"]) == [("04a", "04b")]
    assert table._chains(["04b", "02"]) == [("02",), ("04a", "04b")]
    keys = [key for chain in table._chains([]) for key in chain]
    assert sorted(keys) == sorted(LESSONS)
    with pytest.raises(CourseError, match="99"):
        table._chains(["99"])


def test_one_broken_lesson_is_reported_and_the_values_before_it_are_kept(monkeypatch, tmp_path):
    def broken(seed, work):
        raise IndexError("oops")

    first = Lesson("04a", lambda seed, work: {"augmented": seed + 0.5}, (), ())
    monkeypatch.setattr(rows, "LESSONS", LESSONS)
    monkeypatch.setitem(LESSONS, "04a", first)
    monkeypatch.setitem(LESSONS, "04b", Lesson("04b", broken, (), (), "04a"))
    found, fault = table._work(("04a", "04b"), 3, tmp_path)
    assert found == {"augmented": 3.5}
    assert "IndexError: oops" in fault


def test_a_lesson_runs_the_main_of_the_solution(monkeypatch, tmp_path):
    """Epochs, learning rate and schedule are then those that a student sees."""
    module = types.ModuleType("solution")
    module.__file__ = str(tmp_path / "solution.py")
    source = """
from course.training import Metrics
def build_model():
    return 1
def main(run):
    print("nobody sees this")
    for k in run.epochs():
        run.add(Metrics(0.0, run.lr), Metrics(0.0, k + build_model() + torch.rand(()).item()))
    run.finish(build_model(), [], names="ab")
if __name__ == "__main__":
    from course.runs.run import Run

    main(Run("01", epochs=3, lr=5e-4))
"""
    Path(module.__file__).write_text(source)
    module.torch = torch
    exec(compile(source, "solution", "exec"), vars(module))
    monkeypatch.setattr(measures, "solution", lambda project_id: module)
    run = measures.train("01", tmp_path, seed=4)
    assert (run.model, run.n_epochs, run.batch_size) == (1, 3, 32)
    assert run.history.train_accuracy == [5e-4] * 3
    again = measures.train("01", tmp_path, seed=4)
    assert again.history == run.history


@pytest.mark.parametrize("project_id", ["01", "02", "03", "04a", "05b", "07"])
def test_settings_of_the_solutions(project_id):
    found = measures.settings(project_id)
    assert found["epochs"] >= 1
    assert set(found) <= {"epochs", "batch_size", "lr"}


@pytest.mark.parametrize(
    ("kind", "projects"),
    [(measures.QuietRun, ("01", "02", "03", "04a")), (photos.QuietPhotoRun, ("05b", "07"))],
)
def test_a_quiet_run_has_what_the_solutions_use(kind, projects):
    run = kind(Path(), epochs=1)
    for project_id in projects:
        tree = ast.parse(Path(measures.solution(project_id).__file__).read_text("utf-8"))
        main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
        used = {n.attr for n in ast.walk(main) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == "run"}
        assert [name for name in sorted(used) if not hasattr(run, name)] == []


def small_photos(folder, classes):
    """Two photos a class and part, of one colour each."""
    for part in ("train", "valid"):
        for k, name in enumerate(classes):
            (folder / part / name).mkdir(parents=True)
            for number in range(2):
                Image.new("RGB", (40, 40), (40 * k, 90, 200 - 30 * k)).save(folder / part / name / f"{number}.jpg")


def test_stages_of_a_project_on_photos(monkeypatch, tmp_path):
    """The rows of project 07 run the solution's own main: pre-trained, random and frozen, random and free."""
    small_photos(tmp_path, [f"class{k}" for k in range(6)])
    monkeypatch.setattr(photos, "settings", lambda project_id: {"epochs": 1, "batch_size": 6})
    asked, frozen = [], []
    load, freeze = zoo.load_backbone, measures.solution("07").freeze_backbone
    noted = lambda name, weights="DEFAULT": (asked.append(weights), load(name, weights))[1]  # noqa: E731
    monkeypatch.setattr(zoo, "load_backbone", noted)
    monkeypatch.setattr(photos, "_load_backbone", noted)
    monkeypatch.setattr(measures.solution("07"), "freeze_backbone", lambda net: (frozen.append(1), freeze(net))[1])
    found = photos.fruit(tmp_path, 3)
    assert set(found) == {"fruit head", "fruit tuned", "fruit random", "fruit scratch"}
    assert all(0 <= value <= 1 for value in found.values())
    assert found["fruit tuned"] >= found["fruit head"]
    assert asked == ["DEFAULT", None, None]
    assert len(frozen) == 2  # not the third
    assert zoo.load_backbone is noted  # put back


def test_the_door_beside_saying_no(monkeypatch, tmp_path):
    small_photos(tmp_path, ["bo", "not_bo"])
    monkeypatch.setattr(photos, "settings", lambda project_id: {"epochs": 1, "batch_size": 4})
    found = photos.door(tmp_path, 1)
    assert found["door no"] == 0.5
    assert found["door tuned"] >= found["door head"]


def test_bands_are_those_of_the_catalog():
    rows = {row.what: row for lesson in LESSONS.values() for row in lesson.rows}
    known = {key: catalog.project(key).thresholds for key in LESSONS}
    assert rows["dense network, unseen writers"].least == known["01"]["valid_accuracy"]
    assert rows["linear model, unseen writers"].most == pytest.approx(known["01"]["valid_accuracy"] - 0.05)
    assert rows["MLP, training"].least >= known["02"]["train_accuracy"]
    assert rows["CNN above MLP"].least == known["03"]["above_mlp"]
    assert rows["augmented, unseen signers"].least == known["04a"]["valid_accuracy"]
    assert rows["augmented above CNN"].least == known["04a"]["above_cnn"]
    assert rows["masked word among the five likeliest"].least == known["06"]["masked_top5"]
    assert rows["next sentence"].least == known["06"]["next_sentence"]
    tuned = [row.least for row in LESSONS["05b"].rows + LESSONS["07"].rows if row.what == "after fine-tuning"]
    assert tuned == [known["05b"]["valid_accuracy"], known["07"]["valid_accuracy"]]
    assert rows["the whole network from random weights"].most < known["07"]["valid_accuracy"]
    assert rows["photos of unseen people"].least == known["04b"]["photo_accuracy"]


def test_the_page_in_docs_shows_every_row_and_every_band_holds():
    page = Path(paths.ROOT / "docs" / "lessons.md").read_text("utf-8")
    assert page.startswith("<!-- Made by `course author lessons")
    for lesson in LESSONS.values():
        for row in lesson.rows:
            assert f"| {lesson.project} | {row.what} |" in page, "run `course author lessons`"
    assert "DOES NOT HOLD" not in page
