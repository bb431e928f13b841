# %% [markdown]
# # 07 Fresh and rotten fruit
#
# Is this apple still good? You see it at a glance, in shade or sun, on a white plate or a brown
# table. Can your network?
#
# There are photos of apples, bananas and oranges, fresh and rotten: six classes, a hundred
# training photos of each in the embedded data. The bar is 0.92 on photos that the network has
# not seen. This is the assessment, and no part of it is new:
#
# | what you need | where you built it |
# |---|---|
# | a loop that trains, measures on held-out data and tells the truth | 01 |
# | the gap between training and validation, and how to read it | 02 |
# | convolutions, which see shapes wherever they lie | 03 |
# | augmentation, which closed most of the rest of that gap | 04a |
# | a pre-trained backbone, frozen, with a new head; then fine-tuning | 05b |
#
# So what is left to learn is how to work when nobody tells you the next step. At the end you
# will be able to
#
# - plan a training project, and know after each step whether to go on;
# - read a confusion matrix and a sheet of mistakes, and decide from them what to change;
# - say what an accuracy on 240 photos is worth, and what it is not.

# %% [markdown]
# ## A plan of work
# 1. **Look at the data**, twenty photos of each class, before you write a line. What tells
#    fresh from rotten here? What would mislead you?
# 2. **Know the floor.** Guessing gives 1 of 6, that is 0.167. The same network from random
#    weights, trained three times as long, ends at {measured: 07 the whole network from random
#    weights}.
# 3. **Get the smallest thing to run**: one batch, one step, the right shapes. Then let the head
#    memorise a single batch. If it cannot, the fault is in your code and not in the data.
# 4. **Freeze and train the head.** With steps that are large enough it should pass the bar:
#    {measured: 07 head on the frozen pocket network} on the embedded photos.
# 5. **Look at the mistakes**, all of them: *How to look at mistakes* below says how. Change one
#    thing, guess what will happen, run, compare.
# 6. **Fine-tune last**, at a small learning rate. It polishes what works; it does not save what
#    does not.
# 7. **Keep a log**: what you changed, what you expected, what came out. A run without a guess
#    teaches half as much.
#
# <details><summary>You try twenty settings and keep the best on the validation photos. What is
# its accuracy worth?</summary>
#
# Less than it says. Of twenty settings that are all equally good, one looks best by luck, and
# you chose that one. And chance has a say in any measurement: with another 240 photos of the
# same kind, an accuracy of 0.92 would typically come out $\sqrt{0.92 \cdot 0.08 / 240} = 0.018$
# higher or lower (its *standard error*), so two networks that differ by 0.01 are level. This is
# why the grader counts on photos that you have never measured on.
#
# </details>

# %% [markdown]
# ## Why colour is not enough
# Rot is brown, so why not count brown pixels? Take nine pixels of an orange, four dark and five
# bright. In one photo the dark ones form a spot in the middle of the skin; in the other they
# lie along the edge, where the light does not reach:
#
# ```
#   rot              shadow
#   200  200  200      200  200  200
#   200   90   90      200  200   90
#   200   90   90       90   90   90
# ```
#
# Both have five pixels of 200 and four of 90. So both have the same **histogram** (how many
# pixels there are of each value), the same mean, and the same of every other summary that
# forgets where a pixel lies. Here is the same with a photo of the training data:
#
# ![Left a piece of an orange with a round dark rotten spot, beside it the same pixels sorted
# from bright to dark as if a shadow fell across it; on the right one histogram for both, two
# outlines, one exactly on top of the other](figure:same-histogram)
#
# *Every pixel of the left picture is in the right one too. Only the places differ, and the
# places are what says "rot".*
#
# On the embedded photos a linear classifier that gets a histogram of 64 colours reads 0.53 of
# them right. That is more than nothing, and it will never be enough. The convolutions of the
# backbone look at borders and textures, which a histogram throws away.

# %%
import os
from collections.abc import Callable
from pathlib import Path
from types import MethodType

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course.training import History, one_pass

# ImageNet's: torchvision's weights and the pocket weights expect them.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# %% [markdown]
# ## Photos
# *Difficulty 2 of 5 · matters 4 of 5 · about 15 minutes for someone new (a guess) · 4 points*
#
# Augmentation must keep the label. A fruit has no right way up, so it may be mirrored in both
# directions, and cropped as long as most of it stays in the picture. Be careful with colour: a
# change of hue that turns a fresh orange brown makes its label wrong.
#
# <details><summary>May you use the same transform for the training and the validation
# photos?</summary>
#
# No. The validation photos are your yardstick: they are resized, and nothing about them is
# random. If your training accuracy is a little below your validation accuracy, that is why: the
# training photos are the harder ones.
#
# </details>


# %%
def make_transforms(train: bool, size: int = 96) -> Callable[[Image.Image], torch.Tensor]:
    """The transform for training photos, which is random, or for validation photos, which is
    not.

    Args:
        train: for training?
        size: height and width of the result.

    Returns:
        A callable: PIL image (RGB, any size) -> float32 (3, size, size), normalised by MEAN and
        STD, resized with antialiasing; the image is left as it was, and no random generator
        that the whole program shares is seeded. For training each call draws a new view: a crop
        that shows a good part of the photo as a rule (`RandomResizedCrop` with its default
        scale just does), a flip, a rotation, slightly different light; never black, white or
        without colour, and an orange stays orange. One of these changes is enough, but each
        call draws it anew, and does not pick from a few prepared views. Otherwise the whole
        photo (its central square, if it is not square), the same each time.
    """
    ### BEGIN SOLUTION
    # fmt: off
    if train:
        views = [
            v2.RandomResizedCrop(size, scale=(0.6, 1.0), ratio=(0.85, 1.2), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.RandomVerticalFlip(),
            v2.ColorJitter(brightness=0.15, contrast=0.15),
        ]
    else:
        views = [v2.Resize(size, antialias=True), v2.CenterCrop(size)]
    return v2.Compose([v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## The network
# *Difficulty 1 of 5 · matters 3 of 5 · about 5 minutes for someone new (a guess) · 2 points*
#
# A backbone with a new head: six logits for six classes. `nn.CrossEntropyLoss` wants one logit
# for each class, and no probabilities.


# %%
def build_model(backbone: nn.Module, width: int, n_classes: int = 6) -> nn.Module:
    """A classifier on top of a backbone.

    Args:
        backbone: maps (B, 3, H, W) to features (B, width); used as it is, frozen or not: the
            module itself, with its weights and its mode, on photos that nothing has changed.
        width: number of features.
        n_classes: how many logits come out.

    Returns:
        A module: (B, 3, H, W) -> logits (B, n_classes), whose head can be trained: scores of
        any size, positive or negative, with nothing behind the last layer in either mode. A
        photo's logits depend on that photo only, except for what BatchNorm takes from the batch
        in train mode. The photos are left as they are. Gradients flow all the way back, into
        the backbone too.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(backbone, nn.Linear(width, n_classes))
    ### END SOLUTION


# %% [markdown]
# ## Frozen
# *Difficulty 3 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 2 points*
#
# As in 05b: no parameter requires a gradient, and the running statistics stay, whatever mode
# the whole network is in.


# %%
def freeze_backbone(backbone: nn.Module) -> nn.Module:
    """Freeze every parameter of `backbone` and return it.

    After this call no parameter requires a gradient, and a forward pass leaves every buffer
    unchanged and normalises by the running statistics, of whatever layer keeps some, also after
    `model.train()` of a larger network that it is a part of. Nothing outside of `backbone` is
    frozen, and after `requires_grad_(True)` gradients reach its parameters again.
    """
    ### BEGIN SOLUTION
    # fmt: off
    backbone.requires_grad_(False)

    def stay_in_eval_mode(layer: nn.Module, mode: bool = True) -> nn.Module:
        """In place of `train`, by which `model.train()` puts each of its layers into train mode."""
        return layer

    for layer in backbone.modules():
        if hasattr(layer, "running_mean"):  # BatchNorm of any dimension, and whatever else keeps statistics
            layer.eval()
            layer.train = MethodType(stay_in_eval_mode, layer)  # bound to the layer: a deep copy has its own
    return backbone
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## Train the head
# *Difficulty 3 of 5 · matters 5 of 5 · about 25 minutes for someone new (a guess) · 9 points*
#
# Only what requires a gradient goes to the optimizer. The loss is cross entropy on logits.
#
# How large a step? With Adam, each step moves a weight by about the learning rate. Eight epochs
# of 600 photos in batches of 32 are 152 steps, so at the default of 0.001 no weight gets much
# further than 0.15 from where it began. A backbone would have forgotten a lot by then; a head
# that begins with random weights has hardly arrived.
#
# The curves tell you. If the head misses as many of its *training* photos as of the others, it
# is not overfitting: it is not finished. Take larger steps, or more of them. (Flat curves at
# the end prove nothing where the learning rate falls to nearly 0: the steps have become small,
# whether or not there is more to learn.) `course run 07` takes 0.02 for the head, and steps 200
# times smaller for fine-tuning. On the real photos ten runs at 0.001 and 0.0001 ended at 0.93
# on average; at 0.02 and 0.0001 they end at 0.97.
#
# <details><summary>The training loss falls and the validation loss rises. And if both stay
# where they began?</summary>
#
# Falling and rising is overfitting: more augmentation, fewer epochs, or fewer trainable
# weights. If both stay, nothing is learned: print how many parameters the optimizer holds, and
# whether one of them changes in a step.
#
# </details>


# %%
def train(
    model: nn.Module,
    train_loader: DataLoader,
    valid_loader: DataLoader,
    epochs: int,
    lr: float = 1e-3,
) -> History:
    """Train what is trainable, and measure on the validation photos after each epoch.

    Each batch is one optimizer step on the gradient of that batch's mean cross entropy, of the
    logits as they are. Six epochs with a frozen backbone read unseen fruit within 0.02 of the
    bar, which is 0.92.

    Args:
        model: maps images to logits; changed in place, in train mode. The optimizer gets only
            parameters that require a gradient. It stays on its device, and each batch goes
            there.
        train_loader: gives (images, labels); the only data that is learned from, gone through
            anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode.
        epochs: how many times the training photos are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs; it may follow a plan made
            beforehand; 0 changes nothing.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and
        valid_accuracy: means over the items of that epoch, unrounded.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=lr)
    loss_function = nn.CrossEntropyLoss()
    history = History()
    for _ in range(epochs):
        trained = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(trained, valid)
    return history
    ### END SOLUTION


# %% [markdown]
# ## Fine-tune
# *Difficulty 4 of 5 · matters 4 of 5 · about 30 minutes for someone new (a guess) · 10 points*
#
# All parameters, small steps, and the best state at the end, as in 05b.
#
# ![Accuracy over twelve epochs. With a frozen backbone the validation curve passes the bar of
# 0.92 in the first epoch and stays near 0.97; the training curve begins at 0.83 and has caught
# up in the third. Behind a line that marks where fine-tuning begins, both hardly
# rise](figure:frozen-and-tuned)
#
# *One run of `course run 07` on the embedded photos. Training photos are augmented, so they are
# the harder ones.*
#
# Frozen, the head needs few epochs to pass the bar. Fine-tuning adds a photo or two of 240. In
# 05b it added {measured: 05b fine-tuned above frozen}. That network had to learn something new,
# one dog's face, and here the backbone already knows fruit and decay. Had its weights been
# random, frozen, the head would end at {measured: 07 head on the same network with random
# weights, frozen}.


# %%
def fine_tune(
    model: nn.Module,
    train_loader: DataLoader,
    valid_loader: DataLoader,
    epochs: int,
    lr: float = 1e-5,
) -> History:
    """Unfreeze all of the model, train it at a small learning rate, and end with the best state
    that was seen.

    Two epochs, after six of `train`, read at least 0.92 of unseen fruit right: the assessment.

    Args:
        model: its head is trained; every parameter is made trainable, and left so; running
            statistics stay frozen if they were, and only then.
        train_loader, valid_loader, epochs: as for `train`, and so are the steps and the device.
        lr: learning rate of the one optimizer that serves all epochs, small compared to the
            head's; it may follow a plan made beforehand.

    Returns:
        A History with one entry an epoch: means over its items, unrounded. The model is left in
        eval mode and in the state, after an epoch or before the first, that had the highest
        validation accuracy, even by one photo: never worse than it was.
    """
    ### BEGIN SOLUTION
    # fmt: off
    loss_function = nn.CrossEntropyLoss()
    model.requires_grad_(True)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    best = one_pass(model, valid_loader, loss_function).accuracy
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    history = History()
    for _ in range(epochs):
        trained = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(trained, valid)
        if valid.accuracy > best:
            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(kept)
    model.eval()
    return history
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## The assessment
# *Difficulty 2 of 5 · matters 5 of 5 · about 10 minutes for someone new (a guess) · 3 points*
#
# Count how many are right, of how many: in eval mode, and not as a mean of batch accuracies. Of
# 240 photos in batches of 32 the last batch holds 16. Say 204 of the 224 photos in full batches
# are right, and all 16 of the last. That is 220 of 240, or 0.917: not enough. The mean of the
# eight batch accuracies is $(7 \cdot 0.911 + 1) / 8 = 0.922$, and would pass: those 16 photos
# would weigh as much as 32.


# %%
def evaluate(model: nn.Module, loader: DataLoader) -> tuple[int, int]:
    """How many photos the model gets right.

    Args:
        model: maps images to logits; used in eval mode, without gradients; its weights and its
            mode are left as they were. It stays on its device, and each batch goes there.
        loader: gives (images, labels), of a whole data set or of a part.

    Returns:
        (correct, total) of what the loader gives, Python ints.
    """
    ### BEGIN SOLUTION
    model.eval()
    device = next(model.parameters()).device
    correct, total = 0, 0
    with torch.no_grad():
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            correct += int((model(images).argmax(dim=1) == labels).sum())
            total += len(labels)
    return correct, total
    ### END SOLUTION


# %% [markdown]
# ## Keep it
# *Difficulty 1 of 5 · matters 3 of 5 · about 5 minutes for someone new (a guess) · 2 points*
#
# Save the state dict, parameters and buffers, and not the object: a pickled object runs code
# when it is opened.


# %%
def save_model(model: nn.Module, path: str | Path) -> None:
    """Save the model's state dict, so that `torch.load(path, weights_only=True)` returns it.

    Args:
        model: any network, in any mode and on any device; left as it is.
        path: the file, with any name; one that is there already is replaced. No other file is
            left beside it.
    """
    ### BEGIN SOLUTION
    temporary = f"{path}.part"
    torch.save(model.state_dict(), temporary)
    os.replace(temporary, path)
    ### END SOLUTION


# %% [markdown]
# ## How to look at mistakes
# `course run 07` leaves the confusion matrix and the worst mistakes in `runs/`. Each row of the
# matrix is what the photos are, each column what the network said; right answers lie on the
# diagonal.
#
# ![A confusion matrix of six classes with forty photos each. The diagonal holds 38 to 40 of
# each row; five photos lie beside it, three of them fresh taken for rotten or rotten for fresh
# of the same fruit](figure:confusion)
#
# *Validation photos of the embedded data, after fine-tuning.*
#
# Read it in this order.
#
# 1. **Which cells?** Fresh for rotten of the same fruit is about decay; an apple for an orange
#    is about the kind. These are different problems with different cures.
# 2. **Is it symmetric?** If rotten bananas are called fresh but never the other way round, the
#    network needs more evidence of rot than you do.
# 3. **Which mistake costs more?** A shop that throws away good fruit loses money; one that
#    sells bad fruit loses customers. Accuracy does not know the difference.
#
# Then look at the photos themselves, the most confident mistakes first. The worst of this run
# holds two oranges: the front one is fresh, and the label speaks of the one behind.
#
# ![Six validation photos on which the network was wrong or least sure, each with its true
# class, what the network said and how sure it was](figure:hardest-photos)
#
# *The photos with the lowest probability for their true class.*
#
# Ask three questions of each. *Is the label right?* Some labels are wrong in every data set,
# the real fruit included. *Could you tell?* If not, no network has to. *What could it have
# looked at?* A shadow, a leaf, another fruit behind. Five mistakes with one cause are worth a
# change: a crop that keeps more of the fruit, more light and shade in the augmentation, a
# larger input. Five mistakes with five causes are not.
#
# <details><summary>Your network passes, with 0.95. Should you go on to 0.97?</summary>
#
# Ask first what it would be for, and whether you could measure it: on 240 photos, 0.95 and 0.97
# are five photos apart. More photos of the kinds that go wrong help more than another epoch.
#
# </details>
#
# ## All together
# `python -m exercises.ex07_fruits` (or `course run 07`): the head first, then all of it, then
# the assessment. Expect about {measured: 07 after fine-tuning} with the embedded photos. With
# the real photos in `data/fruits` the same code runs on them; `--weights squeezenet1_0` takes
# another backbone. Your own choices will give other numbers; what counts is that they stay
# above the bar when you change the seed.
#
# ### Try it: predict, then run
# `course try 07` with `--grey` or `--photos 10` asks for your guess, trains your head for four
# epochs, and shows both.
#
# 1. **Without colour.** All photos are grey, those of training and those of validation. How
#    much of what the network knows is colour?
# 2. **Ten photos of each class** instead of a hundred. Which mistakes come first, fresh for
#    rotten, or one kind of fruit for another?
# 3. **Not normalised**, by hand: leave out `Normalize`. Which is hurt more, the head or
#    fine-tuning?
#
# <details><summary>What did we see?</summary>
#
# (1) {kept: experiments.grey.0}, with {kept: experiments.grey.2} mistakes about the kind of
# fruit and {kept: experiments.grey.1} about decay. Shape and texture carry far, but without its
# colour one round fruit is much like another. (2) {kept: experiments.photos.0}, with {kept:
# experiments.photos.1} mistakes about decay and {kept: experiments.photos.2} about the kind.
# Kinds are learned from a few photos; what rot looks like takes more.
#
# </details>
#
# ### In five sentences
# A plan turns a large task into steps, each of which can fail early and cheaply. Know the floor
# before you admire a result, and what a difference of one photo means before you celebrate it.
# A histogram forgets where pixels lie, and rot is told by where they lie. A frozen pre-trained
# backbone does most of the work, a new head the rest, and fine-tuning polishes. Mistakes,
# looked at one by one, say what to change next.
#
# ### Check yourself
# <details><summary>Your training accuracy is 0.99 and your validation accuracy 0.85. What do
# you try first?</summary>
#
# Stronger augmentation, then fewer trainable weights: freeze what you thawed. The network has
# memorised photos.
#
# </details>
#
# <details><summary>Why does fine-tuning begin with a trained head?</summary>
#
# A random head sends large, meaningless gradients into the backbone, and spoils in a few steps
# what many photos have taught it.
#
# </details>
#
# <details><summary>How many of 240 photos must be right to reach 0.92?</summary>
#
# 221, since $0.92 \cdot 240 = 220.8$.
#
# </details>
#
# ### A bonus that no check grades
# Photograph five pieces of fruit in your kitchen, in good light and in bad, and let your
# network judge them. Before you look, write down how many it will get right. Where it fails: is
# it the fruit, the light, or that kitchen tables were not in the training data?
#
# ### Further reading
# - Andrej Karpathy, *A Recipe for Training Neural Networks*,
#   <https://karpathy.github.io/2019/04/25/recipe/>
# - Zhang et al., *Dive into Deep Learning*, section "Fine-Tuning",
#   <https://d2l.ai/chapter_computer-vision/fine-tuning.html>
# - Yosinski et al., *How transferable are features in deep neural networks?*,
#   <https://arxiv.org/abs/1411.1792>
# - Northcutt et al., *Pervasive Label Errors in Test Sets Destabilize Machine Learning
#   Benchmarks*, <https://arxiv.org/abs/2103.14749>
#
# Installed with the course: `help(torchvision.transforms.v2.RandomResizedCrop)`,
# `help(torch.optim.Adam)`, `help(torch.save)`.


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Train the head, fine-tune, assess, show, save. Written for you."""
    from course.models.zoo import load_backbone

    train_loader, valid_loader, names = run.photo_loaders("fruits", make_transforms)
    backbone, width = load_backbone(run.weights)
    model = build_model(freeze_backbone(backbone), width, len(names)).to(run.device)
    run.take(train(model, train_loader, valid_loader, epochs=run.n_epochs, lr=run.lr))
    run.take(fine_tune(model, train_loader, valid_loader, epochs=4, lr=run.lr / 200))
    run.assess(*evaluate(model, valid_loader), bar=0.92)
    run.finish_photos(model, valid_loader, names, make_transforms, save_model)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("07", epochs=8, lr=0.02))
