"""An autograded deep-learning course: data, pocket networks, checks, authoring and the command line.

Importing `course` is cheap: it loads neither torch nor torchvision. Each submodule loads what it needs.
"""

import os

__version__ = "0.1.0"

# Read by torch's OpenMP when torch is loaded. A thread that waits for another one spins, and on a busy machine the other one does
# not get the processor until this one stops: a training of 2 s took 70 s. With a tenth of the spinning it gives up sooner and
# sleeps; benchmarks/busy_machine.py measures it. https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
os.environ.setdefault("GOMP_SPINCOUNT", "30000")
