"""Known mistakes are caught whatever the seed of the checks."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from course.authoring.proofs import secret_seeds, variants
from course.catalog import project
from course.checks.check import checks_of
from course.cli import main

GRADED = variants.graded()


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_one_mistake_of_each_function_under_another_seed(entry):
    """All of them under several seeds: `course author secret-seeds`."""
    slow = {check.name for check in checks_of(entry) if check.slow}
    fast = [variant for variant in variants.mistakes_of(entry) if variant.caught_by not in slow]
    first = {variant.task: variant for variant in reversed(fast)}
    assert [v.name for v in first.values() if not variants.prove(v, seed=12345).caught_by_named] == []


def test_a_mistake_that_is_not_caught_is_named_and_the_exit_status_is_1(monkeypatch):
    entry = project("04b")
    right = variants.alternatives_of(entry)[0]
    wrong = next(variant for variant in variants.mistakes_of(entry) if variant.task == right.task)
    luckless = replace(right, name="right_by_luck", caught_by=wrong.caught_by, says="It only looks right.")
    monkeypatch.setattr(secret_seeds, "mistakes_of", lambda e: [wrong])
    command = ["author", "secret-seeds", "04b", "--seed", "5"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1].split()[:5] == ["all", "all", "1", "1", "1"]
    monkeypatch.setattr(secret_seeds, "mistakes_of", lambda e: [wrong, luckless])
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert "right_by_luck" in done.stdout
    assert done.stdout.splitlines()[-1].split()[:5] == ["all", "all", "2", "1", "1"]
