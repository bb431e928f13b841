"""Mistakes of reading Kaggle's signs: 02 and 03 write the same lines."""

import numpy as np

from course.authoring.proofs.variants import Mistakes

LABELS = "torch.from_numpy(labels - (labels > 9))"
LOAD = "np.loadtxt(csv"
READ, BYTE, ITEM = "ndmin=2)", ".float() / 255", "        return self.images[index], self.labels[index]\n"


def rows(every: Mistakes) -> None:
    """Rows that are left out, and files of one row."""
    every.patch(
        "one_row_is_no_table",
        "A file of one row is read as a line and not as a table.",
        (", " + READ, ")"),
        crashes=True,
        source="forum: IndexError from np.loadtxt",
    )
    every.patch(
        "doubles_dropped",
        "A picture that comes twice in the file is two items; here it is one.",
        (
            READ,
            READ + "\n        table = table[np.sort(np.unique(table, axis=0, return_index=True)[1])]",
        ),
        source="pandas: drop_duplicates",
    )
    every.patch(
        "last_line_must_end",
        "Everything after the last line break is cut off: a file that does not end with one loses its last sign.",
        (LOAD, 'np.loadtxt(open(csv).read().rpartition("\\n")[0].splitlines()'),
    )
    every.patch(
        "black_pictures_left_out",
        "A picture that is all black is taken for a broken one and left out; every row is an item.",
        (READ, READ + "\n        table = table[table[:, 1:].any(axis=1)]"),
    )
    every.patch("first_thousand_rows", "Only the first 1,000 rows are read.", (READ, "ndmin=2, max_rows=1000)"))


def read_once(csv, **options):
    """The table of a file, which is read no second time."""
    known = read_once.__dict__.setdefault("known", {})
    if str(csv) not in known:
        known[str(csv)] = np.loadtxt(csv, **options)
    return known[str(csv)].copy()


def pixels(values: Mistakes) -> None:
    """Values that depend on the file or on how often they are asked for."""
    values.patch(
        "brightest_pixel_for_255",
        "The brightest pixel of the file is taken for 255: in a dark file everything comes out too bright.",
        (BYTE, ".float() / table[:, 1:].max()"),
    )
    values.patch(
        "divided_only_if_needed",
        "A file whose pixels are all 0 or 1 is not divided: it comes out 255 times too bright.",
        (BYTE, ".float() / (255 if table[:, 1:].max() > 1 else 1)"),
    )
    values.patch(
        "file_remembered_by_name",
        "Files are remembered by their names: where one has been replaced, the old signs come back.",
        (LOAD, "read_once(csv"),
        uses=[read_once],
    )
    values.patch(
        "dimmed_at_each_access",
        "The picture is changed in place: it gets darker each time that it is asked for.",
        (
            ITEM,
            "        image = self.images[index]\n        image *= 0.99\n"
            + ITEM.replace("self.images[index]", "image / 0.99"),
        ),
        source="forum: in-place operation in __getitem__",
    )
    values.patch(
        "mirrored_now_and_then",
        "Now and then an item comes back mirrored; augmentation is not asked for here.",
        (
            ITEM,
            "        if torch.rand(()) < 0.01:\n            return self.images[index].flip(-1), self.labels[index]\n"
            + ITEM,
        ),
    )


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
        "label_moved_at_each_access",
        "The label is moved in the table when its item is asked for: the second time it moves once more.",
        (LABELS, "torch.from_numpy(labels)"),
        (ITEM, "        if self.labels[index] > 9:\n            self.labels[index] -= 1\n" + ITEM),
        source="forum: in-place operation in __getitem__",
    )
    gap.patch(
        "label_a_float",
        "The label is a float; nn.CrossEntropyLoss takes floats for probabilities.",
        (LABELS, LABELS + ".float()"),
        source="forum: expected Long but got Float",
    )
