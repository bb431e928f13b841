# %% [markdown]
# # 03 Convolutional networks
#
# Project 02 ended badly. The dense network read {measured: 02 MLP, training} of its training
# signs, and only {measured: 02 MLP, unseen signers} of the signs of people whom it had not met.
# Moving a picture by two pixels was enough to confuse it.
#
# Think of what it sees: 784 numbers, without knowing which of them are neighbours. If the hand
# moves by three pixels, every input changes. A *convolution* looks at the picture through a
# small window and moves that window across it, with the same few weights everywhere. An edge is
# an edge wherever it is, so it needs to be learned only once. How much of the gap does that
# close?

# %% [markdown]
# ## What you will be able to do
#
# By the end of this project you can compute a convolution with pencil and paper, say what batch
# normalisation does in training and in use, follow the shape of a tensor through a network, and
# count its parameters before you build it.
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
# *Difficulty 1 of 5 · matters 3 of 5 · about 10 minutes for someone new (a guess) · 5 points*
#
# A convolution reads `(B, C, H, W)`: batch, channels, height, width. A grey picture has one
# channel, so a sign is `(1, 28, 28)`, and a batch of 32 is `(32, 1, 28, 28)`. The file, the
# range of the values and the labels without a gap are those of project 02.
#
# The 784 values of a row are the picture's rows from top to bottom, so value number 28 · r + c
# belongs to row r and column c, all counted from 0. Reshaping a row to 28 × 28 puts each value
# in its place, and moves nothing in memory.


# %%
class SignImages(Dataset):
    """The signs of a CSV file as pictures.

    `dataset[i]` is (image, label): the image float32 (1, 28, 28), each value the pixel divided
    by 255, and the label a class from 0 to 23 with no gap, which a `DataLoader` turns into
    int64 (B,); they are the same each time. Every row is an item, in the order of the file.

    Args:
        csv: path of a file with a header and one or more rows `label,pixel1,…,pixel784`; labels
            0 to 24 without 9, pixels 0 to 255. NumPy and the module `csv` can read it; pandas
            is not installed.
    """

    def __init__(self, csv: str | Path) -> None:
        ### BEGIN SOLUTION
        table = np.loadtxt(csv, delimiter=",", skiprows=1, dtype=np.int64, ndmin=2)
        labels = table[:, 0]
        self.labels = torch.from_numpy(labels - (labels > 9))
        self.images = (torch.from_numpy(table[:, 1:]).float() / 255).view(-1, 1, 28, 28)
        ### END SOLUTION

    def __len__(self) -> int:
        """How many signs there are."""
        ### BEGIN SOLUTION
        return len(self.labels)
        ### END SOLUTION

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One sign: (image, label) as said above."""
        ### BEGIN SOLUTION
        return self.images[index], self.labels[index]
        ### END SOLUTION


# %% [markdown]
# ## One stage
# *Difficulty 3 of 5 · matters 5 of 5 · about 25 minutes for someone new (a guess) · 8 points*
#
# A stage turns a stack of pictures, called *feature maps* or just maps, into a stack of smaller
# maps that say more. It has five steps.
#
# ### 1. Convolution
#
# The window is 3 × 3. Its nine weights form the *kernel*. At each place, multiply each pixel
# below the window by the weight above it, and add up the nine products. Here is a patch of a
# picture, dark on the left and bright on the right, and a kernel that compares right with left:
#
# ![Tables of numbers: a 5 by 5 patch with an upper left 3 by 3 window shaded, a 3 by 3 kernel
# with columns minus 1, 0 and 1, and the 3 by 3 feature map with 8, 24, 16 in its first row, 16,
# 24, 8 in its second and 24, 16, 0 in its third](figure:convolution)
#
# *The shaded window gives the shaded number. Move the window one pixel to the right for the
# next one.*
#
# The shaded window first, row by row:
#
# $$
# \begin{aligned}
# &(-1) \cdot 1 + 0 \cdot 1 + 1 \cdot 1 \\
# +\ &(-1) \cdot 1 + 0 \cdot 1 + 1 \cdot 1 \\
# +\ &(-1) \cdot 1 + 0 \cdot 1 + 1 \cdot 9 = 0 + 0 + 8 = 8.
# \end{aligned}
# $$
#
# One pixel to the right, each row of the window gives 9 − 1 = 8, so the result is 24: an edge
# in full view. In the lower right corner all nine pixels are 9, and the result is 0: this
# kernel does not care how bright a surface is, only where the brightness changes. It is an edge
# detector, and nobody needs to design it. The network starts with random kernels, and gradient
# descent turns them into whatever makes the loss smaller.
#
# In general, let $k$ be a kernel and $x$ a map. The operation that you have just done is
#
# $$(k \star x)[r, c] = \sum_{i=0}^{2} \sum_{j=0}^{2} k[i, j]\; x[r + i, c + j],$$
#
# which mathematicians call a *cross-correlation* and deep learning calls a convolution. A layer
# with several maps going in and several coming out has a kernel $k_{oi}$ for each pair, and a
# bias $b_o$ for each map that comes out:
#
# $$y_o = b_o + \sum_i k_{oi} \star x_i.$$
#
# A 5 × 5 patch gives only 3 × 3 results, because the window must not stick out. With a margin
# of one pixel of zeros around the picture (`padding=1`), height and width stay as they are.
#
# <details><summary>How many weights does a 3 × 3 convolution from 1 map to 25 have, and how
# many would a dense layer need for the same sizes?</summary>
#
# The convolution: 25 kernels of 9 weights and 25 biases, 250 in all. A dense layer from 784
# pixels to 25 maps of 784 values: 784 · 19,600 weights and 19,600 biases, more than 15 million.
# Sharing the weights is what makes the difference, and it is also why a shifted picture gives
# shifted maps.
#
# </details>
#
# ### 2. Batch normalisation
#
# If the values of a map grow during training, the next layer has to adapt to larger inputs all
# the time. Batch normalisation gives each map mean 0 and variance 1 over the batch. Then it
# multiplies the map by a scale and adds a shift, which are learned and start at 1 and 0.
#
# Four values of a map are enough to see what it does: 2, 4, 4 and 10. Their mean is 5. The
# squared distances from it are 9, 1, 1 and 25, so the variance is 36 / 4 = 9 and the standard
# deviation 3. Subtract the mean, divide by the standard deviation:
#
# | | | | | |
# |---|---|---|---|---|
# | value | 2 | 4 | 4 | 10 |
# | in train mode | −1.000 | −0.333 | −0.333 | 1.667 |
# | in eval mode, after this one batch | 1.035 | 2.415 | 2.415 | 6.556 |
# | in eval mode, after many such batches | −0.866 | −0.289 | −0.289 | 1.443 |
#
# Why do the two modes differ? In use, a picture's scores must not depend on the other pictures
# that happen to be in its batch; there may be only one. So the layer keeps a *running mean* and
# a *running variance*, and uses these in eval mode. They start at 0 and 1. Each training batch
# moves them a tenth of the way: the running mean becomes 0.9 · 0 + 0.1 · 5 = 0.5, the running
# variance 0.9 · 1 + 0.1 · 12 = 2.1. (The 12 is 36 / 3: for the running variance PyTorch divides
# by the number of values minus one.) After one batch they are still far off; after many similar
# batches they have arrived at 5 and 12.
#
# Remember that running statistics move in train mode even if nothing requires a gradient. In
# project 05b this will be a trap.
#
# ### 3. ReLU
#
# The non-linearity, as before: negative values become 0.
#
# ### 4. Dropout, optionally
#
# In training, each value is set to zero with a certain probability, anew in each pass, so that
# no map can rely on a single other one. The values that are kept are divided by 1 − that
# probability, so that the sums stay about as large: with 0.2, a value 4 becomes 5 or 0. In eval
# mode dropout does nothing.
#
# ### 5. Max pooling
#
# Keep the largest of each square of 2 × 2 values. Height and width are halved, rounded down, so
# 7 becomes 3:
#
# ![A table of 4 by 4 numbers, divided into four squares, and the 2 by 2 table of their largest
# values: 5 and 4, 2 and 8](figure:max-pooling)
#
# *It keeps what was found, and forgets exactly where.*
#
# Pooling makes the maps cheaper. It also makes them a little indifferent to position: if the 5
# moves within its square, nothing changes.
#
# <details><summary>Does the order of ReLU and max pooling matter?</summary>
#
# Not for the result: the largest of four values, cut off at zero, is the same as the largest of
# the four values that were cut off. The order of batch normalisation and ReLU does matter,
# because normalising moves the zero at which ReLU cuts.
#
# </details>


# %%
def conv_block(in_channels: int, out_channels: int, dropout: float = 0.0) -> nn.Module:
    """One stage, in this order: 3 × 3 convolution, batch normalisation, ReLU, dropout, 2 × 2
    max pooling.

    The convolution reads all maps, with a margin of one pixel of zeros; its weights are one
    parameter, and so is its bias, if it has one. Batch normalisation has a scale and a shift
    for each map that are learned, and a running mean and variance that go a part of 0.03 to 0.5
    of the way to those of each batch (PyTorch: 0.1), or are the plain mean of all batches
    (`momentum=None`).

    Args:
        in_channels: maps that go in; left as they are.
        out_channels: maps that come out.
        dropout: probability that a value is dropped in train mode, each value by itself and
            anew in each pass; those that are kept are divided by 1 - dropout. 0 drops none.

    Returns:
        A module: float32 (B, in_channels, H, W) -> float32 (B, out_channels, H // 2, W // 2),
        all of whose parameters can learn.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.MaxPool2d(2),
    )
    ### END SOLUTION


# %% [markdown]
# ## From stages to a classifier
# *Difficulty 3 of 5 · matters 5 of 5 · about 30 minutes for someone new (a guess) · 7 points*
#
# Three stages make 28 × 28 into 14 × 14, 7 × 7 and 3 × 3, while the number of maps grows. What
# is left is flattened, and goes through a dense layer with dropout to 24 logits.
#
# ```
# (B, 1, 28, 28) -> (B, 25, 14, 14) -> (B, 50, 7, 7) -> (B, 75, 3, 3)
#                -> flatten (B, 675) -> (B, 512) -> (B, 24)
# ```
#
# The first kernels see 3 × 3 pixels, too few for a finger. But a window in the second stage
# covers 3 × 3 values that have each seen some pixels of their own. Follow it through the
# network: a value has seen 3 × 3 pixels after the first convolution, 4 × 4 after the first
# pooling, then 8 × 8, 10 × 10, 18 × 18, and one of the 3 × 3 places at the end has seen 22 × 22
# pixels, nearly the whole hand. Edges become corners, corners become fingertips.
#
# After training you can look at what the first stage has found:
#
# ![Eight learned kernels as 3 by 3 squares in red and blue, and below each the feature map that
# it makes of one sign. Some maps light up along one side of the fingers, some along the other,
# some on the whole hand](figure:filters)
#
# *Eight kernels of the trained network (blue is positive) and what they make of a v. Nobody has
# told it to look for edges.*
#
# <details><summary>Which input size must the first dense layer have if you use only two
# stages?</summary>
#
# After two stages a map is 7 × 7. With 50 maps that is 50 · 7 · 7 = 2,450. If you are not sure,
# send a batch of zeros through the stages and print its shape.
#
# </details>


# %%
def build_model(n_classes: int = 24) -> nn.Module:
    """A convolutional classifier.

    Returns:
        A module that maps float32 (B, 1, 28, 28) to float32 logits (B, n_classes): scores of
        any size and sign, with nothing behind the last layer in either mode. Each row depends
        on its own image only, but for what batch normalisation takes from the batch in train
        mode. The images are left as they are. Every parameter takes part. After eight epochs of
        the course's training it reads unseen hands better than a dense network does, by at
        least 0.10.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        conv_block(1, 25),
        conv_block(25, 50, dropout=0.2),
        conv_block(50, 75),
        nn.Flatten(),
        nn.Linear(75 * 3 * 3, 512),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Linear(512, n_classes),
    )
    ### END SOLUTION


# %% [markdown]
# ## What does it cost?
# *Difficulty 2 of 5 · matters 2 of 5 · about 10 minutes for someone new (a guess) · 3 points*
#
# The usual measure of a network's size is its number of trainable parameters. A 3 × 3
# convolution from 25 maps to 50 has $25 \cdot 50 \cdot 9 + 50 = 11{,}300$ of them, however
# large the picture is. Parameters that are frozen (`requires_grad=False`) do not count, because
# training does not change them.
#
# Our network, part by part:
#
# | part | parameters |
# |---|---|
# | first stage: convolution, and scale and shift | 250 + 50 |
# | second stage | 11,300 + 100 |
# | third stage | 33,825 + 150 |
# | dense layer from 675 to 512 | 346,112 |
# | dense layer from 512 to 24 | 12,312 |
# | together | 404,099 |
#
# The three stages together have 45,675. Most of the parameters sit in the one dense layer
# behind them. The dense network of project 02 has 676,888.


# %%
def count_parameters(model: nn.Module) -> int:
    """How many numbers the optimizer can change.

    Args:
        model: any module, in any mode, on any device, "meta" too; left as it is. A parameter
            that is used in two places counts once.

    Returns:
        The number of elements of all parameters that require a gradient, a Python int.
    """
    ### BEGIN SOLUTION
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    ### END SOLUTION


# %% [markdown]
# ## All together
#
# `course run 03` (or `python -m exercises.ex03_cnn`) trains your network. The data are the
# same, the loop is the same, only the layers are new. And one thing more: `course.training.fit`
# lets the *learning rate fall* from epoch to epoch, along half a cosine from its first value to
# nearly zero. Adam's steps hardly get smaller when there is almost nothing left to learn, so at
# a constant rate the network that you keep is that of whichever epoch came last, a lucky one or
# not. Over five seeds our solution reads {measured: 03 CNN, unseen signers} of the signs of
# unseen signers, where the dense network read {measured: 02 MLP, unseen signers}:
#
# ![Two charts of accuracy over the epochs. Dense network: training climbs to 1, validation
# stays below 0.5. Convolutional network: training climbs to 1, and validation follows it to
# well above 0.8](figure:dense-and-cnn)
#
# *Both networks can read every training sign. What they have learned from them is not the
# same.*
#
# And the test that the dense network failed, training signs moved to the right:
#
# ![Accuracy against a shift of 0 to 6 pixels. The dashed line of the dense network falls at
# once; the line of the convolutional network stays near 1 for a pixel or two and falls
# later](figure:moved)
#
# Moved by two pixels, the dense network keeps {kept: moved.dense.2} and the convolutional one
# {kept: moved.cnn.2}. It is not indifferent to position: a shifted picture gives shifted maps,
# and pooling hides only a little of the shift. The dense layer at the end still knows the
# places.
#
# **Your own network may end elsewhere.** The check of `build_model` trains yours for eight
# epochs and asks that it beat the dense network on unseen signers by at least 0.10. So a
# smaller network can earn all the points and end well below ours.

# %% [markdown]
# ## Try it: predict, then run
#
# `course try 03 --point` and `--raw` ask for your guess, run the first two with your own
# functions, and show both side by side.
#
# 1. **1 × 1 instead of 3 × 3.** In your `conv_block`, set `kernel_size=1, padding=0`. The
#    network can no longer compare neighbours, except by pooling. Where will the validation
#    accuracy end: near the dense network's, near the CNN's, in between?
# 2. **Without batch normalisation.** Take it out of `conv_block`. Does the network still learn?
# 3. **Less than a hundredth of the parameters.** Use 8 maps in each stage, and go from the 8 ·
#    3 · 3 = 72 values straight to the 24 logits. How much accuracy do you expect to lose?
#
# <details><summary>What did we see?</summary>
#
# Our runs, and yours will be close. (1) {kept: experiments.one_by_one}, no better than the
# dense network: a kernel that cannot compare neighbours finds no edges. (2) It learns, and ends
# at {kept: experiments.not_normalised}. Batch normalisation does not only speed up training;
# here it also helps on unseen hands. (3) {kept: experiments.small}, with {kept:
# experiments.small_parameters} parameters. The dense network has 222 times as many and reads
# {measured: 02 MLP, unseen signers}.
#
# </details>
#
# ### A bonus, which no check grades
#
# Write the convolution yourself: two loops over r and c, and in each a product and a sum.
# Compare with `torch.nn.functional.conv2d` on the patch above. Then find a kernel that blurs,
# one that shifts the picture by one pixel, and one that answers to horizontal edges.

# %% [markdown]
# ## What to remember
#
# A convolution uses the same few weights at every place, so that it learns an edge once and
# finds it everywhere. Batch normalisation uses the batch in train mode and its running
# statistics in eval mode, and the two can be far apart. Pooling keeps what was found, and gives
# up some of where. Stages stack: each kernel sees more of the picture than the one before. Most
# parameters of a small convolutional network are in its dense layers, and more parameters do
# not make it better on unseen data.
#
# ### Three questions to check yourself
#
# <details><summary>A picture with three colour channels goes into a convolution with 10 kernels
# of 5 × 5. How many parameters does it have?</summary>
#
# Each of the 10 maps that come out has a 5 × 5 kernel for each of the 3 channels, and one bias:
# 10 · (3 · 25 + 1) = 760.
#
# </details>
#
# <details><summary>Your network gives one picture different scores, depending on which other
# pictures are in the batch. What did you forget?</summary>
#
# `model.eval()`. In training mode, batch normalisation uses the mean and variance of this very
# batch, and dropout draws at random.
#
# </details>
#
# <details><summary>All training signs are right, but only {measured: 03 CNN, unseen signers} of
# the unseen ones. Would a larger network help?</summary>
#
# Hardly. The network already reads everything that it has been shown. What it lacks is variety:
# it has seen ten people, each from nearly one angle.
#
# </details>
#
# ### To read on
#
# - *Dive into Deep Learning*, the chapter on convolutional neural networks:
#   <https://d2l.ai/chapter_convolutional-neural-networks/index.html>
# - V. Dumoulin and F. Visin, *A guide to convolution arithmetic for deep learning* (2016),
#   sizes and margins in pictures: <https://arxiv.org/abs/1603.07285>
# - S. Ioffe and C. Szegedy, *Batch normalization* (2015): <https://arxiv.org/abs/1502.03167>
# - M. Zeiler and R. Fergus, *Visualizing and understanding convolutional networks* (2013), what
#   later stages look for: <https://arxiv.org/abs/1311.2901>
# - Installed with the course: `help(nn.Conv2d)`, `help(nn.BatchNorm2d)`, `help(nn.MaxPool2d)`,
#   `help(nn.Dropout)`
#
# ### What is left open
#
# From {measured: 02 MLP, unseen signers} to {measured: 03 CNN, unseen signers} on unseen
# signers, with the same pictures and fewer parameters. But the training signs are still read
# without a mistake, so a gap remains: ten signers are ten signers. In project 04a you make new
# pictures out of the old ones.


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    train_csv, valid_csv = run.signs()
    train_set, valid_set = SignImages(train_csv), SignImages(valid_csv)
    train_loader, valid_loader = (
        DataLoader(train_set, run.batch_size, shuffle=True),
        DataLoader(valid_set, run.batch_size),
    )
    model = build_model().to(run.device)
    print(f"{count_parameters(model):,} parameters")
    run.take(fit(model, train_loader, valid_loader, epochs=run.n_epochs, lr=run.lr))
    run.finish(model, valid_loader, names=run.letters)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("03", epochs=12, lr=2e-3))
