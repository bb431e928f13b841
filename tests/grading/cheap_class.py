"""A class that takes no processor: submissions whose verdict is made of their text, for the tests of a batch.

`judge` stands in for the real one: it reads the file and gives as many points as the file says, in milliseconds.
"""

import hashlib
import time
from dataclasses import replace

from click.testing import CliRunner

from course.catalog import project
from course.checks.failure import Failure
from course.checks.results import CheckResult, Gallery, Picture, SubmissionResult
from course.checks.run import standing
from course.cli import main
from course.grading import judge as judging

ENTRY = project("04b")
NAME = ENTRY.module
PICTURE = Gallery("views", (Picture("data:image/png;base64,iVBORw0KGgo=", 8, 8, "a view", True),))


def hand_in(folder, note="", **right):
    """A file for each student, with which of the project's checks pass: ada=3. With another note it is other content."""
    for student, number in right.items():
        file = folder / student / NAME / f"{NAME}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}  # {student}{note}\n")


def judge(job):
    """The first so many checks pass; "loop" in the text is a check that ran out of time."""
    submission = job.submission
    if submission.file is None:
        return judging.ungraded(job, submission.problem)
    content = submission.file.read_bytes()
    if b"slow" in content:
        time.sleep(600)
    time.sleep(0.004)
    right = int(content.split()[0]) + judge.more
    checks = []
    for place, check in enumerate(judging.checks_of(ENTRY)):
        passed = place < right
        lost = Failure("no answer", check.task, {"reason": "no answer within 120 s: an endless loop?"})
        failure = None if passed else lost if b"loop" in content else Failure("condition", "wrong", {"n": (1, 2.5)})
        made = CheckResult.of(check, "passed" if passed else "failed", failure, seconds=time.perf_counter() % 1)
        checks.append(replace(made, attachments=(PICTURE,) if place == 0 else ()))
    whole = standing(ENTRY, checks, submission.file.name)
    digest = hashlib.sha256(content).hexdigest()
    judge.done.append(submission.student)
    return SubmissionResult(
        submission.student, submission.name, whole, judging.ISOLATION[job.isolation], "", (), digest, job.seed
    )


judge.more = 0
judge.done = []


def grade(folder, *arguments):
    """`course grade submitted` in a folder, with its reports in `out`."""
    return command("grade", folder / "submitted", "--out", folder / "out", "--isolation", "process", *arguments)


def command(*arguments):
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done
