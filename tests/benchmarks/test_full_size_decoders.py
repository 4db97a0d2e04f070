"""Decoders of published size, read and measured without a weight in memory.

The figures are reported. What is asserted is orders of magnitude below them, and holds on a busy machine.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import pytest

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(900)]

LENGTH = 64
ROUNDS = 200
# Their papers' sizes; the parameters are those that KerasHub publishes of its presets.
LLAMA_3_8B = {
    "vocabulary_size": 128256,
    "num_layers": 32,
    "num_query_heads": 32,
    "num_key_value_heads": 8,
    "hidden_dim": 4096,
    "intermediate_dim": 14336,
    "rope_max_wavelength": 500000,
}
GEMMA_2B = {
    "vocabulary_size": 256000,
    "num_layers": 18,
    "num_query_heads": 8,
    "num_key_value_heads": 1,
    "hidden_dim": 2048,
    "intermediate_dim": 32768,
    "head_dim": 256,
}


@pytest.mark.parametrize(
    ("name", "sizes", "preset"),
    [("Llama3Backbone", LLAMA_3_8B, "llama3_8b_en"), ("GemmaBackbone", GEMMA_2B, "gemma_2b_en")],
)
def test_a_large_decoder_opens_and_is_live(
    name: str, sizes: dict[str, Any], preset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from keras_hub import models as hub
    from kerashub.presets import published

    with sw.without_weights():
        model = getattr(hub, name)(**sizes)
        start, used = time.perf_counter(), time.process_time()
        space = sw.StructureSpace.from_keras(model, input_shape={"token_ids": (LENGTH,), "padding_mask": (LENGTH,)})
        read, used = time.perf_counter() - start, time.process_time() - used
    start = time.perf_counter()
    cost = space.baseline.measure()
    first = time.perf_counter() - start
    group = next(each for each in space.width_groups.values() if not each.fixed and each.width > LENGTH)
    ticks = []
    for step in range(ROUNDS):
        start = time.perf_counter()
        space.baseline.with_width(group.name, group.width - (1 + step % 60) * group.divisor).measure()
        ticks.append(time.perf_counter() - start)
    tick = statistics.median(ticks)
    with capsys.disabled():
        print(
            f"\n{name}: read in {read:.1f} s ({used:.1f} s of processor), measured first in {first:.1f} s, "
            f"then a tick {1e3 * tick:.2f} ms; "
            f"{cost.n_params:,} parameters, {cost.flops_per_token:,.0f} FLOPs a token at {LENGTH} tokens, "
            f"{cost.kv_cache_bytes / LENGTH:,.0f} bytes a token in the cache"
        )
    assert cost.n_params == published()[preset]
    assert not cost.uncounted
    size = sizes.get("head_dim", sizes["hidden_dim"] // sizes["num_query_heads"])
    assert cost.kv_cache_bytes == 2 * sizes["num_layers"] * sizes["num_key_value_heads"] * size * LENGTH * 4
    # Each matrix is multiplied by a token once: two operations a weight. What is more is attention and activations.
    matrices = cost.n_params - sizes["vocabulary_size"] * sizes["hidden_dim"] * (2 if name == "Llama3Backbone" else 1)
    assert 2 * matrices < cost.flops_per_token < 2.2 * matrices
    assert read < 100
    assert tick < 1
