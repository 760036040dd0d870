"""`%%gpu --auto`: the variables that a cell needs go along, and what it changes comes back.

Going along: what the cell reads before it gives it a value and the notebook has, and what functions and
classes of the notebook among that use. Coming back: what the cell gives a value, and of what went along that
which is another afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..errors import Invalid
from ..sessions.parcels import grouped
from ..sessions.values import ValueFault
from .gpu_data import Parcel, check_names
from .gpu_names import is_of_ipython, names_of


def pack_auto(code: str, asked: Sequence[str], out: Sequence[str], shell: Any) -> Parcel:
    """What goes along with this cell, beside what is asked for. For its own thread. NotFound, Invalid."""
    namespace: dict[str, Any] = shell.user_ns
    check_names(asked, namespace)

    def travels(name: str) -> bool:
        return name in namespace and not _is_of_ipython(name, shell)

    cell = names_of(shell.transform_cell(code))
    reads = [name for name in cell.reads if travels(name) and name not in asked]
    try:
        made = grouped(
            {name: namespace[name] for name in (*asked, *reads)},
            bound=namespace,
            along=travels,
            lenient=reads,
        )
    except ValueFault as error:
        raise Invalid(f"in: {error}", field="in") from error
    values = {name: value for group in made.groups for name, value in group.values.items()}
    taken = [name for name, value in values.items() if not isinstance(value, ModuleType)]
    return Parcel(
        groups=made.groups,
        namespace=namespace,
        asked=asked,
        automatic=True,
        stuck=made.left,
        maybe=[name for name in dict.fromkeys([*cell.writes, *taken]) if _may_come(name, out)],
    )


def _is_of_ipython(name: str, shell: Any) -> bool:
    hidden: dict[str, Any] = shell.user_ns_hidden
    is_theirs = name in hidden and hidden[name] is shell.user_ns[name]
    return is_theirs or is_of_ipython(name)


def _may_come(name: str, out: Sequence[str]) -> bool:
    """Whether it comes back by itself."""
    return name not in out and not is_of_ipython(name)
