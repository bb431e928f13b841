# %% [markdown]
# # 04a Data augmentation
#
# **How do you get more training pictures without taking a single new one?**
#
# Project 03 gave you a convolutional network, and it left a question open. On the 2,400
# pictures that it learned from, it hardly makes a mistake; on signers whom it has never seen it
# reads {measured: 03 CNN, unseen signers} of the hands. The dense network of 02 read {measured:
# 02 MLP, unseen signers}, so convolutions closed a good part of the gap. How do you close the
# rest?
#
# Look at the data once more. Ten people stood before the camera, and each of them made each
# sign ten times in almost the same position and the same light. A network with a few hundred
# thousand weights can learn such pictures by heart: *this grey value in that corner, so it is a
# G*. It isn't lazy and it isn't wrong, as far as the training data can tell. The rule simply
# doesn't hold for the eleventh person, who stands a little further to the left.
#
# More people would help. Here you use something that costs nothing: *more views of the pictures
# that you have*, each a little turned, moved, larger or darker. The pixels change and the
# letter stays. A rule about a grey value in a corner no longer works; a rule about the shape of
# the hand still does.
#
# At the end of this project you can
#
# - say which changes of a picture leave its label alone, and choose their size;
# - put a random transform into the training loop, at the only place where it belongs;
# - save what a network has learned, so that somebody else can open the file without running
#   your code.
#
# | part | question that it answers |
# |---|---|
# | `make_transforms` | what may change in a picture without changing its label? |
# | `train_augmented` | where does the change belong in the loop? |
# | `save_model` | which part of a trained model is worth keeping? |

# %% [markdown]
# ## What a rotation does to four pixels
# Before you turn a hand, turn the smallest picture that has something to turn: two dark pixels
# on the left, two bright ones on the right. Turn it by 15 degrees anticlockwise.
#
# ![A picture of two by two pixels, dark on the left and bright on the right. Four orange
# crosses, turned by 15 degrees around the centre, mark where the new pixels are read. The
# result with black around it is 0.13 0.89 0.00 0.76, the result with the edge repeated 0.15
# 1.00 0.00 0.85.](figure:four-pixels)
#
# *Each new pixel (blue dot) asks: where was I before the turn? The orange crosses are the
# answers.*
#
# The trick is to go backwards. Every pixel of the *new* picture is turned back by 15 degrees to
# find the place in the *old* one that it comes from. Put the origin in the middle, with $y$
# pointing up, so that the centre of the top left pixel is $(-0.5, 0.5)$. With
# $\cos 15° = 0.966$ and $\sin 15° = 0.259$ it came from
#
# $$x = -0.5 \cdot 0.966 + 0.5 \cdot 0.259 = -0.354, \qquad
# y = 0.5 \cdot 0.259 + 0.5 \cdot 0.966 = 0.612.$$
#
# There is no pixel centre at that place. *Bilinear interpolation* mixes the neighbours, each by
# how near it is. From left to right we have gone $-0.354 + 0.5 = 0.146$ of the way from the
# dark column (0) to the bright one (1): that makes 0.146. From bottom to top we are
# 0.112 *beyond* the upper row, and what lies beyond the picture is black unless you say
# otherwise: $0.146 \cdot (1 - 0.112) = 0.130$. The top right pixel should have stayed 1.0 and
# comes out as 0.888, by the same rule. It lost light to a darkness that was never in the
# picture.
#
# On a real picture this gives black wedges in the corners, and a network is quick to learn from
# wedges. The cure is to add a margin that repeats the edge, turn, and cut the margin off again
# (`v2.Pad(6, padding_mode="edge")`, turn, `v2.CenterCrop(28)`). Then the four pixels are 0.146,
# 1, 0 and 0.854: soft where the border between dark and bright runs through them, and nothing
# else.
#
# <details><summary>Why bilinear, and not simply the nearest pixel?</summary>
#
# The nearest pixel makes no new grey values, but it moves edges by whole pixels: turned by 15
# degrees, our picture would not change at all, and a finger of three pixels' width would get a
# zigzag edge. At 28 × 28 the difference is easy to see. `v2.RandomAffine` takes the nearest
# pixel unless you pass `interpolation=v2.InterpolationMode.BILINEAR`.
#
# </details>

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
# *Difficulty 2 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 8 points*
#
# Draw a sign on paper and turn the paper a little: it is the same sign. Upside down it is a
# different sign, or no sign at all. In a mirror it is made with the other hand. So the range of
# each change is a statement about the *world*, and you have to make it, because no loss
# function will:
#
# | change | for a hand | why |
# |---|---|---|
# | a turn | up to about 15 degrees either way | wrists lean; 90 degrees turn a G into a Q |
# | a shift | two or three pixels | few stand in the middle; the hand must stay in the picture |
# | the size | about 85 to 115 % | people stand nearer or farther |
# | the light | brighter, darker, more or less contrast | rooms differ |
# | a mirror image | no | in this data set everybody signs with the right hand |
# | upside down | no | nobody signs like that |
# | a piece painted black | careful | it may hide the thumb, and the thumb may be the letter |
#
# ![Two rows of the sign for L. Above, marked as fine: the original, turned, moved, larger,
# darker. Below, marked as spoilt: upside down, mirrored, half out of the picture, almost black,
# turned by 90 degrees.](figure:may-and-may-not)
#
# *Above, changes that a person would not notice. Below, changes after which the label is wrong
# or cannot be seen.*
#
# And how much is enough? Write down the ranges that you would meet in use, and go a little
# beyond. Eight views of one picture, drawn by the solution's transform:
#
# ![The sign for Y as it is in the data, and eight random views of it: each leans, moves, grows
# or darkens a little, and every one can still be read as a Y.](figure:eight-views)
#
# *The first picture is the original. If you can't read one of the views, neither can the
# network.*
#
# Two rules remain. The values must stay within [0, 1], because the network is used to them:
# brightness is multiplied and then clamped. And *validation pictures are measured as they are*:
# they stand for real use, and a score that depends on a lucky draw is no score.
#
# <details><summary>With a turn of up to 12 degrees and a random size, how many different views
# are there?</summary>
#
# As many as there are floating-point numbers in those ranges, and far more than you will ever
# draw. But they aren't worth as much as new photos. All views of a picture show one hand in one
# pose before one wall. Augmentation teaches the network what does not matter; about hands that
# look different it says nothing.
#
# </details>


# %%
def make_transforms(train: bool) -> Callable[[torch.Tensor], torch.Tensor]:
    """The transform of training pictures (random) or of validation pictures (none).

    Args:
        train: for training?

    Returns:
        A callable: float32 image (1, 28, 28), or batch (B, 1, 28, 28), with values in [0, 1] ->
        the same shape, dtype and range. For training each call draws a new small change out of
        dozens, one for the batch or one for each picture: of position or angle (to either side,
        45 degrees at most) or of size, and of light too if you like. It never turns a hand
        upside down, mirrors it or moves it out of the picture. In a batch each picture keeps
        its place and is not mixed with another. The argument is left as it was, and no random
        generator that the whole program shares is seeded. For validation the values come back
        unchanged.
    """
    ### BEGIN SOLUTION
    # fmt: off
    if not train:
        return v2.Identity()
    return v2.Compose(
        [
            v2.Pad(6, padding_mode="edge"),  # what comes in from outside looks like what was at the edge, not black
            v2.RandomAffine(
                degrees=12, translate=(0.06, 0.06), scale=(0.85, 1.15), interpolation=v2.InterpolationMode.BILINEAR
            ),
            v2.CenterCrop(28),
            v2.ColorJitter(brightness=0.3, contrast=0.4),  # stays within [0, 1]
        ]
    )
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## Where the change belongs
# *Difficulty 3 of 5 · matters 5 of 5 · about 25 minutes for someone new (a guess) · 10 points*
#
# In the training loop, *anew in each epoch*. Suppose that you augment the data set once, before
# training, and keep the result. Then you have 2,400 other fixed pictures, and twenty epochs
# later the network has seen each of them twenty times. Drawn in the loop, the same twenty
# epochs show it $20 \cdot 2400 = 48{,}000$ different pictures.
#
# `course.training.one_pass` applies a `transform` to each batch of images if you pass one. What
# the transform is called with makes a difference:
#
# - `transform(batch)` draws *one* change for all pictures of the batch: all turned by the same
#   7 degrees. Fast.
# - `torch.stack([transform(image) for image in batch])` draws one change *for each picture*. A
#   little slower, and the gradient of a batch is an average over many views and not over one.
#
# Both pass the checks. What doesn't pass is augmenting validation pictures, or mixing up which
# picture has which label.
#
# ![Two panels over 20 epochs. Left, without augmentation: training accuracy reaches 1.00 in the
# third epoch while validation accuracy stays near 0.84. Right, with augmentation: training
# accuracy climbs more slowly, validation accuracy goes with it and ends near
# 0.96.](figure:with-and-without)
#
# *The same network, the same 20 epochs, the same seed.*
#
# Read the two panels from left to right. Without augmentation the network knows its pictures
# after three epochs; the loss is almost zero, so are the gradients, and nothing more is learned
# in the other seventeen. With augmentation the training pictures stay hard, so there is
# something to learn to the end. The measured means over several seeds:
#
# | | unseen signers |
# |---|---|
# | dense network (02) | {measured: 02 MLP, unseen signers} |
# | convolutional network (03) | {measured: 03 CNN, unseen signers} |
# | this project's network, not augmented | {measured: 04a the same network, not augmented} |
# | this project's network, augmented | {measured: 04a augmented, unseen signers} |
#
# The third line is there to keep us honest. This project uses another network than 03, and
# without it you could not say whether the network or the augmentation earned the last line.
#
# <details><summary>With augmentation the training accuracy is lower in the first epochs and the
# validation accuracy ends higher. Isn't that a contradiction?</summary>
#
# No: they are measured on different pictures. The training accuracy is that of turned, moved,
# darkened views, seen while the network was still learning and with dropout switched on. The
# validation accuracy is that of clean pictures, with dropout switched off. The exercise was
# harder than the exam.
#
# </details>
#
# Pictures that change all the time make the loss noisy, and the last epoch may be an unlucky
# one. A learning rate that falls towards the end calms the last steps, as in project 03: with
# `torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=20)` and a learning rate of 0.001
# the first epoch has 0.001, the eleventh 0.0005, and the last 0.000006. The checks don't ask
# for it. It is often worth a point or two of accuracy, and it makes the result depend less on
# luck.


# %%
def train_augmented(
    model: nn.Module,
    train_set: Dataset,
    valid_set: Dataset,
    epochs: int,
    lr: float = 1e-3,
    batch_size: int = 32,
) -> History:
    """Train on augmented pictures, and measure on the validation pictures as they are.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as
    they are. After twelve epochs in batches of 16, with a `make_transforms` that is known to
    do, the course's network (with more dropout) reads at least 0.90 of unseen hands, and 0.03
    more than without augmentation.

    Args:
        model: maps images (B, 1, 28, 28) to logits; changed in place, in train mode; a frozen
            parameter stays as it is, and frozen. It stays on its device, and each batch goes
            there.
        train_set: pairs of image (1, 28, 28) and label; gone through in a new order each epoch,
            each picture augmented once each time, anew, by `make_transforms(True)`.
        valid_set: pairs of the same kind; measured in eval mode, never augmented, never learned
            from.
        epochs: how many times the training pictures are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs; it may fall from epoch to
            epoch, by a plan made beforehand.
        batch_size: pictures in a batch; the last one holds what is left.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and
        valid_accuracy: means over the items of that epoch, unrounded.
    """
    ### BEGIN SOLUTION
    train_loader = DataLoader(train_set, batch_size, shuffle=True)
    valid_loader = DataLoader(valid_set, batch_size)
    draw, loss_function = make_transforms(True), nn.CrossEntropyLoss()

    def augment(batch: torch.Tensor) -> torch.Tensor:
        return torch.stack([draw(image) for image in batch])  # another change for each image

    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    history = History()
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer, transform=augment)
        history.add(train, one_pass(model, valid_loader, loss_function))
        schedule.step()
    return history
    ### END SOLUTION


# %% [markdown]
# ## What is worth keeping
# *Difficulty 2 of 5 · matters 4 of 5 · about 10 minutes for someone new (a guess) · 4 points*
#
# You will use this network in the next project, so it has to go into a file. There are two
# ways, and one of them is a trap.
#
# `torch.save(model, path)` pickles the whole object. The file then holds a reference to your
# class, and opening it needs your very source code under its very name. Worse, a pickle is a
# small program: whoever opens a stranger's pickle runs the stranger's code.
#
# `torch.save(model.state_dict(), path)` keeps the tensors alone, under their names:
# `head.2.weight` and 43 others. Anyone who has the architecture, the code of the class, can
# fill it with them, and `torch.load(path, weights_only=True)` refuses everything that is not a
# tensor or a plain container.
#
# Two details make the function worth writing. `torch.compile` wraps a network, so that the
# names in its `state_dict` begin with `_orig_mod.`, and a plain network doesn't know these
# names. (The compiled one keeps the plain one as its attribute `_orig_mod`.) And a program can
# be stopped in the middle of writing: write to a temporary file first, then put it in place of
# the old one with `os.replace`, and there is never half a model under the real name.
#
# <details><summary>What does the state dict hold besides the weights?</summary>
#
# The *buffers*: tensors that belong to the model's state but that no optimizer changes. Batch
# normalisation keeps its running mean and variance there. Without them a loaded network would
# normalise by 0 and 1 and answer nonsense.
#
# </details>


# %%
def save_model(model: nn.Module, path: str | Path) -> None:
    """Save the model's state dict, so that `torch.load(path, weights_only=True)` gives it back.

    Args:
        model: a network, compiled or not, in any mode and on any device; left as it is. A
            compiled one is saved under the names of the plain network (which has no part called
            `_orig_mod` of its own: torch uses that name for what it has compiled).
        path: the file, with any name; one that is there already is replaced. No other file is
            left beside it.
    """
    ### BEGIN SOLUTION
    plain = getattr(model, "_orig_mod", model)
    temporary = f"{path}.part"
    torch.save(plain.state_dict(), temporary)
    os.replace(temporary, path)
    ### END SOLUTION


# %% [markdown]
# ## All together
# `python -m exercises.ex04a_augmentation` (or `course run 04a`) trains for 20 epochs, prints a
# line for each, and writes its pictures to `runs/ex04a_augmentation/`. Look at `augmented.png`
# first: one row a picture, the original on the left. Would you still read every letter? Expect
# a validation accuracy near {measured: 04a augmented, unseen signers} with the solution's
# ranges; with your own it may be a few points more or less, and that is fine as long as it
# stays above the check's 0.90.
#
# ### Try it: predict, then run
# `course try 04a` with `--plain`, `--yours` or `--turn 90` asks for your guess, trains for four
# epochs, and shows both.
#
# 1. **No augmentation.** How many signs of unseen signers will the network read after four
#    epochs on the pictures as they are?
# 2. **Your own augmentation.** The same four epochs with your `make_transforms`. Is it ahead
#    already?
# 3. **Turned too far.** On top of yours, each picture is turned by up to 90 degrees to either
#    side. How much of the gain is lost?
#
# <details><summary>What did we see?</summary>
#
# (1) {kept: experiments.plain.0}, with {kept: experiments.plain.1} of the training signs: it
# knows those by heart. (2) {kept: experiments.yours.0}, with {kept: experiments.yours.1} of the
# augmented training signs. (3) {kept: experiments.turn.0}, with {kept: experiments.turn.1} of
# the turned training signs. Most of what it is shown never occurs in use, and after four epochs
# it has not even learned that.
#
# </details>
#
# ### A bonus that no check grades
# *Test-time augmentation*: at validation, show the network eight views of each picture and
# average the eight rows of probabilities before you take the largest. It needs no training at
# all. Does it help? Does it help as much for the network that was trained *without*
# augmentation?
#
# ### In five sentences
# Augmentation shows the network a new view of each picture in each epoch. What may change, and
# how much, is knowledge about the world that you bring along. Only training pictures are
# changed; validation pictures are measured as they are. Training gets harder and takes longer,
# the validation accuracy rises, and the gap between them shrinks. What you keep in the end is
# the state dict, not the object.
#
# ### Check yourself
# <details><summary>You read handwritten digits instead of signs. Which change of this lesson
# would you leave out first?</summary>
#
# Large turns, because of 6 and 9, and mirror images, because of 2 and 5. Small turns and shifts
# are as useful as here.
#
# </details>
#
# <details><summary>A friend augments the data set first and splits it into training and
# validation afterwards. What goes wrong?</summary>
#
# Views of one picture land on both sides. The validation accuracy is then measured on pictures
# that the network practically knows, and it looks splendid until the first real user comes.
#
# </details>
#
# <details><summary>Training accuracy 0.70, validation accuracy 0.72, and neither rises any
# more. More augmentation, or less?</summary>
#
# Less, or a larger network, or more epochs. There is no gap to close: the network doesn't even
# manage the training pictures. Augmentation helps against learning by heart, not against
# learning too little.
#
# </details>
#
# ### Further reading
# - Shorten and Khoshgoftaar, *A survey on Image Data Augmentation for Deep Learning* (2019):
#   <https://doi.org/10.1186/s40537-019-0197-0>
# - Cubuk and others, *RandAugment* (2020), which leaves two settings to choose:
#   <https://arxiv.org/abs/1909.13719>
# - torchvision, *Getting started with transforms v2*:
#   <https://docs.pytorch.org/vision/stable/auto_examples/transforms/plot_transforms_getting_started.html>
# - PyTorch, *Saving and Loading Models*:
#   <https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html>
# - Without a network: `help(v2.RandomAffine)`,
#   `help(torch.optim.lr_scheduler.CosineAnnealingLR)`, `help(torch.save)`


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Train, show, save. Written for you."""
    from course.datasets.tensors import sign_set
    from course.networks import SignNet

    train_csv, valid_csv = run.signs()
    train_set, valid_set = sign_set(train_csv), sign_set(valid_csv)
    model = SignNet().to(run.device)
    run.take(train_augmented(model, train_set, valid_set, run.n_epochs, run.lr, run.batch_size))
    run.finish(
        model,
        DataLoader(valid_set, 64),
        names=run.letters,
        augment=make_transforms(True),
        save=save_model,
    )


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("04a", epochs=20))
