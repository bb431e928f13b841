# %% [markdown]
# # 05b Transfer learning and fine-tuning
#
# **Can 19 photos be enough to recognise one particular dog?**
#
# The door of 05a lets in every dog. Now it should open for one, the resident, and for no other.
# There are 139 photos to learn from, 19 of them of that dog; 30 more wait for the validation. A
# network with a million weights would soon know 139 photos by heart, and nothing about the
# 140th. In project 04a you had 2,400 pictures and it was hardly enough.
#
# But you have seen in 05a that the features of a pre-trained network put photos of this dog
# next to each other, although nobody ever told the network about it. So don't train a whole
# network. Keep the backbone as it is and train one small layer on top, a *head* that weighs the
# features for *your* question. That is **transfer learning**. Once the head is good, let the
# backbone follow in very small steps: that is **fine-tuning**.
#
# Before you start, beware of the accuracy: 20 of the 30 validation photos don't show the
# resident, so a model that never opens the door is already right two times out of three.
#
# At the end of this project you can
#
# - freeze a network completely, even the part that no gradient touches;
# - put a new head on a backbone, and give the optimizer only what it may change;
# - fine-tune without spoiling what was there;
# - ask a network where it looks.
#
# | part | question that it answers |
# |---|---|
# | `freeze_backbone` | how do you keep what the backbone knows? |
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

# ImageNet's: torchvision's weights and the pocket weights expect them.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

# %% [markdown]
# ## Freeze the backbone
# *Difficulty 4 of 5 · matters 5 of 5 · about 25 minutes for someone new (a guess) · 4 points*
#
# A pre-trained backbone already knows edges, textures and shapes. 139 photos are too few to
# improve it, and plenty to spoil it. So its parameters stay as they are, and only the new head
# learns.
#
# For parameters this is one line: `requires_grad_(False)`. The rest of this section is about
# what that line does *not* stop.
#
# ### Batch normalisation, with four values
# A batch normalisation layer has two kinds of tensors. Its weight and its bias are parameters.
# Its *running mean* and *running variance* are **buffers**: no gradient ever reaches them; they
# are overwritten in the forward pass. Say they stand at mean 2 and variance 4 after the
# pre-training, so the standard deviation is 2. Now four values come in: 1, 3, 5, 7.
#
# **In eval mode** the layer uses the running statistics, $(x - 2) / 2$:
#
# | x | 1 | 3 | 5 | 7 |
# |---|---|---|---|---|
# | out | -0.50 | 0.50 | 1.50 | 2.50 |
#
# **In train mode** it uses those of the batch: the mean is 4, the variance is
# $(9 + 1 + 1 + 9) / 4 = 5$, its root 2.236:
#
# | x | 1 | 3 | 5 | 7 |
# |---|---|---|---|---|
# | out | -1.34 | -0.45 | 0.45 | 1.34 |
#
# Other values come out, and they depend on the company: the 1 became -1.34 because it came with
# 3, 5 and 7. And the layer takes note. It moves its running statistics a tenth of the way
# (`momentum=0.1`) towards the batch's:
#
# - mean: $0.9 \cdot 2 + 0.1 \cdot 4 = 2.2$
# - variance: $0.9 \cdot 4 + 0.1 \cdot 6.67 = 4.27$ (for this it divides by 3 and not by 4:
#   $20 / 3 = 6.67$)
#
# Back in eval mode, the same 1 now gives $(1 - 2.2) / 2.07 = -0.58$ and no longer -0.50. After
# six such batches it is -0.85. Not one parameter has changed, and yet it is another network.
#
# ![Three number lines. The values 1, 3, 5, 7 come in. In eval mode they become -0.5, 0.5, 1.5,
# 2.5. In train mode they become -1.34, -0.45, 0.45, 1.34, centred on 0. A fourth line shows
# what eval mode makes of the value 1 after 0 to 6 batches in train mode: it drifts from -0.50
# to -0.85.](figure:four-values)
#
# *Nothing here requires a gradient.*
#
# That is the trap of this project. You freeze the parameters, call `eval()` on the backbone,
# and all is well, until the training loop calls `model.train()` at the beginning of the next
# epoch. `train` goes through all layers, yours included, by calling the method `train` of each
# of its children. If you want a layer to stay in eval mode, see to it that this call has no
# effect on it, whatever network it is part of.
#
# In Python a single object may have a method of its own, which hides that of its class:
#
# ```python
# >>> from types import MethodType
# >>> class Dog:
# ...     def speak(self):
# ...         return "woof"
# >>> bo, rex = Dog(), Dog()
# >>> bo.speak = MethodType(lambda self: "", bo)
# >>> bo.speak(), rex.speak()
# ('', 'woof')
#
# ```
#
# <details><summary>Why not set momentum to 0, so that nothing is noted any more?</summary>
#
# Then the running statistics stay, and half of the trap is closed. But in train mode the layer
# would still normalise by the batch: the head would learn from the second table above and be
# used on the first.
#
# </details>
#
# <details><summary>Which layers have to stay in eval mode? Only BatchNorm2d?</summary>
#
# Every layer with running statistics: `BatchNorm1d`, `2d`, `3d`, `SyncBatchNorm`, and
# `InstanceNorm` if it tracks them. What they have in common is an attribute `running_mean`.
# `LayerNorm` and `GroupNorm` keep no statistics and behave the same in both modes.
#
# </details>


# %%
def freeze_backbone(model: nn.Module) -> nn.Module:
    """Freeze every parameter of `model` and return it.

    After this call no parameter requires a gradient, and a forward pass leaves every buffer
    (the running mean and variance of BatchNorm of any dimension) unchanged and normalises by
    them, also after `model.train()`, alone or as a part of a larger network. Nothing outside of
    `model` is frozen. Parameters can be thawed again: after `requires_grad_(True)` gradients
    reach all of them.

    Args:
        model: any module, with layers in blocks or parameters of its own; changed in place and
            returned itself.
    """
    ### BEGIN SOLUTION
    # fmt: off
    model.requires_grad_(False)

    def stay_in_eval_mode(layer: nn.Module, mode: bool = True) -> nn.Module:
        """In place of `train`, by which `model.train()` puts each of its layers into train mode."""
        return layer

    for layer in model.modules():
        if hasattr(layer, "running_mean"):  # BatchNorm of any dimension, and whatever else keeps statistics
            layer.eval()
            layer.train = MethodType(stay_in_eval_mode, layer)  # bound to the layer: a deep copy has its own
    return model
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## A new head
# *Difficulty 1 of 5 · matters 4 of 5 · about 5 minutes for someone new (a guess) · 3 points*
#
# The backbone turns a photo into `width` features; the head turns the features into one logit
# for each of our classes. With the pocket network and two classes that is a matrix of 2 × 1200
# and two biases, 2,402 parameters against a million: small enough for 139 photos.
#
# It is the only part that starts from random values. So in the first steps its gradients say
# nothing sensible yet, which is the reason why the backbone has to wait.


# %%
def build_model(backbone: nn.Module, width: int, n_classes: int = 2) -> nn.Module:
    """A classifier on top of a backbone.

    Args:
        backbone: maps (B, 3, H, W) to features (B, width); used as it is, frozen or not: that
            very module, its weights and its mode, on photos that nothing has changed.
        width: number of features.
        n_classes: how many logits come out.

    Returns:
        A module: (B, 3, H, W) -> logits (B, n_classes), whose head can be trained: scores of
        any size and sign, with nothing behind the last layer in either mode. A photo's logits
        depend on itself only, but for what BatchNorm takes from the batch in train mode. The
        photos are left as they are. Gradients are those of the whole way, back into the
        backbone.
    """
    ### BEGIN SOLUTION
    return nn.Sequential(backbone, nn.Linear(width, n_classes))
    ### END SOLUTION


# %% [markdown]
# ## What the optimizer may change
# *Difficulty 1 of 5 · matters 3 of 5 · about 5 minutes for someone new (a guess) · 2 points*
#
# The optimizer gets only what may change. It passes over a frozen parameter that has no
# gradient; but one that was frozen after a `backward` still has its gradient, and the next step
# would move it. The order matters too: build the optimizer *after* freezing, because it keeps
# the list that it was given. And unfreezing does not add anything to a list that was made
# before.


# %%
def trainable_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters that require a gradient, each once, in any order; `model`, any module, is
    left as it is."""
    ### BEGIN SOLUTION
    return [parameter for parameter in model.parameters() if parameter.requires_grad]
    ### END SOLUTION


# %% [markdown]
# ## More views of few photos
# *Difficulty 2 of 5 · matters 4 of 5 · about 15 minutes for someone new (a guess) · 3 points*
#
# As in 04a, but for colour photos, and another subject has other rules. A dog is a dog from
# both sides, so a mirror image is fine here. Upside down is not. And a crop must leave enough
# of the animal to recognise it.
#
# ![A photo of the resident dog and five random views of it: cropped, mirrored, brighter,
# darker. In each view the dog and its colours can be recognised.](figure:views-of-a-photo)
#
# Then both, training and validation photos, get what the backbone expects: the size, `float32`,
# and the normalisation $x' = (x - \mu) / \sigma$ with ImageNet's MEAN and STD, as in 05a.
#
# <details><summary>In 05a the weights' own transforms did this. Why write them again?</summary>
#
# Because there is no place for a random crop in them. What they and yours must share is what
# arrives at the backbone: size, range and normalisation.
#
# </details>


# %%
def make_transforms(train: bool, size: int = 96) -> Callable[[Image.Image], torch.Tensor]:
    """The transform of training photos (random) or of validation photos (not).

    Args:
        train: for training?
        size: height and width that come out.

    Returns:
        A callable: PIL image (RGB, any size) -> float32 (3, size, size), normalised by MEAN and
        STD, resized with antialiasing; the image is left as it was, and no random generator
        that the whole program shares is seeded. For training each call draws a new view: a crop
        that shows a good part of the photo as a rule (`RandomResizedCrop` with its default
        scale just does), a flip, a small turn to either side (45 degrees at most), a little
        light; never upside down, black or white, and with its colours as a rule. One of them is
        enough, but it is drawn anew, not from a few that were made before. Otherwise the whole
        photo (its central square, if it is not square), the same each time.
    """
    ### BEGIN SOLUTION
    # fmt: off
    if train:
        views = [
            v2.RandomResizedCrop(size, scale=(0.6, 1.0), ratio=(0.85, 1.2), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(brightness=0.2, contrast=0.2),
        ]
    else:
        views = [v2.Resize(size, antialias=True), v2.CenterCrop(size)]
    return v2.Compose([v2.ToImage(), *views, v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    # fmt: on
    ### END SOLUTION


# %% [markdown]
# ## Let the backbone follow
# *Difficulty 1 of 5 · matters 3 of 5 · about 5 minutes for someone new (a guess) · 2 points*
#
# Once the head is trained, its gradients say something sensible, and the backbone may follow
# them a little. The running statistics stay as they are: 139 photos in batches of 16 are too
# few to estimate them anew.


# %%
def unfreeze(model: nn.Module) -> nn.Module:
    """Let every parameter of `model` require a gradient again and return it; BatchNorm
    statistics stay frozen if they were.

    Nothing else changes: statistics that were not frozen go on moving, and modes are what they
    were.
    """
    ### BEGIN SOLUTION
    return model.requires_grad_(True)
    ### END SOLUTION


# %% [markdown]
# ## Learn without forgetting
# *Difficulty 4 of 5 · matters 5 of 5 · about 30 minutes for someone new (a guess) · 11 points*
#
# Fine-tuning moves every parameter, so each may move only a little. How little? Take the
# trained head, fine-tune from there with four learning rates, and look at the validation loss.
# Guess first: which of 0.00001, 0.0001, 0.001 and 0.01 is best?
#
# ![Validation loss on a logarithmic scale over six epochs of fine-tuning, from 0.21 on. At
# 0.00001 it falls slowly and steadily to 0.19, at 0.0001 faster to 0.11, at 0.001 it goes up
# and down, dives to 0.04 and is back at 0.31 two epochs later, at 0.01 it jumps to
# 6.](figure:learning-rates)
#
# *From the same trained head, in the same order of batches.*
#
# With Adam, a step changes each weight by about the learning rate, whatever the size of its
# gradient. Typical weights of the backbone are of the size 0.1. At 0.01 ten steps, about one
# epoch here, can move a weight by its own size, and what was pre-trained is gone. At 0.001 the
# network finds something better now and then, and loses it again. At 0.00001 nothing can break,
# but six epochs lead hardly anywhere. Good values lie in between, ten to a hundred times
# smaller than the head's, and you find them by trying. (The default of `fine_tune` is the
# careful end; `course run 05b` takes 0.0001.)
#
# And **keep the best that you had**. Measure before the first epoch and after each; remember
# the state with the highest validation accuracy; end with that. Then fine-tuning can't make
# anything worse, as far as these photos can tell.
#
# ![Validation loss and validation accuracy over 22 epochs. After epoch 16 two curves part: with
# the backbone frozen the loss falls slowly from 0.21 to 0.13, with fine-tuning it falls to
# about 0.10. Both accuracies end at 0.97.](figure:frozen-and-tuned)
#
# *A frozen backbone to the end, against fine-tuning from epoch 17 on. The accuracy can't tell
# the two apart; the loss can.*
#
# Over several seeds the head on the frozen backbone judges {measured: 05b head on the frozen
# pocket network} of the validation photos right, and {measured: 05b after fine-tuning} after
# fine-tuning. Keep in mind what that means with 30 photos: 0.93 is two wrong, 0.97 is one
# wrong. With so few photos the *loss* tells more than the accuracy, because it also sees how
# sure the answers are.
#
# <details><summary>The best of five states, chosen by the validation accuracy: is that accuracy
# still honest?</summary>
#
# A little too good, since you chose the state that looked best on these very photos. For an
# honest figure you would need a third set of photos that no choice has seen, a *test set*. The
# check has one: photos that your code never gets.
#
# </details>
#
# <details><summary>Why clone the tensors of the state dict before keeping them?</summary>
#
# `state_dict()` gives the model's own tensors, not copies. The optimizer goes on changing them
# in place, and in the end the "best state" would be the last one.
#
# </details>


# %%
def fine_tune(
    model: nn.Module,
    train_loader: DataLoader,
    valid_loader: DataLoader,
    epochs: int,
    lr: float = 1e-5,
) -> History:
    """Train all of the model at a small learning rate, and end with the best state that was
    seen.

    Each batch is one step along the gradient of its own mean cross entropy, of the logits as
    they are. Two epochs, after the head is trained, judge at least 0.93 of unseen photos at the
    door right.

    Args:
        model: as `build_model` returns it, its head trained; unfrozen by `unfreeze`, and left
            so; changed in place, in train mode. It stays on its device, and each batch goes
            there.
        train_loader: gives (images, labels); the only data that is learned from, gone through
            anew in each epoch.
        valid_loader: gives (images, labels); measured in eval mode.
        epochs: how many times the training data are gone through, whatever the curves say.
        lr: learning rate of the one optimizer that serves all epochs, small compared to the
            head's 1e-3; it may follow a plan made beforehand.

    Returns:
        A History with one entry an epoch: means over its items, unrounded. The model is left in
        eval mode and in the state, after an epoch or before the first, that had the highest
        validation accuracy, be it by one photo: never worse than it was.
    """
    ### BEGIN SOLUTION
    # fmt: off
    loss_function = nn.CrossEntropyLoss()
    unfreeze(model)
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=lr)
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
# ## Where does it look?
# A right answer can have a wrong reason. If all photos of the resident were taken on grass,
# "grass" would be a good rule, until it snows. One way to ask is *saliency*: the gradient of
# the winning logit with respect to the *pixels*. Where it is large, a small change of the pixel
# would change the answer.
#
# ![Two pairs of a photo and its saliency map. Left, the resident's head before red and blue
# stripes, judged right with 0.82: the bright places gather on head and chest. Right, the
# resident walking on grass, judged wrong with 0.36: they are scattered over the body and the
# grass around it.](figure:saliency)
#
# *Left a right answer, right a wrong one, with the probability of the resident. Bright pixels
# matter most.*
#
# It costs one backward pass: give the photo `requires_grad_(True)`, call `backward()` on the
# logit, take the absolute value of `photo.grad`, and the largest of the three channels. Read
# such maps with care. They say which pixels the answer is sensitive to, not what the network
# "sees" there, and they are noisy.
#
# ## All together
# `python -m exercises.ex05b_transfer` (or `course run 05b`) trains the head for 16 epochs,
# fine-tunes for four, and draws curves and mistakes. Compare the validation accuracy with
# 0.667, which costs nothing.
#
# ### Try it: predict, then run
# `course try 05b` with `--photos 5` or `--random` asks for your guess, trains your head on the
# frozen backbone, and shows both.
#
# 1. **Five photos** of the resident instead of 19, with all those of the other dogs and cats.
#    How much does the head lose?
# 2. **A random backbone**: the same network with random weights, frozen. Can a head read
#    anything from features that mean nothing?
# 3. **Into the trap**, by hand. Freeze only the parameters: comment out what holds the running
#    statistics. Is the result worse, the same, or worse only sometimes?
#
# <details><summary>What did we see?</summary>
#
# (1) {kept: experiments.photos.0}, with {kept: experiments.photos.1} of the training photos.
# The features are ready, so a few photos go a long way, but the answer leans towards no. (2)
# {kept: experiments.random.0}: on new photos the head does no better than saying no to
# everybody, although it judges {kept: experiments.random.1} of its training photos right. (3)
# With two seeds the head ended one photo *better* in the trap, at a slightly higher loss. Our
# backbone notes only a hundredth of each batch (`momentum=0.01`), so it drifts slowly; with the
# usual 0.1 it would not. A trap that does not snap every time is the most dangerous kind.
#
# </details>
#
# ### A bonus that no check grades
# *Discriminative learning rates*: give the optimizer two parameter groups, the head with 1e-3
# and the backbone with 1e-5, and train both from the first epoch on. Does the result differ
# from head first, backbone later? Then hold the running statistics another way, with the
# forward pre-hook of 05a, which calls `eval()` on the layer just before it runs.
#
# ### In five sentences
# A pre-trained backbone describes photos well, so a small head learns a new question from few
# of them. Frozen means that no parameter requires a gradient *and* no running statistic moves,
# also in train mode. The optimizer gets what can be trained, after freezing. Fine-tuning starts
# from a trained head, at a learning rate that is ten to a hundred times smaller. It ends with
# the best state that was seen, and never below where it began.
#
# ### Check yourself
# <details><summary>Only the head is in the optimizer, and yet the validation loss of a frozen
# model changes when you run an epoch with learning rate 0. What is moving?</summary>
#
# The running statistics of batch normalisation: the epoch put the backbone into train mode.
# Compare `model.state_dict()` before and after, name by name, and you see which.
#
# </details>
#
# <details><summary>A batch normalisation layer in train mode gets a batch of one photo's
# features, shape (1, 8). What happens?</summary>
#
# The variance of one value is 0, and every feature would come out as 0. PyTorch refuses:
# "Expected more than 1 value per channel when training". In eval mode a batch of one is fine.
#
# </details>
#
# <details><summary>Your accuracy is 0.667 after the first epoch and after the tenth. What has
# the model probably learned?</summary>
#
# To say "not the resident" to every photo. Look at the confusion matrix in `runs/`, which has a
# row for what each photo is and a column for what the network said: one column is empty.
# Training photos of the other class are six times as many, so this is where learning starts;
# with a learning rate that is too small it also ends there.
#
# </details>
#
# ### Further reading
# - Yosinski and others, *How transferable are features in deep neural networks?* (2014):
#   <https://arxiv.org/abs/1411.1792>
# - Ioffe and Szegedy, *Batch Normalization* (2015): <https://arxiv.org/abs/1502.03167>
# - Howard and Ruder, *Universal Language Model Fine-tuning* (2018), with learning rates that
#   differ by layer: <https://arxiv.org/abs/1801.06146>
# - Simonyan and others, *Deep Inside Convolutional Networks* (2013), on saliency maps:
#   <https://arxiv.org/abs/1312.6034>
# - PyTorch, *Transfer Learning for Computer Vision Tutorial*:
#   <https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html>
# - Without a network: `help(nn.BatchNorm2d)`, `help(nn.Module.train)`, `help(torch.optim.Adam)`


# %% tags=["active-py"]
def main(run: "PhotoRun") -> None:
    """Train the head, fine-tune, show, save. Written for you."""
    from course.models.zoo import load_backbone
    from course.training import fit

    train_loader, valid_loader, names = run.photo_loaders("presidential", make_transforms)
    backbone, width = load_backbone(run.weights)
    model = build_model(freeze_backbone(backbone), width, len(names)).to(run.device)
    optimizer = torch.optim.Adam(trainable_parameters(model), lr=run.lr)
    run.take(fit(model, train_loader, valid_loader, epochs=run.n_epochs, optimizer=optimizer))
    run.take(fine_tune(model, train_loader, valid_loader, epochs=4, lr=run.lr / 20))
    run.finish_photos(model, valid_loader, names, make_transforms)


# %% tags=["active-py"]
if __name__ == "__main__":
    from course.runs import PhotoRun

    main(PhotoRun("05b", epochs=16, batch_size=16, lr=2e-3))
