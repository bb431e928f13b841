"""Mistakes with photos as cameras and people leave them: the `preprocess` of 04b and that of 05a begin with the same line."""

from course.authoring.proofs.variants import Mistakes

UPRIGHT = "ImageOps.exif_transpose(photo)"


def photos(left: Mistakes, sizes: Mistakes, modes: Mistakes, lying: Mistakes) -> None:
    """A photo that is changed in place, shrunk too soon, laid on black or left mirrored."""
    left.patch(
        "turned_in_place",
        "The photo itself is turned: the caller's picture is another one afterwards.",
        (UPRIGHT, "(ImageOps.exif_transpose(photo, in_place=True) or photo)"),
        source="Pillow: in_place",
    )
    left.patch(
        "drafted_in_place",
        "draft makes Pillow read the caller's own JPEG small; it cannot be read large any more.",
        (UPRIGHT, f'(photo.draft("RGB", (100, 100)), {UPRIGHT})[1]'),
        source="Pillow: Image.draft",
    )
    left.patch(
        "remembered_by_size",
        "Photos are remembered by their size: all photos of one size are taken for the first of them.",
        (UPRIGHT, f"preprocess.__dict__.setdefault(str((photo.size, photo.mode)), {UPRIGHT})"),
    )
    sizes.patch(
        "shrunk_to_a_width_first",
        "Shrunk until its width fits, a broad photo has hardly any height left.",
        (UPRIGHT, "ImageOps.contain(ImageOps.exif_transpose(photo), (512, 512))"),
        source="Pillow: thumbnail before the transforms",
    )
    modes.patch(
        "transparent_on_black",
        "What is transparent is laid on black: a white ground turns dark.",
        (
            UPRIGHT,
            'Image.alpha_composite(Image.new("RGBA", (upright := ImageOps.exif_transpose(photo)).size, (0, 0, 0, 255)), '
            'upright.convert("RGBA"))',
        ),
        source="Pillow: Image.alpha_composite",
    )
    lying.patch(
        "mirrored_ones_missed",
        "There are eight orientations; four of them are mirrored, as from a camera that looks at its owner.",
        (UPRIGHT, "photo.rotate({3: 180, 6: -90, 8: 90}.get(photo.getexif().get(0x0112, 1), 0), expand=True)"),
        source="forum: rotate by the EXIF tag by hand",
    )
