"""How long a worker may take. Only a wall clock would fail right code on a machine that is busy with something else.

Past its time a worker has run too long if it has used that much processor time (it loops), or next to none (it sleeps, or waits
for what never comes). One that would run but does not get the processor is given more, up to a limit. It ends nothing itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import torch

MOST = 6  # times the limit, whatever the reason
ASLEEP = 0.02  # of the elapsed time: a process that wants the processor gets more than this even beside fifty others
FIRST_LOOK = 1.0  # seconds after which the processor is asked for the first time; what was used before is not counted


class TimeLimit:
    """The time of one request.

    Args:
        seconds: limit on a machine that has nothing else to do.
        processor: processor seconds used by the worker so far; None where that cannot be known, then only the clock counts.
        late: they are asked for the first time at the first `ended`, within a second: most requests are over by then, and to ask
            another process costs more than many of them.
    """

    def __init__(self, seconds: float, processor: Callable[[], float | None], late: bool = False) -> None:
        self.seconds, self.processor, self._late = seconds, processor, late
        self.began, self.used = time.monotonic(), None if late else processor()

    def ended(self) -> bool:
        """Whether the worker has had its time."""
        if self._late:
            self._late, self.used = False, self.processor()
        passed = time.monotonic() - self.began
        if passed < self.seconds:
            return False
        now = self.processor()
        if now is None or self.used is None or passed >= MOST * self.seconds:
            return True
        return not ASLEEP * passed <= now - self.used < 0.9 * self.seconds

    def wait(self) -> float:
        """Seconds until it is worth asking again."""
        if self._late:
            return min(FIRST_LOOK, self.seconds / 20)
        left = self.seconds - (time.monotonic() - self.began)
        return max(left, self.seconds / 10, 0.02)


def processor_seconds(pid: int) -> float | None:
    """Processor seconds that a running process has used, its threads included; None where that cannot be known."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return times.user + times.system


@contextmanager
def threads(number: int) -> Iterator[None]:
    """So many threads of torch within.

    With one, processor time is work. Two burn it waiting for each other on a busy machine: a training of 10 s has been seen to use
    up its 120 s in that way.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
