# %% [markdown]
# # 01 Handwritten digits with a dense network
#
# A picture of a digit is a table of 28 × 28 numbers. A network is a function with many adjustable numbers that turns
# that table into ten scores, one for each digit. Learning means: show it a picture, look how far its scores are from
# the truth, and move every adjustable number a little in the direction that would have made it better. Do that some ten
# thousand times.
#
# You write every part of that loop once, by hand. All later projects use the same loop.
#
# | part | question that it answers |
# |---|---|
# | `make_transforms` | how does a picture become a tensor? |
# | `make_loaders` | in which portions, and in which order, does the network see the pictures? |
# | `build_model` | which function do we adjust? |
# | `batch_accuracy` | how often is it right? |
# | `train_epoch` | how does it get better? |
# | `validate` | is it better on pictures that it has never seen? |

# %%
from collections.abc import Callable

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from course.training import Metrics

# %% [markdown]
# ## From picture to tensor
# MNIST stores grey values as bytes: 0 is paper, 255 is ink. A network works best with numbers of about the size of 1,
# so the values are divided by 255. PyTorch wants the channels first: a grey picture of 28 × 28 is a tensor of shape
# `(1, 28, 28)`.
#
# Look for: `float32`, not `uint8` (bytes cannot hold 0.5), and 0 to 1, not 0 to 255.


# %%
def make_transforms() -> Callable[[Image.Image], torch.Tensor]:
    """The transform from a grey picture to what the network reads.

    Returns:
        A callable: a PIL image of mode "L" and any size (W, H) -> float32 tensor (1, H, W), each value the pixel / 255,
        so within [0, 1]. The same picture always gives the same tensor, whatever came before or comes after it; the picture is
        left as it was.
    """
    ### BEGIN SOLUTION
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    ### END SOLUTION


# %% [markdown]
# ## Portions and order
# The network learns from a *batch* at a time: the gradient of 32 pictures costs little more than that of one and points
# more reliably in the right direction. When the training pictures come in the same order each time, the network can
# learn the order; so they are shuffled anew in every epoch. Validation only measures, and a mean does not depend on the
# order.
#
# If 6,000 pictures are split into batches of 32, the last one holds only 16. Those 16 count too.


# %%
def make_loaders(train_set: Dataset, valid_set: Dataset, batch_size: int = 32) -> tuple[DataLoader, DataLoader]:
    """Loaders of training and of validation data.

    Args:
        train_set: pairs of image (1, H, W) and label.
        valid_set: the same, of pictures that are never trained on.
        batch_size: items in a batch; the last batch may hold fewer.

    Returns:
        (train_loader, valid_loader). Both give (images (B, 1, H, W), labels (B,)), and every item exactly once an epoch, asking
        the data set for it anew in each.
        The first one gives them in a new random order each epoch, the second one in the order of the data set.
    """
    ### BEGIN SOLUTION
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    return train_loader, valid_loader
    ### END SOLUTION


# %% [markdown]
# ## The function that we adjust
# A *linear layer* computes $y = xW^\top + b$: each output is a weighted sum of all inputs. Two linear layers in a row
# are again only one linear layer. What makes a deep network more than that is the bend between them: $\mathrm{ReLU}(x)
# = \max(0, x)$.
#
# ```
# (B, 1, 28, 28) --flatten--> (B, 784) --linear, ReLU--> (B, 512) --linear, ReLU--> (B, 512) --linear--> (B, 10)
# ```
#
# The ten numbers at the end are *logits*: scores of any size and sign. There is no softmax at the end, because the loss
# function `nn.CrossEntropyLoss` applies it itself, in a way that does not overflow: $\ell = -\log \frac{e^{z_y}}{\sum_k
# e^{z_k}}$, where $y$ is the right class.


# %%
def build_model(n_classes: int = 10) -> nn.Module:
    """A dense network with at least one hidden layer.

    Args:
        n_classes: how many scores come out.

    Returns:
        A module that maps float32 (B, 1, 28, 28) to float32 logits (B, n_classes): scores of any size and sign, with nothing
        behind the last layer in either mode. Each row depends on its own image only, in train mode too: no batch
        normalisation. The images are left as they are. Every parameter takes part. After eight epochs of the course's
        training it reads at least 0.95 of unseen digits.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(28 * 28, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, n_classes),
    )
    ### END SOLUTION


# %% [markdown]
# ## How often is it right?
# The network's answer is the class with the highest logit. Accuracy is the fraction of right answers; guessing gives
# 0.1. Softmax would not change the answer: it keeps the order of the scores.


# %%
def batch_accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The fraction of images whose highest logit is that of the right class.

    Args:
        logits: float (B, K), B at least 1; in training a graph hangs on them.
        labels: int64 (B,), values 0 to K - 1.

    Returns:
        A Python float from 0.0 to 1.0.
    """
    ### BEGIN SOLUTION
    return (logits.argmax(dim=1) == labels).float().mean().item()
    ### END SOLUTION


# %% [markdown]
# ## How it gets better
# For each batch, in this order:
#
# 1. **forward**: logits from images;
# 2. **loss**: one number that says how wrong they are;
# 3. **zero_grad**: forget the gradients of the batch before, because `backward` *adds* to what is there;
# 4. **backward**: the gradient of the loss for every parameter;
# 5. **step**: the optimizer moves every parameter against its gradient.
#
# Some layers behave differently in training (dropout, BatchNorm), so the network is told first: `model.train()`.
#
# The loss of an epoch is the mean over *items*. If the last batch holds 16 of 6,000 pictures, it must not weigh as much
# as a batch of 32: sum up (batch loss × batch size) and divide by the number of items at the end.


# %%
def train_epoch(
    model: nn.Module, loader: DataLoader, loss_function: nn.Module, optimizer: torch.optim.Optimizer
) -> Metrics:
    """Train on every batch of the loader once: one step for each, along the gradient of its own loss alone.

    Args:
        model: maps images to logits (B, K); changed in place, in train mode; a frozen parameter stays as it is, and frozen.
        loader: gives (images, labels (B,)) when it is gone through, which may be all that it can: `course run` hands over a
            progress bar; the last batch may be a single item.
        loss_function: the mean loss of logits and labels, such as `nn.CrossEntropyLoss()`.
        optimizer: over the model's parameters, in groups or not; used as it is: what it remembers of earlier epochs, its learning
            rates and its other settings stay its own.

    Returns:
        Metrics(loss, accuracy): means over all items, as measured in the forward passes of training, both Python floats, unrounded.
    """
    ### BEGIN SOLUTION
    model.train()
    total_loss, right, items = 0.0, 0.0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(labels)
        right += (logits.argmax(dim=1) == labels).sum().item()
        items += len(labels)
    return Metrics(total_loss / items, right / items)
    ### END SOLUTION


# %% [markdown]
# ## Is it better on what it has never seen?
# Validation is a rehearsal of the real use. Nothing may be learned from it: no step, no running statistics
# (`model.eval()`), and no gradients, which would only cost time and memory (`torch.no_grad()`).
#
# Look for: when the training accuracy goes on rising and the validation accuracy does not, the network has begun to
# memorise.


# %%
def validate(model: nn.Module, loader: DataLoader, loss_function: nn.Module) -> Metrics:
    """Measure the model on every batch of the loader, without changing it.

    Args:
        model: maps images to logits (B, K); used in eval mode, without gradients; no parameter, gradient, buffer or setting of it
            changes.
        loader: gives (images, labels (B,)) when it is gone through, as for `train_epoch`.
        loss_function: the mean loss of logits and labels; left as it was.

    Returns:
        Metrics(loss, accuracy): means over all items, measured anew in each call, both Python floats, unrounded.
    """
    ### BEGIN SOLUTION
    model.eval()
    total_loss, right, items = 0.0, 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total_loss += loss_function(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            items += len(labels)
    return Metrics(total_loss / items, right / items)
    ### END SOLUTION


# %% [markdown]
# ## All together
# `python -m exercises.ex01_mnist` (or `course run 01`) trains your network, prints a table, and saves the model and its
# pictures. Expect about {measured: 01 dense network, unseen writers} on the embedded digits and about 0.98 on the real
# ones after five epochs.
#
# ![Two line charts over five epochs. Loss falls from epoch to epoch, accuracy rises; the dashed validation curve ends
# close to the training curve](figure:learning-curves)


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    from torchvision.datasets import MNIST

    folder = run.data("mnist")
    train_set, valid_set = (MNIST(str(folder), train=train, transform=make_transforms()) for train in (True, False))
    train_loader, valid_loader = make_loaders(train_set, valid_set, run.batch_size)
    model = build_model()
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=run.lr)
    schedule = torch.optim.lr_scheduler.ExponentialLR(
        optimizer, gamma=0.6
    )  # smaller steps in each epoch, to end calmly
    for _ in run.epochs():
        run.add(
            train_epoch(model, run.bar(train_loader), loss_function, optimizer),
            validate(model, valid_loader, loss_function),
        )
        schedule.step()
    run.finish(model, valid_loader, names=[str(digit) for digit in range(10)])


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("01", epochs=5))
