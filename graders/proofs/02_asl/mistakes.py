"""What goes wrong in project 02: reading the table, the gap in the labels, compiling, the outer loop and its history.

"Karpathy 2018" and "Humbatova 2020" as in 01; "Kaggle" the discussion of the Sign Language MNIST data set.
"""

import copy
import warnings

import numpy as np
import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue
from course.training import History, Metrics, one_pass

MISTAKES = Catalogue("02")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- SignDataset --------------------------------------------------------------------------------------------------------

ROWS, FLAT = "test_every_row_of_the_file_is_a_sign", "test_a_picture_is_a_flat_float_tensor"
PIXELS, GAP = "test_pixels_are_those_of_the_row_from_0_to_1", "test_labels_have_no_gap"
FILES = "test_a_letter_has_the_same_class_in_every_file"
UNIT = "torch.from_numpy(table[:, 1:]).float() / 255"
LABELS = "torch.from_numpy(labels - (labels > 9))"

patch(
    "SignDataset",
    ("skiprows=1", "skiprows=2"),
    name="first_row_for_header",
    caught_by=ROWS,
    says="Two lines are skipped, but only one is the header.",
)
patch(
    "SignDataset",
    ("skiprows=1, ", ""),
    name="header_read_as_a_sign",
    caught_by=ROWS,
    crashes=True,
    says="The header is read as if it were a row of numbers.",
    source="forum",
)
patch(
    "SignDataset", ("ndmin=2)", "ndmin=2)[:-1]"), name="last_row_lost", caught_by=ROWS, says="The last row is cut off."
)
patch(
    "SignDataset",
    ("return len(self.labels)", "return len(self.images[0])"),
    name="length_of_a_row",
    caught_by=ROWS,
    says="The length of a data set is how many items it has, not how many pixels one has.",
)
patch(
    "SignDataset",
    (UNIT, UNIT + "\n        self.images = self.images.view(-1, 1, 28, 28)"),
    name="already_a_picture",
    caught_by=FLAT,
    says="The dense network of this project reads flat vectors.",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table[:, 1:] / 255)"),
    name="double_precision",
    caught_by=FLAT,
    says="NumPy divides in float64; the layers' weights are float32.",
    source="forum",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table[:, 1:])"),
    name="whole_numbers",
    caught_by=FLAT,
    says="The pixels are still whole numbers.",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table).float() / 255"),
    name="label_among_the_pixels",
    caught_by=FLAT,
    says="The label's column is read as a pixel too: 785 numbers, and the answer among them.",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table[:, 1:]).float()"),
    name="never_divided",
    caught_by=PIXELS,
    says="The values still go up to 255.",
    source="Humbatova 2020: missing scaling",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table[:, :-1]).float() / 255"),
    name="shifted_by_a_column",
    caught_by=PIXELS,
    says="The label is the first pixel, and the last pixel is lost: the network reads the answer.",
)
patch(
    "SignDataset",
    (UNIT, UNIT + "\n        self.images = (self.images - self.images.mean()) / self.images.std()"),
    name="standardised",
    caught_by=PIXELS,
    says="The values are moved to mean 0 and deviation 1; here 0 to 1 was asked for.",
)
patch(
    "SignDataset",
    (UNIT, UNIT + "\n        self.images = self.images.view(-1, 28, 28).transpose(1, 2).flatten(1)"),
    name="columns_before_rows",
    caught_by=PIXELS,
    says="The file stands row after row; here it is read column after column.",
)
patch(
    "SignDataset",
    (UNIT, UNIT + "\n        self.images = self.images[torch.randperm(len(self.images))]"),
    name="images_shuffled_without_labels",
    caught_by=PIXELS,
    says="The images are shuffled and the labels are not.",
)
patch(
    "SignDataset",
    (UNIT, "torch.from_numpy(table[:, 1:].astype(np.int8)).float() / 255"),
    name="signed_bytes",
    caught_by=PIXELS,
    says="A signed byte ends at 127: brighter pixels come out negative.",
)
patch(
    "SignDataset",
    (LABELS, "torch.from_numpy(labels)"),
    name="gap_left_in",
    caught_by=GAP,
    says="Kaggle's labels leave out 9: y is 24, and a network with 24 outputs has no 24.",
    source="Kaggle",
)
patch(
    "SignDataset",
    ("labels > 9", "labels > 10"),
    name="k_forgotten",
    caught_by=GAP,
    says="The gap begins one letter later than it does: k is still 10, and so is l.",
)
patch(
    "SignDataset",
    ("labels - (labels > 9)", "labels - 1"),
    name="all_moved_down",
    caught_by=GAP,
    says="All labels move down: a is -1 now.",
)
patch(
    "SignDataset",
    ("labels - (labels > 9)", "labels % 24"),
    name="wrapped_around",
    caught_by=GAP,
    says="Modulo wraps y around to 0: a and y are one class.",
)
patch(
    "SignDataset",
    (LABELS, "torch.from_numpy(np.unique(labels, return_inverse=True)[1])"),
    name="numbered_as_they_occur",
    caught_by=FILES,
    says="Numbering the letters that happen to be in the file gives train and validation different classes.",
    source="forum: LabelEncoder fitted on each split",
)
patch(
    "SignDataset",
    (LABELS, LABELS + ".float()"),
    name="label_a_float",
    caught_by=GAP,
    says="The label is a float; nn.CrossEntropyLoss takes floats for probabilities.",
    source="forum: expected Long but got Float",
)
patch(
    "SignDataset",
    (LABELS, LABELS + "[:, None]"),
    name="label_in_a_list",
    caught_by=GAP,
    says="The label has a dimension too many: batches of labels come out (B, 1).",
    source="forum: 0D or 1D target tensor expected",
)
patch(
    "SignDataset",
    (LABELS, LABELS + ".to(torch.uint8)"),
    name="label_a_byte",
    caught_by=GAP,
    says="The label is a byte; nn.CrossEntropyLoss wants int64.",
)

# -- build_model --------------------------------------------------------------------------------------------------------

SCORES, LOGITS = "test_each_picture_gets_24_scores", "test_scores_are_logits_that_every_parameter_shapes"
ALONE, FITS = "test_a_sign_is_judged_by_itself_alone", "test_it_can_fit_the_signs"
LAST = "nn.Linear(512, n_classes),"

patch(
    "build_model",
    ("n_classes: int = 24", "n_classes: int = 26"),
    name="the_whole_alphabet",
    caught_by=SCORES,
    says="26 letters, but j and z cannot be photographed: 24 are left.",
)
patch(
    "build_model",
    (LAST, "nn.Linear(512, 24),"),
    name="classes_written_in",
    caught_by=SCORES,
    says="24 is written into the last layer; n_classes is not read.",
)
patch(
    "build_model",
    ("n_classes: int = 24", "n_classes: int = 10"),
    name="still_ten_digits",
    caught_by=SCORES,
    says="Ten scores are for digits.",
)
patch(
    "build_model",
    (LAST, LAST + " nn.Softmax(dim=1)"),
    name="ends_in_softmax",
    caught_by=LOGITS,
    says="nn.CrossEntropyLoss applies the softmax itself.",
    source="Karpathy 2018",
)
patch(
    "build_model",
    (LAST, LAST + " nn.LogSoftmax(dim=1)"),
    name="ends_in_logsoftmax",
    caught_by=LOGITS,
    says="LogSoftmax belongs to nn.NLLLoss.",
)
patch(
    "build_model",
    (LAST, LAST + " nn.ReLU()"),
    name="ends_in_relu",
    caught_by=LOGITS,
    says="A ReLU after the last layer cuts off every negative score.",
)


@mistake("build_model", caught_by=LOGITS, says="A layer is made, but the forward pass leaves it out.")
def layer_left_out(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.last = nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(self.first(x).relu())

    return Net()


@mistake(
    "build_model",
    caught_by=LOGITS,
    says="Layers in a plain list are not registered: no optimizer ever sees them.",
    source="forum",
)
def layers_in_a_plain_list(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(784, 512), nn.Linear(512, 512)]
            self.last = nn.Linear(512, n_classes)

        def forward(self, x):
            for layer in self.hidden:
                x = layer(x).relu()
            return self.last(x)

    return Net()


@mistake("build_model", caught_by=ALONE, says="The softmax over dim 0 makes the pictures of a batch compete.")
def neighbours_compete(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(self.first(x).softmax(0))

    return Net()


@mistake(
    "build_model",
    caught_by=ALONE,
    says="The function F.dropout does not know model.eval(): it needs training=self.training.",
    source="forum",
)
def functional_dropout_never_off(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(nn.functional.dropout(self.first(x).relu()))

    return Net()


@mistake(
    "build_model",
    caught_by=LOGITS,
    says="There is no activation between the layers: together they are one linear layer.",
)
def no_activation(n_classes=24):
    return nn.Sequential(nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, n_classes))


@mistake("build_model", caught_by=FITS, says="Four numbers are too narrow a gate for 24 letters.")
def too_narrow(n_classes=24):
    return nn.Sequential(nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, n_classes))


# -- compile_model ------------------------------------------------------------------------------------------------------

AGREE, COMPILED = "test_compiled_and_eager_agree", "test_it_is_compiled_where_a_compiler_is"
GOES_ON = "test_a_machine_without_a_compiler_goes_on"


@mistake("compile_model", caught_by=COMPILED, says="The model comes back as it was: nothing is compiled.")
def never_compiled(model, example):
    with torch.no_grad():
        model(example)
    warnings.warn("could not compile", stacklevel=2)
    return model


@mistake(
    "compile_model", caught_by=AGREE, says="A copy is compiled: training it leaves the model that was given untouched."
)
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


@mistake("compile_model", caught_by=AGREE, says="Half precision is faster, but it is not the same network.")
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


@mistake(
    "compile_model",
    caught_by=GOES_ON,
    crashes=True,
    says="torch.compile is lazy: without a trial pass, a missing compiler shows only in training.",
)
def try_around_nothing(model, example):
    try:
        return torch.compile(model)
    except Exception:
        warnings.warn("could not compile", stacklevel=2)
        return model


patch(
    "compile_model",
    (
        '        warnings.warn(f"torch.compile does not work here ({type(fault).__name__}); going on without it.", stacklevel=2)\n',
        "        del fault\n",
    ),
    name="silent",
    caught_by=GOES_ON,
    says="Nothing says that the model could not be compiled.",
)
patch(
    "compile_model",
    ("        return model\n    return compiled", "    return compiled"),
    name="broken_one_returned",
    caught_by=GOES_ON,
    crashes=True,
    says="The warning is given, but the broken model is returned.",
)


@mistake(
    "compile_model",
    caught_by=GOES_ON,
    crashes=True,
    says="Nothing is tried and nothing is caught: a machine without a compiler stops here.",
)
def nothing_caught(model, example):
    compiled = torch.compile(model)
    with torch.no_grad():
        compiled(example)
    return compiled


# -- fit ----------------------------------------------------------------------------------------------------------------

ENTRIES, TRUE_LAST = "test_the_history_has_one_entry_an_epoch", "test_the_last_entry_is_true_of_the_final_model"
TEACH, MODES = "test_validation_data_teach_nothing", "test_training_and_validation_alternate_in_their_modes"
RATE, FALLS = "test_the_learning_rate_is_the_callers", "test_the_training_loss_falls"
TRAIN = "        train = one_pass(model, train_loader, loss_function, optimizer)\n"
VALID = "        valid = one_pass(model, valid_loader, loss_function)\n"
ADD, ADAM = "        history.add(train, valid)\n", "torch.optim.Adam(model.parameters(), lr=lr)"

patch(
    "fit",
    (ADD, ""),
    ("    return history", "    history.add(train, valid)\n    return history"),
    name="only_the_end_noted",
    caught_by=ENTRIES,
    says="Only the last epoch is noted: a curve of one point.",
)
patch(
    "fit",
    ("range(epochs)", "range(20)"),
    name="epochs_written_in",
    caught_by=ENTRIES,
    says="The number of epochs is written in; the argument is not read.",
)
patch(
    "fit",
    ("range(epochs)", "range(1, epochs)"),
    name="one_epoch_short",
    caught_by=ENTRIES,
    says="range(1, epochs) is one epoch short.",
)
patch(
    "fit",
    ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n        history = History()\n"),
    name="history_begun_anew",
    caught_by=ENTRIES,
    says="The history begins anew in each epoch.",
)
patch(
    "fit",
    ("history.add(train, valid)", "history.add(train)"),
    name="validation_not_noted",
    caught_by=ENTRIES,
    says="The validation metrics are measured and then forgotten.",
)
patch(
    "fit",
    (TRAIN + VALID, VALID + TRAIN),
    name="measured_before_training",
    caught_by=TRUE_LAST,
    says="The validation comes before the epoch's training: its curve lags one epoch behind.",
)
patch(
    "fit",
    ("history.add(train, valid)", "history.add(valid, train)"),
    name="curves_exchanged",
    caught_by=TRUE_LAST,
    says="The curves of training and validation are exchanged.",
)
patch(
    "fit",
    (VALID, "        valid = train\n"),
    name="training_noted_twice",
    caught_by=TRUE_LAST,
    says="The validation curve is the training curve.",
    source="Humbatova 2020",
)
patch(
    "fit",
    (VALID, "        valid = one_pass(model, valid_loader, loss_function, optimizer)\n"),
    name="trained_on_validation",
    caught_by=TEACH,
    says="With an optimizer one_pass trains: the network learns from the validation data.",
    source="Humbatova 2020",
)


@mistake(
    "fit",
    caught_by=TEACH,
    says="The epoch with the best validation accuracy is kept: the validation data have chosen the weights.",
)
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


@mistake(
    "fit",
    caught_by=MODES,
    says="The hand-written loop never says model.train(): after the first validation, dropout is off for good.",
    source="Karpathy 2018",
)
def train_mode_forgotten(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, loss_function, history = torch.optim.Adam(model.parameters(), lr=lr), nn.CrossEntropyLoss(), History()
    model.train()
    for _ in range(epochs):
        total, right, items = 0.0, 0, 0
        for x, y in train_loader:
            logits = model(x)
            loss = loss_function(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, right, items = (
                total + loss.item() * len(y),
                right + int((logits.argmax(1) == y).sum()),
                items + len(y),
            )
        history.add(Metrics(total / items, right / items), one_pass(model, valid_loader, loss_function))
    return history


patch(
    "fit",
    (TRAIN, TRAIN + "        train = one_pass(model, train_loader, loss_function)\n"),
    name="training_data_measured_anew",
    caught_by=MODES,
    says="The training data are gone through twice: once to learn and once to measure.",
)
patch(
    "fit",
    ("lr=lr", "lr=1e-3"),
    name="learning_rate_written_in",
    caught_by=RATE,
    says="The learning rate is written into the optimizer; the argument is not read.",
)
patch(
    "fit",
    (ADAM, "torch.optim.Adam(model.parameters())"),
    name="learning_rate_not_passed_on",
    caught_by=RATE,
    says="Without lr the optimizer takes its own default.",
)
patch(
    "fit",
    (ADAM, "torch.optim.AdamW(model.parameters(), lr=max(lr, 1e-4))"),
    name="learning_rate_bounded",
    caught_by=RATE,
    says="A learning rate of 0 is quietly made larger.",
)
patch(
    "fit",
    (TRAIN, "        train = one_pass(model, train_loader, loss_function)\n"),
    name="never_trained",
    caught_by=FALLS,
    says="Without an optimizer one_pass only measures: nothing is learned.",
)
patch(
    "fit",
    (ADAM, "torch.optim.Adam(copy.deepcopy(model).parameters(), lr=lr)"),
    ("    optimizer =", "    import copy\n\n    optimizer ="),
    name="optimizer_of_a_copy",
    caught_by=FALLS,
    says="The optimizer holds the parameters of a copy; the model that is trained never moves.",
)
patch(
    "fit",
    ("nn.CrossEntropyLoss()", "nn.CrossEntropyLoss(label_smoothing=0.2)"),
    name="another_loss",
    caught_by=TRUE_LAST,
    says="This is not the plain cross entropy that was asked for.",
)
patch(
    "fit",
    (TRAIN, "        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n" + TRAIN),
    name="new_optimizer_each_epoch",
    caught_by="test_one_optimizer_serves_all_epochs",
    says="A new optimizer each epoch: Adam forgets all the gradients that it has seen.",
    source="Humbatova 2020",
)


@mistake(
    "fit",
    caught_by=TRUE_LAST,
    says="The hand-written loop notes the mean of the batch means: the last, smaller batch counts too much.",
)
def batch_means_averaged(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, loss_function, history = torch.optim.Adam(model.parameters(), lr=lr), nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        model.train()
        losses, hits = [], []
        for x, y in train_loader:
            logits = model(x)
            loss = loss_function(logits, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            hits.append((logits.argmax(1) == y).float().mean().item())
        train = Metrics(float(np.mean(losses)), float(np.mean(hits)))
        history.add(train, one_pass(model, valid_loader, loss_function))
    return history


@mistake(
    "fit",
    caught_by=FALLS,
    says="The hand-written loop has no zero_grad: the gradients of all batches so far are added up.",
    source="Karpathy 2018",
)
def no_zero_grad(model, train_loader, valid_loader, epochs, lr=1e-3):
    optimizer, loss_function, history = torch.optim.Adam(model.parameters(), lr=lr), nn.CrossEntropyLoss(), History()
    for _ in range(epochs):
        model.train()
        total, right, items = 0.0, 0, 0
        for x, y in train_loader:
            logits = model(x)
            loss = loss_function(logits, y)
            loss.backward()
            optimizer.step()
            total, right, items = (
                total + loss.item() * len(y),
                right + int((logits.argmax(1) == y).sum()),
                items + len(y),
            )
        history.add(Metrics(total / items, right / items), one_pass(model, valid_loader, loss_function))
    return history


patch(
    "fit",
    ("Adam(model.parameters(), lr=lr)", "Adam(list(model.parameters())[:-1], lr=lr)"),
    name="one_parameter_forgotten",
    caught_by=RATE,
    says="The optimizer was not given all parameters: the last bias stays as it was.",
)

# -- generalization_gap -------------------------------------------------------------------------------------------------

MINUS, LAST_EPOCH = "test_the_gap_is_training_minus_validation", "test_the_last_epoch_counts"
SIGN = "test_the_gap_has_a_sign"
BOTH = "history.train_accuracy[-1] - history.valid_accuracy[-1]"

patch(
    "generalization_gap",
    (BOTH, "history.valid_accuracy[-1] - history.train_accuracy[-1]"),
    name="the_other_way_round",
    caught_by=MINUS,
    says="Validation minus training: the sign is turned round.",
)
patch(
    "generalization_gap",
    (BOTH, "history.train_loss[-1] - history.valid_loss[-1]"),
    name="of_the_losses",
    caught_by=MINUS,
    says="This is the difference of the losses; the accuracies were asked for.",
)
patch(
    "generalization_gap",
    (BOTH, "100 * (" + BOTH + ")"),
    name="in_points_of_a_hundred",
    caught_by=MINUS,
    says="This is in points of a hundred; a fraction was asked for.",
)
patch(
    "generalization_gap",
    (BOTH, "1 - history.valid_accuracy[-1] / history.train_accuracy[-1]"),
    name="a_ratio",
    caught_by=LAST_EPOCH,
    says="This is a ratio; a difference was asked for.",
)
patch(
    "generalization_gap",
    (BOTH, "max(history.train_accuracy) - max(history.valid_accuracy)"),
    name="best_epochs",
    caught_by=LAST_EPOCH,
    says="The best epochs are compared, which may be two different ones.",
)
patch(
    "generalization_gap",
    (BOTH, "history.train_accuracy[0] - history.valid_accuracy[0]"),
    name="first_epoch",
    caught_by=LAST_EPOCH,
    says="This is the gap of the first epoch.",
)
patch(
    "generalization_gap",
    (BOTH, "sum(t - v for t, v in zip(history.train_accuracy, history.valid_accuracy)) / len(history.train_accuracy)"),
    name="mean_over_epochs",
    caught_by=LAST_EPOCH,
    says="The mean over all epochs hides how the training ended.",
)
patch(
    "generalization_gap",
    (BOTH, "abs(" + BOTH + ")"),
    name="without_sign",
    caught_by=SIGN,
    says="abs hides which of the two was better.",
)
patch(
    "generalization_gap",
    (BOTH, "max(0.0, " + BOTH + ")"),
    name="never_negative",
    caught_by=SIGN,
    says="A negative gap is cut off at 0.",
)
patch(
    "generalization_gap",
    (BOTH, "history.train_accuracy.pop() - history.valid_accuracy.pop()"),
    name="takes_the_last_entry_away",
    caught_by=LAST_EPOCH,
    says="pop takes the last epoch out of the history: whoever draws the curves misses it.",
)
