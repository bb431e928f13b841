"""Grader of project 05a: pre-trained models.

pytest graders/test_05a_pretrained.py
"""

import functools

import torch
import torchvision
from PIL import Image, ImageOps

import course.models.pocket
from course.checks.attachments import answered
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_most,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
)
from course.checks.probes import called, forward, is_training, seen_by, state_of, traces_on
from course.checks.seeds import drawn, fixed
from course.checks.wire import Handle
from course.checks.wording import describe
from graders.kit import gpu
from graders.kit.camera import expect_left_as_it_was, expect_not_black, lying_in_every_way, transparent
from graders.kit.general import expect_no_trace, panorama, photo, scene, shuffled
from graders.kit.photos import colour_images, door_scenes, opened
from graders.kit.ranked import expect_ranked
from graders.kit.worker import tiny_zoo
from graders.kit.worker.again import kept, refill
from graders.kit.worker.pictures import photo_from, repaint
from graders.kit.worker.pretrained import (
    answering_net,
    as_plain,
    categories_of,
    has_graph,
    is_member_of,
    network_with,
    papers,
    pretrained,
)

TINY, POCKET = tiny_zoo.NAME, "pocket_mobilenet"
PRESET = tiny_zoo.Course_Tiny_Weights.DEFAULT.transforms()

# -- load_pretrained ----------------------------------------------------------------------------------------------------


def _loaded(student, *name):
    pair = student.load_pretrained(*name)
    expect(type(pair) in (tuple, list) and len(pair) == 2, "load_pretrained: expected a pair (model, weights)")
    return pair


@check(
    "load_pretrained",
    title="the network has its pre-trained weights",
    points=2,
    hint="Compare one weight of your network with the same weight in the file. Was it loaded?",
)
def test_the_network_has_its_pretrained_numbers(student):
    """Parameters and running statistics are those of the default weights, for any name of the registry."""
    for name in (POCKET, TINY):
        model, _ = _loaded(student, name)
        wanted = torchvision.models.get_model_weights(name).DEFAULT.get_state_dict()
        expect_same(state_of(model), wanted, f"numbers of {name}")
    forward(model, colour_images(4, 24), mode="train")  # its running statistics change, and it stays in train mode
    again, _ = _loaded(student, TINY)
    expect_same(state_of(again), wanted, f"numbers of {TINY}, loaded again")
    expect(not is_training(again), "a network that is loaded again, after another one was trained, is in train mode")


@check("load_pretrained", points=1, hint="Print `model.training`. In which mode do you use a network?")
def test_the_network_is_ready_for_use(student):
    """In train mode, dropout and batch statistics make every answer a matter of luck and company."""
    for name in ((), (TINY,)):
        model, _ = _loaded(student, *name)
        expect(not is_training(model), "{name} is in train mode", name=name[0] if name else POCKET)


@check(
    "load_pretrained",
    title="the description belongs to the network's weights",
    points=1,
    hint="Print `weights.meta.keys()`. Which entry holds the class names?",
)
def test_the_papers_belong_to_the_network(student):
    """Transforms and categories of these weights; the pocket network's by default."""
    for name in ((), (TINY,)):
        _, weights = _loaded(student, *name)
        wanted = torchvision.models.get_model_weights(*(name or (POCKET,))).DEFAULT.meta["categories"]
        expect_equal(categories_of(weights), list(wanted), f"categories of {name[0] if name else POCKET}")
        member = is_member_of(weights, *(name or (POCKET,)))
        expect(member, "the description is not a member of the WeightsEnum of {name}", name=name[0] if name else POCKET)


# -- preprocess ---------------------------------------------------------------------------------------------------------


def _expect_like(tensor, image: Image.Image, what: str, preset=PRESET) -> None:
    """Like the preset, that of the tiny weights unless another is given, on the upright RGB picture."""
    expect_tensor(tensor, what, shape=(1, 3, tiny_zoo.SIZE, tiny_zoo.SIZE), dtype=torch.float32)
    wanted = preset(ImageOps.exif_transpose(image).convert("RGB"))[None]
    off = float((tensor - wanted).abs().mean())
    # resizing as tensor or as PIL image differs by 0.01 in these units; other numbers for mean and std by 0.2 and more
    if off > 0.05:
        expect_close(tensor, wanted, what, rtol=0, atol=0.2)
        expect(False, "{thing}: the values are off by {off:.3f} on average", thing=what, off=off)


@check("preprocess", points=3, hint="Do mean, standard deviation and size all come from the weights' own transforms?")
def test_the_transforms_are_those_of_the_weights(student, lab):
    """Each set of weights brings its own; mean and size hard-coded for one network are wrong for the next."""
    turned = scene((150, 90)).transpose(Image.Transpose.ROTATE_180)
    for image in (scene((120, 120)), scene((150, 90)), turned, panorama()):
        found = student.preprocess(photo(image), lab.build(papers(name=TINY)))
        _expect_like(found, image, f"a photo of {image.width} x {image.height} for a network of {tiny_zoo.SIZE} pixels")
    # weights that see the whole photo, squeezed: who cuts the square first leaves nothing to squeeze
    found = student.preprocess(photo(scene((150, 90))), lab.build(papers(name=TINY, member="SQUEEZED")))
    preset = tiny_zoo.Course_Tiny_Weights.SQUEEZED.transforms()
    _expect_like(found, scene((150, 90)), "a photo of 150 x 90 for weights that see all of it, squeezed", preset)
    expect_left_as_it_was(lab, lambda given: student.preprocess(given, lab.build(papers(name=TINY))), (600, 400))
    first, then = scene((90, 90)), ImageOps.mirror(scene((90, 90)))
    given, weights = lab.build(photo_from(path=lab.file("now.png", photo(first).content))), lab.build(papers(name=TINY))
    student.preprocess(given, weights)
    repaint(given, photo(then))
    _expect_like(student.preprocess(given, weights), then, "a photo that was painted over since it was read")
    found = student.preprocess(photo(scene((130, 100))), lab.build(papers(name=POCKET)))
    side = course.models.pocket.SIZE
    expect_tensor(found, "a photo for the pocket network", shape=(1, 3, side, side), dtype=torch.float32)


@check(
    "preprocess",
    title="every image mode can be read",
    points=1,
    hint="Print `photo.mode` of a grey photo and of one with alpha. Which mode does the network read?",
)
def test_every_image_mode_is_read(student, lab):
    """RGBA, L, P and CMYK come as files too."""
    base = scene((100, 120))
    for mode, kind in (("RGBA", "PNG"), ("L", "PNG"), ("P", "PNG"), ("CMYK", "TIFF"), ("LA", "PNG")):
        image = base.quantize(64) if mode == "P" else base.convert(mode)
        found = student.preprocess(photo(image, kind), lab.build(papers(name=TINY)))
        _expect_like(found, image, f"a photo of mode {mode}")
    for mode, content in transparent():
        found = expect_tensor(student.preprocess(content, lab.build(papers(name=TINY))), f"a photo of mode {mode}")
        grey = found.mean((0, 2, 3)) * torch.tensor(PRESET.std) + torch.tensor(PRESET.mean)
        expect_not_black(float(grey.mean()), mode)


@check(
    "preprocess",
    title="a photo taken sideways is turned upright",
    points=1,
    hint="A phone stores how it was held in the EXIF data. Which function of `PIL.ImageOps` applies it?",
)
def test_a_lying_photo_is_turned_upright(student, lab):
    """EXIF orientation: dogs do not stand on walls."""
    for what, content in lying_in_every_way((130, 100)):
        found = student.preprocess(content, lab.build(papers(name=TINY)))
        _expect_like(found, opened(content), what)


# -- classify -----------------------------------------------------------------------------------------------------------


@functools.cache
def _tiny() -> torch.nn.Module:
    """The judge's own tiny network, in eval mode."""
    return torchvision.models.get_model(TINY, weights="DEFAULT").eval()


def _reference(image: Image.Image) -> torch.Tensor:
    """The tiny network's probabilities (7,) of a picture."""
    with torch.no_grad():
        return _tiny()(PRESET(image.convert("RGB"))[None]).softmax(1)[0]


def _clear(size: tuple[int, int]) -> Image.Image:
    """A scene of whose best five categories the tiny network is sure, however the photo is resized."""

    def gap(image: Image.Image) -> float:
        best = _reference(image).sort(descending=True).values[:6]
        return float((best[:-1] - best[1:]).min())

    # resizing as tensor or as PIL image moves the probabilities by up to 0.01
    return scene(size) if fixed() else max((scene(size, which) for which in range(6)), key=gap)


def _classified(student, lab, image, *top, model=None, weights=None):
    """What classify says; of the tiny network with its papers unless others are given."""
    model, weights = model or pretrained(name=TINY), weights or papers(name=TINY)
    found = student.classify(lab.build(model), lab.build(weights), photo(image), *top)
    expect(
        type(found) is list and all(type(p) is tuple and len(p) == 2 for p in found),
        "expected a list of pairs (name, probability)",
    )
    return found


@check(
    "classify",
    title="the most probable name comes first",
    points=2,
    needs=("preprocess",),
    hint="Print the highest probabilities with their names. Does the list begin with the largest?",
)
def test_names_come_most_probable_first(student, lab):
    """The names are those of the weights, in falling order of probability."""
    for size in ((90, 90), (60, 100)):
        image = _clear(size)
        order = _reference(image).argsort(descending=True)[:5].tolist()
        expect_equal(
            [name for name, _ in _classified(student, lab, image)],
            [tiny_zoo.CATEGORIES[k] for k in order],
            "names of the best five",
        )
    names = torchvision.models.get_model_weights(POCKET).DEFAULT.meta["categories"][::-1]
    shares = torch.linspace(1, 9, len(names))[
        torch.randperm(len(names), generator=torch.Generator().manual_seed(drawn(1)))
    ]
    model = answering_net(probabilities=(shares / shares.sum()).tolist())
    found = _classified(student, lab, scene((60, 60)), model=model, weights=papers(name=POCKET, mirrored=True))
    best = [names[k] for k in shares.argsort(descending=True)[:5].tolist()]
    expect_equal([name for name, _ in found], best, f"names of the best five of {len(names)} in another order")


@check(
    "classify",
    title="probabilities are the softmax of the logits",
    points=2,
    needs=("preprocess",),
    hint="Do your probabilities lie between 0 and 1, and add up to 1 over all categories?",
)
def test_probabilities_are_softmaxed_logits(student, lab):
    """Python floats from 0 to 1 that add up to 1 over all categories."""
    image = scene((90, 90))
    chances = _reference(image)
    for top in (7, 2):
        for name, value in _classified(student, lab, image, top):
            expect_float(value, f"the probability of {name}", low=0.0, high=1.0)
            wanted = float(chances[tiny_zoo.CATEGORIES.index(name)])
            # 0.02: resizing as tensor or as PIL image moves the probabilities by up to 0.01
            expect_close(value, wanted, f"the probability of {name}, for top={top}", rtol=0, atol=0.02)
    shares = [0.2345678, 0.0412345, 0.2345678, 0.3111111, 0.1234567, 0.0000987, 0.0549635]  # a small one, and two alike
    shares = list(shuffled(shares))
    every = sorted(zip(tiny_zoo.CATEGORIES, shares, strict=True), key=lambda pair: -pair[1])
    for top in (7, 2):
        found = _classified(student, lab, scene((60, 60)), top, model=answering_net(probabilities=shares))
        # 1e-6: float32; whatever is rounded to five places or computed in half precision is off by more
        expect_ranked(found, every, top, f"categories of a network that we know, for top={top}", atol=1e-6)
    # two categories may have one name, as a crane that is a bird and one that is a machine
    shares = [0.3, 0.25, 0.15, 0.12, 0.08, 0.06, 0.04]
    twice = {"model": answering_net(probabilities=shares), "weights": papers(name=TINY, doubled=True)}
    found = _classified(student, lab, scene((60, 60)), 7, **twice)
    expect_equal(
        [name for name, _ in found],
        [*tiny_zoo.CATEGORIES[1:2] * 2, *tiny_zoo.CATEGORIES[2:]],
        "names, one of them twice",
    )
    for (name, value), share in zip(found, shares, strict=True):
        expect_close(
            value, share, f"the probability of {name}, among names of which one comes twice", rtol=0, atol=1e-6
        )  # as above


@check(
    "classify",
    title="it lists as many as asked for",
    points=1,
    needs=("preprocess",),
    hint="Print the length of your list for `top=1` and `top=10`. Is it `top`?",
)
def test_as_many_as_asked_for(student, lab):
    """Five by default, or `top`."""
    for top in shuffled(((), (1,), (3,), (6,))):
        expect_equal(
            len(_classified(student, lab, scene((90, 90)), *top)),
            top[0] if top else 5,
            f"categories for top={top[0] if top else 'default'}",
        )


@check(
    "classify",
    title="the network classifies the preprocessed photo",
    points=1,
    needs=("preprocess",),
    hint="Which of your functions turns any photo into what the network expects?",
)
def test_classify_shows_the_network_the_preprocessed_photo(student, lab):
    """A grey photo, one with alpha or one that lies on its side is a photo too; and a question changes nothing."""
    _expect_shown(lab, student.classify)


def _expect_shown(lab, ask) -> None:
    """Whatever the photo, the network is shown it as `preprocess` makes it, and is left as it was."""
    weights, image, lying = lab.build(papers(name=TINY)), scene((110, 70)), Image.Exif()
    lying[0x0112] = 6  # the EXIF tag "Orientation": a quarter to the right
    photos = {
        "a photo": photo(image),
        "another photo of the same size, with alpha": photo(ImageOps.mirror(image).convert("RGBA")),
        "a grey photo": photo(image.convert("L")),
        "a photo that lies on its side": photo(image, "JPEG", exif=lying, quality=95),
    }
    for dog in (0.2, 0.1):  # 0.6 or 0.3 in all: who looks twice may do so only after a yes, or only after a no
        model = lab.build(answering_net(probabilities=[0.7 - 3 * dog, dog, 0.1, dog, 0.1, 0.1, dog]))
        numbers, traces, before = state_of(model), traces_on(model), 0
        for what, content in photos.items():
            ask(model, weights, content)
            seen = seen_by(model)[before:]
            expect(len(seen) >= 1, "the network was not asked about {thing}", thing=what)
            for _, batch in seen:
                _expect_like(batch, opened(content), f"what the network was shown of {what}")
            before += len(seen)
        then = ImageOps.mirror(image)
        given = lab.build(photo_from(path=lab.file("now.png", photo(image).content)))
        ask(model, weights, given)
        repaint(given, photo(then))
        before = len(seen_by(model))
        ask(model, weights, given)
        shown = seen_by(model)[before:]
        expect(bool(shown), "the network was not asked about a photo that was painted over since the last time")
        for _, batch in shown:
            _expect_like(batch, then, "what the network was shown of a photo that was painted over since the last time")
        expect_same(state_of(model), numbers, "numbers of the network afterwards")
        expect_no_trace(model, traces)


# -- extract_features ---------------------------------------------------------------------------------------------------


@check(
    "extract_features",
    points=3,
    hint="Print the shape of what goes into the layer `classifier` or `fc`. Is that what you return?",
)
def test_features_are_what_the_head_reads(student, lab):
    """(B, D) before the head, for heads of either name; not the logits, not a middle layer, not a pooling of your own."""
    x = colour_images(5, 24)
    tiny = _tiny()
    cases = [("classifier", pretrained(name=TINY), tiny.avgpool(tiny.features(x)).flatten(1).detach())]
    cases += [
        (h, network_with(head=h, seed=2), network_with.build(head=h, seed=2).eval().features_of(x).detach())
        for h in ("fc", "maps", "places", "normed")
    ]
    for name, given, wanted in cases:
        model = lab.build(given)
        for count in (len(x), 1):
            found = student.extract_features(_evaluated(model), x[:count].clone())
            if type(found) is Handle:  # a tensor that can be asked for its graph
                expect(not has_graph(found), "the features hold the graph of the whole network, and its memory")
                found = as_plain(found)
            what = f"features of {count} images by a network with the head {name}"
            # 1e-4: float32
            expect_close(found, as_plain(wanted)[:count].clone(), what, rtol=1e-4, atol=1e-5)


def _evaluated(model):
    forward(model, colour_images(1, 24), mode="eval")
    return model


@check(
    "extract_features", points=2, hint="Classify a photo before and after `extract_features`. Is the answer the same?"
)
def test_the_network_is_left_as_it_was(student, lab):
    """The same weights, the same answers, the same mode, nothing frozen or set free, no hook left behind."""
    # where there is neither dropout nor BatchNorm, the mode changes no answer: only what is left behind shows
    free = {
        "fc in train mode": network_with(head="fc", seed=4),
        "fc": network_with(head="fc", seed=drawn(4), training=False),
    }
    x = colour_images(3, 24)
    for name, given in {"classifier": pretrained(name=TINY), **free}.items():
        model = lab.build(given)
        if name == "fc":  # the judge's own numbers: nobody else knows them before
            fresh = network_with.build(head="fc", seed=drawn(4), training=False).state_dict()
            expect_same(
                state_of(model), {n: t.detach().clone() for n, t in fresh.items()}, "numbers of a network of ours"
            )
        before, answers, traces = state_of(model), called(model, x), traces_on(model)
        images, found = lab.build(kept(content=x)), []
        for content in (x, x.flip(0)):  # the same tensor, which holds other images the second time
            refill(images, content)
            found.append(student.extract_features(model, images))
        what = f"of a network with the head {name}, afterwards"
        expect_same(state_of(model), before, f"numbers {what}")
        first, second = (as_plain(one) if type(one) is Handle else one for one in found)
        expect(
            not torch.equal(first, second), "a tensor that holds other images by now gives the features of the old ones"
        )
        # 1e-6: the same numbers answer the same, whatever was asked in between
        expect_close(called(model, x), answers, f"logits {what}", rtol=0, atol=1e-6)
        expect_no_trace(model, traces)


# -- admit --------------------------------------------------------------------------------------------------------------


def _admitted(student, lab, probabilities, name=TINY):
    found = student.admit(
        lab.build(answering_net(probabilities=probabilities)),
        lab.build(papers(name=name)),
        photo(scene((60, 60))),
    )
    expect(type(found) is bool, "expected True or False, got {got}", got=describe(found))
    return found


@check("admit", points=2, needs=("preprocess",), hint="Must one breed alone be more probable than everything else?")
def test_the_breeds_are_added_up(student, lab):
    """Categories: cup, dog, cat, dog, bear, tree, dog. Three breeds that share 0.6 are a dog, though a cat leads."""
    asked = [
        ("dogs 0.60 in all, a cat 0.34", [0.02, 0.2, 0.34, 0.2, 0.02, 0.02, 0.2], True),
        ("dogs 0.46 in all, one of them the most probable", [0.02, 0.44, 0.25, 0.01, 0.25, 0.02, 0.01], False),
        # exactly one half: the softmax of two equal logits, without rounding
        ("a dog 0.50 and a cat 0.50, not more than half", [0.0, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0], False),
        ("a cat 0.90", [0.05, 0.01, 0.9, 0.01, 0.01, 0.01, 0.01], False),
        ("a bear 0.90", [0.05, 0.01, 0.01, 0.01, 0.9, 0.01, 0.01], False),
        ("a pug 0.94", [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.94], True),
        ("dogs 0.40 in all, cats and bears 0.20, a cup or a tree 0.40", [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1], False),
    ]
    # one half and a little: float32 adds up to 1e-7; what was rounded, or computed in half precision, is one half
    for dog, opens in ((0.15004, True), (0.14996, False)):
        asked.append((f"dogs {0.35 + dog:.5f} in all", [0.1, dog, 0.2, 0.15, 0.1, 0.25 - dog, 0.2], opens))
    for what, probabilities, opens in shuffled(asked):
        expect_equal(_admitted(student, lab, probabilities), opens, what)


@check(
    "admit",
    title="the dogs are those of the weights",
    points=1,
    needs=("preprocess",),
    hint="Different weights list their categories in a different order. What tells you which of them are dogs?",
)
def test_dogs_are_those_of_the_weights(student, lab):
    """ImageNet's dogs have no "dog" in their names, and a hot dog is not a dog."""
    wolf, cats, every_dog = 269, range(281, 286), range(151, 269)
    rest = [k for k in range(1000) if k not in every_dog]
    some = [0.65 if fixed() or drawn(number) % 2 else 0.35 for number in range(3)]
    asked = [
        ("a wolf and a hot dog", [], 0.0, [wolf, 934]),
        ("three breeds {share:.2f}, a cat", [151, 207, 250], some[0], [281]),
        ("one breed {share:.2f}, a wolf", [268], some[1], [wolf]),
        ("every breed a little, {share:.2f} in all, cats", list(every_dog), some[2], list(cats)),
        ("one breed {share:.2f}, everything else a little", [180], 0.4, rest),
    ]
    for what, dogs, share, others in shuffled(asked):
        probabilities = torch.full((1000,), 1e-4)  # 0.1 in all
        for k in dogs:
            probabilities[k] = share / len(dogs)
        for k in others:
            probabilities[k] = (0.9 - share) / len(others)
        found = _admitted(student, lab, (probabilities / probabilities.sum()).tolist(), "squeezenet1_0")
        opens = share > 0.5  # the contract's "more than one half"
        expect_equal(found, opens, f"the door for {what.format(share=share)}")


@check(
    "admit", points=1, needs=("preprocess",), hint="Does the photo go through `preprocess` before the network sees it?"
)
def test_the_network_sees_the_preprocessed_photo(student, lab):
    """The weights' transforms come first here too, whatever the camera gives; and a question changes nothing."""
    _expect_shown(lab, student.admit)


@check(
    "admit",
    title="every photo at the door is judged right",
    points=3,
    needs=("preprocess",),
    slow=True,
    hint="Print what `classify` says about each photo. Which one is on the wrong side of the door?",
)
def test_every_photo_at_the_door(student, lab):
    """Dogs of several breeds come in, cats and bears stay out: each photo, by the pocket network."""
    model, weights = lab.build(pretrained(name=POCKET)), lab.build(papers(name=POCKET))
    wrong, seen = [], []
    for name, picture in lab.exam(door_scenes):
        admitted = student.admit(model, weights, picture)
        seen.append(
            (picture, f"{name}: {'let in' if admitted is True else 'kept out'}", admitted == name.startswith("dog"))
        )
        if not seen[-1][2]:
            wrong.append(name)
    title = f"At the door: {len(seen) - len(wrong)} of {len(seen)} photos on the right side"
    lab.attach(lambda: answered(seen, title), exam=True)
    expect_at_most(
        len(wrong),
        0,
        "photos on the wrong side of the door",
        "{count} photos on the wrong side: {first}",
        count=len(wrong),
        first=", ".join(wrong[:5]),
    )


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "classify",
    ready_for="a GPU",
    needs=("preprocess",),
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_classify_takes_the_photo_to_the_network(student, lab):
    """`preprocess` gives a tensor on the CPU; the network may be on a GPU, and the answer is plain numbers."""
    given = lambda model: student.classify(model, lab.build(papers(name=TINY)), photo(scene((60, 60))), 3)  # noqa: E731
    gpu.expect_answers(lab, lambda: pretrained(name=TINY), given, "the three most probable categories")


@bonus(
    "extract_features",
    ready_for="a GPU",
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_features_come_back_from_the_gpu(student, lab):
    """Images on the CPU go where the network is; features are compared and drawn on the CPU, so they come back."""
    given = lambda model: student.extract_features(model, colour_images(3, 24))  # noqa: E731
    gpu.expect_answers(lab, lambda: pretrained(name=TINY), given, "the features")


@bonus(
    "admit",
    ready_for="a GPU",
    needs=("preprocess",),
    hint="On which device are the model's parameters, and on which is its input? Which should move?",
)
def test_admit_takes_the_photo_to_the_network(student, lab):
    """The door opens as before, wherever the network is."""
    given = lambda model: student.admit(model, lab.build(papers(name=TINY)), photo(scene((60, 60))))  # noqa: E731
    gpu.expect_answers(lab, lambda: pretrained(name=TINY), given, "the answer at the door")
