"""Hostile submissions of 04b: none earns a point, none harms the next one, and their words are data in every report."""

from itertools import groupby

import psutil
import pytest
from attacks import ATTACKS, module
from notebook_attacks import NOTEBOOK_ATTACKS
from PIL import Image

from course import catalog, paths
from course.checks.check import checks_of
from course.checks.results import SubmissionResult
from course.checks.run import run
from course.grading import judge as judging
from course.grading.judge import Job
from course.grading.submissions import Submission
from course.reports import html, junit, table
from course.wall import line
from graders.kit import general

ENTRY = catalog.project("04b")
OF_TASKS = groupby(checks_of(ENTRY), key=lambda check: check.task)
CHECKS = [check for _, checks in OF_TASKS for check in list(checks)[:2]]
EXAM = [check for check in checks_of(ENTRY) if check.name == "test_letters_on_unseen_photos"]
SEED = 123_456_789_012_345
FILES = {
    kind: {name: ("py", module(code).encode()) for name, code in attacks.items()} for kind, attacks in ATTACKS.items()
} | {"notebooks": {name: ("ipynb", make) for name, make in NOTEBOOK_ATTACKS.items()}}


def grade(folder, name, suffix, content, seconds=5.0, checks=CHECKS, isolation="wall"):
    """A row, by two checks of each function: the whole of them would take minutes for all."""
    file = folder / f"{name}.{suffix}"
    file.write_bytes(content if isinstance(content, bytes) else content())
    job = Job(
        Submission(name, ENTRY.id, file, file.name), call_seconds=seconds / 2, seconds=seconds, isolation=isolation
    )
    try:
        made = judging.handed_in(file, judging.read(file), ENTRY, None, {})
    except (judging.Unreadable, ValueError) as fault:
        return judging.ungraded(job, str(fault))
    with judging._session(made, job) as session:
        whole = run(ENTRY, session, checks, seed=SEED, before=lambda check: judging._skipped(check, session, made))
    return SubmissionResult(name, file.name, whole, judging.ISOLATION[isolation])


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_hostile_submissions_earn_nothing_and_harm_nobody(kind, wall, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_SECRET", "CANARY-1")
    (tmp_path / "canary.txt").write_text("CANARY-2", "utf-8")
    checks = CHECKS + EXAM if kind == "the exam" else CHECKS
    if kind == "the exam":  # drawing 48 photos takes seconds: even ones of their own grey do here
        photos = [
            (letter, general.photo(Image.new("L", (32, 24), 9 * k))) for k, letter in enumerate(general.LETTERS * 2)
        ]
        shuffled = [photos[k] for k in general.any_order(SEED, len(photos))]
        monkeypatch.setattr("graders.test_04b_deployment.unseen_photos", lambda seed: shuffled)
    rows = {
        name: grade(tmp_path, f"attack-{number}", suffix, content, checks=checks)
        for number, (name, (suffix, content)) in enumerate(FILES[kind].items())
    }
    assert {name: row.earned for name, row in rows.items() if row.earned} == {}
    for name, row in rows.items():
        assert len(row.result.checks) == len({check.name for check in row.result.checks}) > 0
        assert len(html.page(row)) < 400_000, name
        for text in (
            table.terminal([row]),
            table.csv_text([row]),
            table.markdown([row]),
            junit.xml([row]),
            html.page(row),
        ):
            assert not [c for c in text if not c.isprintable() and c not in "\n\t\r"], name
            assert "<script" not in text, name
            text.encode("utf-8")
        assert not [said for said in table.terminal([row]).splitlines() if said.lstrip().startswith("::")]
        assert "KEPT" not in html.page(row), name
        assert "CANARY" not in html.page(row), name
    solution = (paths.ROOT / "solutions" / f"{ENTRY.module}.py").read_text("utf-8")
    honest = grade(tmp_path, "honest", "py", solution.encode(), 600.0)
    assert honest.earned == honest.points, [c.message for c in honest.result.of(["failed"])]
    zygote = psutil.Process(line.zygote()._process.pid)
    inside = {p.pid for p in zygote.children(recursive=True)}
    left = [
        p
        for p in psutil.process_iter(["uids", "pid"])
        if p.pid in inside and p.cmdline()[-2:-1] != ["course.wall.zygote"]
    ]
    assert psutil.wait_procs([p for p in left if p.name() != "bwrap"], timeout=60)[1] == []
