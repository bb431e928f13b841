"""Names on the command line that a shell can complete: projects and their functions."""

import difflib

import click
from click.shell_completion import CompletionItem

from course import catalog
from course.errors import CourseError


class _Project(click.ParamType):
    name = "project"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Numbers, each with its title for shells that show one."""
        found = catalog.projects()
        names = [(entry.id, entry.title) for entry in found] + [(entry.slug, entry.title) for entry in found]
        return [CompletionItem(name, help=title) for name, title in names if name.startswith(incomplete)]


class _Function(click.ParamType):
    name = "function"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The functions of the project that stands before."""
        try:
            entry = catalog.project(str(ctx.params.get("project")))
        except CourseError:
            return []
        return [CompletionItem(f.name) for f in entry.functions if f.name.startswith(incomplete)]


PROJECT, FUNCTION = _Project(), _Function()


def function_of(entry: catalog.Project, name: str) -> catalog.Function:
    """The function of that name.

    Raises:
        CourseError: there is none.
    """
    names = [f.name for f in entry.functions]
    if name not in names:
        meant = difflib.get_close_matches(name, names, 1)
        cure = f"Do you mean {meant[0]}? " if meant else ""
        raise CourseError(
            f"Project {entry.id} has no function {name!r}.", f"{cure}Its functions are: {', '.join(names)}."
        )
    return entry.function(name)


def named(project: str | None, command: str) -> catalog.Project:
    """The project that a command was given, where it cannot be guessed.

    Raises:
        CourseError: none was given, or there is none of that name.
    """
    if project is None:
        ids = ", ".join(entry.id for entry in catalog.projects())
        raise CourseError("Which project?", f"Say it like this: `course {command} 01`. There are {ids}.")
    return catalog.project(project)
