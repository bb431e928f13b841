"""The course's own networks for signs: measured baselines, and the trained network of project 04b.

    python -m course.models.signs          # makes weights/sign_net.safetensors and baselines.toml: some ten minutes on two cores

Graders compare a student's network with the dense and the plain convolutional one. Both were trained over five seeds by this
recipe; a test trains a dense one again. The trained network lets project 04b be graded without training.
"""

import functools
import tomllib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course import training
from course.errors import CourseError
from course.networks import SignNet

BASELINES = Path(__file__).parent / "baselines.toml"
WEIGHTS = Path(__file__).parent / "weights" / "sign_net.safetensors"
EPOCHS = {"dense": 20, "convolutional": 12, "augmented": 25}


@functools.cache
def baselines() -> dict[str, dict[str, float]]:
    """{"dense" or "convolutional" or "augmented": {"mean", "least", "most"}}: accuracy on the embedded validation signs."""
    with BASELINES.open("rb") as file:
        return tomllib.load(file)


@functools.cache
def sign_network_state() -> dict[str, torch.Tensor]:
    """The numbers of a `SignNet` that was trained, augmented, on the embedded signs.

    Raises:
        CourseError: the file is missing or damaged.
    """
    try:
        return {
            name: value.float() if value.is_floating_point() else value for name, value in load_file(WEIGHTS).items()
        }
    except Exception as fault:
        raise CourseError(
            f"{WEIGHTS.name} cannot be read: {fault}.",
            "Update the course, or make it again: python -m course.models.signs",
        ) from fault


def build(kind: str, seed: int) -> nn.Module:
    """A fresh network of this kind: (B, 1, 28, 28) -> (B, 24)."""
    torch.manual_seed(seed)
    if kind == "dense":
        hidden = [nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()]
        return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(512, 24))
    return SignNet()


def views(images: torch.Tensor) -> torch.Tensor:
    """Every image (B, 1, H, W) in [0, 1] as another view: turned, moved, scaled and lit by its own draw."""
    count = len(images)
    draw = lambda low, high: torch.empty(count).uniform_(low, high)  # noqa: E731
    angle, zoom = draw(-0.24, 0.24), draw(0.84, 1.18)  # radians, about 14 degrees; 0.84: a nearer hand
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    rows = [torch.stack([cos, -sin, draw(-0.18, 0.18)], 1), torch.stack([sin, cos, draw(-0.18, 0.18)], 1)]
    grid = nn.functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    moved = nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    gain, lift = draw(0.65, 1.35).view(-1, 1, 1, 1), draw(-0.15, 0.15).view(-1, 1, 1, 1)
    return ((moved - 0.5) * gain + 0.5 + lift).clamp(0, 1)


def train(
    kind: str, seed: int, train_set: TensorDataset, valid_set: TensorDataset, progress: bool = True
) -> tuple[nn.Module, float]:
    """Train one network by the recipe; returns it and its accuracy on the validation signs."""
    model = build(kind, seed)
    epochs = EPOCHS[kind]
    batches = DataLoader(train_set, 32, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    if kind != "augmented":
        history = training.fit(model, batches, DataLoader(valid_set, 256), epochs=epochs, progress=progress)
        return model, history.valid_accuracy[-1]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=epochs)
    history = training.fit(
        model,
        batches,
        DataLoader(valid_set, 256),
        epochs=epochs,
        optimizer=optimizer,
        transform=views,
        progress=progress,
        after_epoch=lambda _: schedule.step() if schedule.last_epoch < epochs - 1 else None,
    )
    return model, history.valid_accuracy[-1]


def main(seeds: int = 5) -> None:
    """Make both files."""
    from course.datasets.store import ensure
    from course.datasets.tensors import sign_set

    folder = ensure("asl")
    train_set, valid_set = sign_set(folder / "sign_mnist_train.csv"), sign_set(folder / "sign_mnist_valid.csv")
    lines = [
        "# Made by `python -m course.models.signs`: accuracy on the embedded validation signs, by signers not trained on."
    ]
    for kind in EPOCHS:
        found = []
        for seed in range(seeds if kind != "augmented" else 1):
            model, valid = train(kind, seed, train_set, valid_set)
            found.append(valid)
            print(f"{kind} seed {seed}: {valid:.4f}", flush=True)
            if kind == "augmented" and valid == max(found):
                half = {n: v.half() if v.is_floating_point() else v for n, v in model.state_dict().items()}
                WEIGHTS.parent.mkdir(exist_ok=True)
                save_file(half, WEIGHTS)
        lines += [
            "",
            f"[{kind}]",
            f"mean = {sum(found) / len(found):.4f}",
            f"least = {min(found):.4f}",
            f"most = {max(found):.4f}",
        ]
    BASELINES.write_text("\n".join(lines) + "\n")
    print(f"made {BASELINES.name} and {WEIGHTS.name}")


if __name__ == "__main__":
    main()
