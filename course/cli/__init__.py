"""The command line `course`: for students watch, hint, status, run, reset, update and data; for authors make, check and lessons;
for instructors release and grade.

Every fault of the outside world is shown here, once, in two lines: what is wrong and what to do. Commands import what they need
when they run, so that `course --help` answers at once.
"""

from typing import IO, Any

import click

from course.cli import author, data, grade, release, student, watch
from course.errors import CourseError


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


class _Edge(click.Group):
    """A group that shows a CourseError and leaves with status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except CourseError as fault:
            raise _Shown(fault) from fault


@click.group(
    cls=_Edge,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Nine hands-on PyTorch projects, with graders.

    You write functions in exercises/; the checks say how they stand. A project is named by its number (01, 04a) or by its
    name (mnist).
    """
    if ctx.invoked_subcommand is None:
        student.greet()


for command in (
    watch.watch,
    student.hint,
    student.status,
    student.run,
    student.reset,
    student.update,
    data.data,
    author.make,
    author.check,
    author.lessons,
    release.release,
    grade.grade,
):
    main.add_command(command)
