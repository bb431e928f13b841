"""Pocket signs: rendered right hands in the format of Sign Language MNIST, with signers split between train and valid.

Made by formulas from a seed (poses.py, anatomy.py, raster.py, shade.py, signers.py, scenes.py); numpy and PIL only. It
does not cache or lock: course/datasets/store.py calls `write` in a folder of its own. The format (a CSV with header
label,pixel1..pixel784 and Kaggle's label numbers) is that of kaggle.com/datasets/datamunge/sign-language-mnist.
"""

from course.datasets.hands.files import SEED, VERSION, mixed_signs, photo, signs, write
from course.datasets.hands.poses import LETTERS

__all__ = ["LETTERS", "SEED", "VERSION", "mixed_signs", "photo", "signs", "write"]
