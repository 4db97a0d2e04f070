"""Presets of KerasHub made of an encoder and a decoder: their sizes as papers and model cards give them."""

from __future__ import annotations

from typing import Any

from .preset_sizes import Family

# Width, width of the feed-forward part, layers, query heads, key heads, width of a head.
Size = tuple[int, int, int, int, int, int]
SMALL: Size = (512, 1024, 8, 8, 8, 64)
BASE: Size = (768, 2048, 12, 12, 12, 64)
LARGE: Size = (1024, 2816, 24, 16, 16, 64)
MEDIUM_LARGE: Size = (1152, 6912, 26, 16, 16, 64)
EXTRA_LARGE: Size = (2048, 5120, 24, 32, 32, 64)
GEMMA_2B: Size = (2304, 9216, 26, 8, 4, 256)
GEMMA_9B: Size = (3584, 14336, 42, 16, 8, 256)


def t5gemma(encoder: Size, decoder: Size) -> dict[str, Any]:
    """A T5Gemma; all attention is called full here, because a window changes no parameter."""
    found: dict[str, Any] = {"vocabulary_size": 256000, "cross_attention_hidden_size": encoder[0]}
    for side, (width, hidden, layers, heads, key_heads, head) in (("encoder", encoder), ("decoder", decoder)):
        found |= {
            f"{side}_hidden_dim": width,
            f"{side}_intermediate_dim": hidden,
            f"{side}_num_layers": layers,
            f"{side}_num_attention_heads": heads,
            f"{side}_num_key_value_heads": key_heads,
            f"{side}_head_dim": head,
            f"{side}_layer_types": ["full_attention"] * layers,
        }
    return found


def kinds(size: str) -> str:
    """The four presets of a size."""
    return " ".join(f"t5gemma_{size}_{kind}" for kind in ("ul2", "prefixlm", "ul2_it", "prefixlm_it"))


def moonshine(width: int, layers: int) -> dict[str, Any]:
    """A Moonshine."""
    return {
        "filter_dim": width,
        "hidden_dim": width,
        "intermediate_dim": 4 * width,
        "encoder_num_layers": layers,
        "decoder_num_layers": layers,
    }


ENCODER_DECODERS: list[Family] = [
    (
        "T5GemmaBackbone",
        {},
        [
            (kinds("s_s"), t5gemma(SMALL, SMALL)),
            (kinds("b_b"), t5gemma(BASE, BASE)),
            (kinds("l_l"), t5gemma(LARGE, LARGE)),
            (kinds("ml_ml"), t5gemma(MEDIUM_LARGE, MEDIUM_LARGE)),
            (kinds("xl_xl"), t5gemma(EXTRA_LARGE, EXTRA_LARGE)),
            (kinds("2b_2b"), t5gemma(GEMMA_2B, GEMMA_2B)),
            (kinds("9b_2b"), t5gemma(GEMMA_9B, GEMMA_2B)),
            (kinds("9b_9b"), t5gemma(GEMMA_9B, GEMMA_9B)),
        ],
    ),
    (
        "MoonshineBackbone",
        {"vocabulary_size": 32768, "encoder_num_heads": 8, "decoder_num_heads": 8},
        [("moonshine_tiny_en", moonshine(288, 6)), ("moonshine_base_en", moonshine(416, 8))],
    ),
]
