"""A loader with a progress bar, where a person is watching."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from tqdm import tqdm


class Batches:
    """A loader with a progress bar for each pass; everything else (`dataset`, `batch_size`, …) is the loader's own.

    Args:
        label: what the bar says, asked at the beginning of each pass.
    """

    def __init__(self, loader: Any, label: Callable[[], str]) -> None:
        self._loader, self._label = loader, label

    def __iter__(self) -> Iterator[Any]:
        label = self._label()
        yield from tqdm(self._loader, desc=label, unit=" batches", leave=False, disable=not live(), delay=0.5)

    def __len__(self) -> int:
        return len(self._loader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


def live() -> bool:
    """Is a person watching? Bars in a log or a notebook are only noise."""
    return sys.stderr.isatty()
