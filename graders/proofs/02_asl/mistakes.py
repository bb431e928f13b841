"""What goes wrong in project 02: reading the table, the gap in the labels, compiling, the outer loop and its history.

"Karpathy 2018" and "Humbatova 2020" as in 01; "Kaggle" the discussion of the Sign Language MNIST data set.
"""

import copy
import warnings

import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue
from course.training import History, one_pass
from graders.proofs.shared import dense, devices, loops, signs
from graders.proofs.shared.dense import LAST, Net
from graders.proofs.shared.loops import batch_means, by_hand
from graders.proofs.shared.signs import LABELS

MISTAKES = Catalogue("02")

# -- SignDataset --------------------------------------------------------------------------------------------------------

ROWS = MISTAKES.caught_by("SignDataset", "test_every_row_of_the_file_is_a_sign")
FLAT = MISTAKES.caught_by("SignDataset", "test_a_picture_is_a_flat_float_tensor")
PIXELS = MISTAKES.caught_by("SignDataset", "test_pixels_are_those_of_the_row_from_0_to_1")
GAP = MISTAKES.caught_by("SignDataset", "test_labels_have_no_gap")
FILES = MISTAKES.caught_by("SignDataset", "test_a_letter_has_the_same_class_in_every_file")
UNIT = "torch.from_numpy(table[:, 1:]).float() / 255"

signs.rows(ROWS)
signs.pixels(PIXELS)
signs.labels(GAP, FILES)
ROWS.patch("first_row_for_header", "Two lines are skipped, but only one is the header.", ("skiprows=1", "skiprows=2"))
ROWS.patch(
    "header_read_as_a_sign",
    "The header is read as if it were a row of numbers.",
    ("skiprows=1, ", ""),
    crashes=True,
    source="forum",
)
ROWS.patch("last_row_lost", "The last row is cut off.", ("ndmin=2)", "ndmin=2)[:-1]"))
ROWS.patch(
    "length_of_a_row",
    "The length of a data set is how many items it has, not how many pixels one has.",
    ("return len(self.labels)", "return len(self.images[0])"),
)
FLAT.patch(
    "already_a_picture",
    "The dense network of this project reads flat vectors.",
    (UNIT, UNIT + "\n        self.images = self.images.view(-1, 1, 28, 28)"),
)
FLAT.patch(
    "double_precision",
    "NumPy divides in float64; the layers' weights are float32.",
    (UNIT, "torch.from_numpy(table[:, 1:] / 255)"),
    source="forum",
)
FLAT.patch("whole_numbers", "The pixels are still whole numbers.", (UNIT, "torch.from_numpy(table[:, 1:])"))
FLAT.patch(
    "label_among_the_pixels",
    "The label's column is read as a pixel too: 785 numbers, and the answer among them.",
    (UNIT, "torch.from_numpy(table).float() / 255"),
)
PIXELS.patch(
    "never_divided",
    "The values still go up to 255.",
    (UNIT, "torch.from_numpy(table[:, 1:]).float()"),
    source="Humbatova 2020: missing scaling",
)
PIXELS.patch(
    "shifted_by_a_column",
    "The label is the first pixel, and the last pixel is lost: the network reads the answer.",
    (UNIT, "torch.from_numpy(table[:, :-1]).float() / 255"),
)
PIXELS.patch(
    "standardised",
    "The values are scaled to mean 0 and standard deviation 1; here 0 to 1 was asked for.",
    (UNIT, UNIT + "\n        self.images = (self.images - self.images.mean()) / self.images.std()"),
)
PIXELS.patch(
    "columns_before_rows",
    "The file stands row after row; here it is read column after column.",
    (UNIT, UNIT + "\n        self.images = self.images.view(-1, 28, 28).transpose(1, 2).flatten(1)"),
)
PIXELS.patch(
    "images_shuffled_without_labels",
    "The images are shuffled and the labels are not.",
    (UNIT, UNIT + "\n        self.images = self.images[torch.randperm(len(self.images))]"),
)
PIXELS.patch(
    "signed_bytes",
    "A signed byte ends at 127: brighter pixels come out negative.",
    (UNIT, "torch.from_numpy(table[:, 1:].astype(np.int8)).float() / 255"),
)
GAP.patch(
    "k_forgotten",
    "The gap begins one letter later than it does: k is still 10, and so is l.",
    ("labels > 9", "labels > 10"),
)
GAP.patch("all_moved_down", "All labels move down: a is -1 now.", ("labels - (labels > 9)", "labels - 1"))
GAP.patch(
    "wrapped_around", "Modulo wraps y around to 0: a and y are one class.", ("labels - (labels > 9)", "labels % 24")
)
GAP.patch(
    "label_in_a_list",
    "The label has a dimension too many: batches of labels come out (B, 1).",
    (LABELS, LABELS + "[:, None]"),
    source="forum: 0D or 1D target tensor expected",
)
GAP.patch(
    "label_a_byte", "The label is a byte; nn.CrossEntropyLoss wants int64.", (LABELS, LABELS + ".to(torch.uint8)")
)

# -- build_model --------------------------------------------------------------------------------------------------------

SCORES = MISTAKES.caught_by("build_model", "test_each_picture_gets_24_scores")
LOGITS = MISTAKES.caught_by("build_model", "test_scores_are_logits_that_every_parameter_shapes")
ALONE = MISTAKES.caught_by("build_model", "test_a_sign_is_judged_by_itself_alone")
FITS = MISTAKES.caught_by("build_model", "test_it_can_fit_the_signs")

dense.ends_in(LOGITS, "nn.Softmax(dim=1)", "nn.LogSoftmax(dim=1)", "nn.ReLU()", "nn.GELU()", "nn.Dropout(0.2)")
dense.networks(ALONE, LOGITS, LOGITS, FITS, "24 letters")
dense.in_train_mode(LOGITS, ALONE)
SCORES.patch(
    "the_whole_alphabet",
    "26 letters, but j and z cannot be photographed: 24 are left.",
    ("n_classes: int = 24", "n_classes: int = 26"),
)
SCORES.patch(
    "classes_written_in",
    "24 is hard-coded in the last layer; n_classes is ignored.",
    (LAST, "nn.Linear(512, 24),"),
)
SCORES.patch("still_ten_digits", "Ten scores are for digits.", ("n_classes: int = 24", "n_classes: int = 10"))


@ALONE.mistake("The softmax over dim 0 makes the pictures of a batch compete.", uses=[Net])
def neighbours_compete(n_classes):
    return Net(n_classes, lambda net, x: net.last(net.first(x).softmax(0)))


# -- compile_model ------------------------------------------------------------------------------------------------------

AGREE = MISTAKES.caught_by("compile_model", "test_compiled_and_eager_agree")
COMPILED = MISTAKES.caught_by("compile_model", "test_it_is_compiled_where_a_compiler_is")
GOES_ON = MISTAKES.caught_by("compile_model", "test_a_machine_without_a_compiler_goes_on")
LEFT = MISTAKES.caught_by("compile_model", "test_the_trial_leaves_the_network_as_it_was")
TRIAL, RESTORED = (
    "    model.eval()  # in train mode the trial would move running statistics\n",
    "            layer.training = mode\n",
)


@COMPILED.mistake("The model comes back as it was: nothing is compiled.")
def never_compiled(model, example):
    with torch.no_grad():
        model(example)
    warnings.warn("could not compile", stacklevel=2)
    return model


@AGREE.mistake("A copy is compiled: training it leaves the model that was given untouched.")
def a_copy_compiled(model, example):
    twin = copy.deepcopy(model)
    compiled = torch.compile(twin)
    try:
        with torch.no_grad():
            compiled(example)
    except Exception:
        warnings.warn("could not compile", stacklevel=2)
        return model
    return compiled


@AGREE.mistake("Half precision is faster, but it is not the same network.")
def halved(model, example):
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.model(x).float()

    try:
        compiled = torch.compile(Half())
        with torch.no_grad():
            compiled(example)
    except Exception:
        warnings.warn("could not compile", stacklevel=2)
        return model
    return compiled


@GOES_ON.mistake(
    "torch.compile is lazy: without a trial pass, a missing compiler shows only in training.", crashes=True
)
def try_around_nothing(model, example):
    try:
        return torch.compile(model)
    except Exception:
        warnings.warn("could not compile", stacklevel=2)
        return model


GOES_ON.patch(
    "silent",
    "Nothing says that the model could not be compiled.",
    (
        '        warnings.warn(f"torch.compile does not work here ({type(fault).__name__}); going on without it.", stacklevel=2)\n',
        "        del fault\n",
    ),
)
GOES_ON.patch(
    "broken_one_returned",
    "The warning is given, but the broken model is returned.",
    ("        return model\n    finally:", "    finally:"),
    crashes=True,
)
LEFT.patch(
    "tried_in_train_mode",
    "A forward pass in train mode moves BatchNorm's running statistics: the trial must be made in eval mode.",
    (TRIAL, ""),
)
LEFT.patch(
    "left_in_eval_mode",
    "The network stays in eval mode after the trial, whatever it was in before.",
    (RESTORED, "            del layer, mode\n"),
)
LEFT.patch(
    "left_in_train_mode",
    "The network is put into train mode after the trial, whatever it was in before.",
    (RESTORED, "            layer.train()\n"),
)
LEFT.patch(
    "frozen_for_the_trial",
    "The parameters are frozen for the trial, and stay so: nothing can be trained any more.",
    (TRIAL, "    model.eval().requires_grad_(False)\n"),
)
LEFT.patch(
    "tried_on_other_numbers",
    "The trial is made on random numbers, not on the example: a network that reads words is never compiled.",
    ("            compiled(example)\n", "            compiled(torch.randn_like(example))\n"),
)
LEFT.patch(
    "halved_and_back",
    "Half precision and back rounds every weight of the model that was given.",
    ("    compiled = torch.compile(model)\n", "    compiled = torch.compile(model.half().float())\n"),
)
LEFT.patch(
    "laid_out_anew",
    "The weights are laid out in memory in another way, in the model that was given too.",
    (
        "    compiled = torch.compile(model)\n",
        "    compiled = torch.compile(model.to(memory_format=torch.channels_last))\n",
    ),
)
LEFT.patch(
    "silenced_for_good",
    "With suppress_errors compiling fails without a word, and the setting stays: the next model that fails gives no warning.",
    (
        "    compiled = torch.compile(model)\n",
        "    torch._dynamo.config.suppress_errors = True\n    compiled = torch.compile(model)\n",
    ),
)
LEFT.patch(
    "warns_always",
    "The warning appears even where compiling works, so nobody will heed it.",
    ("    return compiled\n", '    warnings.warn("the model was compiled", stacklevel=2)\n    return compiled\n'),
)


@LEFT.mistake("The parameters are replaced by copies: an optimizer that was made before moves the old ones.")
def parameters_replaced(model, example):
    for layer in model.modules():
        for name, parameter in list(layer.named_parameters(recurse=False)):
            setattr(layer, name, nn.Parameter(parameter.detach().clone(), parameter.requires_grad))
    compiled = torch.compile(model)
    modes = {layer: layer.training for layer in model.modules()}
    try:
        with torch.no_grad():
            compiled.eval()(example)
    except Exception:
        warnings.warn("could not compile", stacklevel=2)
        return model
    finally:
        for layer, mode in modes.items():
            layer.training = mode
    return compiled


@GOES_ON.mistake("Nothing is tried and nothing is caught: a machine without a compiler stops here.", crashes=True)
def nothing_caught(model, example):
    compiled = torch.compile(model)
    with torch.no_grad():
        compiled(example)
    return compiled


# -- fit ----------------------------------------------------------------------------------------------------------------

ENTRIES = MISTAKES.caught_by("fit", "test_the_history_has_one_entry_an_epoch")
TRUE = MISTAKES.caught_by("fit", "test_every_entry_is_true_of_its_epoch")
TEACH = MISTAKES.caught_by("fit", "test_validation_data_teach_nothing")
MODES = MISTAKES.caught_by("fit", "test_training_and_validation_alternate_in_their_modes")
RATE = MISTAKES.caught_by("fit", "test_the_learning_rate_is_the_callers")
STEP = MISTAKES.caught_by("fit", "test_each_batch_is_one_plain_step")
ONE = MISTAKES.caught_by("fit", "test_one_optimizer_serves_all_epochs")
TRAIN = "        train = one_pass(model, train_loader, loss_function, optimizer)\n"
VALID = "        valid = one_pass(model, valid_loader, loss_function)\n"
ADD, ADAM = "        history.add(train, valid)\n", "torch.optim.Adam(model.parameters(), lr=lr)"

ENTRIES.patch(
    "history_remembered",
    "Histories are remembered for each network and its data: trained again, it learns nothing and gets the old one.",
    (
        "    history = History()\n",
        '    kept = globals().setdefault("_kept", {})\n'
        "    if (id(model), id(train_loader), epochs, lr) in kept:\n"
        "        return kept[id(model), id(train_loader), epochs, lr][0]\n    history = History()\n",
    ),
    (
        "    return history\n",
        "    kept[id(model), id(train_loader), epochs, lr] = history, model, train_loader\n    return history\n",
    ),
)
ENTRIES.patch(
    "only_the_end_noted",
    "Only the last epoch is recorded: a curve of one point.",
    (ADD, ""),
    ("    return history", "    history.add(train, valid)\n    return history"),
)
ENTRIES.patch(
    "epochs_written_in", "The number of epochs is hard-coded; the argument is ignored.", ("range(epochs)", "range(20)")
)
ENTRIES.patch("one_epoch_short", "range(1, epochs) is one epoch short.", ("range(epochs)", "range(1, epochs)"))
ENTRIES.patch(
    "history_begun_anew",
    "The history begins anew in each epoch.",
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n        history = History()\n"),
)
ENTRIES.patch(
    "validation_not_noted",
    "The validation metrics are measured and then forgotten.",
    ("history.add(train, valid)", "history.add(train)"),
)
TRUE.patch(
    "measured_before_training",
    "The validation comes before the epoch's training: its curve lags one epoch behind.",
    (TRAIN + VALID, VALID + TRAIN),
)
TRUE.patch(
    "curves_exchanged",
    "The curves of training and validation are exchanged.",
    ("history.add(train, valid)", "history.add(valid, train)"),
)
TRUE.patch(
    "training_noted_twice",
    "The validation curve is the training curve.",
    (VALID, "        valid = train\n"),
    source="Humbatova 2020",
)
TEACH.patch(
    "trained_on_validation",
    "With an optimizer one_pass trains: the network learns from the validation data.",
    (VALID, "        valid = one_pass(model, valid_loader, loss_function, optimizer)\n"),
    source="Humbatova 2020",
)


@TEACH.mistake("The epoch with the best validation accuracy is kept: the validation data have chosen the weights.")
def best_epoch_kept(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, loss_function, history = torch.optim.Adam(model.parameters(), lr=lr), nn.CrossEntropyLoss(), History()
    best, kept = -1.0, {}
    for _ in range(epochs):
        train = one_pass(model, train_loader, loss_function, optimizer)
        valid = one_pass(model, valid_loader, loss_function)
        history.add(train, valid)
        if valid.loss < best or best < 0:
            best, kept = valid.loss, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return history


MODES.patch(
    "train_mode_forgotten",
    "The hand-written loop never says model.train(): after the first validation, dropout is off for good.",
    (TRAIN, "        train = by_hand(model, train_loader, loss_function, optimizer, 'no train mode')\n"),
    ("    history = History()\n", "    history = History()\n    model.train()\n"),
    uses=[by_hand],
    source="Karpathy 2018",
)
MODES.patch(
    "taught_twice",
    "The training data are gone through twice in an epoch, to learn both times.",
    (TRAIN, TRAIN + TRAIN),
)
RATE.patch(
    "learning_rate_written_in",
    "The learning rate is hard-coded in the optimizer; the argument is ignored.",
    ("lr=lr", "lr=1e-3"),
)
RATE.patch(
    "learning_rate_not_passed_on",
    "Without lr the optimizer takes its own default.",
    (ADAM, "torch.optim.Adam(model.parameters())"),
)
RATE.patch(
    "learning_rate_bounded",
    "A learning rate of 0 is quietly made larger.",
    (ADAM, "torch.optim.AdamW(model.parameters(), lr=max(lr, 1e-4))"),
)
STEP.patch(
    "never_trained",
    "Without an optimizer one_pass only measures: nothing is learned.",
    (TRAIN, "        train = one_pass(model, train_loader, loss_function)\n"),
)
STEP.patch(
    "optimizer_of_a_copy",
    "The optimizer holds the parameters of a copy; the model that is trained never moves.",
    (ADAM, "torch.optim.Adam(copy.deepcopy(model).parameters(), lr=lr)"),
    ("    optimizer =", "    import copy\n\n    optimizer ="),
)
TRUE.patch(
    "another_loss",
    "This is not the plain cross entropy that was asked for.",
    ("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(label_smoothing=0.2)"),
)
ONE.patch(
    "new_optimizer_each_epoch",
    "A new optimizer each epoch: Adam forgets all the gradients that it has seen.",
    (TRAIN, "        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n" + TRAIN),
    source="Humbatova 2020",
)


TRUE.patch(
    "batch_means_averaged",
    "The hand-written loop notes the mean of the batch means: the last, smaller batch counts too much.",
    (TRAIN, TRAIN.replace("one_pass", "batch_means")),
    uses=[batch_means],
)
loops.slips(STEP, MODES, RATE)
loops.epochs(MODES, ENTRIES, TRUE, TEACH)
loops.rates(RATE, ADAM)
RATE.patch(
    "thaws_first",
    "Every parameter is made trainable first, also those that were frozen on purpose.",
    ("    history = History()\n", "    history = History()\n    model.requires_grad_(True)\n"),
)
STEP.patch(
    "gradients_clipped",
    "The gradients are clipped, which nobody asked for: long steps are cut short.",
    (ADAM, "torch.optim.Adam(model.parameters(), lr=lr)\n    optimizer.register_step_pre_hook(clip)"),
    (
        "    optimizer =",
        "    def clip(optimizer, args, kwargs):\n        nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n\n    optimizer =",
    ),
)
ONE.patch(
    "last_layer_alone",
    "The optimizer was given the last layer alone: the others stay as they were drawn.",
    ("Adam(model.parameters(), lr=lr)", "Adam(list(model.parameters())[-2:], lr=lr)"),
)
TRUE.patch(
    "last_entry_for_all",
    "What the last epoch has measured is recorded for every epoch.",
    ("    return history", "    history.valid_loss = [valid.loss] * epochs\n    return history"),
)
RATE.patch(
    "one_parameter_forgotten",
    "The optimizer was not given all parameters: the last bias stays as it was.",
    ("Adam(model.parameters(), lr=lr)", "Adam(list(model.parameters())[:-1], lr=lr)"),
)

# -- generalization_gap -------------------------------------------------------------------------------------------------

MINUS = MISTAKES.caught_by("generalization_gap", "test_the_gap_is_training_minus_validation")
LAST_EPOCH = MISTAKES.caught_by("generalization_gap", "test_the_last_epoch_counts")
SIGN = MISTAKES.caught_by("generalization_gap", "test_the_gap_has_a_sign")
BOTH = "history.train_accuracy[-1] - history.valid_accuracy[-1]"

MINUS.patch(
    "the_other_way_round",
    "Validation minus training: the sign is turned round.",
    (BOTH, "history.valid_accuracy[-1] - history.train_accuracy[-1]"),
)
MINUS.patch(
    "of_the_losses",
    "This is the difference of the losses; the accuracies were asked for.",
    (BOTH, "history.train_loss[-1] - history.valid_loss[-1]"),
)
MINUS.patch("gap_rounded", "The gap is rounded; rounding is for printing.", (BOTH, "round(" + BOTH + ", 2)"))
MINUS.patch(
    "in_points_of_a_hundred",
    "This is a percentage; a fraction was asked for.",
    (BOTH, "100 * (" + BOTH + ")"),
)
LAST_EPOCH.patch(
    "a_ratio",
    "This is a ratio; a difference was asked for.",
    (BOTH, "1 - history.valid_accuracy[-1] / history.train_accuracy[-1]"),
)
LAST_EPOCH.patch(
    "best_epochs",
    "The best epochs are compared, which may be two different ones.",
    (BOTH, "max(history.train_accuracy) - max(history.valid_accuracy)"),
)
LAST_EPOCH.patch(
    "first_epoch",
    "This is the gap of the first epoch.",
    (BOTH, "history.train_accuracy[0] - history.valid_accuracy[0]"),
)
LAST_EPOCH.patch(
    "mean_over_epochs",
    "The mean over all epochs hides how the training ended.",
    (BOTH, "sum(t - v for t, v in zip(history.train_accuracy, history.valid_accuracy)) / len(history.train_accuracy)"),
)
SIGN.patch("without_sign", "abs hides which of the two was better.", (BOTH, "abs(" + BOTH + ")"))
SIGN.patch("never_negative", "A negative gap is cut off at 0.", (BOTH, "max(0.0, " + BOTH + ")"))
LAST_EPOCH.patch(
    "takes_the_last_entry_away",
    "pop removes the last epoch from the history, so the curves lack it.",
    (BOTH, "history.train_accuracy.pop() - history.valid_accuracy.pop()"),
)

# -- devices ------------------------------------------------------------------------------------------------------------

devices.histories(
    MISTAKES.caught_by("fit", "test_each_batch_goes_to_the_device_of_the_network"),
    "    optimizer = torch.optim.Adam(model.parameters(), lr=lr)",
)
