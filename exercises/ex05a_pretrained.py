# Made from solutions/ex05a_pretrained.py by `course author make`; yours to edit from here on. (stub e733b822d89157ac)
# %% [markdown]
# # 05a Pre-trained models
#
# Somebody has already trained a network on very many pictures of very many things. You need neither the pictures nor
# the weeks: you need the file with the numbers, and to know three things about it: which *transforms* its pictures went
# through, in which *mode* it must be used, and which *category* each of its outputs stands for. With that you build an
# automatic door for dogs. Cats and bears stay outside.
#
# The course's own small network learned from pictures made by formulas, dogs of several breeds among them. The same
# code opens torchvision's networks with ImageNet weights, where they are there.
#
# | part | question that it answers |
# |---|---|
# | `load_pretrained` | how do I get a network that already knows something? |
# | `preprocess` | what does it expect of a photo? |
# | `classify` | what does it see, and how sure is it? |
# | `extract_features` | what does it know besides its categories? |
# | `admit` | how does an answer become a decision? |

# %%
import torch
import torchvision
from PIL import Image, ImageOps
from torch import nn
from torchvision.models import Weights

import course.models.pocket  # noqa: F401 - registers "pocket_mobilenet" with torchvision
from course.models.kinds import dogs

# %% [markdown]
# ## A network and its papers
# torchvision keeps, beside the numbers, what must be known to use them: `weights.transforms()` is the preprocessing of
# the training, and `weights.meta["categories"]` the names of the outputs. `torchvision.models.get_model(name,
# weights="DEFAULT")` builds the network and fills it; `get_model_weights(name).DEFAULT` are its papers.
#
# A network comes back in train mode. In train mode, dropout and batch normalisation would make every answer a matter of
# luck and company.


# %%
def load_pretrained(name: str = "pocket_mobilenet") -> tuple[nn.Module, Weights]:
    """A pre-trained network of torchvision's registry, ready for use, and its weights' description.

    Args:
        name: as torchvision knows it: "pocket_mobilenet", "squeezenet1_0", "resnet18", …

    Returns:
        (model, weights): a new model, filled with its default weights, in eval mode; the member of its WeightsEnum.
    """
    # TODO load_pretrained: Which attribute of the weights holds their class names, and in which mode must the network
    # come back?
    raise NotImplementedError("load_pretrained")


# %% [markdown]
# ## The same spectacles
# A network sees the world through the preprocessing that it was trained with: resized to a certain size, cut to a
# square, and each colour shifted and scaled, $x' = (x - \mu) / \sigma$. With other numbers it is like wearing somebody
# else's glasses: it still answers, only worse, and without an error. So never write these numbers down yourself; ask
# the weights.


# %%
def preprocess(photo: Image.Image, weights: Weights) -> torch.Tensor:
    """A photo as a batch of one, as the weights want it.

    Args:
        photo: a PIL image of any mode and size, with or without an EXIF orientation, of which there are eight; left as it was.
        weights: their `transforms()` say what to do with the upright RGB picture, all of it. What is transparent in the photo
            does not become black.

    Returns:
        float32 (1, 3, S, S), normalised.
    """
    # TODO preprocess: Whose mean and standard deviation normalise the photo: yours, or those of the weights?
    raise NotImplementedError("preprocess")


# %% [markdown]
# ## What does it see?
# Logits are scores without a scale. Softmax makes probabilities of them, $p_k = e^{z_k} / \sum_j e^{z_j}$: positive
# numbers that add up to 1. The five most probable names tell more than the first alone: a network that hesitates
# between two breeds is in another state than one that hesitates between a dog and a cup.


# %%
def classify(model: nn.Module, weights: Weights, photo: Image.Image, top: int = 5) -> list[tuple[str, float]]:
    """The most probable categories of a photo.

    Args:
        model, weights: as `load_pretrained` returns them; left as they are.
        photo: any PIL image; the network sees it as `preprocess` makes it.
        top: how many categories, from 1 to all of them.

    Returns:
        `top` pairs (category name, probability as a Python float), the most probable one first.
    """
    # TODO classify: How do logits become probabilities, and which name belongs to which of them?
    raise NotImplementedError("classify")


# %% [markdown]
# ## What it knows besides
# Before the last layers the network describes each picture by some hundred numbers: how much of this texture, of that
# edge, of such a colour. The last layers (`classifier` in most of torchvision's networks, `fc` in the ResNets) only
# weigh these *features* for the categories at hand. For another task, the features are what you want; the next project
# builds on them.
#
# A forward pre-hook sees what goes into a layer, without changing the network; remove it afterwards.


# %%
def extract_features(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What goes into the network's head: its description of each image.

    Args:
        model: a network with a head called `classifier` or `fc`, whatever it does before and behind it; unchanged
            afterwards, mode, frozen parameters and hooks included.
        images: float32 (B, 3, H, W), preprocessed.

    Returns:
        float32 (B, D): the input of the head; if that is a stack of maps (B, D, h, w), their means over h and w. Without a graph.
    """
    # TODO extract_features: What goes into the head, and how can you see it without changing the network?
    raise NotImplementedError("extract_features")


# %% [markdown]
# ## The door
# `dogs(weights)` gives the numbers of all categories that are dogs, whatever the weights: the pocket network knows them
# as "dog: …", ImageNet has some hundred breeds. Open when the sum of their probabilities is more than one half: a photo
# that is shared among six breeds is still a dog.


# %%
def admit(model: nn.Module, weights: Weights, photo: Image.Image) -> bool:
    """Does the door open?

    Args:
        model, weights: as `load_pretrained` returns them; left as they are.
        photo: what the camera at the door sees, any PIL image; the network sees it as `preprocess` makes it.

    Returns:
        True if the categories of `dogs(weights)` together have a probability of more than 0.5.
    """
    # TODO admit: Which categories are dogs, and how sure must the network be?
    raise NotImplementedError("admit")


# %% [markdown]
# ## All together
# `python -m exercises.ex05a_pretrained` (or `course run 05a`) shows photos to the door and prints what the network sees
# in each.


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Show the door some photos. Written for you."""
    model, weights = load_pretrained(run.weights)
    run.show_door(lambda photo: (admit(model, weights, photo), classify(model, weights, photo, top=3)))


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("05a", epochs=0))
