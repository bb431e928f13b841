"""The kits of graders/kit/worker/: builders and probes of one field, found by folder and loaded by every worker."""

import importlib
import pkgutil
import sys

from course import paths

PACKAGE = "graders.kit.worker"


def load_kits() -> None:
    """Import every kit; each registers its builders and probes. A copy of the course without kits has none."""
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    folder = paths.ROOT.joinpath(*PACKAGE.split("."))
    for module in pkgutil.iter_modules([str(folder)]):
        importlib.import_module(f"{PACKAGE}.{module.name}")
