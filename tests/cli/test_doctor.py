"""`course doctor`: each thing that can be missing is found, with a cure."""

import json
import shutil
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from course import paths
from course.catalog import projects
from course.cli import author, doctor, main
from course.datasets import inventory
from course.workspace import exercises


@pytest.fixture
def healthy(tmp_path, monkeypatch):
    """A student's desk on which nothing is missing; the wall has tests of its own."""
    monkeypatch.setenv("COURSE_EXERCISES", str(tmp_path / "exercises"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(author, "is_here", lambda: False)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    tried = {"version": "0"}
    text = (paths.ROOT / "constraints.txt").read_text("utf-8")
    monkeypatch.setattr(
        metadata, "version", lambda name: text.partition(f"\n{name}==")[2].partition("\n")[0] or tried["version"]
    )
    for entry in projects():
        exercises.update(entry)
    return tmp_path


def examine():
    result = CliRunner().invoke(main, ["doctor", "--json"], catch_exceptions=False)
    found = json.loads(result.output)
    bad = [one for one in found if one["state"] == "bad"]
    assert result.exit_code == (1 if bad else 0)
    assert all(one["cure"] for one in bad)
    return {one["part"]: one for one in found if one["state"] != "fine"}


def test_nothing_is_missing(healthy):
    assert not [one for one in examine().values() if one["state"] == "bad"]
    text = CliRunner().invoke(main, ["doctor"], catch_exceptions=False).output
    assert text.endswith("All is here that the course needs.\n")
    assert "✓ weights: " in text


def no_package(monkeypatch, folder):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)


def another_version(monkeypatch, folder):
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.1")


def no_byte_code(monkeypatch, folder):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(doctor.importlib.util, "cache_from_source", lambda path: str(folder / "no.pyc"))


def no_stub(monkeypatch, folder):
    exercises.exercise_file(projects()[0]).unlink()


def full_disk(monkeypatch, folder):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=2e8))


def no_weights(monkeypatch, folder):
    monkeypatch.setattr(doctor, "WEIGHTS", ("gone.safetensors",))


def damaged_data(monkeypatch, folder):
    one = inventory.Holding("asl", "full", folder, 3, 10, "signs.csv is cut short", False, True, "")
    monkeypatch.setattr(inventory, "holdings", lambda: [one])


def no_torch(monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "torch", None)


FAULTS = {
    no_package: ("packages", "bad", "is not installed", "pip install"),
    another_version: ("packages", "note", "other versions", "pip install"),
    no_byte_code: ("byte code", "bad", "PYTHONDONTWRITEBYTECODE", "unset"),
    no_stub: ("your files", "note", f"no stub of {projects()[0].id}", "course update"),
    full_disk: ("disk", "bad", "0.2 GB are free", "Make room"),
    no_weights: ("weights", "bad", "gone.safetensors is not there", "git checkout"),
    damaged_data: ("data", "bad", "asl (full) is damaged: signs.csv is cut short", "course data fetch"),
    no_torch: ("torch", "bad", "cannot be imported", "pip install"),
}


@pytest.mark.parametrize("harm", FAULTS)
def test_what_is_missing_is_said_with_a_cure(healthy, monkeypatch, harm):
    part, state, said, cure = FAULTS[harm]
    harm(monkeypatch, healthy)
    found = examine()[part]
    assert found["state"] == state
    assert said in found["said"]
    assert cure in found["cure"]
