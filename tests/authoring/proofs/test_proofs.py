"""Every mistake is caught by the check that it names; every alternative passes; solutions get all the points and stubs none.

That there is a mistake for each check, an alternative for each function and so on is for tests/authoring/test_lint.py.
"""

import ast
import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from course import paths
from course.authoring.proofs import fingerprints, variants
from course.authoring.proofs.variants import Variant
from course.catalog import Project, project
from course.checks import diagnosis, probes
from course.checks.builders import dense_net
from course.checks.check import checks_of
from course.checks.run import run
from course.checks.session import InProcess
from course.checks.student import Lab
from course.checks.target import open_session
from course.checks.worker import Worker

GRADED = variants.graded()


def _slow_checks(entry: Project) -> set[str]:
    return {check.name for check in checks_of(entry) if check.slow}


def _slow_tasks(entry: Project) -> set[str]:
    return {check.task for check in checks_of(entry) if check.slow}


def _parameters(collect, is_slow) -> list:
    found = []
    for entry in GRADED:
        for variant in collect(entry):
            marks = [pytest.mark.slow] if is_slow(entry, variant) else []
            found.append(pytest.param(variant, id=f"{entry.id}-{variant.task}-{variant.name}", marks=marks))
    return found


@pytest.mark.parametrize("variant", _parameters(variants.mistakes_of, lambda e, v: v.caught_by in _slow_checks(e)))
def test_a_mistake_is_caught_by_the_check_that_it_names(variant: Variant):
    proof = variants.prove(variant)
    if not proof.caught_by_named and "torch.compile" in variant.text() and not _compiles():
        pytest.skip("torch.compile does not work here, and then the mistake is none")
    assert proof.caught_by_named, (
        f"{variant.says}\n{variant.caught_by} said: {proof.message or 'nothing'}; failed: {proof.failed}"
    )
    _expect_fresh_fingerprint(proof)


@functools.cache
def _compiles() -> bool:
    """Can this machine compile the network of the check? Torch keeps C++ by the network and not by the processor's capability."""
    return probes.PROBES["compiler_works"](
        dense_net.build(features=784, classes=24, seed=2, width=32), torch.zeros(4, 784)
    )


def _expect_fresh_fingerprint(proof: variants.Proof) -> None:
    """What the mistake does now is what course/checks/fingerprints/ says of it, and the feedback names it."""
    cure = "`course author prove` makes the fingerprints anew"
    now = fingerprints.fingerprint(proof)
    kept = diagnosis.known(proof.variant.project)[proof.variant.task]
    same = [m for m in kept if (m.says, m.check, m.failed) == (now.says, now.check, now.failed)]
    assert same, cure
    forms = {one.check: one.form for one in now.signatures}
    exact = [m for m in same if all(one.form == forms[one.check] for one in m.signatures)]
    assert exact, cure
    slow = _slow_checks(project(proof.variant.project))
    if slow.isdisjoint(now.failed):  # what training ends with differs a little from processor to processor
        assert fingerprints.says(proof) or fingerprints.alike(now, kept) > diagnosis.SAID_AT_ONCE, cure


@pytest.mark.parametrize("variant", _parameters(variants.alternatives_of, lambda e, v: v.task in _slow_tasks(e)))
def test_an_alternative_passes_every_check_of_its_function(variant: Variant):
    proof = variants.prove(variant, slow=True)
    assert proof.results
    assert not [(r.name, r.outcome, r.message) for r in proof.results if r.outcome != "passed"]


def test_nearly_every_mistake_is_named_in_the_feedback():
    """From the fingerprints alone, each as if a student had just made it."""
    counts = [fingerprints.count_named(entry) for entry in GRADED]
    named, known = (sum(column) for column in zip(*counts, strict=True))
    assert known == sum(len(variants.mistakes_of(entry)) for entry in GRADED)
    assert named >= 0.95 * known


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_the_fingerprints_are_those_of_the_catalogue(entry: Project):
    kept = [(task, m.says, m.check) for task, found in diagnosis.known(entry.id).items() for m in found]
    assert sorted(kept) == sorted((v.task, v.says, v.caught_by) for v in variants.mistakes_of(entry))
    assert fingerprints.MADE in fingerprints.file_of(entry).read_text("utf-8").splitlines()[0]


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_every_variant_is_a_module_that_parses(entry: Project):
    for variant in [*variants.mistakes_of(entry), *variants.alternatives_of(entry)]:
        text = variant.text()
        ast.parse(text)
        assert text != variants.solution_text(entry.id)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["inprocess", "child"])
@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_the_solution_gets_every_point(entry: Project, transport: str, monkeypatch):
    attach = Lab.attach

    def loudly(
        lab: Lab, make, exam=False
    ):  # an attachment that cannot be made is left out without a word; here it is a fault
        made = make()
        attach(lab, lambda: made)

    monkeypatch.setattr(Lab, "attach", loudly)
    target = paths.ROOT / "solutions" / f"{entry.module}.py"
    # What took training is kept by the content of the code and the data: the second transport need not train again.
    session = open_session(target, entry, transport=transport, cached=True)
    try:
        result = run(entry, session)
    finally:
        session.close()
    assert [(r.name, r.outcome, r.message) for r in result.checks if r.outcome != "passed"] == []
    assert result.earned == sum(f.points for f in entry.functions)
    assert any(r.attachments for r in result.checks)


@pytest.mark.parametrize("entry", GRADED, ids=lambda entry: entry.id)
def test_the_stub_gets_no_point_and_is_told_so(entry: Project, tmp_path: Path):
    target = _stub(entry, tmp_path)
    for reference in (True, False):
        session = open_session(target, entry) if reference else InProcess(Worker(target))
        try:
            result = run(entry, session)
        finally:
            session.close()
        assert result.earned == 0
        kinds = {(r.name, r.outcome, r.message) for r in result.checks if r.outcome != "not started"}
        # Without the solutions a check that needs an upstream function waits for it.
        assert not [kind for kind in kinds if reference or kind[1] != "waiting"]


def test_pytest_fails_on_stubs(tmp_path: Path):
    for entry in GRADED:
        _stub(entry, tmp_path)
    files = [f"graders/{entry.grader}" for entry in GRADED]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files, "--target", str(tmp_path)],
        cwd=paths.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    total = sum(entry.points for entry in GRADED)
    assert f"0 of {total} points" in run.stdout
    assert "✗" not in run.stdout
    assert "✓" not in run.stdout


def _stub(entry: Project, folder: Path) -> Path:
    """The solution with each marked body exchanged for its TODO: what `course` makes for students, made here by hand."""
    lines, inside, name = [], False, ""
    for line in variants.solution_text(entry.id).splitlines():
        words = line.split("(")[0].split(":")[0].split()
        if not line.startswith(" ") and words[:1] in (["def"], ["class"]):
            name = words[1]
        if "### BEGIN SOLUTION" in line:
            inside = True
            lines.append(line.split("###")[0] + f'raise NotImplementedError("{name}")')
        elif "### END SOLUTION" in line:
            inside = False
        elif not inside:
            lines.append(line)
    file = folder / f"{entry.module}.py"
    file.write_text("\n".join(lines) + "\n")
    return file
