"""`python -m benchmarks [NAME …]`: all of them, or those named."""

from __future__ import annotations

import os
import sys

from . import (
    gpu_cell,
    gpu_start,
    gpu_stdout,
    gpu_values,
    ingest,
    interrupts,
    kernel_start,
    lineage,
    log_metrics,
    models_search,
    runs_search,
    s3,
    server_start,
    tracking,
)

ALL = {
    "kernel_start": kernel_start.main,
    "server_start": server_start.main,
    "log_metrics": log_metrics.main,
    "ingest": ingest.main,
    "tracking": tracking.main,
    "runs_search": runs_search.main,
    "models_search": models_search.main,
    "lineage": lineage.main,
    "s3": s3.main,
    "gpu_start": gpu_start.main,
    "gpu_cell": gpu_cell.main,
    "gpu_stdout": gpu_stdout.main,
    "gpu_values": gpu_values.main,
    "interrupts": interrupts.main,
}

if __name__ == "__main__":
    if unknown := sorted(set(sys.argv[1:]) - ALL.keys()):
        sys.exit(f"{unknown[0]}: there is no such benchmark; there are {', '.join(ALL)}")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    for name in sys.argv[1:] or ALL:
        ALL[name]()
        print()
