"""Saving figures in the form that a suffix names. No library is imported that the figure is not of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import Invalid


def save_matplotlib(figure: Any, target: Path) -> None:
    """A figure of matplotlib, or the one of these axes, as png, svg, pdf and what else it can. Invalid."""
    figure = getattr(figure, "figure", figure)
    known = sorted(figure.canvas.get_supported_filetypes())
    if target.suffix[1:] not in known:
        raise _unknown("matplotlib", target, known)
    figure.savefig(target, format=target.suffix[1:], bbox_inches="tight")


def save_plotly(figure: Any, target: Path) -> None:
    """A figure of plotly as html or json; as a picture where plotly can make one. Invalid."""
    match target.suffix:
        case ".html" | ".htm":
            figure.write_html(target)
        case ".json":
            figure.write_json(target)
        case ".png" | ".jpg" | ".jpeg" | ".webp" | ".svg" | ".pdf":
            try:
                figure.write_image(target)
            except (ValueError, ImportError, RuntimeError) as error:
                message = (
                    "artifact_path: plotly makes pictures with kaleido only: pip install kaleido, or .html"
                )
                raise Invalid(message, field="artifact_path") from error
        case _:
            raise _unknown("plotly", target, ["html", "json", "png", "svg", "pdf"])


def _unknown(library: str, target: Path, known: list[str]) -> Invalid:
    message = f"artifact_path: {library} cannot save {target.suffix!r}; it can {', '.join(known)}"
    return Invalid(message, field="artifact_path")
