# Made from solutions/ex04a_augmentation.py by `course author make`; yours to edit from here on. (stub cf75a084c5e34d9a)
# %% [markdown]
# # 04a Data augmentation
#
# The convolutional network is still better on hands that it knows. It has seen few signers, and each of them in one
# position and one light. More pictures would help; what we can have for nothing is *more views of the same pictures*: a
# little turned, moved, larger, darker. Every epoch shows each hand in another way, and what stays the same is what
# makes the letter.
#
# | part | question that it answers |
# |---|---|
# | `make_transforms` | what may change in a picture without changing its label? |
# | `train_augmented` | where does the change belong in the loop? |
# | `save_model` | what of a trained model is worth keeping? |

# %%
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from course.training import History, one_pass

# %% [markdown]
# ## What may change
# Draw a sign on paper and turn the paper a little: it stays the sign. Turn it upside down, and it is none, or another
# one; hold it before a mirror, and it is a sign of the other hand. So the range of each change is a statement about the
# world: hands lean by some 15 degrees to either side, they are not always in the middle, they are nearer or farther,
# and the light varies.
#
# Validation pictures stand for the real use. They are measured as they are.
#
# The values must stay within [0, 1], which the network is used to.


# %%
def make_transforms(train: bool) -> Callable[[torch.Tensor], torch.Tensor]:
    """The transform of training pictures (random) or of validation pictures (none).

    Args:
        train: for training?

    Returns:
        A callable: float32 image (1, 28, 28), or batch (B, 1, 28, 28), with values in [0, 1] -> the same shape, dtype and range.
        For training each call draws a new small change, of dozens, of position or angle to either side (45 degrees at most) or
        of size, and of light if you like: one for the batch, or one for each picture. It never turns a hand upside down, mirrors
        it or moves it out of the picture. In a batch each picture keeps its place and is not mixed with another. The argument is
        left as it was, and no generator of random numbers is seeded. Otherwise the values come back unchanged.
    """
    # TODO make_transforms: What may change in a picture of a hand without changing its letter? And what in a
    # validation picture?
    raise NotImplementedError("make_transforms")


# %% [markdown]
# ## Where the change belongs
# In the training loop, and anew in each epoch: augmenting the data set once and keeping the result would only give
# another fixed data set. `course.training.one_pass` applies a `transform` to each batch that it is given, if you pass
# one. It may draw one change for the batch, or one for each image, which is a little slower and more varied.
#
# Pictures that change all the time make the loss noisy. A learning rate that falls towards the end
# (`torch.optim.lr_scheduler.CosineAnnealingLR`) calms the last steps; it is not asked for, but it is worth a point or
# two of accuracy.


# %%
def train_augmented(
    model: nn.Module, train_set: Dataset, valid_set: Dataset, epochs: int, lr: float = 1e-3, batch_size: int = 32
) -> History:
    """Train on augmented pictures, and measure on the validation pictures as they are.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as they are. After twelve epochs in
    batches of 16, with views that are known to be enough, the course's network with more dropout reads at least 0.90 of
    unseen hands, and 0.03 more than without augmentation.

    Args:
        model: maps images (B, 1, 28, 28) to logits; changed in place, in train mode; a frozen parameter stays as it is, and frozen.
        train_set: pairs of image (1, 28, 28) and label; gone through in a new order each epoch, each picture augmented once each
            time, anew, by `make_transforms(True)`.
        valid_set: pairs of the same kind; measured in eval mode, never augmented, never learned from.
        epochs: how many times the training pictures are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs; it may fall from epoch to epoch, by a plan made beforehand.
        batch_size: pictures in a batch; the last one holds what is left.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and valid_accuracy: means over the
        items of that epoch, unrounded.
    """
    # TODO train_augmented: Which of the two data sets is augmented, and how often is each image drawn anew?
    raise NotImplementedError("train_augmented")


# %% [markdown]
# ## What is worth keeping
# `torch.save(model)` pickles the object: the file then needs your very source code, and opening a stranger's file can
# run any code. The numbers alone, `model.state_dict()`, are enough: who has the architecture can fill it with them, and
# `torch.load(..., weights_only=True)` reads nothing but numbers.
#
# `torch.compile` wraps the network, so the names in its `state_dict` begin with `_orig_mod.`; a plain network does not
# know these names.


# %%
def save_model(model: nn.Module, path: str | Path) -> None:
    """Save the model's numbers, so that `torch.load(path, weights_only=True)` gives its state dict.

    Args:
        model: a network, compiled or not, in any mode; left as it is. A compiled one is saved under the names of the plain
            network, which may be any.
        path: the file, with any name; one that is there already is replaced. No other file is left beside it.
    """
    # TODO save_model: What of a model is worth keeping: the object, or its weights?
    raise NotImplementedError("save_model")


# %% [markdown]
# ## All together
# `python -m exercises.ex04a_augmentation` (or `course run 04a`). Look at `augmented.png`: would you still read every
# letter? The training accuracy is now lower than without augmentation, and the validation accuracy higher. Why is that
# no contradiction?


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    from course.datasets.tensors import sign_set
    from course.networks import SignNet

    train_csv, valid_csv = run.signs()
    train_set, valid_set = sign_set(train_csv), sign_set(valid_csv)
    model = SignNet()
    run.take(train_augmented(model, train_set, valid_set, run.n_epochs, run.lr, run.batch_size))
    run.finish(model, DataLoader(valid_set, 64), names=run.letters, augment=make_transforms(True), save=save_model)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("04a", epochs=20))
