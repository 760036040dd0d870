"""Datasets by what people call them: an id, a name, a digest or its first digits."""

from __future__ import annotations

import re

from ..backends.datasets.protocol import DatasetBackend
from ..domain import names
from ..domain.datasets import Dataset
from ..domain.pages import MAX_PAGE
from ..domain.query import Compare, Condition, Order, Query, all_of
from ..errors import Invalid, NotFound
from .deletion import ARCHIVED, DELETED, LIVE
from .finding import nearest, records_by_id, records_of

_NEWEST = Order("updated", descending=True)
_LAST_DELETED = Order(f"properties.{DELETED}", descending=True)
_DIGITS = re.compile(r"[0-9a-f]{8,64}")


def contents_of(datasets: DatasetBackend, project: str, text: str) -> list[Dataset]:
    """All contents of this name, the newest first; else the one of this id or digest.

    Raises what `find_dataset` does.
    """
    names.check_store_name(text, "dataset")
    where = all_of([Compare("name", "=", text), LIVE])
    return list(records_of(datasets, Dataset, project, where, _NEWEST)) or [
        find_dataset(datasets, project, text)
    ]


def find_dataset(datasets: DatasetBackend, project: str, text: str) -> Dataset:
    """The dataset of this id, the newest of this name, or of this digest or 8 and more digits of it.

    By id also one that was deleted. Raises NotFound with the nearest names, Invalid when the digits begin
    several digests.
    """
    names.check_store_name(text, "dataset")
    if by_id := records_by_id(datasets, Dataset, project, [text]):
        return by_id[text]
    if found := _named(datasets, project, text, LIVE, _NEWEST):
        return found
    raise _no_dataset(datasets, project, text)


def find_deleted(datasets: DatasetBackend, project: str, text: str) -> Dataset:
    """The dataset of this id, or the one last deleted of this name, digest or digits of it.

    Raises what `find_dataset` does.
    """
    names.check_store_name(text, "dataset")
    if by_id := records_by_id(datasets, Dataset, project, [text]):
        return by_id[text]
    if found := _named(datasets, project, text, ARCHIVED, _LAST_DELETED):
        return found
    near = _near(datasets, project, text, ARCHIVED)
    advice = f"; did you mean {' or '.join(near)}?" if near else ""
    message = f"dataset: no dataset {text!r} was deleted in project {project!r}, or not lately{advice}"
    raise NotFound(message, field="dataset", nearest=near)


def _named(
    datasets: DatasetBackend, project: str, text: str, state: Condition, order: Order
) -> Dataset | None:
    """The first in this order that the text means by name, else by digest."""

    def first(where: Condition, limit: int) -> list[Dataset]:
        query = Query(where=all_of([state, where]), order=order, limit=limit)
        return datasets.find(Dataset, project, query).items

    if named := first(Compare("name", "=", text), 1):
        return named[0]
    if not _DIGITS.fullmatch(text):
        return None
    # Digits are below g, so that these are all the digests that begin with the text.
    between = all_of([Compare("digest", ">=", text), Compare("digest", "<", text + "g")])
    found = first(between, 100)
    if len({dataset.digest for dataset in found}) > 1:
        raise Invalid(f"dataset: several digests begin with {text}; give more digits", field="dataset")
    return found[0] if found else None


def _no_dataset(datasets: DatasetBackend, project: str, text: str) -> NotFound:
    if deleted := _named(datasets, project, text, ARCHIVED, _LAST_DELETED):
        message = f"dataset: {text!r} was deleted; %restore_dataset {deleted.id} takes that back"
        return NotFound(message, field="dataset")
    near = _near(datasets, project, text, LIVE)
    advice = f"; did you mean {' or '.join(near)}?" if near else "; %datasets lists what there is"
    message = f"dataset: there is no dataset {text!r} in project {project!r}{advice}"
    return NotFound(message, field="dataset", nearest=near)


def _near(datasets: DatasetBackend, project: str, text: str, state: Condition) -> list[str]:
    query = Query(where=state, order=_NEWEST, limit=MAX_PAGE)
    known = {dataset.name for dataset in datasets.find(Dataset, project, query).items}
    return nearest(text, sorted(known))
