"""What goes wrong in project 05a: networks without their numbers, somebody else's spectacles, names off by one, doors.

"forum" is discuss.pytorch.org; "docs" torchvision's page on models and pre-trained weights; "Pillow" as in 04b.
"""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("05a")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- load_pretrained ----------------------------------------------------------------------------------------------------

FILLED, READY = "test_the_network_has_its_pretrained_numbers", "test_the_network_is_ready_for_use"
PAPERS = "test_the_papers_belong_to_the_network"
GET, RETURN = "torchvision.models.get_model(name, weights=weights)", "return model.eval(), weights"

patch(
    "load_pretrained",
    ("weights=weights)", "weights=None)"),
    name="no_weights",
    caught_by=FILLED,
    says="weights=None builds the network with random numbers.",
    source="forum: pretrained=False",
)
patch(
    "load_pretrained",
    (GET, "torchvision.models.get_model(name)"),
    name="weights_left_out",
    caught_by=FILLED,
    says="Without the argument weights the numbers are random; that there are weights somewhere does not fill them in.",
    source="docs: weights=None is the default",
)
patch(
    "load_pretrained",
    (GET, 'torchvision.models.get_model("pocket_mobilenet", weights="DEFAULT")'),
    name="always_the_same_network",
    caught_by=FILLED,
    says="The name that was asked for is ignored.",
)
patch(
    "load_pretrained",
    ("torchvision.models.get_model_weights(name).DEFAULT", "list(torchvision.models.get_model_weights(name))[0]"),
    name="the_first_weights",
    caught_by=FILLED,
    says="The first weights of a list are its oldest; DEFAULT names the best.",
    source="docs: Weights.DEFAULT",
)
patch(
    "load_pretrained",
    ("    return model", "    model.classifier[-1].reset_parameters()\n    return model"),
    name="head_started_anew",
    caught_by=FILLED,
    says="The last layer starts from random numbers: the categories are guessed.",
)


@mistake(
    "load_pretrained",
    caught_by=FILLED,
    says="Only parameters are filled in; running statistics are those of a fresh network.",
)
def parameters_only(name="pocket_mobilenet"):
    weights = torchvision.models.get_model_weights(name).DEFAULT  # noqa: F821
    model = torchvision.models.get_model(name, num_classes=len(weights.meta["categories"]))  # noqa: F821
    state = weights.get_state_dict()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(state[key])
    return model.eval(), weights


patch(
    "load_pretrained",
    (RETURN, "return model, weights"),
    name="eval_forgotten",
    caught_by=READY,
    says="A network comes in train mode: dropout and batch statistics are on while it answers.",
    source="docs: some models use modules which have different training and evaluation behavior",
)
patch(
    "load_pretrained",
    (RETURN, "model.features.eval()\n    return model, weights"),
    name="half_in_eval",
    caught_by=READY,
    says="Only `features` is in eval mode; the dropout in the head is still on.",
)
patch(
    "load_pretrained",
    (RETURN, 'return model.eval(), torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT'),
    name="papers_of_another_network",
    caught_by=PAPERS,
    says="The papers are always those of the pocket network, whatever was asked for.",
)
patch(
    "load_pretrained",
    (RETURN, 'return model.eval(), torchvision.models.get_model_weights("resnet18").DEFAULT'),
    name="papers_of_imagenet",
    caught_by=PAPERS,
    says="ImageNet's categories and transforms belong to networks that were trained on ImageNet.",
)
patch(
    "load_pretrained",
    (RETURN, "return model.eval(), torchvision.models.get_model_weights(name)"),
    name="the_whole_enum",
    caught_by=PAPERS,
    crashes=True,
    says="This is the list of all weights of the network; one of them was used (DEFAULT).",
)

# -- preprocess ---------------------------------------------------------------------------------------------------------

NUMBERS, MODES = "test_the_transforms_are_those_of_the_weights", "test_every_image_mode_is_read"
LYING = "test_a_lying_photo_is_turned_upright"
APPLIED, UPRIGHT = "weights.transforms()(upright)", "ImageOps.exif_transpose(photo)"


@mistake(
    "preprocess",
    caught_by=NUMBERS,
    says="ImageNet's numbers are written down; these weights were trained with others.",
    source="docs: the recipe of older pages, copied",
)
def imagenet_by_heart(photo, weights):
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(48, antialias=True),
            v2.CenterCrop(40),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    return transform(ImageOps.exif_transpose(photo).convert("RGB"))[None]


@mistake("preprocess", caught_by=NUMBERS, says="224 is written down as the size; each network has its own.")
def size_by_heart(photo, weights):
    numbers = weights.transforms()
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(256, antialias=True),
            v2.CenterCrop(224),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(numbers.mean, numbers.std),
        ]
    )
    return transform(ImageOps.exif_transpose(photo).convert("RGB"))[None]


@mistake(
    "preprocess",
    caught_by=NUMBERS,
    says="Pixels go up to 255: they were not divided before mean and deviation were applied.",
)
def never_divided(photo, weights):
    numbers = weights.transforms()
    upright = ImageOps.exif_transpose(photo).convert("RGB")
    small = ImageOps.fit(upright.resize((upright.width, upright.height)), (numbers.crop_size[0],) * 2)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1).float()
    return v2.functional.normalize(pixels, numbers.mean, numbers.std)[None]


@mistake("preprocess", caught_by=NUMBERS, says="The photo is resized and scaled, but not normalised.")
def not_normalised(photo, weights):
    numbers = weights.transforms()
    image = v2.functional.to_image(ImageOps.exif_transpose(photo).convert("RGB"))
    small = v2.functional.center_crop(v2.functional.resize(image, numbers.resize_size), numbers.crop_size)
    return v2.functional.to_dtype(small, torch.float32, scale=True)[None]


@mistake("preprocess", caught_by=NUMBERS, says="The photo is squeezed to a square: a long dog becomes a short one.")
def squeezed(photo, weights):
    upright = ImageOps.exif_transpose(photo).convert("RGB")
    side = max(upright.size)
    return weights.transforms()(upright.resize((side, side)))[None]


patch(
    "preprocess",
    (".unsqueeze(0)", ""),
    name="no_batch",
    caught_by=NUMBERS,
    says="A network reads batches: one photo is a batch of one.",
)
patch(
    "preprocess",
    (APPLIED, "weights.transforms()(upright).flip(0)"),
    name="bgr",
    caught_by=NUMBERS,
    says="The channels are blue, green, red, as OpenCV gives them.",
    source="forum: cv2.imread",
)
patch(
    "preprocess",
    (APPLIED, "weights.transforms()(weights.transforms()(upright).clamp(0, 1))"),
    name="normalised_twice",
    caught_by=NUMBERS,
    says="The transforms are applied twice.",
)
patch(
    "preprocess",
    (APPLIED, 'torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT.transforms()(upright)'),
    name="transforms_of_another_network",
    caught_by=NUMBERS,
    says="The transforms are the pocket network's, whatever the weights.",
)
patch(
    "preprocess",
    ('.convert("RGB")', ""),
    name="only_rgb_expected",
    caught_by=MODES,
    crashes=True,
    says="Not every photo is RGB: with alpha there are four channels, with a palette one.",
    source="forum: The size of tensor a (4) must match the size of tensor b (3)",
)


@mistake(
    "preprocess",
    caught_by=MODES,
    says="In mode P the values are places in a palette, not brightness; in CMYK they are inks.",
    source="Pillow",
)
def three_channels_by_hand(photo, weights):
    pixels = np.asarray(ImageOps.exif_transpose(photo))
    pixels = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels[..., :3]
    return weights.transforms()(Image.fromarray(np.ascontiguousarray(pixels)))[None]


patch(
    "preprocess",
    ('.convert("RGB")', '.convert("L").convert("RGB")'),
    name="colour_thrown_away",
    caught_by=NUMBERS,
    says='convert("L") throws the colours away; converting back does not bring them home.',
)
patch(
    "preprocess",
    (UPRIGHT, "photo"),
    name="exif_ignored",
    caught_by=LYING,
    says="The phone lay on its side and wrote so into EXIF; nobody read it.",
    source="Pillow",
)
patch(
    "preprocess",
    (UPRIGHT, "(photo.rotate(-90, expand=True) if photo.getexif().get(0x0112, 1) > 1 else photo)"),
    name="always_a_quarter_turn",
    caught_by=LYING,
    says="There are eight orientations, not one.",
)

# -- classify -----------------------------------------------------------------------------------------------------------

ORDER, SOFT, COUNT = (
    "test_names_come_most_probable_first",
    "test_probabilities_are_softmaxed_logits",
    "test_as_many_as_asked_for",
)
SOFTMAX, TOPK = "model(preprocess(photo, weights)).softmax(dim=1)[0]", "probabilities.topk(top)"

patch(
    "classify",
    (TOPK, "probabilities.topk(top, largest=False)"),
    name="least_probable",
    caught_by=ORDER,
    says="These are the least probable categories.",
)
patch(
    "classify",
    (TOPK, "probabilities.sort()"),
    (
        "zip(found.values.tolist(), found.indices.tolist()",
        "zip(found.values.tolist()[-top:], found.indices.tolist()[-top:]",
    ),
    name="ascending",
    caught_by=ORDER,
    says="sort puts the smallest first: the best is at the end.",
)
patch(
    "classify",
    ("names[index]", "names[index - 1]"),
    name="names_off_by_one",
    caught_by=ORDER,
    says="The names are counted from 1, the outputs from 0.",
    source="forum: ImageNet labels off by one",
)
patch(
    "classify",
    ("names[index]", "names[place]"),
    ("for value, index in zip(", "for place, (value, index) in enumerate(zip("),
    ("strict=True)]", "strict=True))]"),
    name="names_by_place",
    caught_by=ORDER,
    says="The name is that of the place in the list of the best, not that of the category.",
)
patch(
    "classify",
    ('weights.meta["categories"]', 'sorted(weights.meta["categories"])'),
    name="names_sorted",
    caught_by=ORDER,
    says="The names are sorted; the outputs are not.",
)
patch(
    "classify",
    ("    with torch", "    model.train()\n    with torch"),
    name="asked_in_train_mode",
    caught_by=SOFT,
    says="The network is put into train mode before it is asked: each answer is another one.",
)
patch(
    "classify",
    (SOFTMAX, "model(preprocess(photo, weights))[0]"),
    name="logits_for_probabilities",
    caught_by=SOFT,
    says="These are logits: scores without a scale.",
)
patch(
    "classify",
    (".softmax(dim=1)[0]", ".sigmoid()[0]"),
    name="sigmoid",
    caught_by=SOFT,
    says="Sigmoid asks of each category alone whether it is there; the categories exclude each other.",
)
patch(
    "classify",
    (".softmax(dim=1)[0]", ".softmax(dim=0)[0]"),
    name="softmax_over_the_batch",
    caught_by=SOFT,
    says="Softmax over the photos of the batch: with one photo everything is certain.",
    source="forum: Implicit dimension choice for softmax",
)
patch(
    "classify",
    (".softmax(dim=1)[0]", ".log_softmax(dim=1)[0]"),
    name="logarithms",
    caught_by=SOFT,
    says="These are logarithms of probabilities.",
)
patch(
    "classify",
    (".softmax(dim=1)[0]", ".softmax(dim=1).softmax(dim=1)[0]"),
    name="softmaxed_twice",
    caught_by=SOFT,
    says="Softmax of probabilities makes them nearly even.",
)
patch(
    "classify",
    (SOFTMAX, "model(preprocess(photo, weights))[0]"),
    (TOPK, "torch.return_types.topk((probabilities.topk(top).values.softmax(0), probabilities.topk(top).indices))"),
    name="only_the_best_among_themselves",
    caught_by=SOFT,
    says="Softmax over the best alone: they add up to 1, and the network seems surer than it is.",
)
patch(
    "classify",
    ("(names[index], value)", "(names[index], 100 * value)"),
    name="percent",
    caught_by=SOFT,
    says="This is a percentage; a probability was asked for.",
)
patch(
    "classify",
    ("found.values.tolist()", "found.values"),
    name="tensors_for_floats",
    caught_by=SOFT,
    says="The probabilities are tensors, not Python floats.",
)
patch(
    "classify",
    (TOPK, "probabilities.topk(5)"),
    name="always_five",
    caught_by=COUNT,
    says="5 is written down; `top` is ignored.",
)
patch(
    "classify",
    (TOPK, "probabilities.topk(len(probabilities))"),
    name="all_of_them",
    caught_by=COUNT,
    says="All categories are returned, not the best ones.",
)

# -- extract_features ---------------------------------------------------------------------------------------------------

HEAD, LEFT = "test_features_are_what_the_head_reads", "test_the_network_is_left_as_it_was"


@mistake("extract_features", caught_by=HEAD, says="These are the logits: what comes out of the head, not what goes in.")
def logits(model, images):
    with torch.no_grad():
        return model(images)


patch(
    "extract_features",
    (
        "register_forward_pre_hook(lambda module, inputs: caught.append(inputs[0].clone()))",
        "register_forward_hook(lambda module, inputs, output: caught.append(output.clone()))",
    ),
    name="hook_behind_the_head",
    caught_by=HEAD,
    says="A forward hook gets the inputs and the output of the head; the output are the logits.",
)
patch(
    "extract_features",
    ("model.classifier if", "model.classifier[-1] if"),
    name="before_the_last_layer",
    caught_by=HEAD,
    says="This goes into the last layer of the head, not into the head: where the head ends in a pooling, it is no description.",
)


@mistake("extract_features", caught_by=HEAD, says="These are features of a layer in the middle.")
def middle_layer(model, images):
    body = model.features if hasattr(model, "features") else nn.Sequential(model.conv)
    with torch.no_grad():
        return body[0](images).mean(dim=(2, 3))


@mistake(
    "extract_features",
    caught_by=HEAD,
    says="What stands between `features` and the head is left out: a ReLU, another pooling.",
    source="forum: model.features as a feature extractor",
)
def features_pooled_by_hand(model, images):
    with torch.no_grad():
        if hasattr(model, "features"):
            return model.features(images).mean(dim=(2, 3))
        head, model.fc = model.fc, nn.Identity()
        found = model(images)
        model.fc = head
        return found


patch(
    "extract_features",
    ('model.classifier if hasattr(model, "classifier") else model.fc', "model.classifier"),
    name="fc_forgotten",
    caught_by=HEAD,
    crashes=True,
    says="The ResNets call their head fc.",
    source="forum: 'ResNet' object has no attribute 'classifier'",
)
patch(
    "extract_features",
    ("features.mean(dim=(2, 3)) if features.dim() == 4 else features", "features"),
    name="stack_of_maps",
    caught_by=HEAD,
    says="A stack of maps is no vector: their means over height and width were asked for.",
)
patch(
    "extract_features",
    ("features.mean(dim=(2, 3)) if features.dim() == 4 else features", "features.flatten(1)"),
    name="every_place_of_the_maps",
    caught_by=HEAD,
    says="Every place of every map is listed: the number of features depends on the size of the photo.",
)
patch(
    "extract_features",
    ("with torch.no_grad():", "with torch.enable_grad():"),
    name="with_a_graph",
    caught_by=HEAD,
    says="The features drag the graph of the whole network along, and its memory.",
    source="forum: CUDA out of memory while extracting features",
)
patch(
    "extract_features",
    ("        hook.remove()", "        pass"),
    name="hook_left",
    caught_by=LEFT,
    says="The hook is left on the network and catches every picture from now on.",
    source="forum",
)


@mistake(
    "extract_features",
    caught_by=LEFT,
    says="The head is replaced and never put back: the network no longer classifies.",
    source="forum: model.fc = nn.Identity()",
)
def head_thrown_away(model, images):
    if hasattr(model, "classifier"):
        model.classifier = nn.Identity()
    else:
        model.fc = nn.Identity()
    with torch.no_grad():
        found = model(images)
    return found.mean(dim=(2, 3)) if found.dim() == 4 else found


patch(
    "extract_features",
    ("    caught = []", "    model.requires_grad_(False)\n    caught = []"),
    name="frozen_by_the_way",
    caught_by=LEFT,
    says="To save a graph the whole network is frozen, and stays so.",
)
patch(
    "extract_features",
    ("    features = caught[0]", "    model.train()\n    features = caught[0]"),
    name="left_in_train_mode",
    caught_by=LEFT,
    says="The network is left in train mode.",
)

# -- admit --------------------------------------------------------------------------------------------------------------

SUM, WHOSE = "test_the_breeds_are_added_up", "test_dogs_are_those_of_the_weights"
SEES, DOOR = "test_the_network_sees_the_preprocessed_photo", "test_every_photo_at_the_door"
OPEN = "bool(probabilities[dogs(weights)].sum() > 0.5)"

patch(
    "admit",
    (OPEN, "int(probabilities.argmax()) in dogs(weights)"),
    name="the_best_category_alone",
    caught_by=SUM,
    says="Only the most probable category counts: a dog shared among six breeds stays outside.",
)
patch(
    "admit",
    (OPEN, "bool(probabilities[dogs(weights)].max() > 0.5)"),
    name="one_breed_alone",
    caught_by=SUM,
    says="One breed alone must be more probable than everything else.",
)
patch(
    "admit",
    (OPEN, "bool((probabilities[dogs(weights)] > 0.5).all())"),
    name="every_breed",
    caught_by=SUM,
    says="Every breed must be probable at once.",
)
patch(
    "admit",
    (OPEN, 'bool(probabilities[[k for k, n in enumerate(weights.meta["categories"]) if "cat" in n]].sum() < 0.5)'),
    name="no_cat",
    caught_by=SUM,
    says="Whatever is no cat is let in, bears too.",
)
patch(
    "admit",
    (".softmax(dim=1)", ""),
    name="logits_added_up",
    caught_by=SUM,
    says="Logits are added up: scores without a scale, and the sum of many is large.",
)
patch(
    "admit",
    ("bool(probabilities[dogs(weights)].sum() > 0.5)", "probabilities[dogs(weights)].sum() > 0.5"),
    name="a_tensor",
    caught_by=SUM,
    says="The answer is a tensor, not True or False.",
)
patch(
    "admit",
    ("> 0.5", "> 0.3"),
    name="opens_too_early",
    caught_by=SUM,
    says="The door opens at 0.3: whatever looks a little like a dog comes in.",
)
patch(
    "admit",
    ("probabilities[dogs(weights)]", "probabilities[151:269]"),
    name="dogs_of_imagenet",
    caught_by=SUM,
    says="151 to 268 are dogs in ImageNet; these weights have other categories.",
    source="the original course",
)
patch(
    "admit",
    ("    with torch", "    model.train()\n    with torch"),
    name="door_in_train_mode",
    caught_by=SUM,
    says="The network is put into train mode before it is asked.",
)
patch(
    "admit",
    (
        "probabilities[dogs(weights)]",
        'probabilities[[k for k, name in enumerate(weights.meta["categories"]) if "dog" in name.lower()]]',
    ),
    name="dog_in_the_name",
    caught_by=WHOSE,
    says='ImageNet calls its dogs Chihuahua and pug; "dog" is in the name of a hot dog.',
)
patch(
    "admit",
    (
        "probabilities[dogs(weights)]",
        'probabilities[[k for k, name in enumerate(weights.meta["categories"]) if name.startswith("dog")]]',
    ),
    name="names_that_begin_with_dog",
    caught_by=WHOSE,
    says="Only the pocket network's dogs begin with dog.",
)
patch(
    "admit",
    ("preprocess(photo, weights)", "2 * preprocess(photo, weights)"),
    name="scaled_once_more",
    caught_by=SEES,
    says="What preprocess has normalised is scaled once more.",
)


@mistake(
    "admit",
    caught_by=SEES,
    says="A quick conversion in place of preprocess: no normalisation, and the photo is squeezed.",
)
def preprocess_left_out(model, weights, photo):
    small = photo.convert("RGB").resize((weights.transforms().crop_size[0],) * 2)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return bool(model(pixels).softmax(1)[0, dogs(weights)].sum() > 0.5)  # noqa: F821


@mistake("admit", caught_by=DOOR, says="The door is always open.")
def always_open(model, weights, photo):
    return True


@mistake("admit", caught_by=DOOR, says="Only the terrier is let in; there are other dogs.")
def one_breed_only(model, weights, photo):
    with torch.inference_mode():
        probabilities = model(preprocess(photo, weights)).softmax(dim=1)[0]  # noqa: F821
    return bool(probabilities[dogs(weights)[0]] > 0.5)  # noqa: F821


patch(
    "admit",
    ("> 0.5", ">= 0.5"),
    name="half_is_enough",
    caught_by=SUM,
    says="One half is not more than one half: where a dog and a cat are equally likely the door stays shut.",
)
