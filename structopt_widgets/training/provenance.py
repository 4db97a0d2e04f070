"""By which programs, and on what machine, numbers came about."""

from __future__ import annotations

import functools
import os
import platform
from importlib.metadata import version
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")


def versions() -> dict[str, str]:
    """Versions of Keras, of its backend, of Python and of this package, and the hardware."""
    from ..keras_bridge.backend import backend_name  # Keras takes seconds to import; reading a trial does without

    return {name: version(name) for name in ("keras", backend_name())} | {
        "python": platform.python_version(),
        "structopt_widgets": version("structopt-widgets"),
        "hardware": hardware(),
    }


@functools.cache
def hardware() -> str:
    """Processor, how many of it and the system, as far as the system tells: what the last bits of a sum go by."""
    name = platform.processor()
    if CPU_INFO.is_file():  # Linux's, where platform.processor() is the architecture or nothing
        told = (line.partition(":") for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines())
        name = next((value.strip() for key, _, value in told if key.strip() == "model name"), name)
    parts = (name, platform.machine(), f"{os.cpu_count() or 1} processors", platform.system())
    return ", ".join(dict.fromkeys(part for part in parts if part))
