"""The figures of project 01."""

from typing import Any

import numpy as np

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure, measurement
from course.authoring.figures.trained import folder, trained, tried

# Another processor sums in another order, and after thousands of steps the weights are others: an epoch's accuracy on 2,000 digits
# moves by up to a hundredth, a loss by some hundredths.
TRAINING = 0.05
X, TARGET, START = 2.0, 3.0, 0.0  # the one-weight network of the lesson: prediction = weight * X
RATES = (0.05, 0.26)
LOGITS = (2.0, 1.0, -1.0)
WIDTHS = (8, 16, 64, 512)


def steps() -> Data:
    """Four steps of gradient descent on one weight, with two learning rates, by autograd."""
    import torch

    paths: dict[str, list[float]] = {}
    for rate in RATES:
        weight = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weight], lr=rate)
        path = [weight.item()]
        for _ in range(4):
            optimizer.zero_grad()
            ((weight * X - TARGET) ** 2).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            path.append(weight.item())
        paths[str(rate)] = path
    return {"weights": paths}


@figure("gradient-steps", measure=steps, quick=True)
def gradient_steps(data: Data) -> Any:
    """The loss as a function of the weight, with the way down of a small and of a large learning rate."""
    drawing = style.sheet(6.4, 2.8)
    for axes, (rate, path), colour in zip(
        drawing.subplots(1, 2, sharey=True), data["weights"].items(), (style.BLUE, style.ORANGE), strict=True
    ):
        grid = np.linspace(-0.8, 3.8, 200)
        axes.plot(grid, (grid * X - TARGET) ** 2, color=style.GREY, linewidth=1.5)
        places = np.array(path)
        axes.plot(places, (places * X - TARGET) ** 2, "o--", color=colour, linewidth=1.2)
        for k, place in enumerate(places[:3]):
            right = 8 if place < TARGET / X or colour == style.BLUE else -13
            axes.annotate(str(k), (place, (place * X - TARGET) ** 2), textcoords="offset points", xytext=(right, 2))
        axes.set_title(f"learning rate {rate}")
        axes.set_xlabel("weight w")
        axes.set_ylim(-0.8, 17)
    drawing.axes[0].set_ylabel("loss")
    return drawing


def softmax() -> Data:
    """Softmax of three logits."""
    import torch

    return {"logits": list(LOGITS), "probabilities": torch.tensor(LOGITS).softmax(0).tolist()}


@figure("softmax", measure=softmax, quick=True)
def softmax_bars(data: Data) -> Any:
    """Logits as bars, and beside them the probabilities."""
    drawing = style.sheet(6.4, 2.2)
    for axes, name, colour in zip(drawing.subplots(1, 2), data, (style.SKY, style.BLUE), strict=True):
        bars = axes.bar(["class 0", "class 1", "class 2"], data[name], color=colour, width=0.6)
        axes.bar_label(bars, [f"{value:.3f}" if name == "probabilities" else f"{value:g}" for value in data[name]])
        axes.axhline(0, color=style.GREY, linewidth=1)
        axes.set_title(name)
        axes.margins(y=0.25)
        axes.set_yticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)
    return drawing


def templates() -> Data:
    """The weights of a trained linear model, one picture for each digit: grey 128 is no weight, lighter counts for the digit."""
    from torch import nn

    from course.lessons.quiet_run import train

    linear = nn.Linear(28 * 28, 10)
    train("01", folder("mnist"), seed=0, build_model=lambda: nn.Sequential(nn.Flatten(), linear))
    weights = linear.weight.detach().numpy().reshape(10, 28, 28)
    return {"weights": np.clip(128 + weights / np.abs(weights).max() * 200, 0, 255).astype(np.uint8)}


# 40 of 255 grey levels: the last bits of a training move a weight by some percent of the largest
@figure("templates", measure=templates, within=40)
def linear_templates(data: Data) -> Any:
    """Ten pictures of weights in a row."""
    drawing = style.sheet(6.4, 0.8)
    for digit, (axes, weights) in enumerate(zip(drawing.subplots(1, 10), data["weights"], strict=True)):
        axes.imshow(weights, cmap="RdBu", vmin=0, vmax=255)
        axes.set_title(digit)
        axes.axis("off")
    return drawing


def widths() -> Data:
    """Validation accuracy after the solution's own training, with hidden layers of several widths."""
    from torch import nn

    from course.lessons.quiet_run import train

    def narrow(width: int) -> nn.Module:
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 10),
        )

    found = [train("01", folder("mnist"), seed=0, build_model=lambda w=w: narrow(w)).accuracy for w in WIDTHS]
    return {"widths": list(WIDTHS), "accuracy": found}


# 0.08: a layer of eight values is a bottleneck, and its accuracy moves by several hundredths with the last bits
@figure("width", measure=widths, within=0.08)
def hidden_width(data: Data) -> Any:
    """Accuracy over the width of the hidden layers."""
    drawing = style.sheet(5.0, 2.5)
    axes = drawing.subplots()
    axes.plot(data["widths"], data["accuracy"], "o-", color=style.BLUE)
    for width, accuracy in zip(data["widths"], data["accuracy"], strict=True):
        axes.annotate(f"{accuracy:.2f}", (width, accuracy), textcoords="offset points", xytext=(4, -15))
    axes.set_xscale("log", base=2)
    axes.set_xticks(data["widths"], [str(width) for width in data["widths"]])
    axes.set_xlabel("values in each hidden layer")
    axes.set_ylabel("validation accuracy")
    axes.margins(x=0.08, y=0.2)
    axes.grid(True)
    return drawing


def mistakes() -> Data:
    """Validation digits that the trained network reads wrong, the surest first."""
    import torch
    from torchvision.datasets import MNIST

    model = trained("01", "mnist").model
    assert model is not None
    data = MNIST(str(folder("mnist")), train=False)
    with torch.no_grad():
        probabilities = model.eval()(data.data[:, None].float() / 255).softmax(1)
    sure, answers = probabilities.max(1)
    wrong = (answers != data.targets).nonzero().flatten()
    chosen = wrong[sure[wrong].argsort(descending=True)][:8]
    return {
        "images": data.data[chosen].numpy(),
        "truth": data.targets[chosen].numpy(),
        "answers": answers[chosen].numpy(),
    }


# 255: which digits are wrong depends on the last bits of the training; any eight will do
@figure("wrong-digits", measure=mistakes, within=255)
def wrong_digits(data: Data) -> Any:
    """Eight digits with truth and answer."""
    drawing = style.sheet(6.4, 1.08)
    for axes, image, truth, answer in zip(
        drawing.subplots(1, 8), data["images"], data["truth"], data["answers"], strict=True
    ):
        axes.imshow(image)
        axes.set_title(f"{truth}, not {answer}", fontsize=9)
        axes.axis("off")
    return drawing


def curves() -> Data:
    """The history of the solution's own training, as `course run 01` does it."""
    return vars(trained("01", "mnist").history)


@figure("learning-curves", measure=curves, within=TRAINING)
def learning_curves(data: Data) -> Any:
    """Loss and accuracy of five epochs."""
    drawing = style.sheet(6.4, 2.7)
    left, right = drawing.subplots(1, 2)
    style.curves(left, data["train_loss"], data["valid_loss"], "loss", "upper right")
    style.curves(right, data["train_accuracy"], data["valid_accuracy"], "accuracy", "lower right")
    return drawing


def tries() -> Data:
    """Accuracy and loss of the experiments at the end of the lesson."""
    from torch import nn

    def straight() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, 10))

    fast = tried("01", "mnist", lr=0.1)
    return {
        "fast": fast.accuracy,
        "fast_loss": fast.history.train_loss[-1],
        "large_batch": tried("01", "mnist", batch_size=1000).accuracy,
        "straight": tried("01", "mnist", {"build_model": straight}).accuracy,
    }


measurement("experiments", measure=tries, within=TRAINING)
