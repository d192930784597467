"""What an export says of itself: the files, and how far its numbers are from the model's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how it was verified; ``str`` and ``print`` tell it in a few lines.

    >>> print(ExportReport("C", (Path("model.h"), Path("model.c")), 64, 2e-16, "compiled by gcc"))
    C: model.h, model.c
    Verified against the model on 64 rows (compiled by gcc): the largest difference is 2e-16 of the largest number.
    """

    kind: str
    """C, ONNX ..."""
    files: tuple[Path, ...]
    n_rows: int
    """rows on which export and model were compared"""
    difference: float | None
    """the largest difference of an output, in units of the largest output; None where nothing could be run"""
    how: str
    """what the export was run by, or why it could not be run"""
    notes: tuple[str, ...] = ()
    """further sentences, e.g. the difference of the gradients"""

    @property
    def verified(self) -> bool:
        """Whether it was run and compared."""
        return self.difference is not None

    def __str__(self) -> str:
        lines = [f"{self.kind}: {', '.join(map(str, self.files))}"]
        if self.difference is None:
            lines.append(f"Not verified: {self.how}.")
        else:
            told = f"the largest difference is {self.difference:.2g} of the largest number" if self.difference else "there is no difference"
            lines.append(f"Verified against the model on {self.n_rows:,} rows ({self.how}): {told}.")
        return "\n".join([*lines, *self.notes])
