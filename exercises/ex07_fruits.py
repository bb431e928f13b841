# Made from solutions/ex07_fruits.py by `course author make`; yours to edit from here on. (stub 819c3005f9ad9999)
# %% [markdown]
# # 07 Fresh and rotten fruit
#
# The last project is an assessment: everything that you have built, on a new question. There are photos of apples,
# bananas and oranges, fresh and rotten: six classes, some hundred photos of each. The bar is 92% on photos that the
# network has not seen. From scratch you will not reach it; colour alone will not reach it either, since a brown spot
# may be rot, a shadow or a table.
#
# You know all the parts: a pre-trained backbone, frozen (05b); a new head; augmentation (04a); fine-tuning at a small
# learning rate; a loop that measures on unseen photos (01). Put them together.

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

# Of ImageNet: what torchvision's weights and the pocket weights expect.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# %% [markdown]
# ## Photos
# A fruit has no right way up, so it may be mirrored in both directions and cropped. Be careful with colour: a change of
# hue that makes a fresh orange brown makes the label wrong.


# %%
def make_transforms(train: bool, size: int = 96) -> Callable[[Image.Image], torch.Tensor]:
    """The transform of training photos (random) or of validation photos (not).

    Args:
        train: for training?
        size: height and width that come out.

    Returns:
        A callable: PIL image (RGB, any size) -> float32 (3, size, size), normalised by MEAN and STD, resized with antialiasing;
        the image is left as it was, and no generator of random numbers is seeded. For training each call draws a new view: a crop
        that shows a good part of the photo, a flip, any turn, a little light; never black, white or without its colours, and an
        orange stays orange. One of them is enough, but it is drawn anew, not from a few that were made before. Otherwise the
        whole photo (its central square, if it is not square), the same each time.
    """
    # TODO make_transforms: What may change in a photo of a fruit, and what never: its place, its light, its colour?
    raise NotImplementedError("make_transforms")


# %% [markdown]
# ## The network
# A backbone with a new head: six logits for six classes. Not one for "rotten" and one for the kind, not probabilities:
# `nn.CrossEntropyLoss` wants a logit for each class.


# %%
def build_model(backbone: nn.Module, width: int, n_classes: int = 6) -> nn.Module:
    """A classifier on top of a backbone.

    Args:
        backbone: maps (B, 3, H, W) to features (B, width); used as it is, frozen or not: that very module, its numbers and its
            mode, on photos that nothing has changed.
        width: number of features.
        n_classes: how many logits come out.

    Returns:
        A module: (B, 3, H, W) -> logits (B, n_classes), whose head can be trained: scores of any size and sign, with nothing
        behind the last layer in either mode. A photo's logits depend on itself only, but for what BatchNorm takes from the
        batch in train mode. The photos are left as they are. Gradients are those of the whole way, back into the backbone.
    """
    # TODO build_model: How many classes are three kinds of fruit, fresh and rotten?
    raise NotImplementedError("build_model")


# %% [markdown]
# ## Frozen
# As in 05b: no parameter requires a gradient, and the running statistics stay, whatever mode the whole network is in.


# %%
def freeze_backbone(backbone: nn.Module) -> nn.Module:
    """Freeze every parameter of `backbone` and return it.

    After this call no parameter requires a gradient, and a forward pass leaves every buffer unchanged and normalises by the
    running statistics, of whatever layer keeps some, also after `model.train()` of a larger network that it is a part of.
    Nothing outside of `backbone` is frozen, and after `requires_grad_(True)` gradients reach its parameters again.
    """
    # TODO freeze_backbone: What of the backbone could change in training, and how do you stop each of them?
    raise NotImplementedError("freeze_backbone")


# %% [markdown]
# ## Train the head
# Only what requires a gradient goes to the optimizer. The loss is cross entropy on logits.


# %%
def train(
    model: nn.Module, train_loader: DataLoader, valid_loader: DataLoader, epochs: int, lr: float = 1e-3
) -> History:
    """Train what is trainable, and measure on the validation photos after each epoch.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as they are. Six epochs with a frozen
    backbone read unseen fruit within 0.02 of the bar, which is 0.92.

    Args:
        model: maps images to logits; changed in place, in train mode. The optimizer gets only parameters that require a gradient.
        train_loader: gives (images, labels); the only data that is learned from, gone through anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode.
        epochs: how many times the training photos are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs; 0 changes nothing.

    Returns:
        A History with one entry an epoch in each of train_loss, train_accuracy, valid_loss and valid_accuracy: means over the
        items of that epoch, unrounded.
    """
    # TODO train: Which parameters does the optimizer get, and when is it built?
    raise NotImplementedError("train")


# %% [markdown]
# ## Fine-tune
# All parameters, small steps, and the best state in the end.


# %%
def fine_tune(
    model: nn.Module, train_loader: DataLoader, valid_loader: DataLoader, epochs: int, lr: float = 1e-5
) -> History:
    """Unfreeze all of the model, train it at a small learning rate, and end with the best state that was seen.

    Two epochs, after six of `train`, read at least 0.92 of unseen fruit right: the assessment.

    Args:
        model: its head is trained; every parameter is made trainable, and left so; running statistics stay frozen if they were,
            and only then.
        train_loader, valid_loader, epochs: as for `train`, and so are the steps.
        lr: learning rate of the one optimizer that serves all epochs, small against the head's.

    Returns:
        A History with one entry an epoch: means over its items, unrounded. The model is left in eval mode and in the state,
        after an epoch or before the first, that had the highest validation accuracy, be it by one photo: never worse than it was.
    """
    # TODO fine_tune: How large may a step be, and which state do you want to end with?
    raise NotImplementedError("fine_tune")


# %% [markdown]
# ## The assessment
# Count: how many of how many. Not the mean of batch accuracies, and not in train mode.


# %%
def evaluate(model: nn.Module, loader: DataLoader) -> tuple[int, int]:
    """How many photos the model gets right.

    Args:
        model: maps images to logits; used in eval mode, without gradients; its numbers and settings are left as they were.
        loader: gives (images, labels).

    Returns:
        (correct, total), Python ints.
    """
    # TODO evaluate: Correct of how many, and in which mode?
    raise NotImplementedError("evaluate")


# %%
def save_model(model: nn.Module, path: str | Path) -> None:
    """Save the model's numbers, so that `torch.load(path, weights_only=True)` gives its state dict.

    Args:
        model: any network, in any mode; left as it is.
        path: the file, with any name; one that is there already is replaced. No other file is left beside it.
    """
    # TODO save_model: What of a model is worth keeping: the object, or its weights?
    raise NotImplementedError("save_model")


# %% [markdown]
# ## All together
# `python -m exercises.ex07_fruits` (or `course run 07`): the head first, then all of it, then the assessment. With the
# real photos in `data/fruits` the same code runs on them; `--weights squeezenet1_0` takes another backbone.


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Train the head, fine-tune, assess, show, save. Written for you."""
    from course.models.zoo import load_backbone

    train_loader, valid_loader, names = run.photo_loaders("fruits", make_transforms)
    backbone, width = load_backbone(run.weights)
    model = build_model(freeze_backbone(backbone), width, len(names))
    run.take(train(model, train_loader, valid_loader, epochs=run.n_epochs, lr=run.lr))
    run.take(fine_tune(model, train_loader, valid_loader, epochs=4, lr=run.lr / 10))
    run.assess(*evaluate(model, valid_loader), bar=0.92)
    run.finish_photos(model, valid_loader, names, make_transforms, save_model)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("07", epochs=8))
