"""How `course grade` ends when somebody says Stop: at once, with what is done kept, whatever it was about to do."""

import functools
import multiprocessing.util
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

STOPPED = 130  # the status after Ctrl-C, by the custom of shells


def at_once(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command that Ctrl-C ends also where no batch is under way: while it imports, finds submissions, writes the last table."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            click.echo("\nStopped. Whatever was graded is in the journal: the same command goes on from there.")
            leave(STOPPED)

    return run


def leave(status: int) -> NoReturn:
    """Leave; after Ctrl-C at once, for Python takes seconds to take torch apart."""
    if status == STOPPED and sys.stdout is sys.__stdout__:  # the command itself, and not a test of it
        print(end="", flush=True)
        multiprocessing.util._exit_function()  # type: ignore[attr-defined]  # what the judges' queues hold of the system
        os._exit(status)
    sys.exit(status)


@contextmanager
def like_ctrl_c() -> Iterator[None]:
    """SIGTERM ends a batch as Ctrl-C does: what is done is kept and written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
