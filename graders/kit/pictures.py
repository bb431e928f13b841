"""Evidence about transforms of pictures, shared by the graders of 01, 04a, 05b and 07: what a call may keep, and what chance draws.

Each `expect_…` is a part of a check; the check's own module says why it matters and what it is worth.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from PIL import Image
from torch.nn.functional import avg_pool2d

from course.checks.expect import expect, expect_at_most, expect_close, expect_tensor
from course.checks.probes import called
from graders.kit.general import photo
from graders.kit.worker.pictures import all_through, chances_after, repainted, reseeded_by

Flips = Sequence[Callable[[torch.Tensor], torch.Tensor]]
FEW = 10  # views that could be listed

# -- one picture and the next -------------------------------------------------------------------------------------------


def expect_apart(transform: Any, picture: Image.Image) -> None:
    """Pictures do not get into each other's way: a tensor is that of its own picture, and the picture is left as it was.

    A second picture has the same size, margin, mean and histogram as `picture`, and other content.
    """
    other, middle = picture.copy(), (1, 1, picture.width - 1, picture.height - 1)
    other.paste(picture.crop(middle).transpose(Image.Transpose.ROTATE_180), middle)
    files = [photo(one) for one in (picture, other)]
    alone = [called(transform, file) for file in files]
    together = all_through(transform, files)
    for which, found, wanted in zip(("first", "second"), together["found"], alone, strict=True):
        expect_close(
            found, wanted, f"the {which} of two pictures of one size, after both were transformed", rtol=0, atol=0
        )
    expect(not torch.equal(*alone), "two different pictures of one size give the same tensor")
    expect_left_alone(together)
    again = repainted(transform, *files)
    expect_close(again, alone[1], "a picture object that holds another picture than before", rtol=0, atol=0)


def expect_left_alone(through: dict[str, list[Any]]) -> None:
    """None of the pictures of `all_through` was changed."""
    expect(not through["changed"], "the picture that was given is another one afterwards")


# -- chance -------------------------------------------------------------------------------------------------------------


def expect_many_views(draws: Sequence[torch.Tensor], flips: Flips = ()) -> None:
    """Of sixty or so draws of one picture: they come from many views, and one draw says nothing about the next.

    Args:
        flips: with these, a transform that only flips is right too; views that are flips of each other count as one.
    """
    seen: dict[bytes, int] = {}
    for draw in draws:
        forms = [draw.numpy().tobytes(), *(flip(draw).contiguous().numpy().tobytes() for flip in flips)]
        known = next((seen[form] for form in forms if form in seen), len(seen))
        seen.setdefault(forms[0], known)
    kinds = len(set(seen.values()))
    exact = len(seen)
    moved = sum(not torch.equal(draw, draws[0]) for draw in draws) + 1
    only_flips = exact > 1 and _are_flips(draws, flips)
    # FEW: ten views that were made beforehand are ten, or eleven with the picture itself. Who draws seldom, or shifts by whole
    # pixels, sees some twice: of 60 shifts by up to two pixels each way some 23 are different. 0.6: where few are drawn at all.
    expect(
        only_flips or kinds > FEW + 1 or (exact > 1 and kinds >= 0.6 * moved),
        "of {count} draws of one picture only {exact} are different",
        count=len(draws),
        exact=exact,
    )
    same = [torch.equal(a, b) for a, b in pairwise(draws)]
    alike = "two calls in a row give the same view: a new one is drawn only now and then"
    # that all pairs of a flip agree comes once in 2^30 times, and that none does in 2^59
    expect(not (all(same[::2]) or all(same[1::2])), alike)
    expect(exact != 2 or any(same), "two views take turns: they are not drawn")
    share = sum(torch.equal(a, b) for k, a in enumerate(draws) for b in draws[:k]) / (len(draws) * (len(draws) - 1) / 2)
    # 18: a flip gives 30 of 60 twice in a row, and 30 + 18 once in a million times; every draw twice gives 30 for hardly any
    expect_at_most(
        sum(same) - share * len(same), 18, "draws that are the one before, more than chance would have", alike
    )


def _are_flips(draws: Sequence[torch.Tensor], flips: Flips) -> bool:
    """Is every draw the first one, or a flip of it? Flipped before it is resized, a picture is off by rounding."""
    first = [draws[0], *(flip(draws[0]) for flip in flips)]
    # 0.03: rounding gives 0.005 and less, another crop of a soft scene 0.1 and more
    return all(min(float((draw - one).abs().mean()) for one in first) < 0.03 for draw in draws)


def expect_nothing_seeded(make: Callable[[bool], Any], picture: Any) -> None:
    """The transform leaves chance to others: what is drawn after a call has not been drawn before."""
    found: dict[str, list[float]] = {}
    for _ in range(2):  # two transforms: one that counts its calls for a seed begins anew
        for name, values in chances_after(make(True), picture, 20).items():
            found.setdefault(name, []).extend(values)
    for name, values in found.items():
        # 2: a number of 53 bits does not come twice by chance
        expect(
            len(values) - len(set(values)) < 2,
            "what {name} draws after a call has been drawn before: the transform seeds the generator that all share",
            name=name,
        )
    seeded = reseeded_by(make(True), picture)
    expect(
        not seeded,
        "a call of the transform seeds the generator of {name} that all share: it does not go on from where it was",
        name=" and ".join(seeded),
    )


def expect_to_either_side(amounts: torch.Tensor, least: float, one: str, other: str) -> None:
    """Amounts that are drawn to either side: of those of `least` and more, not all have the same sign."""
    up, down = int((amounts >= least).sum()), int((amounts <= -least).sum())
    # 20: that so many fall on one side comes once in half a million times; of fewer nothing is said
    expect(
        up + down < 20 or (up > 0 and down > 0),
        "in {count} of {draws} draws the picture is {way}, and never {back}",
        count=up + down,
        draws=len(amounts),
        way=one if up else other,
        back=other if up else one,
    )


# -- batches ------------------------------------------------------------------------------------------------------------


def expect_each_changed(transform: Any, picture: torch.Tensor, count: int = 6, calls: int = 24) -> None:
    """Of a batch of the same picture, each is moved in some call: (1, H, W) pictures."""
    batch, moved = picture.expand(count, *picture.shape).clone(), torch.zeros(count, dtype=torch.bool)
    for found in all_through(transform, [batch] * calls)["found"]:
        expect_tensor(found, "an augmented batch", shape=tuple(batch.shape))
        # 0.99: light leaves a correlation of 1 (clipped, 0.97 in the worst draw; it is not asked for here), a pixel's shift 0.9
        moved |= correlation(found, batch) < 0.99
    never = [k for k, flag in enumerate(moved.tolist()) if not flag]
    # half of the pictures or of the calls may be left alone: that one picture is, in 24 calls, comes once in 10^7 times
    expect(
        not never,
        "picture {first} of a batch of {count} is not moved in {calls} calls",
        first=never[0] if never else 0,
        count=count,
        calls=calls,
    )


def expect_places_kept(transform: Any, side: int = 28) -> None:
    """In a batch each picture comes back in its place, and nothing of another one is in it."""
    even = torch.full((1, side, side), 0.5)
    fields = torch.arange(side) // 5 % 2
    checked = 0.2 + 0.6 * (fields[:, None] ^ fields[None, :]).float()[None]
    lost, middle = 0, slice(side // 2 - 6, side // 2 + 6)
    # Eight pictures, checked or even by the bits of their numbers: no two of them are always the same.
    for bit in (1, 2, 4):
        kinds = torch.tensor([k // bit % 2 for k in range(8)])
        for found in all_through(transform, [torch.stack([even, checked])[kinds]] * 4)["found"]:
            expect_tensor(found, "an augmented batch", shape=(8, 1, side, side))
            smooth = avg_pool2d(found, 3, 1)[..., middle, middle].flatten(1)
            # 0.03: of the pattern 0.05 is left when it is blurred, darker and paler; of an even picture 0.001
            lost += int((smooth.std(1)[kinds == 1] < 0.03).sum())
    # 2 of 48: none in thousands of right ones; two pictures that are exchanged in every call make 4 and more
    expect_at_most(
        lost,
        2,
        "checked pictures that come back even",
        "in batches of checked and of even pictures {lost} of 48 checked ones come back even: do the pictures keep their places?",
        lost=lost,
    )
    # An even grey between pictures that are dark on the left and bright on the right: turned, moved, lit or speckled it has no
    # bright side; a tenth of its neighbour gives it one of 0.06 in each draw, and rounding, dots or margins 0.02 on average.
    half = torch.full((1, side, side), 0.2)
    half[:, :, side // 2 :] = 0.8
    sides, near = [], side // 2
    for found in all_through(transform, [torch.stack([half, even, half, half])] * 32)["found"]:
        rows = found[1, :, middle]
        sides.append(float(rows[..., near : near + 6].mean() - rows[..., near - 6 : near].mean()))
    expect_at_most(
        abs(sum(sides)) / len(sides),
        0.06,
        "what an even grey picture has of its neighbours in the batch",
        "an even grey picture of a batch has something of its neighbours in it: pictures are mixed",
    )

    # Black pictures, alone or between white ones: what leaves a picture must not come in at the next one's edge.
    black, white = torch.zeros(1, side, side), torch.ones(1, side, side)
    shares = []
    for other in (black, white):
        found = torch.stack(all_through(transform, [torch.stack([other, black] * 3)] * 24)["found"])[:, 1::2]
        edges = torch.stack([found[..., 0, :].mean(-1), found[..., -1, :].mean(-1)]).amax(0)
        shares.append(
            float((edges > 0.3).float().mean())
        )  # 0.3: of a row that is white, or of a wide patch that was erased
    # 0.3: chance gives both about the same share; where rows run on into the next picture it is 0.6 and more against none
    expect_at_most(
        shares[1] - shares[0],
        0.3,
        "black pictures between white ones with a bright edge, more than between black ones",
        "of black pictures between white ones {share:.0%} have a bright edge: something of their neighbours comes in",
        share=shares[1],
    )


def correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Of each picture (N, ...) with the one at its place: 1 for any change of light alone."""
    return (_unit(a) * _unit(b)).sum(1)


def _unit(pictures: torch.Tensor) -> torch.Tensor:
    flat = pictures.flatten(1) - pictures.flatten(1).mean(1, keepdim=True)
    return flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-6)
