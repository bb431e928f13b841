"""What `course doctor` has found: one thing, how it stands, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing.

    Args:
        part: what it belongs to: "Python", "packages", "data", …
        state: "fine", "note" (nothing is broken, but something is worth knowing) or "bad".
        said: how it stands.
        cure: what to do; "" where nothing has to be done.
    """

    part: str
    state: str
    said: str
    cure: str = ""


def fine(part: str, said: str) -> Finding:
    """As it should be."""
    return Finding(part, "fine", said)


def note(part: str, said: str, cure: str) -> Finding:
    """Worth knowing."""
    return Finding(part, "note", said, cure)


def bad(part: str, said: str, cure: str) -> Finding:
    """To be mended."""
    return Finding(part, "bad", said, cure)
