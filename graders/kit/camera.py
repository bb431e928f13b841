"""Photos as cameras and people leave them: lying, mirrored, transparent, not yet read. Shared by the graders of 04b and 05a."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from PIL import Image

from course.checks.expect import expect
from course.checks.wire import Photo
from graders.kit.general import photo, scene
from graders.kit.photos import opened
from graders.kit.worker.pictures import look_of, unread_photo


def lying(image: Image.Image, orientation: int, kind: str = "JPEG") -> Photo:
    """A photo whose EXIF tag says how its pixels lie: 1 as they should, 2 to 8 mirrored, turned, or both."""
    if image.info or image.palette:
        return _lying(image, orientation, kind)
    return _plain(image.mode, image.size, image.tobytes(), orientation, kind)


@functools.lru_cache(maxsize=128)
def _plain(mode: str, size: tuple[int, int], pixels: bytes, orientation: int, kind: str) -> Photo:
    """The same ones come again for each submission of a class, and to pack one takes longer than to look it up."""
    return _lying(Image.frombytes(mode, size, pixels), orientation, kind)


def _lying(image: Image.Image, orientation: int, kind: str) -> Photo:
    exif = Image.Exif()
    exif[0x0112] = orientation  # the EXIF tag "Orientation"
    return photo(image, kind, exif=exif, quality=95)


def lying_in_every_way(size: tuple[int, int]) -> Iterator[tuple[str, Photo]]:
    """(what it is, file) of a scene in each orientation, and once as a PNG."""
    for orientation, kind in (*((number, "JPEG") for number in range(2, 9)), (6, "PNG")):
        yield f"a {kind} photo with EXIF orientation {orientation}", lying(scene(size), orientation, kind)


def transparent() -> Iterator[tuple[str, Photo]]:
    """(mode, file) of a light grey that is transparent: 0.86 where alpha is left out, 1 on a white ground, 0 on a black one."""
    for mode in ("RGBA", "LA"):
        image = Image.new("RGB", (60, 60), (220, 220, 220)).convert(mode)
        image.putalpha(0)
        yield mode, photo(image)


def expect_not_black(value: float, mode: str) -> None:
    """What `transparent` has become, from 0 to 1."""
    # 0.5: between 0 on a black ground and 0.86 or 1
    expect(value > 0.5, "a transparent part of a photo of mode {mode} has become black", mode=mode)


def expect_left_as_it_was(lab: Any, use: Callable[[Any], Any], size: tuple[int, int] = (1200, 900)) -> None:
    """`use` a JPEG that was opened and not yet read, which Pillow can shrink while it reads: it is the same photo afterwards."""
    content = lying(scene(size), 6)
    given = lab.build(unread_photo(content=content.content))
    use(given)
    before, after = look_of(opened(content)), look_of(given)
    changed = [name for name in before if before[name] != after[name]]
    expect(not changed, "the photo that was given has another {first} afterwards", first=changed[0] if changed else "")
