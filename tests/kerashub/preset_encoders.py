"""Encoders and encoder-decoders among KerasHub's presets: their sizes as papers and model cards give them."""

from __future__ import annotations

from .preset_sizes import BASE, LARGE, Family, sizes

TINY, SMALL, MEDIUM = sizes(2, 2, 128, 512), sizes(4, 8, 512, 2048), sizes(8, 8, 512, 2048)
ENGLISH = {"vocabulary_size": 30522}
MINI_6, MINI_12, MINI_3 = (ENGLISH | sizes(depth, 12, 384, 1536) for depth in (6, 12, 3))

ENCODERS: list[Family] = [
    (
        "AlbertBackbone",
        {"vocabulary_size": 30000, "embedding_dim": 128},
        [
            ("albert_base_en_uncased", sizes(12, 12, 768, 3072)),
            ("albert_large_en_uncased", sizes(24, 16, 1024, 4096)),
            ("albert_extra_large_en_uncased", sizes(24, 16, 2048, 8192)),
            ("albert_extra_extra_large_en_uncased", sizes(12, 64, 4096, 16384)),
        ],
    ),
    (
        "BartBackbone",
        {"max_sequence_length": 1024},
        [
            ("bart_base_en", sizes(6, 12, 768, 3072, vocabulary_size=50265)),
            ("bart_large_en bart_large_en_cnn", sizes(12, 16, 1024, 4096, vocabulary_size=50265)),
        ],
    ),
    (
        "BertBackbone",
        {},
        [
            ("bert_tiny_en_uncased bert_tiny_en_uncased_sst2", ENGLISH | TINY),
            ("bert_small_en_uncased", ENGLISH | SMALL),
            ("bert_medium_en_uncased", ENGLISH | MEDIUM),
            ("bert_base_en_uncased bge_base_en bge_base_v1.5_en bge_llm_embedder", ENGLISH | BASE),
            ("bert_base_en", BASE | {"vocabulary_size": 28996}),
            ("bert_base_zh bge_base_zh bge_base_v1.5_zh", BASE | {"vocabulary_size": 21128}),
            ("bert_base_multi", BASE | {"vocabulary_size": 119547}),
            (
                "bert_large_en_uncased bge_large_en bge_large_v1.5_en mxbai_embed_large_v1_en "
                "mxbai_embed_2d_large_v1_en",
                ENGLISH | LARGE,
            ),
            ("bert_large_en", LARGE | {"vocabulary_size": 28996}),
            ("bge_large_zh bge_large_v1.5_zh", LARGE | {"vocabulary_size": 21128}),
            (
                "all_minilm_l6_v2_en all_minilm_l6_v1_en paraphrase_minilm_l6_v2_en multi_qa_minilm_l6_cos_v1_en "
                "multi_qa_minilm_l6_dot_v1_en msmarco_minilm_l6_cos_v5_en",
                MINI_6,
            ),
            (
                "all_minilm_l12_v2_en paraphrase_minilm_l12_v2_en msmarco_minilm_l12_cos_v5_en bge_small_en "
                "bge_small_v1.5_en",
                MINI_12,
            ),
            ("paraphrase_minilm_l3_v2_en", MINI_3),
            ("bge_small_v1.5_zh", sizes(4, 8, 512, 2048, vocabulary_size=21128)),
            ("multilingual_e5_small", sizes(12, 12, 384, 1536, vocabulary_size=250037)),
            ("mxbai_embed_xsmall_v1_en", sizes(6, 12, 384, 1536, vocabulary_size=30522, max_sequence_length=4096)),
        ],
    ),
    (
        "DebertaV3Backbone",
        {"vocabulary_size": 128100},
        [
            ("deberta_v3_extra_small_en", sizes(12, 6, 384, 1536)),
            ("deberta_v3_small_en", sizes(6, 12, 768, 3072)),
            ("deberta_v3_base_en", BASE),
            ("deberta_v3_large_en", LARGE),
            ("deberta_v3_base_multi", BASE | {"vocabulary_size": 251000}),
        ],
    ),
    (
        "DistilBertBackbone",
        sizes(6, 12, 768, 3072),
        [
            ("distil_bert_base_en_uncased", ENGLISH),
            ("distil_bert_base_en", {"vocabulary_size": 28996}),
            ("distil_bert_base_multi", {"vocabulary_size": 119547}),
        ],
    ),
    (
        "ElectraBackbone",
        {"vocab_size": 30522},
        [
            (
                "electra_small_discriminator_uncased_en electra_small_generator_uncased_en",
                sizes(12, 4, 256, 1024, embedding_dim=128),
            ),
            ("electra_base_discriminator_uncased_en", BASE | {"embedding_dim": 768}),
            ("electra_base_generator_uncased_en", sizes(12, 4, 256, 1024, embedding_dim=768)),
            ("electra_large_discriminator_uncased_en", LARGE | {"embedding_dim": 1024}),
            ("electra_large_generator_uncased_en", sizes(24, 4, 256, 1024, embedding_dim=1024)),
        ],
    ),
    (
        "ESMBackbone",
        {"vocabulary_size": 33, "use_pre_layer_norm": False, "position_embedding_type": "rotary"},
        [
            ("esm2_t6_8M", sizes(6, 20, 320, 1280)),
            ("esm2_t12_35M", sizes(12, 20, 480, 1920)),
            ("esm2_t30_150M", sizes(30, 20, 640, 2560)),
            ("esm2_t33_650M", sizes(33, 20, 1280, 5120)),
        ],
    ),
    (
        "FNetBackbone",
        {"vocabulary_size": 32000},
        [
            ("f_net_base_en", {"num_layers": 12, "hidden_dim": 768, "intermediate_dim": 3072}),
            ("f_net_large_en", {"num_layers": 24, "hidden_dim": 1024, "intermediate_dim": 4096}),
        ],
    ),
    (
        "RobertaBackbone",
        {"vocabulary_size": 50265},
        [("roberta_base_en", BASE), ("roberta_large_en", LARGE)],
    ),
    (
        "XLMRobertaBackbone",
        {"vocabulary_size": 250002},
        [
            ("xlm_roberta_base_multi multilingual_e5_base", BASE),
            ("xlm_roberta_large_multi multilingual_e5_large", LARGE),
            ("bge_m3", LARGE | {"max_sequence_length": 8192}),
        ],
    ),
    (
        "T5Backbone",
        {"vocabulary_size": 32128},
        [
            ("t5_small_multi", sizes(6, 8, 512, 2048, use_gated_activation=False)),
            ("t5_base_multi", sizes(12, 12, 768, 3072, use_gated_activation=False)),
            ("t5_large_multi", sizes(24, 16, 1024, 4096, use_gated_activation=False)),
            ("t5_1.1_small", sizes(8, 6, 512, 1024, key_value_dim=64)),
            ("flan_small_multi", sizes(8, 6, 512, 1024, key_value_dim=64, tie_embedding_weights=False)),
            ("t5_1.1_base flan_base_multi", sizes(12, 12, 768, 2048, tie_embedding_weights=False)),
            ("t5_1.1_large flan_large_multi", sizes(24, 16, 1024, 2816, tie_embedding_weights=False)),
            ("t5_1.1_xl", sizes(24, 32, 2048, 5120, key_value_dim=64, tie_embedding_weights=False)),
            ("t5_1.1_xxl", sizes(24, 64, 4096, 10240, key_value_dim=64, tie_embedding_weights=False)),
        ],
    ),
    (
        "WhisperBackbone",
        {"vocabulary_size": 51865},
        [
            ("whisper_tiny_en", sizes(4, 6, 384, 1536, vocabulary_size=51864)),
            ("whisper_base_en", sizes(6, 8, 512, 2048, vocabulary_size=51864)),
            ("whisper_small_en", sizes(12, 12, 768, 3072, vocabulary_size=51864)),
            ("whisper_medium_en", sizes(24, 16, 1024, 4096, vocabulary_size=51864)),
            ("whisper_tiny_multi", sizes(4, 6, 384, 1536)),
            ("whisper_base_multi", sizes(6, 8, 512, 2048)),
            ("whisper_small_multi", sizes(12, 12, 768, 3072)),
            ("whisper_medium_multi", sizes(24, 16, 1024, 4096)),
            ("whisper_large_multi whisper_large_multi_v2", sizes(32, 20, 1280, 5120)),
        ],
    ),
]
