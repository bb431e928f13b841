"""What project 07 must show on the embedded data: transfer passes the assessment, the same network from nothing does not."""

from pathlib import Path
from unittest import mock

from torch import nn

from course.catalog import project
from course.datasets.store import ensure
from course.lessons.lesson import Lesson, Row, solution
from course.lessons.quiet_run import QuietRun, perform, settings, train
from course.lessons.real import Real
from course.models import zoo
from course.training import History

BAR = project("07").thresholds["valid_accuracy"]
load_backbone = zoo.load_backbone


def measure(seed, work):
    return fruit(ensure("fruits", quiet=True), seed)


def fruit(folder: Path, seed: int) -> dict[str, float]:
    """The head, after fine-tuning, the head on random weights, and the whole network from random weights.

    From scratch it gets three times the epochs, and a learning rate that suits a whole network, for a fair comparison.
    """
    head, tuned = train("07", folder, seed).head_and_tuned()
    with mock.patch.object(zoo, "load_backbone", random_backbone):
        random, _ = train("07", folder, seed, fine_tune=no_tuning).head_and_tuned()
        free = {"fine_tune": no_tuning, "freeze_backbone": quick_statistics}
        whole = QuietRun(folder, **settings("07") | {"lr": 1e-3})
        whole.n_epochs *= 3
        scratch, _ = perform(solution("07"), whole, seed, free).head_and_tuned()
    return {"fruit head": head, "fruit tuned": tuned, "fruit random": random, "fruit scratch": scratch}


def random_backbone(name):
    return load_backbone(name, None)


def quick_statistics(backbone: nn.Module) -> nn.Module:
    """Instead of freezing: running statistics that follow a training of some hundred steps (MobileNetV3's need thousands)."""
    for layer in backbone.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.1
    return backbone


def no_tuning(model, train_loader, valid_loader, epochs, lr):
    """Stands for a `fine_tune` that is not wanted; `head_and_tuned` reads one entry of it."""
    history = History()
    history.valid_accuracy.append(0.0)
    return history


LESSON = Lesson(
    measure,
    (
        Row("head on the frozen pocket network", "fruit head"),
        Row("after fine-tuning", "fruit tuned", least=BAR),
        Row("fine-tuned above frozen", "fruit tuned", minus="fruit head", least=0.0),
        Row("head on the same network with random weights, frozen", "fruit random"),
        Row("frozen pre-trained above frozen random", "fruit head", minus="fruit random", least=0.20),
        Row("the whole network from random weights", "fruit scratch", most=BAR - 0.001),  # it must not pass
    ),
)

REAL = Real(
    "pocket network, fine-tuned, photos of fruit",
    "fruits",
    lambda folder, seed: train("07", folder, seed).head_and_tuned()[1],
    """
    The 239 photos are also those by which fine-tuning keeps its best state, so that it can only add to what the head
    has. The head's learning rate was chosen by five folds of the 943 training photos (two seeds, eight epochs that
    fall to nearly 0): 0.001 reads 0.915 of the fold left out, 0.003 0.934, 0.01 0.945, 0.02 0.952, 0.03 0.953 and 0.1
    0.949. On the photos held out the head alone then has 0.961 (seeds 5 to 9, worst 0.958), and 0.900 at 0.001, where
    ten runs ended at 0.932 after fine-tuning. It had not been trained to its end: twenty epochs instead of eight at
    0.001 read 0.923, fifty 0.946. Pictures of 128 or 160 pixels (0.948 and 0.953 at 0.01, against 0.956 at 96),
    dropout and weight decay gain nothing at the same rate.
    """,
)
