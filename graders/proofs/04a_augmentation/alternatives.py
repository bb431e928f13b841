"""Project 04a, right in other hands."""

import functools
import os
import random
import tempfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset
from torchvision import transforms

from course import training
from course.authoring.proofs.variants import Catalogue
from course.training import History, one_pass

ALTERNATIVES = Catalogue("04a")
alternative = ALTERNATIVES.alternative


@alternative("make_transforms", how="v1 transforms: rotation, a crop of its own size, light")
def first_version(train):
    if train:
        return transforms.Compose(
            [
                transforms.RandomRotation(10, interpolation=transforms.InterpolationMode.BILINEAR),
                transforms.RandomResizedCrop(28, scale=(0.7, 1.0), ratio=(0.9, 1.1), antialias=True),
                transforms.ColorJitter(brightness=0.2, contrast=0.5),
            ]
        )
    return transforms.Compose([])


@alternative("make_transforms", how="grid_sample by hand, another change for each picture of the batch")
def by_hand(train: bool):
    def transform(images):
        if not train:
            return images.clone()
        batch = images if images.dim() == 4 else images[None]
        n = len(batch)
        angle, size = (torch.rand(n) - 0.5) * 0.5, 1 + (torch.rand(n) - 0.5) * 0.3
        shift = (torch.rand(n, 2) - 0.5) * 0.3
        rows = [torch.stack([angle.cos() * size, -angle.sin() * size, shift[:, 0]], 1)]
        rows.append(torch.stack([angle.sin() * size, angle.cos() * size, shift[:, 1]], 1))
        grid = F.affine_grid(torch.stack(rows, 1), list(batch.shape), align_corners=False)
        moved = F.grid_sample(batch, grid, padding_mode="border", align_corners=False)
        light = (1 + 0.5 * (torch.rand(n, 1, 1, 1) - 0.5)) * moved + 0.2 * (torch.rand(n, 1, 1, 1) - 0.5)
        return light.clamp(0, 1).reshape(images.shape)

    return transform


@alternative("make_transforms", how="Python's random and a padded crop")
def padded_crop(train):
    def shifted(image):
        angle = random.uniform(-12, 12)
        turned = transforms.functional.rotate(image, angle, transforms.InterpolationMode.BILINEAR)
        padded = F.pad(turned if turned.dim() == 4 else turned[None], (3, 3, 3, 3), mode="replicate")
        top, left = random.randint(0, 6), random.randint(0, 6)
        crop = padded[..., top : top + 28, left : left + 28].reshape(image.shape)
        return torch.clamp(crop * random.uniform(0.7, 1.3) + random.uniform(-0.1, 0.1), 0.0, 1.0)

    return shifted if train else lambda image: image


@alternative("make_transforms", how="only the size, by Python's random")
def zoom_only(train):
    def zoomed(images):
        return transforms.functional.affine(images, 0.0, [0, 0], random.uniform(0.8, 1.25), [0.0, 0.0])

    return zoomed if train else lambda images: images


@alternative("make_transforms", how="Pillow, picture by picture, by a generator of NumPy's; a partial")
def by_pillow(train):
    chance = np.random.default_rng(1)

    def one(image):
        picture = Image.fromarray((255 * image[0]).round().byte().numpy())
        shift = tuple(chance.integers(-2, 3, 2).tolist())
        turned = picture.rotate(chance.uniform(-15, 15), translate=shift, fillcolor=int(np.median(np.asarray(picture))))
        return torch.from_numpy(np.asarray(turned, dtype=np.float32) / 255)[None]

    def change(images, training):
        if not training:
            return images
        return one(images) if images.dim() == 3 else torch.stack([one(image) for image in images])

    return functools.partial(change, training=train)


class SomeMoved(nn.Module):
    """For `some_of_the_batch`."""

    def __init__(self):
        super().__init__()
        self.change = transforms.RandomAffine(15, (0.1, 0.1), (0.8, 1.2))

    def forward(self, images):
        batch = images if images.dim() == 4 else images[None]
        moved = torch.rand(len(batch), 1, 1, 1) < 0.75
        return torch.where(moved, self.change(batch), batch).reshape(images.shape)


@alternative(
    "make_transforms", how="a module, one change for the batch, a quarter of the pictures left alone", uses=[SomeMoved]
)
def some_of_the_batch(train):
    return SomeMoved() if train else nn.Identity()


@alternative("make_transforms", how="whole pixels, rolled around")
def rolled(train):
    def shifted(images):
        right, down = (int(k) for k in torch.randint(-3, 4, (2,)))
        return torch.roll(images, (down, right), (-2, -1))

    return shifted if train else torch.clone


class Augmented(Dataset):
    """For `in_the_data_set`."""

    def __init__(self, pairs, transform):
        self.pairs, self.transform = pairs, transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        image, label = self.pairs[index]
        return self.transform(image), label


@alternative(
    "train_augmented", how="the data set augments each picture as it is fetched; one_pass twice", uses=[Augmented]
)
def in_the_data_set(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    train_loader = DataLoader(Augmented(train_set, make_transforms(True)), batch_size=batch_size, shuffle=True)  # noqa: F821
    valid_loader = DataLoader(Augmented(valid_set, make_transforms(False)), batch_size=batch_size)  # noqa: F821
    optimizer, loss_function, history = torch.optim.Adam(model.parameters(), lr), nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        history.add(
            one_pass(model, train_loader, loss_function, optimizer), one_pass(model, valid_loader, loss_function)
        )
    return history


@alternative("train_augmented", how="the course's own fit, a sampler")
def by_the_course(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    return training.fit(
        model,
        DataLoader(train_set, batch_size, sampler=RandomSampler(train_set)),
        DataLoader(valid_set, 5),
        epochs=epochs,
        lr=lr,
        transform=make_transforms(True),  # noqa: F821
        progress=False,
    )


@alternative("train_augmented", how="both loops written out, AdamW with a schedule, a dict of lists")
def written_out(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    loaders = {"train": DataLoader(train_set, batch_size, shuffle=True), "valid": DataLoader(valid_set, batch_size)}
    augment = make_transforms(train=True)  # noqa: F821
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(epochs, 1))
    curves = {f"{part}_{what}": [] for part in loaders for what in ("loss", "accuracy")}
    for _ in range(epochs):
        for part, loader in loaders.items():
            model.train(part == "train")
            total, right, items = 0.0, 0, 0
            for x, y in loader:
                with torch.set_grad_enabled(model.training):
                    logits = model(augment(x) if model.training else x)
                    loss = F.cross_entropy(logits, y)
                if model.training:
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                total, right, items = (
                    total + loss.item() * len(y),
                    right + int((logits.argmax(1) == y).sum()),
                    items + len(y),
                )
            curves[f"{part}_loss"].append(total / items)
            curves[f"{part}_accuracy"].append(right / items)
        schedule.step()
    return curves


@alternative("train_augmented", how="the data set read once into a tensor, the batches of that shuffled")
def read_once(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    draw, loss_function = make_transforms(True), nn.CrossEntropyLoss()  # noqa: F821 - the project's own
    pictures = torch.stack([picture for picture, _ in train_set])
    classes = torch.tensor([int(label) for _, label in train_set])
    batches = DataLoader(TensorDataset(pictures, classes), batch_size, shuffle=True)
    optimizer, history = torch.optim.Adam(model.parameters(), lr), History()
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        train = one_pass(
            model, batches, loss_function, optimizer, transform=lambda x: torch.stack([draw(p) for p in x])
        )
        history.add(train, one_pass(model, DataLoader(valid_set, batch_size), loss_function))
        fall.step()
    return history


@alternative("save_model", how="straight to the path, an ordered dict of copies")
def straight_to_the_path(model, path):
    state = OrderedDict()
    for name, value in model.state_dict().items():
        state[name.removeprefix("_orig_mod.")] = value.detach().cpu().clone()
    torch.save(state, path)


@alternative("save_model", how="the words taken out wherever they stand, from a temporary folder")
def taken_out_anywhere(model, path):
    state = {name.replace("_orig_mod.", ""): value for name, value in model.state_dict().items()}
    with tempfile.TemporaryDirectory(dir=Path(path).absolute().parent) as folder:
        draft = Path(folder, "draft")
        torch.save(state, draft)
        os.replace(draft, path)


@alternative("save_model", how="through an open file")
def through_an_open_file(model: nn.Module, path: str | Path) -> None:
    if isinstance(model, torch._dynamo.OptimizedModule):
        model = model._orig_mod
    with Path(path).open("wb") as file:
        torch.save(model.state_dict(), file)
