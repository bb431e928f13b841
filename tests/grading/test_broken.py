"""A sample of the fuzzer's broken submissions: a clear row for each. `benchmarks/broken_submissions.py` grades a thousand."""

import contextlib
from types import SimpleNamespace

import pytest
from class04b import ENTRY

from course.authoring.rehearsal import broken
from course.checks.check import checks_of
from course.checks.results import CheckResult
from course.checks.run import standing
from course.grading import judge as judging
from course.grading.classroom import FAULT
from course.grading.judge import Job, judge
from course.grading.submissions import find
from course.reports import html, table


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_broken_submission_has_a_row_in_words(seed, tmp_path, monkeypatch):
    monkeypatch.setattr(judging, "_session", lambda made, job: contextlib.nullcontext(SimpleNamespace(notes={})))

    def run(entry, session, **_):
        return standing(entry, [CheckResult.of(check, "not started") for check in checks_of(entry)])

    monkeypatch.setattr(judging, "run", run)
    broken.hand_in(tmp_path, ENTRY, 60, seed, large=False)
    found = find(tmp_path, [ENTRY])
    assert len(found) >= 50
    rows = [judge(Job(one)) for one in found]
    unread = [row for row in rows if row.reason]
    assert len(unread) > 30
    for row in unread:
        assert 10 < len(row.reason) < 600, row.reason
        assert not row.reason.startswith(FAULT)
        assert "Traceback" not in row.reason
    for text in (table.terminal(rows), table.csv_text(rows), table.markdown(rows), *map(html.page, rows)):
        assert not [c for c in text if not c.isprintable() and c not in "\n\t\r"]
        text.encode("utf-8")
