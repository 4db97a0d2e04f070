"""Presets of KerasHub that read images and text: their sizes as papers and model cards give them."""

from __future__ import annotations

from typing import Any

from keras_hub.src.models.blip2.blip2_custom_opt import BLIP2CustomOPT
from keras_hub.src.models.blip2.blip2_qformer import BLIP2QFormer
from keras_hub.src.models.blip2.blip2_vision_encoder import BLIP2VisionEncoder
from keras_hub.src.models.gemma3.gemma3_vision_encoder import Gemma3VisionEncoder
from keras_hub.src.models.metaclip_2.metaclip_2_text_encoder import MetaCLIP2TextEncoder
from keras_hub.src.models.metaclip_2.metaclip_2_vision_encoder import MetaCLIP2VisionEncoder
from keras_hub.src.models.qwen3_5.qwen3_5_vision_encoder import Qwen3_5VisionEncoder
from keras_hub.src.models.vae.vae_backbone import VAEBackbone

from .preset_decoders import GEMMA_3
from .preset_sizes import BASE, LARGE, Family, grouped, sizes

HUGE, GIANT, BIG_GIANT = sizes(32, 16, 1280, 5120), sizes(40, 16, 1408, 6144), sizes(48, 16, 1664, 8192)
SO400M, GIANT_OPT = sizes(27, 16, 1152, 4304), sizes(40, 16, 1536, 6144)
TEXT, TEXT_768 = sizes(12, 8, 512, 2048), sizes(12, 12, 768, 3072)
TEXT_1024, TEXT_1280 = sizes(24, 16, 1024, 4096), sizes(32, 20, 1280, 5120)
MULTILINGUAL, GEMMA_WORDS = 250000, 256000


def clip(vision: dict[str, Any], text: dict[str, Any], patch: int, shared: int, image: int = 224) -> dict[str, Any]:
    """A CLIP whose encoders meet in ``shared`` dimensions."""
    return {
        "vision_encoder": ("CLIPVisionEncoder", vision | {"patch_size": patch, "image_shape": (image, image, 3)}),
        "text_encoder": (
            "CLIPTextEncoder",
            text | {"vocabulary_size": 49408, "embedding_dim": text["hidden_dim"]},
        ),
        "projection_dim": shared,
    }


def metaclip(vision: dict[str, Any], text: dict[str, Any], shared: int, image: int) -> dict[str, Any]:
    """A MetaCLIP 2: the vocabulary of XLM-V."""
    return {
        "vision_encoder": (MetaCLIP2VisionEncoder, vision | {"patch_size": 14, "image_shape": (image, image, 3)}),
        "text_encoder": (
            MetaCLIP2TextEncoder,
            text | {"vocabulary_size": 901629, "embedding_dim": text["hidden_dim"]},
        ),
        "projection_dim": shared,
    }


def siglip(
    vision: dict[str, Any], text: dict[str, Any], patch: int, image: int, words: int = 32000, **more: Any
) -> dict[str, Any]:
    """A SigLIP; ``more`` are settings of its text encoder."""
    return {
        "vision_encoder": ("SigLIPVisionEncoder", vision | {"patch_size": patch, "image_shape": (image, image, 3)}),
        "text_encoder": (
            "SigLIPTextEncoder",
            text | {"vocabulary_size": words, "embedding_dim": text["hidden_dim"]} | more,
        ),
    }


def pali(text: dict[str, Any], image: int) -> dict[str, Any]:
    """A PaliGemma: the vision encoder of SigLIP So400m before a Gemma."""
    vision = {f"vit_{name}": value for name, value in SO400M.items()}
    return text | vision | {"vocabulary_size": 257152, "image_size": image, "vit_patch_size": 14}


def gemma3(text: dict[str, Any], words: int = 262144) -> dict[str, Any]:
    """A Gemma 3 that sees: SigLIP So400m at 896, four by four patches pooled into one."""
    eyes = SO400M | {"image_size": 896, "patch_size": 14, "output_dim": text["hidden_dim"], "pool_size": 4}
    return text | {"vocabulary_size": words, "vision_encoder": (Gemma3VisionEncoder, eyes)}


def qwen(text: dict[str, Any], vision: tuple[int, int, int, int], linear_heads: int, tied: bool) -> dict[str, Any]:
    """A Qwen 3.5: three layers of gated delta networks to one of attention."""
    eyes = dict(zip(("depth", "hidden_size", "num_heads", "intermediate_size"), vision, strict=True))
    return text | {
        "linear_num_value_heads": linear_heads,
        "tie_word_embeddings": tied,
        "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * (text["num_layers"] // 4),
        "vision_encoder": (Qwen3_5VisionEncoder, eyes | {"out_hidden_size": text["hidden_dim"]}),
    }


def blip2(size: dict[str, Any]) -> dict[str, Any]:
    """A BLIP-2 over an OPT: the vision encoder of EVA-CLIP and a Q-Former of 32 queries."""
    vision = sizes(39, 16, 1408, 6144, image_size=224, patch_size=14, dropout_rate=0.0, layer_norm_epsilon=1e-6)
    vision |= dict.fromkeys(("use_patch_bias", "use_class_token", "use_mha_bias", "use_mlp_bias"), True)
    queries = {"num_query_tokens": 32, "dropout": 0.1}
    former = BASE | queries | {"vision_dim": 1408, "cross_attention_frequency": 2, "layer_norm_epsilon": 1e-12}
    language = size | queries | {"vocabulary_size": 50304, "max_sequence_length": 2048, "qformer_hidden_dim": 768}
    return {
        "vision_encoder": (BLIP2VisionEncoder, vision | {"initializer_range": 1e-10}),
        "qformer": (BLIP2QFormer, former),
        "language_model": (BLIP2CustomOPT, language),
    }


def encoder_of_clip(size: dict[str, Any], name: str) -> tuple[str, dict[str, Any]]:
    """A text encoder of CLIP without its last layer, as Stable Diffusion reads it."""
    settings = {"vocabulary_size": 49408, "embedding_dim": size["hidden_dim"], "intermediate_output_index": -2}
    return "CLIPTextEncoder", size | settings | {"name": name}


def stable_diffusion(width: int, layers: int, **more: Any) -> dict[str, Any]:
    """A Stable Diffusion 3 without its T5, with heads of 64."""
    return {
        "mmdit_hidden_dim": width,
        "mmdit_num_layers": layers,
        "mmdit_num_heads": width // 64,
        "mmdit_position_size": 192,
        "mmdit_qk_norm": "rms_norm",
        "mmdit_dual_attention_indices": None,
    } | more


AUTOENCODER = {
    "encoder_num_filters": [128, 256, 512, 512],
    "encoder_num_blocks": [2, 2, 2, 2],
    "decoder_num_filters": [512, 512, 256, 128],
    "decoder_num_blocks": [3, 3, 3, 3],
}
GEMMA_2B = grouped(18, 8, 1, 2048, 32768, head_dim=256)
GEMMA_2 = {"use_post_ffw_norm": True, "use_post_attention_norm": True}
GEMMA2_3B = GEMMA_2 | grouped(26, 8, 4, 2304, 18432, head_dim=256)
GEMMA2_10B = GEMMA_2 | grouped(42, 16, 8, 3584, 28672, head_dim=256)
GEMMA2_28B = GEMMA_2 | grouped(46, 32, 16, 4608, 73728, head_dim=128)
GEMMA3_4B, GEMMA3_12B, GEMMA3_27B = (
    grouped(34, 8, 4, 2560, 10240, head_dim=256),
    grouped(48, 16, 8, 3840, 15360, head_dim=256),
    grouped(62, 32, 16, 5376, 21504, head_dim=128),
)

IMAGE_TEXT: list[Family] = [
    (
        "CLIPBackbone",
        {},
        [
            ("clip_vit_base_patch16", clip(BASE, TEXT, 16, 512)),
            ("clip_vit_base_patch32 clip_vit_b_32_laion2b_s34b_b79k", clip(BASE, TEXT, 32, 512)),
            ("clip_vit_large_patch14", clip(LARGE, TEXT_768, 14, 768)),
            ("clip_vit_large_patch14_336", clip(LARGE, TEXT_768, 14, 768, 336)),
            ("clip_vit_h_14_laion2b_s32b_b79k", clip(HUGE, TEXT_1024, 14, 1024)),
            ("clip_vit_g_14_laion2b_s12b_b42k", clip(GIANT, TEXT_1024, 14, 1024)),
            ("clip_vit_bigg_14_laion2b_39b_b160k", clip(BIG_GIANT, TEXT_1280, 14, 1280)),
        ],
    ),
    (
        "MetaCLIP2Backbone",
        {},
        [
            *((f"metaclip_2_vit_huge_patch14_{i}", metaclip(HUGE, TEXT_1024, 1024, i)) for i in (224, 378)),
            *((f"metaclip_2_vit_giant_patch14_{i}", metaclip(BIG_GIANT, TEXT_1280, 1280, i)) for i in (224, 378)),
        ],
    ),
    (
        "SigLIPBackbone",
        {},
        [
            *((f"siglip_base_patch16_{i}", siglip(BASE, BASE, 16, i)) for i in (224, 256, 384, 512)),
            *((f"siglip_large_patch16_{i}", siglip(LARGE, LARGE, 16, i)) for i in (256, 384)),
            ("siglip_so400m_patch14_224", siglip(SO400M, SO400M, 14, 224, max_sequence_length=16)),
            ("siglip_so400m_patch14_384", siglip(SO400M, SO400M, 14, 384)),
            ("medsiglip_900m_448", siglip(SO400M, SO400M, 14, 448)),
            ("siglip_so400m_patch16_256_i18n", siglip(SO400M, SO400M, 16, 256, MULTILINGUAL)),
            ("siglip_base_patch16_256_multilingual", siglip(BASE, BASE, 16, 256, MULTILINGUAL)),
            *((f"siglip2_base_patch16_{i}", siglip(BASE, BASE, 16, i, GEMMA_WORDS)) for i in (224, 256, 384)),
            ("siglip2_base_patch32_256", siglip(BASE, BASE, 32, 256, GEMMA_WORDS)),
            *((f"siglip2_large_patch16_{i}", siglip(LARGE, LARGE, 16, i, GEMMA_WORDS)) for i in (256, 384, 512)),
            *(
                (
                    f"siglip2_giant_opt_patch16_{i}",
                    siglip(GIANT_OPT, SO400M, 16, i, GEMMA_WORDS, projection_dim=1536),
                )
                for i in (256, 384)
            ),
            *(
                (f"siglip2_so400m_patch{p}_{i}", siglip(SO400M, SO400M, p, i, GEMMA_WORDS))
                for p, i in ((14, 224), (14, 384), (16, 256), (16, 384), (16, 512))
            ),
        ],
    ),
    (
        "PaliGemmaBackbone",
        {},
        [
            ("pali_gemma_3b_mix_224 pali_gemma_3b_224", pali(GEMMA_2B, 224)),
            ("pali_gemma_3b_mix_448 pali_gemma_3b_448", pali(GEMMA_2B, 448)),
            ("pali_gemma_3b_896", pali(GEMMA_2B, 896)),
            ("pali_gemma2_mix_3b_224 pali_gemma2_pt_3b_224", pali(GEMMA2_3B, 224)),
            ("pali_gemma_2_ft_docci_3b_448 pali_gemma2_mix_3b_448 pali_gemma2_pt_3b_448", pali(GEMMA2_3B, 448)),
            ("pali_gemma2_pt_3b_896", pali(GEMMA2_3B, 896)),
            ("pali_gemma2_mix_10b_224 pali_gemma2_pt_10b_224", pali(GEMMA2_10B, 224)),
            ("pali_gemma2_ft_docci_10b_448 pali_gemma2_mix_10b_448 pali_gemma2_pt_10b_448", pali(GEMMA2_10B, 448)),
            ("pali_gemma2_pt_10b_896", pali(GEMMA2_10B, 896)),
            ("pali_gemma2_mix_28b_224 pali_gemma2_pt_28b_224", pali(GEMMA2_28B, 224)),
            ("pali_gemma2_mix_28b_448 pali_gemma2_pt_28b_448", pali(GEMMA2_28B, 448)),
            ("pali_gemma2_pt_28b_896", pali(GEMMA2_28B, 896)),
        ],
    ),
    (
        "Gemma3Backbone",
        GEMMA_3,
        [
            ("gemma3_4b gemma3_instruct_4b translategemma_4b_it", gemma3(GEMMA3_4B)),
            ("gemma3_12b gemma3_instruct_12b translategemma_12b_it", gemma3(GEMMA3_12B)),
            ("gemma3_27b gemma3_instruct_27b translategemma_27b_it", gemma3(GEMMA3_27B)),
            ("medgemma_4b medgemma_instruct_4b medgemma_1.5_instruct_4b", gemma3(GEMMA3_4B, 262208)),
            ("medgemma_instruct_27b", gemma3(GEMMA3_27B, 262208)),
        ],
    ),
    (
        "Qwen3_5Backbone",
        {"vocabulary_size": 248320, "head_dim": 256, "linear_num_key_heads": 16, "mrope_section": [11, 11, 10]},
        [
            ("qwen3_5_0.8b_base qwen3_5_0.8b", qwen(grouped(24, 8, 2, 1024, 3584), (12, 768, 12, 3072), 16, True)),
            ("qwen3_5_2b_base qwen3_5_2b", qwen(grouped(24, 8, 2, 2048, 6144), (24, 1024, 16, 4096), 16, True)),
            ("qwen3_5_4b_base qwen3_5_4b", qwen(grouped(32, 16, 4, 2560, 9216), (24, 1024, 16, 4096), 32, True)),
            ("qwen3_5_9b_base qwen3_5_9b", qwen(grouped(32, 16, 4, 4096, 12288), (27, 1152, 16, 4304), 32, False)),
            (
                "qwen3_5_27b qwen3_6_27b qwen3_8_27b",
                qwen(grouped(64, 24, 4, 5120, 17408), (27, 1152, 16, 4304), 48, False),
            ),
        ],
    ),
    (
        "BLIP2Backbone",
        {},
        [
            ("blip2_opt_2.7b", blip2(sizes(32, 32, 2560, 10240))),
            ("blip2_opt_6.7b", blip2(sizes(32, 32, 4096, 16384))),
        ],
    ),
    (
        "StableDiffusion3Backbone",
        {
            "mmdit_patch_size": 2,
            "vae": (VAEBackbone, AUTOENCODER),
            "clip_l": encoder_of_clip(BASE, "clip_l"),
            "clip_g": encoder_of_clip(TEXT_1280, "clip_g"),
        },
        [
            ("stable_diffusion_3_medium", stable_diffusion(1536, 24, mmdit_qk_norm=None)),
            (
                "stable_diffusion_3.5_medium",
                stable_diffusion(1536, 24, mmdit_position_size=384, mmdit_dual_attention_indices=list(range(13))),
            ),
            ("stable_diffusion_3.5_large stable_diffusion_3.5_large_turbo", stable_diffusion(2432, 38)),
        ],
    ),
]
