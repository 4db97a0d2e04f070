"""Decoders among KerasHub's presets: their sizes as papers and model cards give them."""

from __future__ import annotations

from .preset_sizes import BASE, LARGE, Family, grouped, sizes

GEMMA = {"vocabulary_size": 256000}
GEMMA_2 = GEMMA | {
    "use_post_ffw_norm": True,
    "use_post_attention_norm": True,
    "use_sliding_window_attention": True,
}
GEMMA_3 = {
    "vocabulary_size": 262144,
    "image_size": 896,
    "use_post_ffw_norm": True,
    "use_post_attention_norm": True,
    "use_sliding_window_attention": True,
}
QWEN = {"vocabulary_size": 151936}

DECODERS: list[Family] = [
    (
        "BloomBackbone",
        {"vocabulary_size": 250880},
        [
            ("bloom_560m_multi bloomz_560m_multi", sizes(24, 16, 1024, 4096)),
            ("bloom_1.1b_multi bloomz_1.1b_multi", sizes(24, 16, 1536, 6144)),
            ("bloom_1.7b_multi bloomz_1.7b_multi", sizes(24, 16, 2048, 8192)),
            ("bloom_3b_multi bloomz_3b_multi", sizes(30, 32, 2560, 10240)),
        ],
    ),
    (
        "FalconBackbone",
        {"vocabulary_size": 50304},
        [
            (
                "falcon_refinedweb_1b_en",
                {"num_layers": 24, "num_attention_heads": 32, "hidden_dim": 2048, "intermediate_dim": 8192},
            )
        ],
    ),
    (
        "GemmaBackbone",
        {},
        [
            (
                "gemma_2b_en gemma_instruct_2b_en gemma_1.1_instruct_2b_en code_gemma_1.1_2b_en code_gemma_2b_en",
                GEMMA | grouped(18, 8, 1, 2048, 32768, head_dim=256),
            ),
            (
                "gemma_7b_en gemma_instruct_7b_en gemma_1.1_instruct_7b_en code_gemma_7b_en code_gemma_instruct_7b_en "
                "code_gemma_1.1_instruct_7b_en",
                GEMMA | grouped(28, 16, 16, 3072, 49152, head_dim=256),
            ),
            (
                "gemma2_2b_en gemma2_instruct_2b_en shieldgemma_2b_en c2s_scale_gemma_2_2b_en",
                GEMMA_2 | grouped(26, 8, 4, 2304, 18432, head_dim=256),
            ),
            (
                "gemma2_9b_en gemma2_instruct_9b_en shieldgemma_9b_en",
                GEMMA_2 | grouped(42, 16, 8, 3584, 28672, head_dim=256),
            ),
            (
                "gemma2_27b_en gemma2_instruct_27b_en shieldgemma_27b_en c2s_scale_gemma_2_27b_en",
                GEMMA_2 | grouped(46, 32, 16, 4608, 73728, head_dim=128),
            ),
            ("vault_gemma_1b_en", GEMMA | grouped(26, 4, 4, 1152, 13824, head_dim=256)),
        ],
    ),
    (
        "Gemma3Backbone",
        GEMMA_3,
        [
            ("gemma3_1b gemma3_instruct_1b", grouped(26, 4, 1, 1152, 6912, head_dim=256)),
            (
                "gemma3_270m gemma3_instruct_270m function_gemma_instruct_270m harrier_embedding_oss_270m",
                grouped(18, 4, 1, 640, 2048, head_dim=256),
            ),
            ("gemma3_4b_text gemma3_instruct_4b_text", grouped(34, 8, 4, 2560, 10240, head_dim=256)),
            ("gemma3_12b_text gemma3_instruct_12b_text", grouped(48, 16, 8, 3840, 15360, head_dim=256)),
            (
                "gemma3_27b_text gemma3_instruct_27b_text medgemma_instruct_27b_text",
                grouped(62, 32, 16, 5376, 21504, head_dim=128),
            ),
            (
                "embedding_gemma3_300m",
                grouped(
                    24,
                    3,
                    1,
                    768,
                    1152,
                    head_dim=256,
                    is_embedding_model=True,
                    pooling_intermediate_dim=3072,
                    embedding_dim=768,
                ),
            ),
        ],
    ),
    (
        "GPT2Backbone",
        {"vocabulary_size": 50257, "max_sequence_length": 1024},
        [
            ("gpt2_base_en gpt2_base_en_cnn_dailymail", BASE),
            ("gpt2_medium_en", LARGE),
            ("gpt2_large_en", sizes(36, 20, 1280, 5120)),
            ("gpt2_extra_large_en", sizes(48, 25, 1600, 6400)),
        ],
    ),
    (
        "LlamaBackbone",
        {"vocabulary_size": 32000},
        [("llama2_7b_en llama2_instruct_7b_en vicuna_1.5_7b_en", grouped(32, 32, 32, 4096, 11008))],
    ),
    (
        "Llama3Backbone",
        {"vocabulary_size": 128256},
        [
            (
                "llama3_8b_en llama3_instruct_8b_en llama3.1_8b llama3.1_instruct_8b llama3.1_guard_8b",
                grouped(32, 32, 8, 4096, 14336),
            ),
            ("llama3.2_1b llama3.2_instruct_1b llama3.2_guard_1b", grouped(16, 32, 8, 2048, 8192)),
            ("llama3.2_3b llama3.2_instruct_3b", grouped(28, 24, 8, 3072, 8192)),
        ],
    ),
    (
        "MistralBackbone",
        {},
        [
            (
                "mistral_7b_en mistral_instruct_7b_en mistral_0.2_instruct_7b_en",
                grouped(32, 32, 8, 4096, 14336, vocabulary_size=32000),
            ),
            (
                "mistral_0.3_7b_en mistral_0.3_instruct_7b_en",
                grouped(32, 32, 8, 4096, 14336, vocabulary_size=32768),
            ),
            (
                "magistral_small_2506_en magistral_small_2507_en",
                grouped(40, 32, 8, 5120, 32768, vocabulary_size=131072, head_dim=128),
            ),
        ],
    ),
    (
        "MixtralBackbone",
        {"vocabulary_size": 32000, "num_experts": 8, "top_k": 2},
        [("mixtral_8_7b_en mixtral_8_instruct_7b_en", grouped(32, 32, 8, 4096, 14336))],
    ),
    (
        "GptOssBackbone",
        {"vocabulary_size": 201088, "head_dim": 64, "top_k": 4},
        [
            ("gpt_oss_20b_en gpt_oss_safeguard_20b_en", grouped(24, 64, 8, 2880, 2880, num_experts=32)),
            ("gpt_oss_120b_en gpt_oss_safeguard_120b_en", grouped(36, 64, 8, 2880, 2880, num_experts=128)),
        ],
    ),
    (
        "OPTBackbone",
        {"vocabulary_size": 50272, "max_sequence_length": 2048},
        [
            ("opt_125m_en", BASE),
            ("opt_1.3b_en", sizes(24, 32, 2048, 8192)),
            ("opt_2.7b_en", sizes(32, 32, 2560, 10240)),
            ("opt_6.7b_en", sizes(32, 32, 4096, 16384)),
        ],
    ),
    (
        "Phi3Backbone",
        {"vocabulary_size": 32064},
        [("phi3_mini_4k_instruct_en phi3_mini_128k_instruct_en", grouped(32, 32, 32, 3072, 8192))],
    ),
    (
        "QwenBackbone",
        {},
        [
            (
                "qwen2.5_0.5b_en qwen2.5_instruct_0.5b_en qwen2.5_coder_0.5b qwen2.5_coder_instruct_0.5b",
                QWEN | grouped(24, 14, 2, 896, 4864),
            ),
            (
                "qwen2.5_coder_1.5b qwen2.5_coder_instruct_1.5b qwen2.5_math_1.5b_en qwen2.5_math_instruct_1.5b_en",
                QWEN | grouped(28, 12, 2, 1536, 8960),
            ),
            (
                "qwen2.5_3b_en qwen2.5_coder_3b qwen2.5_coder_instruct_3b",
                QWEN | grouped(36, 16, 2, 2048, 11008),
            ),
            (
                "qwen2.5_7b_en qwen2.5_coder_7b qwen2.5_coder_instruct_7b qwen2.5_math_7b_en "
                "qwen2.5_math_instruct_7b_en",
                grouped(28, 28, 4, 3584, 18944, vocabulary_size=152064, tie_word_embeddings=False),
            ),
            (
                "qwen2.5_instruct_32b_en qwen2.5_coder_32b qwen2.5_coder_instruct_32b",
                grouped(64, 40, 8, 5120, 27648, vocabulary_size=152064, tie_word_embeddings=False),
            ),
            (
                "qwen2.5_coder_14b qwen2.5_coder_instruct_14b",
                grouped(48, 40, 8, 5120, 13824, vocabulary_size=152064, tie_word_embeddings=False),
            ),
            (
                "qwen2.5_instruct_72b_en",
                grouped(80, 64, 8, 8192, 29568, vocabulary_size=152064, tie_word_embeddings=False),
            ),
        ],
    ),
    (
        "Qwen3Backbone",
        QWEN | {"head_dim": 128},
        [
            ("qwen3_0.6b_en harrier_embedding_oss_0.6b", grouped(28, 16, 8, 1024, 3072)),
            ("qwen3_1.7b_en", grouped(28, 16, 8, 2048, 6144)),
            ("qwen3_4b_en", grouped(36, 32, 8, 2560, 9728)),
            ("qwen3_8b_en", grouped(36, 32, 8, 4096, 12288, tie_word_embeddings=False)),
            ("qwen3_14b_en", grouped(40, 40, 8, 5120, 17408, tie_word_embeddings=False)),
            ("qwen3_32b_en", grouped(64, 64, 8, 5120, 25600, tie_word_embeddings=False)),
            ("qwen3_embedding_0.6b_en", grouped(28, 16, 8, 1024, 3072, vocabulary_size=151669)),
            ("qwen3_embedding_4b_en", grouped(36, 32, 8, 2560, 9728, vocabulary_size=151665)),
            (
                "qwen3_embedding_8b_en",
                grouped(36, 32, 8, 4096, 12288, vocabulary_size=151665, tie_word_embeddings=False),
            ),
        ],
    ),
    (
        "Qwen3MoeBackbone",
        QWEN | {"head_dim": 128, "num_experts": 128, "top_k": 8},
        [
            (
                "qwen3_moe_30b_a3b_en qwen3_coder_instruct_30b_a3b_en",
                grouped(48, 32, 4, 2048, 6144, moe_intermediate_dim=768),
            ),
            ("qwen3_moe_235b_a22b_en", grouped(94, 64, 4, 4096, 12288, moe_intermediate_dim=1536)),
        ],
    ),
    (
        "QwenMoeBackbone",
        QWEN,
        [
            (
                "qwen1.5_moe_2.7b_en",
                grouped(
                    24,
                    16,
                    16,
                    2048,
                    5632,
                    moe_intermediate_dim=1408,
                    shared_expert_intermediate_dim=5632,
                    num_experts=60,
                    top_k=4,
                ),
            )
        ],
    ),
    (
        "SmolLM3Backbone",
        {
            "vocabulary_size": 128256,
            "attention_bias": False,
            "attention_dropout": 0.0,
            "mlp_bias": False,
            "layer_norm_epsilon": 1e-6,
            "max_position_embeddings": 65536,
            "rope_theta": 5e6,
            "partial_rotary_factor": 1.0,
        },
        [
            (
                "smollm3_3b_en",
                {
                    "hidden_dim": 2048,
                    "intermediate_dim": 11008,
                    "num_layers": 36,
                    "num_attention_heads": 16,
                    "num_key_value_heads": 4,
                    "rope_layer_enabled_list": [True, True, True, False] * 9,
                    "layer_types": ["full_attention"] * 36,
                },
            )
        ],
    ),
]
