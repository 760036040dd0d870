"""Datasets of Hugging Face: their fingerprint, which they change with whatever is done to them, and features.

The library is not imported here: whoever has such a dataset has it imported.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from ..domain.datasets import Column
from ..errors import Invalid
from .capture_profile import MAX_COLUMNS, column_of

_FORM = "aip-huggingface-1"


class FacedDataset(NamedTuple):
    """What one of their datasets is."""

    digest: str
    source: str
    split: str
    rows: int
    size: int | None
    columns: list[Column]


def read_huggingface(data: Any, source: str) -> FacedDataset:
    """What a `datasets.Dataset` says of itself. Reads no data."""
    fingerprint = str(data._fingerprint)
    builder, config = getattr(data, "builder_name", None), getattr(data, "config_name", None)
    named = "/".join(str(part) for part in (builder, config) if part and part != "default")
    shown = ", ".join(filter(None, [source, f"Hugging Face {named}".strip(), f"fingerprint {fingerprint}"]))
    columns = [column_of(name, _type_of(feature), None) for name, feature in data.features.items()]
    return FacedDataset(
        digest=hashlib.sha256(f"{_FORM} {fingerprint}".encode()).hexdigest(),
        source=shown,
        split=str(data.split or ""),
        rows=len(data),
        size=data.dataset_size,
        columns=columns[:MAX_COLUMNS],
    )


def _type_of(feature: Any) -> str:
    """`string`, `ClassLabel(2)`, or what the feature says of itself."""
    name = type(feature).__name__
    if name == "Value":
        return str(feature.dtype)
    return f"{name}({feature.num_classes})" if name == "ClassLabel" else str(feature)


def no_single_dataset(name: str) -> Invalid | None:
    """What to do with one of their collections that is no dataset by itself."""
    if name in ("DatasetDict", "IterableDatasetDict"):
        message = f"data: a {name} holds several splits; record each by itself, such as data['train']"
        return Invalid(message, field="data")
    if name == "IterableDataset":
        message = (
            "data: an IterableDataset has no content yet; record the files that it reads, or its address"
        )
        return Invalid(message, field="data")
    return None
