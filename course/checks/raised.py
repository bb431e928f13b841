"""What to ask yourself about an error of PyTorch's: for the texts that beginners meet most, a question that leads to the cause.

The texts are those of torch 2; one that a later version words differently gets the general question, and no verdict hangs on it.
"""

import re

_QUESTIONS = {
    r"mat1 and mat2 shapes cannot be multiplied \(\d+x(?P<got>\d+) and (?P<wanted>\d+)x\d+\)": (
        "The layer wants rows of {wanted} values and was given rows of {got}. What is the shape just before it, and is something "
        "still to be flattened?"
    ),
    r"expected input\[.*\] to have (?P<wanted>\d+) channels, but got (?P<got>\d+)": (
        "The convolution wants {wanted} channels and was given {got}. What is the shape just before it, and which dimension "
        "is that of the channels?"
    ),
    r"must have the same dtype|Input type .* should be the same|expected scalar type": (
        "Print the dtype of the tensor that goes in and of the layer's weights. Are they the same?"
    ),
    r"expected target dtype|0D or 1D target tensor expected|multi-target not supported": (
        "Cross entropy wants one class a picture, an int64 tensor (B,). What are shape and dtype of your labels?"
    ),
    r"Target \d+ is out of bounds": "How many scores come out for each picture, and what is your largest label?",
    r"Expected all tensors to be on the same device": (
        "On which device are the model's parameters, and on which is its input? Which of the two should move?"
    ),
    r"Can't call numpy\(\) on Tensor that requires grad": (
        "This tensor carries a graph. Do you need gradients here? If not: `.detach()`, or measure under `torch.no_grad()`."
    ),
    r"grad can be implicitly created only for scalar outputs": (
        "`backward` starts from a single value. Is your loss still one for each picture?"
    ),
    r"does not require grad and does not have a grad_fn": (
        "No parameter is connected to this loss. Was the forward pass under `no_grad`, detached, or is everything frozen?"
    ),
    r"Trying to backward through the graph a second time": (
        "Is the loss of an earlier batch still a part of this one? What do you add up, a tensor or `loss.item()`?"
    ),
    r"a leaf Variable that requires grad is being used in an in-place": (
        "You change a parameter by hand while gradients are recorded. Should the optimizer do that, or should it "
        "happen under `torch.no_grad()`?"
    ),
    r"Expected more than 1 value per channel when training": (
        "Batch normalisation in train mode cannot measure the spread of a single item. Which mode is the network in?"
    ),
    r"running_mean should contain (?P<got>\d+) elements not (?P<wanted>\d+)|weight should contain (?P<got2>\d+) elements": (
        "How many maps or features come out of the layer before, and how many does this one expect?"
    ),
    r"shape '.*' is invalid for input of size (?P<got>\d+)": (
        "There are {got} values. What is the product of the sizes that you ask for, and which of them should be -1 or "
        "`len(images)`?"
    ),
    r"The size of tensor a \(\d+\) must match the size of tensor b": "What are the shapes of the two tensors? Print both.",
    r"(?:Sizes of tensors must match|stack expects each tensor to be equal size)": (
        "Which of these tensors has a different shape from the rest? Print all shapes before you put them together."
    ),
    r"with \d+ elements cannot be converted to Scalar|Boolean value of Tensor with more than one value": (
        "One value is wanted here, and the tensor has several. Over which dimension should you sum, average or take the largest?"
    ),
    r"Dimension out of range": "Print `tensor.ndim` there. Dimensions count from 0: is there one with the number that you ask for?",
    r"Error\(s\) in loading state_dict|Missing key\(s\) in state_dict|Unexpected key\(s\) in state_dict": (
        "Print the names in the file and those of `model.state_dict()`. Where do they differ?"
    ),
}
_KNOWN = {re.compile(pattern): text for pattern, text in _QUESTIONS.items()}


def question(text: str) -> str | None:
    """The question about an error of this text; None for any other."""
    for pattern, words in _KNOWN.items():
        if found := pattern.search(text):
            return words.format_map(found.groupdict())
    return None
