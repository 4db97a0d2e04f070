"""KerasHub's image backbones at sizes that build in a moment."""

from __future__ import annotations

from typing import Any

from keras_hub import models as hub

from .tiny import tiny

IMAGE = (32, 32, 3)
RESNET = {
    "input_conv_filters": [64],
    "input_conv_kernel_sizes": [7],
    "stackwise_num_filters": [64, 7],  # KerasHub takes no other first stage
    "stackwise_num_blocks": [1, 2],
    "stackwise_num_strides": [1, 2],
}
VIT = {"image_shape": IMAGE, "patch_size": (8, 8), "num_layers": 2, "num_heads": 2, "hidden_dim": 12}
FEED_FORWARD = {"stream": 12, "feed forward 1": 20, "feed forward 2": 20}


def resnet_of(block_type: str, **settings: Any) -> Any:
    return hub.ResNetBackbone(**(RESNET | settings), block_type=block_type, image_shape=IMAGE)


@tiny(IMAGE, {"stem": 64, "stage 2": 7})
def resnet_basic() -> Any:
    return resnet_of("basic_block")


@tiny(IMAGE, {"stem": 64, "inner 1": 64, "inner 2": 7, "stage 1": 256, "stage 2": 28})
def resnet_bottleneck() -> Any:
    return resnet_of("bottleneck_block")


@tiny(IMAGE, {"stem 1": 6, "stem 2": 5, "stage 2": 28})
def resnet_vd() -> Any:
    return resnet_of("bottleneck_block_vd", input_conv_filters=[6, 5, 64], input_conv_kernel_sizes=[3, 3, 3])


@tiny(IMAGE, {"stem": 64, "inner 2": 7, "stage 1": 256, "stage 2": 28})
def resnet_v2() -> Any:
    return resnet_of("bottleneck_block", use_pre_activation=True)


@tiny(IMAGE, {"growth": 6})
def densenet() -> Any:
    return hub.DenseNetBackbone(stackwise_num_repeats=[2, 2], growth_rate=6, image_shape=IMAGE)


@tiny(IMAGE, {"first": 5, "second": 7})
def vgg() -> Any:
    return hub.VGGBackbone(stackwise_num_repeats=[1, 2], stackwise_num_filters=[5, 7], image_shape=IMAGE)


@tiny((64, 64, 3), {"first": 6, "second": 9})
def xception() -> Any:
    return hub.XceptionBackbone(
        stackwise_conv_filters=[[6, 7], [9, 9], [11, 12]],
        stackwise_pooling=[False, True, False],
        image_shape=(64, 64, 3),
    )


@tiny(IMAGE, FEED_FORWARD)
def vit() -> Any:
    return hub.ViTBackbone(**VIT, mlp_dim=20)


@tiny(IMAGE, FEED_FORWARD)
def deit() -> Any:
    return hub.DeiTBackbone(**VIT, intermediate_dim=20)


@tiny({"images": lambda rng, n: rng.normal(size=(n, *IMAGE)).astype("float32")}, {"stream": 12})
def dinov2() -> Any:
    return hub.DINOV2Backbone(
        **(VIT | {"patch_size": 8}),
        intermediate_dim=20,
        use_mask_token=False,
        num_register_tokens=2,
        position_embedding_shape=IMAGE,
    )


@tiny({"pixel_values": lambda rng, n: rng.normal(size=(n, *IMAGE)).astype("float32")}, {"stream": 16})
def dinov3() -> Any:
    return hub.DINOV3Backbone(**(VIT | {"patch_size": 8, "hidden_dim": 16}), intermediate_dim=20, use_mask_token=False)


@tiny(IMAGE, {"stage 1": 8, "stage 2": 12})
def mit() -> Any:
    return hub.MiTBackbone(
        layerwise_depths=[1, 1],
        num_layers=2,
        layerwise_num_heads=[1, 2],
        layerwise_sr_ratios=[2, 1],
        max_drop_path_rate=0.1,
        layerwise_patch_sizes=[7, 3],
        layerwise_strides=[4, 2],
        hidden_dims=[8, 12],
        image_shape=IMAGE,
    )


@tiny(IMAGE, {"projection": 10})
def segformer() -> Any:
    return hub.SegFormerBackbone(image_encoder=mit(), projection_filters=10)


@tiny(IMAGE, {})
def deeplab_v3() -> Any:
    encoder = resnet_of("basic_block")
    return hub.DeepLabV3Backbone(
        image_encoder=encoder,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P3",
        dilation_rates=[2, 3],
        upsampling_size=2,
        projection_filters=9,
        image_shape=IMAGE,
    )


@tiny((64, 64, 3), {"stem": 14})
def csp_net() -> Any:
    return hub.CSPNetBackbone(
        stem_filters=14,
        stem_kernel_size=3,
        stem_strides=1,
        stem_padding="same",
        stackwise_strides=2,
        stackwise_depth=[1, 2],
        stackwise_num_filters=[16, 24],
        down_growth=True,
        bottle_ratio=(0.5, 1.0),
        block_ratio=(1.0, 0.5),
        expand_ratio=(2.0, 1.0),
        block_type="dark_block",
        stage_type="csp",
        image_shape=(64, 64, 3),
    )


@tiny(IMAGE, {"head": 18})
def efficientnet() -> Any:
    return hub.EfficientNetBackbone(
        stackwise_width_coefficients=[1.0, 1.0],
        stackwise_depth_coefficients=[1.0, 1.0],
        stackwise_kernel_sizes=[3, 5],
        stackwise_num_repeats=[1, 2],
        stackwise_input_filters=[16, 8],
        stackwise_output_filters=[8, 16],
        stackwise_expansion_ratios=[1, 4],
        stackwise_squeeze_and_excite_ratios=[0.25, 0.25],
        stackwise_strides=[1, 2],
        stackwise_block_types=["v1", "v1"],
        stackwise_force_input_filters=[0, 0],
        stackwise_nores_option=[False, False],
        num_features=18,
        input_shape=IMAGE,
    )


@tiny(IMAGE, {})
def mobilenet() -> Any:
    return hub.MobileNetBackbone(
        stackwise_expansion=[[40, 56], [64, 144, 144], [72, 72], [144, 288, 288]],
        stackwise_num_blocks=[2, 3, 2, 3],
        stackwise_num_filters=[[16, 16], [24, 24, 24], [24, 24], [48, 48, 48]],
        stackwise_kernel_size=[[3, 3], [5, 5, 5], [5, 5], [5, 5, 5]],
        stackwise_num_strides=[[2, 1], [2, 1, 1], [1, 1], [2, 1, 1]],
        stackwise_se_ratio=[[None, None], [0.25, 0.25, 0.25], [0.3, 0.3], [0.3, 0.25, 0.25]],
        stackwise_activation=[["relu", "relu"], ["hard_swish"] * 3, ["hard_swish"] * 2, ["hard_swish"] * 3],
        stackwise_padding=[[1, 1], [2, 2, 2], [2, 2], [2, 2, 2]],
        output_num_filters=288,
        input_activation="hard_swish",
        output_activation="hard_swish",
        input_num_filters=16,
        depthwise_filters=8,
        depthwise_stride=2,
        depthwise_residual=False,
        squeeze_and_excite=0.5,
        last_layer_filter=288,
        image_shape=IMAGE,
    )


@tiny(IMAGE, {"embedding": 8})
def swin() -> Any:
    return hub.SwinTransformerBackbone(image_shape=IMAGE, embed_dim=8, depths=[2, 2], num_heads=[2, 4], window_size=4)


@tiny((64, 64, 3), {})
def hg_net_v2() -> Any:
    return hub.HGNetV2Backbone(
        depths=[1, 2],
        embedding_size=6,
        hidden_sizes=[10, 14],
        stem_channels=[3, 6, 8],
        hidden_act="relu",
        use_learnable_affine_block=True,
        stackwise_stage_filters=[[8, 5, 10, 1, 2, 3], [10, 7, 14, 2, 2, 3]],
        apply_downsample=[False, True],
        use_lightweight_conv_block=[False, True],
        image_shape=(64, 64, 3),
        out_features=["stage1", "stage2"],
    )


@tiny((64, 64, 3), {})
def retina_net() -> Any:
    encoder = hub.ResNetBackbone(
        **(
            RESNET
            | {
                "stackwise_num_filters": [64, 7, 9],
                "stackwise_num_blocks": [1, 1, 1],
                "stackwise_num_strides": [1, 2, 2],
            }
        ),
        block_type="bottleneck_block",
        image_shape=(64, 64, 3),
    )
    return hub.RetinaNetBackbone(image_encoder=encoder, min_level=3, max_level=4, use_p5=False, image_shape=(64, 64, 3))


@tiny((64, 64, 3), {"stream": 12, "feed forward 1": 20, "feed forward 2": 20})
def vit_det() -> Any:
    return hub.ViTDetBackbone(
        hidden_size=12,
        num_layers=2,
        intermediate_dim=20,
        num_heads=2,
        global_attention_layer_indices=[1],
        patch_size=16,
        num_output_channels=7,
        window_size=2,
        image_shape=(64, 64, 3),
    )
