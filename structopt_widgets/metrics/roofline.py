"""What a machine's arithmetic and its memory allow: the roofline model.

Source: S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore
architectures", Communications of the ACM 52(4), 2009.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..graph.checks import instance, known, number
from .cost_report import CostReport


@dataclass(frozen=True)
class Machine:
    """Attributes:
    name: what it is called.
    flops_per_second: peak of single precision, without tensor cores, which take other dtypes.
    bytes_per_second: peak of its main memory.
    source: where both stand.

    >>> sw.roofline(space.baseline.measure(), sw.Machine("mine", 50e9, 20e9)).bound
    'memory'
    """

    name: str
    flops_per_second: float
    bytes_per_second: float
    source: str = "given by the user"

    def __post_init__(self) -> None:
        for name in ("flops_per_second", "bytes_per_second"):
            number(getattr(self, name), f"{name} of a machine", above=0)

    @property
    def ridge(self) -> float:
        """FLOPs a byte from which on arithmetic is the bound."""
        return self.flops_per_second / self.bytes_per_second


MACHINES = {
    each.name: each
    for each in (
        Machine("NVIDIA H100 SXM", 67e12, 3.35e12, "NVIDIA H100 data sheet: FP32 67 TFLOPS, 3.35 TB/s"),
        Machine("NVIDIA A100 SXM 40 GB", 19.5e12, 1.555e12, "NVIDIA A100 data sheet: FP32 19.5 TFLOPS, 1,555 GB/s"),
        Machine("NVIDIA T4", 8.1e12, 320e9, "NVIDIA T4 data sheet: FP32 8.1 TFLOPS, 320 GB/s"),
        Machine(
            "Jetson Orin Nano 8 GB",
            2 * 1024 * 625e6,
            68e9,
            "Jetson Orin Nano data sheet: 1,024 CUDA cores at 625 MHz, one multiply-add each a cycle; 68 GB/s",
        ),
    )
}


@dataclass(frozen=True)
class Roofline:
    """Attributes:
    machine: which one.
    intensity: FLOPs a byte that moves between its memory and its arithmetic.
    seconds: the least a batch can take: the longer of its arithmetic and its traffic.
    """

    machine: Machine
    intensity: float
    seconds: float

    @property
    def bound(self) -> str:
        """``"compute"`` or ``"memory"``: what the least time is spent on."""
        return "compute" if self.intensity >= self.machine.ridge else "memory"


def moved_bytes(weight_bytes: float, activation_bytes: float) -> float:
    """Bytes between memory and arithmetic of a batch: each weight is read once, each tensor written and read once.

    No operation is fused with another, and nothing stays in a cache: measured traffic is less for small layers that
    follow one another, more for large ones that are read again.
    """
    return weight_bytes + 2 * activation_bytes


def roofline(report: CostReport, machine: Machine | str) -> Roofline:
    """Whether arithmetic or memory bounds a batch on a machine, and the least time that it can take.

    Args:
        report: from ``measure(batch_size=...)``.
        machine: a name of :data:`MACHINES`, or a :class:`Machine` of your own.

    >>> found = sw.roofline(space.baseline.measure(batch_size=32), "NVIDIA T4")
    >>> found.bound, f"{found.intensity:.2f} FLOPs a byte"
    ('memory', '1.14 FLOPs a byte')
    """
    instance(report, CostReport, "a CostReport, such as space.baseline.measure(),")
    if isinstance(machine, str):
        machine = MACHINES[known(machine, MACHINES, "a machine")]
    instance(machine, Machine, "a machine, by its name or as a Machine,")
    flops = report.batch_size * report.flops
    moved = moved_bytes(report.weight_bytes, report.by_layer["activation_bytes"].sum())
    seconds = max(flops / machine.flops_per_second, moved / machine.bytes_per_second)
    return Roofline(machine, flops / moved, seconds)
