"""IDX, the file format of MNIST: a magic number, the sizes as big-endian 32-bit integers, then the bytes.

Only unsigned bytes, which is all that MNIST uses. The format is described in LeCun's page on MNIST and read by
`torchvision.datasets.mnist.read_sn3_pascalvincent_tensor`.
"""

import gzip
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np

from course.errors import CourseError
from course.files import replacing

UNSIGNED_BYTE = 0x08  # third byte of the magic number; the fourth is the number of dimensions


def idx_bytes(array: np.ndarray) -> bytes:
    """A uint8 array of 1 to 255 dimensions as an IDX file's content."""
    if array.dtype != np.uint8:
        raise TypeError(f"IDX files of this course hold uint8, not {array.dtype}")
    head = struct.pack(">HBB", 0, UNSIGNED_BYTE, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + np.ascontiguousarray(array).tobytes()


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write `array` (uint8) to `path`."""
    Path(path).write_bytes(idx_bytes(array))


def write_idx_gz(path: Path, array: np.ndarray) -> None:
    """Write `array` (uint8) to `path`, gzipped without name and time: the same array, the same bytes."""
    # Level 4: on these images as small as level 6 within 3 percent, in a third of the time.
    Path(path).write_bytes(gzip.compress(idx_bytes(array), compresslevel=4, mtime=0))


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file, plain or .gz, into a uint8 array. Raises CourseError where the file is damaged or not IDX."""
    path = Path(path)
    cure = f"Delete {path} and fetch or make it again."
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"{path} is not there.", "Fetch or make the data first.") from None
    except (EOFError, OSError, zlib.error) as error:  # cut short: EOFError; damaged: BadGzipFile or zlib.error
        raise CourseError(f"{path} cannot be unpacked: {error}.", cure) from None
    if len(content) < 4 or content[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise CourseError(f"{path} is not an IDX file of bytes: it begins with {content[:4].hex()}.", cure)
    ndim = content[3]
    start = 4 + 4 * ndim
    shape = struct.unpack(f">{ndim}I", content[4:start]) if len(content) >= start else ()
    wanted = int(np.prod(shape, dtype=np.int64)) if shape else -1
    if len(content) - start != wanted:
        raise CourseError(
            f"{path} has the wrong length: its head promises {wanted} bytes of data, it holds {len(content) - start}.",
            cure,
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape).copy()


def unpack_gz(packed: Path, plain: Path) -> None:
    """Unpack `packed` to `plain`, which appears complete or not at all."""
    with replacing(plain) as new, gzip.open(packed) as source, open(new, "wb") as target:
        shutil.copyfileobj(source, target)
