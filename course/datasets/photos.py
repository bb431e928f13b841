"""Photographs in folders: opening any of them as upright RGB, and checking a folder of classes before training on it.

It does not resize, normalise or batch; those belong to the projects. What can be wrong with a photo is what the course's
own data sets had wrong with them: alpha, palettes, CMYK, EXIF rotation, a WEBP under a .jpg name, a download cut short.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from course.errors import CourseError
from course.files import shown

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".pgm", ".tif", ".tiff"}  # torchvision's IMG_EXTENSIONS
GROUND = (255, 255, 255)  # what transparent pixels are laid upon


def open_rgb(path: Path | str) -> Image.Image:
    """Open a picture of any mode as upright RGB, wholly decoded.

    EXIF rotation is applied; transparent pixels are laid on white; 16-bit grey is scaled to 8 bits; CMYK, palette and
    grey are converted.

    Raises:
        CourseError: the file is missing, empty, cut short, damaged or no picture; it names the file.
    """
    path = Path(path)
    cure = f"Replace {path.name} by a good copy, or delete it."
    try:
        with Image.open(path) as picture:
            picture.load()
            return _to_rgb(_upright(picture))
    except FileNotFoundError:
        raise CourseError(f"{path} is not there.", "Check the name, or fetch the photos again.") from None
    except UnidentifiedImageError:
        what = "is empty" if path.stat().st_size == 0 else "is not a picture that can be read"
        raise CourseError(f"{path} {what}.", cure) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise CourseError(f"{path} is damaged: {error}.", cure) from None


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except (OSError, SyntaxError, ValueError, struct.error, KeyError, TypeError):
        return picture  # damaged EXIF beside a good picture: nothing says which way is up


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in {"I;16", "I;16B", "I;16L", "I"}:
        # PIL clips 16 bits to 255 when it converts; dividing by 257 takes 65535 to 255.
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L").convert("RGB")
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*GROUND, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def check_image_folder(folder: Path | str, classes: Sequence[str], decode: bool = True) -> dict[str, int]:
    """Check a folder with one sub-folder a class, as `torchvision.datasets.ImageFolder` reads it.

    Args:
        folder: holds the class folders.
        classes: the names that must be there, and no others: ImageFolder numbers every folder that it finds.
        decode: open every picture (about 1 ms each at 256 px); without it only names are looked at.

    Returns:
        How many pictures each class has, in the order of `classes`.

    Raises:
        CourseError: the folder or a class is missing, a class is empty, a folder is not a class, a picture is damaged.
    """
    folder = Path(folder)
    layout = f"It must hold the folders {', '.join(classes)}, each with its pictures."
    if not folder.is_dir():
        raise CourseError(f"The folder {folder} is not there.", layout)
    found = {path.name for path in folder.iterdir() if path.is_dir()}
    for name in classes:
        if name not in found:
            alike = [other for other in sorted(found) if other.lower().strip() == name.lower()]
            hint = f" There is a folder {alike[0]!r}: rename it." if alike else ""
            raise CourseError(f"{folder} has no folder {name!r}.", layout + hint)
    for name in sorted(found - set(classes)):
        raise CourseError(
            f"{folder / name} is not one of the classes, but ImageFolder would number it as one.",
            f"Delete it or move it elsewhere. {layout}",
        )
    counts = {}
    for name in classes:
        pictures = sorted(p for p in (folder / name).rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not pictures:
            raise CourseError(
                f"The class folder {folder / name} holds no pictures.",
                "Put its photos there (.jpg or .png), or fetch the data again.",
            )
        if decode:
            for picture in pictures:
                open_rgb(picture)
        counts[name] = len(pictures)
    return counts


def absent_class(folder: Path, classes: Sequence[str]) -> str | None:
    """The first class folder of `folder`/{train,valid}/ that is not there, as a clause for people, or None."""
    for split in ("train", "valid"):
        for name in classes:
            if not (folder / split / name).is_dir():
                return f"{shown(folder / split / name)} is not there"
    return None
