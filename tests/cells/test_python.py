"""A cell's text as IPython reads it, and the names that each statement binds and uses."""

import ast

import pytest

from course import limits
from course.cells.python import parse, statements


def texts(source):
    return [statement.text for statement in statements(source)]


def names(source):
    (statement,) = statements(source)
    return statement.binds, statement.uses


@pytest.mark.parametrize(
    ("source", "bound", "used"),
    [
        ("def f(a, b=SIZE):\n    c = a\n    return c + other(b)", {"f"}, {"SIZE", "other"}),
        (
            "@wrap\nclass Net(nn.Module):\n    x: int = N\n    def f(self): return M",
            {"Net"},
            {"wrap", "nn", "int", "N", "M"},
        ),
        ("f = lambda x: x + N", {"f"}, {"N"}),
        ("import a.b, c as d", {"a", "d"}, {"file:a", "file:c"}),
        ("from helpers import x as y", {"y"}, {"file:helpers"}),
        ("for k, v in enumerate(L):\n    T[k] = v", {"k", "v"}, {"enumerate", "L", "T", "k", "v"}),
        ("X += 1", {"X"}, set()),
        ("with open(p) as file:\n    X = file.read()", {"file", "X"}, {"open", "p", "file"}),
        ("try:\n    import a\nexcept ImportError as e:\n    a = None", {"a", "e"}, {"ImportError", "file:a"}),
        ("X = [y for y in L if (z := y)]", {"X", "z"}, {"L"}),
        ("del X", {"X"}, set()),
    ],
)
def test_names(source, bound, used):
    binds, uses = names(source)
    assert binds == bound
    assert used <= uses <= used | binds


def test_a_local_name_is_no_name_of_the_module():
    (statement,) = statements("def f(loader):\n    model = loader()\n    def g():\n        return model\n    return g")
    assert statement.uses == set()


def test_what_a_function_declares_global_is_known():
    (statement,) = statements("def f():\n    global COUNT\n    COUNT = COUNT + 1")
    assert statement.sets == {"COUNT"}
    assert "COUNT" in statement.uses


def test_what_python_refuses_still_says_what_it_would_bind():
    for refused in ("def f():\n    nonlocal x", "def f(a, a): pass", "def f():\n    print(x)\n    global x"):
        assert names(refused)[0] == {"f"}


COMMANDS = [
    "%matplotlib inline",
    "!pip install seaborn",
    "files = !ls",
    "name?",
    "??name",
    "%timeit f()",
    "%%writefile helpers.py\ndef f(:",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_a_call(command):
    (statement,) = statements(command)
    assert "get_ipython()" in statement.text


def test_lines_stay_where_they_are():
    source = "\n\n%matplotlib inline\nx = 1\n!ls\n\ndef f():\n    return 1\n"
    assert [statement.node.lineno for statement in statements(source)] == [3, 4, 5, 7]
    assert statements("%%time\n\ndef f():\n    return 1")[0].node.lineno == 3


def test_a_string_is_no_command():
    source = 'TEXT = """\n%time is money\n!important\nname?\n"""\n'
    assert ast.literal_eval(parse(source).body[0].value) == "\n%time is money\n!important\nname?\n"
    both = "%time f()\n" + source
    assert ast.literal_eval(parse(both).body[1].value) == "\n%time is money\n!important\nname?\n"


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("%%time\nx = f()", ["x = f()"]),
        ("%%capture out\n%%time\nx = 1", ["x = 1"]),
        ("%time x = f()", ["x = f()"]),
        ("y = %time f(1)", ["y = f(1)"]),
        ("def g():\n    %time h = f()\n    return h", ["def g():\n    h = f()\n    return h"]),
        ("    x = 1\n    y = 2", ["x = 1", "y = 2"]),
        (">>> x = 1\n>>> y = 2", ["x = 1", "y = 2"]),
    ],
)
def test_what_is_measured_is_a_part_of_the_cell(source, plain):
    assert texts(source) == plain


@pytest.mark.parametrize("source", ["def f(:", "x = (", "x y", "%time\nx y", "\0", "1" + "+1" * 100_000])
def test_what_cannot_be_read(source):
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        statements(source)


def test_a_cell_of_any_length_is_not_read():
    with pytest.raises(ValueError, match="characters"):
        statements("x = 1\n" * limits.CELL_CHARACTERS)


def test_all_line_ends():
    assert texts("x = 1\r\ny = 2\rz = 3\f\n") == ["x = 1", "y = 2", "z = 3"]
