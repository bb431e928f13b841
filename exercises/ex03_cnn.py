# Made from solutions/ex03_cnn.py by `course author make`; yours to edit from here on. (stub 5c90380d3a42cdcc)
# %% [markdown]
# # 03 Convolutional networks
#
# The dense network of project 02 sees 784 numbers without knowing which of them are neighbours. If the hand moves by
# three pixels, every input changes. A *convolution* looks at a small window and moves it over the picture: the same few
# weights everywhere. An edge is an edge wherever it is, and it has to be learned only once.
#
# | part | question that it answers |
# |---|---|
# | `SignImages` | which shape does a convolution read? |
# | `conv_block` | what is one stage of a convolutional network made of? |
# | `build_model` | how do stages become a classifier? |
# | `count_parameters` | what does it cost? |

# %%
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from course.training import fit

# %% [markdown]
# ## Pictures again
# A convolution reads `(B, C, H, W)`: batch, channels, height, width. A grey picture has one channel, so a sign is `(1,
# 28, 28)`. The file, the range of values and the labels without a gap are those of project 02.


# %%
class SignImages(Dataset):
    """The signs of a CSV file as pictures.

    `dataset[i]` is (image, label): float32 (1, 28, 28), each value the pixel divided by 255, and the class 0 to 23 with no gap,
    int64 in a batch; they are the same each time. Every row is an item, in the order of the file.

    Args:
        csv: path of a file with a header and one or more rows `label,pixel1,…,pixel784`; labels 0 to 24 without 9, pixels 0 to
            255. NumPy and the module `csv` can read it; pandas is not installed.
    """

    def __init__(self, csv: str | Path) -> None:
        # TODO SignImages: Which shape does a convolution read, and where do the channels stand?
        raise NotImplementedError("SignImages")

    def __len__(self) -> int:
        """How many signs there are."""
        # TODO SignImages: Which shape does a convolution read, and where do the channels stand?
        raise NotImplementedError("SignImages")

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One sign: (image, label) as said above."""
        # TODO SignImages: Which shape does a convolution read, and where do the channels stand?
        raise NotImplementedError("SignImages")


# %% [markdown]
# ## One stage
# A stage turns a stack of maps into a stack of more telling and smaller maps:
#
# 1. **convolution** 3 × 3 with a margin of one pixel (`padding=1`), so that height and width stay: $y_o = b_o +
#    \sum_i w_{oi} * x_i$;
# 2. **batch normalisation**: each map gets mean 0 and variance 1 over the batch, then a scale and a shift of its own,
#    which are learned. In
#    eval mode it uses the running mean and variance instead, so that a picture's scores do not depend on its
#    neighbours;
# 3. **ReLU**: the bend;
# 4. **dropout** (optional): in training, each value is set to zero with this probability, so that no map relies on a
#    single other one;
# 5. **max pooling** 2 × 2: keep the largest of four neighbours; height and width are halved (rounded down: 7 becomes
#    3).


# %%
def conv_block(in_channels: int, out_channels: int, dropout: float = 0.0) -> nn.Module:
    """One stage, in this order: 3 × 3 convolution, batch normalisation, ReLU, dropout, 2 × 2 max pooling.

    The convolution reads all maps, with a margin of one pixel of zeros. Batch normalisation has a scale and a shift for each
    map that are learned, and a running mean and variance that go a part of 0.03 to 0.5 of the way to those of each batch
    (PyTorch: 0.1).

    Args:
        in_channels: maps that go in; left as they are.
        out_channels: maps that come out.
        dropout: probability that a value is dropped in train mode, each value by itself and anew in each pass; those that are kept
            are divided by 1 - dropout. 0 drops none.

    Returns:
        A module: float32 (B, in_channels, H, W) -> float32 (B, out_channels, H // 2, W // 2), all of whose parameters can learn.
    """
    # TODO conv_block: In which order do convolution, normalisation, activation, dropout and pooling come?
    raise NotImplementedError("conv_block")


# %% [markdown]
# ## From stages to a classifier
# Three stages make 28 × 28 into 14 × 14, 7 × 7 and 3 × 3 while the number of maps grows. What is left is flattened and
# goes through a dense layer with dropout to 24 logits.
#
# ```
# (B, 1, 28, 28) -> (B, 25, 14, 14) -> (B, 50, 7, 7) -> (B, 75, 3, 3) -> flatten (B, 675) -> (B, 512) -> (B, 24)
# ```
#
# Look for: fewer parameters than the dense network had, and more right answers on unseen hands.


# %%
def build_model(n_classes: int = 24) -> nn.Module:
    """A convolutional classifier.

    Returns:
        A module that maps float32 (B, 1, 28, 28) to float32 logits (B, n_classes): scores of any size and sign, with nothing
        behind the last layer in either mode. Each row depends on its own image only, but for what batch normalisation takes
        from the batch in train mode. The images are left as they are. Every parameter takes part. After eight epochs of the
        course's training it reads unseen hands better than a dense network does, by at least 0.10.
    """
    # TODO build_model: How large is the image after each pooling, and how many values does flattening give?
    raise NotImplementedError("build_model")


# %% [markdown]
# ## What does it cost?
# The number of adjustable numbers is the usual measure of a network's size. A 3 × 3 convolution from 25 to 50 maps has
# $25 \cdot 50 \cdot 9 + 50$ of them, however large the picture is. Parameters that are frozen (`requires_grad=False`)
# do not count: nobody adjusts them.


# %%
def count_parameters(model: nn.Module) -> int:
    """How many numbers the optimizer can change.

    Args:
        model: any module, in any mode; left as it is. A parameter that is used in two places counts once.

    Returns:
        The number of elements of all parameters that require a gradient, a Python int.
    """
    # TODO count_parameters: Which parameters does the optimizer change?
    raise NotImplementedError("count_parameters")


# %% [markdown]
# ## All together
# `python -m exercises.ex03_cnn` (or `course run 03`). Compare the last line with that of project 02: same data, same
# loop, another kind of layer.


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    train_csv, valid_csv = run.signs()
    train_set, valid_set = SignImages(train_csv), SignImages(valid_csv)
    train_loader, valid_loader = (
        DataLoader(train_set, run.batch_size, shuffle=True),
        DataLoader(valid_set, run.batch_size),
    )
    model = build_model()
    print(f"{count_parameters(model):,} parameters")
    run.take(fit(model, train_loader, valid_loader, epochs=run.n_epochs, lr=run.lr))
    run.finish(model, valid_loader, names=run.letters)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("03", epochs=12))
