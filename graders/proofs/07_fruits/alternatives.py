"""Project 07, right in other hands."""

import copy
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from PIL import ImageOps
from torch import nn
from torch.nn import functional as F
from torchvision import transforms
from torchvision.ops.misc import FrozenBatchNorm2d
from torchvision.transforms import v2

from course import training
from course.authoring.proofs.variants import Catalogue
from course.training import History, one_pass

ALTERNATIVES = Catalogue("07")
alternative = ALTERNATIVES.alternative


@alternative("make_transforms", how="v1 transforms, any turn, saturation")
def first_version(train, size=96):
    steps = [transforms.Resize(size), transforms.CenterCrop(size)]
    if train:
        steps += [
            transforms.RandomRotation(180, fill=255),
            transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(brightness=0.2, saturation=0.3, hue=0.02),
        ]
    return transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])  # noqa: F821


@alternative("make_transforms", how="v2, a little noise, an erased patch, a function for validation")
def noise_and_patches(train: bool, size: int = 96):
    def whole(image):
        pixels = np.asarray(ImageOps.fit(image, (size, size)), dtype=np.float32) / 255
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
        return v2.functional.normalize(tensor, MEAN, STD)  # noqa: F821

    if not train:
        return whole
    chance = v2.Compose(
        [v2.RandomVerticalFlip(), v2.RandomHorizontalFlip(), v2.RandomErasing(p=0.3, scale=(0.02, 0.1))]
    )
    return lambda image: chance(whole(image)) + 0.02 * torch.randn(3, size, size)


@alternative("make_transforms", how="quarter turns and mirror images, nothing else")
def any_way_up(train, size=96):
    def transform(image):
        square = ImageOps.fit(image, (size, size))
        pixels = torch.from_numpy(np.array(square, dtype=np.float32) / 255).permute(2, 0, 1)
        if train:
            pixels = torch.rot90(pixels, int(torch.randint(4, ())), (1, 2))
            pixels = pixels.flip(2) if torch.rand(()) < 0.5 else pixels
        return v2.functional.normalize(pixels, MEAN, STD)  # noqa: F821

    return transform


class Classifier(nn.Module):
    """For `module_class`."""

    def __init__(self, backbone, head):
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, x):
        return self.head(self.backbone(x).flatten(1))


@alternative("build_model", how="a class of its own, dropout before the head", uses=[Classifier])
def module_class(backbone, width, n_classes=6):
    return Classifier(backbone, nn.Sequential(nn.Dropout(0.3), nn.Linear(width, n_classes)))


@alternative("build_model", how="an ordered dict, a normalised head")
def ordered(backbone: nn.Module, width: int, n_classes: int = 6) -> nn.Module:
    head = nn.Sequential(nn.BatchNorm1d(width), nn.Linear(width, n_classes))
    return nn.Sequential(OrderedDict(backbone=backbone, head=head))


@alternative("build_model", how="a lazy hidden layer, and a last one that begins with zeros")
def zeros_in_the_end(backbone, width, n_classes=6):
    head = nn.Sequential(nn.LazyLinear(32), nn.ReLU(inplace=True), nn.Linear(32, n_classes))
    for parameter in head[-1].parameters():
        nn.init.zeros_(parameter)
    return nn.Sequential(backbone, head)


@alternative("freeze_backbone", how="FrozenBatchNorm2d of torchvision where it fits, other norms held")
def frozen_layers(backbone):
    def exchanged(parent):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.BatchNorm2d):
                frozen = FrozenBatchNorm2d(layer.num_features, eps=layer.eps)
                for key in ("weight", "bias", "running_mean", "running_var"):
                    getattr(frozen, key).copy_(getattr(layer, key).detach())
                setattr(parent, name, frozen)
            exchanged(layer)

    exchanged(backbone)
    for layer in backbone.modules():
        if isinstance(layer, nn.modules.batchnorm._NormBase):
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    for parameter in backbone.parameters():
        parameter.requires_grad = False
    return backbone


@alternative("freeze_backbone", how="the backbone itself stays in eval mode")
def never_in_train_mode(backbone: nn.Module) -> nn.Module:
    backbone.eval()
    backbone.train = lambda mode=True: backbone
    for parameter in backbone.parameters():
        parameter.requires_grad_(False)
    return backbone


@alternative("train", how="the course's own fit")
def by_the_course(model, train_loader, valid_loader, epochs, lr=1e-3):
    return training.fit(model, train_loader, valid_loader, epochs=epochs, lr=lr, progress=False)


@alternative("train", how="AdamW without decay, loops written out, a dict of lists")
def written_out(model, train_loader, valid_loader, epochs, lr=1e-3):
    head = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(head, lr=lr, weight_decay=0.0)
    history = {"train_loss": [], "train_accuracy": [], "valid_loss": [], "valid_accuracy": []}
    for _ in range(epochs):
        for part, loader in {"train": train_loader, "valid": valid_loader}.items():
            model.train() if part == "train" else model.eval()
            loss_sum, right, items = 0.0, 0, 0
            for x, y in loader:
                with torch.set_grad_enabled(part == "train"):
                    logits = model(x)
                    loss = F.cross_entropy(logits, y, reduction="sum")
                if part == "train":
                    optimizer.zero_grad()
                    (loss / len(y)).backward()
                    optimizer.step()
                loss_sum, right, items = (
                    loss_sum + loss.item(),
                    right + int(logits.argmax(1).eq(y).sum()),
                    items + len(y),
                )
            history[f"{part}_loss"].append(loss_sum / items)
            history[f"{part}_accuracy"].append(right / items)
    return history


@alternative("fine_tune", how="AdamW, the best of equals the later one, deep copies")
def later_of_equals(model, train_loader, valid_loader, epochs, lr=1e-5):
    for parameter in model.parameters():
        parameter.requires_grad = True
    optimizer, loss_function = torch.optim.AdamW(model.parameters(), lr, weight_decay=1e-4), nn.CrossEntropyLoss()
    states = [(one_pass(model, valid_loader, loss_function).accuracy, copy.deepcopy(model.state_dict()))]
    history = History()
    for _ in range(epochs):
        trained = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(trained, valid)
        if valid.accuracy >= states[-1][0]:
            states.append((valid.accuracy, copy.deepcopy(model.state_dict())))
    model.load_state_dict(states[-1][1])
    model.eval()
    return history


@alternative("fine_tune", how="the course's own fit with a callback")
def by_callback(model: nn.Module, train_loader, valid_loader, epochs: int, lr: float = 1e-5) -> History:
    model.requires_grad_(True)
    best = {
        "accuracy": one_pass(model, valid_loader, nn.CrossEntropyLoss()).accuracy,
        "state": copy.deepcopy(model.state_dict()),
    }

    def keep(history):
        if history.valid_accuracy[-1] > best["accuracy"]:
            best.update(accuracy=history.valid_accuracy[-1], state=copy.deepcopy(model.state_dict()))

    history = training.fit(model, train_loader, valid_loader, epochs=epochs, lr=lr, progress=False, after_epoch=keep)
    model.load_state_dict(best["state"])
    model.train(False)
    return history


@alternative("evaluate", how="all answers in a row, inference mode")
@torch.inference_mode()
def all_in_a_row(model, loader):
    was = model.training
    model.eval()
    hits = [bool(hit) for x, y in loader for hit in model(x).max(dim=1).indices == y]
    model.train(was)
    return sum(hits), len(hits)


@alternative("evaluate", how="softmax first, tensors, item() at the end")
def softmax_first(model: nn.Module, loader) -> tuple[int, int]:
    model.eval()
    right = total = torch.zeros((), dtype=torch.long)
    for x, y in loader:
        with torch.no_grad():
            right = right + torch.softmax(model(x), 1).argmax(1).eq(y).sum()
        total = total + y.numel()
    return right.item(), total.item()


@alternative("save_model", how="straight to the path, an ordered dict of copies")
def straight_to_the_path(model, path):
    torch.save(OrderedDict((name, value.detach().cpu().clone()) for name, value in model.state_dict().items()), path)


@alternative("save_model", how="through an open file")
def through_an_open_file(model: nn.Module, path: str | Path) -> None:
    with Path(path).open("wb") as file:
        torch.save(model.state_dict(), file)


# -- devices ------------------------------------------------------------------------------------------------------------


@alternative("evaluate", how="the answers come back to the CPU and are counted there", ready=True)
def counted_on_the_cpu(model, loader):
    model.eval()
    device = next(model.parameters()).device
    correct = total = 0
    with torch.no_grad():
        for images, labels in loader:
            answers = model(images.to(device)).argmax(1).cpu()
            correct += int((answers == labels).sum())
            total += len(labels)
    return correct, total
