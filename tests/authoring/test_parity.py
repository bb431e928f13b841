"""The wall changes no verdict, and where it did the command would say so."""

import pytest

from course.authoring import parity
from course.catalog import project
from course.checks.check import checks_of

ENTRY = project("04b")


@pytest.mark.slow
def test_a_right_and_a_wrong_module_end_alike(wall, tmp_path):
    text = (parity.paths.ROOT / "solutions" / f"{ENTRY.module}.py").read_text("utf-8")
    checks = [check for check in checks_of(ENTRY) if check.task == "load_model"]
    for name, code in {"right": text, "wrong": text.replace("weights_only=True", "weights_only=False")}.items():
        file = tmp_path / f"{name}.py"
        file.write_text(code, "utf-8")
        assert list(parity.compare(ENTRY, file, checks, 1, name)) == []


def test_a_difference_is_said(monkeypatch):
    checks = list(checks_of(ENTRY))[:1]
    passed = parity.CheckResult.of(checks[0], "passed")
    failed = parity.CheckResult.of(checks[0], "failed")
    found = [parity.Difference("solution: x", passed, failed), parity.Difference("solution: y", passed, passed)]
    monkeypatch.setattr(parity, "compare", lambda *_: found)
    said = []
    assert not parity.compare_all([ENTRY], 1, 0, False, said.append)
    assert said[1].split() == ["04b", "solution", "1", "15", "1", "1"]
    assert "    solution: x" in said
