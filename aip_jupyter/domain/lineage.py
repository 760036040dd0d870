"""What came out of what: links between datasets, runs and versions.

Both ends of a link are opaque references, `dataset:<id>`, `run:<id>`, `version:<id>`: whoever keeps an end
may be another system than the one that keeps the link, and an end may be gone.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, get_args

from msgspec import Struct

from .records import DEFAULT_PROJECT, Record, Request

NodeKind = Literal["dataset", "run", "version"]
_ID = re.compile(r"[0-9a-f]{32}")
KINDS = get_args(NodeKind)


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
    `dataset:NAME_OR_ID`, `model:REFERENCE`; also what a node's `ref` says, such as `version:<id>`. Without it
    a model is looked for first, then a run, then a dataset."""
    limit: int = 200
    """The most nodes."""


def reference_to(kind: NodeKind, id: str) -> str:
    """How a link names this record."""
    return f"{kind}:{id}"


def split_reference(ref: str) -> tuple[NodeKind, str] | None:
    """The kind and the id that a link's end names; None for what only another system understands."""
    kind, _, id = ref.partition(":")
    return (kind, id) if kind in KINDS and id else None  # type: ignore[return-value]  # `in` does not narrow


def split_asked(text: str) -> tuple[str, str]:
    """What GetLineage's reference begins with, and the rest: `model`, `run`, `dataset`, or `version` before
    an id; "" when it does not say."""
    kind, colon, rest = text.strip().partition(":")
    # `run::name` is a name in the registry `run`; `version:2` the second version of the model `version`.
    explicit = kind in ("model", "run", "dataset") or (kind == "version" and _ID.fullmatch(rest))
    return (kind, rest) if colon and explicit and not rest.startswith(":") else ("", text.strip())


def link_id(source: str, target: str, context: str) -> str:
    """The id of this link: the same link made twice is one record."""
    return hashlib.sha256("\0".join((source, target, context)).encode()).hexdigest()[:32]
