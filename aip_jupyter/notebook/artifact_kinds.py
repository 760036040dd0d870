"""What a file is, as its name says; else as its media type says. The sidebar has the same lists."""

from __future__ import annotations

import re
from typing import Literal

from ..domain.artifacts import Artifact

Kind = Literal["model", "data", "image", "text", "code", "notebook", "archive", "other"]
View = Literal["image", "table", "json", "text", ""]
"""In which way the beginning of a file is shown; "" for what is only downloaded."""

_ENDINGS: dict[Kind, str] = {
    "model": (
        "bin ckpt gguf h5 hdf5 joblib keras mlmodel model onnx pb pickle pkl pmml pt pth safetensors skops "
        "tflite ubj"
    ),
    "data": "arrow avro csv db feather jsonl mat ndjson npy npz orc parquet sqlite tfrecord tsv xls xlsx",
    "image": "avif bmp gif ico jpeg jpg png svg tif tiff webp",
    "text": "cfg conf htm html ini json log markdown md pdf rst tex toml txt xml yaml yml",
    "code": "bash c cc cpp cu go h hpp ipy java jl js kt lua php pl py r rb rs scala sh sql swift ts tsx",
    "notebook": "ipynb",
    "archive": "7z bz2 gz rar tar tgz whl xz zip zst",
}
_KINDS = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
_MEDIA: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"^image/"), "image"),
    (re.compile(r"^text/(csv|tab-separated-values)|parquet|arrow"), "data"),
    (re.compile(r"^text/|json|yaml|xml|pdf"), "text"),
    (re.compile(r"zip|tar|compressed"), "archive"),
)

_VIEWS: dict[str, View] = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp"), "image"),
    **dict.fromkeys(("csv", "tsv"), "table"),
    "json": "json",
    **dict.fromkeys(("jsonl", "ndjson"), "text"),
}
_ONLY_DOWNLOADED = frozenset(
    ("htm", "html", "xhtml", "xht", "mhtml", "svg", "svgz", "xml", "xsl", "pdf", "ico")
)
"""What a browser would run, or load other things for."""
_ACTIVE = re.compile(r"html|svg|xml")


def kind_of(artifact: Artifact) -> Kind:
    """What kind of file it is."""
    by_name = _KINDS.get(_ending(artifact.path))
    if by_name is not None:
        return by_name
    return next((kind for pattern, kind in _MEDIA if pattern.search(artifact.media_type)), "other")


def view_of(artifact: Artifact) -> View:
    """How its beginning is shown."""
    ending = _ending(artifact.path)
    if artifact.uri is not None or ending in _ONLY_DOWNLOADED or _ACTIVE.search(artifact.media_type):
        return ""
    return _VIEWS.get(ending, "text" if kind_of(artifact) in ("text", "code") else "")


def _ending(path: str) -> str:
    _, dot, ending = path.rpartition("/")[2].rpartition(".")
    return ending.lower() if dot else ""
