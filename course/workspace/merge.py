"""Carrying a student's work over into a newer stub.

By names, not by lines: the functions that the student has written, and what else was added at the top of the module. There is no
merge of two versions of one function; what the new stub defines and is no task stays as the new stub has it, and is named.
"""

import ast
from dataclasses import dataclass

from course.source import DEFINITIONS, definitions, lines_of


@dataclass(frozen=True)
class Merged:
    """A new stub with a student's work in it.

    Args:
        carried: the tasks that were taken over.
        left: names of what the new stub has otherwise; the student's stands in the backup alone.
    """

    text: str
    carried: tuple[str, ...]
    left: tuple[str, ...]


def carry_over(mine: str, fresh: str, tasks: list[str]) -> Merged:
    """The new stub with the student's work in it.

    Taken over are the functions and classes of tasks whose code differs from the new stub's, finished or not, with the comments
    right above them, and the imports, constants and helpers that the student has added. What the stub itself defines stays as the
    stub has it: whether the student or the course has changed it is not known. A statement that uses functions of the module comes
    after them.

    Raises:
        SyntaxError: the student's file, or what came out, is not valid Python.
    """
    mine_lines, mine_tree, fresh_tree = mine.splitlines(), ast.parse(mine), ast.parse(fresh)
    theirs, result = definitions(fresh_tree), fresh.splitlines()
    known, imported = {ast.dump(node) for node in fresh_tree.body}, _imported(fresh_tree.body)
    carried: dict[str, list[str]] = {}  # a task that is defined twice keeps its last definition
    left: list[str] = []
    future: list[str] = []
    imports: list[str] = []
    above: list[str] = []
    below: list[str] = []
    for node in mine_tree.body:
        text = _text(mine_lines, node)
        names = _names(node)
        task = next((name for name in names if name in tasks), None)
        if task is not None and not (isinstance(node, DEFINITIONS) and _written(node) == _written(theirs[task])):
            carried[task] = text
        elif isinstance(node, DEFINITIONS) and node.name in theirs:
            if node.name not in tasks and _written(node) != _written(theirs[node.name]):
                left.append(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module == "__future__":
            future += text if not _imported([node]) <= imported else []
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports += text if not _imported([node]) <= imported else []
        elif ast.dump(node) in known or _is_docstring(node) or _is_main_guard(node):
            continue
        elif any(names == _names(other) for other in fresh_tree.body if names):
            left += names
        elif not isinstance(node, DEFINITIONS) and _used(node) & (set(theirs) | set(definitions(mine_tree))):
            below += text
        else:
            above += ["", "", *text] if isinstance(node, DEFINITIONS) else text
    for name in sorted(carried, key=lambda one: -lines_of(theirs[one])[0]):  # from the end, so that numbers hold
        first, last = lines_of(theirs[name])
        result[first - 1 : last] = carried[name]
    tree = ast.parse("\n".join(result))
    end = next((lines_of(node)[0] - 1 for node in tree.body if _is_main_guard(node)), len(result))
    while below and end and result[end - 1].startswith("#"):  # "# %%" above it belongs to it
        end -= 1
    result[end:end] = [*below, "", ""] if below else []
    at = _after_imports(tree)
    result[at:at] = [*imports, *above]
    start = _after_docstring(tree)
    result[start:start] = future
    merged = "\n".join(result) + "\n"
    compile(merged, "merged", "exec", dont_inherit=True)  # what is not valid Python is not written
    return Merged(merged, tuple(name for name in tasks if name in carried), tuple(left))


def _text(lines: list[str], node: ast.stmt) -> list[str]:
    """The lines of a statement, with the comments right above it that are no cell of the lesson."""
    first, last = lines_of(node)
    above = first - 1
    while above and lines[above - 1].startswith("#") and not lines[above - 1].startswith(("# %%", "# Made from")):
        above -= 1
    if above and lines[above - 1].startswith("# %% [markdown]"):
        above = first - 1  # a lesson's text, and no blank line below it
    return lines[above:last]


def _names(node: ast.stmt) -> list[str]:
    """What a statement defines, by names."""
    if isinstance(node, DEFINITIONS):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]


def _used(node: ast.stmt) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _after_docstring(tree: ast.Module) -> int:
    """The number of lines down to the end of the module's docstring, else of the stub's first line."""
    first = tree.body[0] if tree.body else None
    return (first.end_lineno or 1) if first is not None and _is_docstring(first) else 1


def _after_imports(tree: ast.Module) -> int:
    """The number of lines down to the last import before the first definition; helpers and bases have to stand above their use."""
    end = 1
    for node in tree.body:
        if isinstance(node, DEFINITIONS):
            break
        if isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node):
            end = node.end_lineno or end
    return end


def _imported(body: list[ast.stmt]) -> set[str]:
    """What top-level imports bring in, one entry for each name."""
    found = set()
    for node in body:
        if isinstance(node, ast.Import):
            found |= {f"import {a.name} as {a.asname}" for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"from {'.' * node.level}{node.module} import {a.name} as {a.asname}" for a in node.names}
    return found


def _written(node: ast.stmt) -> list[str]:
    """The code of a definition without docstrings and comments: two stubs of one function have the same."""
    bare = ast.parse(ast.unparse(node)).body[0]
    found = []
    for inner in ast.walk(bare):
        if isinstance(inner, DEFINITIONS):
            found += [ast.unparse(n) for n in inner.body if not isinstance(n, DEFINITIONS) and not _is_docstring(n)]
    return found


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
