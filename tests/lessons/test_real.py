"""What is measured on real data: seed by seed, kept at once, shown in the page beside the embedded ones."""

import json
from pathlib import Path

import pytest

from course import paths
from course.authoring import lesson_text
from course.errors import CourseError
from course.lessons import real


@pytest.fixture
def kept(tmp_path, monkeypatch):
    file = tmp_path / "real.json"
    monkeypatch.setattr(real, "KEPT", file)
    return file


def test_six_projects_say_what_they_reach_on_real_data():
    assert list(real.declared()) == ["01", "02", "03", "04a", "05b", "07"]
    assert {one.data for one in real.declared().values()} <= real.FOLDERS.keys()


def test_a_seed_is_kept_at_once_and_not_measured_again(kept, monkeypatch, tmp_path):
    asked: list[int] = []

    def measure(folder: Path, seed: int) -> float:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(seed)
        return 0.7 + seed / 100

    monkeypatch.setattr(real, "declared", lambda: {"03": real.Real("CNN", "here", measure)})
    monkeypatch.setattr(real, "FOLDERS", {"here": lambda root, work: tmp_path})
    monkeypatch.setattr(paths, "real_folder", lambda: tmp_path)
    with pytest.raises(KeyboardInterrupt):
        real.measure(3, [], lambda text: None)
    assert json.loads(kept.read_text()) == {"03": {"0": 0.7, "1": 0.71}}
    asked.clear()
    real.measure(3, [], lambda text: None)
    assert asked == [2]


def test_without_real_data_it_says_so(monkeypatch):
    monkeypatch.setattr(paths, "real_folder", lambda: None)
    with pytest.raises(CourseError, match="no real data"):
        real.measure(1, [], print)


@pytest.mark.parametrize(("values", "said"), [((0.80, 0.78, 0.79), "yes"), ((0.80, 0.70, 0.81), "no")])
def test_the_page_says_whether_an_end_is_unlucky(kept, monkeypatch, values, said):
    monkeypatch.setattr(real, "declared", lambda: {"03": real.Real("CNN", "asl", lambda folder, seed: 0.0)})
    assert real.section() == []
    kept.write_text(json.dumps({"03": {str(k): value for k, value in enumerate(values)}}))
    row = real.section()[-1]
    assert row.endswith(f"| {said} |")
    assert row.startswith("| 03 | CNN | 3 | 0.7")
    assert not lesson_text._table(row)  # numbers in lessons come from the embedded data alone


def test_the_page_says_below_the_table_what_limits_a_project(kept, monkeypatch):
    def measure(folder: Path, seed: int) -> float:
        return 0.0

    declared = {
        "02": real.Real("MLP", "asl", measure),
        "03": real.Real("CNN", "asl", measure, "Few\n    shots."),
        "07": real.Real("fruit", "fruits", measure, "Never measured."),
    }
    monkeypatch.setattr(real, "declared", lambda: declared)
    kept.write_text(json.dumps({"02": {"0": 0.5}, "03": {"0": 0.8}}))
    page = real.section()
    assert page[-1] == "**03.** Few shots."
    assert not [line for line in page if line.startswith(("**02", "**07"))]
