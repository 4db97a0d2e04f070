"""Code of a structure runs alone, and makes the model that build() makes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from foreign_models import FOREIGN
from keras import layers as kl

import structopt_widgets as sw


def mlp() -> keras.Model:
    return keras.Sequential([keras.Input((6,)), kl.Dense(8, "relu", kernel_initializer="he_normal"), kl.Dense(3)])


def cnn() -> keras.Model:
    layers = [kl.Conv2D(8, 3, padding="same", kernel_regularizer="l2"), kl.BatchNormalization(), kl.ReLU(6.0)]
    return keras.Sequential([keras.Input((8, 8, 2)), *layers, kl.MaxPooling2D(), kl.Flatten(), kl.Dense(3, "softmax")])


def residual() -> keras.Model:
    inputs = keras.Input((8, 8, 4))
    x = kl.Conv2D(8, 3, padding="same", activation="relu")(inputs)
    y = kl.BatchNormalization()(kl.Conv2D(8, 3, padding="same", use_bias=False)(x))
    return keras.Model(inputs, kl.Dense(3)(kl.GlobalAveragePooling2D()(kl.Activation("relu")(kl.Add()([x, y])))))


def recurrent() -> keras.Model:
    layers = [kl.Embedding(20, 8), kl.Bidirectional(kl.LSTM(6, return_sequences=True)), kl.LSTM(4), kl.Dense(2)]
    return keras.Sequential([keras.Input((5,), dtype="int32"), *layers])


def transformer() -> keras.Model:
    inputs = keras.Input((6, 8))
    x = kl.LayerNormalization()(inputs + kl.MultiHeadAttention(2, 4)(inputs, inputs, use_causal_mask=True))
    return keras.Model(inputs, kl.Dense(3)(keras.ops.mean(x + kl.Dense(8)(kl.Dense(16, "gelu")(x)), axis=1)))


def shared() -> keras.Model:
    one, other = keras.Input((4,), name="one"), keras.Input((4,), name="other")
    layer = kl.Dense(5, name="twice")
    return keras.Model([one, other], kl.Dense(2)(kl.Concatenate()([layer(one), layer(other)])))


def bare_operations() -> keras.Model:
    """An operand after a setting, a type that is the setting, a constant, and a name that Keras gives operations."""
    inputs = keras.Input((6, 8))
    keras.ops.square(inputs)  # takes the name; in the code it is free again
    x = keras.ops.einsum("abc,abd->acd", inputs, kl.Dense(5, name="square")(inputs))
    x = keras.ops.cast(keras.ops.cast(x > 0, "float32") + np.arange(5, dtype="float32"), "float32")
    return keras.Model(inputs, kl.Dense(3)(keras.ops.concatenate([x, keras.ops.square(x)], axis=-1)))


MAKERS: list[Callable[[], Any]] = [mlp, cnn, residual, recurrent, transformer, shared, bare_operations]
LARGE = [keras.applications.MobileNetV2, keras.applications.ResNet50]


def run_alone(codes: list[str]) -> list[tuple[int, list[Any]]]:
    """What each piece of code makes, in a process that cannot import this package."""
    result = "\nprint('made', (model.count_params(), [tuple(each.shape) for each in model.outputs]))\n"
    blocked = "import sys\nsys.modules['structopt_widgets'] = None\n"
    script = blocked + "".join(code + result for code in codes)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    made = [line.removeprefix("made ") for line in run.stdout.splitlines() if line.startswith("made ")]
    return [eval(each, {}) for each in made]  # noqa: S307 - what the lines above print


def check(models: list[Any]) -> None:
    structures = []
    for model in models:
        space = sw.StructureSpace.from_keras(model)
        structures += [space.baseline, space.scaled(0.5)]
    codes = [each.code() for each in structures]
    assert not any("structopt" in code for code in codes)
    for structure, (count, shapes) in zip(structures, run_alone(codes), strict=True):
        with sw.without_weights():
            built = structure.build(weights="fresh")
        assert count == built.count_params() == structure.measure().n_params
        assert shapes == [tuple(each.shape) for each in built.outputs]


@pytest.mark.exhaustive
def test_code_runs_alone_and_makes_the_model() -> None:
    check([make() for make in MAKERS])


@pytest.mark.exhaustive
def test_code_of_applications_runs_alone() -> None:
    with sw.without_weights():
        models = [make(weights=None) for make in LARGE]
    check(models)


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_code_of_models_that_others_wrote_computes_the_same_or_says_why_there_is_none() -> None:
    computed, said = 0, []
    for foreign in FOREIGN.values():
        model = foreign.make()
        try:
            space = sw.StructureSpace.from_keras(model)
            structures = [space.baseline, space.scaled(0.5)]
            codes = [each.code() for each in structures]
        except ValueError as error:
            said.append(str(error))
            continue
        for structure, code in zip(structures, codes, strict=True):
            made: dict[str, Any] = {}
            exec(code, made)  # noqa: S102 - the code under test
            built = structure.build("fresh")
            made["model"].set_weights(built.get_weights())
            x = foreign.batch()
            for one, other in zip(
                keras.tree.flatten(built(x, training=False)),
                keras.tree.flatten(made["model"](x, training=False)),
                strict=True,
            ):
                np.testing.assert_allclose(one, other, atol=1e-4)
            computed += 1
    assert [each for each in said if not each.startswith("Expected")] == []
    assert computed > len(FOREIGN) // 2


@pytest.mark.slow
def test_a_model_of_the_code_computes_the_same_and_keeps_its_settings() -> None:
    for make in MAKERS:
        model = make()
        made: dict[str, Any] = {}
        exec(sw.StructureSpace.from_keras(model).baseline.code(), made)  # noqa: S102 - the code under test
        made["model"].set_weights(model.get_weights())
        x = keras.tree.map_structure(lambda each: keras.ops.ones((2, *each.shape[1:]), each.dtype), model.inputs)
        x = x if len(x) > 1 else x[0]
        assert keras.ops.max(keras.ops.abs(made["model"](x) - model(x))) < 1e-6
    exec(sw.StructureSpace.from_keras(cnn()).baseline.code(), made)  # noqa: S102 - the code under test
    assert made["model"].layers[1].get_config()["kernel_regularizer"]["class_name"] == "L2"


@pytest.mark.slow
def test_operations_on_images_and_infinities_are_written() -> None:
    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            larger = keras.ops.image.resize(x, (6, 7))
            return keras.ops.max(keras.ops.where(larger > 0, larger, -float("inf")), axis=(1, 2))

    inputs = keras.Input((3, 4, 2))
    structure = sw.StructureSpace.from_keras(keras.Model(inputs, Own()(keras.layers.Conv2D(3, 1)(inputs)))).baseline
    copy, alone = structure.build(), dict[str, Any]()
    exec(structure.code(), alone)  # noqa: S102  # as a user would
    alone["model"].set_weights(copy.get_weights())
    batch = np.random.default_rng(0).normal(size=(2, 3, 4, 2)).astype("float32")
    np.testing.assert_allclose(alone["model"](batch), copy(batch), atol=1e-6)


def test_blocks_left_out_are_not_in_the_code() -> None:
    space = sw.StructureSpace.from_keras(residual())
    (block,) = space.blocks
    without = space.baseline.with_block(block, False)
    assert "BatchNormalization" in space.baseline.code()
    assert "BatchNormalization" not in without.code()
    exec(without.code(), {})  # noqa: S102 - the code under test, which ends with its own test


def test_what_only_the_users_code_makes_is_named() -> None:
    class Scale(keras.Layer):
        def build(self, shape: Any) -> None:
            self.factor = self.add_weight(shape=(shape[-1],))

        def call(self, x: Any) -> Any:
            return x * self.factor

    space = sw.StructureSpace.from_keras(keras.Sequential([keras.Input((4,)), kl.Dense(5), Scale(), kl.Dense(2)]))
    with pytest.raises(ValueError, match="Expected layers and operations that Keras itself has"):
        space.baseline.code()


def test_writing_code_leaves_the_names_that_keras_gives_alone() -> None:
    given = keras.Input((5,))
    hidden = keras.layers.Dense(24)(given)
    sw.StructureSpace.from_keras(keras.Model(given, keras.layers.Dense(3)(hidden))).baseline.code()
    # Names that were given once more would be refused here.
    keras.Model(given, keras.layers.Dense(1)(keras.layers.Dense(8)(hidden)))
