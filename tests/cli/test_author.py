"""`course author`: what its help says, how it names projects, and how it ends."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from course import paths
from course.authoring.commands import SECTIONS, options
from course.cli import AUTHORS, INSTRUCTORS, STUDENTS, author, main

COMMANDS = {command.name: command for part in SECTIONS.values() for command in part}


def course(*arguments):
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def leaves():
    """Each command, as it is typed after `course author`."""
    for name, command in COMMANDS.items():
        yield from [(name, sub) for sub in command.commands] if isinstance(command, click.Group) else [(name,)]


WANTED = "make check new prove proofs recognition pairs secret-seeds evidence parity mutation stability lessons pictures pretrain "
WANTED += "rehearse plain-nbgrader screenshots lock figures site bands ready readability"


def test_the_commands_of_the_design_are_there():
    assert sorted(COMMANDS) == sorted(WANTED.split())


@pytest.mark.parametrize("typed", leaves(), ids=" ".join)
def test_each_explains_itself_in_a_sentence_that_fits_the_list(typed):
    done = course("author", *typed, "--help")
    assert done.exit_code == 0
    assert f"Usage: main author {' '.join(typed)}" in done.output
    assert COMMANDS[typed[0]].get_short_help_str(60)[-1] in ".?"
    assert not COMMANDS[typed[0]].get_short_help_str(60).endswith("...")


def test_the_list_has_headings_and_an_order():
    text = course("author", "--help").output
    places = [text.index(f"{heading}:") for heading in SECTIONS] + [len(text)]
    assert places == sorted(places)
    for heading, commands in SECTIONS.items():
        part = text[text.index(f"{heading}:") :]
        assert [line.split()[0] for line in part.splitlines()[1 : 1 + len(commands)]] == [c.name for c in commands]


def test_a_student_sees_a_students_commands_in_the_order_of_their_use(monkeypatch):
    whole = course("--help").output
    for part in (STUDENTS, INSTRUCTORS, AUTHORS):
        assert all(f"\n  {command.name} " in whole for command in part)
    monkeypatch.setattr(author, "is_here", lambda: False)
    own = course("--help").output
    assert own.split("Students:")[1].split()[0] == STUDENTS[0].name
    for command in (*INSTRUCTORS, *AUTHORS):
        assert f"\n  {command.name} " not in own


@pytest.mark.parametrize(
    "typed", [("author",), ("author", "make"), ("author", "new", "--help"), ("release", "01")], ids=" ".join
)
def test_a_students_copy_says_so_in_one_sentence(monkeypatch, typed):
    monkeypatch.setattr(author, "is_here", lambda: False)
    done = course(*typed)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0] == "This copy of the course has no author's code: it is a student's copy."


def test_projects_by_their_ids_and_none_for_all():
    found = []

    @click.command()
    @options.projects
    def command(projects):
        found.append([entry.id for entry in projects])

    for arguments in (["03", "mnist"], []):
        command.main(arguments, standalone_mode=False)
    assert found == [["03", "01"], []]


@pytest.mark.parametrize("name", sorted(n for n, c in COMMANDS.items() if any(p.name == "projects" for p in c.params)))
def test_a_project_that_there_is_not_is_words_and_no_traceback(name):
    done = course("author", name, "99")
    assert done.exit_code == 2
    assert "There is no project called '99'" in done.stderr


def test_no_help_imports_torch_and_the_module_is_the_command():
    typed = [["author", *words, "--help"] for words in (*leaves(), ())] + [["--help"]]
    code = f"""
import sys
from course.cli import main
for typed in {typed!r}:
    main(typed, standalone_mode=False)
sys.exit("torch" in sys.modules or "nbgrader" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, stdout=subprocess.DEVNULL).returncode == 0
    done = subprocess.run([sys.executable, "-m", "course", "--help"], cwd=paths.ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("Usage: course ")


def test_a_page_about_all_is_not_written_of_some():
    for name in ("mutation", "stability"):
        done = course("author", name, "01", "--write")
        assert done.exit_code == 2
        assert "leave out" in done.stderr.lower()


def test_ready_takes_all_steps_and_stops_at_the_first_that_does_not_hold(monkeypatch):
    done, holds = [], {"check": True}
    for name in ("make", "check", "proofs", "prove"):

        def step(name=name, **given):
            done.append((name, [entry.id for entry in given.get("projects", [])]))
            options.leave(holds.get(name, True))

        monkeypatch.setattr(COMMANDS[name], "callback", step)
    assert course("author", "ready", "04b").exit_code == 0
    assert done == [("make", []), ("check", ["04b"]), ("proofs", ["04b"]), ("prove", ["04b"])]
    done.clear()
    holds["check"] = False
    stopped = course("author", "ready", "04b")
    assert stopped.exit_code == 1
    assert [name for name, _ in done] == ["make", "check"]
    assert stopped.output.endswith("$ course author check --run\n")
