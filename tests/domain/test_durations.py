"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from aip_jupyter.domain.durations import parse_seconds
from aip_jupyter.errors import Invalid


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("0.5", 0.5), (" 90s ", 90), ("10m", 600), ("1h", 3600), ("1D", 86400)]
)
def test_seconds_need_no_unit(text: str, seconds: float) -> None:
    assert parse_seconds(text, "timeout") == seconds


@pytest.mark.parametrize("text", ["0", "-1", "0.0", "1e3", "inf", "soon", "", "1 h", "5w"])
def test_what_is_none_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(Invalid, match=r"timeout: .* is not a length of time; write 30d, 12h, 90m or 45s"):
        parse_seconds(text, "timeout")
