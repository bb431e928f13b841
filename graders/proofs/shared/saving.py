"""Mistakes of `save_model`, which 04a teaches and 07 asks for once more."""

from course.authoring.proofs.variants import Mistakes


def files(whole: Mistakes, replaced: Mistakes, network: str) -> None:
    """What is in the file, what is beside it, what becomes of the model; `network` is the solution's name for what it saves."""
    save, move = f"torch.save({network}.state_dict(), temporary)", "    os.replace(temporary, path)"
    whole.patch(
        "frozen_left_out",
        "Only buffers and trainable parameters are saved: a frozen backbone is missing from the file.",
        (
            save,
            "torch.save(\n"
            "        {\n"
            f"            **{{n: p.detach() for n, p in {network}.named_parameters() if p.requires_grad}},\n"
            f"            **dict({network}.named_buffers()),\n"
            "        },\n"
            "        temporary,\n"
            "    )",
        ),
    )
    whole.patch(
        "left_in_eval_mode",
        "Saving puts the model into eval mode: its training goes on without dropout.",
        (save, save.replace(network, f"{network}.eval()")),
    )
    whole.patch(
        "made_single_precision",
        "float() changes the model itself: saving one in double precision costs it half of its digits.",
        (save, save.replace(network, f"{network}.float()")),
    )
    whole.patch(
        "left_frozen",
        "Saving freezes the model: its training cannot go on.",
        (save, save.replace(network, f"{network}.requires_grad_(False)")),
    )
    whole.patch(
        "names_cut_short",
        "Names are cut to their last two parts: layers in blocks lose theirs, or share one.",
        (
            save,
            f'torch.save({{".".join(n.split(".")[-2:]): t for n, t in {network}.state_dict().items()}}, temporary)',
        ),
    )
    whole.patch(
        "prefix_of_another_wrapper_taken_off",
        "A layer may be called `module`: what looks like a prefix belongs to its name.",
        (save, f'torch.save({{n.removeprefix("module."): t for n, t in {network}.state_dict().items()}}, temporary)'),
    )
    whole.patch(
        "strings_only",
        "The path may be a pathlib.Path, and + does not join a Path and a string.",
        ('f"{path}.part"', 'path + ".part"'),
        crashes=True,
    )
    whole.patch(
        "ending_added",
        "A suffix is added to the path: the file is not where the caller looks for it.",
        (move, '    os.replace(temporary, path if str(path).endswith(".pt") else f"{path}.pt")'),
    )
    whole.patch(
        "ending_added_where_there_is_none",
        "A path without a suffix gets one: the file is not where the caller looks for it.",
        (move, '    os.replace(temporary, path if os.path.splitext(path)[1] else f"{path}.pt")'),
    )
    whole.patch(
        "part_left_behind",
        "The temporary file is copied and left behind.",
        (move, "    __import__('shutil').copyfile(temporary, path)"),
    )
    replaced.patch(
        "written_over",
        "The old file is overwritten from its beginning: if it was longer, its end is still there.",
        (save, save.replace("temporary", 'open(path, "r+b" if os.path.exists(path) else "wb")')),
        (move, ""),
    )
