"""Arrays of NumPy that use the same memory: they go on sharing it where they arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

WORK = 1000
"""How hard NumPy may try to tell whether two arrays share memory, before they are said to."""


class Memory:
    """The bytes that arrays share, as NumPy takes them from another library."""

    def __init__(self, arrays: list[Any]) -> None:
        self._arrays = arrays  # whose memory it is
        self.begin, end = min(_bounds(each)[0] for each in arrays), max(_bounds(each)[1] for each in arrays)
        self.__array_interface__ = {
            "data": (self.begin, not any(each.flags.writeable for each in arrays)),
            "shape": (end - self.begin,),
            "typestr": "|u1",
            "version": 3,
        }


class Views:
    """The arrays in one pickle, by whose memory it is.

    `known` tells of those that were found to share some, when it was pickled before.
    """

    def __init__(self, known: Mapping[int, tuple[Memory, Any]] | None = None) -> None:
        self._known = known or {}
        self._arrays: dict[int, list[Any]] = {}
        self._hidden = set[int]()

    def reduced(self, value: Any) -> Any:
        """How to make this array again, if it shares memory; None for all else."""
        cls = type(value)
        if cls.__module__.startswith("pandas.core.internals") and hasattr(value, "blocks"):
            self._hidden.update(map(id, _in_blocks(value)))
        elif (cls.__module__, cls.__name__) == ("numpy", "ndarray"):
            if value.size and not value.dtype.hasobject and id(value) not in self._hidden:
                self._arrays.setdefault(id(_owner(value)), []).append(value)
            if id(value) in self._known:
                memory, whole = self._known[id(value)]
                offset = value.__array_interface__["data"][0] - memory.begin
                writable = value.flags.writeable
                return _view, (whole, offset, value.shape, value.strides, value.dtype, writable)
        return None

    def owners(self) -> set[int]:
        """The identities of what the memory belongs to."""
        return set(self._arrays)

    def shared(self) -> dict[int, tuple[Memory, Any]]:
        """Arrays by their identities, with the memory that they share with others."""
        import numpy as np

        found = {}
        for arrays in self._arrays.values():
            for together in _overlapping(arrays) if len(arrays) > 1 else ():
                memory = Memory(together)
                whole = np.asarray(memory)
                found.update({id(each): (memory, whole) for each in together})
        return found


def _overlapping(arrays: list[Any]) -> Iterator[list[Any]]:
    """Those together that share memory, by twos and more."""
    import numpy

    np: Any = numpy  # which says that `max_work` is -1 or 0

    def is_shared(one: Any, other: Any) -> bool:
        try:
            return bool(np.shares_memory(one, other, max_work=WORK))
        except RuntimeError:  # it is too hard
            return True

    groups: list[list[Any]] = []
    ended = 0
    for array in sorted(arrays, key=_bounds):
        begin, end = _bounds(array)
        if begin >= ended:  # such as the rows of a matrix
            yield from (group for group in groups if len(group) > 1)
            groups = []
        ended = max(ended, end)
        near, apart = [array], []
        for group in groups:
            if any(is_shared(array, each) for each in group):
                near += group
            else:
                apart.append(group)
        groups = [*apart, near]
    yield from (group for group in groups if len(group) > 1)


def _bounds(array: Any) -> tuple[int, int]:
    """The addresses of its first byte, and of the one behind its last."""
    begin = end = int(array.__array_interface__["data"][0])
    for count, stride in zip(array.shape, array.strides, strict=True):
        begin, end = begin + min((count - 1) * stride, 0), end + max((count - 1) * stride, 0)
    return begin, end + array.itemsize


def _owner(array: Any) -> Any:
    """The array or the buffer that its memory belongs to."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def _in_blocks(manager: Any) -> Iterator[Any]:
    """The arrays of a table. It copies what it shares before it writes, and would not know of it there."""
    for block in manager.blocks:
        yield block.values
        yield from getattr(block.values, "__dict__", {}).values()
        yield getattr(block.values, "_ndarray", None)


def _view(whole: Any, offset: int, shape: Any, strides: Any, dtype: Any, writable: bool) -> Any:
    import numpy as np

    view = np.ndarray(shape, dtype, whole, offset, strides)
    view.flags.writeable = writable and view.flags.writeable
    return view
