# %% [markdown]
# # 02 American Sign Language with the same workflow
#
# In project 01 the network read {measured: 01 dense network, unseen writers} of the digits of
# unseen writers. Was that the method, or were the digits easy? Here is a harder test: pictures
# of hands.
#
# The manual alphabet of American Sign Language has a hand shape for each letter. Two of them, j
# and z, are drawn into the air, so pictures show the other 24. You keep the workflow of project
# 01 and change only the data. At first it goes well: the network reads every one of its
# training pictures. Then somebody else holds up a hand, and it is lost.

# %% [markdown]
# ## What you will be able to do
#
# By the end of this project you can turn a table in a file into a data set, read a pair of
# learning curves, and say whether a network has learned or memorised. You will also have seen
# why the way in which data are split decides what a measured accuracy means.
#
# | part | question that it answers |
# |---|---|
# | `SignDataset` | how does a table in a file become pictures with labels? |
# | `build_model` | what has to change in the network? |
# | `compile_model` | can the same network run faster? |
# | `fit` | what did each epoch bring? |
# | `generalization_gap` | has it learned, or memorised? |
#
# Here is one letter, signed by five people whose pictures you train on, and by five whom the
# network meets only in validation. (As with the digits, a program has drawn the hands that come
# with the course, of ten people to train on and ten to measure on.)
#
# ![Two rows of five small pictures of the letter f: thumb and index finger form a ring, three
# fingers point up. Hands, sizes, tilts, light and walls differ within and between the
# rows](figure:signers)
#
# *The letter f. You see at once that all ten show the same sign. What do the pictures have in
# common, pixel by pixel?*

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
# *Difficulty 3 of 5 · matters 4 of 5 · about 30 minutes for someone new (a guess) · 7 points*
#
# Sign Language MNIST, a data set on Kaggle, comes as a CSV file: a header, then one row for
# each picture, `label,pixel1,…,pixel784`. The pixels are grey values from 0 to 255, row after
# row of a 28 × 28 picture: pixel 1 is the top left corner, pixel 29 the first of the second
# row.
#
# The label is the letter's place in the alphabet: a is 0, b is 1 and so on to y, which is 24.
# Because there is no j, no row has the label 9. The labels have a gap.
#
# A network with 24 outputs knows the classes 0 to 23. So every label above the gap moves down
# by one:
#
# ![The letters a to y in a row, Kaggle's labels 0 to 24 without 9 below them, and below these
# the classes 0 to 23. From k on, slanted lines lead each label to the class that is one
# lower](figure:labels)
#
# *Up to i nothing changes. From k on, each label becomes a class that is one lower.*
#
# A `Dataset` needs only two methods: `len(dataset)` says how many items there are, and
# `dataset[i]` gives one of them. `DataLoader` does the rest, exactly as in project 01.
#
# <details><summary>What does <code>nn.CrossEntropyLoss</code> do with the label 24 and 24
# logits?</summary>
#
# The logits have the indices 0 to 23, so there is no logit number 24. On a CPU you get an
# error, "Target 24 is out of bounds". That is the lucky case. If you "cure" it with 25 outputs,
# everything runs; but one output stands for a letter that never comes, and anyone who looks the
# classes up in a list of 24 letters gets the wrong letter from k on.
#
# </details>
#
# <details><summary>Why should the loader not compute the classes from the labels that are in
# the file?</summary>
#
# Because a file may lack a letter. If you number the labels in the order in which they turn up,
# a file without a b gives c the class 1, and a network trained on one file is wrong on another.
# The rule must be the same for every file: subtract one above 9.
#
# </details>


# %%
class SignDataset(Dataset):
    """The signs of a CSV file as flat pictures.

    `dataset[i]` is (image, label): the image float32 (784,), each value the pixel divided by
    255 in the order of the file, and the label a class from 0 to 23 with no gap, which a
    `DataLoader` turns into int64 (B,); they are the same each time. Every row is an item, in
    the order of the file.

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
        self.images = torch.from_numpy(table[:, 1:]).float() / 255
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
# ## The same network
# *Difficulty 1 of 5 · matters 3 of 5 · about 5 minutes for someone new (a guess) · 4 points*
#
# The dense network of project 01, with 24 scores instead of ten. The pictures are flat already,
# so nothing needs to be flattened.
#
# ```
# (B, 784) --linear, ReLU--> (B, 512) --linear, ReLU--> (B, 512)
#          --linear--> (B, 24)
# ```
#
# Count what it has to learn. The first layer has 784 · 512 weights and 512 biases, 401,920 in
# all; the second has 262,656, the third 12,312. Together that is 676,888 parameters, for 2,400
# training pictures: 282 parameters for each picture. Keep this number in mind when you see the
# curves below.


# %%
def build_model(n_classes: int = 24) -> nn.Module:
    """A dense network with at least one hidden layer.

    Returns:
        A module that maps float32 (B, 784) to float32 logits (B, n_classes): scores of any size
        and sign, with nothing behind the last layer in either mode. Each row depends on its own
        image only, in train mode too: no batch normalisation. The images are left as they are.
        Every parameter takes part. After twenty epochs of the course's training it reads at
        least 0.97 of the training signs.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(
        nn.Linear(28 * 28, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        nn.Linear(512, n_classes),
    )
    ### END SOLUTION


# %% [markdown]
# ## The same results, faster
# *Difficulty 4 of 5 · matters 1 of 5 · about 30 minutes for someone new (a guess) · 4 points*
#
# You can skip this part and come back later: nothing else in the course depends on it.
#
# PyTorch normally runs your network one operation after another: the linear layer writes its
# result to memory, ReLU reads it from there and writes it again. `torch.compile` traces what
# the network computes and turns it into machine code that does several such operations in one
# go. A compiled network must give the same logits as before, up to rounding.
#
# It is lazy. `torch.compile(model)` returns at once, and nothing is compiled before the first
# forward pass. That is also where it fails if the machine has no C++ compiler. So the only way
# to find out whether compiling works is to try it on an example. The trial must leave no trace:
# in train mode, even a forward pass under `torch.no_grad()` moves the running statistics of
# batch normalisation, a kind of layer that you meet in project 03.
#
# <details><summary>Why is a warning better here than an error, and better than
# silence?</summary>
#
# Without a compiler the network still works, only more slowly, so nobody should have to stop.
# But if you wonder tomorrow why training is slow, you should find the reason on the screen.
#
# </details>


# %%
def compile_model(model: nn.Module, example: torch.Tensor) -> nn.Module:
    """The model, compiled where this machine can do that.

    Args:
        model: any network, in any mode.
        example: a batch that the network can read, to try the compiled model on: where there is
            no compiler, only the first pass shows it.

    Returns:
        A compiled model with the same parameters and the same outputs, without a warning; where
        compiling fails, `model` itself, after a warning (`warnings.warn`) that says so. In both
        cases the trial leaves the model as it was: its numbers (running statistics too), its
        mode, which parameters can be trained.
    """
    ### BEGIN SOLUTION
    # fmt: off
    compiled = torch.compile(model)
    modes = {layer: layer.training for layer in model.modules()}
    model.eval()  # in train mode the trial would move running statistics
    try:
        with torch.no_grad():
            compiled(example)
    except Exception as fault:
        warnings.warn(f"torch.compile does not work here ({type(fault).__name__}); going on without it.", stacklevel=2)
        return model
    finally:
        for layer, mode in modes.items():
            layer.training = mode
    return compiled
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## Epochs and their history
# *Difficulty 2 of 5 · matters 5 of 5 · about 20 minutes for someone new (a guess) · 8 points*
#
# `course.training.one_pass(model, batches, loss_function, optimizer)` is the loop that you
# wrote in project 01: with an optimizer it trains, without one it only measures. It takes each
# batch to the device of the model (the bonus of project 01), and returns
# `Metrics(loss, accuracy)`. What is left for you is the outer loop: train, measure on the
# validation data, keep both results, and start over. `History()` begins with four empty lists,
# and its method `add(train, valid)` appends the numbers of one epoch.
#
# Your `fit` needs no plan for the learning rate: `course run` lets it fall from epoch to epoch,
# so that the network you keep is not that of a lucky or an unlucky last epoch. Project 03 says
# how.
#
# One optimizer serves all epochs. *Adam*, the one used here, keeps two running averages for
# every weight: of its gradient, and of the square of its gradient. It divides one by the root
# of the other, so that every weight takes steps of about the size of the learning rate, whether
# its gradients are large or small. A new optimizer in each epoch would forget these averages.
#
# This is what the history of our solution looks like after twenty epochs:
#
# ![Two charts over twenty epochs. Left: the training loss falls to almost zero, while the
# validation loss falls for some five epochs and then climbs again. Right: training accuracy
# rises to 1.0, validation accuracy stops below 0.5](figure:learning-curves)
#
# *Up to about the fifth epoch both losses fall. After that, nearly everything that the network
# learns is about its training pictures only.*
#
# Look at the left chart again. The training loss falls to {kept:
# learning-curves.train_loss.19}. A network that gives each of the 24 letters the same
# probability has a loss of −log(1/24) = 3.178. On unseen signers the loss falls from about
# there to {kept: learning-curves.valid_loss.4} in the fifth epoch, and then climbs again, to
# {kept: learning-curves.valid_loss.19}. Two fifths of what was gained are lost, while the
# network perfects its training pictures.
#
# <details><summary>How can the validation loss get worse while the validation accuracy stays
# the same?</summary>
#
# Accuracy only asks which logit is the highest. The loss also asks how sure the network was. As
# training goes on, the network becomes surer of all its answers, of the wrong ones as well.
# With probability 0.1 for the right letter a picture costs −log 0.1 = 2.303; with 0.001 it
# costs 6.908. The answer is wrong in both cases.
#
# </details>
#
# <details><summary>Could you simply stop after the fifth epoch?</summary>
#
# You could; it is called *early stopping*, and it often helps. Here it would give you an
# accuracy of {kept: learning-curves.valid_accuracy.4} instead of {kept:
# learning-curves.valid_accuracy.19}, with a better loss: fewer confident mistakes, but not more
# right answers. The network does not need less training. It needs another way of looking at
# pictures.
#
# </details>


# %%
def fit(
    model: nn.Module,
    train_loader: DataLoader,
    valid_loader: DataLoader,
    epochs: int,
    lr: float = 1e-3,
) -> History:
    """Train for some epochs with cross entropy, and measure on the validation data after each.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as
    they are, neither clipped nor mixed with that of another batch.

    Args:
        model: maps images to logits; changed in place, in train mode; a frozen parameter stays
            as it is, and frozen. It stays on its device, and each batch goes there.
        train_loader: gives (images, labels); the only data that is learned from, gone through
            anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode, without gradients.
        epochs: how many times the training data are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs and all parameters; it may
            follow a plan made beforehand; 0 changes no parameter.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and
        valid_accuracy: means over the items of that epoch, unrounded.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    loss_function = nn.CrossEntropyLoss()
    history = History()
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(train, valid)
    return history
    ### END SOLUTION


# %% [markdown]
# ## Learned, or memorised?
# *Difficulty 1 of 5 · matters 5 of 5 · about 5 minutes for someone new (a guess) · 3 points*
#
# What a network knows about *hands* shows only on hands that it has not met. The difference
# between the two accuracies at the end is the *generalization gap*. A gap of 0.3 means that of
# a hundred pictures, thirty more are right when they are training pictures.
#
# ### What you measure depends on how you split
#
# In these data each person signed each letter ten times in a row, with hardly any movement in
# between. The validation file holds other people. Now suppose that somebody splits the rows of
# the training file at random, 80 % to train on and 20 % to validate:
#
# ![Two bars. With other rows of the same signers the validation accuracy is close to 1; with
# other signers it is less than half](figure:two-splits)
#
# *The same network and the same training. Only the choice of the validation pictures differs.*
#
# {kept: two-splits.by_row} against {kept: two-splits.by_signer}. Nobody has cheated in the
# first case: no validation picture was trained on. But nine near-copies of it were. A random
# split answers the question "does it recognise another shot of the same hand in the same
# room?", which nobody asked. Split by what will be new when the network is used: people, rooms,
# days, cameras.
#
# ### What has it memorised?
#
# Take the training pictures, of which the network reads every single one, and move each of them
# to the right. One pixel is hardly visible:
#
# ![Three copies of a sign, moved by 0, 2 and 4 pixels, which look alike. Beside them a curve:
# the accuracy on training signs falls from 1 at 0 pixels to about half at 2 and below a quarter
# at 4](figure:moved)
#
# *Moved by two pixels, half of the signs that it knew by heart are lost.*
#
# Two pixels bring it down from {kept: moved.accuracy.0} to {kept: moved.accuracy.2}. The
# network has no idea that pixel 300 and pixel 301 are neighbours. For a dense layer the order
# of its inputs is arbitrary: shuffle the 784 pixels of all pictures in the same way, and it
# learns just as well.


# %%
def generalization_gap(history: History) -> float:
    """How much better the model is on what it has trained on.

    Args:
        history: as `fit` returns it; left as it was.

    Returns:
        Training accuracy minus validation accuracy of the last epoch, a Python float,
        unrounded: 0.3 means thirty points of a hundred.
    """
    ### BEGIN SOLUTION
    return history.train_accuracy[-1] - history.valid_accuracy[-1]
    ### END SOLUTION


# %% [markdown]
# ## All together
#
# `course run 02` (or `python -m exercises.ex02_asl`) trains your network and prints the gap.
# Over five seeds our solution reads {measured: 02 MLP, training} of the training signs and, on
# unseen signers, between {measured: 02 MLP, unseen signers, least} and {measured: 02 MLP,
# unseen signers, greatest}: a gap of {measured: 02 the gap between them}.
#
# **Your own network may end elsewhere.** The checks only ask whether it can memorise, at least
# 0.97 of the training signs after twenty epochs. They ask nothing about unseen signers, because
# on those this network cannot do well.

# %% [markdown]
# ## Try it: predict, then run
#
# `course try 02 --hidden 16`, `--shuffle` and `--random` ask for your guess, run these three
# with your own functions, and show both side by side.
#
# 1. **A smaller network cannot memorise as much.** Change 512 to 16 in your `build_model`.
#    Guess both accuracies: will the gap close from above or from below?
# 2. **Shuffled pixels.** Draw one permutation, `order = torch.randperm(784,
#    generator=torch.Generator().manual_seed(0))`, and let `__getitem__` return
#    `self.images[index][order]`. To you the pictures are noise now. And to the network?
# 3. **Random labels.** Give every training picture a label drawn at random. Can the network
#    still reach a high training accuracy?
#
# <details><summary>What did we see?</summary>
#
# Our runs, and yours will be close. (1) Training {kept: experiments.narrow.train}, unseen
# signers {kept: experiments.narrow.valid}. The gap closes from above: the small network knows
# less of everything. (2) Training {kept: experiments.shuffled.train}, unseen signers {kept:
# experiments.shuffled.valid}. Noise to you, and the same to a dense network. (3) Training
# {kept: experiments.random.train} after twenty epochs. It is slow, because here the network has
# to give ten near-copies of one shot ten different answers; on pictures that differ, networks
# do learn random labels (see Zhang and others, under *To read on*).
#
# </details>
#
# ### A bonus, which no check grades
#
# Write early stopping into your `fit`: keep a copy of the weights
# (`copy.deepcopy(model.state_dict())`) from the epoch with the lowest validation loss, and load
# it at the end. Then answer this: the accuracy that you now report was chosen by looking at the
# validation data. Is it still an honest estimate for a hand that nobody has seen?

# %% [markdown]
# ## What to remember
#
# A `Dataset` is anything that has a length and gives item number i. Labels must be the numbers
# 0 to K − 1 without a gap, by a rule that does not depend on the file. A network with enough
# weights can memorise its training data, and its training accuracy then says nothing. Split
# your data by what will be new in use, or you measure memory. A dense network does not know
# which pixels are neighbours, so a hand that moves by two pixels is another hand.
#
# ### Three questions to check yourself
#
# <details><summary>Training accuracy 0.71, validation accuracy 0.36, after twenty epochs.
# Should you first fight overfitting?</summary>
#
# Not yet. A network that does not even fit its training pictures is too small, or not trained
# for long enough. Get the training accuracy up first, then look at the gap.
#
# </details>
#
# <details><summary>A colleague reports 0.99 on a random 20 % of the rows of Sign Language
# MNIST. What do you ask?</summary>
#
# Whether there are shots of the same hand in both parts. In the published data there are: the
# rows were made from a few hundred photographs, each many times over.
#
# </details>
#
# <details><summary>Why does <code>fit</code> measure the validation data after each epoch, and
# not only at the end?</summary>
#
# One number at the end cannot tell you whether the network was better earlier, is still getting
# better, or has been stuck for a long time. Those call for different cures.
#
# </details>
#
# ### To read on
#
# - C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals, *Understanding deep learning
#   requires rethinking generalization* (2017), on networks that learn random labels:
#   <https://arxiv.org/abs/1611.03530>
# - *Dive into Deep Learning*, the section on generalization:
#   <https://d2l.ai/chapter_linear-regression/generalization.html>
# - Sign Language MNIST, where the format comes from:
#   <https://www.kaggle.com/datasets/datamunge/sign-language-mnist>
# - Installed with the course: `help(torch.utils.data.Dataset)`, `help(torch.compile)`,
#   `help(np.loadtxt)`
#
# ### What is left open
#
# A gap of {measured: 02 the gap between them}. Project 03 replaces the dense layers with layers
# that know what a neighbour is.


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    train_csv, valid_csv = run.signs()
    train_set, valid_set = SignDataset(train_csv), SignDataset(valid_csv)
    train_loader = DataLoader(train_set, run.batch_size, shuffle=True)
    valid_loader = DataLoader(valid_set, run.batch_size)
    model = build_model().to(run.device)
    if run.compile:
        model = compile_model(model, torch.zeros(run.batch_size, 784, device=run.device))
    run.take(fit(model, train_loader, valid_loader, run.n_epochs, run.lr))
    print(f"The gap between training and validation is {generalization_gap(run.history):.3f}.")
    run.finish(model, valid_loader, names=run.letters)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("02", epochs=20, lr=5e-4, compile=False))
