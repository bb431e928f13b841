"""Passes over data in place of `course.training.one_pass`, each with a mistake in it: mistakes of several projects use them."""

import torch

from course.training import Metrics, one_pass


def batch_means(model, batches, loss_function, optimizer=None):
    """The mean of the batches' means, whatever their sizes."""
    parts = [one_pass(model, [batch], loss_function, optimizer) for batch in batches]
    return Metrics(*(sum(column) / len(parts) for column in zip(*parts, strict=True)))


def in_train_mode(model, batches, loss_function):
    """Measured in train mode."""
    model.train()
    total, right, items = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in batches:
            logits = model(images)
            total += float(loss_function(logits, labels)) * len(labels)
            right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
    return Metrics(total / items, right / items)


def by_hand(model, batches, loss_function, optimizer, forgotten):
    """An epoch's training without its `model.train()`, or without its `optimizer.zero_grad()`."""
    if forgotten != "train":
        model.train()
    total, right, items = 0.0, 0, 0
    for images, labels in batches:
        logits = model(images)
        loss = loss_function(logits, labels)
        if forgotten != "zero_grad":
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
    return Metrics(total / items, right / items)
