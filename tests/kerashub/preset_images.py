"""Image backbones among KerasHub's presets: their sizes as papers give them."""

from __future__ import annotations

from typing import Any

from keras_hub.layers import SAMMaskDecoder, SAMPromptEncoder

from .preset_sizes import BASE, LARGE, Family, sizes

IMAGE = (224, 224, 3)
RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 128, 256, 512],
    "stackwise_num_strides": [1, 2, 2, 2],
}
RESNET_VD = RESNET | {"input_conv_filters": [32, 32, 64], "input_conv_kernel_sizes": [3, 3, 3]}
BASIC, BOTTLENECK = {"block_type": "basic_block"}, {"block_type": "bottleneck_block"}
BASIC_VD, BOTTLENECK_VD = {"block_type": "basic_block_vd"}, {"block_type": "bottleneck_block_vd"}
DEEP = [3, 4, 6, 3], [3, 4, 23, 3], [3, 8, 36, 3]
RESNET_50 = RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[0]}
VGG_FILTERS = {"stackwise_num_filters": [64, 128, 256, 512, 512]}
DINO = {"patch_size": 14, "image_shape": (518, 518, 3), "position_embedding_shape": (518, 518, 3)}


def vit(size: dict[str, Any], patch: int, image: int = 224) -> dict[str, Any]:
    """A ViT of that size."""
    renamed = {"mlp_dim" if name == "intermediate_dim" else name: value for name, value in size.items()}
    return renamed | {"patch_size": (patch, patch), "image_shape": (image, image, 3)}


def deit(size: dict[str, Any], image: int = 224) -> dict[str, Any]:
    """A DeiT of that size."""
    return size | {"patch_size": (16, 16), "image_shape": (image, image, 3)}


def vd(block: dict[str, Any], blocks: list[int]) -> dict[str, Any]:
    """A ResNet-vd under its classifier, which the published number includes."""
    return {"backbone": ("ResNetBackbone", RESNET_VD | block | {"stackwise_num_blocks": blocks, "image_shape": IMAGE})}


def depth_anything(size: dict[str, Any], neck: list[int], fused: int, stages: tuple[int, ...]) -> dict[str, Any]:
    """A Depth Anything over a DINOv2."""
    return {
        "image_encoder": ("DINOV2Backbone", DINO | size),
        "neck_hidden_dims": neck,
        "fusion_hidden_dim": fused,
        "feature_keys": [f"stage{each}" for each in stages],
    }


def dinov3(size: dict[str, Any], *, gated: bool = False) -> dict[str, Any]:
    """A DINOv3."""
    return size | {"use_gated_mlp": gated}


def sam(size: dict[str, Any], everywhere: list[int]) -> dict[str, Any]:
    """A SAM whose layers ``everywhere`` attend to the whole image."""
    eyes = {"hidden_size" if name == "hidden_dim" else name: value for name, value in size.items()}
    eyes |= {"global_attention_layer_indices": everywhere, "image_shape": (1024, 1024, 3)}
    hands = {"num_layers": 2, "hidden_size": 256, "intermediate_dim": 2048, "num_heads": 8}
    parts = {
        "image_encoder": ("ViTDetBackbone", eyes),
        "prompt_encoder": (SAMPromptEncoder, {}),
        "mask_decoder": (SAMMaskDecoder, hands),
    }
    return {"backbone": ("SAMBackbone", parts)}


def mit(depths: list[int], widths: list[int]) -> dict[str, Any]:
    """A mix transformer of SegFormer's paper."""
    return {
        "layerwise_depths": depths,
        "num_layers": 4,
        "layerwise_num_heads": [1, 2, 5, 8],
        "layerwise_sr_ratios": [8, 4, 2, 1],
        "max_drop_path_rate": 0.1,
        "layerwise_patch_sizes": [7, 3, 3, 3],
        "layerwise_strides": [4, 2, 2, 2],
        "image_shape": IMAGE,
        "hidden_dims": widths,
    }


NARROW, WIDE = [32, 64, 160, 256], [64, 128, 320, 512]
MITS = {
    "b0": mit([2, 2, 2, 2], NARROW),
    "b1": mit([2, 2, 2, 2], WIDE),
    "b2": mit([3, 4, 6, 3], WIDE),
    "b3": mit([3, 4, 18, 3], WIDE),
    "b4": mit([3, 8, 27, 3], WIDE),
    "b5": mit([3, 6, 40, 3], WIDE),
}


def datasets(family: str, size: str) -> str:
    """The two presets of a size."""
    return f"{family}_{size}_ade20k_{640 if size == 'b5' else 512} {family}_{size}_cityscapes_1024"


def swin(width: int, depths: list[int], heads: list[int], window: int, image: int) -> dict[str, Any]:
    """A Swin transformer of that size."""
    return {
        "embed_dim": width,
        "depths": depths,
        "num_heads": heads,
        "window_size": window,
        "image_shape": (image, image, 3),
    }


IMAGES: list[Family] = [
    (
        "DenseNetBackbone",
        {"image_shape": IMAGE},
        [
            ("densenet_121_imagenet", {"stackwise_num_repeats": [6, 12, 24, 16]}),
            ("densenet_169_imagenet", {"stackwise_num_repeats": [6, 12, 32, 32]}),
            ("densenet_201_imagenet", {"stackwise_num_repeats": [6, 12, 48, 32]}),
        ],
    ),
    (
        "ResNetBackbone",
        {"image_shape": IMAGE},
        [
            ("resnet_18_imagenet", RESNET | BASIC | {"stackwise_num_blocks": [2, 2, 2, 2]}),
            ("resnet_50_imagenet", RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[0]}),
            ("resnet_101_imagenet", RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[1]}),
            ("resnet_152_imagenet", RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[2]}),
            (
                "resnet_v2_50_imagenet",
                RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[0], "use_pre_activation": True},
            ),
            (
                "resnet_v2_101_imagenet",
                RESNET | BOTTLENECK | {"stackwise_num_blocks": DEEP[1], "use_pre_activation": True},
            ),
        ],
    ),
    (
        "ImageClassifier",
        {"num_classes": 1000},
        [
            ("resnet_vd_18_imagenet", vd(BASIC_VD, [2, 2, 2, 2])),
            ("resnet_vd_34_imagenet", vd(BASIC_VD, [3, 4, 6, 3])),
            (
                "resnet_vd_50_imagenet resnet_vd_50_ssld_imagenet resnet_vd_50_ssld_v2_imagenet "
                "resnet_vd_50_ssld_v2_fix_imagenet",
                vd(BOTTLENECK_VD, DEEP[0]),
            ),
            (
                "resnet_vd_101_imagenet resnet_vd_101_ssld_imagenet",
                vd(BOTTLENECK_VD, DEEP[1]),
            ),
            ("resnet_vd_152_imagenet", vd(BOTTLENECK_VD, DEEP[2])),
            ("resnet_vd_200_imagenet", vd(BOTTLENECK_VD, [3, 12, 48, 3])),
        ],
    ),
    (
        "VGGBackbone",
        VGG_FILTERS | {"image_shape": IMAGE},
        [
            ("vgg_11_imagenet", {"stackwise_num_repeats": [1, 1, 2, 2, 2]}),
            ("vgg_13_imagenet", {"stackwise_num_repeats": [2, 2, 2, 2, 2]}),
            ("vgg_16_imagenet", {"stackwise_num_repeats": [2, 2, 3, 3, 3]}),
            ("vgg_19_imagenet", {"stackwise_num_repeats": [2, 2, 4, 4, 4]}),
        ],
    ),
    (
        "ViTBackbone",
        {},
        [
            ("vit_base_patch16_224_imagenet vit_base_patch16_224_imagenet21k", vit(BASE, 16)),
            ("vit_base_patch16_384_imagenet", vit(BASE, 16, 384)),
            ("vit_base_patch32_384_imagenet", vit(BASE, 32, 384)),
            ("vit_base_patch32_224_imagenet21k", vit(BASE, 32)),
            ("vit_large_patch16_224_imagenet vit_large_patch16_224_imagenet21k", vit(LARGE, 16)),
            ("vit_large_patch16_384_imagenet", vit(LARGE, 16, 384)),
            ("vit_large_patch32_384_imagenet", vit(LARGE, 32, 384)),
            ("vit_large_patch32_224_imagenet21k", vit(LARGE, 32)),
            ("vit_huge_patch14_224_imagenet21k", vit(sizes(32, 16, 1280, 5120), 14)),
        ],
    ),
    (
        "DeiTBackbone",
        {},
        [
            ("deit_base_distilled_patch16_384_imagenet", deit(BASE, 384)),
            ("deit_base_distilled_patch16_224_imagenet", deit(BASE)),
            ("deit_small_distilled_patch16_224_imagenet", deit(sizes(12, 6, 384, 1536))),
            ("deit_tiny_distilled_patch16_224_imagenet", deit(sizes(12, 3, 192, 768))),
        ],
    ),
    (
        "DINOV2Backbone",
        DINO,
        [
            ("dinov2_small", sizes(12, 6, 384, 1536)),
            ("dinov2_base", BASE),
            ("dinov2_large", LARGE),
            ("dinov2_giant", sizes(40, 24, 1536, 6144, use_swiglu_ffn=True)),
            ("dinov2_with_registers_small", sizes(12, 6, 384, 1536, num_register_tokens=4)),
            ("dinov2_with_registers_base", BASE | {"num_register_tokens": 4}),
            ("dinov2_with_registers_large", LARGE | {"num_register_tokens": 4}),
            ("dinov2_with_registers_giant", sizes(40, 24, 1536, 6144, use_swiglu_ffn=True, num_register_tokens=4)),
        ],
    ),
    (
        "ImageClassifier",  # of ten classes, as the published number
        {"num_classes": 10},
        [(datasets("mit", size), {"backbone": ("MiTBackbone", settings)}) for size, settings in MITS.items()],
    ),
    (
        "SegFormerImageSegmenter",  # of the nineteen classes of Cityscapes, as the published number
        {"num_classes": 19},
        [
            (
                datasets("segformer", size),
                {
                    "backbone": (
                        "SegFormerBackbone",
                        {"image_encoder": ("MiTBackbone", settings), "projection_filters": 256},
                    )
                },
            )
            for size, settings in MITS.items()
        ],
    ),
    (
        "DepthAnythingBackbone",
        {"reassemble_factors": [4, 2, 1, 0.5], "head_hidden_dim": 32, "head_in_index": -1},
        [
            (
                "depth_anything_v2_small",
                depth_anything(sizes(12, 6, 384, 1536), [48, 96, 192, 384], 64, (3, 6, 9, 12)),
            ),
            ("depth_anything_v2_base", depth_anything(BASE, [96, 192, 384, 768], 128, (3, 6, 9, 12))),
            ("depth_anything_v2_large", depth_anything(LARGE, [256, 512, 1024, 1024], 256, (5, 12, 18, 24))),
        ],
    ),
    (
        "DINOV3Backbone",
        {"patch_size": 16, "image_shape": IMAGE, "use_key_bias": False},
        [
            ("dinov3_vit_small_lvd1689m", dinov3(sizes(12, 6, 384, 1536))),
            ("dinov3_vit_small_plus_lvd1689m", dinov3(sizes(12, 6, 384, 1536), gated=True)),
            ("dinov3_vit_base_lvd1689m", dinov3(BASE)),
            ("dinov3_vit_large_lvd1689m dinov3_vit_large_sat493m", dinov3(LARGE)),
            ("dinov3_vit_huge_plus_lvd1689m", dinov3(sizes(32, 20, 1280, 5120), gated=True)),
            ("dinov3_vit_7b_lvd1689m dinov3_vit_7b_sat493m", dinov3(sizes(40, 32, 4096, 8192), gated=True)),
        ],
    ),
    (
        "XceptionBackbone",
        {"image_shape": IMAGE},
        [
            (
                "xception_41_imagenet",
                {
                    "stackwise_conv_filters": [
                        [32, 64],
                        [128, 128],
                        [256, 256],
                        [728, 728],
                        *[[728] * 3] * 8,
                        [728, 1024],
                        [1536, 2048],
                    ],
                    "stackwise_pooling": [False, *[True] * 3, *[False] * 8, True, False],
                },
            )
        ],
    ),
    (
        "RetinaNetBackbone",
        {"min_level": 3, "max_level": 7, "image_shape": (512, 512, 3)},
        [
            (
                "retinanet_resnet50_fpn_v2_coco",
                {
                    "image_encoder": (
                        "ResNetBackbone",
                        RESNET_50 | {"image_shape": (512, 512, 3)},
                    ),
                    "use_p5": True,
                },
            )
        ],
    ),
    (
        "RetinaNetObjectDetector",  # the published number is of the detector of COCO's 91 labels
        {"bounding_box_format": "xyxy", "num_classes": 91},
        [
            (
                "retinanet_resnet50_fpn_coco",
                {
                    "backbone": (
                        "RetinaNetBackbone",
                        {
                            "image_encoder": ("ResNetBackbone", RESNET_50 | {"image_shape": (512, 512, 3)}),
                            "min_level": 3,
                            "max_level": 7,
                            "use_p5": False,
                            "image_shape": (512, 512, 3),
                        },
                    )
                },
            )
        ],
    ),
    (
        "DeepLabV3Backbone",
        {
            "image_shape": (512, 512, 3),
            "low_level_feature_key": "P2",
            "spatial_pyramid_pooling_key": "P5",
            "upsampling_size": 8,
            "dilation_rates": [6, 12, 18],
        },
        [
            (
                "deeplab_v3_plus_resnet50_pascalvoc",
                {"image_encoder": ("ResNetBackbone", RESNET_50 | {"image_shape": (512, 512, 3)})},
            )
        ],
    ),
    (
        "SAMImageSegmenter",
        {},
        [
            ("sam_base_sa1b", sam(BASE, [2, 5, 8, 11])),
            # KerasHub publishes the numbers of these two under each other's name.
            ("sam_large_sa1b", sam(LARGE, [5, 11, 17, 23])),
            ("sam_huge_sa1b", sam(sizes(32, 16, 1280, 5120), [7, 15, 23, 31])),
        ],
    ),
    (
        "PARSeqBackbone",
        {"vocabulary_size": 97, "max_label_length": 25},
        [
            (
                "parseq",
                {
                    "image_encoder": (
                        "ViTBackbone",
                        vit(sizes(12, 6, 384, 1536), 0)
                        | {"image_shape": (32, 128, 3), "patch_size": (4, 8), "use_class_token": False},
                    ),
                    "decoder_hidden_dim": 384,
                    "num_decoder_layers": 1,
                    "num_decoder_heads": 12,
                    "decoder_mlp_dim": 1536,
                },
            )
        ],
    ),
    (
        "SwinTransformerBackbone",
        {},
        [
            ("swin_tiny_patch4_window7_224", swin(96, [2, 2, 6, 2], [3, 6, 12, 24], 7, 224)),
            ("swin_small_patch4_window7_224", swin(96, [2, 2, 18, 2], [3, 6, 12, 24], 7, 224)),
            ("swin_base_patch4_window7_224", swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 7, 224)),
            ("swin_base_patch4_window12_384", swin(128, [2, 2, 18, 2], [4, 8, 16, 32], 12, 384)),
            ("swin_large_patch4_window7_224", swin(192, [2, 2, 18, 2], [6, 12, 24, 48], 7, 224)),
            ("swin_large_patch4_window12_384", swin(192, [2, 2, 18, 2], [6, 12, 24, 48], 12, 384)),
        ],
    ),
]
