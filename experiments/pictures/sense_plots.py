"""The sentences of words with several senses along two directions of their vectors, coloured by sense.

matplotlib is loaded by the function that draws.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Shaped

from data.files import arrays
from experiments.pictures.plots import drawn, look

if TYPE_CHECKING:
    from experiments.pictures.picture import Picture

MOST = 4  # pictures side by side


class Form(NamedTuple):
    """A sentence for each point, and which sense it means."""

    points: Float[np.ndarray, "n 2"]
    senses: Shaped[np.ndarray, "n"]


def read(run_dir: Path) -> dict[str, Form]:
    """What `SenseSeparation` left in a run's directory, the forms of most sentences first; {} for nothing."""
    path = run_dir / "outputs" / "senses.npz"
    if not path.exists():
        return {}
    kept = arrays.read(path)
    names = [name.removesuffix(".points") for name in kept if name.endswith(".points")]
    forms = {name: Form(kept[f"{name}.points"], kept[f"{name}.senses"]) for name in names}
    return dict(sorted(forms.items(), key=lambda item: -len(item[1].senses)))


def draw(forms: Mapping[str, Form], path: Path | None = None, caption: str = "") -> "Picture":
    """The first few forms, each along its own two directions of most variance."""
    chosen = dict(list(forms.items())[:MOST])
    size = 3.2 * len(chosen), 3.4
    with drawn(path, len(chosen), size, shared=False, caption=caption) as (figure, panels):
        for (name, form), axes in zip(chosen.items(), panels, strict=True):
            for number, sense in enumerate(np.unique(form.senses)):
                points = form.points[form.senses == sense]
                named = f"{sense} ({len(points)})"
                axes.scatter(*points.T, label=named, s=14, alpha=0.6, linewidths=0, **look(number))
            axes.set_title(name)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.legend(loc="best", fontsize=8)
    return figure
