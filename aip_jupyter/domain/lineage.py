"""What came out of what: links between datasets, runs and versions.

Both ends of a link are opaque references, `dataset:<id>`, `run:<id>`, `version:<id>`: whoever keeps an end
may be another system than the one that keeps the link, and an end may be gone.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from msgspec import Struct

from .records import DEFAULT_PROJECT, Record, Request

NodeKind = Literal["dataset", "run", "version"]


class Link(Record, frozen=True, kw_only=True):
    """`target` came out of `source`: a run of its data, a version of its run. Its id is `link_id`'s."""

    source: str
    target: str
    context: str = ""
    """What the source was used for, such as training."""


class Use(Struct, frozen=True, kw_only=True):
    """That a run uses a dataset."""

    run_id: str
    run: str
    """The run's name; "" when it is not there (any more)."""
    context: str
    created: int


class Node(Struct, frozen=True, kw_only=True):
    """An end of a link."""

    ref: str
    kind: NodeKind
    label: str
    """The name, as people refer to it: `digits`, `digits-baseline`, `digits-clf:2`."""
    note: str = ""
    """What tells it from others of its kind: a digest, a status, a stage."""
    missing: bool = False
    """The link names it, but it is not there (any more)."""


class Edge(Struct, frozen=True, kw_only=True):
    """A link between two nodes of a graph, by their references."""

    source: str
    target: str
    context: str = ""


class Lineage(Struct, frozen=True, kw_only=True):
    """What a thing came out of, and what came out of it."""

    of: str
    """The reference of the node that was asked for."""
    nodes: list[Node]
    edges: list[Edge]
    more: bool = False
    """There are more nodes than were asked for."""


class GetLineage(Request, frozen=True, kw_only=True):
    """The lineage of a version, a run or a dataset."""

    project: str = DEFAULT_PROJECT
    reference: str
    """`digits-clf@latest`, or with the kind in front where a name means several things: `run:NAME_OR_ID`,
    `dataset:NAME_OR_ID`, `model:REFERENCE`. Without it a model is looked for first, then a run, then a
    dataset."""
    limit: int = 200
    """The most nodes."""


def link_id(source: str, target: str, context: str) -> str:
    """The id of this link: the same link made twice is one record."""
    return hashlib.sha256("\0".join((source, target, context)).encode()).hexdigest()[:32]
