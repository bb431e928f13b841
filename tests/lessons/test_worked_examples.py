"""The numbers of the worked examples in the lessons of 01, 02 and 03: computed here, and looked for in the text.

`says("01", "the loss is {:.3f}", 0.3491)` fails where the lesson does not say "the loss is 0.349". So a number that is changed in
a lesson, and a sentence that goes, are noticed.
"""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course import paths
from course.authoring.figures import keeping, p01, p03
from course.authoring.figures.figure import figures_of
from course.catalog import project
from course.datasets.tensors import without_gap
from course.lessons.lesson import solution


def lesson(id: str) -> str:
    """The text of a lesson in one line."""
    lines = (paths.ROOT / "solutions" / f"{project(id).module}.py").read_text("utf-8").splitlines()
    return " ".join(" ".join(line.removeprefix("#").strip() for line in lines if line.startswith("#")).split())


def says(id: str, sentence: str, *numbers) -> None:
    """The lesson says this, with these numbers in their places. A hyphen stands for a minus too."""
    expected = sentence.format(*numbers) if numbers else sentence
    assert expected.replace("−", "-") in lesson(id).replace("−", "-")


# -- 01


def test_bytes_wrap_around():
    total = torch.tensor(200, dtype=torch.uint8) + torch.tensor(100, dtype=torch.uint8)
    says("01", "as `uint8`, 200 + 100 is {}", total.item())


def test_batches_of_an_epoch():
    full, rest = divmod(10_000, 32)
    says("01", "10,000 pictures in batches of 32 make {} full batches, and a last one that holds only {}", full, rest)
    says("01", "where you could have taken {}", full + 1)
    says("01", "takes {} steps an epoch instead of {}", 10_000 // 1000, full + 1)


def test_two_linear_layers_are_one_and_a_relu_between_them_is_not():
    x = torch.tensor([-2.0, -1, 0, 1])
    assert torch.equal(3 * (2 * x + 1) + 4, 6 * x + 7)
    says("01", "that is {:.0f}, {:.0f}, {:.0f}, {:.0f}.", *(3 * F.relu(2 * x + 1) + 4).tolist())


def test_softmax_and_cross_entropy_of_three_logits():
    z = torch.tensor(p01.LOGITS)
    assert z.tolist() == [2, 1, -1]
    says("01", "the exponentials are {:.3f}, {:.3f} and {:.3f}; their sum is {:.3f}", *z.exp().tolist(), z.exp().sum())
    probabilities = z.softmax(0)
    says("01", "become the probabilities {:.3f}, {:.3f} and {:.3f}]", *probabilities.tolist())
    losses = [F.cross_entropy(z[None], torch.tensor([right])).item() for right in (0, 2)]
    says("01", "If class 0 is right, the loss is -log {:.3f} = {:.2f}", probabilities[0], losses[0])
    says("01", "If class 2 is right, it is -log {:.3f} = {:.2f}", probabilities[2], losses[1])
    shown = [
        -math.log(round(probabilities[k].item(), 3)) for k in (0, 2)
    ]  # what a reader computes from the three digits
    assert [f"{value:.2f}" for value in shown] == [f"{value:.2f}" for value in losses]
    says("01", "and -log 0.1 = {:.3f}", F.cross_entropy(torch.zeros(1, 10), torch.tensor([3])))


def test_softmax_twice_has_a_floor():
    perfect = F.one_hot(torch.tensor([0]), 10).float()
    says("01", "$e / (e + 9) = {:.3f}$", perfect.softmax(1)[0, 0])
    says("01", "cannot fall below {:.3f}", F.cross_entropy(perfect, torch.tensor([0])))
    assert torch.exp(torch.tensor(1000.0)).isinf()  # of the bonus


def test_accuracy_of_three_pictures():
    logits = torch.tensor([[2.0, 1, -1], [0, 3, 1], [1, 0, 2]])
    labels = torch.tensor([0, 1, 1])
    assert logits.argmax(1).tolist() == [0, 1, 2]
    for row, answer, label in zip(logits.tolist(), logits.argmax(1), labels, strict=True):
        says("01", "| {:.0f}, {:.0f}, {:.0f} | {} | {} |", *row, answer, label)
    says("01", "so the accuracy is {:.3f}", solution("01").batch_accuracy(logits, labels))


def test_gradient_descent_on_one_weight():
    weight = torch.tensor(p01.START, requires_grad=True)
    seen = []
    for _ in range(3):
        loss = (weight * p01.X - p01.TARGET) ** 2
        (gradient,) = torch.autograd.grad(loss, weight)
        seen.append((weight.item(), (weight * p01.X).item(), loss.item(), gradient.item()))
        weight = (weight - p01.RATES[0] * gradient).detach().requires_grad_()
    (_, out, first, slope), (w1, out1, second, slope1), (w2, _, third, _) = seen
    assert (out, first) == (0, 9)
    says("01", "= 2 · (-3) · 2 = {:.0f}", slope)
    says("01", "by the *learning rate* {}. The new weight is 0 - 0.05 · ({:.0f}) = {:.1f}", p01.RATES[0], slope, w1)
    says("01", "The output is now {:.1f}, and the loss has fallen from {:.0f} to {:.2f}", out1, first, second)
    says("01", "the gradient is {:.1f}, the weight becomes {:.2f}, the loss {:.3f}", slope1, w2, third)
    says("01", "The best weight is {}", p01.TARGET / p01.X)
    far = -p01.RATES[1] * slope
    says(
        "01",
        "With a learning rate of {} the first step goes to {:.2f}, beyond the best weight, and the loss *rises* to {:.3f}",
        p01.RATES[1],
        far,
        (far * p01.X - p01.TARGET) ** 2,
    )
    says("01", "would use {:.0f} + ({:.1f}) = {:.1f}", slope, slope1, slope + slope1)


def test_a_mean_of_batch_means_is_not_the_mean():
    sizes, means = torch.tensor([4.0, 4, 2]), torch.tensor([0.2, 0.3, 1.0])
    says(
        "01",
        "with mean losses {:.1f}, {:.1f} and {:.1f}. Their mean is {:.1f}",
        *means,
        means.mean(),
    )
    says("01", "(4 · 0.2 + 4 · 0.3 + 2 · 1.0) / 10 = {:.1f}", (sizes * means).sum() / sizes.sum())
    shares = 1 / 3 / sizes  # of each picture in the mean of batch means
    assert shares[2] == 2 * shares[0]
    says("01", "gives the two pictures of the last batch twice the weight of the others")


def parameters(id: str) -> int:
    return sum(p.numel() for p in solution(id).build_model().parameters())


def test_how_large_the_dense_networks_are():
    says("01", "Your network has {:,} weights", parameters("01"))
    assert round(parameters("01"), -4) == 670_000
    says("01", "about 670,000 adjustable numbers")
    first, second, third = (784 * 512 + 512, 512 * 512 + 512, 512 * 24 + 24)
    says("02", "{:,} in all; the second has {:,}, the third {:,}", first, second, third)
    assert first + second + third == parameters("02")
    says("02", "Together that is {:,} parameters, for 2,400 training pictures: {} parameters", parameters("02"), 282)
    assert parameters("02") // 2400 == 282
    says("03", "The dense network of project 02 has {:,}", parameters("02"))


# -- 02


def test_the_labels_without_their_gap():
    labels = torch.tensor([k for k in range(25) if k != 9])
    assert without_gap(labels).tolist() == list(range(24))
    with pytest.raises(IndexError, match="Target 24 is out of bounds"):
        F.cross_entropy(torch.zeros(1, 24), torch.tensor([24]))
    says("02", '"Target 24 is out of bounds"')


def test_the_loss_of_knowing_nothing_and_of_being_wrong():
    says("02", "-log(1/24) = {:.3f}", F.cross_entropy(torch.zeros(1, 24), torch.tensor([3])))
    curve = keeping.kept(figures_of(project("02"))["learning-curves"])["valid_loss"]
    assert min(curve) == curve[4]  # "in the fifth epoch"
    lost = (curve[-1] - curve[4]) / (-math.log(1 / 24) - curve[4])
    assert round(lost * 5) == 2
    says("02", "Two fifths of what was gained are lost")
    says("02", "costs -log 0.1 = {:.3f}; with 0.001 it costs {:.3f}", -math.log(0.1), -math.log(0.001))


# -- 03


def test_a_convolution_by_hand():
    patch, kernel = torch.tensor(p03.PATCH).float(), torch.tensor(p03.KERNEL).float()
    out = F.conv2d(patch[None, None], kernel[None, None])[0, 0]
    rows = [", ".join(f"{value:.0f}" for value in row) for row in out]
    says("03", "with {} in its first row, {} in its second and {} in its third]", *rows)
    by_rows = (patch[:3, :3] * kernel).sum(1)
    assert patch[:3, :3].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 9]]
    says("03", r"1 \cdot 9 = {:.0f} + {:.0f} + {:.0f} = {:.0f}.", *by_rows, out[0, 0])
    assert [(row[3] - row[1]).item() for row in patch[:3]] == [8, 8, 8]
    says("03", "each row of the window gives 9 - 1 = 8, so the result is {:.0f}", out[0, 1])
    assert (patch[2:, 2:] == 9).all()
    assert out[2, 2] == 0
    assert F.conv2d(patch[None, None], kernel[None, None], padding=1).shape[2:] == patch.shape


def test_what_shared_weights_save():
    says("03", "25 biases, {} in all", sum(p.numel() for p in nn.Conv2d(1, 25, 3).parameters()))
    says("03", "784 · {:,} weights and {:,} biases", 25 * 784, 25 * 784)
    assert 784 * 25 * 784 > 15_000_000


def test_batch_normalisation_of_four_values():
    values = torch.tensor([2.0, 4, 4, 10])
    layer = nn.BatchNorm1d(1)
    row = "| {:.3f} | {:.3f} | {:.3f} | {:.3f} |"
    assert values.mean() == 5
    says("03", "The squared distances from it are {:.0f}, {:.0f}, {:.0f} and {:.0f}", *((values - 5) ** 2).tolist())
    says("03", "so the variance is 36 / 4 = {:.0f}", values.var(unbiased=False))
    says("03", f"in train mode {row}", *layer(values[:, None]).flatten().tolist())
    says("03", "the running mean becomes 0.9 · 0 + 0.1 · 5 = {:.1f}", layer.running_mean.item())
    says("03", "the running variance 0.9 · 1 + 0.1 · {:.0f} = {:.1f}", values.var(), layer.running_var.item())
    says("03", f"after this one batch {row}", *layer.eval()(values[:, None]).flatten().tolist())
    layer.train()
    for _ in range(500):
        layer(values[:, None])
    says("03", f"after many such batches {row}", *layer.eval()(values[:, None]).flatten().tolist())
    says("03", "they have arrived at {:.0f} and {:.0f}", layer.running_mean.item(), layer.running_var.item())


def test_max_pooling_and_dropout():
    maps = torch.tensor(p03.POOLED).float()
    says(
        "03",
        "{:.0f} and {:.0f}, {:.0f} and {:.0f}](figure:max-pooling)",
        *F.max_pool2d(maps[None], 2).flatten().tolist(),
    )
    assert F.max_pool2d(torch.zeros(1, 7, 7), 2).shape == (1, 3, 3)
    assert set(F.dropout(torch.full((100,), 4.0), 0.2).tolist()) == {0.0, 5.0}
    says("03", "with 0.2, a value 4 becomes 5 or 0")
    values = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(F.relu(F.max_pool2d(values, 2)), F.max_pool2d(F.relu(values), 2))


def test_shapes_and_parameters_of_the_stages():
    model = solution("03").build_model().eval()
    x = torch.zeros(1, 1, 28, 28)
    shapes = []
    for stage in model[:3]:
        x = stage(x)
        shapes.append(f"(B, {', '.join(map(str, x.shape[1:]))})")
    says("03", f"(B, 1, 28, 28) -> {' -> '.join(shapes)} -> flatten (B, {x[0].numel()})")
    one, two, three = (tuple(sum(p.numel() for p in part.parameters()) for part in stage[:2]) for stage in model[:3])
    says("03", "| first stage: convolution, and scale and shift | {:,} + {} |", *one)
    says("03", "| second stage | {:,} + {} |", *two)
    says("03", "| third stage | {:,} + {} |", *three)
    says("03", "The three stages together have {:,}", sum(one + two + three))
    says("03", "| together | {:,} |", parameters("03"))
    says("03", r"$25 \cdot 50 \cdot 9 + 50 = 11{,}300$")
    assert two[0] == 25 * 50 * 9 + 50 == 11_300
    says("03", "50 · 7 · 7 = {:,}", 50 * 7 * 7)
    says("03", "10 · (3 · 25 + 1) = {}", sum(p.numel() for p in nn.Conv2d(3, 10, 5).parameters()))
    says("03", "the 8 · 3 · 3 = {} values", 8 * 3 * 3)
    small = keeping.kept(figures_of(project("03"))["experiments"])["small_parameters"]
    says("03", "The dense network has {} times as many", parameters("02") // small)
    assert small < parameters("03") / 100
    says("03", "Less than a hundredth of the parameters")


def test_how_much_of_the_picture_a_place_has_seen():
    """A pixel counts as seen if its gradient is not zero: all weights 1, no normalisation, means in the place of maxima."""
    parts = []
    for _ in range(3):
        convolution = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        nn.init.ones_(convolution.weight)
        parts += [convolution, nn.AvgPool2d(2)]
    picture = torch.zeros(1, 1, 28, 28, requires_grad=True)
    nn.Sequential(*parts)(picture)[0, 0, 1, 1].backward()
    seen = (picture.grad[0, 0] != 0).nonzero()
    high, wide = (seen.max(0).values - seen.min(0).values + 1).tolist()
    says("03", "has seen {} × {} pixels, nearly the whole hand", high, wide)
    seen, apart, steps = 1, 1, []  # of a value, and between two neighbours
    for _ in range(3):
        steps += [seen + 2 * apart, seen + 3 * apart]  # after the convolution, after pooling
        seen, apart = seen + 3 * apart, 2 * apart
    assert steps[-1] == high
    says(
        "03",
        "seen {0} × {0} pixels after the first convolution, {1} × {1} after the first pooling, then {2} × {2}",
        *steps,
    )
    says("03", "{3} × {3}, {4} × {4}, and one of the 3 × 3 places", *steps)
