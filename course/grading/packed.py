"""A submission's result as bytes and back, attachments included, and the bytes of its verdict by which two gradings are compared.

The language is `checks.wire`: plain data, tuples stay tuples, and reading it runs no code.
"""

import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from course.checks import wire
from course.checks.failure import Failure
from course.checks.results import (
    CheckResult,
    Confusion,
    Curves,
    Gallery,
    Picture,
    ProjectResult,
    SubmissionResult,
    Table,
)

KINDS = (SubmissionResult, ProjectResult, CheckResult, Failure, Confusion, Curves, Gallery, Picture, Table)
BY_NAME = {kind.__name__: kind for kind in KINDS}


def pack(result: SubmissionResult) -> bytes:
    """The whole result."""
    return zlib.compress(wire.pack(_taken_apart(result)))


def unpack(content: bytes) -> SubmissionResult:
    """What `pack` was given.

    Raises:
        ValueError: it is nothing of ours.
    """
    try:
        made = _put_together(wire.unpack(io.BytesIO(zlib.decompress(content))))
    except (zlib.error, EOFError, wire.WireError, TypeError, KeyError) as fault:
        raise ValueError(f"no result: {fault}") from fault
    if not isinstance(made, SubmissionResult):
        raise ValueError("no result")
    return made


def bare(result: SubmissionResult) -> SubmissionResult:
    """The result without attachments: what the views of a class need, and little enough to keep for everybody."""
    whole = result.result
    checks, bonuses = (tuple(replace(one, attachments=()) for one in some) for some in (whole.checks, whole.bonuses))
    return replace(result, result=replace(whole, checks=checks, bonuses=bonuses))


def verdict(result: SubmissionResult) -> dict[str, Any]:
    """Everything that was found, in the words of `plain`, without the seconds that it took."""
    found = json.loads(json.dumps(result.plain(), default=str))
    for check in [*found["result"]["checks"], *found["result"].get("bonuses", ())]:
        del check["seconds"]
    return dict(found)


def verdict_bytes(found: Mapping[str, Any]) -> bytes:
    """A `verdict` as bytes: the same verdict, the same bytes."""
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode()


def _taken_apart(value: Any) -> Any:
    """Our own classes as {"": name, field: value}; what `wire` does not know as a text."""
    if is_dataclass(value):
        parts = {field.name: _taken_apart(getattr(value, field.name)) for field in fields(value)}
        return {"": type(value).__name__, **parts}
    if isinstance(value, Mapping):
        return {str(key): _taken_apart(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_taken_apart, value))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return list(map(_taken_apart, value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < wire.MAX_INT else str(value)
    return float(value) if isinstance(value, float) else str(value)


def _put_together(value: Any) -> Any:
    if isinstance(value, dict):
        made = {key: _put_together(one) for key, one in value.items()}
        return BY_NAME[made.pop("")](**made) if "" in made else made
    if isinstance(value, list | tuple):
        return type(value)(map(_put_together, value))
    return value
