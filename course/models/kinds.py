"""Which categories of a network are dogs, cats or bears, for the door of project 05a."""

from torchvision.models import Weights

# ImageNet's thousand classes are ordered by WordNet: dogs, cats and bears are unbroken ranges (torchvision's meta["categories"]).
IMAGENET = {"dog": range(151, 269), "cat": range(281, 286), "bear": range(294, 298)}


def dogs(weights: Weights) -> list[int]:
    """Numbers of the categories that are dogs, ascending."""
    return kind(weights, "dog")


def kind(weights: Weights, name: str) -> list[int]:
    """Numbers of the categories that are "dog", "cat" or "bear", for ImageNet's thousand names or for names like "dog: terrier"."""
    categories = weights.meta["categories"]
    if len(categories) == 1000:
        return list(IMAGENET[name])
    return [index for index, category in enumerate(categories) if category.split(":")[0].strip() == name]
