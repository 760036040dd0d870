"""A process that sends a file straight to the store: `python -m … ADDRESS HOME FILE`; prints its digest."""

from __future__ import annotations

import sys
from pathlib import Path

from aip_jupyter.backends.storage import s3_direct
from aip_jupyter.domain.artifacts import UploadBlob
from aip_jupyter.domain.records import new_id

from ..support.direct import sender, services_over

PART = 5 * 2**20


def main(address: str, home: Path, file: Path) -> None:
    """In parts from the beginning, as who was cut before."""
    s3_direct.WHOLE, s3_direct.PART = 0, PART
    with services_over(address, home) as services:
        blob = sender(services, home).upload(UploadBlob(claim=new_id()), file, None)
        print(blob.digest if blob else "")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
