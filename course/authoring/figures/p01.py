"""The figures of project 01."""

from typing import Any

from course.authoring.figures import style
from course.authoring.figures.figure import Data, figure

# Two processors sum in another order, and after thousands of steps the weights are others: an epoch's accuracy on 1,000 digits
# moves by a digit or five, a loss of 0.1 by some hundredths.
TRAINING = 0.05


def curves() -> Data:
    """The history of the solution's own training, as `course run 01` does it."""
    from course.datasets.store import ensure
    from course.lessons.quiet_run import train

    return vars(train("01", ensure("mnist", quiet=True), seed=0).history)


@figure("learning-curves", measure=curves, within=TRAINING)
def learning_curves(data: Data) -> Any:
    """Loss and accuracy of five epochs."""
    drawing = style.sheet(6.4, 2.7)
    left, right = drawing.subplots(1, 2)
    style.curves(left, data["train_loss"], data["valid_loss"], "loss", "upper right")
    style.curves(right, data["train_accuracy"], data["valid_accuracy"], "accuracy", "lower right")
    return drawing
