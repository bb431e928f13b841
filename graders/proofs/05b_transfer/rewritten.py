"""Known mistakes of project 05b in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 92 mistakes of 05b, in their order,
the 5th (counted from 0) and then every 11th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import copy
import functools
from collections import OrderedDict

import torch
from torch import nn
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue
from course.training import fit, one_pass

REWRITTEN = Catalogue("05b")
rewritten = REWRITTEN.rewritten


@rewritten("freeze_backbone", "a_frozen_copy")
def frozen_twin(model):
    twin = copy.deepcopy(model)
    for weight in twin.parameters():
        weight.requires_grad = False

    def back_to_eval(layer, _):
        layer.training = False

    for layer in twin.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            layer.register_forward_pre_hook(back_to_eval)
    return twin


class Certain(nn.Module):
    def __init__(self, body, width, n_classes):
        super().__init__()
        self.body = body
        self.head = nn.Linear(in_features=width, out_features=n_classes)

    def forward(self, photos):
        return self.head(self.body(photos)).softmax(-1)


@rewritten("build_model", "ends_in_softmax", uses=[Certain])
def sure_of_itself(backbone, width, n_classes=2):
    return Certain(backbone, width, n_classes)


@rewritten("build_model", "frozen_by_the_way")
def frozen_while_at_it(backbone, width, n_classes=2):
    for weight in backbone.parameters():
        weight.requires_grad_(False)
    return nn.Sequential(OrderedDict(body=backbone, head=nn.Linear(width, n_classes)))


@rewritten("make_transforms", "other_numbers")
def half_and_half(train, size=96):
    if train:
        first = [transforms.RandomResizedCrop(size, scale=(0.7, 1.0)), transforms.RandomHorizontalFlip(p=0.5)]
    else:
        first = [transforms.Resize(size), transforms.CenterCrop(size)]
    half = [0.5, 0.5, 0.5]
    return transforms.Compose([*first, transforms.ToTensor(), transforms.Normalize(half, half)])


@rewritten("make_transforms", "cut_at_the_left")
def corner_of_the_photo(train, size=96):
    to_numbers = transforms.Compose([transforms.ToTensor(), transforms.Normalize(MEAN, STD)])  # noqa: F821
    chance = transforms.Compose(
        [
            transforms.RandomResizedCrop((size, size), scale=(0.65, 1.0), ratio=(0.9, 1.1)),
            transforms.RandomHorizontalFlip(),
        ]
    )

    def prepare(photo):
        if train:
            return to_numbers(chance(photo))
        smaller = transforms.functional.resize(photo, size)
        return to_numbers(smaller.crop((0, 0, size, size)))

    return prepare


@rewritten("unfreeze", "everything_as_before")
def as_if_never_frozen(model):
    for part in model.modules():
        part.train = functools.partial(type(part).train, part)
        part.train()
    for weight in model.parameters():
        weight.requires_grad = True
    return model


@rewritten("fine_tune", "learning_rate_written_in")
def always_one_hundred_thousandth(model, train_loader, valid_loader, epochs, lr=1e-5):
    unfreeze(model)  # noqa: F821
    optimizer = torch.optim.Adam(model.parameters(), lr=0.00001)
    states = [copy.deepcopy(model.state_dict())]
    scores = [one_pass(model, valid_loader, nn.CrossEntropyLoss()).accuracy]

    def note(history):
        scores.append(history.valid_accuracy[-1])
        states.append(copy.deepcopy(model.state_dict()))

    history = fit(model, train_loader, valid_loader, epochs=epochs, optimizer=optimizer, after_epoch=note)
    model.load_state_dict(states[scores.index(max(scores))])
    model.train(False)
    return history


@rewritten("fine_tune", "first_or_last")
def back_if_it_got_worse(model, train_loader, valid_loader, epochs, lr=1e-5):
    before = one_pass(model, valid_loader, nn.CrossEntropyLoss()).accuracy
    backup = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.Adam(unfreeze(model).parameters(), lr=lr)  # noqa: F821
    history = fit(model, train_loader, valid_loader, epochs=epochs, optimizer=optimizer)
    after = one_pass(model, valid_loader, nn.CrossEntropyLoss()).accuracy
    if before >= after:
        model.load_state_dict(backup)
    model.eval()
    return history
