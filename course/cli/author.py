"""`course author`: the door to the author's commands.

They are course/authoring/commands/, which a student's copy does not have. That is said here, once, for whoever needs author's code.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from course.cli.sections import Sections
from course.errors import CourseError


def is_here() -> bool:
    """Does this copy of the course have the author's code?"""
    return (Path(__file__).parent.parent / "authoring" / "__init__.py").is_file()


def require() -> None:
    """See that it is here.

    Raises:
        CourseError: this is a student's copy.
    """
    if not is_here():
        raise CourseError(
            "This copy of the course has no author's code: it is a student's copy.",
            "`course --help` says what it can do; authors and instructors work in a clone of the whole course.",
        )


class Author(Sections):
    """Loads the commands when they are asked for."""

    def sections(self) -> dict[str, Sequence[click.Command]]:
        """As course/authoring/commands/ has them."""
        require()
        from course.authoring.commands import SECTIONS

        return SECTIONS


@click.group(cls=Author)
def author() -> None:
    """Write projects and checks, prove them, measure, rehearse.

    A PROJECT is named by its number (01, 04a) or by its name (mnist); without one it is all of them. docs/authoring.md goes from
    an idea to a proven check.
    """
