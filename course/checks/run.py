"""The one way to run checks: pytest, watch, hint, notebook, class, proofs, mutation and stability all come through here."""

import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, replace
from typing import Any

import hypothesis
from hypothesis.errors import FlakyFailure

from course.catalog import Project
from course.checks import slips
from course.checks.check import Check, bonuses_of, checks_of
from course.checks.check_failure import CheckFailure
from course.checks.diagnosis import WRONG, recognise, signature
from course.checks.failure import Failure
from course.checks.printed import Lines
from course.checks.results import CheckResult, ProjectResult
from course.checks.seeds import told, within
from course.checks.session import Session, StudentRaised, WorkerLost
from course.checks.student import Lab, NotHere
from course.errors import CourseError


def run(
    entry: Project,
    session: Session,
    checks: Iterable[Check] | None = None,
    *,
    seed: int = 0,
    show_exam: bool | None = None,
    before: Callable[[Check], CheckResult | None] | None = None,
    each: Callable[[CheckResult], bool | None] | None = None,
    target: str = "",
    mend: bool = False,
    together: bool = False,
) -> ProjectResult:
    """Run checks, each of which reports exactly once, and say how the project stands.

    Args:
        checks: which, and in which order; all of the project unless given, and its bonuses after them. A bonus is left out where
            a check of its function that ran before did not pass.
        seed: of the hidden data; the student's generators get another that comes from it (`seeds`).
        show_exam: may attachments show hidden data? Unless given, where the seed is 0: then students have them.
        before: called before each check; a result that it returns stands in place of running the check.
        each: called with each result; no further check runs once it returns True.
        target: how the reader calls what is graded.
        mend: whether a slip of form costs one check and not all (`slips`).
        together: checks that stand on the same upstream functions follow one another (`by_needs`): a session that starts anew where
            these change then starts less often.

    Raises:
        CourseError: data or weights of the course are missing.
    """
    results: list[CheckResult] = []
    shown = seed == 0 if show_exam is None else show_exam
    asked = (*checks_of(entry), *bonuses_of(entry)) if checks is None else checks
    wanted = {check.name: check for check in (by_needs(asked) if together else asked)}

    def run_one(name: str) -> CheckResult:
        with within(told(seed)):
            if before and (known := before(wanted[name])):
                return known
            session.struck = False
            result = _run_one(wanted[name], session, seed, shown)
            if (
                session.struck
            ):  # somebody's `kill -9`, or a system without memory: nothing that the student has done, perhaps
                result = _run_one(wanted[name], session, seed, shown)
            return result

    for name, check in wanted.items():
        if check.bonus and any(r.task == check.task and r.outcome != "passed" for r in results):
            continue
        result = run_one(name)
        results.append(result)
        if each is not None and each(result):
            break
    if together:
        place = {check.name: number for number, check in enumerate(asked)}
        results.sort(key=lambda result: place[result.name])
    whole = replace(standing(entry, results, target), notes=tuple(session.notes))
    return slips.mended(entry, whole, session, run_one) if mend else whole


def by_needs(checks: Iterable[Check]) -> list[Check]:
    """The same checks, those together that stand on the same upstream functions; a bonus still after all checks of its function."""
    groups: dict[tuple[str, ...], list[Check]] = {}
    late: list[Check] = []
    last: dict[str, int] = {}  # {function: place of the last group with a check of it}
    for check in checks:
        group = groups.setdefault(check.needs, [])
        here = list(groups).index(check.needs)
        if not check.bonus:
            last[check.task] = max(here, last.get(check.task, 0))
        (late if check.bonus and last.get(check.task, 0) > here else group).append(check)
    return [check for group in groups.values() for check in group] + late


def standing(entry: Project, results: Iterable[CheckResult], target: str = "") -> ProjectResult:
    """How a project stands by these results: in the order of its functions, known mistakes named."""
    order = {function.name: place for place, function in enumerate(entry.functions)}
    ordered = sorted(results, key=lambda result: order.get(result.task, len(order)))
    judged, bonuses = ([r for r in ordered if bool(r.bonus) == extra] for extra in (False, True))
    told = tuple(recognise(entry.id, judged))
    return ProjectResult(entry.id, entry.title, target, told, bonuses=tuple(recognise(entry.id, bonuses)))


def _run_one(check: Check, session: Session, seed: int, show_exam: bool) -> CheckResult:
    lab, session.printed, session.fault = Lab(session, seed, show_exam), Lines(), None
    started = time.perf_counter()
    outcome, failure, where = _outcome(check, session, lab)
    if check.bonus and outcome == "failed":
        # an answer that never came says nothing about what the bonus is about
        outcome = "waiting" if failure and failure.kind == "no answer" else "advice"
    uses = tuple(session.begun.get("own", ()))
    marks = astuple(signature(check.name, failure, session.answers)) if failure and outcome in WRONG else ()
    return CheckResult.of(
        check,
        outcome,
        failure,
        **where,
        uses=uses,
        seconds=time.perf_counter() - started,
        signature=marks,
        slips=slips.seen(check.task, session.answers) if outcome == "failed" else (),
        printed=session.printed.text(),
        attachments=tuple(lab.attachments),
    )


def _outcome(check: Check, session: Session, lab: Lab) -> tuple[str, Failure | None, dict[str, Any]]:
    """(outcome, failure, place and line of the student's, and code on it) of a check."""
    where: dict[str, Any] = {}
    session.answers.clear()
    try:
        begun = session.begun = session.request("begin", task=check.task, needs=list(check.needs), seed=lab.seed)
        where = {"place": begun["place"], "line": begun["line"]}
        if begun["fault"]:
            raise StudentRaised(begun["fault"])
        if begun["missing"]:
            return "failed", Failure("no function", check.task, {"like": begun["like"]}), {}
        if begun["todo"]:  # said before anything runs: a stub's verdict takes no training and no data
            return "not started", None, {}
        if begun["waiting"]:
            return "waiting", Failure("waiting", values={"names": begun["waiting"]}), {}
        if hasattr(check.function, "hypothesis"):  # its examples: always the same ones only where the seed is 0
            hypothesis.seed(lab.seed or None)(check.function)
        tools = {"student": lab.student, "lab": lab}
        check.function(**{name: tools[name] for name in check.tools})
        return "passed", None, {}
    except FlakyFailure as several:  # the same example failed once and not again: chance, or a memory of earlier calls
        return "failed", _unsteady(several), where
    except CheckFailure as fault:
        session.fault = fault
        return "failed", fault.found_by(fault.__traceback__), where
    except NotHere as fault:
        return "waiting", Failure("not here", str(fault)), where
    except StudentRaised as fault:
        if fault.todo == check.task:
            return "not started", None, {}
        if fault.todo:
            return "waiting", Failure("waiting", values={"names": [fault.todo]}), {}
        if fault.line:
            where = {"place": fault.place, "line": fault.line, "code": fault.code}
        return "failed", fault.failure(check.task), where
    except WorkerLost as fault:
        return "failed", Failure("no answer", check.task, {"reason": str(fault)}), {}
    except CourseError:
        raise  # data or weights that are missing: nobody's mistake, and it has a cure
    except Exception as fault:
        # evidence of a form that the check did not expect; a fault of our own would show in the solution's run
        said = {"type": type(fault).__name__, "text": str(fault)}
        return "failed", Failure("unreadable", values=said, token=said["type"]), where


def _unsteady(several: FlakyFailure) -> Failure:
    """For student code that answers the same example differently each time.

    Raises:
        FlakyFailure: what failed was not the student's code.
    """
    for fault in several.exceptions:
        if isinstance(fault, CheckFailure):
            return replace(fault.found_by(fault.__traceback__), steady=False)
        if isinstance(fault, StudentRaised):
            return replace(fault.failure("the function"), steady=False)
    raise several
