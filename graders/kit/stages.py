"""Evidence about one stage of a convolutional network: the five steps of `conv_block`, computed here from numbers of our choice.

The stage's parameters and running statistics are drawn anew, and the judge computes by hand what must come out. Names and order of
the layers are the student's: which tensor plays which part is found by trying.
"""

import itertools
from contextlib import suppress
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from course.checks.check_failure import CheckFailure
from course.checks.expect import expect, expect_at_least, expect_at_most, expect_close, expect_equal, expect_tensor
from course.checks.probes import buffers_of, copy_parameters, forward, parameters_of
from course.checks.seeds import drawn
from course.checks.wire import Handle
from graders.kit.networks import expect_images_kept
from graders.kit.worker.gradients import pull_at_images, pull_of
from graders.kit.worker.networks import fill

EPS = 1e-5  # of nn.BatchNorm2d; others up to 1e-3 come near enough
SURE = 1e-4  # of maps of the size of 10: the same sums; other parts miss by 0.1 and more
NEAR = 4e-3  # rounding is 1e-6; an epsilon of 1e-3 beside variances of 2 and more moves values by 3e-4; another step by 0.1


def signed(count: int, channels: int, height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Random images (count, channels, height, width) with values of both signs."""
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(drawn(seed)))


@dataclass(frozen=True)
class Numbers:
    """The numbers of a stage by the parts that they play; a convolution without a bias has a bias of zeros."""

    weight: torch.Tensor
    bias: torch.Tensor
    scale: torch.Tensor
    shift: torch.Tensor
    mean: torch.Tensor
    var: torch.Tensor

    def convolved(self, x: torch.Tensor) -> torch.Tensor:
        """The first step."""
        return F.conv2d(x, self.weight, self.bias, padding=1)

    def activated(self, x: torch.Tensor, mode: str, windows: torch.Tensor | None = None) -> torch.Tensor:
        """The first three steps; `windows` is what the convolution makes of `x` without a bias, where that is known."""
        y = self.convolved(x) if windows is None else windows + self.bias.view(1, -1, 1, 1)
        mean, var = (y.mean((0, 2, 3)), y.var((0, 2, 3), unbiased=False)) if mode == "train" else (self.mean, self.var)
        factor = self.scale / (var + EPS).sqrt()
        return F.relu((y - mean.view(1, -1, 1, 1)) * factor.view(1, -1, 1, 1) + self.shift.view(1, -1, 1, 1))

    def maps(self, x: torch.Tensor, mode: str) -> torch.Tensor:
        """All five, where nothing is dropped."""
        return F.max_pool2d(self.activated(x, mode), 2)


class Stage:
    """A student's `conv_block` whose numbers we choose.

    `numbers` are those that it has now; `places` says which of its parameters is weight, scale, shift and, perhaps, bias, and
    `running` which of its statistics is the mean and which the variance.
    """

    def __init__(self, block: Handle, inputs: int, outputs: int) -> None:
        self.block, self.inputs, self.outputs, self.x = block, inputs, outputs, signed(3, inputs, 13, 10)
        forward(block, self.x, mode="eval")  # lazy layers get their shapes
        generator = torch.Generator().manual_seed(drawn(11))
        draws = [torch.randn(p.shape, generator=generator) for p in parameters_of(block).values()]
        # scales of both signs, none near 0, so that pooling before the norm shows; maps far above 6, so that a cut shows;
        # variances of 2 and more, so that epsilons do not show
        self.values = [d if d.dim() > 1 else 6 * d.sign() + 2 * d for d in draws]
        self.shapes = [b.shape for b in buffers_of(block).values() if b.is_floating_point()]
        self.statistics = [2 + 4 * torch.rand(shape, generator=generator) for shape in self.shapes]
        self.places, self.running = {"weight": self._window()}, (0, 1)
        fill(block, self.values, self.statistics)
        self._find(forward(block, self.x, mode="eval"))

    def _window(self) -> int:
        """Which parameter is the window's weights, after a look at what there is."""
        sizes = [v.numel() for v in self.values]
        window = [k for k, v in enumerate(self.values) if v.dim() > 1 and sizes[k] == 9 * self.inputs * self.outputs]
        others = [size for k, size in enumerate(sizes) if k not in window]
        expect(
            len(window) == 1 and len(others) in (2, 3) and set(others) == {self.outputs},
            "from {inputs} to {outputs} maps a 3 x 3 convolution has weights ({outputs}, {inputs}, 3, 3) and perhaps a bias"
            " ({outputs},), batch normalisation a scale and a shift ({outputs},) each; there are parameters of {shapes}",
            inputs=self.inputs,
            outputs=self.outputs,
            shapes=", ".join(str(tuple(v.shape)) for v in self.values) or "no shape at all",
        )
        expect(
            [shape.numel() for shape in self.shapes] == [self.outputs] * 2,
            "expected a running mean and a running variance of {outputs} maps, there are statistics of {shapes}",
            outputs=self.outputs,
            shapes=", ".join(str(tuple(shape)) for shape in self.shapes) or "no shape at all",
        )
        return window[0]

    @property
    def numbers(self) -> Numbers:
        """The numbers by their parts."""
        parts = {part: self.values[k].reshape(-1) for part, k in self.places.items()}
        parts["weight"] = parts["weight"].reshape(self.outputs, self.inputs, 3, 3)
        mean, var = (self.statistics[k].reshape(-1) for k in self.running)
        return Numbers(**{"bias": torch.zeros(self.outputs), **parts}, mean=mean, var=var)

    def _find(self, found: torch.Tensor) -> None:
        """Choose the parts that explain these maps best."""
        vectors = [k for k in range(len(self.values)) if k != self.places["weight"]]
        names = ("scale", "shift", "bias")[: len(vectors)]
        best, windows = float("inf"), None
        for order, running in itertools.product(itertools.permutations(vectors), ((0, 1), (1, 0))):
            if best < SURE:
                break
            twin = Stage.__new__(Stage)
            twin.__dict__ |= self.__dict__ | {
                "places": self.places | dict(zip(names, order, strict=True)),
                "running": running,
            }
            numbers = twin.numbers
            windows = F.conv2d(self.x, numbers.weight, padding=1) if windows is None else windows  # the same for all
            maps = F.max_pool2d(numbers.activated(self.x, "eval", windows), 2)
            off = float((maps - found).abs().mean()) if maps.shape == found.shape else 0.0
            if off < best:
                best, self.places, self.running = off, twin.places, running

    def take(self, numbers: Numbers) -> None:
        """Give the stage these numbers."""
        for part, k in self.places.items():
            self.values[k] = getattr(numbers, part).reshape(self.values[k].shape)
        for k, statistic in zip(self.running, (numbers.mean, numbers.var), strict=True):
            self.statistics[k] = statistic.reshape(self.shapes[k])
        fill(self.block, self.values, self.statistics)

    def followed(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Running mean and variance after a pass in train mode."""
        forward(self.block, x, mode="train")
        now = [b.reshape(-1) for b in buffers_of(self.block).values() if b.is_floating_point()]
        return now[self.running[0]], now[self.running[1]]


def expect_five_steps(student) -> None:
    """In both modes the maps are those of convolution, batch normalisation, ReLU and max pooling, in this order."""
    for inputs, outputs in ((3, 5), (4, 4), (1, 6)):
        stage = Stage(student.conv_block(inputs, outputs), inputs, outputs)
        for mode in ("eval", "train"):
            maps, wanted = forward(stage.block, stage.x, mode=mode), stage.numbers.maps(stage.x, mode)
            what = f"maps of a stage from {inputs} to {outputs} with numbers of our choice, in {mode} mode"
            expect_close(maps, wanted, what, rtol=NEAR, atol=5 * NEAR)


def expect_statistics_that_follow(student) -> None:
    """Running statistics move towards those of the batch, neither at once nor hardly at all."""
    stage = Stage(student.conv_block(3, 5), 3, 5)
    first, second = stage.x + 2, 3 * stage.x - 1
    for _ in range(2):  # the first pass may take the batch's own: a mean over all batches (momentum=None) does
        before = stage.followed(first)
    after, y = stage.followed(second), stage.numbers.convolved(second)
    for name, old, new, goal in zip(
        ("mean", "variance"), before, after, (y.mean((0, 2, 3)), y.var((0, 2, 3))), strict=True
    ):
        rate = float(((new - old) / (goal - old)).median())
        # PyTorch's rate is 0.1, that of a mean over three batches 0.33; under 0.03 eval mode lags behind for an epoch, above 0.5
        # the last batch alone decides
        expect_at_least(rate, 0.03, f"which part of its way to a batch's {name} the running {name} goes")
        expect_at_most(rate, 0.5, f"which part of its way to a batch's {name} the running {name} goes")


def expect_stage_that_learns(student) -> None:
    """Every parameter can learn, gradients go on to the layers before, and the input is left alone."""
    block, x = student.conv_block(3, 5), signed(4, 3, 8, 8)
    idle = [name for name, size in pull_of(block, x).items() if size <= 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))
    expect(pull_at_images(block, x) > 0, "no gradient goes on to the layers before the stage")
    expect_images_kept(block, x)


PASSES, COPIES, SIDE, OUTPUTS = 3, 12, 16, 6


def expect_dropout(student) -> None:
    """At rate p each value is dropped with probability p, by itself, the others divided by 1 - p; in eval mode nothing happens.

    Where the other steps are not what was asked for (`expect_five_steps` says so), only what can be seen of any stage is asked.
    """
    x = (
        signed(1, 1, SIDE, SIDE, seed=4).expand(COPIES, -1, -1, -1).contiguous()
    )  # one image, so that only chance tells copies apart
    plain, four = _plain_stage(student, x)
    undropped = forward(plain, x, mode="train")[0]
    for rate in (0.0, 0.2, 0.5):
        block = student.conv_block(1, OUTPUTS, rate)
        once, twice = (forward(block, x, mode="eval") for _ in range(2))
        expect(bool(torch.equal(once, twice)), "two passes in eval mode differ, at dropout {rate}", rate=rate)
        copy_parameters(block, plain)
        passes = torch.stack([forward(block, x, mode="train") for _ in range(PASSES)])
        expect_tensor(passes, "maps", shape=(PASSES, COPIES, *undropped.shape))
        # 1e-6: without dropout both passes add up the same numbers; with it whole values are gone
        different = float((passes[0] - passes[1]).abs().max()) > 1e-6
        expect_equal(different, rate > 0, f"do two passes in train mode differ, at dropout {rate}")
        # In 36 tries every value is kept at least once (0.5 to the 36th), and then it is 1 / (1 - p) times itself.
        where = undropped > 0.1
        expect(bool(where.any()), "in train mode nothing of the maps is left at dropout 0")
        factor = float((passes.amax((0, 1))[where] / undropped[where]).median())
        # 0.02: 1.25 at a rate of 0.2 and 2 at 0.5, but for rounding; values that are not made up for stay at 1
        what = f"by how much values that are kept grow at dropout {rate}"
        expect_close(factor, 1 / (1 - rate), what, rtol=0.02, atol=0.0)
        if rate and four is not None:
            _expect_chances(passes.flatten(3), four, rate)


def _plain_stage(student, x: torch.Tensor) -> tuple[Handle, torch.Tensor | None]:
    """A stage without dropout whose maps are the image itself, and the four values of each window (4, windows), the largest first.

    None in their place where the stage does something else than the five steps.
    """
    plain = student.conv_block(1, OUTPUTS)
    with suppress(CheckFailure):
        stage = Stage(plain, 1, OUTPUTS)
        window, ones = torch.zeros_like(stage.numbers.weight), torch.ones(OUTPUTS)
        window[:, :, 1, 1] = 1
        stage.take(replace(stage.numbers, weight=window, bias=0 * ones, scale=ones, shift=5 * ones))
        maps, wanted = forward(plain, x, mode="train"), stage.numbers.maps(x, "train")
        if maps.shape == wanted.shape and torch.allclose(maps, wanted, rtol=NEAR, atol=NEAR):
            four = F.unfold(stage.numbers.activated(x, "train")[:1, :1], 2, stride=2)[0]
            return plain, four.sort(0, descending=True).values
    return student.conv_block(1, OUTPUTS), None


def _expect_chances(passes: torch.Tensor, four: torch.Tensor, rate: float) -> None:
    """What came of four values a > b > c > d: a / (1 - p) where a was kept, else b / (1 - p) where that was, and so on.

    Args:
        passes: (passes, images, maps, windows).
        four: the values (4, windows), the same in all images and maps.
    """
    candidates = torch.cat([four, torch.zeros(1, four.shape[1])])
    off, which = (passes.unsqueeze(-2) * (1 - rate) - candidates).abs().min(-2)
    strange = float((off > NEAR * four[0]).double().mean())
    expect_at_most(
        strange,
        0.0,
        f"the share of values that are neither 0 nor one of four over 1 - p, at dropout {rate}",
        "at dropout {rate} a share of {strange:.2f} of the maps is neither 0 nor one of its four values over 1 - p",
        rate=rate,
        strange=strange,
    )
    apart = ((four[:-1] - four[1:]) > 2 * NEAR * four[0]).all(0)  # windows in which no two values are alike
    which = which[..., apart]
    largest, later = (which == 0).double(), which[which > 0]
    # Some 10,000 windows: such a share has a standard deviation of 0.005, that among those without their largest one of 0.01.
    expect_close(
        float(largest.mean()), 1 - rate, f"the share of values that are kept at dropout {rate}", rtol=0, atol=0.03
    )
    share = float((later == 1).double().mean())
    # 0.06: as said; where pooling comes before the dropout the next one never comes out
    what = f"how often the next of four comes out where the largest was dropped, at dropout {rate}"
    expect_close(share, 1 - rate, what, rtol=0, atol=0.06)
    pairs = {"images of a batch": 1, "maps": 2, "neighbouring places": 3}
    alike = {name: largest.unfold(axis, 2, 1) for name, axis in pairs.items()}
    alike["passes"] = torch.stack([largest, largest.roll(1, 0)], -1)
    for name, two in alike.items():
        share = float((two[..., 0] == two[..., 1]).double().mean())
        what = f"the share of values in two {name} that are both dropped or both kept, at dropout {rate}"
        # 0.05: as above; with one mask for both the share is 1, with one for two of three passes 0.1 too much
        expect_close(share, rate**2 + (1 - rate) ** 2, what, rtol=0, atol=0.05)
