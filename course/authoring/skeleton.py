"""The skeleton of a project: every file that a person writes, with a placeholder that is complete: told, checked and proven.

The placeholder takes the mean away from some numbers. So `course author check` finds nothing to mend, solution and stub are graded
as they should be, and each file shows what stands in it. Nothing that exists is overwritten; catalog and README get a few lines
more.
"""

import json
import keyword
import re
from dataclasses import dataclass
from pathlib import Path

from course import catalog, files, paths
from course.datasets.registry import find
from course.errors import CourseError

CATALOG, README = Path("course", "catalog.toml"), Path("README.md")


@dataclass(frozen=True)
class Wishes:
    """What the author has decided: "08", "audio", "Sounds as pictures", the functions, the data sets."""

    id: str
    slug: str
    title: str
    functions: tuple[str, ...]
    data: tuple[str, ...] = ()


def write(wishes: Wishes, root: Path | None = None) -> list[Path]:
    """Write the files of the project; returns them, those that got more lines last.

    Raises:
        CourseError: the project or one of the files is there already, or a name does not fit.
    """
    root = root or paths.ROOT
    _fit(wishes)
    texts = {root / name: text for name, text in contents(wishes).items()}
    for file in texts:
        if file.exists():
            raise CourseError(
                f"{files.shown(file)} is there already.", "Move it away, or give the project another name."
            )
    texts[root / CATALOG] = (files.read(root / CATALOG) or "").rstrip("\n") + "\n\n" + entry_text(wishes)
    texts[root / README] = with_row(files.read(root / README) or "", wishes)
    for file, text in texts.items():
        files.write(file, text)
    catalog.projects.cache_clear()
    return list(texts)


def contents(wishes: Wishes) -> dict[str, str]:
    """{path below the root: text} of the five files that are new."""
    name = f"{wishes.id}_{wishes.slug}"
    parts = {"id": wishes.id, "slug": wishes.slug, "title": wishes.title, "name": name}

    def whole(head: str, each: str, foot: str = "") -> str:
        return (
            head.format(**parts) + "".join(each.format(**parts, f=f) for f in wishes.functions) + foot.format(**parts)
        )

    table = "".join(f"# | `{function}` | … |\n" for function in wishes.functions)
    return {
        f"solutions/ex{name}.py": whole(
            SOLUTION.replace("TABLE", table), FUNCTION, ALONE.replace("FIRST", wishes.functions[0])
        ),
        f"graders/test_{name}.py": whole(GRADER, CHECK),
        f"graders/proofs/{name}/mistakes.py": whole(MISTAKES, MISTAKE),
        f"graders/proofs/{name}/alternatives.py": whole(ALTERNATIVES, ALTERNATIVE),
        f"graders/proofs/{name}/contract.toml": whole(CONTRACT, SENTENCES),
    }


def entry_text(wishes: Wishes) -> str:
    """The project's part of the catalog."""
    lines = [f"    {{ name = {_quoted(f)}, points = 1, todo = {_quoted(QUESTION)} }},\n" for f in wishes.functions]
    data = ", ".join(map(_quoted, wishes.data))
    head = f"[[project]]\nid = {_quoted(wishes.id)}\nslug = {_quoted(wishes.slug)}\ntitle = {_quoted(wishes.title)}\n"
    return f"{head}data = [{data}]\nthresholds = {{}}\nfunctions = [\n{''.join(lines)}]\n"


def with_row(readme: str, wishes: Wishes) -> str:
    """The README with a row more in its table of projects."""
    rows = [row.end() for row in re.finditer(r"^\| .*`test_\w+\.py` .*\n", readme, re.MULTILINE)]
    functions = ", ".join(f"`{name}`" for name in wishes.functions)
    row = f"| {wishes.id} | {wishes.title} | `test_{wishes.id}_{wishes.slug}.py` | {functions} |\n"
    return readme[: rows[-1]] + row + readme[rows[-1] :] if rows else readme


def _fit(wishes: Wishes) -> None:
    """
    Raises:
        CourseError: a name is taken, or is none.
    """
    for entry in catalog.projects():
        if wishes.id == entry.id or wishes.slug == entry.slug:
            raise CourseError(
                f"There is a project {entry.id} {entry.slug} already.",
                f"Give yours another number and another name; that one is written in solutions/{entry.module}.py.",
            )
    if not re.fullmatch(r"\d\d[a-z]?", wishes.id) or not re.fullmatch(r"[a-z][a-z0-9_]*", wishes.slug):
        raise CourseError(
            f"{wishes.id} {wishes.slug} is no name of a project.", "Two digits and a word, such as: 08 audio."
        )
    if not wishes.title.strip() or not wishes.title.isprintable() or any(sign in wishes.title for sign in '"\\|'):
        raise CourseError(
            f"{wishes.title!r} is no title.", 'Write one line without ", \\ and |: it stands in code and tables.'
        )
    for name in wishes.functions:
        if not name.isidentifier() or keyword.iskeyword(name) or wishes.functions.count(name) > 1:
            raise CourseError(
                f"{name!r} cannot be a function's name here.", "Each needs a name of its own that Python takes."
            )
    for name in wishes.data:
        find(name)


def _quoted(text: str) -> str:
    """As TOML has it: a basic string is one of JSON."""
    return json.dumps(text, ensure_ascii=False)


# -- what stands in the files; {f} is a function ------------------------------------------------------------------------

QUESTION = "What is the mean of numbers from which their mean has been taken?"

SOLUTION = """\
# %% [markdown]
# # {id} {title}
#
# What this project is about, in a few sentences.
#
# | part | question that it answers |
# |---|---|
TABLE
# %%
import torch

"""
FUNCTION = '''\
# %% [markdown]
# ## {f}
# What a student has to know before writing it.


# %%
def {f}(values: torch.Tensor) -> torch.Tensor:
    """Numbers without their mean.

    Args:
        values: float32 (N,); left as they were.

    Returns:
        float32 (N,), with mean 0.
    """
    ### BEGIN SOLUTION
    return values - values.mean()
    ### END SOLUTION


'''
ALONE = """\
# %% [markdown]
# ## All together
# `python -m exercises.ex{name}` (or `course run {id}`) shows what it does.

# %% tags=["active-py"]
def main(run: "Run") -> None:
    \"""What becomes of four numbers. Written for you.\"""
    print(FIRST(torch.arange(4.0)))


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs.run import Run

    main(Run("{id}", epochs=0))
"""
GRADER = '''\
"""Grader of project {id}: {title}.

pytest graders/test_{name}.py
"""

import torch

from course.checks.check import check
from course.checks.expect import expect_close
'''
CHECK = '''

@check("{f}", points=1, hint="What is the mean of what comes back?")
def test_the_mean_is_taken_away_by_{f}(student):
    """Why it matters: what comes after it expects numbers around 0."""
    values = torch.tensor([1.0, 2.0, 6.0])
    # 1e-6: float32 is right to about 1e-7
    expect_close(student.{f}(values), values - 3.0, "three numbers without their mean, 3", rtol=0, atol=1e-6)
'''
MISTAKES = '''\
"""What goes wrong in project {id}."""

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("{id}")
'''
MISTAKE = """
MISTAKES.caught_by("{f}", "test_the_mean_is_taken_away_by_{f}").patch(
    "{f}_takes_nothing_away",
    "The numbers come back as they were: nothing is taken away.",
    ("values - values.mean()", "values"),
)
"""
ALTERNATIVES = '''\
"""Project {id}, right in other hands."""

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("{id}")
alternative = ALTERNATIVES.alternative
'''
ALTERNATIVE = """

@alternative("{f}", how="by the sum and the number")
def {f}_by_the_sum(values):
    return values - values.sum() / len(values)
"""
CONTRACT = """\
# Which check proves which sentence of the contracts of project {id}. A sentence of a docstring in the solution is quoted by its
# opening words, that of an argument by its name first; where a semicolon divides a sentence, each half stands by itself. Beside
# it stand the checks of the function that fail if it does not hold, or, under `about`, why it demands nothing.
"""
SENTENCES = """
[{f}]
"Numbers without their mean" = ["test_the_mean_is_taken_away_by_{f}"]
"values: float32 (N,)" = {{ about = "what comes in" }}
"values: left as they were" = ["test_the_mean_is_taken_away_by_{f}"] # `student` compares every argument with what it was
"float32 (N,), with mean 0" = ["test_the_mean_is_taken_away_by_{f}"]
"""
