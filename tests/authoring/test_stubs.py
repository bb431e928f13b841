"""Stubs: only marked bodies change, and what does not fit is said with file and line."""

import ast
import re

import jupytext
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from course import paths
from course.authoring import generated, lock
from course.authoring.lesson_text import ModuleText
from course.authoring.lock import lines_of
from course.authoring.stubs import BEGIN, END, find_regions, stub_text, todo_text
from course.catalog import Function, Project, projects
from course.cli import main
from course.errors import CourseError
from course.workspace import edited, made_digest

SOLUTIONS = [entry for entry in projects() if (paths.ROOT / "solutions" / f"{entry.module}.py").is_file()]
needs_solutions = pytest.mark.skipif(not SOLUTIONS, reason="this copy of the course has no solutions/")


def toy(*names: str) -> Project:
    return Project("99", "toy", "A toy", (), tuple(Function(name, 1, f"What is {name}?") for name in names), {})


def stub(text: str, *names: str) -> str:
    return stub_text(text, toy(*names), "solutions/ex99_toy.py")


ONE = f'''# %% [markdown]
# # A lesson

# %%
import math


# %%
def area(r: float) -> float:
    """Of a circle."""
    {BEGIN}
    return math.pi * r**2
    {END}
'''


@pytest.mark.parametrize("entry", SOLUTIONS, ids=lambda entry: entry.module)
def test_only_the_marked_bodies_differ_from_the_solution(entry):
    """Putting the bodies back where the TODOs are gives the solution, byte for byte; of its text, what `lesson_text` makes."""
    name = f"solutions/{entry.module}.py"
    solution = (paths.ROOT / name).read_text("utf-8")
    rest = stub_text(solution, entry, name).partition("\n")[2]
    lines = solution.splitlines(keepends=True)
    for region in find_regions(solution, name):
        body = "".join(lines[region.first - 1 : region.last])
        indent = re.match(r"\s*", body).group()
        todo = "".join(f"{indent}{line}\n" for line in todo_text(entry, region.task, len(indent)).splitlines())
        assert todo in rest
        rest = rest.replace(todo, body, 1)
    text = ModuleText(entry, name)
    expected = [(c.cell_type, c.source if c.cell_type == "code" else text.cell(c.source)) for c in cells(solution)]
    if answers := text.last_cell():
        expected.append(("markdown", answers))
    assert [(cell.cell_type, cell.source) for cell in cells(rest)] == expected


def cells(module: str) -> list:
    return jupytext.reads(module, fmt={"extension": ".py", "format_name": "percent"}).cells


@pytest.mark.parametrize("entry", SOLUTIONS, ids=lambda entry: entry.module)
def test_a_stub_is_valid_and_holds_nothing_of_the_solution(entry):
    solution = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    text = stub_text(solution, entry, f"solutions/{entry.module}.py")
    ast.parse(text)
    assert "SOLUTION" not in text
    for function in entry.functions:
        assert f'raise NotImplementedError("{function.name}")' in text
        assert f"# TODO {function.name}: " in text
    assert 'tags=["active-py"]' in text or 'tags=["active-py"]' not in solution


@pytest.mark.parametrize("entry", SOLUTIONS, ids=lambda entry: entry.module)
def test_a_line_of_a_stub_shows_whole_beside_the_list_of_files(entry):
    """JupyterLab shows 101 characters there on a screen of 1,280 pixels; ruff keeps the solutions so, and the rest is made."""
    text = (paths.ROOT / "exercises" / f"{entry.module}.py").read_text("utf-8").split("\n", 1)[1]
    assert [line for line in text.splitlines() if len(line) > 100 and "<https://" not in line] == []


@needs_solutions
def test_made_files_are_fresh():
    """Run `course author make` after every change of a solution."""
    assert [file.name for file in generated.stale()] == []


def test_the_first_line_says_where_a_stub_comes_from_and_notices_an_edit():
    text = stub(ONE, "area")
    assert text.startswith("# Made from solutions/ex99_toy.py by `course author make`; ")
    assert not edited(text)
    assert not edited(text.replace("\n", "\r\n") + "\r\n")
    assert edited(text.replace('raise NotImplementedError("area")', "return 3.0"))
    assert edited(text.partition("\n")[2])
    assert made_digest("print(1)\n") is None


def test_todo_and_raise_stand_where_the_body_stood():
    assert stub(ONE, "area").endswith(
        '    """Of a circle."""\n    # TODO area: What is area?\n    raise NotImplementedError("area")\n'
    )


def test_each_method_of_a_class_raises_the_name_of_the_class():
    text = f"""# %%
class Signs:
    def __len__(self) -> int:
        {BEGIN}
        return 1
        {END}

    def __getitem__(self, k: int) -> int:
        {BEGIN}
        return k
        {END}
"""
    assert stub(text, "Signs").count('        raise NotImplementedError("Signs")\n') == 2


def test_a_comment_that_looks_like_a_call_for_help_stays_a_comment():
    """jupytext would take "# outputs?" for IPython's help and put a second # before it."""
    text = ONE.replace("# %%\ndef", "# outputs?\n# %timeit\ndef").replace("import math\n\n\n", "import math\n\n# %%\n")
    assert "# outputs?\n# %timeit\ndef" in stub(text, "area")
    entry = Project("99", "toy", "A toy", (), (Function("area", 1, "x " * 57 + "outputs?"),), {})
    assert len(todo_text(entry, "area").splitlines()[-2].split()) > 2


def test_a_long_question_is_broken_into_comment_lines():
    entry = Project("99", "toy", "A toy", (), (Function("area", 1, "Why? " * 60),), {})
    lines = stub_text(ONE, entry, "x.py").splitlines()
    assert all(len(line) <= 120 for line in lines)
    ast.parse("\n".join(lines))


@settings(max_examples=30)
@given(
    bodies=st.lists(
        st.lists(
            st.sampled_from(
                [
                    "a = 1",
                    "# a remark",
                    "",
                    "b = 'ä €'",
                    "return None",
                    "for i in ():\n        pass",
                    "who?".join(["# ", ""]),
                ]
            ),
            min_size=1,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_bodies_of_any_form_are_cleared_and_nothing_else(bodies):
    cells, expected = [], []
    for k, body in enumerate(bodies):
        inner = (
            ["    x = 0", "    if x:", "        pass", *("    " + line for line in body)]
            if "for i in ():" not in body
            else ["    pass"]
        )
        inner = ["    " + line for line in body]
        inner = [line.rstrip() for line in inner]
        head = f'# %%\ndef f{k}() -> None:\n    """Nothing."""\n'
        cells.append("\n".join([head + f"    {BEGIN}", *inner, f"    {END}"]))
        expected.append(head + f'    # TODO f{k}: What is f{k}?\n    raise NotImplementedError("f{k}")')
    text = "\n\n\n".join(cells) + "\n"
    rest = stub(text, *(f"f{k}" for k in range(len(bodies)))).partition("\n")[2]
    assert rest == "\n\n\n".join(expected) + "\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (ONE.replace(f"    {END}\n", ""), 11, "is never closed"),
        (ONE.replace(f"    {BEGIN}\n", ""), 12, "without an opening marker"),
        (ONE.replace(f"    {BEGIN}\n", f"    {BEGIN}\n    {BEGIN}\n"), 12, "a second"),
        (ONE.replace(END, END + " here"), 13, "takes this line for a marker"),
        (ONE.replace("# # A lesson", "# # BEGIN SOLUTION"), 2, "takes this line for a marker"),
        (ONE + f"\n\n# %%\n{BEGIN}\nx = 1\n{END}\n", 17, "does not stand in a function"),
        (ONE + f"\n\n# %%\nclass A:\n    {BEGIN}\n    x = 1\n    {END}\n", 18, "does not stand in a function"),
        (ONE + f"\n\n# %%\ndef other() -> None:\n    {BEGIN}\n    pass\n    {END}\n", 18, "has no such function"),
        (
            ONE.replace(f"    {END}\n", f"    {END}\n    {BEGIN}\n    return 2\n    {END}\n"),
            14,
            "already has a marked region",
        ),
        (ONE.replace("math.pi *", "math.pi *)"), 12, "unmatched"),
        (
            ONE.replace("math.pi * r**2", f"max(\n    {BEGIN}\n    1, 2)").replace(
                f"    {BEGIN}\n    return", "    return"
            ),
            12,
            "midst",
        ),
        (ONE.replace("# %%\ndef", "#%%\ndef"), 8, "in another way"),
    ],
)
def test_a_fault_is_said_with_file_and_line(text, line, says):
    with pytest.raises(CourseError) as fault:
        stub(text, "area")
    assert fault.value.problem.startswith(f"solutions/ex99_toy.py:{line}: ")
    assert says in fault.value.problem
    assert fault.value.cure


def test_a_function_of_the_catalog_without_a_region_is_said():
    with pytest.raises(CourseError, match=r"volume of course/catalog\.toml has no marked region"):
        stub(ONE, "area", "volume")


def test_two_tasks_in_one_cell_are_refused():
    text = ONE + f"\n\ndef volume(r: float) -> float:\n    {BEGIN}\n    return r**3\n    {END}\n"
    with pytest.raises(CourseError, match="one cell holds area and volume"):
        stub(text, "area", "volume")


def test_make_saves_an_edited_exercise_and_drops_what_has_no_solution(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(generated, "projects", lambda: (toy("area"),))
    monkeypatch.setattr(
        generated, "pristine_file", lambda entry: tmp_path / "course" / "workspace" / f"{entry.module}.stub"
    )
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "ex99_toy.py").write_text(ONE)
    assert len(generated.make()[0]) == 4  # the package, stub, exercise and notebook
    assert generated.make() == ([], [])
    exercise = tmp_path / "exercises" / "ex99_toy.py"
    exercise.write_text(exercise.read_text() + "# mine\n")
    orphan = tmp_path / "exercises" / "ex98_gone.py"
    orphan.write_text("mine = 1\n")
    assert generated.stale() == [exercise, orphan]
    changed, backups = generated.make()
    assert changed == [exercise, orphan]
    assert [b.read_text().splitlines()[-1] for b in backups] == ["# mine", "mine = 1"]
    assert not orphan.exists()
    assert generated.stale() == []


def test_without_solutions_make_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with pytest.raises(CourseError, match="no folder solutions/"):
        generated.made_files()


def test_the_lock_names_versions_and_no_place():
    report = {
        "install": [
            {"metadata": {"name": "torch", "version": "2.15.0+cpu"}, "download_info": {"url": "u"}},
            {"metadata": {"name": "Babel", "version": "2.18"}, "download_info": {"url": "u", "archive_info": {}}},
            {"metadata": {"name": "the-course", "version": "0.1"}, "download_info": {"url": "u", "dir_info": {}}},
        ]
    }
    assert lines_of(report) == ["Babel==2.18", "torch==2.15.0"]


def test_the_lock_is_written_whole_or_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "resolve", lambda: ["Babel==2.18", "torch==2.15.0"])
    wanted = lock.HEADER + "Babel==2.18\ntorch==2.15.0\n"
    assert CliRunner().invoke(main, ["author", "lock"]).output == wanted
    assert CliRunner().invoke(main, ["author", "lock", "--out", str(tmp_path / "constraints.txt")]).exit_code == 0
    assert (tmp_path / "constraints.txt").read_text("utf-8") == wanted
