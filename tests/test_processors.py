"""On another processor: the same data, the same verdicts and the same names of mistakes, whatever the last bit of a float.

Vector code rounds in another order with each width of the registers. `ATEN_CPU_CAPABILITY` and `NPY_DISABLE_CPU_FEATURES` let
torch and numpy take that of an older processor, in a process of its own. This is a sample; CI runs all proofs so, on one Python.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from course import paths
from course.authoring.notebooks.pictures import pictures

# numpy's names of its code for AVX2 and AVX-512; one that a version of numpy does not know is ignored with a warning
OLDER = {"ATEN_CPU_CAPABILITY": "default", "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_SKX AVX512_ICL AVX512_SPR"}
SAMPLE = 45  # every so manieth mistake is tried: 26 of them

TRIED = f"""
import json, sys
import numpy as np
import torch
from course.authoring.notebooks.pictures import pictures
from course.authoring.proofs import fingerprints, variants
from course.checks import diagnosis
from course.checks.check import checks_of

torch.set_num_threads(1)
np.savez(sys.argv[1], **{{p.file: np.asarray(p.drawn()) for p in pictures().values()}})
tried, lost = 0, []
for entry in variants.graded():
    slow = {{check.name for check in checks_of(entry) if check.slow}}
    for variant in [v for v in variants.mistakes_of(entry) if v.caught_by not in slow][::{SAMPLE}]:
        proof = variants.prove(variant)
        tried += 1
        kept = diagnosis.known(entry.id)[variant.task]
        many = fingerprints.alike(fingerprints.fingerprint(proof), kept) > diagnosis.SAID_AT_ONCE  # too many to name
        if not (proof.caught_by_named and (many or fingerprints.says(proof))):
            lost.append(variant.name)
print(json.dumps({{"capability": torch.backends.cpu.get_cpu_capability(), "tried": tried, "lost": lost}}))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX512", "AVX2"), reason="no older code than its own"
)
def test_data_verdicts_and_names_are_those_of_an_older_processor_too(tmp_path):
    file = tmp_path / "pictures.npz"
    run = subprocess.run(
        [sys.executable, "-c", TRIED, str(file)],
        cwd=paths.ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.ROOT), **OLDER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout.splitlines()[-1])
    assert said["capability"] == "DEFAULT"
    assert said["tried"] > 20
    assert said["lost"] == []
    with np.load(file) as there:
        for picture in pictures().values():
            off = np.abs(np.asarray(picture.drawn()).astype(int) - there[picture.file].astype(int))
            # one grey level: a sum that lies between two of them is rounded to the one or to the other
            assert off.max() <= 1, picture.file
