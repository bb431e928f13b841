"""Every sentence in which a check says what is wrong. Nothing else of a failure hangs on these words.

A sentence is a template; its names are those of `Failure.values`, and `what` is the thing in the check's own words.
"""

from collections.abc import Callable
from typing import Any

from course.checks import raised
from course.checks.failure import Failure
from course.checks.plain_difference import difference

SENTENCES: dict[str, str] = {
    # what came is of another kind
    "not a tensor": "{what}: expected a tensor, got {got}",
    "not a float": "{what}: expected a Python float, got {got}",
    "not an int": "{what}: expected a Python int, got {got}",
    "dtype": "{what}: expected dtype {expected}, got {got}",
    "shape": "{what}: expected shape {expected}, got {got}",
    # values
    "not finite": "{what}: {bad} of {count} values are NaN or infinite",
    "no number": "{what}: got {got}",
    "out of range": "{what}: expected values in {range}, got {least:.4g} to {most:.4g}",
    "not between": "{what}: expected a value from {low:.4g} to {high:.4g}, got {got:.4g}",
    "not the number": "{what}: expected {low:.4g}, got {got:.4g}",
    "not equal": "{what}{difference}",
    "another number": "{what}: expected {expected:.6g}, got {got:.6g}",
    "values differ": "{what}: {bad} of {count} values differ, most{at}: expected {expected:.4g}, got {got:.4g}",
    "too small": "{what}: expected at least {bound:.3g}, got {got:.3g}",
    "too large": "{what}: expected at most {bound:.3g}, got {got:.3g}",
    # before and after
    "other names": "{what}: the names differ, {names}",
    "changed": "{what}: {number} of {count} changed, {worst} by up to {far:.3g}",
    "unchanged": "{what}: {number} of {count} did not change, {first} among them",
    # what a call left behind
    "settings left": "{what} leaves the whole process with {left}: everything that runs later has to live with it",
    "argument changed": "{what} changed its argument {names} in place: the caller still needs it as it was",
    # no evidence at all
    "raised": "{what} raised an error: {type}: {text}",
    "not loaded": "{what} cannot be loaded: {type}: {text}",
    "no answer": "{what} did not come back: {reason}",
    "ended": "{what} did not come back: {reason}",
    "no function": "there is no function called {what}",
    "unreadable": "the check could not read what came: {type}: {text}",
    "not graded": "{what}",
    "not tried": "not tried: {what} ran out of time {times} times before",
    # not run yet
    "waiting": "waiting for {names}",
    "after the others": "runs once the other checks of {what} pass",
    "left out": "trains a network; left out",
    "to come": "still to run",
    "not here": "this machine has no {what}",
}

LOOKS: dict[str, str] = {
    "empty": "empty",
    "constant": "constant: every value is {value:.4g}",
    "shifted up": "shifted: every value is {step} too many",
    "shifted down": "shifted: every value is {step} too few",
    "negated": "negated",
    "scaled": "scaled: every value is {slope:.4g} times what it should be",
    "offset": "shifted: every value is {offset:+.4g} off",
    "renormalised": "normalised another way: {slope:.4g} times the expected values, {offset:+.4g}",
    "softmax": "softmaxed: these are probabilities, not logits",
    "log-softmax": "log-softmaxed: these are log-probabilities, not logits",
    "sigmoid": "squashed by a sigmoid",
    "relu": "cut off at zero, as by a ReLU after the last layer",
    "clipped": "clipped to the range 0 to 1",
    "transposed": "transposed: rows and columns are exchanged",
    "channels last": "channels last: (H, W, C) where (C, H, W) is wanted",
    "bgr": "like RGB taken for BGR: the channels are in reverse order",
    "mirrored": "mirrored left to right",
    "upside down": "upside down",
    "batch reversed": "in reverse order along the batch",
    "averaged": "averaged where a sum is wanted",
    "rounded": "rounded to whole numbers",
    "shuffled": "shuffled: the same values in another order",
}

SHAPES: dict[str, str] = {
    "batch too many": ": there is a batch dimension too many",
    "batch missing": ": the batch dimension is missing",
    "channel missing": ": the channel dimension is missing",
    "channels last": ": the channels are last (H, W, C) and should be first (C, H, W)",
}

# What leads on where the check's own hint would speak of something else; empty where the sentence says all.
HINTS: dict[str, str] = {
    "no function": "",
    "not loaded": "",
    "raised": "Which line raised it? What are the types and shapes there, if you print them just before it?",
    "no answer": "Which loop never ends, or what does your code wait for?",
    "ended": "Which of its lines ends the process? Print something before and after those that you suspect.",
    "dtype": "Which dtype does your function return? Print it just before the return.",
    "not a tensor": "What does your function return? Print its type just before the return.",
    "not a float": "What does your function return? Print its type just before the return.",
    "not an int": "What does your function return? Print its type just before the return.",
}

UNSTEADY = "This does not happen every time: the same input gave another result when it was tried again."


def sentence(failure: Failure) -> str:
    """What a student reads: a sentence, then lines of what it looks like and for which example it came."""
    values = {name: tuple(v) if isinstance(v, list) else v for name, v in failure.values.items()}  # lists are from JSON
    text = _TEXTS.get(failure.kind, _plain)(failure, values)
    if failure.kind in ("values differ", "shape") and failure.token in LOOKS and "looks" in values:
        text += f"\nIt looks {LOOKS[failure.token].format(**failure.values['looks'])}."
    if not failure.steady:
        text += f"\n{UNSTEADY}"
    if failure.example:
        text += f"\nfor example with {', '.join(failure.example)}"
    return text


def question(failure: Failure | None, hint: str) -> str:
    """The question that goes with a failure: that of its kind, or the check's own."""
    if failure and failure.kind == "raised" and (about := raised.question(str(failure.values.get("text", "")))):
        return about
    return HINTS.get(failure.kind, hint) if failure else hint


def describe(value: Any) -> str:
    """`value` in a few words: a tensor by dtype and shape, a plain value by itself. It imports nothing to know a tensor."""
    kind = type(value)
    match kind.__module__, kind.__name__:
        case "torch", "Tensor":
            return f"a {str(value.dtype).removeprefix('torch.')} tensor of shape {tuple(value.shape)}"
        case "numpy", "ndarray":
            return f"a {value.dtype} array of shape {value.shape}"
        case "course.checks.wire", "Handle":
            return f"an object of type {value.type}"
        case "builtins", "NoneType":
            return "nothing (None): is the return missing?"
        case "builtins", ("list" | "tuple" | "dict") as name:
            return f"a {name} of {len(value)}"
    text = repr(value)
    return f"the {kind.__name__} {text if len(text) < 80 else text[:77] + '...'}"


def _plain(failure: Failure, values: dict[str, Any]) -> str:
    return SENTENCES[failure.kind].format(what=failure.what, **values)


def _condition(failure: Failure, values: dict[str, Any]) -> str:
    return failure.what.format(**values) if values else failure.what


def _not_a_float(failure: Failure, values: dict[str, Any]) -> str:
    cure = " (`.item()` makes a number of a one-element tensor)" if failure.token == "Tensor" else ""
    return _plain(failure, values) + cure


def _shape(failure: Failure, values: dict[str, Any]) -> str:
    wanted = ", ".join("any" if n == -1 else str(n) for n in values["expected"])
    expected = f"({wanted},)" if len(values["expected"]) == 1 else f"({wanted})"
    slip = "" if "looks" in values else SHAPES.get(failure.token, "")
    return _plain(failure, {**values, "expected": expected}) + slip


def _out_of_range(failure: Failure, values: dict[str, Any]) -> str:
    low, high = values["low"], values["high"]
    wanted = f"[{'-inf' if low is None else f'{low:g}'}, {'inf' if high is None else f'{high:g}'}]"
    return _plain(failure, {**values, "range": wanted})


def _between(failure: Failure, values: dict[str, Any]) -> str:
    low, high = (float("-inf") if values["low"] is None else values["low"]), values["high"]
    high = float("inf") if high is None else high
    template = SENTENCES["not the number" if low == high else "not between"]
    return template.format(what=failure.what, **{**values, "low": low, "high": high})


def _values_differ(failure: Failure, values: dict[str, Any]) -> str:
    at = f" at {list(values['where'])}" if values["where"] else ""
    return _plain(failure, {**values, "at": at})


def _not_equal(failure: Failure, values: dict[str, Any]) -> str:
    return _plain(failure, {**values, "difference": difference("", values["expected"], values["got"])})


def _no_function(failure: Failure, values: dict[str, Any]) -> str:
    like = failure.values.get("like")
    return _plain(failure, values) + (f"; you have {like}: is it that one, by another name?" if like else "")


def _names(failure: Failure, values: dict[str, Any]) -> str:
    return _plain(failure, {**values, "names": ", ".join(values["names"])})


_TEXTS: dict[str, Callable[[Failure, dict[str, Any]], str]] = {
    "condition": _condition,
    "not a float": _not_a_float,
    "not equal": _not_equal,
    "shape": _shape,
    "out of range": _out_of_range,
    "not between": _between,
    "values differ": _values_differ,
    "waiting": _names,
    "no function": _no_function,
    "argument changed": _names,
    "other names": _names,
}
