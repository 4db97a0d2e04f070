"""Image backbones among KerasHub's presets whose configurations the package itself makes from timm's names."""

from __future__ import annotations

from typing import Any

from keras_hub.src.utils.timm import convert_cspnet, convert_efficientnet, convert_hgnetv2, convert_mobilenet

from .preset_images import IMAGE
from .preset_sizes import Family


def timm(converter: Any, architecture: str, tag: str = "") -> dict[str, Any]:
    """What KerasHub makes of one of timm's names."""
    named = {"architecture": architecture, "pretrained_cfg": {"tag": tag}}
    return dict(converter.convert_backbone_config(named)) | {"image_shape": IMAGE}


def classifiers(backbone: str, converter: Any, presets: dict[str, str]) -> Family:
    """Presets whose published number, as timm's, is of the classifier of ImageNet's thousand classes."""
    common = {"num_classes": 1000}
    return (
        "ImageClassifier",
        common,
        [(names, {"backbone": (backbone, timm(converter, name))}) for name, names in presets.items()],
    )


CONVERTED: list[Family] = [
    classifiers(
        "EfficientNetBackbone",
        convert_efficientnet,
        {
            "efficientnet_b0": "efficientnet_b0_ra_imagenet efficientnet_b0_ra4_e3600_r224_imagenet",
            "efficientnet_b1": "efficientnet_b1_ft_imagenet efficientnet_b1_ra4_e3600_r240_imagenet",
            "efficientnet_b2": "efficientnet_b2_ra_imagenet",
            "efficientnet_b3": "efficientnet_b3_ra2_imagenet",
            "efficientnet_b4": "efficientnet_b4_ra2_imagenet",
            "efficientnet_b5": "efficientnet_b5_sw_imagenet efficientnet_b5_sw_ft_imagenet",
            "efficientnet_el": "efficientnet_el_ra_imagenet",
            "efficientnet_em": "efficientnet_em_ra2_imagenet",
            "efficientnet_es": "efficientnet_es_ra_imagenet",
            "efficientnet_lite0": "efficientnet_lite0_ra_imagenet",
            "efficientnetv2_rw_m": "efficientnet2_rw_m_agc_imagenet",
            "efficientnetv2_rw_s": "efficientnet2_rw_s_ra2_imagenet",
            "efficientnetv2_rw_t": "efficientnet2_rw_t_ra2_imagenet",
        },
    ),
    classifiers(
        "CSPNetBackbone",
        convert_cspnet,
        {
            "cspdarknet53": "csp_darknet_53_ra_imagenet",
            "cspresnext50": "csp_resnext_50_ra_imagenet",
            "cspresnet50": "csp_resnet_50_ra_imagenet",
            "darknet53": "darknet_53_imagenet",
        },
    ),
    (
        "HGNetV2Backbone",
        {},
        [
            ("hgnetv2_b4_ssld_stage2_ft_in1k", timm(convert_hgnetv2, "hgnetv2_b4", "ssld")),
            (
                "hgnetv2_b5_ssld_stage1_in22k_in1k hgnetv2_b5_ssld_stage2_ft_in1k",
                timm(convert_hgnetv2, "hgnetv2_b5", "ssld"),
            ),
            (
                "hgnetv2_b6_ssld_stage1_in22k_in1k hgnetv2_b6_ssld_stage2_ft_in1k",
                timm(convert_hgnetv2, "hgnetv2_b6", "ssld"),
            ),
        ],
    ),
    (
        "MobileNetBackbone",
        {},
        [
            ("mobilenet_v3_small_050_imagenet", timm(convert_mobilenet, "mobilenetv3_small_050")),
            ("mobilenet_v3_small_100_imagenet", timm(convert_mobilenet, "mobilenetv3_small_100")),
            (
                "mobilenet_v3_large_100_imagenet mobilenet_v3_large_100_imagenet_21k",
                timm(convert_mobilenet, "mobilenetv3_large_100"),
            ),
        ],
    ),
]
