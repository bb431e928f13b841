"""Grader of project 02: American Sign Language with the same workflow.

pytest graders/test_02_asl.py
"""

import torch

from course.catalog import project
from course.checks.attachments import confusion
from course.checks.builders import dense_net, linear_net, sgd
from course.checks.check import bonus, check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_close,
    expect_equal,
    expect_same,
    expect_tensor,
)
from course.checks.probes import (
    break_the_compiler,
    compiler_works,
    fit_with_the_course,
    forward,
    history_of,
    is_compiled,
    item_of,
    parameters_of,
    predict,
    same_parameters,
    state_of,
)
from graders.kit import gpu
from graders.kit.epochs import (
    expect_callers_rate,
    expect_each_item_once_an_epoch,
    expect_entries,
    expect_modes,
    expect_no_rate_by_the_batch,
    expect_one_optimizer,
    expect_only_the_free_learn,
    expect_plain_steps,
    expect_trained_anew,
    expect_true_curves,
    expect_validation_teaches_nothing,
)
from graders.kit.general import (
    LETTERS,
    accuracy,
    images,
    labels,
    training_signs,
    unseen_signs,
)
from graders.kit.loops import Data, Run, varied, wrong_labels
from graders.kit.networks import (
    ASKED,
    expect_bent,
    expect_images_kept,
    expect_judged_alone,
    expect_left_alone,
    expect_logits,
    expect_pull,
    expect_registered,
    standing_of,
)
from graders.kit.pages import show_training
from graders.kit.signs import expect_class_of_each_letter, expect_every_row, expect_labels, expect_pixels, sign_csv
from graders.kit.worker.compiling import pretend_compiler
from graders.kit.worker.loops import freeze_part, loop_net, told_history
from graders.kit.worker.networks import is_same, known_to, modes_of, set_modes
from graders.kit.worker.specimens import map_net, token_net

THRESHOLD = project("02").thresholds["train_accuracy"]
EPOCHS = 20

# -- SignDataset --------------------------------------------------------------------------------------------------------


@check(
    "SignDataset",
    title="every row of the file becomes an item",
    points=1,
    hint="The first line of the file is its header. How many items should a file of 10 lines have?",
)
def test_every_row_of_the_file_is_a_sign(student, lab):
    """The header is not a picture, but every row is one, the last and a repeated one too, however many there are."""
    expect_every_row(student.SignDataset, lab)


@check("SignDataset", points=1, hint="Print the item's shape and dtype. Which ones does `nn.Linear(784, …)` read?")
def test_a_picture_is_a_flat_float_tensor(student, lab):
    """A dense layer reads float32 vectors."""
    text, _, _ = sign_csv(24)
    image, _ = item_of(student.SignDataset(lab.file("signs.csv", text)), 3)
    expect_tensor(image, "the image of item 3", shape=(784,), dtype=torch.float32)


@check("SignDataset", points=2, hint="In which column do the pixels begin, and which number do you divide them by?")
def test_pixels_are_those_of_the_row_from_0_to_1(student, lab):
    """A shift by one column would make the label the first pixel, and the network would read the answer."""
    expect_pixels(student.SignDataset, lab, (784,))


@check(
    "SignDataset",
    points=2,
    hint="There is no j in the data, so k is the tenth letter. Which class should it get, counting from 0?",
)
def test_labels_have_no_gap(student, lab):
    """Kaggle's 9 (j) does not occur; 24 classes must be 0 to 23."""
    expect_labels(student.SignDataset, lab)


@check("SignDataset", points=1, hint="A file may hold nothing but the letter k. Is its class still 9?")
def test_a_letter_has_the_same_class_in_every_file(student, lab):
    """Numbering the letters that happen to be in a file gives train and validation different classes."""
    expect_class_of_each_letter(student.SignDataset, lab)


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, hint="j and z are movements, so no photo shows them. How many classes are left?")
def test_each_picture_gets_24_scores(student):
    """(B, 784) in, (B, classes) out, for a batch of one too."""
    for classes, batches in ((24, (1, 5)), (2, (3,)), (100, (1,))):
        model = student.build_model() if classes == 24 else student.build_model(classes)
        for batch in batches:
            logits = forward(model, images(batch, 28).flatten(1), mode="eval")
            expect_tensor(logits, f"logits of {batch} pictures", shape=(batch, classes), dtype=torch.float32)


@check("build_model", points=1, hint="`nn.CrossEntropyLoss` applies log-softmax itself. What should you give it, then?")
def test_scores_are_logits_that_every_parameter_shapes(student):
    """Neither probabilities, nor a layer that is not used, nor layers that collapse into one for want of a non-linearity."""
    model, pictures = student.build_model(ASKED), images(8, 28).flatten(1)
    expect_logits(model, pictures[:4], classes=ASKED)
    expect_registered(model, pictures)
    expect_bent(model, pictures, images(8, 28, seed=2).flatten(1))
    expect_pull(model, images(32, 28).flatten(1))


@check("build_model", points=1, hint="Print the output's shape for a batch of 5. Is the batch dimension still there?")
def test_a_sign_is_judged_by_itself_alone(student):
    """A picture's scores may not depend on its neighbours in the batch."""
    model, pictures = student.build_model(), images(3, 28).flatten(1)
    expect_judged_alone(model, pictures, norms=False)
    expect_images_kept(model, pictures)


@check(
    "build_model",
    points=1,
    slow=True,
    hint="Is there an activation between the layers, and are they wide enough for 2,400 pictures?",
)
def test_it_can_fit_the_signs(lab):
    """Twenty epochs of the course's loop on 2,400 pictures: a network that is wide enough knows nearly all of them then."""
    x, y = training_signs()
    strange, truth = unseen_signs(0)  # shown on the page, not judged: the gap is the lesson

    def trained():
        model = lab.seeded(lab.seed).build_model()
        follow = {"seed": lab.seed, "followed": strange.flatten(1)}
        told = fit_with_the_course(model, x.flatten(1), y, epochs=EPOCHS, **follow)
        return {"told": told, "logits": predict(model, x.flatten(1))}

    found = lab.remember("fit", trained)
    logits = expect_tensor(found["logits"], "logits", shape=(len(y), 24))
    show_training(lab, found["told"], truth, "unseen hands")
    lab.attach(
        lambda: confusion(truth, found["told"]["followed"][-1], LETTERS, "Unseen hands: what was taken for what")
    )
    expect_at_least(accuracy(logits, y), THRESHOLD, "accuracy on the training signs after the course's training")


# -- compile_model ------------------------------------------------------------------------------------------------------


def _compiled(student, lab):
    model = lab.build(dense_net(features=784, classes=24, seed=2, width=32))
    example = images(4, 28).flatten(1)
    return model, student.compile_model(model, example)


@check(
    "compile_model",
    title="the compiled network answers as the plain one does",
    points=1,
    slow=True,
    hint="What may compiling change: the outputs, or only the time they take?",
)
def test_compiled_and_eager_agree(student, lab):
    """Compiled code that computes something else is a bug that no accuracy shows."""
    model, compiled = _compiled(student, lab)
    batch = images(9, 28, seed=4).flatten(1)
    eager = forward(model, batch)
    # 1e-4: fused operations round in another order
    expect_close(forward(compiled, batch), eager, "logits of the compiled network", rtol=1e-4, atol=1e-4)
    expect(same_parameters(compiled, model), "the compiled network has other parameters than the one that was given")


@check(
    "compile_model",
    title="it is compiled where there is a compiler",
    points=1,
    slow=True,
    hint="Which function of `torch` compiles a network?",
)
def test_it_is_compiled_where_a_compiler_is(student, lab):
    """Handing back the network as it came is not compiling. (A machine without a C++ compiler may do so.)"""
    model, compiled = _compiled(student, lab)
    if not is_compiled(compiled):
        works = compiler_works(model, images(4, 28).flatten(1))
        expect(not works, "the network that came back is not compiled, and this machine can compile")


@check(
    "compile_model",
    title="the trial leaves the network as it was",
    points=1,
    hint="What does a forward pass in train mode change, and in which mode was the network before?",
)
def test_the_trial_leaves_the_network_as_it_was(student, lab):
    """Numbers, mode and what can be trained are the caller's. The compiler is only pretended here: nothing is compiled."""
    maps, tokens = (map_net(seed=3), images(4, 12, 3)), (token_net(seed=3), labels(8, 20).view(2, 4))
    for works in (True, False):
        for blueprint, example in (maps, tokens) if works else (maps,):  # without a compiler no example is tried out
            model = lab.build(blueprint)
            optimizer = lab.build(sgd(model=model, lr=0.1))
            for training in (list(modes_of(model)), []):
                set_modes(model, training)
                before = standing_of(model)
                pretend_compiler(model, works)
                try:
                    result, said = student.compile_model(model, example), lab.warnings
                finally:
                    pretend_compiler(model, None)
                expect_left_alone(model, before, "after the trial")
                expect(known_to(optimizer, model), "an optimizer that was made before no longer knows the parameters")
                _expect_told(works, is_compiled(result), is_same(result, model), said)
                answers = [forward(network, example, mode="eval") for network in (result, model)]
                expect_close(*answers, "logits of what comes back", rtol=1e-5, atol=1e-5)  # the same sums


def _expect_told(works: bool, compiled: bool, same: bool, said: list[str]) -> None:
    if works:
        expect(compiled, "where compiling works, what comes back is not compiled")
        expect(not said, "where compiling works there is a warning: {said}", said=" ".join(said))
    else:
        expect(same, "where compiling does not work, another object than the model comes back")
        expect("compil" in " ".join(said).lower(), "no warning says that the model could not be compiled")


@check(
    "compile_model",
    title="it goes on without a compiler",
    points=1,
    slow=True,
    hint="`torch.compile` does its work at the first call. When would a missing compiler show?",
)
def test_a_machine_without_a_compiler_goes_on(student, lab):
    """The course must work on a laptop without a C++ compiler: slower, but it must."""
    model = lab.build(dense_net(features=784, classes=24, seed=2, width=32))
    batch = images(4, 28).flatten(1)
    eager = forward(model, batch)
    break_the_compiler(model, True)
    try:
        result = student.compile_model(model, batch)
        said = " ".join(lab.warnings)
        # 1e-4: the same network; the same sums, at most in another order
        expect_close(forward(result, batch), eager, "logits where no compiler is", rtol=1e-4, atol=1e-4)
        expect("compil" in said.lower(), "no warning says that the model could not be compiled")
    finally:
        break_the_compiler(model, False)


# -- fit ----------------------------------------------------------------------------------------------------------------

CLASSES, NET = 4, {"channels": 1, "classes": 4, "seed": 2}
LINE = {"features": 64, "classes": 4, "seed": 2}


def teaching() -> Data:
    """17 pictures to learn from, drawn anew in each class."""
    return Data(varied(17, 1, 8, 1), labels(17, CLASSES, 1))


def watching() -> Data:
    """11 pictures to measure with."""
    return Data(varied(11, 1, 8, 2), labels(11, CLASSES, 2))


SIZES = [8, 8, 1]


def _fit(lab, model, train: Data, valid: Data, epochs: int, *lr: float):
    """The student's fit on batches of 8, the last of one item, in a new order each epoch; validation in batches of 5, 5 and 1."""
    return lab.seeded(7).fit(model, train.batches(lab, 8, shuffle=True), valid.batches(lab, 5), epochs, *lr)


def _run(lab, epochs: int, *lr: float, frozen: str = "") -> Run:
    model = lab.build(loop_net(**NET))
    if frozen:
        freeze_part(model, frozen)
    train, valid = teaching(), watching()
    start = lambda: _fit(lab, model, train, valid, epochs, *lr)  # noqa: E731
    return Run(model, loop_net.build(**NET), train, valid, start)


def _three_epochs(lab) -> Run:
    """What five checks look at, each for something else."""

    def run() -> Run:
        found = _run(lab, 3, 0.05, frozen="2.0.0.bias")
        expect(bool(found.flags_after), "the network has no parameters any more")  # asked for now: the next check can't
        return found

    return lab.shared("three epochs", run)


@check("fit", points=1, hint="After three epochs, how many entries should each list of the history have?")
def test_the_history_has_one_entry_an_epoch(lab):
    """Four lists of plain numbers with one number an epoch in each, even if nothing is learned."""
    model = lab.build(linear_net(**LINE, sure=400.0))
    known = Data(teaching().images[:3], wrong_labels(model, teaching().images[:3], CLASSES)["own"])
    expect_entries(history_of(_fit(lab, model, known, known, 25, 0.0)), 25)
    model, other = (lab.build(linear_net(**{**LINE, "seed": seed})) for seed in (2, 3))
    loaders = teaching().batches(lab, 8), watching().batches(lab, 5)
    expect_trained_anew(lambda: lab.student.fit(model, *loaders, 1), model, other)


@check(
    "fit",
    title="every entry is true",
    points=2,
    hint="For each entry: on which data was it measured, and before or after that epoch's training?",
)
def test_every_entry_is_true_of_its_epoch(lab):
    """Validation comes after the epoch's training; measured before, the curve lags one epoch behind."""
    expect_true_curves(_three_epochs(lab), 3)


@check(
    "fit", points=1, hint="What would the validation accuracy be worth if the network had learned from those pictures?"
)
def test_validation_data_teach_nothing(lab):
    """With other validation labels the weights must come out the same, bit for bit, after as many epochs."""

    def trained(kind: str):
        model = lab.build(linear_net(**LINE))
        train, valid = (
            Data(x, wrong_labels(model, x, CLASSES)[k])
            for x, k in zip((teaching().images[:8], watching().images[:5]), ("taught", kind))
        )
        curves = history_of(_fit(lab, model, train, valid, 16, 0.01))
        return state_of(model), curves

    expect_validation_teaches_nothing(trained, 16)


@check("fit", points=1, hint="Print `model.training` in both loops. What should it be in each?")
def test_training_and_validation_alternate_in_their_modes(lab):
    """Each epoch: train mode over the training batches, every item once, in a new order; then eval mode, without gradients."""
    run = _three_epochs(lab)
    expect_modes(run, quiet=True)
    expect_each_item_once_an_epoch(run, SIZES, 3)


@check(
    "fit",
    points=1,
    hint="Adam keeps averages of past gradients. What becomes of them if each epoch makes a new optimizer?",
)
def test_one_optimizer_serves_all_epochs(lab):
    """A new optimizer in each epoch begins with an empty memory of gradients."""
    expect_one_optimizer(_three_epochs(lab))


@check(
    "fit",
    title="it uses the caller's learning rate",
    points=1,
    hint='Print `optimizer.param_groups[0]["lr"]`. Is it the `lr` that the caller gave?',
)
def test_the_learning_rate_is_the_callers(lab):
    """At 0 nothing moves; at 0.05 every parameter does, at that rate, except a frozen one."""
    still = lab.build(loop_net(**NET))
    before = parameters_of(still)
    _fit(lab, still, teaching(), watching(), 1, 0.0)
    expect_same(parameters_of(still), before, "parameters after an epoch at learning rate 0")
    run = _three_epochs(lab)
    expect_only_the_free_learn(run)
    expect_callers_rate(run, 0.05)
    expect_no_rate_by_the_batch(_run(lab, 1, 0.05, frozen="2.0.0.bias"), run)


@check("fit", points=1, hint="In which order do loss, zero_grad, backward and step come, and does the loss get logits?")
def test_each_batch_is_one_plain_step(lab):
    """Down, along the gradient of the mean cross entropy of this very batch; nothing is left of the one before."""
    expect_plain_steps(_three_epochs(lab), epochs=2)


# -- generalization_gap -------------------------------------------------------------------------------------------------


def _gap(student, lab, train: list[float], valid: list[float]):
    """The gap of these accuracies, in a history whose losses are other numbers, and are left as they were."""
    given = lab.build(
        told_history(
            train_loss=[0.9 * a**2 for a in train],
            train_accuracy=train,
            valid_loss=[1.7 - a**2 for a in valid],
            valid_accuracy=valid,
        )
    )
    before = history_of(given)
    gap = student.generalization_gap(given)
    expect_equal(history_of(given), before, "the history afterwards")
    return gap


@check(
    "generalization_gap",
    points=1,
    hint="Which of the two accuracies is usually larger, and which one do you subtract from it?",
)
def test_the_gap_is_training_minus_validation(student, lab):
    """Positive when the network is better on what it has trained on; to the digit, not rounded."""
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7; who rounds to five digits is off by 3e-6 here
    for train, valid, gap in ((1.0, 0.7, 0.3), (0.987654, 0.123451, 0.864203)):
        what = f"the gap between {train} and {valid}"
        expect_close(_gap(student, lab, [0.5, train], [0.4, valid]), gap, what, rtol=0, atol=1e-6)


@check(
    "generalization_gap",
    points=1,
    hint="After training you hold the model of the last epoch. Which entry of each list belongs to it?",
)
def test_the_last_epoch_counts(student, lab):
    """The best epoch is over, and the first says little."""
    gap = _gap(student, lab, [0.2, 0.9, 0.8], [0.1, 0.75, 0.5])
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7
    expect_close(gap, 0.3, "the gap after epochs that were better and worse", rtol=0, atol=1e-6)


@check(
    "generalization_gap",
    title="the gap may be negative",
    points=1,
    hint="If validation is better than training, what should come out?",
)
def test_the_gap_has_a_sign(student, lab):
    """With dropout the validation is often ahead at first; hiding the sign hides that."""
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7
    expect_close(_gap(student, lab, [0.5], [0.75]), -0.25, "the gap between 0.5 and 0.75", rtol=0, atol=1e-6)


# -- ready for a GPU ---------------------------------------------------------------------------------------------------


@bonus(
    "fit",
    ready_for="a GPU",
    hint="On which device are `next(model.parameters())` and `images`? Which of them should move?",
)
def test_each_batch_goes_to_the_device_of_the_network(student, lab):
    """`one_pass` takes each batch to the network's device; a loop of your own has to do it itself, and the network stays."""

    def train(model):
        return lab.seeded(7).fit(model, gpu.batches(lab, 14, seed=1), gpu.batches(lab, 6, seed=2), 2, 0.01)

    gpu.expect_training(lab, train)
