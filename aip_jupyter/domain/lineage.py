"""What came out of what: links between datasets, runs and versions.

Both ends of a link are opaque references, `dataset:<id>`, `run:<id>`, `version:<id>`: whoever keeps an end
may be another system than the one that keeps the link, and an end may be gone.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal, get_args

from msgspec import Struct, field

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


PART = "part"
"""The context of an edge between a run and one that is a part of it. No link says so: the run does."""


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
    deleted: bool = False
    """It was deleted, and can be restored yet."""


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
    """There are more nodes than were asked for, or links further away."""


class GetLineage(Request, frozen=True, kw_only=True):
    """The lineage of a version, a run or a dataset."""

    project: str = DEFAULT_PROJECT
    reference: str
    """`digits-clf@latest`, or with the kind in front where a name means several things: `run:NAME_OR_ID`,
    `dataset:NAME_OR_ID`, `model:REFERENCE`; also what a node's `ref` says, such as `version:<id>`. Without it
    a model is looked for first, then a run, then a dataset."""
    limit: int = 200
    """The most nodes."""
    depth: int = 100
    """The most links between what was asked for and any of them."""


class GetModelLineage(Request, frozen=True, kw_only=True):
    """What each version of a model came out of."""

    project: str = DEFAULT_PROJECT
    model: str
    """The model's exact name."""
    limit: int = 100
    """How many of its versions, the newest first."""


class VersionData(Struct, frozen=True, kw_only=True):
    """Data that a version came out of."""

    dataset_id: str
    name: str
    """The dataset's name; "" when it is not there (any more)."""
    digest: str
    context: str


class VersionLineage(Struct, frozen=True, kw_only=True):
    """A version, its run, and the data that the run used."""

    version_id: str
    number: int
    name: str
    stage: str
    run_id: str = ""
    """"" for a version that came out of none."""
    run: str = ""
    """The run's name; "" when it is not there (any more)."""
    datasets: list[VersionData] = field(default_factory=list)


class ModelLineage(Struct, frozen=True, kw_only=True):
    """What a model's versions came out of, the newest first."""

    model: str
    versions: list[VersionLineage]
    more: bool = False
    """There are more versions than were asked for."""


class GetImpact(Request, frozen=True, kw_only=True):
    """What came out of some data: all contents of a name, or the one of a digest or an id."""

    project: str = DEFAULT_PROJECT
    dataset: str
    limit: int = 20_000
    """The most runs, datasets and versions together."""


class Affected(Struct, frozen=True, kw_only=True, gc=False):
    """A run, a version or a dataset that came out of the data."""

    ref: str
    kind: NodeKind
    label: str
    state: str = ""
    """A version's stage, a run's status, `deleted` of a dataset that was."""
    via: str = ""
    """The reference of what it came out of, on the shortest way."""
    distance: int = 0
    """How many links away."""
    missing: bool = False
    """A link names it, but it is not there (any more)."""


class Impact(Struct, frozen=True, kw_only=True):
    """All that used some data, also through what came out of it. The nearest come first."""

    of: list[Node]
    """The datasets that were asked for, the newest first."""
    affected: list[Affected]
    more: bool = False
    """There is more than was asked for."""


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
