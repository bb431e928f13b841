"""Mistakes with the views of photos that 05b and 07 draw: light, colour, crops, chance, and what a transform may keep.

What a student would write stands in nested functions, which see nothing of what is around them.
"""

import itertools
import random

import torch
from torchvision.transforms import v2

from course.authoring.proofs.variants import Mistakes

CROP = "v2.RandomResizedCrop(size, scale=(0.6, 1.0), ratio=(0.85, 1.2), antialias=True)"
WHOLE, NORMALIZE = "v2.Resize(size, antialias=True), v2.CenterCrop(size)", "v2.Normalize(MEAN, STD)"


def light_and_colour(normal: Mistakes, anew: Mistakes, colour: Mistakes, jitter: str) -> None:
    """Light and colours that change too late or too much; `jitter` is what the solution does to them."""
    normal.patch(
        "light_after_normalising",
        "ColorJitter cuts values to 0 to 1, and normalised values go from -2 to 2: half of the photo is gone.",
        (NORMALIZE, f"{NORMALIZE}, *([v2.ColorJitter(brightness=0.2)] if train else [])"),
        source="forum: ColorJitter after Normalize",
    )
    anew.patch(
        "black_or_white",
        "A brightness of 5 means up to six times as bright: most photos come out white.",
        (jitter, "v2.ColorJitter(brightness=5.0)"),
        source="forum: brightness=5 taken for 5 percent",
    )
    colour.patch(
        "always_grey",
        "The training photos have lost their colours; the validation photos still have them.",
        (jitter, "v2.Grayscale(3)"),
    )
    colour.patch(
        "garish",
        "The colours are made four to six times as strong: what is brown turns red.",
        (jitter, "v2.ColorJitter(saturation=(4.0, 6.0))"),
    )


def crops(normal: Mistakes, plain: Mistakes, anew: Mistakes) -> None:
    """Photos that are not resized, not averaged, without their margin, or small afterwards."""
    normal.patch(
        "shrunk_in_place",
        "thumbnail shrinks in place: the photos of the data set stay small from then on.",
        ("v2.ToImage(), *views", "v2.Lambda(lambda image: image.thumbnail((160, 160)) or image), v2.ToImage(), *views"),
        source="Pillow: Image.thumbnail",
    )
    plain.patch(
        "most_pixels_ignored",
        "Without antialiasing most pixels of a large photo are ignored, and fine stripes become broad ones.",
        (WHOLE, WHOLE.replace("True", "False")),
    )
    plain.patch(
        "resized_by_heart",
        "96 is hard-coded in the resize, and only the crop follows `size`: for another size the margin is lost.",
        (WHOLE, WHOLE.replace("(size, ", "(96, ")),
    )
    plain.patch(
        "margin_lost",
        "Resized to a little more and cut, as for ImageNet: the margin of the photo is lost.",
        (WHOLE, WHOLE.replace("(size, ", "(int(1.08 * size), ")),
        source="docs: Resize(256), CenterCrop(224)",
    )
    anew.patch(
        "cut_and_not_resized",
        "A patch is cut out without resizing: hardly anything of a large photo is seen.",
        (CROP, "v2.RandomCrop(size, pad_if_needed=True)"),
    )
    anew.patch(
        "pixels_ignored_in_training",
        "The training photos are resized without averaging: they are rougher than the validation photos.",
        (CROP, CROP.replace("antialias=True", "interpolation=v2.InterpolationMode.NEAREST")),
    )


def chance(plain: Mistakes, anew: Mistakes) -> None:
    """Views that are few, drawn too seldom or with a seed; photos that are taken for one another."""

    @plain.mistake("Photos are remembered by their size: all photos of one size are taken for the first of them.")
    def remembered_by_size(train, size=96):
        views = [v2.RandomResizedCrop(size, scale=(0.6, 1.0))] if train else [v2.Resize(size), v2.CenterCrop(size)]
        steps = [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821
        change, seen = v2.Compose(steps), {}

        def transform(image):
            if train:
                return change(image)
            key = image.size, image.getpixel((0, 0))
            if key not in seen:
                seen[key] = change(image)
            return seen[key]

        return transform

    @anew.mistake("Ten crops are drawn when the transform is made; each epoch deals out the same ten, mirrored or not.")
    def ten_views(train, size=96):
        whole = [v2.ToImage(), v2.Resize(size), v2.CenterCrop(size)]
        last = v2.Compose([v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])  # noqa: F821
        margins = (torch.rand(10, 2) * 0.2).tolist()

        def transform(image):
            if train:
                left, top = margins[int(torch.randint(10, ()))]
                width, height = image.size
                image = image.crop((left * width, top * height, (left + 0.8) * width, (top + 0.8) * height))
            found = last(v2.Compose(whole)(image))
            return found.flip(-1) if train and torch.rand(()) < 0.5 else found

        return transform

    @anew.mistake("A view is drawn at every second call only: two photos in a row are changed alike.")
    def drawn_at_every_second_call(train, size=96):
        steps = [v2.ToImage(), v2.Resize(size), v2.CenterCrop(size), v2.ToDtype(torch.float32, scale=True)]
        last, calls, change = v2.Compose([*steps, v2.Normalize(MEAN, STD)]), itertools.count(), {}  # noqa: F821

        def transform(image):
            if next(calls) % 2 == 0:
                change.update(angle=random.uniform(-10, 10), mirrored=random.random() < 0.5)
            if not train:
                return last(image)
            found = last(image.rotate(change["angle"]))
            return found.flip(-1) if change["mirrored"] else found

        return transform

    @anew.mistake(
        "Each call seeds the generator that all share: the order of the photos and the dropout are no longer drawn.",
        source="forum: torch.manual_seed in a transform",
    )
    def everything_seeded(train, size=96):
        views = [v2.RandomResizedCrop(size, scale=(0.6, 1.0))] if train else [v2.Resize(size), v2.CenterCrop(size)]
        steps = [v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]  # noqa: F821
        change, calls = v2.Compose(steps), itertools.count()

        def transform(image):
            if train:
                torch.manual_seed(next(calls))
            return change(image)

        return transform
