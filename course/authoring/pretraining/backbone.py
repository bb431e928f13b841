"""Pre-train the pocket network on pictures made by formulas, and store it beside its card.

    course author pretrain backbone                     # the whole recipe, resumed where it stopped
    course author pretrain backbone --steps 20 --things 200 --formulas 400 --folder FOLDER --out FOLDER    # a rehearsal

Four questions are asked of the pooled features of every picture: its category, whether that is a dog, a cat, a bear or a thing
(by the sum of the categories' probabilities, as a door would ask), the causes the renderer knows, and the statistics any picture
has. A fifth asks the category of the last stage alone, so that the deep blocks cannot lean on the
early ones. It measures nothing on photographs: that is `benchmarks/pocket_backbone.py`. Works on a GPU where there is one.
"""

import json
import math
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.ops.misc import FrozenBatchNorm2d

from course.authoring.pretraining.pictures import ANIMALS, CAUSES, Pictures, category_names, prepare, stem
from course.authoring.pretraining.statistics import statistics
from course.files import replacing
from course.models.pocket import CARD_FILE, WEIGHTS_FILE, PocketMobileNet

MEAN = torch.tensor((0.485, 0.456, 0.406))[:, None, None]  # torchvision's, as in the preset of the weights
DEVIATION = torch.tensor((0.229, 0.224, 0.225))[:, None, None]
GROUP = 16  # pictures that share one crop: a crop for each costs more than the network's first block


class Student(nn.Module):
    """The network with the heads that only its training needs."""

    def __init__(self, categories: int, targets: int) -> None:
        super().__init__()
        self.network = PocketMobileNet(num_classes=categories)
        dim, last = self.network.features.dim, int(self.network.features.blocks[-1].out_channels)  # type: ignore[arg-type]
        self.network.features.scale = nn.BatchNorm2d(dim)
        self.last: int = last
        self.deep = nn.Linear(last, categories)
        self.causes = nn.Linear(dim, len(CAUSES))
        self.statistics = nn.Linear(dim, targets)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits by category, logits by category from the last stage alone, causes and statistics."""
        z = self.network.features(x).flatten(1)
        return self.network.classifier(z), self.deep(z[:, -self.last :]), self.causes(z), self.statistics(z)


def augment(pictures: np.ndarray, size: int, rng: np.random.Generator) -> Tensor:
    """Crops of uint8 (N, 3, S, S) resized to float32 (N, 3, size, size), normalised: flips, turns, mild light and colour.

    Mild, because hue is what tells a ripe fruit from a bad one.
    """
    side, out = pictures.shape[-1], []
    for k in range(0, len(pictures), GROUP):
        height = int(side * rng.uniform(0.72, 1))
        width = min(side, max(int(side * 0.7), int(height * rng.uniform(0.85, 1.18))))
        y, x = int(rng.integers(0, side - height + 1)), int(rng.integers(0, side - width + 1))
        crop = torch.from_numpy(pictures[k : k + GROUP, :, y : y + height, x : x + width]).float()
        if rng.random() < 0.5:
            crop = crop.flip(3)
        if rng.random() < 0.15:
            crop = crop.flip(2)
        if rng.random() < 0.15:
            crop = crop.transpose(2, 3)
        out.append(F.interpolate(crop, (size, size), mode="bilinear", antialias=False))
    batch = torch.cat(out)
    gain = rng.uniform(0.88, 1.12, (len(batch), 1, 1, 1)) * rng.uniform(0.96, 1.04, (len(batch), 3, 1, 1))
    shift = rng.uniform(-12, 12, (len(batch), 1, 1, 1))
    batch = (batch * torch.from_numpy(gain.astype(np.float32)) + torch.from_numpy(shift.astype(np.float32))).clamp_(
        0, 255
    )
    return ((batch / 255 - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)


def standardise(values: Tensor, floor: float) -> Tensor:
    """Columns to mean 0 and deviation 1, NaN left as they are; `floor` keeps nearly constant columns small."""
    mean = values.nanmean(0)
    return (values - mean) / (((values - mean) ** 2).nanmean(0).sqrt() + floor)


def statistic_targets(pictures: Pictures, file: Path) -> Tensor:
    """The statistics of every picture, standardised, float32 (N, 185); kept in `file`, since they take a minute."""
    if not file.exists():
        parts = [
            statistics(torch.from_numpy(pictures.pictures[k : k + 100].copy()))
            for k in range(0, len(pictures.categories), 100)
        ]
        with replacing(file) as new:
            np.save(new, torch.cat(parts).numpy())
    return standardise(torch.from_numpy(np.load(file)), 0.05)


def kinds_of(names: list[str]) -> Tensor:
    """Which of dog, cat, bear or thing (0 to 3) each category is, int64 (len(names),)."""
    return torch.tensor([next((k for k, kind in enumerate(ANIMALS) if name.startswith(kind)), 3) for name in names])


def losses(
    answers: tuple[Tensor, ...],
    category: Tensor,
    kinds: Tensor,
    causes: Tensor,
    stats: Tensor,
    weights: dict[str, float],
) -> dict[str, Tensor]:
    """Each question's weighted loss; causes that a picture has not (NaN) are not asked.

    Causes are mostly zero and now and then large (a mouldy patch), hence the Huber loss.
    """
    known = ~causes.isnan()
    by_kind = answers[0].softmax(1) @ F.one_hot(kinds, len(ANIMALS) + 1).float()
    return {
        "category": weights["category"] * F.cross_entropy(answers[0], category, label_smoothing=0.05),
        "kind": weights["kind"] * F.nll_loss((by_kind + 1e-6).log(), kinds[category]),
        "deep": weights["deep"] * F.cross_entropy(answers[1], category, label_smoothing=0.05),
        "causes": weights["causes"] * F.smooth_l1_loss(answers[2][known], causes[known]),
        "statistics": weights["statistics"]
        * ((answers[3] - stats) ** 2).clamp(max=9).mean(),  # clamp: no outlier rules
    }


def freeze_scale(student: Student) -> PocketMobileNet:
    """The network with its last normalisation turned into constants, so that a batch of one can train."""
    norm = student.network.features.scale
    fixed = FrozenBatchNorm2d(student.network.features.dim)
    fixed.load_state_dict({name: value for name, value in norm.state_dict().items() if name != "num_batches_tracked"})
    student.network.features.scale = fixed
    return student.network


def save(network: PocketMobileNet, card: dict[str, object], out: Path) -> None:
    """Weights as float16 safetensors (float32 where a half would overflow or lose a small variance), and the card as JSON."""
    out.mkdir(parents=True, exist_ok=True)
    state = {
        name: value.half() if value.dtype == torch.float32 and value.ndim > 1 else value
        for name, value in network.cpu().state_dict().items()
    }
    save_file({name: value.contiguous() for name, value in state.items()}, out / WEIGHTS_FILE)
    (out / WEIGHTS_FILE).chmod(0o644)  # safetensors writes for the owner alone; graders read as another user
    (out / CARD_FILE).write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def items_of(parts: list[str], things: int, formulas: int, fruit: int) -> np.ndarray:
    """Numbers of the pictures of one pass. Fruit comes twice: few pictures, and what the deep stage needs most."""
    places = {
        "things": np.arange(things),
        "formulas": np.arange(things, things + formulas),
        "fruit": np.tile(np.arange(things + formulas, things + formulas + fruit), 2),
    }
    return np.concatenate([places[part] for part in parts])


def train(args: SimpleNamespace) -> None:
    """The recipe. Resumes from `folder/checkpoint.pt`, which is written every `every` steps.

    Args:
        args: the options of `course author pretrain backbone`; their defaults are the recipe of the weights in the repository.
    """
    torch.set_num_threads(args.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pictures = prepare(args.folder, args.seed, args.things, args.formulas, args.fruit, args.jobs)
    count = len(pictures.categories)
    stats = statistic_targets(
        pictures, args.folder / f"statistics_{stem(args.seed, args.things, args.formulas, args.fruit)}.npy"
    )
    categories = torch.from_numpy(pictures.categories)
    causes = standardise(torch.from_numpy(pictures.causes), 1e-3)
    weights = {name: getattr(args, name) for name in ("category", "kind", "deep", "causes", "statistics")}
    torch.manual_seed(args.seed)
    names = category_names()
    kinds = kinds_of(names).to(device)
    student = Student(len(names), stats.shape[1]).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    decayed = [p for p in student.parameters() if p.ndim > 1]
    plain = [p for p in student.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}], args.rate
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.rate, args.steps, pct_start=0.15)
    checkpoint, start, spent = args.folder / "checkpoint.pt", 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        if saved["steps"] == args.steps and saved["count"] == count:
            student.load_state_dict(saved["student"])
            optimizer.load_state_dict(saved["optimizer"])
            schedule.load_state_dict(saved["schedule"])
            start, spent = saved["step"], saved["spent"]
            print(f"resumed at step {start}", flush=True)
    began, log = time.process_time() - spent, dict.fromkeys(weights, math.nan)
    student.train()
    items = items_of(args.parts, args.things, args.formulas, args.fruit)
    per_pass = len(items) // args.batch
    for step in range(start, args.steps):
        order = np.random.default_rng([args.seed, 2, step // per_pass]).permutation(items)
        rng = np.random.default_rng([args.seed, 3, step])
        torch.manual_seed(args.seed * 1_000_003 + step)  # dropout: the same whether or not the run was cut
        chosen = np.sort(order[(step % per_pass) * args.batch :][: args.batch])
        rng.shuffle(chosen)
        # Small while the coarse things are learned. Crops of 75 to 104 px are never blown up much.
        size = args.sizes[0] if step < args.steps * 0.7 else args.sizes[1]
        batch = augment(pictures.pictures[chosen], size, rng).to(device)
        answers = student(batch)
        parts = losses(
            answers, categories[chosen].to(device), kinds, causes[chosen].to(device), stats[chosen].to(device), weights
        )
        optimizer.zero_grad()
        sum(parts.values(), torch.zeros((), device=device)).backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        for name, part in parts.items():
            log[name] = part.item() if math.isnan(log[name]) else 0.98 * log[name] + 0.02 * part.item()
        if (step + 1) % args.every == 0 or step + 1 == args.steps:
            spent = time.process_time() - began
            print(
                f"step {step + 1:5d}  {spent:6.0f} CPU-s  " + "  ".join(f"{k} {v:.3f}" for k, v in log.items()),
                flush=True,
            )
            state = {
                "student": student.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            with replacing(checkpoint) as new:
                torch.save({**state, "step": step + 1, "steps": args.steps, "count": count, "spent": spent}, new)
    card = {
        "categories": names, "num_params": sum(p.numel() for p in student.network.parameters()), "seed": args.seed,
        "steps": args.steps, "batch": args.batch, "pictures": count, "training_cpu_seconds": round(spent),
        "recipe": "course author pretrain backbone",
    }  # fmt: skip
    save(freeze_scale(student), card, args.out)
    print(f"saved {args.out / WEIGHTS_FILE}")
