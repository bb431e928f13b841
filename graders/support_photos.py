"""What the graders of 05a, 05b and 07 share: embedded photos, and evidence about transforms and transfer."""

import colorsys
import functools
import io

import numpy as np
import torch
from PIL import Image

from course.grading.expect import (
    expect,
    expect_at_most,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
)
from course.grading.probes import called, forward, gradients_of, history_of, is_training, state_of, trainable_of
from course.grading.recipes import loader
from course.grading.recipes_photos import fickle_loader, loud_backbone, steps_of, watch_steps
from course.grading.wire import Handle, Photo
from graders.support import accuracy, labels, photo, scene

MEAN, STD = torch.tensor((0.485, 0.456, 0.406)), torch.tensor((0.229, 0.224, 0.225))  # ImageNet's, as in torchvision
SIZE = 96


@functools.cache
def folder_photos(dataset: str, part: str) -> tuple[list[Photo], list[int]]:
    """The embedded photos of `dataset`/`part` as files, and their classes in the alphabetical order of their folders."""
    from course.datasets.store import ensure

    folders = sorted(path for path in (ensure(dataset) / part).iterdir() if path.is_dir())
    pairs = [(Photo(f.read_bytes()), k) for k, folder in enumerate(folders) for f in sorted(folder.glob("*.jpg"))]
    return [p for p, _ in pairs], [k for _, k in pairs]


@functools.cache
def unseen_photos_of(dataset: str, seed: int, per_class: int) -> tuple[list[Photo], list[int]]:
    """Photos that were not trained on: with seed 0 the embedded validation photos, else ones that no file holds."""
    if seed == 0:
        return folder_photos(dataset, "valid")
    from course.datasets import door, fruit

    module = {"fruits": fruit, "presidential": door}[dataset]
    made = [
        (Photo(module.photo_bytes(label, seed * 10_000 + number, "hidden")), number_of)
        for number_of, label in enumerate(module.CLASSES)
        for number in range(per_class)
    ]
    return [p for p, _ in made], [k for _, k in made]


def grey_levels(level: int) -> torch.Tensor:
    """What an even grey of `level` (0 to 255) must be after normalisation: (3, 1, 1)."""
    return ((level / 255 - MEAN) / STD).view(3, 1, 1)


def expect_normalised(student) -> None:
    """An even grey comes out as (x - mean) / std in each channel, at the right size and type; in training about so."""
    transform, augment = student.make_transforms(False), student.make_transforms(True)
    for level in (0, 128, 255):
        found = called(transform, photo(Image.new("RGB", (120, 120), (level, level, level))))
        expect_tensor(found, "a transformed photo", shape=(3, SIZE, SIZE), dtype=torch.float32)
        # 1e-3: bytes to float32 and back; another mean or std is off by 0.01 and more
        expect_close(found, grey_levels(level).expand(3, SIZE, SIZE), f"an even grey of {level}", rtol=0, atol=1e-3)
    grey = photo(Image.new("RGB", (120, 120), (128, 128, 128)))
    draws = [expect_tensor(called(augment, grey), "a training photo", shape=(3, SIZE, SIZE), dtype=torch.float32)]
    draws += [called(augment, grey) for _ in range(15)]
    # the median does not mind noise, erased patches or borders; light may change, but 0.15 on average over 16 draws is no jitter
    middle = torch.stack([d.flatten(1).median(1).values for d in draws]) * STD + MEAN
    off = float((middle.mean(0) - 128 / 255).abs().max())
    expect(
        off < 0.15, f"a training photo of an even grey: off by {off:.2f} on average; validation photos are normalised"
    )
    # colours may be shifted a little; numbers that were not normalised differ by 0.08 and more between the channels
    uneven = float((middle.mean(0).max() - middle.mean(0).min()).abs())
    expect(uneven < 0.05, f"a training photo of an even grey is not grey: its channels differ by {uneven:.2f}")
    for train in (False, True):
        found = called(student.make_transforms(train, 64), photo(scene((120, 100))))
        expect_tensor(found, f"a photo for size=64, train={train}", shape=(3, 64, 64), dtype=torch.float32)


def expect_plain(transform) -> None:
    """No chance, and the central square of the photo at the right place."""
    for size in ((120, 120), (160, 110), (96, 130), (300, 200), (50, 60)):
        image = scene(size)
        first = expect_tensor(called(transform, photo(image)), "a validation photo", shape=(3, SIZE, SIZE))
        for _ in range(4):
            expect_close(called(transform, photo(image)), first, "the same validation photo once more", rtol=0, atol=0)
        side = min(size)
        left, top = (size[0] - side) // 2, (size[1] - side) // 2
        square = image.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.asarray(square).copy()).permute(2, 0, 1).float() / 255
        off = float((first * STD.view(3, 1, 1) + MEAN.view(3, 1, 1) - pixels).abs().mean())
        # filters and a half pixel of the crop differ by 0.01 on these soft scenes; another crop or a squeeze by 0.05 and more
        expect(
            off < 0.02,
            f"a validation photo of {size[0]} x {size[1]}: not its central square, off by {off:.3f} on average",
        )


def expect_varied(transform, upright: bool) -> None:
    """Each draw another view; with `upright`, what is on top stays on top."""
    content = photo(scene((128, 128)))
    draws = [expect_tensor(called(transform, content), "a training photo", shape=(3, SIZE, SIZE)) for _ in range(16)]
    different = sum(not torch.equal(draws[i], draws[j]) for i in range(16) for j in range(i))
    expect(different >= 80, f"of 120 pairs of augmented photos only {different} differ")
    if upright:
        sky = np.zeros((128, 128, 3), np.uint8)
        sky[:48] = 255
        halves = [called(transform, photo(Image.fromarray(sky))).mean((0, 2)) for _ in range(24)]
        fallen = sum(float(h[: SIZE // 2].mean()) < float(h[SIZE // 2 :].mean()) for h in halves)
        expect(fallen == 0, f"in {fallen} of 24 draws what was on top has come to the bottom")


def expect_hue_kept(transform) -> None:
    """An orange stays about orange: what tells fresh from rotten is colour."""
    orange = photo(Image.new("RGB", (120, 120), (240, 140, 30)))  # a hue of 31 degrees
    turns = []
    for _ in range(32):
        r, g, b = (called(transform, orange).flatten(1).median(1).values * STD + MEAN).clamp(0, 1).tolist()
        hue, saturation, _ = colorsys.rgb_to_hsv(r, g, b)
        if saturation > 0.1:  # a grey has no hue
            turns.append(abs((360 * hue - 31 + 180) % 360 - 180))
    # 45 degrees make an orange a lemon or a cherry; jitter of light, contrast or saturation moves its hue by less than 15
    far = sum(turn > 45 for turn in turns)
    expect(
        far == 0, f"in {far} of 32 draws an orange has become of another colour, by up to {max(turns, default=0):.0f}°"
    )


def colour_images(count: int, side: int = 12, seed: int = 0) -> torch.Tensor:
    """Random float32 images (count, 3, side, side), about normalised."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def read_back(content: bytes) -> dict[str, torch.Tensor]:
    """The state dict in a saved file, opened without running anything in it."""
    return dict(torch.load(io.BytesIO(content), weights_only=True))


def opened(content: Photo) -> Image.Image:
    """A picture file, opened here."""
    image = Image.open(io.BytesIO(content.content))
    image.load()
    return image


@functools.cache
def door_scenes(seed: int) -> list[tuple[str, Photo]]:
    """Rendered dogs, cats and bears that no network was trained on: (category, file), three of each category."""
    from course.pictures import catalogue

    made = []
    for name, render in sorted(catalogue().items()):
        if name.split(":")[0] in ("dog", "cat", "bear"):
            for number in range(2):
                # 777: a stream of its own, apart from the pictures of the pre-training
                pixels = render(np.random.default_rng([777, seed, number, len(name)]), 128)
                made.append((name, photo(Image.fromarray(pixels), "JPEG", quality=92)))
    return made


# -- networks with a new head -------------------------------------------------------------------------------------------


def expect_unsqueezed(student) -> None:
    """On features in the hundreds logits are large and of both signs: no softmax, sigmoid, tanh or ReLU at the end."""
    width, x = 8, colour_images(40)
    model = student.seeded(0).build_model(student.give(loud_backbone(width=width)), width, 5)
    logits = forward(model, torch.cat([x, -x]), mode="eval")
    least, most = float(logits.min()), float(logits.max())
    expect(least < 0 < most, f"outputs from {least:.2f} to {most:.2f}: logits have both signs")
    # tanh of hundreds is 1 to all digits; a head that normalises its features (LayerNorm) may stay small, but not just there
    squeezed = 0.999 < max(-least, most) < 1.001
    expect(not squeezed, f"large features give outputs from {least:.3f} to {most:.3f}: something squeezes the logits")


def expect_gradients_everywhere(model: Handle) -> None:
    """A backbone that was not frozen is not frozen in the model either: every parameter can learn, and a gradient reaches it."""
    frozen = [name for name, flag in trainable_of(model).items() if not flag]
    expect(not frozen, f"a backbone that was not frozen is frozen now: {', '.join(frozen[:3])}")
    found = gradients_of(model, colour_images(16), labels(16, 2))
    cut = [name for name, size in found.items() if size < 0]
    expect(not cut, f"no gradient reaches {len(cut)} parameters, {cut[:1]} among them: it could never be fine-tuned")


# -- fine-tuning --------------------------------------------------------------------------------------------------------


class Tuning:
    """One run of the student's `fine_tune` on a small network, and what was seen of it.

    The training data are 24 images in batches of 8, the validation data 12 in batches of 5, 5 and 2, so a batch tells where it is
    from. Labels are "own" (what the network itself answers at first), "wrong" (the class after that) or "random"; for validation
    also "mostly own" (three of twelve wrong) or "mixed" (two own, six wrong, four of the class after that); for training also
    "fickle": three passes wrong, then of the class after that. With "mixed" and "fickle" it gets better first and worse then.
    """

    def __init__(self, student, model: Handle, classes: int, epochs: int, *lr: float, train: str, valid: str) -> None:
        images = {"train": colour_images(24, seed=5), "valid": colour_images(12, seed=6)}
        truth = {}
        for part, kind in (("train", train), ("valid", valid)):
            own = forward(model, images[part], mode="eval").argmax(1)
            if kind == "random":
                truth[part] = labels(len(own), classes, 8)
            else:
                others = {"own": 0, "mostly own": 3, "mixed": 10}.get(kind, len(own))
                shift = torch.tensor([1] * others + [0] * (len(own) - others))
                shift[6:] += kind == "mixed" and shift[6:] > 0
                truth[part] = (own + shift) % classes
        batches = {
            part: student.give(loader(images=images[part], labels=truth[part], batch_size=size))
            for part, size in (("train", 8), ("valid", 5))
        }
        if train == "fickle":
            both = [truth["train"], (truth["train"] + 1) % classes]
            batches["train"] = student.give(fickle_loader(images=images["train"], labels=both, batch_size=8, passes=3))
        self.model, self.images, self.truth = model, images, truth
        self.before, self.first = state_of(model), self.measured("valid")
        watch_steps(model)
        history = student.seeded(7).fine_tune(model, batches["train"], batches["valid"], epochs, *lr)
        self.steps = steps_of(model)
        self.curves = history_of(history)
        self.is_training = is_training(model)

    def measured(self, part: str) -> tuple[float, float]:
        """(loss, accuracy) of the network as it is now, measured here."""
        logits = forward(self.model, self.images[part], mode="eval")
        loss = torch.nn.functional.cross_entropy(logits, self.truth[part])
        return float(loss), accuracy(logits, self.truth[part])


def expect_true_history(run: Tuning, epochs: int) -> None:
    """Of a run at learning rate 0, in which every epoch is like the state before: one true entry an epoch in each curve."""
    for part in ("train", "valid"):
        for name, wanted in zip((f"{part}_loss", f"{part}_accuracy"), run.measured(part), strict=True):
            expect_equal(len(run.curves.get(name, [])), epochs, f"entries of {name} after {epochs} epochs")
            for value in run.curves[name]:
                expect_float(value, f"an entry of {name}", low=0.0)
                # 1e-4: float32 sums over 24 items; a mean of batch means is off by 0.01 and more here
                expect_close(value, wanted, f"{name} at learning rate 0", rtol=1e-4, atol=1e-4)


def expect_small_steps(standard: Tuning, none: Tuning) -> None:
    """One epoch at the default learning rate moves the numbers, but little; at learning rate 0 not at all."""
    moved = max(step["moved"] for step in standard.steps)
    # three steps of Adam at 1e-5 move a number by 3e-5; at the head's 1e-3 it would be 3e-3
    expect_at_most(moved, 5e-4, "the largest way of a parameter in three steps at the default learning rate")
    expect(moved > 0, "at the default learning rate nothing moves")
    moved = max(step["moved"] for step in none.steps)
    expect_at_most(moved, 0.0, "the largest way of a parameter in three steps at learning rate 0")


def expect_whole_network_learned(run: Tuning) -> None:
    """After enough epochs that validation got better: every parameter is another than before."""
    now = state_of(run.model)
    learned = [name for name in run.before if not name.split(".")[-1].startswith(("running", "num_batches"))]
    expect_changed({n: now[n] for n in learned}, {n: run.before[n] for n in learned}, "parameters after fine-tuning")


def expect_first_state(run: Tuning) -> None:
    """Every epoch made the validation worse: parameters and statistics are those of before."""
    expect(max(run.curves["valid_accuracy"]) < run.first[1], "training on wrong labels did not make the network worse")
    expect_close(
        run.measured("valid")[1],
        run.first[1],
        "validation accuracy after fine-tuning that makes everything worse",
        rtol=0,
        atol=1e-6,
    )
    expect_same(state_of(run.model), run.before, "numbers after fine-tuning that only made it worse")
    expect(not run.is_training, "the model is left in train mode")


def expect_best_state(run: Tuning) -> None:
    """Validation went up and down: the state in the end is one with the highest accuracy that was seen."""
    seen = [run.first[1], *run.curves["valid_accuracy"]]
    expect_close(
        run.measured("valid")[1],
        max(seen),
        f"validation accuracy in the end; it was {', '.join(f'{v:.2f}' for v in seen)} in turn",
        rtol=0,
        atol=1e-6,
    )
    expect(not run.is_training, "the model is left in train mode")


def expect_no_drift(run: Tuning) -> None:
    """Frozen statistics stay, at every moment of fine-tuning."""
    drifted = max(step["drifted"] for step in run.steps)
    expect_at_most(drifted, 0.0, "the largest way of a frozen BatchNorm statistic during fine-tuning")


def expect_validation_only_measures(run: Tuning) -> None:
    """Validation batches are seen in eval mode, and nothing moves from one to the next."""
    seen = [step for step in run.steps if step["items"] in (5, 2)]
    expect(len(seen) >= 3, "the validation data were not measured in their batches")
    wrong = sum(step["training"] for step in seen)
    expect(wrong == 0, f"{wrong:.0f} of {len(seen)} validation batches were seen in train mode")
    pairs = list(zip(run.steps, run.steps[1:], strict=False))
    taught = [b["since"] for a, b in pairs if a["items"] == 5 and b["items"] in (5, 2)]
    expect_at_most(max(taught, default=0.0), 0.0, "the way of a number from one validation batch to the next")
