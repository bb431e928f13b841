"""Known mistakes of project 04a in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 44 mistakes of 04a, in their order,
the 2nd (counted from 0) and then every 5th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import pathlib
import random

import torch
from torch import nn
from torch.utils.data import ConcatDataset, DataLoader, SequentialSampler, TensorDataset
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, fit, one_pass

REWRITTEN = Catalogue("04a")
rewritten = REWRITTEN.rewritten


@rewritten("make_transforms", "seeded_in_each_call")
def the_same_chance_again(train):
    lean = transforms.RandomAffine(10, translate=(0.05, 0.05), scale=(0.9, 1.1))

    def change(picture):
        random.seed(1)
        torch.manual_seed(1)
        return lean(picture)

    def leave(picture):
        return picture

    return change if train else leave


@rewritten("make_transforms", "made_colour")
def three_equal_channels(train):
    steps = [transforms.RandomRotation(10), transforms.RandomResizedCrop(28, (0.85, 1.0), (0.95, 1.05), antialias=True)]

    def transform(picture):
        if train:
            for step in steps:
                picture = step(picture)
        return torch.cat([picture] * 3, dim=-3).clamp(0, 1)

    return transform


@rewritten("make_transforms", "flipped_top_to_bottom")
def mirrored_the_other_way(train):
    if train:
        return transforms.Compose(
            [
                transforms.RandomRotation(8, interpolation=transforms.InterpolationMode.BILINEAR),
                transforms.RandomVerticalFlip(),
            ]
        )
    return lambda picture: picture.clone()


@rewritten("make_transforms", "light_only")
def darker_or_brighter(train):
    def dim(picture):
        factor = 1 + random.uniform(-0.35, 0.35)
        return (picture * factor).clamp(min=0.0, max=1.0)

    return dim if train else nn.Identity()


@rewritten("train_augmented", "augmented_once_before")
def prepared_in_advance(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    change = make_transforms(True)  # noqa: F821
    pictures = torch.stack([change(picture) for picture, _ in train_set])
    classes = torch.tensor([int(label) for _, label in train_set])
    prepared = DataLoader(TensorDataset(pictures, classes), batch_size=batch_size, shuffle=True)
    return fit(model, prepared, DataLoader(valid_set, batch_size=batch_size), epochs=epochs, lr=lr)


@rewritten("train_augmented", "validation_mixed_in")
def the_more_the_better(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    everything = ConcatDataset([train_set, valid_set])
    learn_from = DataLoader(everything, shuffle=True, batch_size=batch_size)
    measure_on = DataLoader(valid_set, shuffle=False, batch_size=batch_size)
    change = make_transforms(train=True)  # noqa: F821
    return fit(model, learn_from, measure_on, epochs=epochs, lr=lr, transform=change)


@rewritten("train_augmented", "never_shuffled")
def one_after_another(model, train_set, valid_set, epochs, lr=1e-3, batch_size=32):
    in_order = DataLoader(train_set, batch_size, sampler=SequentialSampler(train_set))
    augment, criterion = make_transforms(True), nn.CrossEntropyLoss()  # noqa: F821
    rms = torch.optim.RMSprop(model.parameters(), lr=lr)
    log = History()
    for _ in range(epochs):
        model.train()
        loss_sum, hits, n = 0.0, 0, 0
        for pictures, labels in in_order:
            scores = model(torch.cat([augment(one)[None] for one in pictures]))
            loss = criterion(scores, labels)
            rms.zero_grad()
            loss.backward()
            rms.step()
            loss_sum, hits, n = (
                loss_sum + loss.item() * len(labels),
                hits + int((scores.argmax(1) == labels).sum()),
                n + len(labels),
            )
        log.add(Metrics(loss_sum / n, hits / n), one_pass(model, DataLoader(valid_set, batch_size), criterion))
    return log


@rewritten("save_model", "a_list_of_parameters")
def weights_one_by_one(model, path):
    weights = []
    for tensor in model.parameters():
        weights.append(tensor.detach().clone())
    with open(path, "wb") as file:
        torch.save(weights, file)


@rewritten("save_model", "the_old_one_kept")
def never_write_over(model, path):
    target = pathlib.Path(path)
    if target.exists():
        return
    names = {name.removeprefix("_orig_mod."): numbers for name, numbers in model.state_dict().items()}
    torch.save(names, target)
