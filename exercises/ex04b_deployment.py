# Made from solutions/ex04b_deployment.py by `course author make`; yours to edit from here on. (stub c0d09615c2fded30)
# %% [markdown]
# # 04b Deployment
#
# A model is of use when somebody else's picture gets the right answer. That picture is in colour, some thousand pixels
# wide, perhaps lying on its side, and it comes without a label. The network has only ever seen grey squares of 28 × 28.
# This project builds the bridge.
#
# | part | question that it answers |
# |---|---|
# | `load_model` | how do saved numbers become a network again, safely? |
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
# ## From numbers to a network
# A file that was saved by pickle can run any code of its author while it is opened. `weights_only=True` refuses
# everything but numbers. The names in the file must be those of the architecture, all of them: a network whose head has
# kept its random start answers nonsense without an error. And a network for use is in eval mode: no dropout, running
# statistics in batch normalisation.


# %%
def load_model(path: str | Path, model: nn.Module) -> nn.Module:
    """Fill an architecture with saved numbers and make it ready for use.

    Args:
        path: a file as `save_model` of project 04a writes it: a state dict.
        model: a network of the same architecture; changed in place.

    Returns:
        The model with the numbers of the file, in eval mode; what can be trained is what could be before.

    Raises:
        Exception: whatever PyTorch raises when the file holds more than numbers, or other names or shapes than the model has: one
            name too many, too few, or with a prefix. The file's content is never executed.
    """
    # TODO load_model: What does a file from a stranger do when it is unpickled? In which mode must the model be used?
    raise NotImplementedError("load_model")


# %% [markdown]
# ## From any photo to what the network knows
# The network was trained on upright, grey, square pictures of 28 × 28 pixels with values from 0 to 1. Each of these
# words is a step:
#
# 1. **upright**: a phone writes how it was held into the file (EXIF) and leaves the pixels lying;
#    `ImageOps.exif_transpose` turns them;
# 2. **grey**: one channel, whatever came: RGB, RGBA, palette, CMYK;
# 3. **square**: the largest square in the middle, so that the hand keeps its proportions;
# 4. **28 × 28**: shrunk with *antialiasing*, which averages over all pixels; without it most of them are ignored and
#    edges break up;
# 5. **0 to 1**: float32, divided by 255; and a batch of one: `(1, 1, 28, 28)`.
#
# Look for: the same preprocessing in training and in use. More deployed models fail here than in the network.


# %%
def preprocess(photo: Image.Image) -> torch.Tensor:
    """Any photo as a batch of one sign.

    Args:
        photo: a PIL image of any mode and any size, with or without an EXIF orientation, of which there are eight; left as it was.

    Returns:
        float32 (1, 1, 28, 28) in [0, 1]: the photo turned upright, in grey, all of its central square, resized with antialiasing.
        Red, green and blue all count for the grey, and what is transparent does not become black.
    """
    # TODO preprocess: What did the network see in training, and what must happen to a photo until it looks like that?
    raise NotImplementedError("preprocess")


# %% [markdown]
# ## From logits to a letter
# The highest logit is at some index from 0 to 23. In a list of the 24 letters without j and z it stands for a letter;
# `chr(97 + index)` would be wrong from k on.


# %%
def predict_letter(model: nn.Module, photo: Image.Image) -> str:
    """The letter that the model sees in a photo.

    With the course's network, at least 0.85 of the colour photos of unseen hands are read right.

    Args:
        model: maps (1, 1, 28, 28) to 24 logits, as `load_model` returns it.
        photo: any PIL image, left as it was; the model sees it as `preprocess` makes it, and nothing else.

    Returns:
        One lower-case letter of `LETTERS`.
    """
    # TODO predict_letter: How do you get from 24 logits to a letter, when there is no j?
    raise NotImplementedError("predict_letter")


# %% [markdown]
# ## The whole chain
# A folder of photos whose names say what they show (`a.jpg`, `a_2.png`, `B-kitchen.JPG`) is the smallest possible test
# set. Count what is right.


# %%
def evaluate_folder(model: nn.Module, folder: str | Path) -> float:
    """How many of a folder's photos are read right.

    Args:
        model: as for `predict_letter`.
        folder: holds photos, files whose names end in .jpg, .jpeg or .png in any case, directly; the first letter of the name, in
            any case, is the letter that the photo shows. Other files are ignored, whatever is in them, and so are folders,
            whatever they are called, and what lies in them. A photo that cannot be read is not left out: it is an error, or not
            read right.

    Returns:
        The fraction that `predict_letter` reads right, a Python float that is not rounded.

    Raises:
        ValueError: there is no photo in the folder; the message names the folder.
    """
    # TODO evaluate_folder: Which files of the folder are photos, and where does the right letter stand?
    raise NotImplementedError("evaluate_folder")


# %% [markdown]
# ## All together
# `python -m exercises.ex04b_deployment` (or `course run 04b`) reads the model that project 04a has saved and the photos
# of `data/asl/photos`. Which letters are confused? Look at the photos: would you have known?


# %% tags=["active-py"]
def main(run: "Run") -> None:
    """Load, read the photos, show. Written for you."""
    from course.networks import SignNet

    model = load_model(run.saved("04a"), SignNet())
    files = sorted(run.photos().iterdir())
    letters = [
        file for file in files if file.name[0].lower() in LETTERS and file.suffix.lower() in {".jpg", ".jpeg", ".png"}
    ]
    photos = [Image.open(file) for file in letters]
    truth = [LETTERS.index(file.name[0].lower()) for file in letters]
    run.show(photos, truth, [LETTERS.index(predict_letter(model, photo)) for photo in photos], names=list(LETTERS))
    print(f"{evaluate_folder(model, run.photos()):.3f} of the photos are read right.")


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import Run

    main(Run("04b", epochs=0))
