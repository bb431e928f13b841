"""Evidence about the transforms of photos, shared by the graders of 05b and 07: what the backbone expects, and views drawn anew.

Each `expect_…` is the body of a check, or a part of one; the check's own module says why it matters and what it is worth.
"""

import colorsys
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image

from course.checks.expect import expect, expect_at_least, expect_at_most, expect_close, expect_tensor
from course.checks.probes import called
from course.checks.wire import Photo
from graders.kit.general import inner_square, photo, scene, specks
from graders.kit.photos import MEAN, SIZE, STD
from graders.kit.pictures import (
    expect_apart,
    expect_left_alone,
    expect_many_views,
    expect_nothing_seeded,
    expect_to_either_side,
)
from graders.kit.worker.pictures import all_through, drawn

SMALL, DRAWS = 32, 24  # chance shows in small photos too
ORANGE, BROWN = (240, 140, 30), (150, 115, 95)  # a hue of 31 degrees; one that is hardly a colour
SIDES: Sequence[Callable[[torch.Tensor], torch.Tensor]] = (lambda x: x.flip(-1),)
ANY_WAY = (
    *SIDES,
    *(lambda x, k=k, m=m: (x.flip(-1) if m else x).rot90(k, (-2, -1)) for k in (1, 2, 3) for m in (0, 1)),
)


def pixels(normalised: torch.Tensor) -> torch.Tensor:
    """Values in [0, 1] again: (..., 3, H, W)."""
    return normalised * STD.view(3, 1, 1) + MEAN.view(3, 1, 1)


def expect_normalised(student: Any) -> None:
    """An even grey comes out as (x - mean) / std in each channel, at the right size and type; in training about so."""
    transform = student.make_transforms(False)
    for level in (0, 128, 255):
        found = called(transform, _even(level, level, level, side=120))
        expect_tensor(found, "a transformed photo", shape=(3, SIZE, SIZE), dtype=torch.float32)
        wanted = ((level / 255 - MEAN) / STD).view(3, 1, 1).expand(3, SIZE, SIZE)
        # 1e-3: bytes to float32 and back; another mean or std is off by 0.01 and more
        expect_close(found, wanted, f"an even grey of {level}", rtol=0, atol=1e-3)
    for level in (128, 30, 220):
        middle = _medians(student, (level, level, level))
        # Light may change, but 0.15 on average over 24 draws is no jitter. What is clamped to [0, 1] after it was normalised, as by
        # ColorJitter, is off by 0.37 where it is dark.
        off = float((middle.mean(0) - level / 255).abs().max())
        expect_at_most(
            off,
            0.15,
            f"how far training photos of an even grey of {level} are off, on average",
            "training photos of an even grey of {level} are off by {off:.2f} on average; validation photos are normalised",
            level=level,
            off=off,
        )
        # 0.05: colours may be shifted a little; numbers that were not normalised differ by 0.08 and more between the channels
        uneven = float((middle.mean(0).max() - middle.mean(0).min()).abs())
        expect_at_most(
            uneven,
            0.05,
            "how far the channels of training photos of an even grey differ, on average",
            "a training photo of an even grey is not grey: its channels differ by {uneven:.2f}",
            uneven=uneven,
        )
    for train in (False, True):
        transform = student.make_transforms(train, 64)
        for size in ((120, 100), (300, 200), (50, 60)):
            through = all_through(transform, [photo(scene(size))])
            what = f"a photo of {size[0]} x {size[1]} for size=64, train={train}"
            expect_tensor(through["found"][0], what, shape=(3, 64, 64), dtype=torch.float32)
            expect_left_alone(through)


def expect_plain(student: Any) -> None:
    """No chance; the whole central square of the photo at the right place, averaged over its pixels, in any size."""
    transform = student.make_transforms(False)
    for size, times in (
        ((120, 120), 2),
        ((160, 110), 2),
        ((96, 130), 2),
        ((300, 200), 2),
        ((50, 60), 16),
        ((1600, 60), 1),
    ):
        image = scene(size)
        first, *others = drawn(transform, photo(image), times)
        expect_tensor(first, "a validation photo", shape=(3, SIZE, SIZE))
        for other in others:
            expect_close(other, first, "the same validation photo once more", rtol=0, atol=0)
        side = min(size)
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        square = image.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        wanted = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1).float() / 255
        off = float((pixels(first) - wanted).abs().mean())
        # filters and a half pixel of the crop differ by 0.01 on these soft scenes; another crop or a squeeze by 0.05 and more
        expect(
            off < 0.02,
            "a validation photo of {width} x {height}: not its central square, off by {off:.3f} on average",
            width=size[0],
            height=size[1],
            off=off,
        )
    expect_apart(transform, scene((110, 80)))
    for asked in (SIZE, 48):
        share = float(pixels(called(student.make_transforms(False, asked), photo(inner_square((480, 320))))).mean())
        # 0.02: filters change this mean by 0.002; a square that is 1.06 times as large as it should be adds 0.03
        expect(
            abs(share - 0.25) < 0.02,
            "a square that fills 0.25 of the photo fills {share:.2f} of the validation photo, at size={size}: is its margin lost?",
            share=share,
            size=asked,
        )
    spread = float(pixels(called(transform, specks(480)))[0].std())
    # Each pixel that is left stands for 25 of 0 or 1: 0.07 to 0.11, whatever the filter. Without antialiasing it is 0.25 to 0.5.
    expect_at_most(
        spread,
        0.18,
        "how far fine specks of a validation photo are from an even grey",
        "fine specks of black and white give no even grey (spread {spread:.2f}): are validation photos resized with antialiasing?",
        spread=spread,
    )


def expect_varied(student: Any, upright: bool) -> None:
    """Each draw another view of a good part of the photo; with `upright`, what is on top stays on top.

    Without it a photo may be turned any way.
    """
    transform = student.make_transforms(True, 48)
    if upright:
        _expect_upright(transform)
    draws = drawn(transform, photo(scene((128, 128))), 60)
    for draw in draws:
        expect_tensor(draw, "a training photo", shape=(3, 48, 48))
    expect_many_views(draws, SIDES if upright else ANY_WAY)
    expect_nothing_seeded(lambda train: student.make_transforms(train, SMALL), photo(scene((64, 64))))
    # A board of eight fields each way. 3: crops of the default scale of RandomResizedCrop, down to a twelfth of the area, show 5.6
    # on average; a patch of 32 pixels that is cut out of 480 and not resized 0.5, out of 96 2.7.
    small = student.make_transforms(True, SMALL)
    fields = torch.stack(drawn(small, _board(480), 16))[:, 1]
    steps = ((fields > fields.mean((1, 2), keepdim=True)).diff(dim=2) != 0).float().sum(2)
    seen = float(steps.mean())
    expect_at_least(
        seen,
        3,
        "steps of eight that a row of a training photo shows, on average",
        "of a board of 8 x 8 fields training photos show {seen:.1f} in a row on average: is the crop resized?",
        seen=seen,
    )
    spread = float(torch.stack([pixels(draw)[0].std() for draw in drawn(small, specks(480), 9)]).median())
    # each pixel that is left stands for 20 of 0 or 1, and for a hundred mostly: 0.03 to 0.15; that of one pixel alone is 0.5
    expect_at_most(
        spread,
        0.25,
        "how far fine specks of a training photo are from an even grey",
        "fine specks of black and white give no even grey (spread {spread:.2f}): are training photos resized with antialiasing?",
        spread=spread,
    )


def _expect_upright(transform: Any) -> None:
    """A photo that gets brighter to its top: where is the light in each draw?"""
    light = np.linspace(205, 50, 96)[:, None].repeat(96, 1).astype(np.uint8)
    middle = torch.stack(drawn(transform, photo(Image.fromarray(light).convert("RGB")), 60))[:, :, 8:40, 8:40].mean(1)
    up, right = _slope(middle[:, :-6] - middle[:, 6:]), _slope(middle[:, :, 6:] - middle[:, :, :-6])
    angle = torch.rad2deg(torch.atan2(right, up))
    fallen = int((angle.abs() > 90).sum())  # 90: more than a quarter turn
    # 2 of 60, here and below: a margin that is filled may lie over the middle
    expect_at_most(
        fallen,
        2,
        "draws in which the top has come to the bottom",
        "in {fallen} of 60 draws what was on top has come to the bottom",
        fallen=fallen,
    )
    # 50: 45 degrees are allowed, and are read to 3
    turned = int((angle.abs() > 50).sum())
    expect_at_most(
        turned,
        2,
        "draws that are turned by more than 45 degrees",
        "in {turned} of 60 draws the photo is turned by more than 45 degrees, by up to {most:.0f}°",
        turned=turned,
        most=float(angle.abs().max()),
    )
    expect_to_either_side(angle, 4, "turned to the right", "turned to the left")


def _slope(steps: torch.Tensor) -> torch.Tensor:
    """Of each draw (N, ...) the mean of the middle half of its steps: erased patches and filled margins do not count."""
    ordered = steps.flatten(1).sort(1).values
    return ordered[:, ordered.shape[1] // 4 : -(ordered.shape[1] // 4)].mean(1)


def expect_light_kept(student: Any) -> None:
    """A middle grey is never black or white, whatever is drawn."""
    levels = _medians(student, (128, 128, 128)).mean(1)
    # 0.06 to 0.97: a jitter of light by four fifths goes from 0.1 to 0.9; what may be anything is beyond in a tenth of the draws
    expect(
        float(levels.min()) > 0.06 and float(levels.max()) < 0.97,
        "a middle grey comes out between {least:.2f} and {most:.2f}: black or white",
        least=float(levels.min()),
        most=float(levels.max()),
    )


def expect_colours_kept(student: Any) -> None:
    """Strong and weak colours keep about their strength, on average over the draws."""
    for name, colour in (("a strong orange", ORANGE), ("a brown that is hardly a colour", BROWN)):
        found = _medians(student, colour).clamp(0, 1)
        strength = (found.amax(1) - found.amin(1)) / ((max(colour) - min(colour)) / 255)
        # Jitter of saturation by up to all of it leaves 1 on average, and a photo in three may be grey. Always grey is 0; a
        # saturation up to six times as large 2.5.
        mean = float(strength.mean())
        # 0.4 to 2: between these
        expect(
            0.4 <= mean <= 2,
            "the colours of {name} are {mean:.2f} times as strong in training photos, on average",
            name=name,
            mean=mean,
        )


def expect_hue_kept(student: Any) -> None:
    """An orange stays about orange: what tells fresh from rotten is colour."""
    turns, grey = [], 0
    for r, g, b in _medians(student, ORANGE, 32).clamp(0, 1).tolist():
        hue, saturation, _ = colorsys.rgb_to_hsv(r, g, b)
        # 0.1: a jitter of saturation by half leaves 0.44 of 0.88; a grey has 0, and no hue
        grey += saturation < 0.1
        if saturation >= 0.1:
            turns.append(abs((360 * hue - 31 + 180) % 360 - 180))
    expect(grey == 0, "in {grey} of 32 draws an orange has lost its colour", grey=grey)
    # 45 degrees make an orange a lemon or a cherry; jitter of light, contrast or saturation moves its hue by less than 15
    far = sum(turn > 45 for turn in turns)
    expect_at_most(
        max(turns, default=0),
        45,
        "degrees by which the hue of an orange turns, in the worst draw",
        "in {far} of 32 draws an orange has become of another colour, by up to {most:.0f}°",
        far=far,
        most=max(turns, default=0),
    )


def _medians(student: Any, colour: tuple[int, int, int], count: int = DRAWS) -> torch.Tensor:
    """The colour (count, 3) of training photos of an even colour: the median minds no noise, erased patch or margin."""
    found = drawn(student.make_transforms(True, SMALL), _even(*colour, side=40), count)
    for one in found:
        expect_tensor(one, "a training photo", shape=(3, SMALL, SMALL), dtype=torch.float32)
    return torch.stack([_median(pixels(one).flatten(1)) for one in found])


def _median(values: torch.Tensor) -> torch.Tensor:
    """Of the pixels (3, N) that are not black, as a margin is that was filled; of all, where hardly any other is left."""
    inside = values.amax(0) > 0.02  # above the rounding of black
    return (
        (values[:, inside] if inside.float().mean() > 0.05 else values).median(1).values
    )  # 0.05: a photo, and no speck


def _even(*colour: int, side: int) -> Photo:
    return photo(Image.new("RGB", (side, side), colour))


@functools.cache
def _board(side: int) -> Photo:
    rows = np.arange(side) * 8 // side % 2
    fields = (rows[:, None] ^ rows[None, :]) * 155 + 50
    return photo(Image.fromarray(fields.astype(np.uint8)).convert("RGB"))
