"""Peak activations as XLA plans them, from the buffers its compiler assigns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from .traced import traceable


@dataclass(frozen=True)
class PlannedBytes:
    """Bytes of a compiled inference step besides its weights: inputs, outputs, and the arena everything else shares."""

    inputs: int
    outputs: int
    temporary: int

    @property
    def total(self) -> int:
        """All of them together."""
        return self.inputs + self.outputs + self.temporary


def planned_bytes(model: keras.Model, batch_size: int) -> PlannedBytes:
    """Compile ``model`` for the CPU and read its buffer assignment; nothing is allocated or run."""
    from tensorflow.compiler.xla.service import hlo_pb2

    run, (weights, inputs) = traceable(model, batch_size)

    # Only a flat list of specs is compiled without tensors to go with it.
    @tf.function(jit_compile=True, autograph=False)
    def step(*values: Any) -> Any:
        return run(list(values[: len(weights)]), list(values[len(weights) :]))

    compiled = step.experimental_get_compiler_ir(*weights, *inputs)
    proto = hlo_pb2.HloProto.FromString(compiled(stage="optimized_hlo_proto_serialized", platform_name="CPU"))
    outputs = temporary = 0
    for buffer in proto.buffer_assignment.buffer_allocations:
        if buffer.is_entry_computation_parameter or buffer.is_constant or buffer.is_thread_local:
            continue  # weights and inputs; scalars in the code; the stack of a kernel
        if buffer.maybe_live_out:
            outputs += buffer.size
        else:
            temporary += buffer.size
    given = sum(math.prod(spec.shape) * spec.dtype.size for spec in inputs)
    return PlannedBytes(given, outputs, temporary)
