"""A check cell in a kernel of its own, as Jupyter starts it: a crash is a verdict, and the kernel keeps what it knows."""

import json
import os

import pytest

from course import paths
from course.checks import beside

pytest.importorskip("ipykernel")
manager = pytest.importorskip("jupyter_client.manager")
pytestmark = pytest.mark.skipif(not beside.FORKS, reason="needs forks")
FUNCTION = (
    "def batch_accuracy(logits, labels):\n    {}\n    return (logits.argmax(dim=1) == labels).float().mean().item()\n"
)
CHECK = 'check("01", "batch_accuracy")'


@pytest.fixture
def run(tmp_path):
    """Runs a cell and gives what it shows: (kind of message, text) each."""
    kernel = manager.KernelManager(kernel_name="python3")
    environment = {**os.environ, "PYTHONPATH": str(paths.ROOT), "COURSE_PROGRESS": str(tmp_path / "progress.json")}
    kernel.start_kernel(cwd=str(tmp_path), env=environment)
    client = kernel.blocking_client()
    client.start_channels()
    client.wait_for_ready(120)

    def cell(code: str) -> list[tuple[str, str]]:
        shown = []

        def take(message: dict) -> None:
            content = message["content"]
            text = content.get("text") or content.get("data", {}).get("text/plain") or content.get("evalue", "")
            shown.append((message["msg_type"], text))

        client.execute_interactive(code, output_hook=take, timeout=120)
        return [(kind, text) for kind, text in shown if text]

    yield cell
    client.stop_channels()
    kernel.shutdown_kernel(now=True)


def test_a_crash_costs_a_check_and_not_the_kernel(run, tmp_path):
    run("import torch\nfrom course.notebook import check\nkept = torch.ones(3)\n" + FUNCTION.format("print('seen')"))
    shown = run(CHECK)
    assert "1: it is the fraction of right answers ..." in [text for _, text in shown]
    assert "✓ batch_accuracy  all 4 checks" in dict(shown)["stream"]
    assert "seen" in dict(shown)["stream"]
    assert dict(shown)["execute_result"] == "4"

    run(FUNCTION.format("import ctypes; ctypes.string_at(0)"))
    said = dict(run(CHECK))
    assert said["execute_result"] == "0"
    assert "the cell of batch_accuracy:2   import ctypes; ctypes.string_at(0)" in said["stream"]
    assert "the process was ended by SIGSEGV" in " ".join(said["stream"].split())

    run(FUNCTION.format("pass"))
    assert dict(run(f"{CHECK} + int(kept.sum())"))["execute_result"] == "7"
    assert json.loads((tmp_path / "progress.json").read_text("utf-8"))["notebook 01"] == {"batch_accuracy": 4}
