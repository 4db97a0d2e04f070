"""What a structure costs, with the conventions the numbers stand on."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..graph.checks import known
from .catalogue import METRICS, layer_metrics, shown_metrics
from .formatting import format_metric
from .parameters import BITS_OF

if TYPE_CHECKING:
    import pandas as pd

    from .receipt import Receipt
    from .verification import Verification


class Measured(Protocol):
    """What a report was measured on, which this floor does not know: a structure."""

    def receipt_of(self, report: CostReport, metric: str) -> Receipt: ...

    def marginal_of(self, report: CostReport) -> pd.DataFrame: ...

    def verification_of(self, report: CostReport, memory: bool) -> Verification: ...


@dataclass(frozen=True)
class CostReport:
    """Costs of one structure. Each metric is an attribute: ``report.n_params``.

    Attributes:
        values: by metric, those of the whole model: see :data:`~structopt_widgets.metrics.catalogue.METRICS`, whose
            ``convention`` defines each in full.
        batch_size: the batch of the memory numbers, but for ``weight_bytes``.
        optimizer, slots: whose slots ``training_bytes`` counts, and how many for each trainable weight.
        precision, recompute, accumulate: what the memory of activations is estimated for: see
            :meth:`Structure.measure`.
        uncounted: layer to the reason its operations are not in the numbers. When it is not empty,
            every number but those of the weights (``is_exact`` in the catalogue) is a lower bound.
        tokens: length of a sample, for a model that looks its input up in an embedding, else ``None``.
        kinds: layer to its class, for the layers that are there.
        layer_values: gives the numbers of :attr:`by_layer`.
        structure: what was measured; ``None`` for a report made by hand.

    >>> cost = space.baseline.measure(batch_size=32)
    >>> cost.n_params == 4 * 8 + 8 + 8 * 3 + 3
    True
    >>> cost.uncounted
    {}
    """

    values: Mapping[str, Any]
    batch_size: int
    optimizer: str
    slots: int
    uncounted: Mapping[str, str]
    kinds: Mapping[str, str] = field(repr=False, default_factory=dict)
    layer_values: Callable[[], Mapping[str, float]] = field(repr=False, compare=False, default=dict)
    tokens: int | None = None
    precision: str | None = None
    recompute: bool | str = False
    accumulate: int = 1
    structure: Measured | None = field(repr=False, compare=False, default=None)

    def __getattr__(self, name: str) -> Any:
        # Asked for what is no field. While a copy is made there are no values yet.
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        raise AttributeError(f"Expected a metric ({', '.join(values)}) or another attribute of a report, got {name!r}.")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.values})

    @property
    def is_lower_bound(self) -> bool:
        """Whether a layer's operations are missing from the totals."""
        return bool(self.uncounted)

    @functools.cached_property
    def by_layer(self) -> pd.DataFrame:
        """One row a layer, in execution order.

        ``n_params``, ``n_trainable``, ``macs``, ``flops``, ``weight_bytes``, ``flash_bytes`` and ``kv_cache_bytes`` sum
        to the totals; the largest ``live_bytes`` is the peak; ``training_bytes`` is what a layer holds
        throughout, weights, gradients, slots and what it keeps for its backward pass, without the
        gradients of activations; ``span`` is the layer's own.
        """
        import pandas as pd

        values = self.layer_values()
        rows = {
            layer: {
                "kind": kind,
                **{metric: values[f"{metric}:{layer}"] for metric in layer_metrics()},
                "counted": layer not in self.uncounted,
            }
            for layer, kind in self.kinds.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("layer")

    @property
    def flops_per_token(self) -> float | None:
        """``flops / tokens``, the mean over a sequence; ``None`` for a model that reads no tokens."""
        return self.flops / self.tokens if self.tokens else None

    def weight_bytes_in(self, dtype: str) -> int:
        """Bytes of all weights if each were stored in ``dtype``; two of ``"int4"`` share a byte.

        Scales and zero points that a quantization keeps beside them are left out. ``flash_bytes`` is what 8-bit
        deployment stores, where biases stay wider and batch norms are gone.

        Args:
            dtype: ``"float32"``, ``"bfloat16"``, ``"float16"``, ``"int8"`` or ``"int4"``.

        >>> cost = space.baseline.measure()
        >>> cost.weight_bytes_in("int4"), cost.weight_bytes_in("float16")
        (34, 134)
        """
        return -(-int(self.n_params) * BITS_OF[known(dtype, BITS_OF, "a dtype of weights")] // 8)

    def receipt(self, metric: str) -> Receipt:
        """How a number came about: its formula in the widths, its convention, what it leaves out.

        >>> space.baseline.measure().receipt("n_params").formula
        8*u_hidden + 3
        """
        return self._measured().receipt_of(self, metric)

    def marginal(self) -> pd.DataFrame:
        """What one more unit costs.

        Returns:
            one row a free width group: its ``width``, the ``step`` to the next one allowed, and how
            much that step adds to each metric, measured, not estimated. The step is taken beyond
            the upper bound too.

        >>> space.baseline.measure().marginal().loc["hidden", ["width", "step", "n_params"]].tolist()
        [8, 1, 8]
        """
        return self._measured().marginal_of(self)

    def verify(self, memory: bool = False) -> Verification:
        """Build the model with Keras and count again, independently.

        Parameters and bytes are compared with the built model's own, products and bias additions
        with what TensorFlow's profiler counts in the traced model. No weight is allocated.

        Args:
            memory: whether to compare peak activations with the buffers that XLA plans, which takes
                a compilation: seconds for a large model.
        """
        return self._measured().verification_of(self, memory)

    def __str__(self) -> str:
        lines = [
            f"{METRICS[name].label:>18}  {self._shown(name):>10}  {METRICS[name].meaning}" for name in self._rows()
        ]
        return "\n".join([*lines, self._conventions()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th scope='row'>{METRICS[name].label}</th><td>{self._shown(name)}</td>"
            f"<td>{getattr(self, name):,.{0 if METRICS[name].unit != 'ratio' else 1}f}</td>"
            f"<td style='text-align:left'>{METRICS[name].meaning}</td></tr>"
            for name in self._rows()
        )
        return (
            "<table><thead><tr><th>cost</th><th></th><th>exactly</th><th>meaning</th></tr></thead>"
            f"<tbody>{rows}</tbody></table><p>{html.escape(self._conventions())}</p>"
        )

    def _rows(self) -> list[str]:
        return shown_metrics(self.values)

    def _measured(self) -> Measured:
        if self.structure is None:
            raise ValueError("Expected a report that structure.measure() made, got one made by hand.")
        return self.structure

    def _shown(self, name: str) -> str:
        bound = ">= " if self.is_lower_bound and not METRICS[name].is_exact else ""
        return bound + format_metric(name, getattr(self, name))

    def _conventions(self) -> str:
        text = f"Batch of {self.batch_size}; training memory with {self.optimizer}."
        if self.precision is not None:
            text += f" Activations in {self.precision}."
        if self.recompute:
            what = "Attention scores are" if self.recompute == "attention" else "Residual blocks are"
            text += f" {what} computed again in training."
        if self.accumulate > 1:
            text += f" Gradients of {self.accumulate} parts of the batch are added up."
        if self.flops_per_token is not None:
            text += f" {self.tokens} tokens a sample: {format_metric('flops', self.flops_per_token)} FLOPs each."
        if self.uncounted:
            text += " Not counted: " + "; ".join(f"{layer} {reason}" for layer, reason in self.uncounted.items()) + "."
        return text
