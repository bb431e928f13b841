"""The seed of a run, and what of it a student's process is told.

The exam, which is the hidden data with their labels, is made from the run's seed in the judge. Whoever knows that seed can make the
exam anew and look the labels up. So a worker is told another number, from which no way leads back: trying all seeds would take
some 10 ms for each of nearly 10**15. Seed 0 is no secret: students have its data, and their own runs use it.

What checks give to students' functions is drawn anew from that number too (`drawn`), so that in a class no answer can be known
beforehand.
"""

import functools
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DIGITS = 15  # as many as a spreadsheet keeps
ROUNDS = 100_000
_told: ContextVar[int] = ContextVar("told", default=0)


def secret() -> int:
    """A seed that nobody knows."""
    return 10 ** (DIGITS - 1) + secrets.randbelow(9 * 10 ** (DIGITS - 1))


@functools.lru_cache(maxsize=256)
def told(seed: int) -> int:
    """What a student's process is told in place of `seed`: 0 to 2**31 - 1, and for 0 it is 0."""
    if seed == 0:
        return 0
    mixed = hashlib.pbkdf2_hmac("sha256", str(seed).encode(), b"what a worker is told", ROUNDS)
    return int.from_bytes(mixed[:4]) >> 1


@contextmanager
def within(number: int) -> Iterator[None]:
    """The run whose worker is told `number`: `drawn` goes by it until the block ends."""
    before = _told.set(number)
    try:
        yield
    finally:
        _told.reset(before)


def fixed() -> bool:
    """Is this a run whose data are always the same, as a student's own is?"""
    return _told.get() == 0


def drawn(seed: int) -> int:
    """The seed of some of a check's own data, in the run at hand: `seed` itself where the run's is 0, else another one."""
    number = _told.get()
    return seed if number == 0 else int.from_bytes(hashlib.sha256(f"{number} {seed}".encode()).digest()[:4]) >> 1
