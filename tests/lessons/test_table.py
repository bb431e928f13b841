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
from course.lessons import quiet_run, table
from course.lessons.lesson import Lesson, Row, lesson_module, lessons, solution
from course.models import zoo

LESSONS = lessons()
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


@pytest.fixture
def kept(monkeypatch, tmp_path):
    file = tmp_path / "embedded.json"
    monkeypatch.setattr(table, "KEPT", file)
    return file


@pytest.mark.parametrize(("found", "faults", "status"), [(HOLDING, [], 0), ({"mlp": 0.8}, [], 1), ({}, ["broken"], 2)])
def test_exit_status_and_page(monkeypatch, tmp_path, kept, found, faults, status):
    monkeypatch.setattr(table, "measure", lambda seeds, *_: [table.keep(seed, found) for seed in seeds] and faults)
    page = tmp_path / "docs" / "lessons.md"
    done = CliRunner().invoke(main, ["author", "lessons", "--seeds", "2", "--out", str(page)])
    assert done.exit_code == status
    assert page.is_file() == (not faults)
    if not faults:
        assert "over 2 seeds" in page.read_text("utf-8")
    else:
        assert "broken" in done.output


def test_the_page_is_made_of_all_values_that_are_kept(monkeypatch, tmp_path, kept):
    """A project that is measured anew changes its own rows, and another project's difference to it."""
    for seed, cnn in enumerate((0.8, 0.9)):
        table.keep(seed, {"mlp train": 1.0, "mlp": 0.5, "cnn": cnn})
    assert {line[1]: line[2] for line in table.table(table.kept())[0]}["CNN above MLP"] == "0.350"
    monkeypatch.setattr(table, "measure", lambda seeds, *_: [table.keep(seed, {"mlp": 0.4}) for seed in seeds] and [])
    page = tmp_path / "lessons.md"
    done = CliRunner().invoke(main, ["author", "lessons", "02", "--seed", "1", "--out", str(page)])
    assert done.exit_code == 0, done.output
    assert "CNN above MLP" not in done.output  # only the rows of what was measured
    assert "| 03 | CNN above MLP | 0.400 | 0.300 | 0.500 |" in page.read_text("utf-8")
    monkeypatch.setattr(table, "measure", None)
    written = page.read_text("utf-8")
    assert CliRunner().invoke(main, ["author", "lessons", "--kept", "--out", str(page)]).exit_code == 0
    assert page.read_text("utf-8") == written
    table.keep(2, {"mlp": 0.5})
    (line,) = [line for line in table.table(table.kept())[0] if line[1] == "CNN above MLP"]
    assert line[-1] == "holds (2 of 3 seeds)"


def test_a_row_that_was_never_kept_stands_as_it_stood():
    lines, _ = table.table([{"mlp train": 1.0, "mlp": 0.5}])
    old = (
        "| 02 | MLP, unseen signers | 0.400 | 0.400 | 0.400 | ≤ 0.75 | holds |\n"
        "| 03 | CNN, unseen signers | 0.8 | 0.8 | 0.8 |  |  |\n"
    )
    page = table.document(lines, 1, old)
    assert "| 02 | MLP, unseen signers | 0.500 |" in page
    assert "| 03 | CNN, unseen signers | 0.8 | 0.8 | 0.8 |  | † |" in page
    assert "† of an earlier run" in page
    assert table.document(lines, 1, page) == page
    assert "†" not in table.document(lines, 1)


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

    first = Lesson(lambda seed, work: {"augmented": seed + 0.5}, ())
    monkeypatch.setattr(lesson_module("04a"), "LESSON", first)
    monkeypatch.setattr(lesson_module("04b"), "LESSON", Lesson(broken, (), after="04a"))
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
    from course.runs import Run

    main(Run("01", epochs=3, lr=5e-4))
"""
    Path(module.__file__).write_text(source)
    module.torch = torch
    exec(compile(source, "solution", "exec"), vars(module))
    monkeypatch.setattr(quiet_run, "solution", lambda project_id: module)
    run = quiet_run.train("01", tmp_path, seed=4)
    assert (run.model, run.n_epochs, run.batch_size) == (1, 3, 32)
    assert run.history.train_accuracy == [5e-4] * 3
    again = quiet_run.train("01", tmp_path, seed=4)
    assert again.history == run.history


TRAINING = [id for id in LESSONS if quiet_run.settings(id)["epochs"]]  # the others' lessons call functions, not `main`


@pytest.mark.parametrize("project_id", TRAINING)
def test_a_quiet_run_has_what_the_solutions_use(project_id):
    run = quiet_run.QuietRun(Path(), **quiet_run.settings(project_id))
    tree = ast.parse(Path(solution(project_id).__file__).read_text("utf-8"))
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
    monkeypatch.setattr(quiet_run, "settings", lambda project_id: {"epochs": 1, "batch_size": 6})
    asked, frozen = [], []
    load, freeze = zoo.load_backbone, solution("07").freeze_backbone
    noted = lambda name, weights="DEFAULT": (asked.append(weights), load(name, weights))[1]  # noqa: E731
    monkeypatch.setattr(zoo, "load_backbone", noted)
    monkeypatch.setattr(lesson_module("07"), "load_backbone", noted)
    monkeypatch.setattr(solution("07"), "freeze_backbone", lambda net: (frozen.append(1), freeze(net))[1])
    found = lesson_module("07").fruit(tmp_path, 3)
    assert set(found) == {"fruit head", "fruit tuned", "fruit random", "fruit scratch"}
    assert all(0 <= value <= 1 for value in found.values())
    assert found["fruit tuned"] >= found["fruit head"]
    assert asked == ["DEFAULT", None, None]
    assert len(frozen) == 2  # not the third
    assert zoo.load_backbone is noted  # put back


def test_the_door_beside_saying_no(monkeypatch, tmp_path):
    small_photos(tmp_path, ["bo", "not_bo"])
    monkeypatch.setattr(quiet_run, "settings", lambda project_id: {"epochs": 1, "batch_size": 4})
    found = lesson_module("05b").door(tmp_path, 1)
    assert found["door no"] == 0.5
    assert found["door tuned"] >= found["door head"]


@pytest.mark.parametrize("project_id", LESSONS)
def test_every_threshold_of_the_catalog_is_a_band(project_id):
    """What is asked of a student, the solution must meet with every seed: a band for each threshold, none below it."""
    least = sorted((row.least for row in LESSONS[project_id].rows if row.least is not None), reverse=True)
    asked = sorted(catalog.project(project_id).thresholds.values(), reverse=True)
    assert len(least) >= len(asked)
    assert all(bound >= threshold for bound, threshold in zip(least, asked))


def test_what_must_fail_stays_below_the_threshold():
    most = {id: [row.most for row in LESSONS[id].rows if row.most is not None] for id in ("01", "07")}
    thresholds = {id: catalog.project(id).thresholds["valid_accuracy"] for id in most}
    assert most["01"] == [pytest.approx(thresholds["01"] - 0.05)]
    assert max(most["07"]) < thresholds["07"]


def test_every_project_that_has_a_threshold_has_a_lesson():
    assert set(LESSONS) >= {entry.id for entry in catalog.projects() if entry.thresholds}


def test_the_page_in_docs_shows_every_row_and_every_band_holds():
    page = Path(paths.ROOT / "docs" / "lessons.md").read_text("utf-8")
    assert page.startswith("<!-- Made by `course author lessons")
    for project_id, lesson in LESSONS.items():
        for row in lesson.rows:
            assert f"| {project_id} | {row.what} |" in page, "run `course author lessons`"
    assert "DOES NOT HOLD" not in page
