"""What a student's code prints while a check runs, and what it was warned of: the first lines and the last, few enough to read.

The last count most: they were printed just before the check failed.
"""

from collections import deque
from typing import Any

from course import limits


class Lines:
    """Lines as they come; of many those in the middle are counted and gone."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=limits.PRINTED_LAST)
        self._number = 0
        self._warned: set[str] = set()

    def take(self, answer: dict[str, Any]) -> None:
        """Add what an answer of the worker holds of it. The worker may say anything, so types are looked at."""
        value = answer.get("value")
        text, warned = answer.get("printed"), value.get("warned") if type(value) is dict else None
        self.add(text if type(text) is str else "")
        for said in warned if type(warned) is list else []:
            if type(said) is str and said not in self._warned:  # the same in each batch is one
                self._warned.add(said)
                self.add(f"warning: {' '.join(said.split())}")

    def add(self, text: str) -> None:
        """Add lines of text."""
        for line in text[: limits.TEXT].rstrip("\n").split("\n") if text else []:
            line = line.rstrip("\r").rpartition("\r")[2]  # of a progress bar, what stood there last
            cut = line if len(line) <= limits.PRINTED_LINE else f"{line[: limits.PRINTED_LINE - 2]} …"
            self._number += 1
            if len(self._first) < limits.PRINTED_FIRST:
                self._first.append(cut)
            else:
                self._last.append(cut)

    def join(self, other: "Lines") -> None:
        """Add what another one has taken."""
        for line in other._first:
            self.add(line)
        self._number += other._number - len(other._first) - len(other._last)
        for line in other._last:
            self.add(line)
        self._warned |= other._warned

    def text(self) -> str:
        """All that is kept."""
        missing = self._number - len(self._first) - len(self._last)
        gone = [f"… {missing} more line{'s' if missing > 1 else ''} …"] if missing else []
        return "\n".join([*self._first, *gone, *self._last])
