"""Known mistakes of project 05a in somebody else's code, to try on them whether the diagnosis goes by what a mistake does.

Chosen by counting, so that nobody picked the easy ones: of the 69 mistakes of 05a, in their order,
the 4th (counted from 0) and then every 8th.
Written from name, sentence and contract. Of the first hand's code two lines of the last one were seen; how the diagnosis
recognises a mistake was not.
"""

import torch
import torchvision.models
from PIL import ImageOps

from course.authoring.proofs.variants import Catalogue

REWRITTEN = Catalogue("05a")
rewritten = REWRITTEN.rewritten


@rewritten("load_pretrained", "head_started_anew")
def all_but_the_last_two(name="pocket_mobilenet"):
    papers = torchvision.models.get_model_weights(name).DEFAULT
    network = torchvision.models.get_model(name, weights=None, num_classes=len(papers.meta["categories"]))
    numbers = dict(papers.get_state_dict(progress=False))
    for key in list(network.state_dict())[-2:]:  # weight and bias of the last layer
        del numbers[key]
    network.load_state_dict(numbers, strict=False)
    network.train(False)
    return network, papers


@rewritten("preprocess", "size_by_heart")
def always_224(photo, weights):
    picture = ImageOps.exif_transpose(photo)
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    as_told = weights.transforms(resize_size=256, crop_size=224)
    return torch.stack([as_told(picture)])


@rewritten("preprocess", "only_rgb_expected")
def straight_into_the_transforms(photo, weights):
    transform = weights.transforms()
    batch = transform(ImageOps.exif_transpose(photo))
    return batch[None]


@rewritten("classify", "names_by_place")
def names_in_their_own_order(model, weights, photo, top=5):
    with torch.no_grad():
        scores = model(preprocess(photo, weights))[0]  # noqa: F821
    chances = torch.softmax(scores, dim=0).sort(descending=True)[0]
    answer = []
    for place in range(top):
        answer.append((weights.meta["categories"][place], chances[place].item()))
    return answer


@rewritten("classify", "only_the_best_among_themselves")
def shared_out_among_the_finalists(model, weights, photo, top=5):
    with torch.inference_mode():
        scores = torch.flatten(model(preprocess(photo, weights)))  # noqa: F821
    order = sorted(range(scores.numel()), key=lambda k: -scores[k].item())[:top]
    finalists = torch.exp(scores[order] - scores[order[0]])
    shares = (finalists / finalists.sum()).tolist()
    return [(weights.meta["categories"][k], share) for k, share in zip(order, shares)]


@rewritten("extract_features", "middle_layer")
def half_way_down(model, images):
    seen = {}

    def keep(layer, inputs, output):
        seen["maps"] = output.clone()

    convolutions = [layer for layer in model.modules() if isinstance(layer, torch.nn.Conv2d)]
    handle = convolutions[len(convolutions) // 2].register_forward_hook(keep)
    with torch.inference_mode():
        model(images)
    handle.remove()
    return torch.nn.functional.adaptive_avg_pool2d(seen["maps"], 1).flatten(1).clone()


@rewritten("extract_features", "frozen_by_the_way")
def frozen_to_save_the_graph(model, images):
    for weight in model.parameters():
        weight.requires_grad = False
    inputs = {}

    def remember(layer, arguments):
        inputs["head"] = arguments[0].detach().clone()

    head = getattr(model, "classifier", None)
    handle = (model.fc if head is None else head).register_forward_pre_hook(remember)
    model(images)
    handle.remove()
    x = inputs["head"]
    while x.ndim > 2:
        x = x.mean(dim=-1)
    return x


@rewritten("admit", "opens_too_early")
def a_third_will_do(model, weights, photo):
    with torch.no_grad():
        chances = torch.nn.functional.softmax(model(preprocess(photo, weights)), dim=-1).squeeze().tolist()  # noqa: F821
    return sum(chances[k] for k in dogs(weights)) > 0.3  # noqa: F821


@rewritten("admit", "one_breed_only")
def terriers_welcome(model, weights, photo):
    names = weights.meta["categories"]
    with torch.no_grad():
        chances = model(preprocess(photo, weights)).softmax(-1).flatten()  # noqa: F821
    terriers = [chance for name, chance in zip(names, chances.tolist()) if "terrier" in name]
    return sum(terriers) > 0.5
