"""What a check's training takes on a machine that does other things as well, by how long torch's threads spin for each other.

    python benchmarks/busy_machine.py                 # quiet, and beside six processes that loop
    python benchmarks/busy_machine.py --beside 0 2    # quiet, and beside two

Each row is a process of its own that trains the convolutional network of project 03's solution for 120 batches of 32. Where only
processor time can tell an endless loop from a busy machine (`course/checks/time_limit.py`), processor time that is spent waiting
is what makes a right solution run out of time.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

TRAINING = """
import time, torch  # torch before the course, which sets a variable that torch reads
from torch.nn.functional import cross_entropy
from solutions.ex03_cnn import build_model
torch.manual_seed(0)
network = build_model()
optimizer = torch.optim.Adam(network.parameters())
pictures, labels = torch.rand(32, 1, 28, 28), torch.randint(24, (32,))
wall, processor = time.perf_counter(), time.process_time()
for _ in range(120):
    optimizer.zero_grad()
    cross_entropy(network(pictures), labels).backward()
    optimizer.step()
print(time.perf_counter() - wall, time.process_time() - processor)
"""
SETTINGS = {
    "two threads, torch's own": {"OMP_NUM_THREADS": "2"},
    "two threads, the course's": {"OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "30000"},
    "two threads, no spinning": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}


def seconds(setting: dict[str, str]) -> tuple[float, float]:
    """(wall, processor) of the training under these variables of the environment."""
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))} | setting
    done = subprocess.run(
        [sys.executable, "-c", TRAINING],
        cwd=Path(__file__).parents[1],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    wall, processor = map(float, done.stdout.split())
    return wall, processor


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=int, nargs="+", default=[0, 6], metavar="N", help="processes that loop (0 6)")
    numbers = parser.parse_args().beside
    print(f"{'beside':8}{'':28}{'wall':>10}{'processor':>12}{'wall, to one thread':>22}")
    for number in numbers:
        loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
        try:
            found = {name: seconds(setting) for name, setting in SETTINGS.items()}
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()
        floor = found["one thread"][0]
        for name, (wall, processor) in found.items():
            print(f"{number:<8}{name:28}{wall:8.1f} s{processor:10.1f} s{wall / floor:20.2f}")


if __name__ == "__main__":
    main()
