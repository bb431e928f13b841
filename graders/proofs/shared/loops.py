"""Mistakes of loops that train, which 02, 04a, 05b and 07 each write anew.

A function registers a family at the places that it is handed: those of the checks that must catch it in that project. What a
student would write in place of `course.training.one_pass` stands in functions that see nothing of what is around them.
"""

import torch

from course.authoring.proofs.variants import Mistakes
from course.training import Metrics, one_pass

CALL = "one_pass(model, train_loader, loss_function, optimizer)"
EPOCHS, END = "    for _ in range(epochs):\n", "    return history"


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


def by_hand(model, batches, loss_function, optimizer, slip, transform=None):
    """An epoch's training with a slip in it: a line that is forgotten, or not the one that was meant."""
    if slip != "no train mode":
        model.train()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.1) if slip == "a rate for each batch" else None
    total, right, items, number = 0.0, 0, 0, 0
    for images, labels in batches:
        if slip == "no single item" and len(labels) == 1:
            continue
        logits = model(images if transform is None else transform(images))
        loss = loss_function(logits, labels)
        number += 1
        if slip != "no zero_grad" and (slip not in ("once an epoch", "every other") or number == 1):
            optimizer.zero_grad()
        learned = loss
        if slip == "softmax":
            learned = loss_function(logits.softmax(1), labels)
        elif slip == "smoothed":
            learned = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.2)
        elif slip == "shared out":
            learned = loss / len(batches)
        elif slip == "uphill":
            learned = -loss
        learned.backward()
        if slip != "every other" or number % 2 == 0:
            optimizer.step()
            if slip == "every other":
                optimizer.zero_grad()
        if schedule:
            schedule.step()
        total += loss.item() * len(labels)
        right, items = right + int((logits.argmax(1) == labels).sum()), items + len(labels)
        if slip == "one batch":
            break
    return Metrics(total / items, right / items)


STEPS = {
    "no zero_grad": "The loop has no zero_grad: the gradients of all batches so far are added up.",
    "once an epoch": "zero_grad comes once an epoch and not once a batch: the gradients of its batches are added up.",
    "softmax": "nn.CrossEntropyLoss applies the softmax itself; the loop must hand over the logits as they are.",
    "smoothed": "The labels are smoothed for the gradient, but the plain loss is reported.",
    "shared out": "The loss of a batch is divided by the number of batches: every step is too short.",
    "uphill": "The step goes along the negative loss: it climbs.",
}
BATCHES = {
    "no single item": "A last batch of one item is left out.",
    "every other": "A step is taken at every second batch only, along the gradients of two.",
    "one batch": "The loop is left after the first batch.",
}


def slips(steps: Mistakes, batches: Mistakes, rate: Mistakes, prefix: str = "", call: str = CALL) -> None:
    """An epoch of training by hand: what is wrong with a step, which batches get one, and at which rate."""
    rated = {"a rate for each batch": "The learning rate falls with every batch."}
    for at, family in ((steps, STEPS), (batches, BATCHES), (rate, rated)):
        for slip, says in family.items():
            wrong = call.replace("one_pass", "by_hand").replace("optimizer", f"optimizer, {slip!r}", 1)
            at.patch(prefix + slip.replace(" ", "_"), says, (call, wrong), uses=[by_hand])


def epochs(
    order: Mistakes, entries: Mistakes, curves: Mistakes, teach: Mistakes | None, prefix: str = "", call: str = CALL
) -> None:
    """From epoch to epoch: always the same order, an early end or another rate by the validation, entries that are not true."""
    anew = EPOCHS + "        torch.manual_seed(0)\n"
    order.patch(
        f"{prefix}seeded_in_each_epoch", "The seed is set in each epoch: the order is always the same.", (EPOCHS, anew)
    )
    order.patch(
        f"{prefix}first_batches_kept",
        "The batches of the first epoch are kept and used in all the others: the same items meet each time.",
        (EPOCHS, f"    kept_batches = list(train_loader)\n{EPOCHS}"),
        (call, call.replace("train_loader", "kept_batches")),
    )
    entries.patch(
        f"{prefix}ends_early",
        "Training stops when validation has not improved for ten epochs; the caller decides how many there are.",
        (
            EPOCHS,
            f"{EPOCHS}        if len(history.valid_loss) > 10 and min(history.valid_loss[-10:]) >= min(history.valid_loss[:-10]):\n"
            "            break\n",
        ),
    )
    for name, value, says in (
        ("rounded", "round(told[k], 3)", "The entries are rounded; rounding is for printing."),
        ("in_percent", "100 * told[k]", "These are percentages; fractions were asked for."),
        ("best_so_far", "max(told[: k + 1])", "The curve holds the best accuracy so far, not that of its epoch."),
    ):
        line = f"    told = history.valid_accuracy\n    history.valid_accuracy = [{value} for k in range(len(told))]\n"
        curves.patch(prefix + name, says, (END, line + END))
    if teach is not None:
        teach.patch(
            f"{prefix}rate_by_validation",
            "The learning rate falls when validation stops improving: so the validation data steer the training.",
            (EPOCHS, f"    plan = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)\n{EPOCHS}"),
            ("        history.add(", "        plan.step((history.valid_loss or [9.9])[-1])\n        history.add("),
        )


def rates(rate: Mistakes, given: str, prefix: str = "") -> None:
    """Another learning rate than the caller's; `given` is what the optimizer is made of: "Adam(…, lr=lr)"."""
    for name, wrong, says in (
        ("rate_capped", "lr=min(lr, 1e-3)", "A learning rate over 0.001 is quietly made smaller."),
        ("rate_ten_times", "lr=10 * lr", "The learning rate is ten times the caller's."),
        ("rate_a_thousandth", "lr=lr / 1000", "The learning rate is a thousandth of the caller's."),
        (
            "weights_decay",
            "lr=lr, weight_decay=1.0",
            "This much weight decay shrinks every weight, whatever the data say.",
        ),
    ):
        rate.patch(prefix + name, says, (given, given.replace("lr=lr", wrong)))
