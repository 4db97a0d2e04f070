"""What a structure costs, with the conventions the numbers stand on."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .cost_program import LAYER_COLUMNS
from .formatting import METRICS, format_metric

if TYPE_CHECKING:
    import pandas as pd

SHOWN = ("n_params", "flops", "macs", "weight_bytes", "peak_activation_bytes", "training_bytes", "parallelism")
EXACT = ("n_params", "weight_bytes")  # known from the weights, whatever a layer does with them


@dataclass(frozen=True)
class CostReport:
    """Costs of one structure.

    Attributes:
        n_params: elements of all weights, trainable and not; equals Keras ``count_params()``.
        n_trainable: those that training changes.
        macs: multiply-accumulates of products, for one sample.
        flops: ``2 * macs`` plus every other scalar operation, for one sample.
        weight_bytes: bytes of all weights, in their own dtypes.
        peak_activation_bytes: largest sum of live tensors over the calls in execution order, for a
            batch; a tensor lives from the call that makes it to its last reader, nothing is fused
            or done in place.
        training_bytes: weights, gradients, the optimizer's slots and the activations kept for the
            backward pass, for a batch.
        span: longest chain of scalar operations that wait for one another.
        parallelism: ``flops / span``: how many operations could run at once, for one sample.
        batch_size: the batch of the two memory numbers.
        optimizer: whose slots ``training_bytes`` counts.
        uncounted: layer to the reason its operations are not in the numbers. When it is not empty,
            every number but ``n_params`` and ``weight_bytes`` is a lower bound.
    """

    n_params: int
    n_trainable: int
    macs: int
    flops: int
    weight_bytes: int
    peak_activation_bytes: int
    training_bytes: int
    span: int
    parallelism: float
    batch_size: int
    optimizer: str
    uncounted: Mapping[str, str]
    kinds: Mapping[str, str] = field(repr=False, default_factory=dict)
    layer_values: Callable[[], Mapping[str, float]] = field(repr=False, compare=False, default=dict)

    @property
    def is_lower_bound(self) -> bool:
        """Whether a layer's operations are missing from the totals."""
        return bool(self.uncounted)

    @functools.cached_property
    def by_layer(self) -> pd.DataFrame:
        """One row a layer, in execution order.

        ``n_params``, ``macs``, ``flops``, ``weight_bytes`` and ``training_bytes`` sum to the
        totals; the largest ``live_bytes`` is the peak; ``span`` is the layer's own.
        """
        import pandas as pd

        values = self.layer_values()
        rows = {
            layer: {
                "kind": kind,
                **{metric: values[f"{metric}:{layer}"] for metric in LAYER_COLUMNS},
                "counted": layer not in self.uncounted,
            }
            for layer, kind in self.kinds.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")

    def __str__(self) -> str:
        lines = [f"{METRICS[name].label:>18}  {self._shown(name):>10}  {METRICS[name].meaning}" for name in SHOWN]
        return "\n".join([*lines, self._conventions()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{METRICS[name].label}</th><td>{self._shown(name)}</td>"
            f"<td>{getattr(self, name):,.{0 if METRICS[name].unit != 'ratio' else 1}f}</td>"
            f"<td style='text-align:left'>{METRICS[name].meaning}</td></tr>"
            for name in SHOWN
        )
        return (
            "<table><thead><tr><th>cost</th><th></th><th>exactly</th><th>meaning</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{html.escape(self._conventions())}</p>"
        )

    def _shown(self, name: str) -> str:
        bound = ">= " if self.is_lower_bound and name not in EXACT else ""
        return bound + format_metric(name, getattr(self, name))

    def _conventions(self) -> str:
        text = f"Batch of {self.batch_size}; training memory with {self.optimizer}."
        if self.uncounted:
            text += " Not counted: " + "; ".join(f"{layer} {reason}" for layer, reason in self.uncounted.items()) + "."
        return text
