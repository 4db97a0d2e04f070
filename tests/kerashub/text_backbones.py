"""KerasHub's text backbones, tiny; all widths in a model differ, so that its sliders can be told apart."""

from __future__ import annotations

from typing import Any

from keras_hub import models as hub

from .tiny import tiny

SIZES = {"vocabulary_size": 23, "num_layers": 2, "num_heads": 2, "hidden_dim": 12, "intermediate_dim": 20}
DECODER = {
    "vocabulary_size": 23,
    "num_layers": 2,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 12,
    "intermediate_dim": 20,
}
EXPERTS = {"num_experts": 3, "top_k": 2}
BERT = ("token_ids", "padding_mask", "segment_ids")
TEXT = ("token_ids", "padding_mask")
SEQ2SEQ = ("encoder_token_ids", "encoder_padding_mask", "decoder_token_ids", "decoder_padding_mask")
STREAM = {"stream": 12, "feed forward 1": 20, "feed forward 2": 20}
POSITIONS = {"max_sequence_length": 9}


@tiny(BERT, {"hidden": 12, "embedding": 10, "feed forward": 20})
def albert() -> Any:
    return hub.AlbertBackbone(**SIZES, embedding_dim=10, **POSITIONS)


@tiny(SEQ2SEQ, STREAM)
def bart() -> Any:
    return hub.BartBackbone(**SIZES, **POSITIONS)


@tiny(BERT, STREAM)
def bert() -> Any:
    return hub.BertBackbone(**SIZES, **POSITIONS)


@tiny(TEXT, STREAM)
def bloom() -> Any:
    return hub.BloomBackbone(**SIZES)


@tiny(TEXT, STREAM)
def deberta_v3() -> Any:
    return hub.DebertaV3Backbone(**SIZES, bucket_size=2, **POSITIONS)


@tiny(TEXT, STREAM)
def distil_bert() -> Any:
    return hub.DistilBertBackbone(**SIZES, **POSITIONS)


@tiny(("encoder_token_ids", "encoder_padding_mask", "decoder_token_ids", "decoder_padding_mask"), {"stream": 12})
def ed_rec() -> Any:
    return hub.EdRecBackbone(
        vocab_size=23, num_layers_enc=1, num_layers_dec=1, hidden_dim=12, intermediate_dim=20, num_heads=2
    )


@tiny(BERT, {"hidden": 12, "embedding": 10, "feed forward 1": 20, "feed forward 2": 20})
def electra() -> Any:
    sizes = {"vocab_size": 23, **{name: size for name, size in SIZES.items() if name != "vocabulary_size"}}
    return hub.ElectraBackbone(**sizes, embedding_dim=10, **POSITIONS)


@tiny(("token_ids",), STREAM)
def esm() -> Any:
    return hub.ESMBackbone(**SIZES)


@tiny(("token_ids", "segment_ids"), {"feed forward 1": 20, "feed forward 2": 20})
def f_net() -> Any:
    sizes = {name: size for name, size in SIZES.items() if name != "num_heads"}
    return hub.FNetBackbone(**sizes, **POSITIONS)


@tiny(TEXT, STREAM)
def falcon() -> Any:
    sizes = {name: size for name, size in SIZES.items() if name != "num_heads"}
    return hub.FalconBackbone(**sizes, num_attention_heads=2)


@tiny(TEXT, STREAM)
def gemma() -> Any:
    return hub.GemmaBackbone(**(DECODER | {"intermediate_dim": 40}), head_dim=6)


@tiny(TEXT, {"stream": 12, "feed forward 1": 20, "feed forward 2": 20})
def gemma_2() -> Any:
    """Gemma's backbone with what its second version turned on."""
    return hub.GemmaBackbone(
        **(DECODER | {"intermediate_dim": 40}),
        head_dim=6,
        use_post_ffw_norm=True,
        use_post_attention_norm=True,
        attention_logit_soft_cap=50.0,
        final_logit_soft_cap=30.0,
        use_sliding_window_attention=True,
        sliding_window_size=4,
    )


@tiny(TEXT, STREAM)
def gemma_3() -> Any:
    return hub.Gemma3Backbone(**DECODER, image_size=16, head_dim=6, use_sliding_window_attention=True)


@tiny((*TEXT, "position_ids"), STREAM)
def gemma_4() -> Any:
    return hub.Gemma4Backbone(**DECODER, image_size=16, head_dim=6, sliding_window_size=4)


@tiny(TEXT, STREAM)
def gpt2() -> Any:
    return hub.GPT2Backbone(**SIZES, **POSITIONS)


@tiny(TEXT, STREAM)
def gpt_neo_x() -> Any:
    return hub.GPTNeoXBackbone(**(SIZES | {"hidden_dim": 16}), **POSITIONS)


@tiny(TEXT, {"stream": 12})
def gpt_oss() -> Any:
    return hub.GptOssBackbone(**DECODER, **EXPERTS, head_dim=6, sliding_window=4)


@tiny(TEXT, STREAM)
def llama() -> Any:
    return hub.LlamaBackbone(**(DECODER | {"hidden_dim": 16}))


@tiny(TEXT, STREAM)
def llama_3() -> Any:
    return hub.Llama3Backbone(**(DECODER | {"hidden_dim": 16}))


@tiny(TEXT, STREAM)
def mistral() -> Any:
    return hub.MistralBackbone(**(DECODER | {"hidden_dim": 16}), sliding_window=4)


@tiny(TEXT, {"stream": 16})
def mixtral() -> Any:
    return hub.MixtralBackbone(**(DECODER | {"hidden_dim": 16}), **EXPERTS, sliding_window=4)


@tiny(TEXT, STREAM)
def opt() -> Any:
    return hub.OPTBackbone(**SIZES, **POSITIONS)


@tiny(TEXT, STREAM)
def phi_3() -> Any:
    return hub.Phi3Backbone(**(DECODER | {"hidden_dim": 16}), max_sequence_length=9, pretraining_sequence_length=9)


@tiny(TEXT, STREAM)
def qwen() -> Any:
    return hub.QwenBackbone(**(DECODER | {"hidden_dim": 16}))


@tiny(TEXT, STREAM)
def qwen_3() -> Any:
    return hub.Qwen3Backbone(**DECODER, head_dim=6)


@tiny(TEXT, {"stream": 12})
def qwen_3_moe() -> Any:
    return hub.Qwen3MoeBackbone(**DECODER, **EXPERTS, head_dim=6, moe_intermediate_dim=7)


@tiny(TEXT, {"stream": 12})
def qwen_3_5() -> Any:
    return hub.Qwen3_5Backbone(
        **DECODER,
        head_dim=8,
        layer_types=["linear_attention", "full_attention"],
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=4,
        linear_value_head_dim=4,
    )


@tiny(TEXT, {"stream": 12})
def qwen_3_5_moe() -> Any:
    sizes = {name: size for name, size in DECODER.items() if name != "intermediate_dim"}
    return hub.Qwen3_5MoeBackbone(
        **sizes,
        **EXPERTS,
        head_dim=8,
        moe_intermediate_dim=7,
        shared_expert_intermediate_size=9,
        layer_types=["linear_attention", "full_attention"],
        linear_num_key_heads=2,
        linear_num_value_heads=2,
        linear_key_head_dim=4,
        linear_value_head_dim=4,
    )


@tiny(TEXT, {"stream": 16})
def qwen_moe() -> Any:
    return hub.QwenMoeBackbone(
        **(DECODER | {"hidden_dim": 16}), **EXPERTS, moe_intermediate_dim=7, shared_expert_intermediate_dim=9
    )


@tiny(TEXT, STREAM)
def roberta() -> Any:
    return hub.RobertaBackbone(**SIZES, **POSITIONS)


@tiny(("token_ids", "segment_ids"), STREAM)
def roformer_v2() -> Any:
    return hub.RoformerV2Backbone(**SIZES, head_size=6)


@tiny(TEXT, {"stream": 16})
def rwkv_7() -> Any:
    return hub.RWKV7Backbone(
        hidden_size=16,
        head_size=4,
        num_layers=2,
        vocabulary_size=23,
        intermediate_dim=20,
        gate_lora=5,
        mv_lora=6,
        aaa_lora=7,
        decay_lora=3,
    )


@tiny(TEXT, STREAM)
def smol_lm_3() -> Any:
    return hub.SmolLM3Backbone(
        vocabulary_size=23,
        hidden_dim=16,
        intermediate_dim=20,
        num_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attention_bias=False,
        attention_dropout=0.0,
        rope_layer_enabled_list=[True, False],
        layer_types=["full_attention"] * 2,
        mlp_bias=False,
        layer_norm_epsilon=1e-6,
        max_position_embeddings=9,
        rope_theta=10000.0,
        partial_rotary_factor=1.0,
    )


@tiny(SEQ2SEQ, {"stream": 12, "feed forward 1": 20})
def t5() -> Any:
    return hub.T5Backbone(**SIZES)


T5_GEMMA = {
    f"{side}_{name}": value
    for side in ("encoder", "decoder")
    for name, value in {
        "hidden_dim": 16,
        "intermediate_dim": 20,
        "num_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 4,
        "layer_types": ["sliding_attention", "full_attention"],
    }.items()
}


@tiny(SEQ2SEQ, {"feed forward 1": 20, "feed forward 2": 20})
def t5_gemma() -> Any:
    return hub.T5GemmaBackbone(vocabulary_size=23, **T5_GEMMA, sliding_window=4)


@tiny(SEQ2SEQ, {"feed forward 1": 20, "feed forward 2": 20})
def t5_gemma_2() -> Any:
    return hub.T5Gemma2Backbone(vocabulary_size=23, **T5_GEMMA, sliding_window=4)


@tiny(TEXT, STREAM)
def xlm_roberta() -> Any:
    return hub.XLMRobertaBackbone(**SIZES, **POSITIONS)


@tiny(("token_ids", "padding_mask", "segment_ids"), STREAM)
def xlnet() -> Any:
    return hub.XLNetBackbone(**SIZES)
