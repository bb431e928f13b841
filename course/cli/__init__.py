"""The command line `course`: a student's commands, an instructor's `grade` and `release`, and behind `author` all of an author's.

Every fault of the outside world is shown here, once, in two lines: what is wrong and what to do. Commands import what they need
when they run, so that `course --help` answers at once.
"""

from collections.abc import Sequence
from typing import IO, Any

import click

from course.cli import author, data, debug, doctor, extras, report, standing, student, tries, watch
from course.cli.sections import Sections
from course.errors import CourseError

STUDENTS = (
    standing.start,
    watch.watch,
    student.hint,
    debug.debug,
    standing.status,
    standing.list_,
    student.run,
    tries.try_,
    report.report,
    student.reset,
    student.update,
    data.data,
    doctor.doctor,
    student.completion,
)
INSTRUCTORS: tuple[click.Command, ...] = ()
if author.is_here():
    from course.cli import class_page, export, feedback, grade, grade_kept, release, requests, roster, similar

    INSTRUCTORS = (
        release.release,
        roster.roster,
        grade.grade,
        feedback.feedback,
        grade_kept.merge,
        grade_kept.regrade,
        requests.requests,
        class_page.class_,
        export.export,
        similar.similar,
    )
AUTHORS = (author.author,)


class _Shown(click.ClickException):
    """A CourseError as two lines on stderr."""

    exit_code = 2

    def __init__(self, fault: CourseError) -> None:
        super().__init__(fault.problem)
        self.fault = fault

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(click.style(self.fault.problem, fg="red"), err=True)
        if self.fault.cure:
            click.echo(self.fault.cure, err=True)


class _Course(Sections):
    """The whole. It shows a CourseError, or which package is missing, and leaves with status 2."""

    def sections(self) -> dict[str, Sequence[click.Command]]:
        """By person; a student's copy lists a student's alone."""
        own: dict[str, Sequence[click.Command]] = {"Students": STUDENTS}
        return own | {"Instructors": INSTRUCTORS, "Authors": AUTHORS} if author.is_here() else own

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Listed or not: a student who types an instructor's command reads why it is not for this copy."""
        if name in (
            "release",
            "roster",
            "grade",
            "feedback",
            "merge",
            "regrade",
            "requests",
            "class",
            "export",
            "similar",
        ):
            author.require()
        return self.commands.get(name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CourseError as fault:
            raise _Shown(fault) from fault
        except ModuleNotFoundError as fault:
            if told := extras.missing(fault):
                raise _Shown(told) from fault
            raise


@click.group(
    cls=_Course,
    commands=[*STUDENTS, *INSTRUCTORS, *AUTHORS],
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Hands-on PyTorch projects, with graders.

    You write functions in exercises/; the checks say how they stand. A project is named by its number (01, 04a) or by its
    name (mnist).
    """
    if ctx.invoked_subcommand is None:
        standing.greet()
