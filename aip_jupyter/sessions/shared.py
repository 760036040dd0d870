"""Large buffers between two processes of one host: in memory that both see, copied once.

Over an encrypted socket a gigabyte takes ten seconds and three times its memory. Instead the sender writes it
to an anonymous file in memory and names that; the receiver opens it through /proc, which the system allows to
the same user only. Nothing has to be cleaned up: such a file ends with the last process that has it.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

from msgspec import Struct

from .values import Buffer

LARGE = 1024 * 1024
"""Bytes from which on a buffer is lent."""


class Loan(Struct, frozen=True, array_like=True):
    """Where a buffer is: its place among the others, a file that a process has open, and its size."""

    index: int
    pid: int
    descriptor: int
    size: int


class Lender:
    """Has buffers open for another process until that has taken them."""

    def __init__(self) -> None:
        self._descriptors: list[int] = []

    def lend(self, buffers: Sequence[Buffer]) -> tuple[list[Loan], list[Buffer]]:
        """Lend the large ones; the loans, and the buffers that are left. Copies: may take a second."""
        loans, left = [], []
        for index, buffer in enumerate(buffers):
            view = memoryview(buffer)
            if view.nbytes < LARGE:
                left.append(buffer)
            else:
                descriptor = self._write(view)
                loans.append(Loan(index, os.getpid(), descriptor, view.nbytes))
        return loans, left

    def release(self) -> None:
        """All is taken, or nobody will take it any more."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors = []

    def _write(self, view: memoryview) -> int:
        descriptor = os.memfd_create("aip-value")
        self._descriptors.append(descriptor)
        rest = view.cast("B")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        return descriptor


def can_share() -> bool:
    """Whether this system has what it needs."""
    return hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")


def borrow(loans: Sequence[Loan], left: Sequence[Buffer]) -> list[Buffer]:
    """All buffers in their order. Those lent are writable; a page is copied when it is written."""
    buffers = list(left)
    for loan in loans:
        descriptor = os.open(f"/proc/{loan.pid}/fd/{loan.descriptor}", os.O_RDWR)
        try:
            memory = mmap.mmap(
                descriptor, loan.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE
            )
        finally:
            os.close(descriptor)
        buffers.insert(loan.index, memoryview(memory))
    return buffers
