"""Carrying a student's work over into a newer stub.

By names, not by lines: the functions that the student has written, and what else was added at the top of the module. There is no
merge of two versions of one function; what the new stub defines and is no task stays as the new stub has it.
"""

import ast

from course.source import DEFINITIONS, definitions, lines_of


def carry_over(mine: str, fresh: str, tasks: list[str]) -> tuple[str, list[str]]:
    """The new stub with the student's work in it.

    Taken over are the functions and classes of tasks whose code differs from the new stub's, finished or not, and the imports,
    constants and helpers that the student has added.

    Returns:
        (text, the tasks that were taken over).

    Raises:
        SyntaxError: the student's file is not valid Python.
    """
    mine_lines, mine_tree, fresh_tree = mine.splitlines(), ast.parse(mine), ast.parse(fresh)
    theirs = definitions(fresh_tree)
    known = {ast.dump(node) for node in fresh_tree.body}
    imported = _imported(fresh_tree.body)
    result, carried = fresh.splitlines(), []
    imports: list[str] = []
    others: list[str] = []
    for node in mine_tree.body:
        first, last = lines_of(node)
        text = mine_lines[first - 1 : last]
        if isinstance(node, DEFINITIONS) and node.name in theirs:
            if node.name in tasks and _written(node) != _written(theirs[node.name]):
                old = definitions(ast.parse("\n".join(result)))[node.name]
                first, last = lines_of(old)
                result[first - 1 : last] = text
                carried.append(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imports += text if not _imported([node]) <= imported else []
        elif ast.dump(node) not in known and not _is_docstring(node) and not _is_main_guard(node):
            others += ["", "", *text] if isinstance(node, DEFINITIONS) else text
    at = _after_imports(ast.parse("\n".join(result)))
    result[at:at] = [*imports, *others]
    merged = "\n".join(result) + "\n"
    ast.parse(merged)  # what is not valid Python is not written
    return merged, carried


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
