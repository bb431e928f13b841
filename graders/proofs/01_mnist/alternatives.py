"""Project 01, right in other hands."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler
from torchvision import transforms
from torchvision.transforms import functional

from course.authoring.proofs.variants import Catalogue
from course.training import Metrics

ALTERNATIVES = Catalogue("01")
alternative = ALTERNATIVES.alternative

# -- make_transforms ----------------------------------------------------------------------------------------------------


@alternative("make_transforms", how="v1 transforms")
def first_version():
    return transforms.Compose([transforms.ToTensor()])


@alternative("make_transforms", how="NumPy by hand")
def numpy_by_hand():
    def transform(image):
        pixels = np.asarray(image, dtype=np.float32) / 255.0
        return torch.from_numpy(pixels)[None, :, :]

    return transform


@alternative("make_transforms", how="torchvision's function, with no object around it")
def functional_style():
    return functional.to_tensor


@alternative("make_transforms", how="pil_to_tensor, then division")
def pil_to_tensor_and_divide():
    return lambda image: functional.pil_to_tensor(image).float().div(255)


@alternative("make_transforms", how="an nn.Module of one's own")
def transform_module():
    class ToUnit(nn.Module):
        def forward(self, image):
            return functional.convert_image_dtype(functional.pil_to_tensor(image), torch.float32)

    return ToUnit()


@alternative("make_transforms", how="a cache by all of the picture's content")
def remembered_by_content():
    seen = {}

    def transform(image):
        key = image.size, image.tobytes()
        if key not in seen:
            seen[key] = functional.to_tensor(image)
        return seen[key]

    return transform


# -- make_loaders -------------------------------------------------------------------------------------------------------


@alternative("make_loaders", how="samplers instead of shuffle")
def by_samplers(train_set, valid_set, batch_size=32):
    return (
        DataLoader(train_set, sampler=RandomSampler(train_set), batch_size=batch_size),
        DataLoader(valid_set, sampler=SequentialSampler(valid_set), batch_size=batch_size),
    )


@alternative("make_loaders", how="batch samplers")
def by_batch_samplers(train_set, valid_set, batch_size: int = 32):
    train_batches = BatchSampler(RandomSampler(train_set), batch_size, drop_last=False)
    valid_batches = BatchSampler(SequentialSampler(valid_set), batch_size, drop_last=False)
    return DataLoader(train_set, batch_sampler=train_batches), DataLoader(valid_set, batch_sampler=valid_batches)


@alternative("make_loaders", how="a list, a generator of one's own, positional arguments")
def list_and_generator(train_set, valid_set, batch_size=32):
    chance = torch.Generator().manual_seed(42)
    return [DataLoader(train_set, batch_size, True, generator=chance), DataLoader(valid_set, batch_size, False)]


@alternative("make_loaders", how="a sampler that draws by a generator of NumPy's")
def numpy_sampler(train_set, valid_set, batch_size=32):
    chance = np.random.default_rng(7)

    class Drawn:
        def __len__(self):
            return len(train_set)

        def __iter__(self):
            return iter(chance.permutation(len(train_set)).tolist())

    return DataLoader(train_set, batch_size, sampler=Drawn()), DataLoader(valid_set, batch_size)


@alternative("make_loaders", how="a collate function of one's own")
def own_collate(train_set, valid_set, batch_size=32):
    def collate(pairs):
        images, labels = zip(*pairs, strict=True)
        return torch.stack(images), torch.as_tensor([int(label) for label in labels])

    options = {"batch_size": batch_size, "collate_fn": collate, "num_workers": 0}
    return DataLoader(train_set, shuffle=True, **options), DataLoader(valid_set, shuffle=False, **options)


# -- build_model --------------------------------------------------------------------------------------------------------


class DenseNet(nn.Module):
    """For `module_class`."""

    def __init__(self, classes):
        super().__init__()
        self.hidden = nn.Linear(784, 256)
        self.output = nn.Linear(256, classes)

    def forward(self, x):
        return self.output(F.relu(self.hidden(torch.flatten(x, start_dim=1))))


@alternative("build_model", how="module subclass, functional style", uses=[DenseNet])
def module_class(n_classes=10):
    return DenseNet(n_classes)


@alternative("build_model", how="LayerNorm, dropout and GELU, a ModuleList")
def normalised_and_dropped(n_classes: int = 10) -> nn.Module:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList()
            for inputs, outputs in ((784, 256), (256, 128)):
                self.blocks.append(
                    nn.Sequential(
                        nn.Linear(inputs, outputs, bias=False), nn.LayerNorm(outputs), nn.GELU(), nn.Dropout(0.1)
                    )
                )
            self.head = nn.Linear(128, n_classes)

        def forward(self, x):
            x = x.reshape(x.size(0), -1)
            for block in self.blocks:
                x = block(x)
            return self.head(x)

    return Net()


@alternative("build_model", how="one wide hidden layer, He initialisation, centred input")
def one_wide_layer(n_classes=10):
    class Centre(nn.Module):
        def forward(self, x):
            return (x - 0.13) / 0.31

    first, last = nn.Linear(784, 800), nn.Linear(800, n_classes)
    nn.init.kaiming_normal_(first.weight, nonlinearity="relu")
    nn.init.zeros_(first.bias)
    return nn.Sequential(Centre(), nn.Flatten(), first, nn.ReLU(inplace=True), last)


@alternative("build_model", how="lazy layers without a dry run, tanh between them")
def lazy_layers(n_classes=10):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(256), nn.Tanh(), nn.LazyLinear(n_classes))


@alternative("build_model", how="no bias in the layers, and a head that starts at zero")
def without_bias(n_classes=10):
    head = nn.Linear(512, n_classes, bias=False)
    nn.init.zeros_(head.weight)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512, bias=False), nn.ReLU(), head)


# -- batch_accuracy -----------------------------------------------------------------------------------------------------


@alternative("batch_accuracy", how="max instead of argmax, a sum divided by the length")
def by_max(logits, labels):
    _, answers = torch.max(logits, 1)
    return torch.sum(answers == labels).item() / labels.size(0)


@alternative("batch_accuracy", how="topk")
def by_topk(logits, labels):
    return logits.topk(1, dim=-1).indices.squeeze(-1).eq(labels).double().mean().item()


@alternative("batch_accuracy", how="softmax first, which changes no order")
def by_softmax(logits, labels):
    probabilities = F.softmax(logits, dim=1)
    return float((probabilities.argmax(dim=1) == labels).float().mean())


@alternative("batch_accuracy", how="NumPy")
def by_numpy(logits, labels):
    return float(np.mean(logits.detach().numpy().argmax(axis=1) == labels.numpy()))


@alternative("batch_accuracy", how="plain Python")
def by_plain_python(logits, labels):
    right = 0
    for scores, label in zip(logits.tolist(), labels.tolist(), strict=True):
        right += scores.index(max(scores)) == label
    return right / len(labels)


# -- train_epoch --------------------------------------------------------------------------------------------------------


@alternative("train_epoch", how="zero_grad first, tensors added up, one item() at the end, a tuple")
def tensors_added_up(model, loader, loss_function, optimizer):
    model.train()
    loss_sum, correct, seen = torch.zeros(()), torch.zeros(()), 0
    for x, y in loader:
        optimizer.zero_grad(set_to_none=False)
        output = model(x)
        loss = loss_function(output, y)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * x.size(0)
        correct += (output.detach().max(1)[1] == y).sum()
        seen += x.size(0)
    return (loss_sum / seen).item(), (correct / seen).item()


@alternative("train_epoch", how="zero_grad after the step, a dict, a device")
def zeroed_after_the_step(model: nn.Module, loader: DataLoader, loss_function, optimizer: optim.Optimizer) -> dict:
    device = next(model.parameters()).device
    model.train(True)
    model.zero_grad()
    losses, hits, sizes = [], [], []
    for batch in loader:
        inputs, targets = (part.to(device) for part in batch)
        outputs = model(inputs)
        loss = loss_function(outputs, targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        hits.append((outputs.argmax(-1) == targets).sum().item())
        sizes.append(len(targets))
    mean = sum(a * b for a, b in zip(losses, sizes, strict=True)) / sum(sizes)
    return {"loss": mean, "accuracy": sum(hits) / sum(sizes)}


@alternative(
    "train_epoch", how="as PyTorch's quickstart: zero_grad comes after the step, and nothing before the first one"
)
def as_the_quickstart(model, loader, loss_function, optimizer):
    model.train()
    total, right, items = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_function(logits, labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(labels)
        right += int((logits.argmax(1) == labels).sum())
        items += len(labels)
    return Metrics(total / items, right / items)


@dataclass
class Epoch:
    """For `epoch_dataclass`."""

    loss: float
    accuracy: float


@alternative("train_epoch", how="a closure for the optimizer, sizes added up beside, a dataclass", uses=[Epoch])
def epoch_dataclass(model, loader, loss_function, optimizer):
    model.train()
    total, right, items = 0.0, 0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        logits = model(images)

        def closure(logits=logits, labels=labels):
            loss = loss_function(logits, labels)
            loss.backward()
            return loss

        total += float(optimizer.step(closure)) * len(images)
        right += int(torch.eq(logits.argmax(1), labels).sum())
        items += labels.numel()
    return Epoch(total / items, right / items)


# -- validate -----------------------------------------------------------------------------------------------------------


@alternative("validate", how="inference_mode as a decorator, a tuple")
@torch.inference_mode()
def in_inference_mode(model, loader, loss_function):
    model.eval()
    sums = [0.0, 0.0, 0]
    for x, y in loader:
        out = model(x)
        sums[0] += float(loss_function(out, y)) * len(y)
        sums[1] += float((out.argmax(1) == y).sum())
        sums[2] += len(y)
    return sums[0] / sums[2], sums[1] / sums[2]


@alternative("validate", how="all logits first, then one loss over all; the mode is given back afterwards")
def all_logits_first(model, loader, loss_function):
    was_training = model.training
    model.train(False)
    logits, labels = [], []
    with torch.no_grad():
        for x, y in loader:
            logits.append(model(x))
            labels.append(y)
        logits, labels = torch.cat(logits), torch.cat(labels)
        metrics = Metrics(loss_function(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item())
    model.train(was_training)
    return metrics


@alternative("validate", how="a copy is measured; its parameters require no gradient, in place of no_grad")
def a_copy_measured(model, loader, loss_function):
    twin = copy.deepcopy(model).eval().requires_grad_(False)
    parts = [(twin(x), y) for x, y in loader]
    total = sum(float(loss_function(z, y)) * len(y) for z, y in parts)
    right, items = sum(int((z.argmax(1) == y).sum()) for z, y in parts), sum(len(y) for _, y in parts)
    return Metrics(total / items, right / items)


@alternative("validate", how="weighted means by NumPy, a dict")
def weighted_by_numpy(model, loader, loss_function):
    model.eval()
    with torch.set_grad_enabled(False):
        rows = []
        for x, y in loader:
            out = model(x)
            rows.append((loss_function(out, y).item(), (out.argmax(1) == y).double().mean().item(), len(y)))
    losses, hits, sizes = np.array(rows).T
    return {"loss": float(np.average(losses, weights=sizes)), "accuracy": float(np.average(hits, weights=sizes))}


# -- devices ------------------------------------------------------------------------------------------------------------


@alternative("train_epoch", how="the device of a buffer or a parameter, non_blocking", ready=True)
def device_of_the_state(model, loader, loss_function, optimizer):
    model.train()
    where = next(iter(model.state_dict().values())).device
    loss_sum, right, count = torch.zeros((), device=where), torch.zeros((), device=where), 0
    for images, labels in loader:
        images, labels = images.to(where, non_blocking=True), labels.to(where, non_blocking=True)
        optimizer.zero_grad(set_to_none=True)
        logits = model(images)
        loss = loss_function(logits, labels)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(labels)
        right += (logits.argmax(1) == labels).sum()
        count += len(labels)
    return Metrics(float(loss_sum) / count, float(right) / count)


@alternative("validate", how="labels go to where the logits are", ready=True)
def labels_follow_the_logits(model, loader, loss_function):
    model.eval()
    parameter = next(model.parameters())
    rows = []
    with torch.inference_mode():
        for images, labels in loader:
            logits = model(images.to(parameter.device))
            truth = labels.to(logits.device)
            hits = (logits.argmax(1) == truth).float().sum().item()
            rows.append((loss_function(logits, truth).item(), hits, len(truth)))
    count = sum(size for _, _, size in rows)
    return Metrics(sum(mean * size for mean, _, size in rows) / count, sum(hits for _, hits, _ in rows) / count)
