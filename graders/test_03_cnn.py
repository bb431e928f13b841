"""Grader of project 03: convolutional networks.

pytest graders/test_03_cnn.py
"""

import torch

from course.catalog import project
from course.checks.builders import frozen_net, linear_net, tied_net
from course.checks.check import check
from course.checks.expect import (
    expect,
    expect_at_least,
    expect_close,
    expect_equal,
    expect_int,
    expect_tensor,
)
from course.checks.probes import (
    buffers_of,
    copy_parameters,
    fit_with_the_course,
    forward,
    gradients_of,
    item_of,
    predict,
)
from graders.kit.general import (
    LETTERS,
    accuracy,
    baseline,
    expect_logits,
    expect_registered,
    images,
    labels,
    training_signs,
    unseen_signs,
)
from graders.kit.pages import show_judgement, show_training
from graders.kit.signs import expect_class_of_each_letter, expect_every_row, expect_labels, expect_pixels, sign_csv

MARGIN = project("03").thresholds["above_mlp"]
EPOCHS = 8

# -- SignImages ---------------------------------------------------------------------------------------------------------


@check(
    "SignImages",
    title="a picture has a channel, a height and a width",
    points=1,
    hint="Where do the channels stand in what a convolution reads?",
)
def test_a_picture_has_a_channel_a_height_and_a_width(student, lab):
    """(1, 28, 28) float32, one for each row; a flat vector has no neighbours left."""
    image, _ = item_of(student.SignImages(lab.file("signs.csv", sign_csv(26)[0])), 3)
    expect_tensor(image, "the image of item 3", shape=(1, 28, 28), dtype=torch.float32)
    expect_every_row(student.SignImages, lab)


@check("SignImages", points=2, hint="Does pixel 29 stand beside pixel 28 or below pixel 1?")
def test_pixels_stand_where_the_file_has_them(student, lab):
    """Row after row: a transposed hand is another sign. Values from 0 to 1."""
    expect_pixels(student.SignImages, lab, (1, 28, 28))


@check("SignImages", points=2, hint="Which class has k, in a file that holds only k?")
def test_labels_have_no_gap(student, lab):
    """0 to 23, and the same letter has the same class in every file."""
    expect_labels(student.SignImages, lab)
    expect_class_of_each_letter(student.SignImages, lab)


# -- conv_block ---------------------------------------------------------------------------------------------------------


@check("conv_block", points=1, hint="What do padding and pooling do to height and width?")
def test_it_halves_height_and_width(student):
    """28 becomes 14, 7 becomes 3; the number of maps is what was asked for."""
    for channels, out, side in ((1, 4, 28), (3, 8, 14), (5, 2, 7)):
        block = student.conv_block(channels, out)
        maps = forward(block, images(3, side, channels), mode="eval")
        expect_tensor(
            maps, f"maps of {side} x {side} pictures", shape=(3, out, side // 2, side // 2), dtype=torch.float32
        )


@check("conv_block", points=1, hint="How far does a window of 3 x 3 see?")
def test_it_looks_at_a_neighbourhood_only(student):
    """One pixel changes at most the maps beside it; a dense layer would change everything."""
    block, picture = student.conv_block(1, 6), images(1, 16)
    touched = picture.clone()
    touched[0, 0, 4, 4] += 3
    change = (forward(block, touched, mode="eval") - forward(block, picture, mode="eval")).abs().amax(dim=(0, 1))
    far = change.clone()
    far[1:3, 1:3] = 0  # a 3 x 3 window around row 4 covers rows 3 to 5, which are pooled into rows 1 and 2
    # 1e-6: windows that do not hold the pixel add up the same numbers as before
    expect(float(far.max()) < 1e-6, "a pixel changes maps that are more than one pixel away from it")
    # rows 1 and columns 1 hold the neighbours alone; that six maps ignore three neighbours each does not happen by chance
    # 1e-4: the pixel changes by 3, and PyTorch's fresh weights of a 3 x 3 window go up to 0.33
    beside = max(float(change[1, 1:3].max()), float(change[2, 1]))
    expect(beside > 1e-4, "a pixel does not change the maps of its neighbours: the window sees one pixel only")


@check("conv_block", points=1, hint="Are the weights at the left edge those at the right?")
def test_a_moved_picture_gives_moved_maps(student):
    """The same weights everywhere: two pixels to the right in, one to the right out."""
    block, picture = student.conv_block(1, 6), images(1, 20)
    moved = torch.roll(picture, 2, dims=-1)
    maps, shifted = forward(block, picture, mode="eval"), forward(block, moved, mode="eval")
    expect_tensor(shifted, "maps of the moved picture", shape=tuple(maps.shape))
    # the margin of the picture is left out: there the padding speaks too
    expect_close(shifted[..., 3:-1], maps[..., 2:-2], "the inner maps, moved by one", rtol=1e-4, atol=1e-5)


@check("conv_block", points=1, hint="Which layer makes a dim picture and a bright one alike?")
def test_it_normalises_over_the_batch(student):
    """In train mode a picture with ten times the contrast gives the same maps; running statistics are kept."""
    block, batch = student.conv_block(1, 6), images(32, 12)
    plain, loud = forward(block, batch, mode="train"), forward(block, batch * 10, mode="train")
    # 0.05 of maps of about 1: BatchNorm's epsilon is felt a little in the dim picture; without it maps are ten times as large
    expect(
        float((loud - plain).abs().max()) < 0.05 * float(plain.abs().max()) + 0.05,
        "ten times the contrast gives other maps in train mode",
    )
    expect(len(buffers_of(block)) > 0, "there are no running statistics: eval mode would depend on the batch")


@check(
    "conv_block",
    title="it has a non-linearity",
    points=1,
    hint="What is left of a negative value after the activation?",
)
def test_it_has_a_bend(student):
    """Convolution, normalisation and pooling of an even picture are linear; the activation is not."""
    block = student.conv_block(1, 16)
    # an even picture: pooling has nothing to choose from, so only an activation can bend the line
    levels = torch.tensor([-2.0, 0.0, 2.0]).view(3, 1, 1, 1).expand(3, 1, 12, 12).contiguous()
    maps = forward(block, levels, mode="eval")
    middle = maps[..., 2:4, 2:4]
    bend = (middle[0] + middle[2]) / 2 - middle[1]
    # 1e-4: float32 meets a straight line to about 1e-6; a bend at 0 is as large as the maps themselves
    expect(float(bend.abs().max()) > 1e-4, "the maps of an even picture follow its brightness in a straight line")


@check("conv_block", points=1, hint="Of four neighbours, which one is kept?")
def test_it_keeps_the_largest_of_four(student):
    """Max pooling: the strongest sign of an edge or a fingertip counts, wherever in the window it is.

    Stripes of two dark and two bright columns have four different places. Pooled in pairs, the larger of the four largest values
    comes up in the two pairs that it belongs to; a mean, or every second value, would give two different ones.
    """
    block = student.conv_block(1, 12)
    stripes = torch.tensor([0.0, 0.0, 1.0, 1.0]).repeat(5).expand(1, 1, 20, 20).contiguous()
    pairs = []
    for shift in (0, 1):
        maps = forward(block, torch.roll(stripes, shift, dims=-1), mode="eval")
        pairs += [maps[0, :, 4, 4], maps[0, :, 4, 5]]
    two = torch.stack(pairs).sort(dim=0, descending=True).values[:2]
    off = float((two[0] - two[1]).abs().max())
    # 1e-4: the same sums in another place of the picture; a mean of two neighbours is off by 0.05 and more
    expect(float(two[0].max()) > 1e-3, "all maps of stripes are empty")
    expect(
        off < 1e-4, "the largest value of a window is not kept: two windows that share it differ by {off:.2g}", off=off
    )


@check("conv_block", points=1, hint="When may values be dropped, how many, and what makes up for them?")
def test_dropout_happens_in_training_only_and_as_much_as_asked(student):
    """At rate p each value is dropped with probability p, the others are divided by 1 - p; in eval mode nothing happens."""
    batch = images(8, 12)
    plain = student.conv_block(1, 8)
    undropped = forward(plain, batch, mode="train")
    for rate in (0.0, 0.2, 0.5):
        block = student.conv_block(1, 8, rate)
        copy_parameters(block, plain)
        passes = torch.stack([forward(block, batch, mode="train") for _ in range(40)])
        expect_tensor(passes, "maps", shape=(40, *undropped.shape))
        # 1e-6: without dropout both passes add up the same numbers; with it whole values are gone
        different = float((passes[0] - passes[1]).abs().max()) > 1e-6
        expect_equal(different, rate > 0, f"do two passes in train mode differ, at dropout {rate}")
        # In forty passes every value is kept at least once (0.5 to the 40th), and then it is 1 / (1 - p) times itself.
        where = undropped > 0.1
        factor = float((passes.amax(0)[where] / undropped[where]).median())
        # 0.02: 1.25 at a rate of 0.2 and 2 at 0.5, but for rounding; values that are not made up for stay at 1
        expect_close(
            factor, 1 / (1 - rate), f"by how much values that are kept grow at dropout {rate}", rtol=0.02, atol=0.0
        )
        once, twice = forward(block, batch, mode="eval"), forward(block, batch, mode="eval")
        expect(bool(torch.equal(once, twice)), "two passes in eval mode differ, at dropout {rate}", rate=rate)


# -- build_model --------------------------------------------------------------------------------------------------------


@check("build_model", points=1, needs=("conv_block",), hint="How many numbers are left after the last pooling?")
def test_each_picture_gets_one_score_for_each_class(student):
    """(B, 1, 28, 28) in, (B, classes) out, for a batch of one too."""
    for classes, batch in ((24, 1), (24, 5), (7, 3)):
        model = student.build_model() if classes == 24 else student.build_model(classes)
        logits = forward(model, images(batch, 28), mode="eval")
        expect_tensor(logits, f"logits of {batch} pictures", shape=(batch, classes), dtype=torch.float32)


@check(
    "build_model", points=1, needs=("conv_block",), hint="What does nn.CrossEntropyLoss do first with what it is given?"
)
def test_scores_are_logits_that_every_parameter_shapes(student):
    """Neither probabilities nor a layer that is not used."""
    model = student.build_model()
    expect_logits(model, images(16, 28), classes=24)
    expect_registered(model, images(8, 28))
    idle = [n for n, size in gradients_of(model, images(48, 28), labels(48, 24)).items() if size < 0]
    expect(not idle, "no gradient reaches {idle}", idle=", ".join(idle))


@check("build_model", points=1, needs=("conv_block",), hint="In eval mode, whose mean and variance does BatchNorm use?")
def test_a_picture_is_judged_by_itself_alone(student):
    """In eval mode the scores of a picture do not depend on its neighbours."""
    model, batch = student.build_model(), images(6, 28)
    together = forward(model, batch, mode="eval")
    alone = torch.cat([expect_tensor(forward(model, one, mode="eval"), "logits") for one in batch.split(1)])
    # 1e-4: a matrix product may add up in another order for another batch size
    expect_close(together, alone, "logits in a batch of six, against one by one", rtol=1e-4, atol=1e-4)


@check(
    "build_model",
    points=4,
    needs=("conv_block",),
    slow=True,
    hint="Do convolutions see the picture before it is flattened?",
)
def test_it_beats_the_dense_network_on_unseen_hands(lab):
    """The same loop and data as the dense network; the judge counts on signers that the network has not met.

    The bound is the dense network's mean over five seeds (course/models/baselines.toml) and 0.10 more.
    """
    x, y = unseen_signs(lab.seed)

    def trained():
        model = lab.seeded(lab.seed).build_model()
        told = fit_with_the_course(model, *training_signs(), epochs=EPOCHS, seed=lab.seed, followed=x)
        return {"told": told, "logits": predict(model, x)}

    found = lab.remember("signs", trained)
    logits = expect_tensor(found["logits"], "logits", shape=(len(y), 24))
    show_training(lab, found["told"], y, "unseen hands")
    show_judgement(lab, y, logits, LETTERS, x)
    expect_at_least(
        accuracy(logits, y),
        baseline("dense") + MARGIN,
        f"accuracy on unseen hands (the dense network has {baseline('dense'):.3f})",
    )


# -- count_parameters ---------------------------------------------------------------------------------------------------


@check("count_parameters", points=1, hint="How many numbers has a layer from 6 inputs to 4 outputs?")
def test_weights_and_biases_count(student, lab):
    """6 · 4 weights and 4 biases are 28; buffers are no parameters."""
    count = student.count_parameters(lab.build(linear_net(features=6, classes=4, seed=0)))
    expect_equal(expect_int(count, "the number of parameters"), 28, "parameters of a layer from 6 to 4")


@check("count_parameters", points=1, hint="Can the optimizer change what is frozen?")
def test_frozen_parameters_do_not_count(student, lab):
    """With the first layer frozen only the second is left."""
    count = student.count_parameters(lab.build(frozen_net(seed=0)))
    expect_equal(count, 3 * 2 + 2, "trainable parameters of a network with a frozen first layer and BatchNorm buffers")


@check("count_parameters", points=1, hint="How many copies of shared weights does the optimizer hold?")
def test_shared_parameters_count_once(student, lab):
    """Tied weights are one set of numbers, used twice."""
    count = student.count_parameters(lab.build(tied_net(seed=0)))
    expect_equal(count, 5 * 5 + 5, "parameters of one layer from 5 to 5 that is used twice")
