"""Grader of project 01: handwritten digits with a dense network.

pytest graders/test_01_mnist.py
"""

from functools import partial

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from course.catalog import project
from course.checks.builders import (
    BUILDERS,
    cross_entropy,
    fixed_net,
    linear_net,
    loader,
    margin_loss,
    sgd,
    tensor_set,
)
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
)
from course.checks.probes import (
    batches_of,
    called,
    copy_parameters,
    fit_with_the_course,
    forward,
    metrics_of,
    predict,
    state_of,
)
from graders.kit import gpu
from graders.kit.epochs import expect_settings
from graders.kit.general import (
    accuracy,
    grey,
    hidden_digits,
    images,
    labels,
    numbered,
    numbers_in,
    training_digits,
)
from graders.kit.loaders import expect_random_orders
from graders.kit.loops import Textbook, passes_of, varied
from graders.kit.networks import (
    ASKED,
    expect_bent,
    expect_images_kept,
    expect_judged_alone,
    expect_logits,
    expect_pull,
    expect_registered,
)
from graders.kit.pages import show_judgement, show_training
from graders.kit.pictures import expect_apart
from graders.kit.sittings import in_two_sittings
from graders.kit.worker.again import kept, refill
from graders.kit.worker.loops import (
    bare_batches,
    freeze_part,
    held_gradients,
    leave_gradients,
    loop_net,
    settings_of,
    sgd_in_groups,
    squared_loss,
    traced,
)
from graders.kit.worker.pictures import noisy_set

THRESHOLD = project("01").thresholds["valid_accuracy"]

# -- make_transforms ----------------------------------------------------------------------------------------------------


@check(
    "make_transforms",
    title="the picture becomes a float tensor with a channel dimension",
    points=1,
    hint="A colour picture is (3, H, W). Print your tensor's shape: what should it be for a grey one?",
)
def test_picture_becomes_a_float_tensor_with_a_channel(student):
    """Layers read float32 tensors with the channels first; anything else stops at the first layer."""
    picture = grey(np.arange(28 * 28, dtype=np.uint32).reshape(28, 28).astype(np.uint8))
    tensor = called(student.make_transforms(), picture)
    expect_tensor(tensor, "the transformed picture", shape=(1, 28, 28), dtype=torch.float32)


@check("make_transforms", points=1, hint="A byte goes up to 255. Print `tensor.max()`: what should 255 become?")
def test_bytes_become_values_from_0_to_1(student):
    """Inputs of the size of 1 keep the first steps of training from overshooting."""
    pixels = np.array([[0, 51], [102, 255]], np.uint8)
    tensor = called(student.make_transforms(), grey(pixels))
    # 1e-6: float32 division by 255 is right to about 1e-7
    expect_close(tensor, torch.tensor([[[0.0, 0.2], [0.4, 1.0]]]), "the pixels 0, 51, 102, 255", rtol=0, atol=1e-6)
    # a picture that is nearly black is in bytes too, though no value of it is above 1
    dark = called(student.make_transforms(), grey(np.array([[0, 1], [1, 0]], np.uint8)))
    expect_close(dark, torch.tensor([[[0.0, 1.0], [1.0, 0.0]]]) / 255, "the pixels 0, 1, 1, 0", rtol=0, atol=1e-6)


@check(
    "make_transforms",
    points=1,
    hint="Print the second row of the picture and of your tensor. Are the values in the same places?",
)
@settings(max_examples=10)
@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 99))
@example(width=330, height=210, seed=1)
@example(width=20, height=1_200, seed=2)
@example(width=40, height=1, seed=3)
@example(width=1, height=40, seed=4)
@example(width=28, height=28, seed=5)
def test_every_pixel_stays_in_its_place(student, width, height, seed):
    """A picture of any size is carried over pixel by pixel: no resizing, no turning, no mirroring."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    tensor = called(student.make_transforms(), grey(pixels))
    # 1e-6: float32 division by 255 is right to about 1e-7
    expect_close(tensor, torch.from_numpy(pixels)[None].float() / 255, "the picture", rtol=0, atol=1e-6)


@check(
    "make_transforms",
    title="the same picture always gives the same tensor",
    points=1,
    hint="Call your transform twice on one picture. Should the two tensors differ?",
)
def test_same_picture_always_gives_the_same_tensor(student):
    """The same transform serves validation; chance in it would make every measurement a different one."""
    picture = grey(np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8))
    transform = student.make_transforms()
    first = expect_tensor(called(transform, picture), "the transformed picture")
    for _ in range(8):
        expect_close(called(transform, picture), first, "the same picture once more", rtol=0, atol=0)
    for shape in ((28, 28), (210, 330)):
        expect_apart(transform, Image.fromarray(np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)))


# -- make_loaders -------------------------------------------------------------------------------------------------------


def _loaders(student, lab, train: int, valid: int, *batch_size):
    """Loaders over numbered images: 0, 1, 2, … train, and 100, 101, … valid."""
    sets = [tensor_set(images=x, labels=y) for x, y in (numbered(train), numbered(valid, 100))]
    pair = student.make_loaders(*sets, *batch_size)
    expect(type(pair) in (tuple, list) and len(pair) == 2, "make_loaders: expected a pair (train_loader, valid_loader)")
    return pair


def _order(student_loader) -> list[int]:
    return [who for batch, _ in batches_of(student_loader) for who in numbers_in(batch)]


@check(
    "make_loaders",
    points=1,
    hint="6,000 pictures make 187 batches of 32 and leave 16. Does your loader give you those 16?",
)
@settings(max_examples=12)
@given(train=st.integers(1, 40), valid=st.integers(1, 40), batch_size=st.integers(1, 17))
@example(train=9, valid=13, batch_size=4)  # the last batches have one item
@example(train=12, valid=8, batch_size=4)  # and here as many as the others
@example(train=3, valid=40, batch_size=17)  # larger than the data set
@example(train=1, valid=1, batch_size=1)
def test_every_item_comes_exactly_once_an_epoch(student, lab, train, valid, batch_size):
    """Dropping the ragged last batch loses data; in validation it changes the result."""
    train_loader, valid_loader = _loaders(student, lab, train, valid, batch_size)
    expect_equal(sorted(_order(train_loader)), list(range(train)), "items of the training loader, sorted")
    expect_equal(sorted(_order(valid_loader)), list(range(100, 100 + valid)), "items of the validation loader, sorted")


@check(
    "make_loaders", points=1, hint="Which argument of DataLoader decides the order, and when does it draw a new one?"
)
def test_training_order_is_new_in_each_epoch(student, lab):
    """A fixed order gives the same sequence of batches each time, and the network learns the sequence too."""
    train_loader, _ = _loaders(student, lab, 60, 4, 8)
    batches_of(train_loader, most=2)  # an epoch that is broken off; the next one is whole again
    epochs = [[numbers_in(batch) for batch, _ in batches_of(train_loader)] for _ in range(3)]
    expect_random_orders([[who for batch in epoch for who in batch] for epoch in epochs], 60)
    together = [{frozenset(batch) for batch in epoch} for epoch in epochs]
    expect(
        together[0] != together[1],
        "the same items meet in a batch in each epoch: whole batches are shuffled, not items",
    )


@check(
    "make_loaders",
    points=1,
    hint="Does the mean accuracy change if the pictures come in another order? Then is there a reason to shuffle?",
)
def test_validation_order_is_that_of_the_data_set(student, lab):
    """With a fixed order the k-th prediction belongs to the k-th picture, and two runs can be compared."""
    _, valid_loader = _loaders(student, lab, 4, 60, 8)
    for epoch in ("first", "second"):
        expect_equal(_order(valid_loader), list(range(100, 160)), f"items of the validation loader, {epoch} epoch")


@check(
    "make_loaders", points=1, hint="Print a few items of a batch beside their labels. Do they still belong together?"
)
def test_images_keep_their_labels(student, lab):
    """Shuffling moves image and label together."""
    for part in _loaders(student, lab, 40, 40, 7):
        for batch, truth in batches_of(part):
            expect_tensor(batch, "images of a batch", shape=(-1, 1, 2, 2), dtype=torch.float32)
            expect_tensor(truth, "labels of a batch", shape=(len(batch),), dtype=torch.int64)
            expect_equal(numbers_in(batch), truth.tolist(), "images of a batch, by their labels")
    # a data set with chance in it, as one that augments its pictures: each epoch must ask it again
    pair = student.make_loaders(*(lab.build(noisy_set(count=n)) for n in (12, 9)), 5)
    for name, part in zip(("training", "validation"), pair, strict=True):
        found = [torch.cat([batch for batch, _ in batches_of(part)])[..., 1].flatten().sort().values for _ in range(2)]
        expect(
            not torch.equal(*found),
            "the {name} images of a data set that draws them anew are those of the first epoch in the second one",
            name=name,
        )


@check("make_loaders", points=1, hint="Print the size of the first batch of each loader. Do both use `batch_size`?")
def test_batches_have_the_size_that_was_asked_for(student, lab):
    """The size of a batch is a decision about memory and noise; it must be the caller's."""
    for batch_size in ((10,), ()):
        for counts in ((34, 34), (34, 5), (5, 34)):
            loaders = _loaders(student, lab, *counts, *batch_size)
            for name, part, count in zip(("training", "validation"), loaders, counts, strict=True):
                sizes = {(10, 34): [10, 10, 10, 4], (32, 34): [32, 2]}.get(((*batch_size, 32)[0], count), [5])
                expect_equal([len(truth) for _, truth in batches_of(part)], sizes, f"sizes of the {name} batches")


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, hint="Print the output's shape for a batch of 5. Is it (5, n_classes)?")
def test_each_picture_gets_one_score_for_each_class(student):
    """The shape of the output is the contract between the network and its loss: (B, classes), for a batch of one too."""
    for classes, batches in ((10, (1, 5)), (2, (3,)), (100, (1,))):
        model = student.build_model() if classes == 10 else student.build_model(classes)
        for batch in batches:
            logits = forward(model, images(batch, 28), mode="eval")
            expect_tensor(logits, f"logits of {batch} pictures", shape=(batch, classes), dtype=torch.float32)


@check("build_model", points=1, hint="`nn.CrossEntropyLoss` applies log-softmax itself. What should you give it, then?")
def test_scores_are_logits_and_not_probabilities(student):
    """Softmax before nn.CrossEntropyLoss is softmax twice: gradients shrink and training crawls."""
    expect_logits(student.build_model(ASKED), images(4, 28), classes=ASKED)


@check(
    "build_model", points=1, hint="Print the shape before and after you flatten. Is the batch dimension still there?"
)
def test_a_picture_is_judged_by_itself_alone(student):
    """Flattening, normalising or mixing over the batch makes a picture's scores depend on its neighbours."""
    model = student.build_model()
    expect_judged_alone(model, images(3, 28), norms=False)
    expect_images_kept(model, images(4, 28))


@check(
    "build_model",
    title="the network is more than one linear layer",
    points=1,
    hint="Two linear layers in a row are one linear layer. What has to stand between them?",
)
def test_network_is_more_than_one_linear_layer(student):
    """Without a non-linearity between them all layers collapse into one, and the network can only weigh pixels."""
    expect_bent(student.build_model(), images(16, 28, seed=1), images(16, 28, seed=2))


@check(
    "build_model",
    points=1,
    hint="Compare `print(model)` with what `forward` calls. Is every layer registered, and used?",
)
def test_every_parameter_takes_part(student):
    """A layer that the forward pass leaves out costs memory and learns nothing."""
    model = student.build_model()
    count = expect_pull(model, images(32, 28))
    # 2: the weights of two layers; a bias is not asked for
    expect(
        count >= 2,
        "expected weights of at least two layers, found {count} parameters: are all layers registered?",
        count=count,
    )
    expect_registered(model, images(8, 28))


@check(
    "build_model",
    points=1,
    slow=True,
    hint="How many units has your narrowest hidden layer? Is that enough to tell all classes apart?",
)
def test_it_learns_digits(lab):
    """The course's loop trains your network for eight epochs; the judge counts on digits that no file holds.

    Measured: two layers of 512 reach 0.975, one of 256 with ReLU 0.963, with tanh 0.966; without a hidden layer it is 0.855.
    Two layers of 512 have 0.968 after a third of the epochs; 0.96 then is two and a half deviations between seeds over the bar.
    """
    x, y = lab.exam(hidden_digits, 1000)
    read = lambda found: expect_tensor(found["logits"], "logits", shape=(1000, 10))  # noqa: E731
    right = lambda found: accuracy(read(found), y)  # noqa: E731
    found = lab.remember("digits", lambda: in_two_sittings(partial(_trained, lab, x), 8, right, THRESHOLD + 0.01))
    logits = read(found)
    show_training(lab, found["told"], y, "unseen digits")
    show_judgement(lab, y, logits, "0123456789", x)
    expect_at_least(accuracy(logits, y), THRESHOLD, "accuracy on unseen digits after the course's training")


def _trained(lab, x, epochs):
    model = lab.seeded(lab.seed).build_model()
    told = fit_with_the_course(model, *training_digits(), epochs=epochs, lr=3e-3, seed=lab.seed, followed=x)
    return {"told": told, "logits": predict(model, x)}


# -- batch_accuracy -----------------------------------------------------------------------------------------------------


@check("batch_accuracy", points=1, hint="Three right answers out of four: which number should come out?")
def test_it_is_the_fraction_of_right_answers(student, lab):
    """Three right of four is 0.75: not 3, not 75. A loop may fill one tensor with batch after batch."""
    logits = torch.tensor([[3.0, 1, 2], [0, 5, 1], [1, 2, 9], [7, 0, 0]])
    # 1e-6: a fraction in float32 is right to about 1e-7; one answer of four more or less is 0.25
    expect_close(
        student.batch_accuracy(logits, torch.tensor([0, 1, 2, 1])),
        0.75,
        "three right answers of four",
        rtol=0,
        atol=1e-6,
    )
    scores, truth = lab.build(kept(content=logits)), lab.build(kept(content=torch.tensor([0, 1, 2, 0])))
    for content, right in ((logits, 1.0), (logits.roll(1, 0), 0.25)):
        refill(scores, content)
        # 1e-6: as above
        expect_close(
            student.batch_accuracy(scores, truth), right, "a tensor that holds another batch by now", rtol=0, atol=1e-6
        )


@check("batch_accuracy", points=1, hint="The logits are (B, classes). Which `dim` holds the scores of one picture?")
def test_the_highest_score_is_looked_for_within_each_picture(student):
    """With as many pictures as classes, the wrong axis gives no error, only a wrong number."""
    logits = torch.tensor([[0.1, 0.9, 0.0], [0.2, 0.8, 0.1], [0.3, 0.7, 0.2]])
    # 1e-6: a fraction in float32 is right to about 1e-7; one answer of three more or less is 0.33
    expect_close(
        student.batch_accuracy(logits, torch.tensor([1, 1, 1])),
        1.0,
        "three pictures of class 1, three classes",
        rtol=0,
        atol=1e-6,
    )
    expect_close(
        student.batch_accuracy(logits, torch.tensor([2, 0, 0])), 0.0, "the same, all labels wrong", rtol=0, atol=1e-6
    )
    many = torch.tensor([2_049, 299, 39_999, 7])  # too large for bytes, and for 16 bits
    scores = torch.nn.functional.one_hot(many, 40_000).float()
    what = "four pictures of 40,000 classes, all of them right"
    expect_close(student.batch_accuracy(scores, many), 1.0, what, rtol=0, atol=1e-6)


@check(
    "batch_accuracy",
    title="it is a Python float",
    points=1,
    hint="Print `type(result)`. Which method turns a tensor with one element into a Python number?",
)
def test_it_is_a_python_float(student, lab):
    """Tensors in a history keep whole graphs alive and print badly; in training the logits have such a graph."""
    for logits in (torch.eye(4), lab.build(traced(logits=torch.eye(4)))):
        value = student.batch_accuracy(logits, torch.arange(4))
        expect_float(value, "the accuracy of a perfect batch", low=1.0, high=1.0)


@check(
    "batch_accuracy",
    points=1,
    hint="Try scores that are all negative, scores in the thousands, and a batch of one. Is the highest still found?",
)
@settings(max_examples=15)
@given(
    batch=st.integers(1, 40),
    classes=st.integers(2, 12),
    shift=st.sampled_from([-1000.0, 0.0, 1000.0]),
    scale=st.sampled_from([0.001, 1.0, 1000.0]),
    seed=st.integers(0, 999),
)
def test_it_is_right_for_any_batch(student, batch, classes, shift, scale, seed):
    """Only the order of the scores counts, never their size or sign."""
    generator = torch.Generator().manual_seed(seed)
    # whole numbers, or thousandths, and no ties: float32 at 1000 still tells neighbours apart
    logits = scale * torch.rand(batch, classes, generator=generator).argsort(1).float() + shift
    truth = torch.randint(0, classes, (batch,), generator=generator)
    right = accuracy(logits, truth)
    # 1e-6: a fraction in float32 is right to about 1e-7; one answer of forty more or less is 0.025
    expect_close(
        student.batch_accuracy(logits, truth),
        right,
        f"{round(right * batch)} right answers of {batch}",
        rtol=0,
        atol=1e-6,
    )


# -- train_epoch --------------------------------------------------------------------------------------------------------

CLASSES, LR = 4, 0.02


def _epochs(
    student, lab, x, y, batch_size: int, *, epochs=1, momentum=0.0, loss=None, rates=(LR,), frozen=(), net=None, **form
):
    """The student's epochs of SGD on a small net, and the textbook's: (metrics, state, textbook metrics, textbook state)."""
    net = net or loop_net(**{"channels": 1, "classes": CLASSES, "seed": 3} | form)
    model, own = lab.build(net), BUILDERS[net.name](**net.arguments)
    for name in frozen:
        freeze_part(model, name)
        own.get_parameter(name).requires_grad_(False)
    # whoever looks over the batches needs no more of a loader than that it can be gone through: `course run` gives a progress bar
    kind = loader if epochs == 1 else bare_batches
    batches = lab.build(kind(images=x, labels=y, batch_size=batch_size))
    function = lab.build((loss or cross_entropy)())
    optimizer = lab.build(sgd_in_groups(model=model, rates=list(rates), momentum=momentum))
    things = {"the network": model, "the loss function": function, "the optimizer": optimizer}
    before = {name: settings_of(thing) for name, thing in things.items()}
    metrics = [student.train_epoch(model, batches, function, optimizer) for _ in range(epochs)]
    for name, thing in things.items():
        expect_settings(settings_of(thing), before[name], f"{name} after the epoch")
    textbook = Textbook(own, rates, momentum, (loss or cross_entropy).build())
    expected = [textbook.epoch(x, y, batch_size) for _ in range(epochs)]
    return metrics[-1], state_of(model), expected[-1], own.state_dict()


def _few(count: int, seed: int = 3):
    return varied(count, 1, 8, seed), labels(count, CLASSES, seed)


def _expect_numbers(actual, expected, what):
    for name, numbers in expected.items():
        # 1e-4: float32, some steps; forgetting zero_grad or a step moves weights by 1e-2 and more
        expect_close(actual[name], numbers, f"{name} {what}", rtol=1e-4, atol=1e-4)


@check("train_epoch", points=1, hint="In which order do loss, zero_grad, backward and step come?")
def test_one_batch_is_one_step_against_the_gradient(student, lab):
    """The weights after one batch of SGD are those of the formula w - lr · gradient."""
    _, actual, _, expected = _epochs(student, lab, *_few(8), 8, norm=False)
    _expect_numbers(actual, expected, "after one step")


@check(
    "train_epoch",
    points=1,
    hint="Print `weight.grad` after each `backward`. What happens to the gradients that are already there?",
)
def test_gradients_do_not_pile_up_over_batches(student, lab):
    """backward adds up: without zero_grad each step repeats all gradients before it. Momentum is up to the optimizer."""
    _, actual, _, expected = _epochs(student, lab, *_few(24), 4, norm=False, momentum=0.5)
    _expect_numbers(actual, expected, "after six batches")


@check(
    "train_epoch",
    title="the optimizer is used as it is given, and what is frozen stays frozen",
    points=1,
    hint="Print `optimizer.param_groups` before and after. Do you change a setting, its memory, or what is frozen?",
)
def test_the_optimizer_is_used_as_it_is_given(student, lab):
    """What it remembers serves in the next epoch, each group has its own rate, and a frozen parameter stays as it is."""
    rates, frozen = (LR, LR / 4), ("2.0.0.bias",)
    _, actual, _, expected = _epochs(student, lab, *_few(24), 10, epochs=2, momentum=0.5, rates=rates, frozen=frozen)
    _expect_numbers(actual, expected, "after two epochs of three batches, with two learning rates")


@check(
    "train_epoch",
    title="every batch is trained on, the smaller last one too",
    points=1,
    hint="Count the calls of `optimizer.step()`. Is there one for each batch, the smaller last one too?",
)
def test_the_ragged_last_batch_is_trained_on_too(student, lab):
    """Ten items in batches of four leave two, in batches of three one: they count too, and so does the 105th batch."""
    x, y = _few(10)
    for size, what in ((4, "4, 4 and 2"), (3, "3, 3, 3 and 1")):
        _, actual, _, expected = _epochs(student, lab, x, y, size, norm=False)
        _expect_numbers(actual, expected, f"after batches of {what}")
    # the network is sure of its answers, so that the first losses are hardly any: that is no reason to stop
    net = linear_net(features=16, classes=CLASSES, seed=3)
    x = 100 * varied(400, 1, 4, 5)
    scores = linear_net.build(**net.arguments)(x).detach().topk(2).values
    x = x[(scores[:, 0] - scores[:, 1]).argsort(descending=True)[:105]]
    y = linear_net.build(**net.arguments)(x).argmax(1)
    y[60:] = (y[60:] + 1) % CLASSES
    # 1e-5: a step on a wrong label moves weights by 1e-3 then, ten times the tolerance, and no answer that it does not teach
    _, actual, _, expected = _epochs(student, lab, x, y, 1, net=net, rates=(1e-5,))
    _expect_numbers(actual, expected, "after 105 batches")


@check("train_epoch", points=1, hint="The caller passes `loss_function`. Does your loop use it?")
def test_the_given_loss_function_is_used(student, lab):
    """The loop serves any loss; one that is built in hides the argument."""
    for loss, name in ((margin_loss, "nn.MultiMarginLoss"), (squared_loss, "a loss of the caller's own")):
        metrics, actual, (mean, _), expected = _epochs(student, lab, *_few(10), 4, norm=False, loss=loss)
        _expect_numbers(actual, expected, f"after an epoch with {name}")
        # 1e-5: float32 sums; a sum taken for a mean is off by 0.1 and more
        expect_close(metrics_of(metrics)[0], mean, f"the mean loss with {name}", rtol=1e-5, atol=1e-5)


@check("train_epoch", points=1, hint="Which layers behave differently in train mode, and which call tells them?")
def test_it_trains_in_train_mode(student, lab):
    """Validation leaves the network in eval mode; an epoch that does not switch back trains without dropout from then on."""
    model = lab.build(loop_net(channels=1, classes=CLASSES, seed=1, dropout=0.5))
    forward(model, images(4), mode="eval")
    batches = lab.build(loader(images=images(12), labels=labels(12, CLASSES), batch_size=4))
    passes = passes_of(
        model,
        lambda: student.train_epoch(model, batches, lab.build(cross_entropy()), lab.build(sgd(model=model, lr=0.1))),
    )
    expect(len(passes) > 0, "the network was not asked")
    parts = loop_net.build(channels=1, classes=CLASSES, seed=1).named_modules()
    asleep = [name or "the network" for name, _ in parts for one in passes if name not in one.training]
    expect(not asleep, "{part} was in eval mode while the network was trained", part=asleep[0] if asleep else "")


@check(
    "train_epoch",
    points=2,
    hint="Batches of 4, 4 and 2 items: do you add up what every item contributes, and divide by 10?",
)
def test_metrics_are_means_over_items(student, lab):
    """Ten items in batches of four: the mean of three batch means weighs the last two items double."""
    for norm, epochs in ((False, 1), (True, 2)):
        metrics, _, (loss, right), _ = _epochs(student, lab, *_few(10), 4, norm=norm, epochs=epochs)
        found_loss, found_accuracy = metrics_of(metrics)
        # 1e-5: float32 sums; the mean of batch means is off by 1e-2 here, a loss rounded to four digits by 1e-5 and more
        expect_close(found_loss, loss, "the mean loss over ten items", rtol=1e-5, atol=1e-5)
        # 1e-6: one item of ten more or less is 0.1
        expect_close(found_accuracy, right, "the accuracy over ten items", rtol=0, atol=1e-6)


# -- validate -----------------------------------------------------------------------------------------------------------

LIVED_IN = {"channels": 1, "classes": CLASSES, "seed": 1, "dropout": 0.5}


def _validated(student, lab, model, count: int, batch_size: int):
    batches = lab.build(bare_batches(images=images(count), labels=labels(count, CLASSES), batch_size=batch_size))
    return student.validate(model, batches, lab.build(cross_entropy()))


@check("validate", points=1, hint="Which method tells dropout and BatchNorm that this is not training?")
def test_it_measures_in_eval_mode(student, lab):
    """Dropout at validation measures a network that nobody will use."""
    model = lab.build(loop_net(**LIVED_IN))
    result = []
    passes = passes_of(model, lambda: result.append(_validated(student, lab, model, 12, 4)))
    awake = [part or "the network" for one in passes for part in one.training]
    expect(not awake, "{part} was in train mode while the network was measured", part=awake[0] if awake else "")
    logits = loop_net.build(**LIVED_IN).eval()(images(12)).detach()
    loss = float(nn.functional.cross_entropy(logits, labels(12, CLASSES)))
    # 1e-5: float32; dropout and the batch's own statistics are off by 1e-2 and more
    expect_close(
        metrics_of(result[0])[0], loss, "the mean loss of a network with dropout and BatchNorm", rtol=1e-5, atol=1e-6
    )


@check(
    "validate",
    points=1,
    hint="Print `logits.requires_grad` while you measure. Which context manager switches the graph off?",
)
def test_no_gradients_are_recorded(student, lab):
    """Recording them costs about as much again in time and memory."""
    model = lab.build(loop_net(**LIVED_IN))
    passes = passes_of(model, lambda: _validated(student, lab, model, 8, 4))
    recorded = sum(one.recorded for one in passes)
    expect(
        recorded == 0,
        "gradients are recorded in {recorded} of {all} forward passes",
        recorded=recorded,
        all=len(passes),
    )


@check("validate", points=2, hint="Compare `model.state_dict()` before and after. What may measuring change?")
def test_the_network_is_not_changed(student, lab):
    """A parameter or a running statistic that moves has learned from the validation data; a setting changes what comes next."""
    model, function = lab.build(loop_net(**LIVED_IN)), lab.build(cross_entropy())
    freeze_part(model, "3.bias")
    leave_gradients(model, images(5), labels(5, CLASSES))
    things = {"the network": model, "the loss function": function}
    state, gradients = state_of(model), held_gradients(model)
    settings = {name: settings_of(thing) for name, thing in things.items()}
    batches = lab.build(loader(images=images(12), labels=labels(12, CLASSES), batch_size=4))
    student.validate(model, batches, function)
    expect_same(state_of(model), state, "parameters and buffers after validation")
    expect_same(held_gradients(model), gradients, "gradients after validation")
    for name, thing in things.items():
        expect_settings(settings_of(thing), settings[name], f"{name} after validation")


@check("validate", points=2, hint="How many items are in the last batch, and how much do they count?")
@settings(max_examples=12)
@given(count=st.integers(1, 30), batch_size=st.integers(1, 9), seed=st.integers(0, 99), more=st.just(False))
@example(count=8, batch_size=CLASSES, seed=4, more=False)  # the wrong axis gives no error here, only a wrong number
@example(count=10, batch_size=4, seed=0, more=True)
@example(count=150, batch_size=1, seed=0, more=False)
@example(count=13, batch_size=4, seed=1, more=False)  # the last batch has one item
@example(count=3, batch_size=9, seed=2, more=False)
@example(count=1, batch_size=1, seed=3, more=False)
def test_validation_metrics_are_means_over_items(student, lab, count, batch_size, seed, more):
    """The result may not depend on how the items fall into batches, nor on what the same network has said before."""
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, count, CLASSES, generator=generator)
    (x, _), y = numbered(count), labels(count, CLASSES, seed)
    batches = loader(images=x, labels=y, batch_size=batch_size)
    model = fixed_net(logits=first)
    if more:  # the same objects once more, so that whoever remembers results by them is found out
        model, batches = lab.build(model), lab.build(batches)
    for logits in (first, second) if more else (first,):
        if logits is second:
            copy_parameters(model, fixed_net(logits=second))
        loss, right = metrics_of(student.validate(model, batches, cross_entropy()))
        wanted = float(nn.functional.cross_entropy(logits, y))
        # 2e-5 and 1e-6: float32 sums of up to 150 numbers in another order; one item of 150 more or less is 0.007
        expect_close(loss, wanted, f"the mean loss over {count} items", rtol=2e-5, atol=1e-6)
        expect_close(right, accuracy(logits, y), f"the accuracy over {count} items", rtol=0, atol=1e-6)
    for loss, name in (
        ((margin_loss, "nn.MultiMarginLoss"), (squared_loss, "a loss of the caller's own")) if more else ()
    ):
        other, _ = metrics_of(student.validate(model, batches, loss()))
        wanted = float(loss.build()(second, y))
        expect_close(other, wanted, f"the mean loss with {name} as the loss function", rtol=2e-5, atol=1e-6)


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "train_epoch",
    ready_for="a GPU",
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_an_epoch_goes_to_the_device_of_the_network(student, lab):
    """A loader gives tensors on the CPU. On a GPU, or on the CPU beside one, each batch has to go where the network is."""
    gpu.expect_epoch(lab, student, "train_epoch")


@bonus(
    "validate",
    ready_for="a GPU",
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_measuring_goes_to_the_device_of_the_network(student, lab):
    """As in training: the network stays where it is, and both images and labels go there."""
    gpu.expect_epoch(lab, student, "validate")
