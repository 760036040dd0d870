"""What a request for a session must name: things of this machine, whatever was sent."""

from __future__ import annotations

import os
import socket
import sys

import pytest
from msgspec.structs import replace

from aip_jupyter.backends.gpus.spec import check_request
from aip_jupyter.domain.records import new_id
from aip_jupyter.domain.sessions import StartSession
from aip_jupyter.errors import Invalid

GOOD = StartSession(
    id=new_id(), name="s", gpu="cpu", host=socket.gethostname(), python=sys.executable, folder=os.getcwd()
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "elsewhere"),
        ("folder", "/" + "x" * 5000),
        ("folder", "a\0b"),
        ("folder", "/there/is/none"),
        ("python", "/bin/py\0thon"),
        ("python", "/" + "x" * 5000),
        ("python", "python3"),
        ("environment", {"A=B": "c"}),
        ("environment", {"A": "\0"}),
    ],
)
def test_what_is_not_there_is_refused_by_name(field: str, value: object) -> None:
    check_request(GOOD)
    with pytest.raises(Invalid) as caught:
        check_request(replace(GOOD, **{field: value}))
    assert caught.value.field == field
