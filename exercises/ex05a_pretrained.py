# Made from solutions/ex05a_pretrained.py by `course author make`; yours to edit from here on. (stub 3141ffe8327019b1)
# %% [markdown]
# # 05a Pre-trained models
#
# **Can you build a door that opens for dogs without training a network?**
#
# So far you have trained every network yourself, on data that you had. Now you have no data at
# all, and no time either: by tonight you need a door that opens for dogs and stays shut for
# cats and bears. The good news: somebody has already trained a network on very many pictures of
# very many things, dogs among them, and has put the weights into a file.
#
# To use somebody else's network you must know four things about it: where the *weights* come
# from, which *preprocessing* its pictures went through, in which *mode* it must run, and
# which *category* each of its outputs stands for. Get one of them wrong, and it still answers.
#
# The course comes with such a network, the *pocket network*. It learned 152 categories, among
# them 14 breeds of dogs, from pictures that were drawn by formulas, so it has never seen a
# photograph. The same code opens torchvision's networks with ImageNet weights, with a thousand
# categories, if you have them.
#
# At the end of this project you can
#
# - get a network from torchvision's registry together with the description of its weights;
# - feed it as it was fed in training, and check that you did;
# - read its five most probable answers, and see when it hesitates;
# - take out its *features*, which are worth more than its answers;
# - turn probabilities into a decision, and say what the threshold costs.
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
# ## A network and the description of its weights
# *Difficulty 1 of 5 · matters 4 of 5 · about 10 minutes for someone new (a guess) · 4 points*
#
# torchvision keeps a registry of networks by name. For each name there are one or more sets of
# weights, and for each set a description, an object of type `Weights`:
#
# | you write | you get |
# |---|---|
# | `torchvision.models.get_model(name, weights="DEFAULT")` | the network with its weights |
# | `torchvision.models.get_model_weights(name).DEFAULT` | the description of these weights |
# | `weights.transforms()` | the preprocessing, ready to be called with a photo |
# | `weights.meta["categories"]` | the names of the outputs, in order |
#
# The two belong together. The network `resnet50`, for example, comes with two sets of weights:
# the transforms of `IMAGENET1K_V1` resize a photo to 256 pixels, those of `IMAGENET1K_V2`
# to 232. So get both from the same place, and hand them around together.
#
# And as in 04b: a network comes back in train mode. Call `.eval()` before anybody uses it.


# %%
def load_pretrained(name: str = "pocket_mobilenet") -> tuple[nn.Module, Weights]:
    """A pre-trained network of torchvision's registry, ready for use, and its weights'
    description.

    Args:
        name: as torchvision knows it: "pocket_mobilenet", "squeezenet1_0", "resnet18", …

    Returns:
        (model, weights): a new model, filled with its default weights, in eval mode; the
            description of these weights, a member of the network's WeightsEnum.
    """
    # TODO load_pretrained: Which attribute of the weights holds their class names, and in which
    # mode must the network come back?
    raise NotImplementedError("load_pretrained")


# %% [markdown]
# ## The same glasses
# *Difficulty 2 of 5 · matters 5 of 5 · about 15 minutes for someone new (a guess) · 5 points*
#
# A network sees the world through the preprocessing that it was trained with: resized, cut to a
# square, and each colour channel shifted and scaled,
#
# $$x' = \frac{x - \mu}{\sigma}, \qquad \mu = (0.485, 0.456, 0.406), \quad
# \sigma = (0.229, 0.224, 0.225).$$
#
# $\mu$ and $\sigma$ are the mean and the standard deviation of the red, green and blue values
# of ImageNet, so that afterwards a typical picture has mean 0 and standard deviation 1 in each
# channel. Take an orange pixel, (200, 120, 40):
#
# | channel | byte | divided by 255 | minus the mean | divided by the standard deviation |
# |---|---|---|---|---|
# | red | 200 | 0.784 | 0.299 | 1.307 |
# | green | 120 | 0.471 | 0.015 | 0.065 |
# | blue | 40 | 0.157 | -0.249 | -1.107 |
#
# Black becomes (-2.12, -2.04, -1.80), and white (2.25, 2.43, 2.64). If the tensor that you feed
# has no negative value, something is missing.
#
# With other numbers it is as if the network wore somebody else's glasses. It gets no error,
# only a blurred world. How much does it cost? We let the pocket network judge 169 photos at the
# door, 103 of them photos of dogs, in eight ways:
#
# Figure: Bars: the share of 169 photos at the door that are judged right. As the weights say:
# 0.95. Red and blue exchanged: 0.91. Another mean and standard deviation: 0.85. At 48 pixels:
# 0.78. At 224 pixels: 0.56. Not normalised: 0.45. Not divided by 255, and in train mode: 0.39,
# the share of photos without a dog. A dashed line at 0.61 marks a door that is always open
# (docs/figures/05a-wrong-glasses.png).
#
# *Same weights, same photos. The dashed line is a door without a network that lets everybody
# in.*
#
# Four of these mistakes make a door that is worse than one that is always open. None of them
# raises an error. So don't write these numbers down yourself; ask the weights:
# `weights.transforms()` knows size, mean and standard deviation, whatever the network.
#
# **Question 1: A photo of 4000 × 3000 pixels is resized to 96 × 96. Why not show the network
# all that detail?** (Answer 1 stands at the end of this file.)


# %%
def preprocess(photo: Image.Image, weights: Weights) -> torch.Tensor:
    """A photo as a batch of one, as the weights want it.

    Args:
        photo: a PIL image of any mode and size, with or without an EXIF orientation, of which
            there are eight; left as it was.
        weights: their `transforms()` say what to do with the upright RGB picture, all of it.
            What is transparent in the photo does not become black: it keeps its colour, or lies
            on white.

    Returns:
        float32 (1, 3, S, S), normalised.
    """
    # TODO preprocess: Whose mean and standard deviation normalise the photo: yours, or those of
    # the weights?
    raise NotImplementedError("preprocess")


# %% [markdown]
# ## What does it see?
# *Difficulty 2 of 5 · matters 4 of 5 · about 15 minutes for someone new (a guess) · 6 points*
#
# Logits are scores without a scale. Softmax turns them into probabilities,
# $p_k = e^{z_k} / \sum_j e^{z_j}$: positive and adding up to 1. Four categories, worked out:
#
# | category | $z$ | $e^z$ | $p$ | rank |
# |---|---|---|---|---|
# | bear: black | 2.2 | 9.03 | 0.35 | 1 |
# | dog: poodle | 2.0 | 7.39 | 0.29 | 2 |
# | dog: labrador | 1.9 | 6.69 | 0.26 | 3 |
# | cup | 0.9 | 2.46 | 0.10 | 4 |
# | sum | | 25.56 | 1.00 | |
#
# `probabilities.topk(2)` gives the values (0.35, 0.29) *and* indices (0, 1), already in order.
# The indices are what you look up in `weights.meta["categories"]`.
#
# The first name alone says little. A network that hesitates between two breeds is in another
# state than one that hesitates between a bear and a dog:
#
# Figure: Three photos at the door with their five most probable categories as bars. A spotted
# dog: dalmatian 0.84, far ahead. A curly black dog: black bear 0.33, poodle 0.26, three more
# breeds. A black dog with a white chest: tuxedo cat 0.84, all others below 0.05
# (docs/figures/05a-top-five.png).
#
# *Sure and right; hesitating; sure and wrong.*
#
# The third photo is the one to remember. The network is as sure of its tuxedo cat as it is of
# the dalmatian. A probability says how far ahead the winner is, and not whether the network
# knows the thing at all.
#
# **Question 2: Why softmax over all 152 categories, if I only look at five?** (Answer 2 stands
# at the end of this file.)


# %%
def classify(
    model: nn.Module, weights: Weights, photo: Image.Image, top: int = 5
) -> list[tuple[str, float]]:
    """The most probable categories of a photo.

    Args:
        model, weights: as `load_pretrained` returns them; left as they are. The model stays on
            its device, and the photo goes there.
        photo: any PIL image; the network sees it as `preprocess` makes it.
        top: how many categories, from 1 to all of them.

    Returns:
        `top` pairs (category name, probability as a Python float), the most probable one first;
        two may have the same name.
    """
    # TODO classify: How do logits become probabilities, and which name belongs to which
    # of them?
    raise NotImplementedError("classify")


# %% [markdown]
# ## What it knows besides its categories
# *Difficulty 3 of 5 · matters 5 of 5 · about 20 minutes for someone new (a guess) · 5 points*
#
# The last layer of the network (`classifier` in most of torchvision's networks, `fc` in the
# ResNets) is called its *head*. All that comes before, the *backbone*, turns a picture into
# some hundreds of values: how much of this texture, of that edge, of such a colour. These
# values are the *features*; the head only weighs them for its categories. For the pocket
# network there are 1200 of them.
#
# For another task the features are what you want. Take the features of one photo of the
# resident dog, and ask which of the other 168 photos has the most similar ones (by the *cosine*
# of the two vectors: 1 if they point the same way, 0 at a right angle; project 06 works it
# out). All of the five nearest are photos of the same dog, although no category of the network
# is called after it:
#
# Figure: Six photos in a row: one black dog with a white chest, and the five photos whose
# features are most similar to its own, with similarities from 0.83 down to 0.68. All five show
# the same dog in other poses and places (docs/figures/05a-nearest-photos.png).
#
# *Nobody trained anything for this. The next project builds on it.*
#
# How do you get hold of a tensor in the middle of a network? A *forward pre-hook* is a function
# that PyTorch calls just before a layer runs, with what goes into it. Hang it on the head, run
# the network once, take the hook off:
#
# ```python
# caught = []
# note = lambda module, inputs: caught.append(inputs[0])
# hook = layer.register_forward_pre_hook(note)
# ...
# hook.remove()
# ```
#
# Take it off in a `finally` block, which runs after an error too: a hook that stays goes on
# collecting.
#
# In some networks the head gets a stack of maps `(B, D, h, w)` and not a row `(B, D)`. Then the
# mean over h and w is the usual description: *how much* of each feature there is, wherever it
# is.
#
# **Question 3: Couldn't I replace the head by nn.Identity() and run the network?** (Answer 3
# stands at the end of this file.)


# %%
def extract_features(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What goes into the network's head: its description of each image.

    Args:
        model: a network with a head called `classifier` or `fc`, which does not change its
            input in place, whatever comes before and behind it, all of it in train mode or all
            in eval mode; unchanged afterwards, mode, frozen parameters and hooks included. (In
            train mode, batch statistics may follow the images.)
        images: float32 (B, 3, H, W), preprocessed; they go to the device of the model, which
            stays there.

    Returns:
        float32 (B, D): the input of the head; if that is a stack of maps (B, D, h, w), their
        means over h and w. Without a graph, on the CPU.
    """
    # TODO extract_features: What goes into the head, and how can you see it without changing
    # the network?
    raise NotImplementedError("extract_features")


# %% [markdown]
# ## The door
# *Difficulty 2 of 5 · matters 3 of 5 · about 15 minutes for someone new (a guess) · 7 points*
#
# The network names breeds; the door asks "dog or not?". `dogs(weights)` gives the indices of
# all categories that are dogs, whatever the weights: the pocket network calls them "dog: …",
# ImageNet has 118 breeds. The probability of *a dog* is the sum over these categories, since a
# dog cannot be of two breeds at once.
#
# Look at the second photo above again. The most probable single category is a black bear, with
# 0.33. But poodle, labrador, water dog, bulldog and the others together have 0.55. Taking the
# first name alone would shut a dog out. In the table with four categories it is the same:
# $0.29 + 0.26 = 0.55$ against 0.35.
#
# The door opens if the sum is more than one half. Why one half? There are two ways to be wrong,
# and the threshold trades one for the other:
#
# - *precision*: of those who were let in, how many are dogs?
# - *recall*: of the dogs who came, how many were let in?
#
# Of the 169 photos 103 show a dog:
#
# | threshold | let in | of them dogs | precision | recall |
# |---|---|---|---|---|
# | 0.1 | 104 | 100 | 100 / 104 = 0.96 | 100 / 103 = 0.97 |
# | 0.5 | 96 | 95 | 95 / 96 = 0.99 | 95 / 103 = 0.92 |
# | 0.9 | 73 | 73 | 73 / 73 = 1.00 | 73 / 103 = 0.71 |
#
# Figure: Two curves over the threshold from 0 to 1. Precision starts at 0.61, is above 0.95
# from a threshold of 0.05 on and reaches 1 at 0.7. Recall starts at 1, falls slowly to 0.92 at
# 0.5 and 0.71 at 0.9, and steeply after that. Marks at 0.5
# (docs/figures/05a-precision-and-recall.png).
#
# *A strict door keeps dogs out, a generous one lets cats in.*
#
# No formula tells you which is better. If a bear in the house is a catastrophe, you want
# precision; if a dog outside in the snow is one, you want recall. One half is what is asked for
# here, and it is a decision, not a law of nature.
#
# **Question 4: Why is the threshold tried on 169 photos, and the door then judged on others?**
# (Answer 4 stands at the end of this file.)


# %%
def admit(model: nn.Module, weights: Weights, photo: Image.Image) -> bool:
    """Does the door open?

    Args:
        model, weights: as `load_pretrained` returns them; left as they are. The model stays on
            its device, and the photo goes there.
        photo: what the camera at the door sees, any PIL image; the network sees it as
            `preprocess` makes it.

    Returns:
        True if the categories of `dogs(weights)` together have a probability of more than 0.5.
    """
    # TODO admit: Which categories are dogs, and how sure must the network be?
    raise NotImplementedError("admit")


# %% [markdown]
# ## All together
# `python -m exercises.ex05a_pretrained` (or `course run 05a`) shows photos to the door, prints
# what the network sees in each, and draws them all in `door.png`. With
# `--weights squeezenet1_0` another network stands at the door, if its weights are on your
# machine.
#
# ### Try it: predict, then run
# `course try 05a` with `--threshold 0.9` or `--upside-down` asks for your guess, shows the door
# 29 photos of one dog, the resident of the next project, and shows both. At 0.5 the door opens
# for 0.83 of them.
#
# 1. **Threshold 0.9.** For how many does it still open?
# 2. **Upside down.** Every photo is turned by 180 degrees before the network sees it. Do you
#    expect more wrong answers?
# 3. **The first name only**, by hand. Let `admit` open if the most probable category is a dog.
#    Which photos change sides, and in which direction? (The checks want the sum: change it
#    back.)
#
# **Question 5: What did we see?** (Answer 5 stands at the end of this file.)
#
# ### A bonus that no check grades
# Write `most_like(model, weights, photo, photos)`, which returns the photos sorted by the
# cosine of their features with those of `photo`. Try it with a photo of the resident, with a
# cat, and with a photo of your own. What does "similar" mean to this network?
#
# ### In five sentences
# A pre-trained network is weights plus what you must know to use them, and torchvision hands
# out both. It must be fed as it was fed in training, or it answers worse without saying so.
# Softmax makes probabilities of logits, and the top five tell a sure answer from a hesitating
# one. The input of the head, the features, describes the picture beyond the categories. A
# threshold turns a probability into a decision and trades precision for recall.
#
# ### Check yourself
# **Question 6: Your door opens for nobody. You print the tensor that goes in, and its values
# are 0.0 to 255.0. What was forgotten?** (Answer 6 stands at the end of this file.)
#
# **Question 7: Logits (3, 3, 3, 3). What does softmax give, and what does topk(1) tell you?**
# (Answer 7 stands at the end of this file.)
#
# **Question 8: A door lets in 40 visitors, of whom 36 are dogs, and 9 dogs stay outside. What
# are its precision and its recall?** (Answer 8 stands at the end of this file.)
#
# ### Further reading
# - Deng and others, *ImageNet: A Large-Scale Hierarchical Image Database* (2009):
#   <https://doi.org/10.1109/CVPR.2009.5206848>
# - Howard and others, *Searching for MobileNetV3* (2019), whose blocks the pocket network uses:
#   <https://arxiv.org/abs/1905.02244>
# - torchvision, *Models and pre-trained weights*:
#   <https://docs.pytorch.org/vision/stable/models.html>
# - scikit-learn, *Precision-Recall*:
#   <https://scikit-learn.org/stable/auto_examples/model_selection/plot_precision_recall.html>
# - Without a network: `help(torchvision.models.get_model)`, `help(torch.topk)`,
#   `help(nn.Module.register_forward_pre_hook)`, and how the pocket network was made:
#   `docs/pocket-backbone.md`


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Show the door some photos. Written for you."""
    model, weights = load_pretrained(run.weights)
    model.to(run.device)
    run.show_door(
        lambda photo: (admit(model, weights, photo), classify(model, weights, photo, top=3))
    )


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("05a", epochs=0))

# %% [markdown]
# ## Answers
#
# **1. A photo of 4000 × 3000 pixels is resized to 96 × 96. Why not show the network all that
# detail?**
#
# Because it has learned what an eye looks like when the whole dog is 96 pixels high. At another
# size the same eye is another pattern. The bar for 224 pixels shows it: more detail, fewer
# right answers.
#
# **2. Why softmax over all 152 categories, if I only look at five?**
#
# Because the denominator is the sum over *all* of them. Over the five largest alone the same
# logits would look surer: above, without the cup, the bear would get 0.39 in place of 0.35.
#
# **3. Couldn't I replace the head by nn.Identity() and run the network?**
#
# That works too, and many programs do it. But then you have changed the network that somebody
# gave you, and must put the head back, also after an error. And some networks do
# something *behind* the head, which `Identity` would not skip.
#
# **4. Why is the threshold tried on 169 photos, and the door then judged on others?**
#
# If you choose the threshold that looks best on some photos, it looks better on these than on
# any others: you have learned from them, if only one number. Choose on one set, measure on
# another, as always.
#
# **5. What did we see?**
#
# (1) 0.28: for most of these photos the breeds together get more than half, but not nine
# tenths. (2) 0.97, more than before! Right way up, five photos pass for a tuxedo cat, black
# with a white chest. Upside down the white is in the wrong place for that cat, while fur and
# colour, which have no up and down, still say dog. Never explain a number before you have
# looked at the pictures behind it.
#
# **6. Your door opens for nobody. You print the tensor that goes in, and its values are 0.0 to
# 255.0. What was forgotten?**
#
# The division by 255 and the normalisation. No value may be above 2.64 (white in blue) or
# below -2.12 (black in red).
#
# **7. Logits (3, 3, 3, 3). What does softmax give, and what does topk(1) tell you?**
#
# Four times 0.25. `topk(1)` has to name one of the four, and which one means nothing; the 0.25
# is the message: the network has no idea.
#
# **8. A door lets in 40 visitors, of whom 36 are dogs, and 9 dogs stay outside. What are its
# precision and its recall?**
#
# Precision 36 / 40 = 0.90. Recall 36 / (36 + 9) = 0.80.
