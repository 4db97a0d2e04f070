"""KerasHub's backbones of several kinds of input: images and text, sound, prompts, diffusion."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras_hub import models as hub
from keras_hub.src.models.clip.clip_text_encoder import CLIPTextEncoder
from keras_hub.src.models.clip.clip_vision_encoder import CLIPVisionEncoder
from keras_hub.src.models.sam.sam_mask_decoder import SAMMaskDecoder
from keras_hub.src.models.sam.sam_prompt_encoder import SAMPromptEncoder
from keras_hub.src.models.siglip.siglip_text_encoder import SigLIPTextEncoder
from keras_hub.src.models.siglip.siglip_vision_encoder import SigLIPVisionEncoder
from keras_hub.src.models.vae.vae_backbone import VAEBackbone

from .tiny import tiny


def floats(*shape: int) -> Any:
    return lambda rng, samples: rng.normal(size=(samples, *shape)).astype("float32")


def wholes(*shape: int, below: int = 20) -> Any:
    return lambda rng, samples: rng.integers(1, below, size=(samples, *shape)).astype("int32")


def ones(*shape: int) -> Any:
    return lambda _, samples: np.ones((samples, *shape), "int32")


@tiny(
    {"images": floats(32, 32, 3), "token_ids": wholes(7)},
    {"vision": 12, "text": 16, "vision feed forward": 20, "text feed forward": 24},
)
def clip() -> Any:
    vision = CLIPVisionEncoder(8, 12, 2, 2, 20, "quick_gelu", None, image_shape=(32, 32, 3), name="vision_encoder")
    text = CLIPTextEncoder(23, 16, 16, 2, 2, 24, "quick_gelu", None, 7, name="text_encoder")
    return hub.CLIPBackbone(vision_encoder=vision, text_encoder=text, projection_dim=10)


@tiny({"images": floats(32, 32, 3), "token_ids": wholes(7)}, {"vision feed forward": 20, "text feed forward": 24})
def siglip() -> Any:
    vision = SigLIPVisionEncoder(8, 12, 2, 2, 20, image_shape=(32, 32, 3), name="vision_encoder")
    text = SigLIPTextEncoder(23, 12, 12, 2, 2, 24, max_sequence_length=7, name="text_encoder")
    return hub.SigLIPBackbone(vision_encoder=vision, text_encoder=text)


@tiny(
    {"encoder_features": floats(16, 8), "decoder_token_ids": wholes(7), "decoder_padding_mask": ones(7)},
    {"feed forward 1": 20, "feed forward 2": 20},
)
def whisper() -> Any:
    return hub.WhisperBackbone(
        vocabulary_size=23,
        num_layers=2,
        num_heads=2,
        hidden_dim=12,
        intermediate_dim=20,
        num_mels=8,
        max_encoder_sequence_length=16,
        max_decoder_sequence_length=7,
    )


@tiny(
    {
        "encoder_input_values": floats(1600, 1),
        "encoder_padding_mask": ones(1600),
        "decoder_token_ids": wholes(7),
        "decoder_padding_mask": ones(7),
    },
    {},
)
def moonshine() -> Any:
    return hub.MoonshineBackbone(
        vocabulary_size=23,
        filter_dim=16,
        encoder_num_layers=1,
        decoder_num_layers=1,
        hidden_dim=16,
        intermediate_dim=20,
        encoder_num_heads=2,
        decoder_num_heads=2,
    )


@tiny(
    {
        "images": floats(32, 32, 3),
        "points": floats(1, 2),
        "labels": lambda _, samples: np.ones((samples, 1), "float32"),
        "boxes": floats(1, 2, 2),
        "masks": floats(0, 32, 32, 1),
    },
    {"feed forward 1": 20, "feed forward 2": 20},
)
def sam() -> Any:
    encoder = hub.ViTDetBackbone(
        hidden_size=12,
        num_layers=2,
        intermediate_dim=20,
        num_heads=2,
        global_attention_layer_indices=[1],
        patch_size=16,
        num_output_channels=8,
        window_size=2,
        image_shape=(32, 32, 3),
    )
    prompts = SAMPromptEncoder(
        hidden_size=8, image_embedding_size=(2, 2), input_image_size=(32, 32), mask_in_channels=16
    )
    decoder = SAMMaskDecoder(
        num_layers=2,
        hidden_size=8,
        intermediate_dim=14,
        num_heads=2,
        embedding_dim=8,
        num_multimask_outputs=3,
        iou_head_depth=3,
        iou_head_hidden_dim=9,
    )
    return hub.SAMBackbone(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder)


@tiny(
    {"images": floats(32, 32, 3), "token_ids": wholes(7), "padding_mask": ones(7)},
    {"encoder feed forward": 20, "decoder feed forward": 24},
)
def parseq() -> Any:
    encoder = hub.ViTBackbone(
        image_shape=(32, 32, 3),
        patch_size=(8, 8),
        num_layers=1,
        num_heads=2,
        hidden_dim=12,
        mlp_dim=20,
        use_class_token=False,
        name="image_encoder",
    )
    return hub.PARSeqBackbone(
        image_encoder=encoder,
        vocabulary_size=23,
        max_label_length=7,
        decoder_hidden_dim=12,
        num_decoder_layers=1,
        num_decoder_heads=2,
        decoder_mlp_dim=24,
    )


@tiny(
    {
        "image": floats(6, 10),
        "image_ids": floats(6, 3),
        "text": floats(5, 10),
        "text_ids": floats(5, 3),
        "y": floats(9),
        "timesteps": floats(),
        "guidance": floats(),
    },
    {},
)
def flux() -> Any:
    return hub.FluxBackbone(
        input_channels=10,
        hidden_size=32,
        mlp_ratio=2.0,
        num_heads=2,
        depth=1,
        depth_single_blocks=1,
        axes_dim=[4, 6, 6],
        theta=10_000,
        use_bias=True,
        guidance_embed=True,
        image_shape=(6, 10),
        text_shape=(5, 10),
        image_ids_shape=(6, 3),
        text_ids_shape=(5, 3),
        y_shape=(9,),
    )


@tiny((32, 32, 3), {})
def variational_autoencoder() -> Any:
    return VAEBackbone([32, 32], [1, 1], [32, 32], [1, 1], sampler_method="mode", image_shape=(32, 32, 3))


@tiny(
    {
        "images": floats(16, 16, 3),
        "token_ids": wholes(7),
        "padding_mask": ones(7),
        "response_mask": ones(7),
    },
    {"feed forward 1": 20},
)
def pali_gemma() -> Any:
    return hub.PaliGemmaBackbone(
        vocabulary_size=23,
        image_size=16,
        num_layers=2,
        num_query_heads=2,
        num_key_value_heads=1,
        hidden_dim=12,
        intermediate_dim=40,
        head_dim=6,
        vit_patch_size=4,
        vit_num_layers=1,
        vit_num_heads=2,
        vit_hidden_dim=10,
        vit_intermediate_dim=14,
    )


@tiny({"images": floats(64, 64, 3)}, {})
def depth_anything() -> Any:
    encoder = hub.DINOV2Backbone(
        patch_size=8,
        num_layers=4,
        hidden_dim=12,
        num_heads=2,
        intermediate_dim=20,
        use_mask_token=False,
        image_shape=(64, 64, 3),
        position_embedding_shape=(64, 64, 3),
        apply_layernorm=True,
    )
    return hub.DepthAnythingBackbone(
        image_encoder=encoder,
        reassemble_factors=[4, 2, 1, 0.5],
        neck_hidden_dims=[5, 6, 7, 9],
        fusion_hidden_dim=8,
        head_hidden_dim=11,
        head_in_index=-1,
        feature_keys=["stage1", "stage2", "stage3", "stage4"],
    )
