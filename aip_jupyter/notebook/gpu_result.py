"""What has become of code that ran on a GPU session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .display import element, frame, plain


@dataclass(frozen=True)
class GpuResult:
    """What `aip.run_on_gpu` returns for code."""

    output: str
    """The text that it has printed, and that of its result; of a great deal the last part."""
    success: bool
    error: str = ""
    """`ValueError: why`; "" when it came to its end."""
    duration_seconds: float = 0.0
    """From the call to the end, with the start of a session."""
    gpu_type: str = ""
    """The type that its session has; `cpu` for a stand-in."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The variables that `outputs` has named."""
    raised: BaseException | None = field(default=None, compare=False)
    """The error itself, with the session's traceback; None when there is none."""

    def check(self) -> GpuResult:
        """This result; raises the error when there was one."""
        if self.raised is not None:
            raise self.raised
        return self

    def __repr__(self) -> str:
        what = "succeeded" if self.success else f"failed: {self.error}"
        return plain(f"<GpuResult {what}, {self.duration_seconds:.1f} s on {self.gpu_type or 'no GPU'}>")

    def _repr_html_(self) -> str:
        kind = "aip-ok" if self.success else "aip-bad"
        return frame(element("div", element("span", repr(self).strip("<>"), class_=kind)))
