"""`torch.manual_seed` without the stack that it notes for a GPU which is not there.

Until a GPU is first used, torch keeps each seed for it together with the text of the whole stack, for an error that may come: some
0.3 ms a call, and the checks of a submission seed 150 times.
"""

from types import SimpleNamespace

import torch


def without_stacks() -> None:
    """From now on, in this process, seeds are noted without a stack. Nothing else is other than before."""
    if hasattr(torch.cuda, "traceback"):
        torch.cuda.traceback = SimpleNamespace(format_stack=list)  # type: ignore[assignment]
