"""What every storage backend does. A test class per backend inherits this and says how to open one."""

from __future__ import annotations

from aip_jupyter.backends.storage.protocol import StorageBackend
from aip_jupyter.domain.records import new_id

from .storage_bytes import BytesContract, H, P, put, read, sha
from .storage_claims import ClaimsContract
from .storage_files import FilesContract


class StorageContract(BytesContract, FilesContract, ClaimsContract):
    """Override the fixture `storage` with an empty store."""

    def test_nothing_is_swept_from_under_a_living_writer(self, storage: StorageBackend) -> None:
        assert storage.sweep() == 0
        with storage.stage(new_id(), P, H) as staging:
            staging.write(b"alive")
            assert storage.sweep() == 0
            assert staging.commit().digest == sha(b"alive")
        assert storage.sweep() == 0
        assert read(storage, sha(b"alive")) == b"alive"

    def test_the_check_says_one_line_and_leaves_nothing(self, storage: StorageBackend) -> None:
        put(storage, b"bytes")
        found = storage.check()
        assert found
        assert "\n" not in found
        assert len(list(storage.blobs())) == len(storage.claims()) == 1
        assert storage.sweep() == 0

    def test_it_tells_where_it_is_and_what_it_can(self, storage: StorageBackend) -> None:
        assert storage.location
        assert "stored_files" in storage.capabilities

    def test_closing_twice_is_no_error(self, storage: StorageBackend) -> None:
        put(storage, b"bytes")
        storage.close()
        storage.close()
