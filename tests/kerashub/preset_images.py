"""Image backbones among KerasHub's presets: their sizes as papers give them."""

from __future__ import annotations

from typing import Any

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
VGG_FILTERS = {"stackwise_num_filters": [64, 128, 256, 512, 512]}
DINO = {"patch_size": 14, "image_shape": (518, 518, 3), "position_embedding_shape": (518, 518, 3)}


def vit(size: dict[str, Any], patch: int, image: int = 224) -> dict[str, Any]:
    """A ViT of that size."""
    renamed = {"mlp_dim" if name == "intermediate_dim" else name: value for name, value in size.items()}
    return renamed | {"patch_size": (patch, patch), "image_shape": (image, image, 3)}


def deit(size: dict[str, Any], image: int = 224) -> dict[str, Any]:
    """A DeiT of that size."""
    return size | {"patch_size": (16, 16), "image_shape": (image, image, 3)}


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
            ("resnet_vd_18_imagenet", RESNET_VD | BASIC_VD | {"stackwise_num_blocks": [2, 2, 2, 2]}),
            ("resnet_vd_34_imagenet", RESNET_VD | BASIC_VD | {"stackwise_num_blocks": [3, 4, 6, 3]}),
            (
                "resnet_vd_50_imagenet resnet_vd_50_ssld_imagenet resnet_vd_50_ssld_v2_imagenet "
                "resnet_vd_50_ssld_v2_fix_imagenet",
                RESNET_VD | BOTTLENECK_VD | {"stackwise_num_blocks": DEEP[0]},
            ),
            (
                "resnet_vd_101_imagenet resnet_vd_101_ssld_imagenet",
                RESNET_VD | BOTTLENECK_VD | {"stackwise_num_blocks": DEEP[1]},
            ),
            ("resnet_vd_152_imagenet", RESNET_VD | BOTTLENECK_VD | {"stackwise_num_blocks": DEEP[2]}),
            ("resnet_vd_200_imagenet", RESNET_VD | BOTTLENECK_VD | {"stackwise_num_blocks": [3, 12, 48, 3]}),
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
    ("MiTBackbone", {}, [(datasets("mit", size), settings) for size, settings in MITS.items()]),
    (
        "SegFormerBackbone",
        {},
        [
            (
                datasets("segformer", size),
                {"image_encoder": ("MiTBackbone", settings), "projection_filters": 256},
            )
            for size, settings in MITS.items()
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
