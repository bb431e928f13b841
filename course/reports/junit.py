"""JUnit XML: a test suite for each submission, a test case for each check. Points stand in properties, for JUnit has none.

A check that is not started or waits is "skipped", as CI systems show what was not run.
"""

from collections.abc import Iterable
from xml.etree import ElementTree

from course.checks.results import CheckResult, SubmissionResult
from course.reports.terminal import plain_text
from course.reports.totals import Totals, number, of


def xml(results: Iterable[SubmissionResult], totals: Totals | None = None) -> str:
    """The text of a JUnit file."""
    root = ElementTree.Element("testsuites")
    for result in results:
        checks = [
            *result.result.checks,
            *(b for task in result.result.by_task() for b in result.result.bonuses_of(task)),
        ]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_text(f"{result.student} {result.result.project}"),
            tests=str(len(checks)),
            failures=str(len(result.result.of(["failed"]))),
            errors="0",
            skipped=str(sum(c.outcome in ("not started", "waiting", "advice") for c in checks)),
            time=f"{sum(c.seconds for c in checks):.3f}",
        )
        properties = ElementTree.SubElement(suite, "properties")
        total = of(result, totals or {})
        about: dict[str, object] = {"earned": number(total.earned), "points": number(total.points)}
        about |= {"status": result.status, "reason": result.reason}
        about |= {"isolation": result.isolation, "file": result.file, "sha256": result.digest, "seed": result.seed}
        for name, value in about.items():
            ElementTree.SubElement(properties, "property", name=name, value=_text(str(value)))
        for check in checks:
            _case(suite, check, result)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, check: CheckResult, result: SubmissionResult) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_text(f"{result.result.project}.{check.task}"),
        name=_text(check.title),
        time=f"{check.seconds:.3f}",
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (("earned", check.earned), ("points", check.points)):
        ElementTree.SubElement(properties, "property", name=name, value=str(value))
    if check.outcome == "failed":
        first = check.message.partition("\n")[0]
        failure = ElementTree.SubElement(case, "failure", message=_text(first))
        failure.text = _text(plain_text(check, result.result.target))
    elif check.outcome == "advice":  # as pytest writes an xfail
        skipped = ElementTree.SubElement(case, "skipped", message=_text(check.readiness))
        skipped.text = _text(plain_text(check, result.result.target))
    elif check.outcome != "passed":
        ElementTree.SubElement(case, "skipped", message=_text(check.message or check.outcome))


def _text(text: str) -> str:
    """Text without characters that XML 1.0 cannot hold, not even escaped."""
    return "".join(c if c in "\n\t" or (c.isprintable() and c < "\ufffe") or c > "\uffff" else "\ufffd" for c in text)
