"""Mistakes of reading Kaggle's signs: 02 and 03 write the same lines about labels."""

from course.authoring.proofs.variants import Mistakes

LABELS = "torch.from_numpy(labels - (labels > 9))"


def labels(gap: Mistakes, files: Mistakes) -> None:
    """The gap where j would be, numbers that depend on the file, and a type that the loss takes for something else."""
    gap.patch(
        "gap_left_in",
        "Kaggle's labels leave out 9: y is 24, and a network with 24 outputs has no 24.",
        (LABELS, "torch.from_numpy(labels)"),
        source="Kaggle",
    )
    files.patch(
        "numbered_as_they_occur",
        "Numbering the letters that happen to be in the file gives train and validation different classes.",
        (LABELS, "torch.from_numpy(np.unique(labels, return_inverse=True)[1])"),
        source="forum: LabelEncoder fitted on each split",
    )
    gap.patch(
        "label_a_float",
        "The label is a float; nn.CrossEntropyLoss takes floats for probabilities.",
        (LABELS, LABELS + ".float()"),
        source="forum: expected Long but got Float",
    )
