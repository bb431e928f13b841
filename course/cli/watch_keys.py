"""Single keys of a terminal, read without Enter; where there is no terminal, or none of this kind (Windows), there are none."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Keys:
    """What was pressed. `handles` are things to wait for: empty where keys cannot be read."""

    def __init__(self, handles: tuple[Any, ...] = ()) -> None:
        self.handles = handles

    def pressed(self) -> str:
        """The next key, or "" where none was pressed."""
        import select

        for handle in self.handles:
            if select.select([handle], [], [], 0)[0]:
                with suppress(OSError):
                    return os.read(handle, 1).decode("ascii", "ignore")
        return ""


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Keys one by one for as long as this lasts; the terminal is as before then."""
    number = _terminal()
    if number is None:
        yield Keys()
        return
    import termios
    import tty

    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield Keys((number,))
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _terminal() -> int | None:
    """The file descriptor of the terminal that is typed at; None where there is none that may be changed."""
    with suppress(ImportError, OSError, ValueError, AttributeError):
        importlib.import_module("termios")
        number = sys.stdin.fileno()
        if os.isatty(number) and os.tcgetpgrp(number) == os.getpgrp():  # not in the background
            return number
    return None
