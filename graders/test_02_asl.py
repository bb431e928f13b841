"""Grader of project 02: American Sign Language with the same workflow.

pytest graders/test_02_asl.py
"""

import torch
from torch import nn

from course.catalog import project
from course.checks.attachments import confusion
from course.checks.builders import dense_net, history, linear_net, loader, moody_net
from course.checks.check import check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_changed,
    expect_close,
    expect_equal,
    expect_float,
    expect_same,
    expect_tensor,
)
from course.checks.probes import (
    break_the_compiler,
    compiler_works,
    diary_of,
    fit_with_the_course,
    forward,
    gradients_of,
    history_of,
    is_compiled,
    item_of,
    parameters_of,
    predict,
    same_parameters,
    state_of,
)
from graders.kit.general import (
    LETTERS,
    accuracy,
    expect_bent,
    expect_logits,
    expect_registered,
    images,
    labels,
    training_signs,
    unseen_signs,
)
from graders.kit.pages import show_training
from graders.kit.signs import expect_class_of_each_letter, expect_every_row, expect_labels, expect_pixels, sign_csv
from graders.kit.worker.photos import watch_optimizers, watched

THRESHOLD = project("02").thresholds["train_accuracy"]
EPOCHS = 20

# -- SignDataset --------------------------------------------------------------------------------------------------------


@check("SignDataset", title="every row of the file becomes an item", points=1, hint="Is the header a sign?")
def test_every_row_of_the_file_is_a_sign(student, lab):
    """The header is no picture, the last row is one, and so is a row that was there before; whatever the number of rows."""
    expect_every_row(student.SignDataset, lab)


@check("SignDataset", points=1, hint="Which shape and which type does a linear layer want of one picture?")
def test_a_picture_is_a_flat_float_tensor(student, lab):
    """A dense layer reads float32 vectors."""
    text, _, _ = sign_csv(24)
    image, _ = item_of(student.SignDataset(lab.file("signs.csv", text)), 3)
    expect_tensor(image, "the image of item 3", shape=(784,), dtype=torch.float32)


@check(
    "SignDataset", points=2, hint="Where in a row do the pixels begin, and what is the largest value of any picture?"
)
def test_pixels_are_those_of_the_row_from_0_to_1(student, lab):
    """A shift by one column would make the label the first pixel, and the network would read the answer."""
    expect_pixels(student.SignDataset, lab, (784,))


@check("SignDataset", points=2, hint="Which class should k have, the tenth letter that can be photographed?")
def test_labels_have_no_gap(student, lab):
    """Kaggle's 9 (j) does not occur; 24 classes must be 0 to 23."""
    expect_labels(student.SignDataset, lab)


@check("SignDataset", points=1, hint="What is the class of a file's first k, when the file has no letter before it?")
def test_a_letter_has_the_same_class_in_every_file(student, lab):
    """Numbering the letters that happen to be in a file gives train and validation different classes."""
    expect_class_of_each_letter(student.SignDataset, lab)


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, hint="How many letters can be photographed?")
def test_each_picture_gets_24_scores(student):
    """(B, 784) in, (B, classes) out, for a batch of one too."""
    for classes, batch in ((24, 1), (24, 5), (7, 3)):
        model = student.build_model() if classes == 24 else student.build_model(classes)
        logits = forward(model, images(batch, 28).flatten(1), mode="eval")
        expect_tensor(logits, f"logits of {batch} pictures", shape=(batch, classes), dtype=torch.float32)


@check("build_model", points=1, hint="What does nn.CrossEntropyLoss do first with what it is given?")
def test_scores_are_logits_that_every_parameter_shapes(student):
    """Neither probabilities, nor a layer that is not used, nor layers that collapse into one for want of a bend."""
    model = student.build_model()
    expect_logits(model, images(16, 28).flatten(1), classes=24)
    expect_registered(model, images(8, 28).flatten(1))
    expect_bent(model, images(16, 28, seed=1).flatten(1), images(16, 28, seed=2).flatten(1))
    idle = [n for n, size in gradients_of(model, images(48, 28).flatten(1), labels(48, 24)).items() if size <= 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))


@check("build_model", points=1, hint="Which dimension must survive?")
def test_a_sign_is_judged_by_itself_alone(student):
    """A picture's scores may not depend on its neighbours in the batch."""
    model, batch = student.build_model(), images(6, 28).flatten(1)
    together = forward(model, batch, mode="eval")
    alone = torch.cat([expect_tensor(forward(model, one, mode="eval"), "logits") for one in batch.split(1)])
    # 1e-4: a matrix product may add up in another order for another batch size
    expect_close(together, alone, "logits in a batch of six, against one by one", rtol=1e-4, atol=1e-4)


@check(
    "build_model",
    points=1,
    slow=True,
    hint="Is there a bend between the layers, and are they wide enough for 2,400 pictures?",
)
def test_it_can_fit_the_signs(lab):
    """Twenty epochs of the course's loop on 2,400 pictures: a network that is wide enough knows nearly all of them then."""
    x, y = training_signs()
    strange, truth = unseen_signs(lab.seed)  # shown on the page, not judged: the gap is the lesson

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
    hint="What may compiling change: the numbers, or the time that they take?",
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
    hint="Which function of torch makes a compiled network?",
)
def test_it_is_compiled_where_a_compiler_is(student, lab):
    """Handing back the network as it came is no compiling. (A machine without a C++ compiler may do so.)"""
    model, compiled = _compiled(student, lab)
    if not is_compiled(compiled):
        expect(not compiler_works(model), "the network that came back is not compiled, and this machine can compile")


@check(
    "compile_model",
    title="it goes on without a compiler",
    points=1,
    slow=True,
    hint="torch.compile is lazy: when does a missing compiler show?",
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

CLASSES, FEATURES = 4, 64


def _fitted(lab, model, epochs: int, valid_labels=None, lr=None):
    """The student's fit on 20 small training images and 10 validation images."""
    train = lab.build(loader(images=images(20, seed=1), labels=labels(20, CLASSES, 1), batch_size=8))
    y = labels(10, CLASSES, 2) if valid_labels is None else valid_labels
    valid = lab.build(loader(images=images(10, seed=2), labels=y, batch_size=4))
    return lab.seeded(7).fit(model, train, valid, epochs, *([] if lr is None else [lr]))


@check("fit", points=1, hint="How many entries has each curve after three epochs?")
def test_the_history_has_one_entry_an_epoch(lab):
    """Four curves, as long as there were epochs, of plain numbers."""
    for epochs in (1, 3):
        curves = history_of(_fitted(lab, lab.build(linear_net(features=FEATURES, classes=CLASSES, seed=1)), epochs))
        for name in ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy"):
            expect(name in curves, "the history has no {name}", name=name)
            expect_equal(len(curves[name]), epochs, f"entries of {name} after {epochs} epochs")
            for value in curves[name]:
                expect_float(value, f"an entry of {name}", low=0.0)


@check("fit", points=2, hint="Is what you note down what you have measured, and when was it measured?")
def test_the_last_entry_is_true_of_the_final_model(lab):
    """Validation comes after the epoch's training; measured before, the curve lags one epoch behind."""
    model = lab.build(linear_net(features=FEATURES, classes=CLASSES, seed=1))
    curves = history_of(_fitted(lab, model, 2, lr=0.05))
    logits, truth = forward(model, images(10, seed=2), mode="eval"), labels(10, CLASSES, 2)
    # 1e-4: float32 sums over ten items; one epoch at this learning rate moves the loss by 1e-2 and more
    expect_close(
        curves["valid_loss"][-1],
        float(nn.functional.cross_entropy(logits, truth)),
        "the last valid_loss",
        rtol=1e-4,
        atol=1e-4,
    )
    # 1e-6: one item of ten or of twenty more or less is 0.05 and more
    expect_close(curves["valid_accuracy"][-1], accuracy(logits, truth), "the last valid_accuracy", rtol=0, atol=1e-6)
    # at learning rate 0 the training metrics are those of this very model, over twenty items in batches of 8, 8 and 4
    still = history_of(_fitted(lab, model, 1, lr=0.0))
    logits, truth = forward(model, images(20, seed=1), mode="eval"), labels(20, CLASSES, 1)
    loss = float(nn.functional.cross_entropy(logits, truth))
    expect_close(still["train_loss"][0], loss, "train_loss of a model that does not move", rtol=1e-4, atol=1e-4)
    expect_close(still["train_accuracy"][0], accuracy(logits, truth), "train_accuracy of it", rtol=0, atol=1e-6)


@check("fit", points=1, hint="What would the validation accuracy be worth if the network had learned from it?")
def test_validation_data_teach_nothing(lab):
    """With other validation labels the weights must come out the same, bit for bit.

    The first labels are what the network says at the start, the second what it thinks least likely: whoever keeps the epoch
    with the best validation keeps an early one with the first, a late one with the second.
    """
    states = []
    for likely in (True, False):
        model = lab.build(moody_net(features=FEATURES, classes=CLASSES, seed=1))
        logits = forward(model, images(10, seed=2), mode="eval")
        _fitted(lab, model, 6, logits.argmax(1) if likely else logits.argmin(1), lr=0.05)
        states.append(state_of(model))
    expect_same(states[1], states[0], "weights after training with other validation labels")


@check("fit", points=1, hint="Which passes are rehearsals, and who tells the network so?")
def test_training_and_validation_alternate_in_their_modes(lab):
    """Each epoch: train mode with gradients over the training batches, then eval mode without over the others."""
    model = lab.build(moody_net(features=FEATURES, classes=CLASSES, seed=1))
    _fitted(lab, model, 2)
    epoch = [(True, True, 8), (True, True, 8), (True, True, 4), (False, False, 4), (False, False, 4), (False, False, 2)]
    expect_equal(diary_of(model), epoch * 2, "(train mode, gradients on, batch size) of each forward pass")


@check("fit", points=1, hint="What does Adam remember, and who forgets it when a new one is made?")
def test_one_optimizer_serves_all_epochs(lab):
    """A new optimizer in each epoch begins with an empty memory of gradients."""
    model = lab.build(linear_net(features=FEATURES, classes=CLASSES, seed=1))
    watch_optimizers(model)
    try:
        _fitted(lab, model, 3)
    finally:
        made = len(watched(model))
    expect(made <= 1, "{made} optimizers were made for three epochs", made=made)


@check("fit", title="it uses the caller's learning rate", points=1, hint="Where does the learning rate go?")
def test_the_learning_rate_is_the_callers(lab):
    """With a learning rate of 0 nothing moves; with 0.01 everything does."""
    model = lab.build(linear_net(features=FEATURES, classes=CLASSES, seed=1))
    before = parameters_of(model)
    _fitted(lab, model, 1, lr=0.0)
    expect_same(parameters_of(model), before, "parameters after an epoch at learning rate 0")
    _fitted(lab, model, 1, lr=0.01)
    after = parameters_of(model)
    moved = max(float((after[n] - before[n]).abs().max()) for n in before)
    # 1e-4: the first step of Adam is as long as the learning rate, 0.01, whatever the gradient
    expect(moved > 1e-4, "no parameter moved at learning rate 0.01")
    expect_changed(after, before, "parameters after an epoch at learning rate 0.01")


@check("fit", points=1, hint="Does the loss reach the parameters, in every epoch?")
def test_the_training_loss_falls(lab):
    """Sixty epochs on twenty pictures: whoever learns at all knows them then."""
    model = lab.build(dense_net(features=FEATURES, classes=CLASSES, seed=1))
    curves = history_of(_fitted(lab, model, 60, lr=0.01))
    # 0.95: all but one of the twenty
    expect_at_least(curves["train_accuracy"][-1], 0.95, "accuracy on twenty training pictures after sixty epochs")


# -- generalization_gap -------------------------------------------------------------------------------------------------


@check("generalization_gap", points=1, hint="Which of the two is usually larger?")
def test_the_gap_is_training_minus_validation(student, lab):
    """Positive when the network is better on what it has trained on."""
    gap = student.generalization_gap(lab.build(history(train_accuracy=[0.5, 1.0], valid_accuracy=[0.4, 0.7])))
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7
    expect_close(gap, 0.3, "the gap between 1.0 and 0.7", rtol=0, atol=1e-6)


@check("generalization_gap", points=1, hint="Which epoch's model do you have in hand?")
def test_the_last_epoch_counts(student, lab):
    """The best epoch is over, and the first says little."""
    given = lab.build(history(train_accuracy=[0.2, 0.9, 0.8], valid_accuracy=[0.1, 0.75, 0.5]))
    before = history_of(given)
    gap = student.generalization_gap(given)
    expect_equal(history_of(given), before, "the history afterwards")
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7
    expect_close(gap, 0.3, "the gap after epochs that were better and worse", rtol=0, atol=1e-6)


@check("generalization_gap", title="the gap may be negative", points=1, hint="Can a gap be negative?")
def test_the_gap_has_a_sign(student, lab):
    """With dropout the validation is often ahead at first; hiding the sign hides that."""
    gap = student.generalization_gap(lab.build(history(train_accuracy=[0.5], valid_accuracy=[0.75])))
    # 1e-6: a difference of two fractions in float32 is right to about 1e-7
    expect_close(gap, -0.25, "the gap between 0.5 and 0.75", rtol=0, atol=1e-6)
