"""A figure that a notebook shows where a cell ends with it, whatever its backend and without pyplot."""

import io
from collections.abc import Mapping
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from experiments.pictures import fonts


class Picture(Figure):
    """A Figure with the style that it is drawn in."""

    def __init__(self, style: Mapping[str, Any], **options):
        super().__init__(**options)
        self.style = dict(style)

    def _repr_png_(self) -> bytes:
        """What Jupyter, VS Code and Colab ask for."""
        file = io.BytesIO()
        with matplotlib.rc_context(self.style):
            fonts.save(self, file, "figure")
        return file.getvalue()
