"""What a worker's answer must look like, beside being plain data: which fields, of which types, how long.

A student's code may have put itself in the place of the worker. So nothing of an answer is taken as it comes: a line number is a
number, a note is a short line of text that can be shown anywhere. Results and evidence are the checks' own to look at.
"""

from typing import Any

from course import limits
from course.checks.wire import WireError

NAME, NOTE, NOTES = 200, 600, 40  # characters, characters, how many
FIELDS: dict[str, dict[str, Any]] = {
    "begin": {
        "missing": bool,
        "fault": dict,
        "like": NAME,
        "todo": bool,
        "line": int,
        "place": NAME,
        "waiting": [NAME],
        "own": [NAME],
        "notes": [NOTE],
    },
    "call": {"result": object, "changed": [NAME], "left": [NAME], "warned": [limits.TEXT]},
    "build": {"result": object},
}
ERROR = {"type": NAME, "text": limits.TEXT, "place": NAME, "line": int, "code": NAME, "todo": NAME, "loading": bool}
MAY_BE_NONE = ("fault", "line", "todo")


def agreed(op: str, answer: Any) -> dict[str, Any]:
    """The answer to a request, in the agreed form: {"value": …} or {"error": …}, and what was "printed".

    Raises:
        WireError: it is something else.
    """
    if type(answer) is not dict:
        raise WireError("an answer of another form")
    printed = answer.get("printed", "")
    said = {"printed": clean(printed, limits.TEXT, "\r") if type(printed) is str else ""}
    if type(answer.get("error")) is dict:
        return {"error": _fields(ERROR, answer["error"]), **said}
    if "value" not in answer:
        raise WireError("an answer without a value")
    value = answer["value"]
    if op in ("file", "read", "gpu") and type(value) is not {"file": str, "read": bytes, "gpu": bool}[op]:
        raise WireError(f"a value of another type than that of {op}")
    return {"value": _fields(FIELDS[op], value) if op in FIELDS else value, **said}


def clean(text: str, most: int, also: str = "") -> str:
    """Text that can be shown anywhere: cut, and nothing in it that moves a cursor, turns the writing round or is half a letter.

    Args:
        also: characters that may stay.
    """
    cut = text[:most] + ("…" if len(text) > most else "")
    return "".join(c if c.isprintable() or c in "\n\t" or c in also else "\ufffd" for c in cut)


def _fields(wanted: dict[str, Any], found: Any) -> dict[str, Any]:
    if type(found) is not dict:
        raise WireError("an answer of another form")
    made: dict[str, Any] = {}
    value: Any
    for name, kind in wanted.items():
        value = found.get(name)
        if value is None and (name in MAY_BE_NONE or kind is object):
            made[name] = None
        elif name == "fault":
            made[name] = _fields(ERROR, value)
        elif isinstance(kind, list):
            if type(value) not in (list, tuple) or not all(type(item) is str for item in value):
                raise WireError(f"{name} is no list of words")
            made[name] = [clean(item, kind[0]) for item in value[:NOTES]]
        elif isinstance(kind, int):
            if type(value) is not str:
                raise WireError(f"{name} is no text")
            made[name] = clean(value, kind)
        elif kind is not object and type(value) is not kind:
            raise WireError(f"{name} is not of the agreed type")
        else:
            made[name] = value
    return made
