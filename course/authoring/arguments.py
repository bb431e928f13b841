"""What the commands of authors take that run whole projects: their ids, or none for all."""

import argparse
from collections.abc import Sequence

from course.catalog import Project, project
from course.errors import CourseError


def projects_named(argv: Sequence[str] | None, prog: str, doc: str | None) -> list[Project]:
    """The projects that a command line names, none if it names none; the process ends with a word of help or of the wrong id.

    Args:
        argv: the command line without its program; that of the process if None.
        prog: what the user types to run the command.
        doc: docstring of the command's module, the text of its help.
    """
    parser = argparse.ArgumentParser(prog, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="*", type=_known, metavar="ID", help="only these, such as 02 03")
    return parser.parse_args(argv).projects


def _known(key: str) -> Project:
    try:
        return project(key)
    except CourseError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault
