"""Rules of ``ConvLSTM1D``, ``2D`` and ``3D``: an LSTM whose products are convolutions (Shi et al. 2015)."""

from __future__ import annotations

from typing import Any

from ..graph import Product, Shape, maximum, product, sum_depth
from .activation_costs import layer_activation
from .convolutional import as_list, join_channels, split_channels, window_positions
from .registry import register_layer_rule
from .rule import Connection, Cost, LayerRule, Mixing, Setting, Site, UnsupportedLayerError, WeightAxes

_GATES = 4


class ConvLSTM(LayerRule):
    """``filters`` is a width; space is fixed by the input, the recurrent convolution keeps it as it is."""

    bias_key = "use_bias"
    activation_key = "activation"
    initializer_key = "kernel_initializer"

    def connect(self, site: Site) -> Connection:
        if len(site.inputs) > 1:
            raise UnsupportedLayerError("there is none for states that it is given")
        timesteps, *image = site.inputs[0]
        space, channels = split_channels(site, tuple(image))
        config, rank = site.config, len(space)
        window = as_list(config["kernel_size"], rank)
        positions = window_positions(
            space,
            window,
            as_list(config["strides"], rank),
            config["padding"],
            as_list(config["dilation_rate"], rank),
        )
        filters = site.new_width(config["filters"])
        state = join_channels(site, positions, filters)
        output = (timesteps, *state) if config["return_sequences"] else state
        blocks = Product(_GATES, filters)
        return Connection(
            outputs=(output, *([state] * 2 if config["return_state"] else [])),
            weights=(
                WeightAxes("kernel", (*window, channels, blocks), incoming=rank + 1),
                WeightAxes("recurrent_kernel", (*window, filters, blocks), incoming=rank + 1),
                WeightAxes("bias", (blocks,), is_bias=True),
            ),
        )

    def cost(self, site: Site, at: Setting) -> Cost:
        timesteps, *image = site.inputs[0]
        space, channels = split_channels(site, tuple(image))
        steps, (filters,) = at.size(timesteps), (at.size(each) for each in site.produced)
        state = product(split_channels(site, self._state(site))[0]) * filters
        taps = product(as_list(site.config["kernel_size"], len(space)))
        own, gate = at.activation(site), layer_activation(site.layer, "recurrent_activation")
        bias = at.bias(site)
        # Each gate adds its two products; three gates and two tanh; f * c, i * candidate, their sum, o * tanh(c).
        step = state * (_GATES * (1 + bias) + 3 * gate.flops + 2 * own.flops + 4)
        wait = 1 + sum_depth(taps * maximum(at.size(channels), filters)) + 1 + bias + 3 + gate.span
        return Cost(
            macs=steps * _GATES * state * taps * (at.size(channels) + filters),
            other=steps * step,
            span=steps * (wait + own.span_over(filters)),
            kept=steps * state * (_GATES + 2),
            uncounted=own.uncounted + gate.uncounted,
        )

    def mixing(self, site: Site) -> Mixing:
        return super().mixing(site) + Mixing(summed=site.inputs[0][:1])

    def config(self, site: Site, at: Setting) -> dict[str, Any]:
        return {"filters": at.size(site.produced[0])}

    def _state(self, site: Site) -> Shape:
        return site.outputs[0][1:] if site.config["return_sequences"] else site.outputs[0]


for _rank in ("1D", "2D", "3D"):
    register_layer_rule(f"ConvLSTM{_rank}", ConvLSTM())
