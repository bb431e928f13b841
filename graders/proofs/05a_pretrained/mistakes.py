"""What goes wrong in project 05a: networks without their weights, somebody else's preprocessing, names off by one, doors.

"forum" is discuss.pytorch.org; "docs" torchvision's page on models and pre-trained weights; "Pillow" as in 04b.
"""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import nn
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared import camera, devices

MISTAKES = Catalogue("05a")

# -- load_pretrained ----------------------------------------------------------------------------------------------------

FILLED = MISTAKES.caught_by("load_pretrained", "test_the_network_has_its_pretrained_numbers")
READY = MISTAKES.caught_by("load_pretrained", "test_the_network_is_ready_for_use")
PAPERS = MISTAKES.caught_by("load_pretrained", "test_the_papers_belong_to_the_network")
GET, RETURN = "torchvision.models.get_model(name, weights=weights)", "return model.eval(), weights"

FILLED.patch(
    "no_weights",
    "weights=None builds the network with random weights.",
    ("weights=weights)", "weights=None)"),
    source="forum: pretrained=False",
)
FILLED.patch(
    "weights_left_out",
    "Without the argument `weights` the network starts from random weights.",
    (GET, "torchvision.models.get_model(name)"),
    source="docs: weights=None is the default",
)
FILLED.patch(
    "always_the_same_network",
    "The name that was asked for is ignored.",
    (GET, 'torchvision.models.get_model("pocket_mobilenet", weights="DEFAULT")'),
)
FILLED.patch(
    "the_first_weights",
    "The first weights of a list are its oldest; DEFAULT names the best.",
    ("torchvision.models.get_model_weights(name).DEFAULT", "list(torchvision.models.get_model_weights(name))[0]"),
    source="docs: Weights.DEFAULT",
)
FILLED.patch(
    "head_started_anew",
    "The last layer starts from random weights: the categories are guesses.",
    ("    return model", "    model.classifier[-1].reset_parameters()\n    return model"),
)


@FILLED.mistake("Only parameters are loaded; the running statistics are those of a fresh network.")
def parameters_only(name="pocket_mobilenet"):
    weights = torchvision.models.get_model_weights(name).DEFAULT  # noqa: F821
    model = torchvision.models.get_model(name, num_classes=len(weights.meta["categories"]))  # noqa: F821
    state = weights.get_state_dict()
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            parameter.copy_(state[key])
    return model.eval(), weights


@FILLED.mistake("One network is cached and returned to everyone: training it changes what the next caller gets.")
def one_network_for_all(name="pocket_mobilenet", kept={}):  # noqa: B006 - that is the mistake
    if name not in kept:
        weights = torchvision.models.get_model_weights(name).DEFAULT  # noqa: F821
        kept[name] = torchvision.models.get_model(name, weights=weights).eval(), weights  # noqa: F821
    return kept[name]


READY.patch(
    "eval_for_the_pocket_network_only",
    "Only the pocket network is put into eval mode; the others have dropout and batch statistics too.",
    (RETURN, 'return model.train(name != "pocket_mobilenet"), weights'),
)
READY.patch(
    "eval_forgotten",
    "The network is still in train mode: dropout and batch statistics are on while it answers.",
    (RETURN, "return model, weights"),
    source="docs: some models use modules which have different training and evaluation behavior",
)
READY.patch(
    "half_in_eval",
    "Only `features` is in eval mode; the dropout in the head is still on.",
    (RETURN, "model.features.eval()\n    return model, weights"),
)
PAPERS.patch(
    "papers_of_another_network",
    "The description is always that of the pocket network's weights, whatever was asked for.",
    (RETURN, 'return model.eval(), torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT'),
)
PAPERS.patch(
    "papers_of_imagenet",
    "ImageNet's categories and transforms belong to networks that were trained on ImageNet.",
    (RETURN, 'return model.eval(), torchvision.models.get_model_weights("resnet18").DEFAULT'),
)
PAPERS.patch(
    "value_of_the_member",
    "The value of an enum's member has lost its name: the weights can no longer be loaded from it.",
    (RETURN, "return model.eval(), weights.value"),
    source="assistant: to suit the annotation",
)
PAPERS.patch(
    "the_whole_enum",
    "This is the list of all weights of the network; one of them was used (DEFAULT).",
    (RETURN, "return model.eval(), torchvision.models.get_model_weights(name)"),
    crashes=True,
)

# -- preprocess ---------------------------------------------------------------------------------------------------------

NUMBERS = MISTAKES.caught_by("preprocess", "test_the_transforms_are_those_of_the_weights")
MODES = MISTAKES.caught_by("preprocess", "test_every_image_mode_is_read")
LYING = MISTAKES.caught_by("preprocess", "test_a_lying_photo_is_turned_upright")
APPLIED, UPRIGHT = "weights.transforms()(upright)", "ImageOps.exif_transpose(photo)"


camera.photos(NUMBERS, NUMBERS, MODES, LYING)
NUMBERS.patch(
    "square_cut_first",
    "The square is cut before the transforms: weights that see the whole photo have lost its sides.",
    (APPLIED, "weights.transforms()(ImageOps.fit(upright, (min(upright.size),) * 2))"),
)


@NUMBERS.mistake(
    "ImageNet's mean and standard deviation are hard-coded; these weights were trained with others.",
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


@NUMBERS.mistake("224 is hard-coded as the size; each network has its own.")
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


@NUMBERS.mistake("Pixels go up to 255: they were not divided before mean and standard deviation were applied.")
def never_divided(photo, weights):
    numbers = weights.transforms()
    upright = ImageOps.exif_transpose(photo).convert("RGB")
    small = ImageOps.fit(upright.resize((upright.width, upright.height)), (numbers.crop_size[0],) * 2)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1).float()
    return v2.functional.normalize(pixels, numbers.mean, numbers.std)[None]


@NUMBERS.mistake("The photo is resized and scaled, but not normalised.")
def not_normalised(photo, weights):
    numbers = weights.transforms()
    image = v2.functional.to_image(ImageOps.exif_transpose(photo).convert("RGB"))
    small = v2.functional.center_crop(v2.functional.resize(image, numbers.resize_size), numbers.crop_size)
    return v2.functional.to_dtype(small, torch.float32, scale=True)[None]


@NUMBERS.mistake("The photo is squeezed to a square: a long dog becomes a short one.")
def squeezed(photo, weights):
    upright = ImageOps.exif_transpose(photo).convert("RGB")
    side = max(upright.size)
    return weights.transforms()(upright.resize((side, side)))[None]


NUMBERS.patch("no_batch", "A network reads batches: one photo is a batch of one.", (".unsqueeze(0)", ""))
NUMBERS.patch(
    "bgr",
    "The channels are blue, green, red, as OpenCV gives them.",
    (APPLIED, "weights.transforms()(upright).flip(0)"),
    source="forum: cv2.imread",
)
NUMBERS.patch(
    "normalised_twice",
    "The transforms are applied twice.",
    (APPLIED, "weights.transforms()(weights.transforms()(upright).clamp(0, 1))"),
)
NUMBERS.patch(
    "transforms_of_another_network",
    "The transforms are the pocket network's, whatever the weights.",
    (APPLIED, 'torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT.transforms()(upright)'),
)
MODES.patch(
    "only_rgb_expected",
    "Not every photo is RGB: with alpha there are four channels, with a palette one.",
    ('.convert("RGB")', ""),
    crashes=True,
    source="forum: The size of tensor a (4) must match the size of tensor b (3)",
)


@MODES.mistake("In mode P the values are places in a palette, not brightness; in CMYK they are inks.", source="Pillow")
def three_channels_by_hand(photo, weights):
    pixels = np.asarray(ImageOps.exif_transpose(photo))
    pixels = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels[..., :3]
    return weights.transforms()(Image.fromarray(np.ascontiguousarray(pixels)))[None]


NUMBERS.patch(
    "colour_thrown_away",
    'convert("L") throws the colours away; converting back does not restore them.',
    ('.convert("RGB")', '.convert("L").convert("RGB")'),
)
LYING.patch(
    "exif_ignored",
    "The phone was held sideways and said so in EXIF; your code does not read it.",
    (UPRIGHT, "photo"),
    source="Pillow",
)
LYING.patch(
    "always_a_quarter_turn",
    "There are eight orientations, not one.",
    (UPRIGHT, "(photo.rotate(-90, expand=True) if photo.getexif().get(0x0112, 1) > 1 else photo)"),
)

# -- classify -----------------------------------------------------------------------------------------------------------

ORDER = MISTAKES.caught_by("classify", "test_names_come_most_probable_first")
SOFT = MISTAKES.caught_by("classify", "test_probabilities_are_softmaxed_logits")
COUNT = MISTAKES.caught_by("classify", "test_as_many_as_asked_for")
LOOKS = MISTAKES.caught_by("classify", "test_classify_shows_the_network_the_preprocessed_photo")
ASKED = (
    "    with torch.inference_mode():\n        probabilities = model(preprocess(photo, weights).to(device)).softmax(dim=1)[0]\n",
    '    kept = globals().setdefault("_kept", {})\n'
    "    if (id(model), id(photo)) not in kept:\n        with torch.inference_mode():\n"
    "            kept[id(model), id(photo)] = model(preprocess(photo, weights).to(device)).softmax(dim=1)[0], model, photo\n"
    "    probabilities = kept[id(model), id(photo)][0]\n",
)

LOOKS.patch(
    "answer_remembered",
    "Answers are remembered for each photo: one that is changed, as a camera's picture is, gets the old one.",
    ASKED,
)
SOFTMAX, TOPK = "model(preprocess(photo, weights).to(device)).softmax(dim=1)[0]", "probabilities.topk(top)"

ORDER.patch(
    "least_probable", "These are the least probable categories.", (TOPK, "probabilities.topk(top, largest=False)")
)
ORDER.patch(
    "ascending",
    "sort puts the smallest first: the best is at the end.",
    (TOPK, "probabilities.sort()"),
    (
        "zip(found.values.tolist(), found.indices.tolist()",
        "zip(found.values.tolist()[-top:], found.indices.tolist()[-top:]",
    ),
)
ORDER.patch(
    "names_off_by_one",
    "The names are counted from 1, the outputs from 0.",
    ("names[index]", "names[index - 1]"),
    source="forum: ImageNet labels off by one",
)
ORDER.patch(
    "names_by_place",
    "The name is that of the place in the list of the best, not that of the category.",
    ("names[index]", "names[place]"),
    ("for value, index in zip(", "for place, (value, index) in enumerate(zip("),
    ("strict=True)]", "strict=True))]"),
)
ORDER.patch(
    "names_sorted",
    "The names are sorted; the outputs are not.",
    ('weights.meta["categories"]', 'sorted(weights.meta["categories"])'),
)
ORDER.patch(
    "pocket_names_where_there_are_as_many",
    "The names are the pocket network's wherever there are as many; these weights may have others, or another order.",
    (
        'names = weights.meta["categories"]',
        'names = torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT.meta["categories"]\n'
        '    names = names if len(names) == len(probabilities) else weights.meta["categories"]',
    ),
)
SOFT.patch(
    "rounded",
    "The probabilities are rounded: small ones become 0.",
    ("(names[index], value)", "(names[index], round(value, 2))"),
)
SOFT.patch(
    "rounded_a_little",
    "The probabilities are rounded; nobody asked for that.",
    ("(names[index], value)", "(names[index], round(value, 4))"),
)
SOFT.patch(
    "half_precision",
    "In half precision a probability has three digits.",
    (".softmax(dim=1)[0]", ".softmax(dim=1)[0].half()"),
)
SOFT.patch(
    "unlikely_ones_left_out",
    "Categories that are unlikely are left out; so many were asked for.",
    ("strict=True)]", "strict=True) if value > 0.001]"),
)
SOFT.patch(
    "one_name_for_each_probability",
    "The names are kept by their probabilities: of two that are equally probable one is lost.",
    (
        'names = weights.meta["categories"]',
        'names = dict(zip(probabilities.tolist(), weights.meta["categories"], strict=True))',
    ),
    ("(names[index], value) for value, index in", "(names[value], value) for value, _ in"),
)
SOFT.patch(
    "asked_in_train_mode",
    "The network is put into train mode before it is asked: the answer changes every time.",
    ("    with torch", "    model.train()\n    with torch"),
)
SOFT.patch(
    "logits_for_probabilities",
    "These are logits: scores without a scale.",
    (SOFTMAX, "model(preprocess(photo, weights))[0]"),
)
SOFT.patch(
    "sigmoid",
    "Sigmoid asks of each category alone whether it is there; the categories exclude each other.",
    (".softmax(dim=1)[0]", ".sigmoid()[0]"),
)
SOFT.patch(
    "softmax_over_the_batch",
    "The softmax runs over the batch: with one photo every probability is 1.",
    (".softmax(dim=1)[0]", ".softmax(dim=0)[0]"),
    source="forum: Implicit dimension choice for softmax",
)
SOFT.patch("logarithms", "These are logarithms of probabilities.", (".softmax(dim=1)[0]", ".log_softmax(dim=1)[0]"))
SOFT.patch(
    "softmaxed_twice",
    "Softmax of probabilities makes them nearly even.",
    (".softmax(dim=1)[0]", ".softmax(dim=1).softmax(dim=1)[0]"),
)
SOFT.patch(
    "only_the_best_among_themselves",
    "Softmax over the best alone: they add up to 1, and the network seems surer than it is.",
    (SOFTMAX, "model(preprocess(photo, weights))[0]"),
    (TOPK, "torch.return_types.topk((probabilities.topk(top).values.softmax(0), probabilities.topk(top).indices))"),
)
SOFT.patch(
    "percent",
    "This is a percentage; a probability was asked for.",
    ("(names[index], value)", "(names[index], 100 * value)"),
)
SOFT.patch(
    "tensors_for_floats", "The probabilities are tensors, not Python floats.", ("found.values.tolist()", "found.values")
)
COUNT.patch("always_five", "5 is hard-coded; `top` is ignored.", (TOPK, "probabilities.topk(5)"))
COUNT.patch(
    "all_of_them", "All categories are returned, not the best ones.", (TOPK, "probabilities.topk(len(probabilities))")
)

COUNT.patch("at_most_five", "There are never more than five.", (TOPK, "probabilities.topk(min(top, 5))"))
LOOKS.patch(
    "transforms_on_the_photo_as_it_comes",
    "The transforms are put on the photo as it comes; a grey one has one channel, one with alpha has four.",
    ("preprocess(photo, weights)", "weights.transforms()(photo)[None]"),
    crashes=True,
)
LOOKS.patch(
    "lying_photo_classified",
    "The phone lay on its side and wrote so into EXIF; `preprocess` reads it, this does not.",
    ("preprocess(photo, weights)", 'weights.transforms()(photo.convert("RGB"))[None]'),
)
LOOKS.patch(
    "train_mode_after_the_question",
    "The network is put into train mode afterwards.",
    ("    found = ", "    model.train()\n    found = "),
)
LOOKS.patch(
    "frozen_by_the_question",
    "To do without a graph the network is frozen, and stays so.",
    ("    with torch", "    model.requires_grad_(False)\n    with torch"),
)


@LOOKS.mistake("Answers are kept by the size of the photo: another photo of that size gets the answer of the first.")
def kept_by_size(model, weights, photo, top=5, kept={}):  # noqa: B006 - that is the mistake
    key = photo.size, top, model
    if key not in kept:
        with torch.inference_mode():
            found = model(preprocess(photo, weights)).softmax(dim=1)[0].topk(top)  # noqa: F821
        names = weights.meta["categories"]
        kept[key] = [(names[k], v) for v, k in zip(found.values.tolist(), found.indices.tolist(), strict=True)]
    return kept[key]


@SOFT.mistake("In a dictionary by names two categories of one name become one.")
def in_a_dictionary_by_name(model, weights, photo, top=5):
    with torch.inference_mode():
        probabilities = model(preprocess(photo, weights)).softmax(dim=1)[0]  # noqa: F821
    table = dict(zip(weights.meta["categories"], probabilities.tolist(), strict=True))
    return sorted(table.items(), key=lambda pair: -pair[1])[:top]


# -- extract_features ---------------------------------------------------------------------------------------------------

HEAD = MISTAKES.caught_by("extract_features", "test_features_are_what_the_head_reads")
LEFT = MISTAKES.caught_by("extract_features", "test_the_network_is_left_as_it_was")


@HEAD.mistake("These are the logits: what comes out of the head, not what goes in.")
def logits(model, images):
    with torch.no_grad():
        return model(images)


LEFT.patch(
    "features_remembered",
    "Features are remembered for each tensor: one that is filled with other images gets the old ones.",
    (
        "    features = caught[0].cpu()\n",
        '    kept = globals().setdefault("_kept", {})\n'
        "    features = kept.setdefault((id(model), id(images)), (caught[0].cpu(), model, images))[0]\n",
    ),
)
HEAD.patch(
    "hook_behind_the_head",
    "A forward hook gets the inputs and the output of the head; the output are the logits.",
    (
        "register_forward_pre_hook(lambda module, inputs: caught.append(inputs[0].clone()))",
        "register_forward_hook(lambda module, inputs, output: caught.append(output.clone()))",
    ),
)
HEAD.patch(
    "before_the_last_layer",
    "This goes into the last layer of the head, not into the head: where the head ends in a pooling, it is no description.",
    ("model.classifier if", "model.classifier[-1] if"),
)


@HEAD.mistake("These are features of a layer in the middle.")
def middle_layer(model, images):
    body = model.features if hasattr(model, "features") else nn.Sequential(model.conv)
    with torch.no_grad():
        return body[0](images).mean(dim=(2, 3))


@HEAD.mistake(
    "What stands between `features` and the head is left out: a ReLU, another pooling.",
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


@HEAD.mistake(
    "The head is exchanged for nn.Identity: what SqueezeNet does behind its head, it flattens, is done to the features.",
    source="forum: model.classifier = nn.Identity()",
)
def identity_in_its_place(model, images):
    name = "classifier" if hasattr(model, "classifier") else "fc"
    head = getattr(model, name)
    setattr(model, name, nn.Identity())
    with torch.no_grad():
        found = model(images)
    setattr(model, name, head)
    return found.mean(dim=(2, 3)) if found.dim() == 4 else found


HEAD.patch(
    "first_weights_of_the_head",
    "This goes into the first weights of the head; a head may normalise before it weighs.",
    (
        "    caught = []",
        "    head = next(m for m in head.modules() if isinstance(m, nn.Linear | nn.Conv2d))\n    caught = []",
    ),
)
HEAD.patch(
    "last_part_taken_for_the_head",
    "The last part of a network need not be its head; it is called classifier or fc.",
    ('model.classifier if hasattr(model, "classifier") else model.fc', "list(model.children())[-1]"),
    crashes=True,
)
HEAD.patch(
    "squeezed_to_a_vector",
    "squeeze takes away every dimension of size 1: of one image the batch too.",
    (
        "return features.mean(dim=(2, 3)) if features.dim() == 4 else features",
        "return (features.mean(dim=(2, 3)) if features.dim() == 4 else features).squeeze()",
    ),
)
HEAD.patch(
    "fc_forgotten",
    "The ResNets call their head fc.",
    ('model.classifier if hasattr(model, "classifier") else model.fc', "model.classifier"),
    crashes=True,
    source="forum: 'ResNet' object has no attribute 'classifier'",
)
HEAD.patch(
    "stack_of_maps",
    "A stack of maps is no vector: their means over height and width were asked for.",
    ("features.mean(dim=(2, 3)) if features.dim() == 4 else features", "features"),
)
HEAD.patch(
    "every_place_of_the_maps",
    "Every place of every map is listed: the number of features depends on the size of the photo.",
    ("features.mean(dim=(2, 3)) if features.dim() == 4 else features", "features.flatten(1)"),
)
HEAD.patch(
    "cut_off_at_zero",
    "A ReLU was added after the features; negative ones are features too.",
    (
        "    return features.mean(dim=(2, 3)) if features.dim() == 4 else features",
        "    return features.mean(dim=(2, 3)) if features.dim() == 4 else features.relu()",
    ),
)
HEAD.patch(
    "with_a_graph",
    "The features drag the graph of the whole network along, and its memory.",
    ("with torch.no_grad():", "with torch.enable_grad():"),
    source="forum: CUDA out of memory while extracting features",
)
LEFT.patch(
    "hook_left",
    "The hook is left on the network and catches every picture from now on.",
    ("        hook.remove()", "        pass"),
    source="forum",
)


@LEFT.mistake(
    "The head is replaced and never put back: the network no longer classifies.",
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


LEFT.patch(
    "eval_for_good",
    "The network is put into eval mode, and not back: one that was in training is not any more.",
    ("    caught = []", "    model.eval()\n    caught = []"),
)
LEFT.patch(
    "train_for_good",
    "Eval mode for the question, train mode afterwards: whatever mode the network came in.",
    ("    caught = []", "    model.eval()\n    caught = []"),
    ("    features = caught[0]", "    model.train()\n    features = caught[0]"),
)
LEFT.patch(
    "everything_set_free",
    "The network is frozen and set free again, and what was frozen before is free now too.",
    ("    caught = []", "    model.requires_grad_(False)\n    caught = []"),
    ("    features = caught[0]", "    model.requires_grad_(True)\n    features = caught[0]"),
)
LEFT.patch(
    "hook_on_every_network",
    "The hook is put on every network of the process, and stays there.",
    (
        "head.register_forward_pre_hook(lambda module, inputs: caught.append(inputs[0].clone()))",
        "nn.modules.module.register_module_forward_pre_hook(\n"
        "        lambda module, inputs: caught.append(inputs[0].clone()) if module is head else None\n    )",
    ),
    ("        hook.remove()", "        pass"),
)
LEFT.patch(
    "all_hooks_cleared",
    "All hooks of the head are thrown away, and not only the one that was put there.",
    ("        hook.remove()", "        head._forward_pre_hooks.clear()"),
    source="assistant: a tidy end",
)
LEFT.patch(
    "method_replaced",
    "The head's forward is replaced by one that catches, and not put back.",
    (
        "hook = head.register_forward_pre_hook(lambda module, inputs: caught.append(inputs[0].clone()))",
        "forward = head.forward\n    head.forward = lambda x: (caught.append(x.clone()), forward(x))[1]",
    ),
    ("        hook.remove()", "        pass"),
)
LEFT.patch(
    "frozen_by_the_way",
    "To save a graph the whole network is frozen, and stays so.",
    ("    caught = []", "    model.requires_grad_(False)\n    caught = []"),
)
LEFT.patch(
    "left_in_train_mode",
    "The network is left in train mode.",
    ("    features = caught[0]", "    model.train()\n    features = caught[0]"),
)

# -- admit --------------------------------------------------------------------------------------------------------------

SUM = MISTAKES.caught_by("admit", "test_the_breeds_are_added_up")
WHOSE = MISTAKES.caught_by("admit", "test_dogs_are_those_of_the_weights")
SEES = MISTAKES.caught_by("admit", "test_the_network_sees_the_preprocessed_photo")
DOOR = MISTAKES.caught_by("admit", "test_every_photo_at_the_door")

SEES.patch(
    "decision_remembered",
    "Decisions are remembered for each photo: one that is changed, as a camera's picture is, gets the old one.",
    ASKED,
)
OPEN = "bool(probabilities[dogs(weights)].sum() > 0.5)"

SUM.patch(
    "the_best_category_alone",
    "Only the most probable category counts: a dog shared among six breeds stays outside.",
    (OPEN, "int(probabilities.argmax()) in dogs(weights)"),
)
SUM.patch(
    "one_breed_alone",
    "One breed alone must be more probable than everything else.",
    (OPEN, "bool(probabilities[dogs(weights)].max() > 0.5)"),
)
SUM.patch(
    "every_breed", "Every breed must be probable at once.", (OPEN, "bool((probabilities[dogs(weights)] > 0.5).all())")
)
SUM.patch(
    "no_cat",
    "Everything that isn't a cat is let in, bears too.",
    (OPEN, 'bool(probabilities[[k for k, n in enumerate(weights.meta["categories"]) if "cat" in n]].sum() < 0.5)'),
)
SUM.patch(
    "against_cats_and_bears",
    "Dogs are weighed against cats and bears only; what is neither is not counted.",
    (
        "bool(probabilities[dogs(weights)].sum() > 0.5)",
        'bool(probabilities[dogs(weights)].sum() > probabilities[[k for k, n in enumerate(weights.meta["categories"])\n'
        '        if n.startswith(("cat", "bear"))]].sum())',
    ),
)
SUM.patch(
    "sum_rounded",
    "The sum is rounded before it is compared: a little more than one half is one half.",
    (OPEN, "round(float(probabilities[dogs(weights)].sum()), 2) > 0.5"),
)
SUM.patch(
    "door_in_half_precision",
    "In half precision a sum has three digits: a little more than one half is one half.",
    (".softmax(dim=1)[0]", ".softmax(dim=1)[0].half()"),
)
SUM.patch(
    "logits_added_up",
    "Logits are added up: scores without a scale, and the sum of many is large.",
    (".softmax(dim=1)", ""),
)
SUM.patch(
    "a_tensor",
    "The answer is a tensor, not True or False.",
    ("bool(probabilities[dogs(weights)].sum() > 0.5)", "probabilities[dogs(weights)].sum() > 0.5"),
)
SUM.patch("opens_too_early", "The door opens at 0.3: whatever looks a little like a dog comes in.", ("> 0.5", "> 0.3"))
SUM.patch(
    "dogs_of_imagenet",
    "151 to 268 are dogs in ImageNet; these weights have other categories.",
    ("probabilities[dogs(weights)]", "probabilities[151:269]"),
    source="the original course",
)
SUM.patch(
    "door_in_train_mode",
    "The network is put into train mode before it is asked.",
    ("    with torch", "    model.train()\n    with torch"),
)
WHOSE.patch(
    "dog_in_the_name",
    'ImageNet calls its dogs Chihuahua and pug; "dog" is in the name of a hot dog.',
    (
        "probabilities[dogs(weights)]",
        'probabilities[[k for k, name in enumerate(weights.meta["categories"]) if "dog" in name.lower()]]',
    ),
)
WHOSE.patch(
    "names_that_begin_with_dog",
    "Only the pocket network's dogs begin with dog.",
    (
        "probabilities[dogs(weights)]",
        'probabilities[[k for k, name in enumerate(weights.meta["categories"]) if name.startswith("dog")]]',
    ),
)
WHOSE.patch(
    "dogs_among_the_best_five",
    "Only the best five categories are counted; a photo may be shared among more breeds.",
    (OPEN, "sum(float(p) for p, k in zip(*probabilities.topk(5), strict=True) if int(k) in dogs(weights)) > 0.5"),
)
WHOSE.patch(
    "small_shares_left_out",
    "Small probabilities are left out; of many they are a large part.",
    ("probabilities[dogs(weights)].sum()", "probabilities[dogs(weights)][probabilities[dogs(weights)] > 0.01].sum()"),
)
WHOSE.patch(
    "against_what_is_likely",
    "Dogs are weighed against the likely categories only; many unlikely ones are a large part too.",
    (
        OPEN,
        "bool(probabilities[dogs(weights)].sum() > sum(\n"
        "        p for k, p in enumerate(probabilities.tolist()) if p > 0.05 and k not in dogs(weights)))",
    ),
)
SEES.patch(
    "lying_photo_at_the_door",
    "The camera lay on its side and wrote so into EXIF; `preprocess` reads it, this does not.",
    ("preprocess(photo, weights)", 'weights.transforms()(photo.convert("RGB"))[None]'),
)
SEES.patch(
    "two_looks_at_the_door",
    "The door looks twice, at the mirrored photo too, and opens if one of the two is a dog.",
    (
        "    return bool(probabilities[dogs(weights)].sum() > 0.5)",
        "    with torch.inference_mode():\n"
        "        mirrored = model(preprocess(photo, weights).flip(3)).softmax(dim=1)[0]\n"
        "    return bool(max(probabilities[dogs(weights)].sum(), mirrored[dogs(weights)].sum()) > 0.5)",
    ),
)
SEES.patch(
    "photo_at_the_door_as_it_comes",
    "The transforms are put on the photo as it comes; a grey one has one channel, one with alpha has four.",
    ("preprocess(photo, weights)", "weights.transforms()(photo)[None]"),
    crashes=True,
)
SEES.patch(
    "train_mode_after_the_door",
    "The network is put into train mode afterwards.",
    ("    return bool", "    model.train()\n    return bool"),
)
SEES.patch(
    "scaled_once_more",
    "What preprocess has normalised is scaled once more.",
    ("preprocess(photo, weights)", "2 * preprocess(photo, weights)"),
)


@SEES.mistake("A quick conversion in place of preprocess: no normalisation, and the photo is squeezed.")
def preprocess_left_out(model, weights, photo):
    small = photo.convert("RGB").resize((weights.transforms().crop_size[0],) * 2)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return bool(model(pixels).softmax(1)[0, dogs(weights)].sum() > 0.5)  # noqa: F821


@DOOR.mistake("The door is always open.")
def always_open(model, weights, photo):
    return True


@DOOR.mistake("Only the terrier is let in; there are other dogs.")
def one_breed_only(model, weights, photo):
    with torch.inference_mode():
        probabilities = model(preprocess(photo, weights)).softmax(dim=1)[0]  # noqa: F821
    return bool(probabilities[dogs(weights)[0]] > 0.5)  # noqa: F821


SUM.patch(
    "half_is_enough",
    "One half is not more than one half: when a dog and a cat are equally likely, the door stays shut.",
    ("> 0.5", ">= 0.5"),
)

# -- devices ------------------------------------------------------------------------------------------------------------

LEFT_BEHIND = "The photo stays on the CPU; the network may be on a GPU."
for task, check in (
    ("classify", "test_classify_takes_the_photo_to_the_network"),
    ("admit", "test_admit_takes_the_photo_to_the_network"),
):
    place = MISTAKES.caught_by(task, check)
    place.patch(f"{task}_photo_left", LEFT_BEHIND, (".to(device)", ""), crashes=True)
    place.patch(
        f"{task}_network_moved",
        devices.MOVED,
        ("model(preprocess(photo, weights).to(device))", "model.cpu()(preprocess(photo, weights))"),
    )
FEATURES_BACK = MISTAKES.caught_by("extract_features", "test_features_come_back_from_the_gpu")
FEATURES_BACK.patch(
    "features_images_left",
    "The images stay on the CPU; the network may be on a GPU.",
    ("model(images.to(next(model.parameters()).device))", "model(images)"),
    crashes=True,
)
FEATURES_BACK.patch(
    "features_left_on_the_gpu",
    "The features are still on the GPU; what compares or draws them is not.",
    ("caught[0].cpu()", "caught[0]"),
)
