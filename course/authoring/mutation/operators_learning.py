"""Changes that only make sense where networks learn: the slips of this field, one token each.

Which slips happen is told by Humbatova et al. 2020, "Taxonomy of Real Faults in Deep Learning Systems"; operators of this kind
are in DeepCrime (Humbatova et al. 2021). A statement that is missing (zero_grad, step, eval) or stands in another place, a `with
torch.no_grad()` that is gone and an element that is missing (Normalize, a ReLU) are made by `operators_general` already.
"""

from collections.abc import Iterable

import libcst as cst
import libcst.matchers as m

from course.authoring.mutation.operators_general import Inside, Operators

# A name for another one that stands beside it in the same function.
PAIRS = [
    ("train_loader", "valid_loader"),
    ("train_set", "valid_set"),
    ("images", "labels"),
    ("first", "second"),
    ("text", "pair"),
    ("trained", "valid"),
    ("train", "valid"),
]
# An attribute or a method for its sibling.
SIBLINGS = [
    ("argmax", "argmin"),
    ("sum", "mean"),
    ("max", "min"),
    ("accuracy", "loss"),
    ("train_loss", "valid_loss"),
    ("train_accuracy", "valid_accuracy"),
    ("train_loss", "train_accuracy"),
    ("valid_loss", "valid_accuracy"),
    ("values", "indices"),
    ("eval", "train"),
    ("softmax", "sigmoid"),
    ("softmax", "log_softmax"),
    ("no_grad", "enable_grad"),
    ("inference_mode", "enable_grad"),
]


def sibling(node: cst.Attribute, inside: Inside) -> Iterable[cst.CSTNode]:
    """argmin for argmax, train for eval, loss for accuracy."""
    for other in _others(node.attr.value, SIBLINGS):
        yield node.with_changes(attr=cst.Name(other))


def other_name(node: cst.Name, inside: Inside) -> Iterable[cst.CSTNode]:
    """The validation data for the training data, the first text for the second."""
    for other in _others(node.value, PAIRS):
        yield node.with_changes(value=other)


def other_dimension(node: cst.Arg, inside: Inside) -> Iterable[cst.CSTNode]:
    """dim=1 becomes dim=0 and dim=-1; of (2, 3), one alone and the one before."""
    if node.keyword is None or node.keyword.value not in ("dim", "axis"):
        return
    text = cst.Module([]).code_for_node(node.value)
    for other in {"1": ("0", "-1"), "0": ("1", "-1"), "-1": ("0", "1"), "(2, 3)": ("2", "3", "(1, 2)")}.get(text, ()):
        yield node.with_changes(value=cst.parse_expression(other))


def softmax_added(node: cst.CSTNode, inside: Inside) -> Iterable[cst.CSTNode]:
    """Probabilities where logits are wanted: at the end of a Sequential, and after `model(…)`."""
    if isinstance(node, cst.Return) and node.value is not None and m.matches(node.value, _SEQUENTIAL):
        assert isinstance(node.value, cst.Call)
        last = node.value.args[-1]
        more = cst.Arg(cst.parse_expression("nn.Softmax(dim=1)"), comma=last.comma)
        comma = (
            last.comma if isinstance(last.comma, cst.Comma) else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        )
        args = [*node.value.args[:-1], last.with_changes(comma=comma), more]
        yield node.with_changes(value=node.value.with_changes(args=args))
    elif m.matches(node, m.Call(func=m.Name("model"))):
        yield cst.Call(cst.Attribute(node, cst.Name("softmax")), [cst.Arg(cst.Integer("1"))])  # type: ignore[arg-type]


def loader_changed(node: cst.Call, inside: Inside) -> Iterable[cst.CSTNode]:
    """shuffle=True added to a DataLoader that has none, and drop_last=True."""
    if m.matches(node.func, m.Name("DataLoader")):
        words = {arg.keyword.value for arg in node.args if arg.keyword}
        for word in ("shuffle", "drop_last"):
            if word not in words:
                yield _with_argument(node, word, "True")


def gradient_turned(node: cst.Attribute, inside: Inside) -> Iterable[cst.CSTNode]:
    """`p.requires_grad` becomes `not p.requires_grad`, and True."""
    if node.attr.value == "requires_grad":
        yield cst.parse_expression(f"(not {cst.Module([]).code_for_node(node)})")
        yield cst.Name("True")


def learning_rate(node: cst.Arg, inside: Inside) -> Iterable[cst.CSTNode]:
    """Ten times as much, a tenth, and one that is not the caller's."""
    if node.keyword is not None and node.keyword.value == "lr":
        text = cst.Module([]).code_for_node(node.value)
        for other in (f"10 * {text}", f"{text} / 10", "1e-3"):
            yield node.with_changes(value=cst.parse_expression(other))


def optimizer_left_one_out(node: cst.Call, inside: Inside) -> Iterable[cst.CSTNode]:
    """An optimizer without the first or the last parameter, or with all of them."""
    if m.matches(node.func, m.Attribute(value=m.Attribute(attr=m.Name("optim")))) and node.args:
        text = cst.Module([]).code_for_node(node.args[0].value)
        for other in (f"list({text})[1:]", f"list({text})[:-1]", "model.parameters()"):
            if other != text:
                yield node.with_changes(
                    args=[node.args[0].with_changes(value=cst.parse_expression(other)), *node.args[1:]]
                )


def scaled(node: cst.Float, inside: Inside) -> Iterable[cst.CSTNode]:
    """Ten times and a tenth of a number."""
    if node.evaluated_value:
        for value in (10 * node.evaluated_value, node.evaluated_value / 10):
            yield cst.parse_expression(f"{value:.6g}")


def transposed(node: cst.Call, inside: Inside) -> Iterable[cst.CSTNode]:
    """Rows and columns exchanged after a reshape or a conversion to a picture; x and y look alike in a square."""
    if m.matches(node.func, m.Attribute(attr=m.OneOf(*map(m.Name, ("reshape", "view", "unflatten", "to_image"))))):
        yield cst.Attribute(node, cst.Name("mT"))
    elif m.matches(node, m.Call(func=m.Attribute(attr=m.Name("ToImage")))):
        yield cst.parse_expression("(lambda picture: v2.functional.to_image(picture).mT)")


_SEQUENTIAL = m.Call(func=m.Attribute(value=m.Name("nn"), attr=m.Name("Sequential")), args=[m.AtLeastN(m.Arg(), n=1)])


def _others(name: str, pairs: list[tuple[str, str]]) -> list[str]:
    return [b if name == a else a for a, b in pairs if name in (a, b)]


def _with_argument(node: cst.Call, word: str, value: str) -> cst.Call:
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    before = [*node.args[:-1], node.args[-1].with_changes(comma=space)] if node.args else []
    more = cst.Arg(cst.parse_expression(value), keyword=cst.Name(word), equal=equal)
    return node.with_changes(args=[*before, more])


LEARNING: Operators = (
    ("sibling", cst.Attribute, sibling),
    ("other name", cst.Name, other_name),
    ("other dimension", cst.Arg, other_dimension),
    ("softmax added", (cst.Return, cst.Call), softmax_added),
    ("loader changed", cst.Call, loader_changed),
    ("requires_grad turned", cst.Attribute, gradient_turned),
    ("learning rate", cst.Arg, learning_rate),
    ("optimizer's parameters", cst.Call, optimizer_left_one_out),
    ("a tenth, ten times", cst.Float, scaled),
    ("transposed", cst.Call, transposed),
)
