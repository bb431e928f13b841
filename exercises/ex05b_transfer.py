# Made from solutions/ex05b_transfer.py by `course author make`; yours to edit from here on. (stub 5a9512c6282e0889)
# %% [markdown]
# # 05b Transfer learning and fine-tuning
#
# The door should now open for one particular dog, and for no other. There are 139 photos, 19 of them of that dog. From
# scratch nothing can be learned from so little. But a network that has seen a hundred thousand pictures already
# describes a photo well; what is missing is one small layer that weighs its description for *our* question. That is
# transfer learning. Fine-tuning then also moves the description, a very little.
#
# Beware of the accuracy: whoever never opens is right two times of three.
#
# | part | question that it answers |
# |---|---|
# | `freeze_backbone` | how does what is known stay known? |
# | `build_model` | what is added? |
# | `trainable_parameters` | what may the optimizer change? |
# | `make_transforms` | how do 139 photos become more? |
# | `unfreeze` | when may the backbone learn too? |
# | `fine_tune` | how does it learn without forgetting? |

# %%
from collections.abc import Callable
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
# ## Freeze the backbone
# A pre-trained backbone already knows edges, textures and shapes. With 139 photos we cannot improve it; we can only
# spoil it. So its parameters stay as they are, and only the new head learns.
#
# BatchNorm is the trap: its running mean and variance are no parameters. They move in train mode even when nothing
# requires a gradient, and `model.train()` at the beginning of each epoch puts every layer into train mode, the frozen
# ones too: it calls the method `train` of each layer in turn.


# %%
def freeze_backbone(model: nn.Module) -> nn.Module:
    """Freeze every parameter of `model` and return it.

    After this call no parameter requires a gradient, and a forward pass leaves every buffer (the running mean and variance of
    BatchNorm of any dimension) unchanged and normalises by them, also after `model.train()`, alone or as a part of a larger
    network. Nothing outside of `model` is frozen. Parameters can be thawed again: after `requires_grad_(True)` gradients reach
    all of them.

    Args:
        model: any module, with layers in blocks or parameters of its own; changed in place and returned itself.
    """
    # TODO freeze_backbone: What decides whether the optimizer may change a parameter? What else changes in train mode?
    raise NotImplementedError("freeze_backbone")


# %% [markdown]
# ## A new head
# The backbone turns a photo into `width` features; the head turns the features into one logit for each of our classes.
# It is the only part that starts from random numbers.


# %%
def build_model(backbone: nn.Module, width: int, n_classes: int = 2) -> nn.Module:
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
    # TODO build_model: How many features come out of the backbone, and what turns them into logits?
    raise NotImplementedError("build_model")


# %% [markdown]
# ## What may change
# The optimizer gets only what may change: frozen parameters in its list cost memory, and with weight decay some
# optimizers would shrink them all the same. It must be built *after* freezing: it keeps the list that it was given.


# %%
def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that require a gradient, each once, in any order; `model`, any module, is left as it is."""
    # TODO trainable_parameters: Which attribute of a parameter says that it may change?
    raise NotImplementedError("trainable_parameters")


# %% [markdown]
# ## More views of few photos
# As in project 04a, but in colour and for photos: a random crop, a mirror image (a dog is a dog from both sides), a
# little light. Then both, training and validation photos, get what the backbone expects: size, float32, and the
# normalisation $x' = (x - \mu) / \sigma$ with ImageNet's numbers.


# %%
def make_transforms(train: bool, size: int = 96) -> Callable[[Image.Image], torch.Tensor]:
    """The transform of training photos (random) or of validation photos (not).

    Args:
        train: for training?
        size: height and width that come out.

    Returns:
        A callable: PIL image (RGB, any size) -> float32 (3, size, size), normalised by MEAN and STD, resized with antialiasing;
        the image is left as it was, and no generator of random numbers is seeded. For training each call draws a new view: a crop
        that shows a good part of the photo, a flip, a small turn to either side (45 degrees at most), a little light; never upside
        down, black or white, and with its colours as a rule. One of them is enough, but it is drawn anew, not from a few that were
        made before. Otherwise the whole photo (its central square, if it is not square), the same each time.
    """
    # TODO make_transforms: What does the backbone expect of a photo, and what may change in one of a dog?
    raise NotImplementedError("make_transforms")


# %% [markdown]
# ## Thaw
# Once the head is trained, its gradients say something sensible, and the backbone may follow them a little. Before
# that, they would be noise that spoils it. The running statistics stay as they are: 139 photos are too few to estimate
# them anew.


# %%
def unfreeze(model: nn.Module) -> nn.Module:
    """Let every parameter of `model` require a gradient again and return it; BatchNorm statistics stay frozen if they were.

    Nothing else changes: statistics that were not frozen go on moving, and modes are what they were.
    """
    # TODO unfreeze: What did freezing switch off, and what of it should stay off?
    raise NotImplementedError("unfreeze")


# %% [markdown]
# ## Learn without forgetting
# Fine-tuning moves every parameter, so each may move only little: a learning rate a hundred times smaller than the
# head's. And keep the best that you had: if an epoch makes the validation worse, there is no reason to end with it.


# %%
def fine_tune(
    model: nn.Module, train_loader: DataLoader, valid_loader: DataLoader, epochs: int, lr: float = 1e-5
) -> History:
    """Train all of the model at a small learning rate, and end with the best state that was seen.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as they are. Two epochs, after the
    head is trained, judge at least 0.93 of unseen photos at the door right.

    Args:
        model: as `build_model` returns it, its head trained; unfrozen by `unfreeze`, and left so; changed in place, in train mode.
        train_loader: gives (images, labels); the only data that is learned from, gone through anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode.
        epochs: how many times the training data are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs, small against the head's 1e-3.

    Returns:
        A History with one entry an epoch: means over its items, unrounded. The model is left in eval mode and in the state,
        after an epoch or before the first, that had the highest validation accuracy, be it by one photo: never worse than it was.
    """
    # TODO fine_tune: How large may a step be, and which state do you want to end with?
    raise NotImplementedError("fine_tune")


# %% [markdown]
# ## All together
# `python -m exercises.ex05b_transfer` (or `course run 05b`). Compare the validation accuracy with 0.667, which costs
# nothing.


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Train the head, fine-tune, show, save. Written for you."""
    from course.models.zoo import load_backbone
    from course.training import fit

    train_loader, valid_loader, names = run.photo_loaders("presidential", make_transforms)
    backbone, width = load_backbone(run.weights)
    model = build_model(freeze_backbone(backbone), width, len(names))
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=run.lr)
    run.take(fit(model, train_loader, valid_loader, epochs=run.n_epochs, optimizer=optimizer))
    run.take(fine_tune(model, train_loader, valid_loader, epochs=4, lr=run.lr / 20))
    run.finish_photos(model, valid_loader, names, make_transforms)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("05b", epochs=16, batch_size=16, lr=2e-3))
