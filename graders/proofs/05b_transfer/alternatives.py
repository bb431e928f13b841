"""Project 05b, right in other hands."""

import copy
import functools
import random

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import nn
from torchvision import transforms
from torchvision.ops.misc import FrozenBatchNorm2d
from torchvision.transforms import functional as F

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

ALTERNATIVES = Catalogue("05b")
alternative = ALTERNATIVES.alternative


@alternative("freeze_backbone", how="FrozenBatchNorm2d of torchvision where it fits, other norms held")
def frozen_layers(model):
    model.requires_grad_(False)
    for parent in model.modules():
        for name, layer in parent.named_children():
            if isinstance(layer, nn.BatchNorm2d):
                frozen = FrozenBatchNorm2d(layer.num_features, eps=layer.eps)
                frozen.load_state_dict(layer.state_dict())
                setattr(parent, name, frozen)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.train(False)
            layer.train = lambda mode=True, layer=layer: layer
    return model


class Still:
    """For `another_class`."""

    def train(self, mode=True):
        return super().train(False)


@alternative("freeze_backbone", how="each BatchNorm gets a class whose train() is overridden", uses=[Still])
def another_class(model: nn.Module) -> nn.Module:
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.__class__ = type("Still", (Still, type(layer)), {})
            layer.train()
    return model


@alternative("freeze_backbone", how="the backbone itself can no longer be put into train mode")
def never_in_train_mode(model):
    for _, parameter in model.named_parameters():
        if parameter.requires_grad:
            parameter.requires_grad = False
    model.eval()
    model.train = lambda mode=True: model
    return model


@alternative("freeze_backbone", how="a hook puts BatchNorm back into eval mode before each pass")
def by_hook(model):
    model.requires_grad_(False)
    for layer in model.modules():
        if hasattr(layer, "running_mean"):
            layer.register_forward_pre_hook(lambda module, inputs: module.train(False) and None)
    return model


class Classifier(nn.Module):
    """For `module_class`."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone = backbone
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, n_classes))

    def forward(self, x):
        return self.head(self.backbone(x))


@alternative("build_model", how="a class of its own, dropout before the head", uses=[Classifier])
def module_class(backbone, width, n_classes=2):
    return Classifier(backbone, width, n_classes)


@alternative("build_model", how="a hidden layer, LayerNorm before it")
def hidden_layer(backbone: nn.Module, width: int, n_classes: int = 2) -> nn.Module:
    head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 64), nn.GELU(), nn.Linear(64, n_classes))
    model = nn.Sequential()
    model.add_module("backbone", backbone)
    model.add_module("head", head)
    return model


@alternative("build_model", how="a head that starts at zero")
def head_of_zeros(backbone, width, n_classes=2):
    head = nn.Linear(width, n_classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return nn.Sequential(backbone, head)


@alternative("build_model", how="a lazy head with BatchNorm, activations in place, no bias")
def lazy_head(backbone, width, n_classes=2):
    head = [
        nn.LazyBatchNorm1d(),
        nn.LazyLinear(32),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.LazyLinear(n_classes, bias=False),
    ]
    return nn.Sequential(backbone, *head)


class Shaken(nn.Module):
    """Noise on the features while it trains, and a head whose weights are normalised."""

    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.backbone = backbone
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(width, n_classes))

    def forward(self, x):
        features = self.backbone(x)
        return self.head(features + 0.02 * torch.randn_like(features) if self.training else features)


@alternative("build_model", how="noise on the features in train mode, a head of normalised weights", uses=[Shaken])
def shaken_features(backbone, width, n_classes=2):
    return Shaken(backbone, width, n_classes)


@alternative("trainable_parameters", how="a filter, made a list")
def by_filter(model):
    return list(filter(lambda parameter: parameter.requires_grad, model.parameters()))


@alternative("trainable_parameters", how="a set of them, in any order")
def as_a_set(model):
    return list({parameter for parameter in model.parameters() if parameter.requires_grad})


@alternative("trainable_parameters", how="module by module, seen ones left out")
def module_by_module(model: nn.Module) -> list[nn.Parameter]:
    found, seen = [], set()
    for module in model.modules():
        for _, parameter in module.named_parameters(recurse=False):
            if parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                found.append(parameter)
    return found


@alternative("make_transforms", how="v1 transforms, a padded crop, more light")
def first_version(train, size=96):
    last = [transforms.ToTensor(), transforms.Normalize(mean=MEAN, std=STD)]  # noqa: F821
    whole = [transforms.Resize(size), transforms.CenterCrop(size)]
    if not train:
        return transforms.Compose(whole + last)
    chance = [
        transforms.RandomCrop(size, padding=size // 8, padding_mode="reflect"),
        transforms.RandomHorizontalFlip(p=0.5),
        transforms.RandomRotation(10),
        transforms.ColorJitter(0.3, 0.3, 0.3, 0.02),
    ]
    return transforms.Compose(whole + chance + last)


@alternative("make_transforms", how="a function, Pillow and NumPy, Python's random")
def by_hand(train: bool, size: int = 96):
    def transform(image):
        square = ImageOps.fit(image, (size, size), method=Image.Resampling.BICUBIC)
        if train:
            edge = random.uniform(0, 0.15) * size
            box = (edge * random.random(), edge * random.random())
            square = square.resize((size, size), box=(*box, size - edge + box[0], size - edge + box[1]))
            square = ImageOps.mirror(square) if random.random() < 0.5 else square
        pixels = np.asarray(square, dtype=np.float32) / 255
        pixels = (pixels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)  # noqa: F821
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))

    return transform


@alternative("make_transforms", how="only a flip is drawn, before the photo is resized")
def flip_only(train, size=96):
    mirror = [transforms.RandomHorizontalFlip()] if train else []
    whole = [*mirror, transforms.Resize(size), transforms.CenterCrop(size)]
    return transforms.Compose([*whole, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])  # noqa: F821


@alternative("make_transforms", how="only light, by Pillow and a generator of NumPy's; a partial")
def light_only(train, size=96):
    chance = np.random.default_rng(5)

    def view(image, training):
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
        if training:
            image = ImageEnhance.Contrast(ImageEnhance.Brightness(image).enhance(chance.uniform(0.7, 1.3))).enhance(
                chance.uniform(0.8, 1.2)
            )
        return transforms.functional.normalize(transforms.functional.to_tensor(image), MEAN, STD)  # noqa: F821

    return functools.partial(view, training=train)


@alternative(
    "make_transforms", how="the library's own defaults: a crop of a twelfth of the area and more, an erased patch"
)
def small_crops(train, size=96):
    last = [transforms.ToTensor(), transforms.Normalize(MEAN, STD)]  # noqa: F821
    if train:
        return transforms.Compose(
            [transforms.RandomResizedCrop(size), transforms.RandomGrayscale(0.1), *last, transforms.RandomErasing()]
        )
    return transforms.Compose([transforms.Resize(size), transforms.CenterCrop(size), *last])


class FunctionalTransform:
    """For `functional`."""

    def __init__(self, train, size, mean, std):
        self.train, self.size, self.mean, self.std = train, size, mean, std

    def __call__(self, image):
        tensor = F.resize(F.to_tensor(image), [self.size], antialias=True)
        tensor = F.center_crop(tensor, [self.size, self.size])
        if self.train:
            tensor = F.affine(tensor, float(torch.empty(1).uniform_(-8, 8)), [0, 0], 1.1, [0.0])
            tensor = F.adjust_brightness(tensor, float(torch.empty(1).uniform_(0.8, 1.2)))
            tensor = F.hflip(tensor) if torch.rand(1) < 0.5 else tensor
        return F.normalize(tensor, self.mean, self.std)


@alternative("make_transforms", how="a class, functional transforms on tensors", uses=[FunctionalTransform])
def functional(train, size=96):
    return FunctionalTransform(train, size, MEAN, STD)  # noqa: F821


@alternative("unfreeze", how="a loop")
def by_loop(model):
    for parameter in model.parameters():
        parameter.requires_grad = True
    return model


@alternative("unfreeze", how="by names, module by module")
def by_names(model: nn.Module) -> nn.Module:
    for _, module in model.named_modules():
        module.requires_grad_()
    return model


@alternative("fine_tune", how="AdamW, both loops written out, a dict of lists, a copy of the whole state")
def written_out(model, train_loader, valid_loader, epochs, lr=1e-5):
    for parameter in model.parameters():
        parameter.requires_grad = True
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-4)
    curves = {f"{part}_{what}": [] for part in ("train", "valid") for what in ("loss", "accuracy")}

    def go_over(loader, part):
        model.train(part == "train")
        total, right, items = 0.0, 0, 0
        for x, y in loader:
            with torch.set_grad_enabled(part == "train"):
                logits = model(x)
                loss = nn.functional.cross_entropy(logits, y)
            if part == "train":
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total, right, items = (
                total + loss.item() * len(y),
                right + int((logits.argmax(1) == y).sum()),
                items + len(y),
            )
        return total / items, right / items

    best, state = go_over(valid_loader, "valid")[1], copy.deepcopy(model.state_dict())
    for _ in range(epochs):
        for part, loader in (("train", train_loader), ("valid", valid_loader)):
            loss, accuracy = go_over(loader, part)
            curves[f"{part}_loss"].append(loss)
            curves[f"{part}_accuracy"].append(accuracy)
        if accuracy >= best:  # of two equals the later one
            best, state = accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(state)
    model.eval()
    return curves


@alternative("fine_tune", how="SGD with momentum, back to the best after each worse epoch")
def back_after_each_worse_epoch(model, train_loader, valid_loader, epochs, lr=1e-5):
    model = unfreeze(model)  # noqa: F821
    optimizer = torch.optim.SGD(trainable_parameters(model), lr=lr, momentum=0.9, nesterov=True)  # noqa: F821
    loss_function, history = nn.CrossEntropyLoss(), History()
    best = one_pass(model, valid_loader, loss_function)
    kept = copy.deepcopy(model.state_dict())
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(train, valid)
        if valid.accuracy > best.accuracy or (valid.accuracy == best.accuracy and valid.loss < best.loss):
            best, kept = valid, copy.deepcopy(model.state_dict())
        else:
            model.load_state_dict(kept)
    return history if model.load_state_dict(kept) and model.eval() is not None else None


@alternative("fine_tune", how="a smaller rate for the backbone, gradients clipped, the best model copied whole")
def two_rates(model: nn.Module, train_loader, valid_loader, epochs: int, lr: float = 1e-5) -> History:
    unfreeze(model)  # noqa: F821
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam([{"params": parameters[:-2], "lr": lr / 2}, {"params": parameters[-2:]}], lr=lr)
    history = History()

    @torch.no_grad()
    def measured():
        model.eval()
        pairs = [(model(x), y) for x, y in valid_loader]
        logits, y = torch.cat([p[0] for p in pairs]), torch.cat([p[1] for p in pairs])
        return Metrics(float(nn.functional.cross_entropy(logits, y)), float((logits.argmax(1) == y).float().mean()))

    best, winner = measured().accuracy, copy.deepcopy(model)
    for _ in range(epochs):
        model.train()
        losses, right, items = [], 0, 0
        for x, y in train_loader:
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimizer.step()
            losses += [loss.item()] * len(y)
            right, items = right + (logits.argmax(1) == y).sum().item(), items + len(y)
        valid = measured()
        history.add(Metrics(sum(losses) / items, right / items), valid)
        if valid.accuracy > best:
            best, winner = valid.accuracy, copy.deepcopy(model)
    model.load_state_dict(winner.state_dict())
    model.eval()
    return history
