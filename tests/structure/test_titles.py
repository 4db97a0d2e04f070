"""Names for people: every width of a model has one of its own, and it says where the width is and what for."""

from __future__ import annotations

from collections.abc import Callable

import keras
import pytest
from keras import layers as kl

import structopt_widgets as sw


def mlp() -> keras.Model:
    return keras.Sequential(
        [keras.Input((8,)), kl.Dense(6, name="dense"), kl.Dense(4, name="second"), kl.Dense(2, name="out")]
    )


def vit(named: bool = True) -> keras.Model:
    def name(text: str) -> str | None:
        return text if named else None

    inputs = keras.Input((32, 32, 3))
    x = kl.Reshape((16, 24))(kl.Conv2D(24, 8, strides=8, name="patches")(inputs))
    for number in range(3):
        block = f"encoder_block_{number}"
        y = kl.LayerNormalization(name=name(f"{block}_norm_1"))(x)
        x = kl.Add(name=name(f"{block}_add_1"))([x, kl.MultiHeadAttention(3, 8, name=name(f"{block}_attention"))(y, y)])
        y = kl.LayerNormalization(name=name(f"{block}_norm_2"))(x)
        y = kl.Dense(24, name=name(f"{block}_down"))(kl.Dense(48, activation="gelu", name=name(f"{block}_up"))(y))
        x = kl.Add(name=name(f"{block}_add_2"))([x, y])
    return keras.Model(inputs, kl.Dense(4, name="classes")(kl.GlobalAveragePooling1D()(x)))


def decoder() -> keras.Model:
    inputs = keras.Input((7,), dtype="int32")
    x = kl.Embedding(20, 16, name="tokens")(inputs)
    for _ in range(2):
        y = kl.RMSNormalization()(x)
        x = x + kl.GroupQueryAttention(4, 4, 2)(y, y, use_causal_mask=True)
        y = kl.RMSNormalization()(x)
        x = x + kl.Dense(16)(kl.Dense(24, activation="silu")(y) * kl.Dense(24)(y))
    return keras.Model(inputs, kl.Dense(20)(x))


def u_net() -> keras.Model:
    inputs = keras.Input((16, 16, 1))
    down = kl.Conv2D(4, 3, padding="same", name="down")(inputs)
    bottom = kl.Conv2D(8, 3, padding="same", name="bottom")(kl.MaxPooling2D()(down))
    up = kl.Conv2DTranspose(4, 2, strides=2, name="up")(bottom)
    return keras.Model(inputs, kl.Conv2D(1, 1, name="mask")(kl.Concatenate()([down, up])))


def read(make: Callable[[], keras.Model]) -> sw.StructureSpace:
    with sw.without_weights():
        return sw.StructureSpace.from_keras(make())


def application(name: str) -> Callable[[], keras.Model]:
    return lambda: getattr(keras.applications, name)(weights=None)


# Titles by the name of the group; those of one model, in part.
EXPECTED: dict[str, tuple[Callable[[], keras.Model], dict[str, str]]] = {
    "mlp": (mlp, {"dense": "dense", "second": "second"}),
    "vit": (
        vit,
        {
            "patches": "residual stream",
            "encoder_block_0_attention heads": "heads of block 0 attention",
            "encoder_block_2_attention head size": "head size of block 2 attention",
            "encoder_block_1_up": "feed-forward of block 1",
            "classes": "classes",
        },
    ),
    "u_net": (u_net, {name: name for name in ("down", "bottom", "up", "mask")}),
    "VGG16": (application("VGG16"), {"block1_conv1": "block1_conv1", "fc1": "fc1"}),
    "MobileNetV2": (
        application("MobileNetV2"),
        {
            "Conv1": "Conv1",
            "block_1_project": "stage 2 residual",
            "block_3_expand": "block 3 expansion",
            "block_6_project": "stage 4 residual, blocks 6 to 9",
            "block_10_project": "stage 4 residual, blocks 10 to 12",
            "block_16_project": "block_16_project",
        },
    ),
    "ResNet50": (
        application("ResNet50"),
        {
            "conv1_conv": "conv1_conv",
            "conv2_block1_0_conv": "stage 2 residual",
            "conv2_block3_2_conv": "stage 2 block 3, 3x3 conv",
            "conv5_block1_0_conv": "stage 5 residual",
            "predictions": "predictions",
        },
    ),
    "ResNet50V2": (application("ResNet50V2"), {"conv3_block1_1_conv": "stage 3 block 1, 1x1 conv"}),
    "EfficientNetB0": (
        application("EfficientNetB0"),
        {
            "stem_conv": "stem_conv",
            "block3b_se_reduce": "block 3b squeeze",
            "block3b_expand_conv": "block 3b expansion",
            "block4a_project_conv": "stage 4 residual, blocks 4a to 4c",
            "block7a_project_conv": "block 7a, 1x1 conv",
        },
    ),
    "DenseNet121": (
        application("DenseNet121"),
        {"conv4_block9_1_conv": "stage 4 block 9, 1x1 conv", "pool3_conv": "pool3_conv"},
    ),
    # The author counts stages from 0, and the names say so.
    "ConvNeXtTiny": (
        application("ConvNeXtTiny"),
        {
            "convnext_tiny_stem_conv": "stage 0 residual",
            "convnext_tiny_stage_2_block_8_pointwise_conv_1": "stage 2 block 8 expansion",
        },
    ),
}
SLOW = ("ResNet50", "ResNet50V2", "EfficientNetB0", "DenseNet121", "ConvNeXtTiny")
cases = [pytest.param(*case, id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name, case in EXPECTED.items()]


@pytest.mark.slow
@pytest.mark.parametrize(("make", "expected"), cases)
def test_titles(make: Callable[[], keras.Model], expected: dict[str, str]) -> None:
    space = read(make)
    titles = {name: group.title for name, group in space.width_groups.items()}
    assert {name: titles[name] for name in expected} == expected
    assert len(set(titles.values())) == len(titles)
    assert max(map(len, titles.values())) < 50
    for name, group in space.width_groups.items():
        assert space.group_of(group.title) is group
        assert space.group_of(name) is group


@pytest.mark.slow
def test_sections_hold_every_layer_once() -> None:
    for make in (mlp, vit, decoder, u_net):
        space = read(make)
        layers = [layer for section in space.sections for layer in section.layers]
        assert sorted(layers) == sorted(space.graph.layers)
        assert len({section.title for section in space.sections}) == len(space.sections)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.slow
def test_blocks_are_found_by_name_or_by_their_branches(named: bool) -> None:
    sections = read(lambda: vit(named)).sections
    first = 0 if named else 1
    assert [section.title for section in sections] == ["stem", *(f"block {first + n}" for n in range(3)), "head"]
    assert [section.number for section in sections] == [None, *(str(first + n) for n in range(3)), None]
    assert all(len(section.layers) == 7 for section in sections[1:-1])
    assert sections[-1].layers[-1] == "classes"


@pytest.mark.slow
def test_a_decoder_without_names() -> None:
    space = read(decoder)
    assert [group.title for group in space.width_groups.values()][:4] == [
        "residual stream",
        "key heads of block 1 attention",
        "head size of block 1 attention",
        "feed-forward of block 1",
    ]
    assert space.group_of("feed-forward of block 2").width == 24


def test_a_title_sets_a_width() -> None:
    space = read(vit)
    structure = space.baseline.with_width("residual stream", 16)
    assert structure.widths["patches"] == 16
    assert structure == space.baseline.with_width("patches", 16)


def test_why_names_the_path_and_stays_short() -> None:
    why = read(vit).group_of("residual stream").why
    assert why == (
        "encoder_block_0_add_2 adds patches and encoder_block_0_down; "
        "encoder_block_1_add_2 adds encoder_block_0_down and encoder_block_1_down; "
        "encoder_block_2_add_2 adds encoder_block_1_down and encoder_block_2_down"
    )
    inputs = x = keras.Input((8,))
    for number in range(12):
        y = kl.Dense(8, name=f"d{number}")(x)
        x = kl.Add(name=f"add{number}")([x, y]) if number else y
    why = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(x))).group_of("d0").why
    assert why == "add1 adds d0 and d1; add2 adds d1 and d2; and so on through 8 more, until add11 adds d10 and d11"


def test_a_run_of_one_layer_is_called_by_its_name() -> None:
    inputs = x = keras.Input((4,), name="input")
    for number in range(24):
        x = kl.Dense(4 + number % 2, name=f"dense_{number}")(x)
    sections = sw.StructureSpace.from_keras(keras.Model(inputs, x)).sections
    assert [section.title for section in sections] == ["input to dense_22", "dense_23"]


def test_a_small_models_block_goes_by_its_layers() -> None:
    inputs = keras.Input((6,))
    x = kl.Dense(8, name="stem")(inputs)
    x = kl.Add(name="sum")([x, kl.Dense(8, name="branch")(x)])
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(x)))
    assert [block.title for block in space.blocks.values()] == ["branch to sum"]


def test_a_block_called_twice_is_one_section() -> None:
    inner = keras.Input((8,))
    block = keras.Model(inner, kl.Add()([inner, kl.Dense(8)(kl.Dense(16)(inner))]))
    inputs = keras.Input((8,))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(3)(block(block(inputs)))))
    layers = [layer for section in space.sections for layer in section.layers]
    assert sorted(layers) == sorted(space.graph.layers)
