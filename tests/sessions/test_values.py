"""Values that travel, and those that cannot."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from aip_jupyter.sessions.values import ValueFault, dump_values, load_values


def there_and_back(**values: Any) -> dict[str, Any]:
    return load_values([bytearray(buffer) for buffer in dump_values(values)])


def test_arrays_and_frames_come_back_equal_and_writable() -> None:
    array, frame = np.arange(6.0).reshape(2, 3), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    found = there_and_back(array=array, frame=frame)
    np.testing.assert_array_equal(found["array"], array)
    pd.testing.assert_frame_equal(found["frame"], frame)
    found["array"][0, 0] = 7


def test_the_bytes_of_arrays_are_not_in_the_pickle() -> None:
    packed, *buffers = dump_values({"array": np.zeros(100_000)})
    assert len(packed) < 1000
    assert [memoryview(buffer).nbytes for buffer in buffers] == [800_000]


def test_what_values_share_stays_shared() -> None:
    inner = [1]
    found = there_and_back(a=[inner], b=[inner])
    assert found["a"][0] is found["b"][0]


def test_a_value_that_cannot_be_pickled_is_named_with_its_type() -> None:
    with pytest.raises(ValueFault, match=r"^lock \(lock\) cannot be pickled: it is a lock: make it in the cell$"):
        dump_values({"fine": 1, "lock": threading.Lock()})


class Nasty:
    def __reduce__(self) -> Any:
        return int, ("not a number",)


def test_a_value_that_cannot_be_unpickled_is_one_line() -> None:
    with pytest.raises(
        ValueFault, match=r"^the values cannot be unpickled here: ValueError: invalid literal"
    ):
        there_and_back(nasty=Nasty())
