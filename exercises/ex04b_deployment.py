# Made from solutions/ex04b_deployment.py by `course author make`; yours to edit from here on. (stub 9f93925e616dbee8)
# %% [markdown]
# # 04b Deployment
#
# **Your network reads 0.97 of the hands in a file. Will it read the photo that your friend just
# took?**
#
# That photo is in colour, some thousand pixels wide, perhaps lying on its side, and nobody has
# cropped it. Your network has only ever seen grey squares of 28 × 28 with values from 0 to 1.
# It won't complain about anything else: as long as the shape fits, it answers, and if the
# content doesn't fit, the answer is wrong. Many a deployed model fails in the few
# lines *before* the network, and not in the network itself.
#
# In this project you build the bridge from any photo to a letter, and you measure the whole
# chain on photos of people who had no part in the training.
#
# At the end of this project you can
#
# - load saved weights so that a missing one, or one too many, is an error and not a wrong
#   answer;
# - turn any photo into exactly what a network was trained on, and say what each step is for;
# - get from logits to a class, and to a probability;
# - test a chain from its first step to its last.
#
# | part | question that it answers |
# |---|---|
# | `load_model` | how do saved weights become a network again, safely? |
# | `preprocess` | how does any photo become what the network was trained on? |
# | `predict_letter` | how do logits become an answer? |
# | `evaluate_folder` | how good is the whole chain? |

# %%
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision.transforms.v2 import functional as F

LETTERS = "abcdefghiklmnopqrstuvwxy"  # class k is LETTERS[k]: j and z are movements

# %% [markdown]
# ## From a file to a network
# *Difficulty 2 of 5 · matters 4 of 5 · about 10 minutes for someone new (a guess) · 5 points*
#
# A network is code plus weights. The code is the class; the weights are in the file, as a
# dictionary from names to tensors. Loading takes two steps, and either can go wrong without a
# word:
#
# 1. **Read the file.** A pickle can run any code of its author while it is opened.
#    `torch.load(path, weights_only=True)` refuses everything but tensors and plain containers.
#    `map_location="cpu"` lets a file that was written on a GPU open on a machine without one.
# 2. **Fill the network.** `load_state_dict` compares names and shapes, and stops with an error
#    if one is missing or one too many is there. You can switch that off with `strict=False`.
#    Don't: if the file has no weights for the last layer, that layer keeps its random start,
#    and the network guesses one letter of 24, without an error.
#
# And then **switch to eval mode**. Your network has two kinds of layers that behave differently
# in training. Dropout sets values to zero at random. Batch normalisation normalises by the mean
# and the variance of the pictures that happen to be in the batch. In use, both must stop: the
# answer to a photo must not depend on chance, nor on which other photos came along with it.
# `model.eval()` turns dropout off and lets batch normalisation use the running mean and
# variance from the training, which the file holds too.
#
# **Question 1: Does torch.inference_mode() do the same as model.eval()?** (Answer 1 stands at
# the end of this file.)


# %%
def load_model(path: str | Path, model: nn.Module) -> nn.Module:
    """Fill an architecture with saved weights and make it ready for use.

    Args:
        path: a file as `save_model` of project 04a writes it: a state dict; on a machine
            without a GPU too, wherever it was saved.
        model: a network of the same architecture; changed in place.

    Returns:
        The model with the weights of the file, in eval mode; what can be trained is what could
        be before.

    Raises:
        Exception: whatever PyTorch raises when the file holds more than tensors, or other names
            or shapes than the model has: one name too many, too few, or with a prefix. The
            file's content is never executed.
    """
    # TODO load_model: What can a stranger's file do when it is unpickled? In which mode should
    # the model come back?
    raise NotImplementedError("load_model")


# %% [markdown]
# ## From any photo to what the network knows
# *Difficulty 3 of 5 · matters 5 of 5 · about 25 minutes for someone new (a guess) · 9 points*
#
# The training pictures were *upright*, *grey*, *square*, *28 × 28* and *between 0 and 1*. Each
# of these five words is a step.
#
# Figure: Five pictures in a row: a photo of a hand lying on its side, the same photo upright,
# in grey, its central square, and the square of 28 by 28 pixels, coarse but still showing the
# sign for L (docs/figures/04b-five-steps.png).
#
# *What the camera gave, and what the network gets.*
#
# **Upright.** Phones don't turn pixels. They note how they were held, as a number from 1 to 8
# in the *EXIF metadata* of the file, and leave it to the viewer to turn the picture. Your photo
# viewer does; `Image.open` doesn't. With number 6 the pixels must be turned by 90 degrees
# clockwise before anybody looks at them. Four of the eight numbers also mirror the picture, so
# don't write the cases yourself: `ImageOps.exif_transpose` knows all of them.
#
# Figure: Eight small pictures of the letter F, as the pixels lie in the file for the EXIF
# numbers 1 to 8: upright, mirrored, upside down, upside down and mirrored, and four lying on
# their sides (docs/figures/04b-eight-orientations.png).
#
# *The same F, as it lies in the file. After `exif_transpose` all eight are the first.*
#
# **Grey.** One channel, whatever came. The eye is most sensitive to green, so the usual formula
# is $0.299\,R + 0.587\,G + 0.114\,B$. A pixel of skin (224, 172, 140) becomes
# $66.98 + 100.96 + 15.96 = 183.9$, so 184. A photo need not be RGB: a palette image (its values
# are places in a list of colours), a CMYK scan and a PNG with transparency all go through
# `convert("RGB")` first.
#
# **Square.** Our photo is 360 wide and 270 high. Resize it to 28 × 28 in one go and you divide
# the width by $360 / 28 = 12.9$ and the height by $270 / 28 = 9.6$: every hand comes out a
# quarter too slim, and a circle becomes an ellipse. The network never saw such hands. So cut
# out the largest square in the middle first: columns 45 to 314, all 270 rows.
#
# Figure: A photo of 360 by 270 pixels with a circle drawn on it, made square in three ways.
# Squeezed: the circle is a tall ellipse and the hand slim. Cut: the circle is round, the sides
# of the photo are gone. Padded: the circle is round and smaller, with grey bars above and below
# (docs/figures/04b-three-ways-to-a-square.png).
#
# *Squeezing changes the proportions, cutting loses the margins, padding loses size. The
# training pictures were cut.*
#
# **28 × 28.** Now 72,900 pixels become 784: each new pixel stands for 93 old ones. The fast way
# takes a few of the 93 and forgets the rest. *Antialiasing* averages over all of them. One row
# of twelve pixels, shrunk to three, shows what is at stake:
#
# | | values |
# |---|---|
# | one row of the picture | 0 0 0 255 0 0 0 255 0 0 0 255 |
# | shrunk without antialiasing | 0 0 0 |
# | shrunk with antialiasing | 46 64 73 |
#
# A quarter of the row is white, so its mean is 64. Without antialiasing every new pixel looked
# between the second and the third of its four old ones, and the white stripes are gone
# altogether. (The first value is below 64 and the last one above it because the filter reaches
# beyond its four pixels, as far as the neighbouring stripe, and at the edge there is none.)
#
# **0 to 1.** Bytes become `float32` and are divided by 255: 184 becomes 0.722. The network
# wants a batch, so one photo is a batch of one, `(1, 1, 28, 28)`.
#
# What is each of these steps worth? Leave one out at a time, and count how many of the 24
# photos the network still reads:
#
# Figure: Bars: how many of 24 photos are read right. All steps in eval mode: 23. Without
# antialiasing: as many. Squeezed instead of cut, in train mode, not divided by 255, or padded
# instead of cut: two to four fewer. Lying on the side: 1
# (docs/figures/04b-one-step-missing.png).
#
# *One trained network, 24 photos. None of these raised an error.*
#
# Not every step costs the same. A photo that lies on its side is lost. A hand of the wrong size
# or the wrong proportions costs some letters and spares others. And antialiasing costs
# nothing *here*: these photos are smooth and a hand is large, so the few pixels that are read
# say about the same as the mean. With a striped pullover, or with 4,000 pixels to shrink,
# leaving it out would cost something. The step is free, so keep it.
#
# **Question 2: Cutting may cut off a finger. Why is it right here all the same?** (Answer 2
# stands at the end of this file.)


# %%
def preprocess(photo: Image.Image) -> torch.Tensor:
    """Any photo as a batch of one sign.

    Args:
        photo: a PIL image of any mode and any size, with or without an EXIF orientation, of
            which there are eight; left as it was.

    Returns:
        float32 (1, 1, 28, 28) in [0, 1]: the photo turned upright, in grey, all of its central
        square, resized with antialiasing. Red, green and blue all count for the grey, and what
        is transparent does not become black: it keeps its colour, or lies on white.
    """
    # TODO preprocess: What did the network see in training, and what must happen to a photo
    # until it looks like that?
    raise NotImplementedError("preprocess")


# %% [markdown]
# ## From logits to a letter
# *Difficulty 2 of 5 · matters 4 of 5 · about 10 minutes for someone new (a guess) · 5 points*
#
# The network gives 24 logits: scores of any size. The largest one wins. For "the largest" you
# need no softmax, but to say *how sure* the network is you do. Three logits, worked out:
#
# | letter | logit $z$ | $e^z$ | probability $e^z / \sum e^z$ |
# |---|---|---|---|
# | k | 4.0 | 54.60 | 0.786 |
# | v | 2.5 | 12.18 | 0.175 |
# | r | 1.0 | 2.72 | 0.039 |
# | sum | | 69.50 | 1.000 |
#
# The order stays the same, because $e^z$ grows with $z$. What counts is the *distance* between
# logits: k is ahead of v by 1.5, so it is $e^{1.5} = 4.5$ times as probable, and it would be
# with 104.0 and 102.5 too.
#
# The winner's index must become a letter. There are 24 classes and 26 letters: j and z are
# movements and have no picture. Class 8 is i, class 9 is k. `chr(97 + 9)` is "j", and from
# there on every letter would be off by one. So look it up in `LETTERS`.
#
# **Question 3: The largest probability is 0.99. Is the network right in 99 of 100 such cases?**
# (Answer 3 stands at the end of this file.)


# %%
def predict_letter(model: nn.Module, photo: Image.Image) -> str:
    """The letter that the model sees in a photo.

    With the course's network, at least 0.85 of the colour photos of unseen hands are read
    right.

    Args:
        model: maps (1, 1, 28, 28) to 24 logits, as `load_model` returns it; it stays on its
            device, and the photo goes there.
        photo: any PIL image, left as it was; the model sees it as `preprocess` makes it, and
            nothing else.

    Returns:
        One lower-case letter of `LETTERS`, computed anew in each call.
    """
    # TODO predict_letter: How do you get from 24 logits to a letter, when there is no j?
    raise NotImplementedError("predict_letter")


# %% [markdown]
# ## The whole chain
# *Difficulty 2 of 5 · matters 3 of 5 · about 15 minutes for someone new (a guess) · 4 points*
#
# A chain must be tested as a chain. Every part may pass its own test while the whole fails,
# because two parts understand "square" differently. The smallest possible test set is a folder
# of photos whose names say what they show: `a.jpg`, `a_2.png`, `B-kitchen.JPG`. Count what is
# right and divide by the number of photos.
#
# Real folders hold more than photos. Someone puts a `README.md` there, Windows leaves a
# `Thumbs.db`, macOS a `.DS_Store`, and there is a folder called `old.jpg`. None of these is a
# photo. But a photo that can't be read is one, and must not be left out, or the score would
# rise. A missing answer is a wrong answer.
#
# With 24 photos, each is worth 4 points of a hundred: 22 right are 0.92, 23 are 0.96. Don't
# choose between two models by one photo.


# %%
def evaluate_folder(model: nn.Module, folder: str | Path) -> float:
    """How many of a folder's photos are read right.

    Args:
        model: as for `predict_letter`.
        folder: holds photos, files whose names end in .jpg, .jpeg or .png in any case,
            directly; the first character of the name, in any case, is the letter that the photo
            shows. Other files are ignored, whatever is in them, and so are folders, whatever
            they are called, and what lies in them. A photo that cannot be read is not left out:
            it is an error, or not read right.

    Returns:
        The fraction that `predict_letter` reads right, a Python float that is not rounded.

    Raises:
        ValueError: there is no photo in the folder; the message names the folder.
    """
    # TODO evaluate_folder: Which files of the folder are photos, and where does the right
    # letter stand?
    raise NotImplementedError("evaluate_folder")


# %% [markdown]
# ## All together
# `python -m exercises.ex04b_deployment` (or `course run 04b`) reads the model that project 04a
# has saved and the photos of `data/asl/photos`, and draws a sheet of all photos with the
# answers. On the photos that come with the course our network reads 0.95 on average. Yours
# depends on your model of 04a; two photos more or fewer are chance.
#
# Which letters are confused? Look at the photos: would *you* have known, at 28 × 28?
#
# ### Try it: predict, then run
# `course try 04b` with `--train-mode`, `--squeeze 0.6` or `--light 0.3` asks for your guess,
# reads the photos with your functions, and shows both.
#
# 1. **Train mode.** Nobody has called `.eval()`. How many of the 24 photos are still read
#    right? The same number each time?
# 2. **Squeezed.** Every photo is squeezed to 0.6 of its width before `preprocess` gets it.
#    Which letters suffer most?
# 3. **In the dark.** Every photo has three tenths of its light.
#
# **Question 4: What did we see?** (Answer 4 stands at the end of this file.)
#
# And one for your own hand: photograph the sign for L or Y before a plain wall, put it into a
# folder as `l_me.jpg`, and call `evaluate_folder` on it. Then a photo before a bookshelf.
#
# ### A bonus that no check grades
# Write `predict_or_decline(model, photo, least=0.6)`, which returns a letter only if its
# probability is at least `least`, and otherwise `None`. For `least` from 0.3 to 0.95, print how
# many of the photos get an answer, and how many of these answers are right. Which value would
# you choose for a game? Which one for a medical app?
#
# ### In five sentences
# Loading is filling an architecture with tensors, names and shapes compared, and no code run.
# Eval mode makes an answer depend on the photo alone. Preprocessing in use must be that of the
# training: upright, grey, square, small with antialiasing, 0 to 1. The largest logit gives the
# class, softmax gives a score from 0 to 1, and the class is looked up in the list of letters.
# The chain is measured as a whole, and what can't be read counts as wrong.
#
# ### Check yourself
# **Question 5: The model answers "a" for nearly every photo, and no error is raised. Which
# three suspects do you check first?** (Answer 5 stands at the end of this file.)
#
# **Question 6: You resize the photo first and turn it by its EXIF number afterwards. Does the
# order matter?** (Answer 6 stands at the end of this file.)
#
# **Question 7: Why does preprocess return a batch of one and not a picture?** (Answer 7 stands
# at the end of this file.)
#
# ### Further reading
# - Guo and others, *On Calibration of Modern Neural Networks* (2017):
#   <https://arxiv.org/abs/1706.04599>
# - Sculley and others, *Hidden Technical Debt in Machine Learning Systems* (2015):
#   <https://papers.nips.cc/paper/2015/hash/86df7dcfd896fcaf2674f757a2463eba-Abstract.html>
# - PyTorch, *Saving and Loading Models*:
#   <https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html>
# - Pillow, *ImageOps*: <https://pillow.readthedocs.io/en/stable/reference/ImageOps.html>
# - Without a network: `help(torch.load)`, `help(nn.Module.eval)`,
#   `help(ImageOps.exif_transpose)`, `help(F.resize)`


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Load, read the photos, show. Written for you."""
    from course.networks import SignNet

    model = load_model(run.saved("04a"), SignNet()).to(run.device)
    files = sorted(run.photos().iterdir())
    letters = [
        file
        for file in files
        if file.name[0].lower() in LETTERS and file.suffix.lower() in {".jpg", ".jpeg", ".png"}
    ]
    photos = [Image.open(file) for file in letters]
    truth = [LETTERS.index(file.name[0].lower()) for file in letters]
    run.show(
        photos,
        truth,
        [LETTERS.index(predict_letter(model, photo)) for photo in photos],
        names=list(LETTERS),
    )
    print(f"{evaluate_folder(model, run.photos()):.3f} of the photos are read right.")


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("04b", epochs=0))

# %% [markdown]
# ## Answers
#
# **1. Does torch.inference_mode() do the same as model.eval()?**
#
# No, and you want both. `inference_mode` (like `no_grad`) tells PyTorch not to keep what it
# would need for gradients: it saves time and memory and changes no result. `eval` changes what
# the layers compute.
#
# **2. Cutting may cut off a finger. Why is it right here all the same?**
#
# Because the training pictures were made that way. "The same preprocessing in training and in
# use" beats any better idea that comes afterwards. If cutting loses fingers, change it
# in *both* places and train again.
#
# **3. The largest probability is 0.99. Is the network right in 99 of 100 such cases?**
#
# Not necessarily. Networks that were trained until they made no mistake on their training data
# are usually too sure of themselves. Show it a photo of a cup: the 24 probabilities must add up
# to 1, so some letter gets a large one. It is a score for ranking, until you have measured how
# often a "0.99" is right. That is called *calibration*.
#
# **4. What did we see?**
#
# (1) On average 0.85, and not the same each time: dropout draws anew in every pass. (2) 0.75.
# The hands are slimmer than any in training, and the square that fits into a narrower photo
# cuts off the ends of the tall ones. (3) 0.67. In training the light changed by a third at
# most.
#
# **5. The model answers "a" for nearly every photo, and no error is raised. Which three
# suspects do you check first?**
#
# The range of the values (0 to 255 instead of 0 to 1), the mode (`model.training` should be
# `False`), and whether all weights were really loaded (`strict=False` somewhere?). Print
# `x.min()`, `x.max()` and `model.training`.
#
# **6. You resize the photo first and turn it by its EXIF number afterwards. Does the order
# matter?**
#
# If you cut the central square first, turning can come later: a square stays a square. But
# resizing may return an image without its metadata, and then nothing can be turned any more.
# Turn first.
#
# **7. Why does preprocess return a batch of one and not a picture?**
#
# The layers of the network expect `(B, C, H, W)`. One photo is the case B = 1. The first thing
# that `predict_letter` gets back is therefore a row of 24 logits in a batch of one: `(1, 24)`.
