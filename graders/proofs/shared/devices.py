"""Mistakes about devices, which every function that uses a network can make: the batch left behind, the network moved.

Each function registers a family at the place of one bonus, in words of the solution that it is handed.
"""

import torch

from course.authoring.proofs.variants import Mistakes
from course.training import Metrics

GIVEN = 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")'
LEFT = "The batch stays on the CPU, where the loader made it; the network may be on a GPU."
LABELS = "The images go to the network's device, the labels stay on the CPU."
MOVED = "The network is moved to the CPU. The caller decides where the network is; the batch has to follow."
TAKEN = "The GPU is used whenever there is one. A batch belongs on the device of the network's parameters."
NUMPY = "NumPy cannot read a tensor on a GPU; bring it back with `.cpu()` first, or count with PyTorch."
GRAPHS = "The sum of the losses keeps the graph of every batch: add up `loss.item()`."
ZEROS = (
    "The tensor that the losses are added to is on the CPU; make it on the network's device, or add up Python numbers."
)
HARD = "`.cuda()` is hard-coded: it fails without a GPU, and with a network on the CPU."


def batches(place: Mistakes, before: str) -> None:
    """A loop written out, which moves `images, labels` to `device`; `before` tells the names of two families apart."""
    move, device = (
        "images, labels = images.to(device), labels.to(device)",
        "device = next(model.parameters()).device",
    )
    place.patch(f"{before}_batch_left", LEFT, (move, "pass"), crashes=True)
    place.patch(f"{before}_labels_left", LABELS, (move, "images = images.to(device)"), crashes=True)
    place.patch(f"{before}_network_moved", MOVED, (device, 'device = "cpu"\n    model.to(device)'))
    place.patch(f"{before}_gpu_taken", TAKEN, (device, GIVEN), crashes=True)
    place.patch(
        f"{before}_cuda_hard_coded", HARD, (move, "images, labels = images.cuda(), labels.cuda()"), crashes=True
    )


def on_the_cpu(model, batches, loss_function, optimizer=None, transform=None):
    """One pass over the batches where they are."""
    model.train(optimizer is not None)
    total, right, items = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for images, labels in batches:
            logits = model(images if transform is None else transform(images))
            loss = loss_function(logits, labels)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item() * len(labels)
            right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
    return Metrics(total / items, right / items)


def histories(place: Mistakes, first: str, before: str = "") -> None:
    """A function that trains by `one_pass`; `first` is the line before which the network can still be moved."""
    call = "one_pass(model, train_loader, loss_function, optimizer"
    place.patch(
        f"{before}batch_left", LEFT, (call, call.replace("one_pass", "on_the_cpu")), uses=(on_the_cpu,), crashes=True
    )
    place.patch(f"{before}network_moved", MOVED, (first, f'    model.to("cpu")\n{first}'))
    place.patch(
        f"{before}gpu_taken", TAKEN, (first, f'    model.to("cuda" if torch.cuda.is_available() else "cpu")\n{first}')
    )


def saving(place: Mistakes, network: str) -> None:
    """`save_model`, where the solution calls what it saves `network`."""
    place.patch(
        "moved_to_be_saved",
        "cpu() moves the network itself: after it was saved, training would go on without the GPU.",
        (f"{network}.state_dict()", f"{network}.cpu().state_dict()"),
    )
