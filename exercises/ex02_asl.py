# Made from solutions/ex02_asl.py by `course author make`; yours to edit from here on. (stub 33421d71e3b6c506)
# %% [markdown]
# # 02 American Sign Language with the same workflow
#
# The manual alphabet has a hand shape for each letter. Two of them, j and z, are drawn into the air, so pictures show
# the other 24. We keep the workflow of project 01 and change only the data. It goes well, and then it does not: the
# network learns its training pictures nearly by heart and is lost with a hand that it has never seen. This project
# makes that visible; the next two do something about it.
#
# | part | question that it answers |
# |---|---|
# | `SignDataset` | how does a table in a file become pictures with labels? |
# | `build_model` | what has to change in the network? |
# | `compile_model` | can the same network run faster? |
# | `fit` | what did each epoch bring? |
# | `generalization_gap` | has it learned, or memorised? |

# %%
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from course.training import History, one_pass

# %% [markdown]
# ## From a table to pictures
# Kaggle's Sign Language MNIST is a CSV file: a header, then one row a picture, `label,pixel1,…,pixel784`. The pixels
# are grey values from 0 to 255, row after row of a 28 × 28 picture. The label is the letter's place in the alphabet: a
# is 0, b is 1 and so on to y, which is 24. Because j is not there, no row has a 9: the labels have a gap.
#
# A network with 24 outputs knows the classes 0 to 23. So the labels above the gap move down by one: k, Kaggle's 10,
# becomes 9, and y becomes 23.
#
# Look for: what happens to `nn.CrossEntropyLoss` when it is given a label 24 and 24 logits?


# %%
class SignDataset(Dataset):
    """The signs of a CSV file as flat pictures.

    `dataset[i]` is (image, label): float32 (784,), each value the pixel divided by 255, and the class 0 to 23 with no gap,
    int64 in a batch; they are the same each time. Every row is an item, in the order of the file.

    Args:
        csv: path of a file with a header and one or more rows `label,pixel1,…,pixel784`; labels 0 to 24 without 9, pixels 0 to
            255. NumPy and the module `csv` can read it; pandas is not installed.
    """

    def __init__(self, csv: str | Path) -> None:
        # TODO SignDataset: Kaggle's labels skip 9, because j is a movement. What would that gap cost a network with
        # 24 outputs?
        raise NotImplementedError("SignDataset")

    def __len__(self) -> int:
        """How many signs there are."""
        # TODO SignDataset: Kaggle's labels skip 9, because j is a movement. What would that gap cost a network with
        # 24 outputs?
        raise NotImplementedError("SignDataset")

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One sign: (image, label) as said above."""
        # TODO SignDataset: Kaggle's labels skip 9, because j is a movement. What would that gap cost a network with
        # 24 outputs?
        raise NotImplementedError("SignDataset")


# %% [markdown]
# ## The same network
# The dense network of project 01, with 24 scores instead of ten. The pictures are flat already.
#
# ```
# (B, 784) --linear, ReLU--> (B, 512) --linear, ReLU--> (B, 512) --linear--> (B, 24)
# ```


# %%
def build_model(n_classes: int = 24) -> nn.Module:
    """A dense network with at least one hidden layer.

    Returns:
        A module that maps float32 (B, 784) to float32 logits (B, n_classes): scores of any size and sign, with nothing behind
        the last layer in either mode. Each row depends on its own image only, in train mode too: no batch normalisation. The
        images are left as they are. Every parameter takes part. After twenty epochs of the course's training it reads at
        least 0.97 of the training signs.
    """
    # TODO build_model: What is different from the digits: the images, or only the number of classes?
    raise NotImplementedError("build_model")


# %% [markdown]
# ## The same numbers, faster
# `torch.compile` traces what the network computes and makes fused machine code of it. It is lazy: nothing happens
# before the first forward pass, and that is also where it fails when the machine has no C++ compiler. A compiled
# network must give the same logits as before, up to rounding. Where compiling does not work, the course goes on with
# the network as it is, and says so.


# %%
def compile_model(model: nn.Module, example: torch.Tensor) -> nn.Module:
    """The model, compiled where this machine can do that.

    Args:
        model: any network, in any mode.
        example: a batch of the network's own kind to try the compiled model on: where there is no compiler, only the first
            pass shows it.

    Returns:
        A compiled model with the same parameters and the same outputs, without a warning; where compiling fails, `model`
        itself, after a warning (`warnings.warn`) that says so. In both cases the trial leaves the model as it was: its numbers
        (running statistics too), its mode, which parameters can be trained.
    """
    # TODO compile_model: What must stay the same when a model is compiled? What do you return where there is
    # no compiler?
    raise NotImplementedError("compile_model")


# %% [markdown]
# ## Epochs and their history
# `course.training.one_pass(model, batches, loss_function, optimizer)` is the loop that you wrote in project 01: with an
# optimizer it trains, without one it measures; it returns `Metrics(loss, accuracy)`. What is left is the outer loop:
# train, measure on the validation data, keep both numbers, and begin again. One optimizer serves all epochs, because
# Adam remembers the gradients that it has seen.
#
# Look for: the two curves of accuracy. Which one still rises at the end, and which one has stopped?


# %%
def fit(model: nn.Module, train_loader: DataLoader, valid_loader: DataLoader, epochs: int, lr: float = 1e-3) -> History:
    """Train for some epochs with cross entropy, and measure on the validation data after each.

    Each batch is one step along the gradient of its own mean cross entropy: of the logits as they are, neither clipped nor
    mixed with that of another batch.

    Args:
        model: maps images to logits; changed in place, in train mode; a frozen parameter stays as it is, and frozen.
        train_loader: gives (images, labels); the only data that is learned from, gone through anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode, without gradients.
        epochs: how many times the training data are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs and all parameters; 0 changes no parameter.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and valid_accuracy: means over the
        items of that epoch, unrounded.
    """
    # TODO fit: What happens in one epoch, in which order, and what do you keep of it?
    raise NotImplementedError("fit")


# %% [markdown]
# ## Learned, or memorised?
# A network with 700,000 parameters can keep 2,400 pictures in mind, near enough. What it knows of *hands* shows only on
# hands that it has not met: here, the signers of the validation data. The difference between the two accuracies at the
# end is the *generalization gap*.


# %%
def generalization_gap(history: History) -> float:
    """How much better the model is on what it has trained on.

    Args:
        history: as `fit` returns it; left as it was.

    Returns:
        Training accuracy minus validation accuracy of the last epoch, a Python float, unrounded: 0.3 means thirty points of a
        hundred.
    """
    # TODO generalization_gap: Which two entries of the history tell learning from memorising?
    raise NotImplementedError("generalization_gap")


# %% [markdown]
# ## All together
# `python -m exercises.ex02_asl` (or `course run 02`). Expect nearly 1.00 on the training data and far less on the
# validation data.


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    train_csv, valid_csv = run.signs()
    train_set, valid_set = SignDataset(train_csv), SignDataset(valid_csv)
    train_loader = DataLoader(train_set, run.batch_size, shuffle=True)
    valid_loader = DataLoader(valid_set, run.batch_size)
    model = compile_model(build_model(), torch.zeros(run.batch_size, 784)) if run.compile else build_model()
    run.take(fit(model, train_loader, valid_loader, run.n_epochs, run.lr))
    print(f"The gap between training and validation is {generalization_gap(run.history):.3f}.")
    run.finish(model, valid_loader, names=run.letters)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("02", epochs=20, lr=5e-4, compile=False))
