"""Python source as data: where a function stands, and whether it is still a TODO. Nothing is run."""

import ast

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """{name: node} of the functions and classes at the top of a module; of two with one name the last, as Python has it."""
    return {node.name: node for node in tree.body if isinstance(node, DEFINITIONS)}


def lines_of(node: ast.stmt) -> tuple[int, int]:
    """(first, last) line of a statement, counted from 1, its decorators included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return first, node.end_lineno or node.lineno


def unfinished(tree: ast.Module) -> dict[str, bool]:
    """Functions and classes at the top of a module that still open with their TODO's `raise NotImplementedError("name")`.

    The value says whether nothing of it is written: of a class some methods may be. A raise left below a finished body does not
    count.
    """
    found = {}
    for name, node in definitions(tree).items():
        bodies = [node] if not isinstance(node, ast.ClassDef) else [n for n in node.body if isinstance(n, DEFINITIONS)]
        todo = [_opens_with_todo(body, name) for body in bodies]
        if any(todo):
            found[name] = all(todo)
    return found


def _opens_with_todo(node: Definition, name: str) -> bool:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    match body:
        case [ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"), args=[ast.Constant(value=said)])), *_]:
            return bool(said == name)
    return False
