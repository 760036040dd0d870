"""Messages on the wire, beside jupyter_client's own reading of them."""

from __future__ import annotations

import pytest
from jupyter_client.session import Session

from aip_jupyter.sessions.messages import Signer, request

KEY = b"0123456789"


def test_jupyter_reads_what_we_write() -> None:
    sent = request("shell", "execute_request", {"code": "é"}, {"aip": {"count": 3}}, [b"\x00"])
    frames = Signer(KEY).pack(sent)
    idents, rest = Session(key=KEY).feed_identities(frames)
    assert idents == []
    found = Session(key=KEY).deserialize(rest)
    assert found["header"]["msg_type"] == "execute_request"
    assert found["header"]["msg_id"] == sent.header.msg_id
    assert found["content"] == {"code": "é"}
    assert found["metadata"] == {"aip": {"count": 3}}
    assert [bytes(buffer) for buffer in found["buffers"]] == [b"\x00"]


def frames_of_jupyter() -> list[bytes]:
    session = Session(key=KEY)
    parent = session.msg("execute_request")
    message = session.msg("stream", {"name": "stdout", "text": "é"}, parent=parent, metadata={"a": 1})
    return [b"kernel.stream", *session.serialize(message), b"buffer"]


def test_we_read_what_jupyter_writes() -> None:
    found = Signer(KEY).unpack("iopub", frames_of_jupyter())
    assert (found.channel, found.type, found.parent.msg_type) == ("iopub", "stream", "execute_request")
    assert found.parent.msg_id
    assert found.read() == {"name": "stdout", "text": "é"}
    assert found.read_metadata() == {"a": 1}
    assert list(found.buffers) == [b"buffer"]


@pytest.mark.parametrize("changed", [2, 3, 4, 5, 6])
def test_a_changed_message_is_refused(changed: int) -> None:
    frames = frames_of_jupyter()
    frames[changed] = frames[changed][:-1] + b" }"
    with pytest.raises(ValueError, match="not signed"):
        Signer(KEY).unpack("iopub", frames)
