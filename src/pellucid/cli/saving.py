"""What `pellucid train` is told of checkpoints, and what it says of them."""

from __future__ import annotations

import os
from typing import Any

from pellucid.errors import InputError, sentence


def saving_of(checkpoint: str | None, every: str | None, resume: bool, solver: str) -> dict[str, Any]:
    """What fit is told of checkpoints."""
    from pellucid.training.checkpoints import USUAL, Checkpoints

    if checkpoint is None:
        for given, option in ((resume, "--resume"), (every is not None, "--every")):
            if given:
                expected = "together with --checkpoint"
                raise InputError(sentence(option, "pellucid train", "given alone", expected, "add e.g. --checkpoint run.ckpt"))
        return {}
    usual = "50" if solver == "lbfgs" else USUAL
    text = (usual if every is None else every).strip()
    interval: int | str = int(text) if text.isdecimal() else text
    Checkpoints.of(checkpoint, interval, resumes=resume)  # what is wrong is said before the table is read
    return {"checkpoint": checkpoint, "every": interval, "resume": resume}


def standing(checkpoint: str, every: int | str, resume: bool) -> str:
    """Where the training begins."""
    from pellucid.training import checkpoints

    often = f"every {every} epochs" if isinstance(every, int) else f"every {every}"
    if not resume or not os.path.exists(checkpoint):
        return f"{checkpoint}, {often}" + ("; it is not there yet, so the training begins anew" if resume else "")
    epoch = checkpoints.read(checkpoint).facts.get("epoch")
    return f"{checkpoint}, {often}; goes on after epoch {epoch if isinstance(epoch, int) else '?'}"


def how_to_go_on() -> str:
    """The command that goes on from the checkpoint: the same, with --resume."""
    import shlex
    import sys

    more = [option for option in ("--resume", "--force") if option not in sys.argv]
    return f"to go on: {shlex.join(['pellucid', *sys.argv[1:], *more])}"
