"""Changes that can be made in any Python: what the operators of the tool mutmut leave out for our purpose.

An operator is a function from a node of libcst's tree to nodes that may stand in its place. mutmut's own come as they are:
numbers + 1, strings, True and False, arithmetic, comparisons, an argument dropped or None, an assignment of None. Ours beside
them delete and move statements, take calls out of a chain, exchange neighbours, and turn conditions.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, cast

import libcst as cst
import libcst.matchers as m

Inside = Callable[[cst.CSTNode], bool]
Operator = Callable[[Any, Inside], Iterable[cst.CSTNode]]
Operators = Sequence[tuple[str, type | tuple[type, ...], Operator]]


def statement_deleted(block: cst.IndentedBlock, inside: Inside) -> Iterable[cst.CSTNode]:
    """Each statement of the block in its turn."""
    for k, statement in enumerate(block.body):
        if inside(statement):
            rest = [*block.body[:k], *block.body[k + 1 :]]
            yield block.with_changes(body=rest or [cst.parse_statement("pass")])


def statements_exchanged(block: cst.IndentedBlock, inside: Inside) -> Iterable[cst.CSTNode]:
    """Two neighbours, where neither is a return."""
    for k, (one, other) in enumerate(zip(block.body, block.body[1:], strict=False)):
        if inside(one) and inside(other) and not any(m.matches(s, _RETURN) for s in (one, other)):
            yield block.with_changes(body=[*block.body[:k], other, one, *block.body[k + 2 :]])


def out_of_the_loop(block: cst.IndentedBlock, inside: Inside) -> Iterable[cst.CSTNode]:
    """A statement of a loop comes after the loop instead: one step an epoch."""
    for k, loop in enumerate(block.body):
        if isinstance(loop, cst.For) and inside(loop) and len(loop.body.body) > 1:
            for n, statement in enumerate(loop.body.body):
                if isinstance(statement, cst.SimpleStatementLine):
                    shorter = loop.with_deep_changes(loop.body, body=[*loop.body.body[:n], *loop.body.body[n + 1 :]])
                    yield block.with_changes(body=[*block.body[:k], shorter, statement, *block.body[k + 1 :]])


def into_the_loop(block: cst.IndentedBlock, inside: Inside) -> Iterable[cst.CSTNode]:
    """A statement before a loop, made anew in each round: an optimizer that forgets, a history of one entry."""
    for k, loop in enumerate(block.body):
        if isinstance(loop, cst.For) and inside(loop):
            for n, statement in enumerate(block.body[:k]):
                if inside(statement) and isinstance(statement, cst.SimpleStatementLine):
                    longer = loop.with_deep_changes(loop.body, body=[statement, *loop.body.body])
                    yield block.with_changes(
                        body=[*block.body[:n], *block.body[n + 1 : k], longer, *block.body[k + 1 :]]
                    )


def unwrapped(block: cst.IndentedBlock, inside: Inside) -> Iterable[cst.CSTNode]:
    """`with` and `try` give way to what they hold; an `if` to its body."""
    for k, statement in enumerate(block.body):
        if inside(statement) and isinstance(statement, cst.With | cst.Try | cst.If):
            held = cast(Sequence[Any], statement.body.body)
            yield block.with_changes(body=[*block.body[:k], *held, *block.body[k + 1 :]])


def returns_none(node: cst.Return, inside: Inside) -> Iterable[cst.CSTNode]:
    """A return that returns nothing."""
    if node.value is not None and not m.matches(node.value, m.Name("None")):
        yield node.with_changes(value=cst.Name("None"))


def condition_turned(node: cst.If | cst.While | cst.IfExp | cst.CompIf, inside: Inside) -> Iterable[cst.CSTNode]:
    """`if x` becomes `if not x`."""
    if m.matches(node.test, m.UnaryOperation(operator=m.Not())):
        return  # mutmut takes the `not` away
    bare = isinstance(node.test, cst.Name | cst.Call | cst.Attribute)
    test = node.test if bare else node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    turned = cst.UnaryOperation(operator=cst.Not(), expression=test)
    yield node.with_changes(test=turned, **_spaced(node))


def filter_dropped(node: cst.CompFor, inside: Inside) -> Iterable[cst.CSTNode]:
    """A comprehension that takes everything."""
    if node.ifs:
        yield node.with_changes(ifs=[])


def comparison_reversed(node: cst.ComparisonTarget, inside: Inside) -> Iterable[cst.CSTNode]:
    """More for less, and the other way round. (mutmut moves the border.)"""
    for one, other in _REVERSED:
        if isinstance(node.operator, one):
            yield node.with_changes(operator=other())


def operand_dropped(node: cst.BinaryOperation | cst.BooleanOperation, inside: Inside) -> Iterable[cst.CSTNode]:
    """One side alone."""
    yield node.left
    yield node.right


def method_dropped(node: cst.Call, inside: Inside) -> Iterable[cst.CSTNode]:
    """`x.method(…)` becomes `x`: no clone, no softmax, no lower."""
    if isinstance(node.func, cst.Attribute) and not _of_a_module(node.func.value):
        yield node.func.value


def wrapper_dropped(node: cst.Call, inside: Inside) -> Iterable[cst.CSTNode]:
    """`function(x, …)` becomes `x`: no conversion, no resizing, no network."""
    function = isinstance(node.func, cst.Name) or (
        isinstance(node.func, cst.Attribute) and _of_a_module(node.func.value)
    )
    if function and node.args and node.args[0].keyword is None and not node.args[0].star:
        yield node.args[0].value


def neighbours_exchanged(node: cst.Call | cst.Tuple | cst.List, inside: Inside) -> Iterable[cst.CSTNode]:
    """Two arguments, or two elements, in each other's place."""
    name = "args" if isinstance(node, cst.Call) else "elements"
    items = getattr(node, name)
    for k, (one, other) in enumerate(pairwise(items)):
        if getattr(one, "keyword", None) is None and getattr(other, "keyword", None) is None:
            pair = [one.with_changes(value=other.value), other.with_changes(value=one.value)]
            yield node.with_changes(**{name: [*items[:k], *pair, *items[k + 2 :]]})


def element_dropped(node: cst.Tuple | cst.List | cst.Set, inside: Inside) -> Iterable[cst.CSTNode]:
    """One element fewer. (mutmut drops arguments.)"""
    if len(node.elements) > 1:
        for k in range(len(node.elements)):
            yield node.with_changes(elements=[*node.elements[:k], *node.elements[k + 1 :]])


def one_less(node: cst.Integer, inside: Inside) -> Iterable[cst.CSTNode]:
    """n - 1. (mutmut makes n + 1.)"""
    value = node.evaluated_value - 1
    yield node.with_changes(value=str(value)) if value >= 0 else cst.parse_expression(str(value))


def slice_widened(node: cst.Slice, inside: Inside) -> Iterable[cst.CSTNode]:
    """A slice without its beginning or without its end."""
    if node.lower is not None:
        yield node.with_changes(lower=None)
    if node.upper is not None:
        yield node.with_changes(upper=None)


_RETURN = m.SimpleStatementLine(body=[m.Return() | m.Raise()])
_REVERSED = [
    (cst.LessThan, cst.GreaterThan),
    (cst.LessThanEqual, cst.GreaterThanEqual),
    (cst.GreaterThan, cst.LessThan),
    (cst.GreaterThanEqual, cst.LessThanEqual),
]
# What a dotted name begins with that is a module or a class, not a value: torch.stack(…) without its call is `torch`.
MODULES = {
    "torch",
    "torchvision",
    "nn",
    "v2",
    "F",
    "np",
    "os",
    "warnings",
    "functional",
    "ImageOps",
    "Image",
    "DataLoader",
    "Path",
}


def _of_a_module(node: cst.BaseExpression) -> bool:
    """Is this `torch`, `torch.optim`, … and nothing that was computed?"""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name) and node.value in MODULES


def _spaced(node: cst.CSTNode) -> dict[str, cst.SimpleWhitespace]:
    """A space before the condition, where `if(` had none."""
    if isinstance(node, cst.IfExp):
        return {}
    field = "whitespace_before_test" if not isinstance(node, cst.While) else "whitespace_after_while"
    return {field: cst.SimpleWhitespace(" ")}


GENERAL: Operators = (
    ("statement deleted", cst.IndentedBlock, statement_deleted),
    ("statements exchanged", cst.IndentedBlock, statements_exchanged),
    ("out of the loop", cst.IndentedBlock, out_of_the_loop),
    ("into the loop", cst.IndentedBlock, into_the_loop),
    ("unwrapped", cst.IndentedBlock, unwrapped),
    ("returns None", cst.Return, returns_none),
    ("condition turned", (cst.If, cst.While, cst.IfExp, cst.CompIf), condition_turned),
    ("filter dropped", cst.CompFor, filter_dropped),
    ("comparison reversed", cst.ComparisonTarget, comparison_reversed),
    ("operand dropped", (cst.BinaryOperation, cst.BooleanOperation), operand_dropped),
    ("method dropped", cst.Call, method_dropped),
    ("wrapper dropped", cst.Call, wrapper_dropped),
    ("neighbours exchanged", (cst.Call, cst.Tuple, cst.List), neighbours_exchanged),
    ("element dropped", (cst.Tuple, cst.List, cst.Set), element_dropped),
    ("number - 1", cst.Integer, one_less),
    ("slice widened", cst.Slice, slice_widened),
)
