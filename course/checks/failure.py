"""A failure as data: what kind it is, of what, which numbers, and where in the check it was found. `wording` puts it into words."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Failure:
    """Why a check did not pass. Nothing in it is a sentence of ours, so a sentence can be mended without touching anything else.

    Args:
        kind: a key of `wording.SENTENCES`; "condition" where the check brings its own sentence as `what`.
        what: what was looked at, in the check's words: "the loss of one batch".
        values: what was expected, what came and where they differ: numbers, shapes, names, by the words of the sentence.
        token: a word of the machine that tells failures of one kind apart: a dtype, a type of exception, how a tensor looks.
        place: which comparison of the check it was, as "test_it_halves.2": the second statement.
        example: the arguments of a property check for which it happened, as "train=False".
        steady: does it come again with the same input?
    """

    kind: str
    what: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    place: str = ""
    example: tuple[str, ...] = ()
    steady: bool = True

    @classmethod
    def from_plain(cls, fields: dict[str, Any]) -> "Failure":
        """From what JSON has made of `dataclasses.asdict`."""
        return cls(**{**fields, "example": tuple(fields.get("example", ()))})
