# %% [markdown]
# # 01 Handwritten digits with a dense network
#
# How do you write a program that reads a handwritten digit? Try to put the rule for a 7 into
# words: a stroke across the top, another one that slants down. Then somebody crosses the 7, or
# writes it like a 1. Add rules for a week, and the next writer will break them.
#
# So you write no rule. You write a function with about 670,000 adjustable numbers,
# its *weights*, and a loop that shows it example after example and changes the weights a little
# each time. The function that comes out reads {measured: 01 dense network, unseen writers} of
# the digits of writers whom it has never met.

# %% [markdown]
# ## What you will be able to do
#
# By the end of this project you can write a training loop from memory, say what each of its
# steps does, and tell a network that has learned from one that has only memorised. You learn
# from 10,000 pictures, the *training data*, and measure on 2,000 others, by other writers:
# the *validation data*. (A program drew them for the course, in the file format of the real
# MNIST; `course data` says how to get that.)
#
# | part | question that it answers |
# |---|---|
# | `make_transforms` | how does a picture become a tensor? |
# | `make_loaders` | in what portions, and in what order, does the network see the pictures? |
# | `build_model` | which function do you adjust? |
# | `batch_accuracy` | how often is it right? |
# | `train_epoch` | how does it get better? |
# | `validate` | is it better on pictures that it has never seen? |
#
# PyTorch's documentation works offline: `help(nn.Linear)`, or `nn.Linear?` in a notebook cell.

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
# *Difficulty 1 of 5 · matters 4 of 5 · about 10 minutes for someone new (a guess) · 4 points*
#
# A digit arrives as a picture of 28 × 28 grey values. Each is a byte: 0 is the dark background,
# 255 is ink. It has to become a *tensor*, PyTorch's array: like one of numpy's, but it can live
# on a GPU, and remember how it was computed.
#
# **The values.** A network computes sums of many inputs, each multiplied by a weight. The
# weights that it starts with are chosen for inputs of about the size of 1; with values up to
# 255 the first changes to them go much too far. So you divide by 255. (Forget it, and nothing
# crashes: the network only learns worse.) The type has to change too. A byte cannot hold 0.5,
# and it wraps around silently: as `uint8`, 200 + 100 is 44. Networks compute in `float32`.
#
# **The shape.** PyTorch wants the channels first, then height and width: a grey picture is
# `(1, 28, 28)`, a colour picture would be `(3, 28, 28)`. PIL, the library that opens picture
# files, says (width, height), and calls a grey picture's mode "L". In the docstrings H and W
# are height and width, B is the number of pictures in a batch, and K the number of classes.
#
# torchvision's `v2` has each step ready made: look at `help(v2.ToImage)`, `help(v2.ToDtype)`
# and `help(v2.Compose)`.


# %%
def make_transforms() -> Callable[[Image.Image], torch.Tensor]:
    """The transform from a grey picture to what the network reads.

    Returns:
        A callable: a PIL image of mode "L" and any size (W, H) -> float32 tensor (1, H, W),
        each value the pixel / 255, so within [0, 1]. The same picture always gives the same
        tensor, whatever came before or comes after it; the picture is left as it was.
    """
    ### BEGIN SOLUTION
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
    ### END SOLUTION


# %% [markdown]
# ## Batches and their order
# *Difficulty 2 of 5 · matters 4 of 5 · about 15 minutes for someone new (a guess) · 5 points*
#
# The network learns from a *batch* of pictures at a time, and after each batch it changes its
# weights once. That is a *step*. One picture would be a poor guide: what helps with this 4 may
# hurt with most others. The average over 32 is a far better one. But with all 10,000 at once
# you would take a single step where you could have taken 313.
#
# 10,000 pictures in batches of 32 make 312 full batches, and a last one that holds only 16.
# Those 16 count too.
#
# So that the network cannot pick up their order, the training pictures are shuffled anew before
# every *epoch*, which is one pass over all of them.
#
# In PyTorch a `Dataset` hands out one item when you name its number. A `DataLoader` deals out
# the items of a data set in batches.


# %%
def make_loaders(
    train_set: Dataset, valid_set: Dataset, batch_size: int = 32
) -> tuple[DataLoader, DataLoader]:
    """Loaders of training and of validation data.

    Args:
        train_set: pairs of image (1, H, W) and label.
        valid_set: the same, of pictures that are never trained on.
        batch_size: items in a batch; the last batch may hold fewer.

    Returns:
        (train_loader, valid_loader). Both give (images (B, 1, H, W), labels (B,)), and every
        item exactly once an epoch, asking the data set for it anew in each.
        The first one gives them in a new random order each epoch, the second one in the order
        of the data set.
    """
    ### BEGIN SOLUTION
    train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size=batch_size)
    return train_loader, valid_loader
    ### END SOLUTION


# %% [markdown]
# ## The function that you adjust
# *Difficulty 2 of 5 · matters 5 of 5 · about 20 minutes for someone new (a guess) · 6 points*
#
# A *linear layer* computes
#
# $$y = Wx + b,$$
#
# so each of its outputs is a weighted sum of all inputs, plus a constant, the *bias*. 784
# pixels in, ten scores out, and the highest score wins: that is a model already, with a
# template for each digit:
#
# ![Ten small pictures of weights, one for each digit. The blue weights of the 0 form a ring
# around a red centre; those of the other digits are blurred blue strokes between red
# regions](figure:templates)
#
# *The weights of a linear model. Ink on blue pixels speaks for the digit, ink on red pixels
# against it.*
#
# One template cannot fit both a crossed 7 and a plain one. The linear model ends at {measured:
# 01 linear model, unseen writers}.
#
# Two linear layers do not help by themselves. Take one number instead of 784: if the first
# layer computes $2x + 1$ and the second $3h + 4$, together they compute
# $3(2x + 1) + 4 = 6x + 7$, which one layer could have done. Between them you need
# a *non-linearity*, usually $\mathrm{ReLU}(x) = \max(0, x)$. Now the same two layers compute
# $3\max(0, 2x + 1) + 4$: at $x = -2, -1, 0, 1$ that is 4, 4, 7, 13. No straight line goes
# through these points.
#
# The layers between input and output are called *hidden*; with 512 such values in each of two,
# a network combines many templates. First, the 28 rows of a picture are laid end to end,
# or *flattened*.
#
# ```
# (B, 1, 28, 28) --flatten--> (B, 784) --linear, ReLU--> (B, 512)
#                --linear, ReLU--> (B, 512) --linear--> (B, 10)
# ```
#
# Each arrow is a module (`nn.Flatten`, `nn.Linear`, `nn.ReLU`), and `nn.Sequential` runs
# modules one after another.
#
# ### From scores to a loss
#
# The ten outputs are *logits*: scores of any size, positive or negative. *Softmax* turns them
# into probabilities, and the *cross entropy* is the negative logarithm (the natural one,
# `math.log`) of the probability that the right class $y$ gets:
#
# $$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \ell = -\log p_y.$$
#
# By hand, with the logits 2, 1 and −1: the exponentials are 7.389, 2.718 and 0.368; their sum
# is 10.475. Divide by it:
#
# ![Two bar charts. The logits 2, 1 and minus 1 become the probabilities 0.705, 0.259 and
# 0.035](figure:softmax)
#
# If class 0 is right, the loss is −log 0.705 = 0.35. If class 2 is right, it is −log 0.035 =
# 3.35: confident and wrong is expensive. A network that has not learned anything gives each of
# ten classes about 0.1, and −log 0.1 = 2.303. If your first loss is far above that, look at
# your input values.
#
# Your network ends with logits, without a softmax, because `nn.CrossEntropyLoss` applies
# softmax itself, in a way that does not overflow.
#
# <details><summary>What goes wrong if you add a softmax to the network anyway?</summary>
#
# The loss takes the probabilities for logits, and applies softmax again. Even a perfect answer,
# 1 for the right digit and 0 for the nine others, becomes $e / (e + 9) = 0.232$, and the loss
# cannot fall below 1.461.
#
# </details>


# %%
def build_model(n_classes: int = 10) -> nn.Module:
    """A dense network with at least one hidden layer.

    Args:
        n_classes: how many scores come out.

    Returns:
        A module that maps float32 (B, 1, 28, 28) to float32 logits (B, n_classes): scores of
        any size and sign, with nothing behind the last layer in either mode. Each row depends
        on its own image only, in train mode too: no batch normalisation. The images are left as
        they are. Every parameter takes part. After eight epochs of the course's training it
        reads at least 0.95 of unseen digits.
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
# *Difficulty 2 of 5 · matters 4 of 5 · about 15 minutes for someone new (a guess) · 4 points*
#
# The network's answer is the class with the highest logit. *Accuracy* is the fraction of right
# answers. Three pictures, three classes:
#
# | logits | answer | label | |
# |---|---|---|---|
# | 2, 1, −1 | 0 | 0 | right |
# | 0, 3, 1 | 1 | 1 | right |
# | 1, 0, 2 | 2 | 1 | wrong |
#
# Two of three are right, so the accuracy is 0.667. Guessing among ten digits gives 0.1.
#
# <details><summary>If accuracy is what you care about, why do you train with the
# loss?</summary>
#
# Because accuracy moves in jumps: change a weight by a millionth, and almost certainly no
# answer changes. The loss changes a little, and that is what a gradient needs.
#
# </details>


# %%
def batch_accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The fraction of images whose highest logit is that of the right class.

    Args:
        logits: float (B, K), B at least 1; in training they carry a graph (they remember how
            they were computed).
        labels: int64 (B,), values 0 to K - 1.

    Returns:
        A Python float from 0.0 to 1.0.
    """
    ### BEGIN SOLUTION
    return (logits.argmax(dim=1) == labels).float().mean().item()
    ### END SOLUTION


# %% [markdown]
# ## How it gets better
# *Difficulty 4 of 5 · matters 5 of 5 · about 40 minutes for someone new (a guess) · 8 points*
#
# Here is all of deep learning with a single weight. The network computes $wx$; the picture is
# $x = 2$, the right output is 3, and the loss is the squared error $(wx - 3)^2$. The weight
# starts at $w = 0$.
#
# 1. **Forward**: the output is 0 · 2 = 0.
# 2. **Loss**: (0 − 3)² = 9.
# 3. **Backward**: the derivative of the loss with respect to $w$ is $2(wx - 3)x$ = 2 · (−3) ·
#    2 = −12. It is negative: a larger weight would make the loss smaller.
# 4. **Step**: go against the gradient, by the *learning rate* 0.05. The new weight is 0 − 0.05
#    · (−12) = 0.6.
#
# The output is now 1.2, and the loss has fallen from 9 to 3.24. Do it again: the gradient is
# −7.2, the weight becomes 0.96, the loss 1.166. The best weight is 1.5, and each step goes part
# of the way. With a learning rate of 0.26 the first step goes to 3.12, beyond the best weight,
# and the loss *rises* to 10.498:
#
# ![Two copies of a parabola, loss against weight. With learning rate 0.05 the numbered points
# walk down one side; with 0.26 they jump from side to side and climb](figure:gradient-steps)
#
# Your network has 669,706 weights instead of one. `backward` computes all their derivatives in
# one go, and the *optimizer*, an object that was given all the weights, changes them. For each
# batch, in this order:
#
# 1. **forward**, `model(images)`: logits from images;
# 2. **loss**, `loss_function(logits, labels)`: one number that says how wrong they are;
# 3. **zero_grad**, of the optimizer: forget the gradients of the batch before, because
#    `backward` *adds* to what is there;
# 4. **backward**, of the loss: the gradient of the loss for every *parameter*, which is any
#    weight or bias;
# 5. **step**, of the optimizer: it moves every parameter against its gradient.
#
# Without `zero_grad`, the second step above would use −12 + (−7.2) = −19.2, although the −12
# belongs to a weight that is gone.
#
# Some layers behave differently in training, so tell the network first: `model.train()`.
#
# ### The mean over pictures
#
# You also report the mean loss of the epoch, and there is a trap. Take ten pictures in batches
# of 4, 4 and 2, with mean losses 0.2, 0.3 and 1.0. Their mean is 0.5. But the mean over
# the *pictures* is (4 · 0.2 + 4 · 0.3 + 2 · 1.0) / 10 = 0.4. The mean of batch means gives the
# two pictures of the last batch twice the weight of the others. So add up (batch loss × batch
# size), and divide once, by the number of pictures.
#
# <details><summary>Why should you add up <code>loss.item()</code> and not
# <code>loss</code>?</summary>
#
# `loss` is a tensor with its history attached. A sum of them keeps all of it alive, and the
# memory fills up. `loss.item()` is a plain Python number.
#
# </details>
#
# ### On a GPU
#
# A tensor lives on a *device*: in main memory, where the CPU computes, or in that of a GPU,
# which is many times faster. After `model.to("cuda")` the weights are on the GPU, but the
# loader still makes its batches on the CPU, and the first layer stops with "Expected all
# tensors to be on the same device".
#
# One rule covers every case: *the model stays where it is, and each batch goes to the device of
# the model's parameters.*
#
# `next(model.parameters()).device` says where that is, and `x.to(where)` takes a tensor there.
# Images and labels both need it.
#
# (`.cuda()` is an error on a machine without a GPU.) This is a *bonus*, without points: the
# checks try your function on a pretend GPU.


# %%
def train_epoch(
    model: nn.Module, loader: DataLoader, loss_function: nn.Module, optimizer: torch.optim.Optimizer
) -> Metrics:
    """Train on every batch of the loader once: one step for each, along the whole gradient of
    its own loss.

    Args:
        model: maps images to logits (B, K); changed in place, in train mode; a frozen parameter
            stays as it is, and frozen. It stays on its device, and each batch goes there.
        loader: gives (images, labels (B,)) in a `for` loop, which may be all that it can do (it
            may have no length): `course run` hands over a progress bar; the last batch may be a
            single item.
        loss_function: the mean loss of logits and labels, such as `nn.CrossEntropyLoss()`.
        optimizer: over the model's parameters, in groups or not, none of which has a gradient
            yet; used as it is: what it remembers of earlier epochs, its learning rates and its
            other settings stay its own.

    Returns:
        Metrics(loss, accuracy): means over all items, as measured in the forward passes of
        training, both Python floats, unrounded.
    """
    ### BEGIN SOLUTION
    model.train()
    device = next(model.parameters()).device
    total_loss, right, items = 0.0, 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
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
# *Difficulty 3 of 5 · matters 5 of 5 · about 20 minutes for someone new (a guess) · 6 points*
#
# A student who has memorised last year's answers gets full marks on last year's exam. So you
# keep *held-out data* that the network never trains on: here the 2,000 digits of other writers.
# Measuring must change nothing, so there is no step. Layers that behave differently in training
# must behave as in use, hence `model.eval()`. That leaves gradients on; `torch.no_grad()` stops
# PyTorch from recording what `backward` would need.
#
# If the training accuracy keeps rising and the validation accuracy does not, the network has
# begun to memorise.


# %%
def validate(model: nn.Module, loader: DataLoader, loss_function: nn.Module) -> Metrics:
    """Measure the model on every batch of the loader, without changing it.

    Args:
        model: maps images to logits (B, K); used in eval mode, without gradients, and left in
            any mode; no parameter, gradient, buffer or other setting of it changes. It stays on
            its device, and each batch goes there.
        loader: gives (images, labels (B,)) in a `for` loop, as for `train_epoch`.
        loss_function: the mean loss of logits and labels; left as it was.

    Returns:
        Metrics(loss, accuracy): means over all items, measured anew in each call, both Python
        floats, unrounded.
    """
    ### BEGIN SOLUTION
    model.eval()
    device = next(model.parameters()).device
    total_loss, right, items = 0.0, 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            total_loss += loss_function(logits, labels).item() * len(labels)
            right += (logits.argmax(dim=1) == labels).sum().item()
            items += len(labels)
    return Metrics(total_loss / items, right / items)
    ### END SOLUTION


# %% [markdown]
# ## All together
#
# `course run 01` trains your network for five epochs, each at a lower learning rate than the
# one before (project 03 says why), and saves the model and its pictures; `--device cuda` takes
# an Nvidia GPU, `--device mps` an Apple one. Our solution ends between {measured: 01 dense
# network, unseen writers, least} and {measured: 01 dense network, unseen writers, greatest},
# with five seeds. One of these runs:
#
# ![Two line charts over five epochs. Loss falls and accuracy rises, steeply at first. The
# dashed validation curve levels off a little earlier than the training
# curve](figure:learning-curves)
#
# *The validation curve flattens first, but does not fall: this network has learned more than it
# has memorised.*
#
# Digits that it gets wrong, although it is sure (“4, not 9”: a 4 that it took for a 9):
#
# ![Eight digits that the network misread, each with the right answer and the network's answer
# above it, such as a 4 that looks like a 9](figure:wrong-digits)
#
# **Your own network may end elsewhere.** The checks ask for 0.95 after eight epochs, and the
# run has only five: you can earn all 33 points and still see less here. The width of the hidden
# layers decides how much the network can express:
#
# ![A curve of validation accuracy against the width of the hidden layers. It rises from about
# 0.8 at 8 values to 0.97 at 512, more slowly at each doubling](figure:width)
#
# With 8 values in each hidden layer the same training reaches {kept: width.accuracy.0}, with 64
# it reaches {kept: width.accuracy.2}, and with 512 {kept: width.accuracy.3}. Everything that
# the network knows about a picture passes through the narrowest layer.

# %% [markdown]
# ## Try it: predict, then run
#
# `course try 01` with `--rate 0.1`, `--batch 1000` or `--straight` asks for your guess, trains,
# and shows both.
#
# 1. **A hundred times the learning rate.** Which number from the lesson does the loss come back
#    to?
# 2. **A larger batch.** With 1,000 pictures it takes 10 steps an epoch instead of 313. Are five
#    epochs enough?
# 3. **No non-linearity.** Will your network without its ReLUs end near the dense network, or
#    near the linear model?
#
# <details><summary>What did we see?</summary>
#
# (1) {kept: experiments.fast}, with a training loss of {kept: experiments.fast_loss}: −log 0.1
# again, because all ten digits now get about the same probability. (2) {kept:
# experiments.large_batch}. Fifty steps get it far, but not to the end. (3) {kept:
# experiments.straight}, near the linear model: linear layers in a row are one.
#
# </details>
#
# ### A bonus, which no check grades
#
# Write `softmax_cross_entropy(logits, labels)` yourself and compare. Then try the logits 1000,
# 0 and −1000. $e^{1000}$ overflows, and the result is `nan`. Subtract the largest logit from
# all three first: why does that not change the probabilities?

# %% [markdown]
# ## What to remember
#
# A network is a function with many weights, and training changes them so that a loss gets
# smaller. The gradient says for each weight in which direction the loss grows; a step goes the
# other way, and the learning rate says how far. Without a non-linearity between them, two
# linear layers are one. A mean over an epoch is a mean over pictures, not over batches. What a
# network has learned shows only on data that it has not trained on.
#
# ### Three questions to check yourself
#
# <details><summary>The loss of your first batch is 2.31. Is that good or bad?</summary>
#
# Neither: −log 0.1 = 2.303 is what ten classes give before anything is learned.
#
# </details>
#
# <details><summary>A friend calls <code>zero_grad</code> right after <code>backward</code>.
# What does the network learn?</summary>
#
# Nothing. The gradients are gone before `step` can use them.
#
# </details>
#
# <details><summary>Training accuracy 0.99, validation accuracy 0.97. Training for another epoch
# gives 1.00 and 0.97. Was it worth it?</summary>
#
# Not for new digits: the network got better only at pictures whose answers it was given.
#
# </details>
#
# ### To read on
#
# - Y. LeCun and others, *Gradient-based learning applied to document recognition* (1998), where
#   MNIST comes from: <http://yann.lecun.com/exdb/publis/pdf/lecun-98.pdf>
# - A. Karpathy, *micrograd*, backpropagation in a hundred lines:
#   <https://github.com/karpathy/micrograd>
# - D. Kingma and J. Ba, *Adam: a method for stochastic optimization* (2015):
#   <https://arxiv.org/abs/1412.6980>
# - *Dive into Deep Learning*, on softmax regression:
#   <https://d2l.ai/chapter_linear-classification/index.html>
# - Installed with the course: `help(nn.CrossEntropyLoss)`, `help(torch.optim.Adam)`
#
# ### What is left open
#
# The digits were almost too easy. In project 02 you keep this loop, change the data, and watch
# it fail.


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    from torchvision.datasets import MNIST

    folder = run.data("mnist")
    train_set, valid_set = (
        MNIST(str(folder), train=train, transform=make_transforms()) for train in (True, False)
    )
    train_loader, valid_loader = make_loaders(train_set, valid_set, run.batch_size)
    model = build_model().to(run.device)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=run.lr)
    # smaller steps in each epoch, to end calmly
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.6)
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
