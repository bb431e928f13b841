"""Known mistakes of project 07 in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 78 mistakes of 07, in their order,
the 4th (counted from 0) and then every 9th.
Written from name, sentence and contract; neither the first hand's code was seen, nor how the diagnosis recognises a mistake.
"""

import copy
import io

import torch
from torch import nn
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, fit, one_pass

REWRITTEN = Catalogue("07")
rewritten = REWRITTEN.rewritten


@rewritten("make_transforms", "size_by_heart")
def as_in_every_tutorial(train, size=96):
    normalize = transforms.Normalize(mean=MEAN, std=STD)  # noqa: F821
    if train:
        return transforms.Compose(
            [
                transforms.RandomResizedCrop(224, scale=(0.7, 1.0)),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                normalize,
            ]
        )
    return transforms.Compose(
        [transforms.Resize(224), transforms.CenterCrop(224), transforms.ToTensor(), normalize],
    )


@rewritten("make_transforms", "negative_by_chance")
def sometimes_inverted(train, size=96):
    def prepare(photo):
        tensor = transforms.functional.to_tensor(photo)
        if train:
            tensor = transforms.RandomResizedCrop(size, scale=(0.75, 1.0), antialias=True)(tensor)
            if torch.rand(()) < 0.5:
                tensor = tensor.flip(-1)
            if torch.rand(()) < 0.5:
                tensor = 1 - tensor
        else:
            tensor = transforms.functional.resize(tensor, size, antialias=True)
            tensor = transforms.functional.center_crop(tensor, size)
        return transforms.functional.normalize(tensor, MEAN, STD)  # noqa: F821

    return prepare


class FruitNet(nn.Module):
    def __init__(self, backbone, width, n_classes):
        super().__init__()
        self.features = freeze_backbone(backbone)  # noqa: F821
        self.classifier = nn.Linear(width, n_classes)

    def forward(self, photos):
        return self.classifier(self.features(photos))


@rewritten("build_model", "frozen_by_the_way", uses=[FruitNet])
def frozen_inside_the_network(backbone, width, n_classes=6):
    return FruitNet(backbone, width, n_classes)


@rewritten("train", "accuracy_returned")
def how_good_it_got(model, train_loader, valid_loader, epochs, lr=1e-3):
    head = filter(lambda weight: weight.requires_grad, model.parameters())
    history = fit(model, train_loader, valid_loader, epochs=epochs, optimizer=torch.optim.Adam(head, lr=lr))
    return history.valid_accuracy[-1]


@rewritten("train", "learning_rate_written_in")
def one_thousandth_for_all(model, train_loader, valid_loader, epochs, lr=1e-3):
    weights = [w for _, w in model.named_parameters() if w.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=0.001, weight_decay=0)
    criterion = nn.CrossEntropyLoss()
    story = History()
    for _ in range(epochs):
        model.train()
        sums = torch.zeros(3)  # loss, right, photos
        for photos, kinds in train_loader:
            optimizer.zero_grad()
            logits = model(photos)
            loss = criterion(logits, kinds)
            loss.backward()
            optimizer.step()
            sums += torch.tensor([loss.item() * len(kinds), float((logits.argmax(1) == kinds).sum()), len(kinds)])
        loss_sum, right, photos_seen = sums.tolist()
        story.add(Metrics(loss_sum / photos_seen, right / photos_seen), one_pass(model, valid_loader, criterion))
    return story


@rewritten("fine_tune", "never_unfrozen")
def the_head_once_more(model, train_loader, valid_loader, epochs, lr=1e-5):
    criterion, saved = nn.CrossEntropyLoss(), io.BytesIO()
    record = one_pass(model, valid_loader, criterion).accuracy
    torch.save(model.state_dict(), saved)
    adam = torch.optim.Adam([w for w in model.parameters() if w.requires_grad], lr)
    history = History()
    for _ in range(epochs):
        history.add(one_pass(model, train_loader, criterion, adam), one_pass(model, valid_loader, criterion))
        if history.valid_accuracy[-1] > record:
            record, saved = history.valid_accuracy[-1], io.BytesIO()
            torch.save(model.state_dict(), saved)
    saved.seek(0)
    model.load_state_dict(torch.load(saved, weights_only=True))
    return model.eval() and history


@rewritten("fine_tune", "first_or_last")
def only_the_ends_compared(model, train_loader, valid_loader, epochs, lr=1e-5):
    untouched = copy.deepcopy(model)
    for weight in model.parameters():
        weight.requires_grad = True
    adam = torch.optim.Adam([{"params": list(model.parameters()), "lr": lr}])
    history = fit(model, train_loader, valid_loader, epochs=epochs, optimizer=adam)
    old, new = (one_pass(net, valid_loader, nn.CrossEntropyLoss()).accuracy for net in (untouched, model))
    if new <= old:
        model.load_state_dict(untouched.state_dict())
    model.train(False)
    return history


@rewritten("evaluate", "fraction_and_total")
@torch.inference_mode()
def part_of_how_many(model, loader):
    model.train(False)
    verdicts = []
    for photos, kinds in loader:
        verdicts += torch.eq(torch.max(model(photos), 1)[1], kinds).tolist()
    return sum(verdicts) / len(verdicts), len(verdicts)


@rewritten("save_model", "parameters_without_statistics")
def what_the_optimizer_moved(model, path):
    learned = {}
    for name, weight in model.named_parameters():
        learned[name] = weight.detach().cpu()
    torch.save(learned, str(path))
