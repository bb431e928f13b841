"""Known mistakes of project 01 in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 128 mistakes of 01, in their order,
the 8th (counted from 0) and then every 16th.
Written from name, sentence and contract. The first hand's code was seen here, as the example of the form; how the diagnosis
recognises a mistake was not.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms

from course.authoring.proofs.variants import Catalogue
from course.training import Metrics

REWRITTEN = Catalogue("01")
rewritten = REWRITTEN.rewritten


@rewritten("make_transforms", "centred_too")
def minus_one_to_one():
    to_tensor = transforms.ToTensor()
    centre = transforms.Normalize(mean=(0.5,), std=(0.5,))
    return transforms.Compose([to_tensor, centre])


class ReproducibleLoader(DataLoader):
    def __iter__(self):
        torch.manual_seed(42)  # "for reproducibility"
        return super().__iter__()


@rewritten("make_loaders", "seeded_in_each_epoch", uses=[ReproducibleLoader])
def reproducible_to_the_last(train_set, valid_set, batch_size=32):
    for_training = ReproducibleLoader(dataset=train_set, shuffle=True, batch_size=batch_size, drop_last=False)
    for_measuring = DataLoader(dataset=valid_set, shuffle=False, batch_size=batch_size, drop_last=False)
    return for_training, for_measuring


class ProbabilityNet(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.hidden = nn.Linear(784, 256)
        self.out = nn.Linear(256, classes)

    def forward(self, x):
        h = torch.tanh(self.hidden(x.view(x.shape[0], -1)))
        return torch.softmax(self.out(h), dim=-1)


@rewritten("build_model", "ends_in_softmax", uses=[ProbabilityNet])
def answers_in_probabilities(n_classes=10):
    return ProbabilityNet(n_classes)


class HeadOnDemand(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.n_classes = n_classes
        self.first = nn.Linear(28 * 28, 300)
        self.second = nn.Linear(300, 100)

    def forward(self, images):
        x = torch.relu(self.first(images.flatten(start_dim=1)))
        x = torch.relu(self.second(x))
        head = nn.Linear(x.shape[1], self.n_classes)
        return head(x)


@rewritten("build_model", "layer_made_in_forward", uses=[HeadOnDemand])
def head_made_on_demand(n_classes=10):
    return HeadOnDemand(n_classes)


@rewritten("batch_accuracy", "always_thirty_two")
def hits_in_32(logits, labels):
    hits = 0
    for row, truth in zip(logits.tolist(), labels.tolist()):
        if row.index(max(row)) == truth:
            hits += 1
    return hits / 32


@rewritten("train_epoch", "always_the_first_batch")
def step_by_step_from_the_start(model, loader, loss_function, optimizer):
    model.train()
    seen = hits = step = 0
    summed = 0.0
    while step < len(loader):
        batch = next(iter(loader))
        x, y = batch
        optimizer.zero_grad()
        scores = model(x)
        error = loss_function(scores, y)
        error.backward()
        optimizer.step()
        seen += y.numel()
        hits += int(torch.eq(scores.max(dim=1).indices, y).sum())
        summed += float(error.detach()) * y.numel()
        step += 1
    return Metrics(loss=summed / seen, accuracy=hits / seen)


@rewritten("train_epoch", "right_answers_of_the_last_batch")
def counter_inside_the_loop(model, loader, loss_function, optimizer):
    model.train(mode=True)
    n, running_loss = 0, 0.0
    for x, y in loader:
        correct = 0
        optimizer.zero_grad()
        prediction = model(x)
        batch_loss = loss_function(prediction, y)
        batch_loss.backward()
        optimizer.step()
        with torch.no_grad():
            correct += torch.count_nonzero(prediction.argmax(-1) == y).item()
            running_loss += batch_loss.item() * x.size(0)
            n += x.size(0)
    return Metrics(running_loss / n, correct / n)


@rewritten("validate", "right_answers_counted")
@torch.inference_mode()
def how_many_not_what_part(model, loader, loss_function):
    model.train(False)
    losses, hits, sizes = [], [], []
    for x, y in loader:
        output = model(x)
        sizes.append(y.shape[0])
        losses.append(loss_function(output, y).item() * y.shape[0])
        hits.append(sum(int(guess == truth) for guess, truth in zip(output.argmax(1), y)))
    return Metrics(loss=sum(losses) / sum(sizes), accuracy=float(sum(hits)))
