"""A receipt for each submission: what its verdict rests on, the verdict, and, apart from both, when and how long.

Receipts are the instructor's: they hold the seed. `again` repeats a grading from one and says whether the verdict is the same, byte
for byte, and what has changed since.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading.basis import Basis, basis, changes
from course.grading.judge import ISOLATION, Job, judge
from course.grading.packed import verdict, verdict_bytes
from course.grading.submissions import Submission

FORM = 1


@dataclass(frozen=True)
class Receipt:
    """One grading.

    Args:
        student, project, file: whose, of what, and which file of the class.
        submitted: the folder or zip that it came in, as it was typed.
        basis: what the verdict rests on.
        verdict: what was found, without durations (`packed.verdict`).
        durations: {"graded", "seconds", "checks"}; no part of the verdict.
    """

    student: str
    project: str
    file: str
    submitted: str
    basis: Basis
    verdict: Mapping[str, Any]
    durations: Mapping[str, Any]

    def text(self) -> str:
        """As the text of a file."""
        about = {"receipt": FORM, "student": self.student, "project": self.project, "file": self.file}
        found = about | {
            "submitted": self.submitted,
            "basis": self.basis.plain(),
            "key": self.basis.key,
            "verdict": self.verdict,
            "verdict_sha256": digest(self.verdict),
            "durations": self.durations,
        }
        return json.dumps(found, indent=1) + "\n"


def receipt(result: SubmissionResult, rests_on: Basis, submitted: str, seconds: float, at: str = "") -> Receipt:
    """The receipt of a result."""
    durations = {
        "graded": at or datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 2),
        "checks": {check.name: round(check.seconds, 3) for check in result.result.checks},
    }
    return Receipt(result.student, result.result.project, result.file, submitted, rests_on, verdict(result), durations)


def read(file: Path) -> Receipt:
    """A receipt from its file.

    Raises:
        CourseError: it is not there, is none, or somebody has changed the verdict in it.
    """
    cure = "`course grade` writes one for each submission, in receipts/ below --out."
    try:
        found = json.loads(file.read_text("utf-8"))
        form, sha = found["receipt"], found["verdict_sha256"]
        about = {name: str(found[name]) for name in ("student", "project", "file", "submitted")}
        rests_on = Basis.from_plain(found["basis"])
        made = Receipt(**about, basis=rests_on, verdict=found["verdict"], durations=found["durations"])
    except OSError as fault:
        raise CourseError(f"{file} cannot be read: {fault.strerror}.", cure) from fault
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise CourseError(f"{file} is not a receipt of this course.", cure) from fault
    if form != FORM:
        raise CourseError(f"{file} is a receipt of form {form}, and this course reads form {FORM}.", "Grade it anew.")
    if digest(made.verdict) != sha or made.basis.key != found.get("key"):
        raise CourseError(f"{file} has been changed since it was written: its digests do not fit.", "Grade it anew.")
    return made


@dataclass(frozen=True)
class Again:
    """A grading that was repeated.

    Args:
        result: the new result.
        same: is the verdict the same, byte for byte?
        changes: what it rests on and was another thing then.
        differences: what the verdict says otherwise, a line each.
    """

    result: SubmissionResult
    same: bool
    changes: tuple[str, ...]
    differences: tuple[str, ...]


def again(kept: Receipt, submission: Submission, secret: tuple[Path, ...] = ()) -> Again:
    """Grade as the receipt says it was graded: its seed, its limits, its isolation.

    Raises:
        CourseError: data or weights of the course are missing, or there is no wall here and the receipt had one.
    """
    isolation = next((name for name, shown in ISOLATION.items() if shown == kept.basis.isolation), "wall")
    call_seconds, seconds = kept.basis.seconds
    job = Job(submission, call_seconds, seconds, kept.basis.seed, isolation, secret, kept.basis.show_exam)
    now = basis(job)
    result = judge(job)
    if now is None:
        return Again(result, False, ("the submission, which is not there or cannot be read",), ())
    found = verdict(replace(result, student=kept.student, file=kept.file))
    lines = tuple(differences(kept.verdict, found))
    return Again(result, verdict_bytes(found) == verdict_bytes(kept.verdict), tuple(changes(kept.basis, now)), lines)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two verdicts say differently, a line for each check and for each word about the whole."""
    found = [f"{name}: was {before.get(name)!r}, is {now.get(name)!r}" for name in _unlike(before, now, "result")]
    whole = before["result"], now["result"]
    found += [f"{name}: was {whole[0].get(name)!r}, is {whole[1].get(name)!r}" for name in _unlike(*whole, "checks")]
    old = {check["name"]: check for check in before["result"]["checks"]}
    new = {check["name"]: check for check in now["result"]["checks"]}
    found += [f"{name} is new" for name in new.keys() - old.keys()]
    found += [f"{name} is no more" for name in old.keys() - new.keys()]
    for name in (name for name in new if name in old and old[name] != new[name]):
        a, b = old[name], new[name]
        if (a["outcome"], a["earned"]) != (b["outcome"], b["earned"]):
            found.append(f"{a['task']}, {name}: was {a['outcome']} ({a['earned']}), is {b['outcome']} ({b['earned']})")
        else:
            found.append(f"{a['task']}, {name}: the same outcome, other words in {', '.join(_unlike(a, b))}")
    return found


def _unlike(before: Mapping[str, Any], now: Mapping[str, Any], *but: str) -> list[str]:
    return [name for name in {**before, **now} if name not in but and before.get(name) != now.get(name)]


def digest(found: Mapping[str, Any]) -> str:
    """SHA-256 of a verdict's bytes."""
    return hashlib.sha256(verdict_bytes(found)).hexdigest()
