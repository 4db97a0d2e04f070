"""Models whose peculiarity is how their layers are connected."""

from __future__ import annotations

import keras
from keras import layers as kl
from keras import ops

from .specimen import specimen


@specimen((8,))
def concatenated_then_added() -> keras.Model:
    inputs = keras.Input((8,))
    both = kl.Concatenate()([kl.Dense(3, name="a")(inputs), kl.Dense(5, name="b")(inputs)])
    x = kl.Add()([both, kl.Dense(8, name="sum")(inputs)])
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((8,))
def concatenations_added() -> keras.Model:
    """Two concatenations cut at different places, added."""
    inputs = keras.Input((8,))
    one = kl.Concatenate()([kl.Dense(3, name="a")(inputs), kl.Dense(5, name="b")(inputs)])
    other = kl.Concatenate()([kl.Dense(6, name="c")(inputs), kl.Dense(2, name="d")(inputs)])
    return keras.Model(inputs, kl.Dense(2)(kl.Add()([one, other])))


@specimen((6, 3))
def concatenated_along_time() -> keras.Model:
    inputs = keras.Input((6, 3))
    x = kl.Concatenate(axis=1)([kl.Conv1D(4, 2, name="a")(inputs), kl.Conv1D(4, 3, name="b")(inputs)])
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))


@specimen((6,))
def layer_called_twice() -> keras.Model:
    inputs = keras.Input((6,))
    shared = kl.Dense(5, activation="tanh", name="shared")
    x = kl.Dense(5, name="before")(inputs)
    x = shared(shared(x))
    return keras.Model(inputs, kl.Dense(2)(x))


def _block(name: str) -> keras.Model:
    return keras.Sequential([keras.Input((5,)), kl.Dense(4, name="in"), kl.Dense(5, name="out")], name=name)


@specimen((5,))
def nested_sequential() -> keras.Model:
    """Two nested models whose layers have the same names."""
    inputs = keras.Input((5,))
    return keras.Model(inputs, kl.Dense(2)(_block("second")(_block("first")(inputs))))


@specimen((5,))
def nested_called_twice() -> keras.Model:
    inputs = keras.Input((5,))
    block = _block("block")
    return keras.Model(inputs, kl.Dense(2)(kl.Add()([block(block(inputs)), inputs])))


@specimen([(4,), (6,)])
def two_inputs_two_outputs() -> keras.Model:
    left, right = keras.Input((4,)), keras.Input((6,))
    x = kl.Concatenate()([kl.Dense(5, name="l")(left), kl.Dense(3, name="r")(right)])
    x = kl.Dense(7, name="both")(x)
    return keras.Model([left, right], [kl.Dense(2, name="label")(x), kl.Dense(1, name="value")(x)])


@specimen({"age": (1,), "words": (6,)})
def dictionary_inputs() -> keras.Model:
    inputs = {"age": keras.Input((1,), name="age"), "words": keras.Input((6,), name="words")}
    x = kl.Concatenate()([kl.Dense(3)(inputs["age"]), kl.Dense(4)(inputs["words"])])
    return keras.Model(inputs, {"label": kl.Dense(2)(x)})


@specimen((4, 4, 2))
def reshape_passing_a_width() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            kl.Conv2D(6, 1),
            kl.Reshape((16, 6)),
            kl.Dense(5),
            kl.Reshape((2, 8, -1)),
            kl.Reshape((80,)),
            kl.Dense(2),
        ]
    )


@specimen((6,))
def reshape_cutting_a_width() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6,)), kl.Dense(12), kl.Reshape((3, 4)), kl.Dense(5), kl.Flatten(), kl.Dense(2)]
    )


@specimen((6,))
def reshape_making_a_width_a_length() -> keras.Model:
    """A dense layer's units become the time axis that a convolution slides over."""
    return keras.Sequential(
        [keras.Input((6,)), kl.Dense(12), kl.Reshape((12, 1)), kl.Conv1D(5, 3), kl.GlobalMaxPooling1D(), kl.Dense(2)]
    )


@specimen((5,))
def merging_kinds() -> keras.Model:
    inputs = keras.Input((5,))
    a, b, c = (kl.Dense(6, name=name)(inputs) for name in "abc")
    x = kl.Subtract()([kl.Maximum()([a, b]), kl.Minimum()([b, c, a])])
    return keras.Model(inputs, kl.Dense(2)(kl.Average()([x, c, kl.Dense(6, name="d")(inputs)])))


@specimen((6, 3))
def permuted() -> keras.Model:
    """Channels become a length, in the middle of the shape, for a layer that does not mind and one that does."""
    inputs = keras.Input((6, 3))
    x = kl.Permute((2, 1))(kl.Dense(5, name="free")(inputs))
    y = kl.Permute((2, 1))(kl.Dense(4, name="kept")(inputs))
    x, y = kl.Flatten()(kl.Dense(7)(x)), kl.Flatten()(kl.Conv1D(2, 3)(y))
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([x, y])))


@specimen((6,))
def repeated() -> keras.Model:
    return keras.Sequential(
        [keras.Input((6,)), kl.Dense(5), kl.RepeatVector(4), kl.Conv1D(3, 2), kl.Flatten(), kl.Dense(2)]
    )


@specimen([(8,), (8,)])
def siamese() -> keras.Model:
    """One encoder for two inputs, compared by bare operations."""
    inputs = [keras.Input((8,), name="left"), keras.Input((8,), name="right")]
    encoder = keras.Sequential([keras.Input((8,)), kl.Dense(6, activation="relu"), kl.Dense(4)], name="encoder")
    distance = keras.ops.abs(encoder(inputs[0]) - encoder(inputs[1]))
    return keras.Model(inputs, kl.Dense(1, activation="sigmoid")(distance))


@specimen((12,))
def autoencoder() -> keras.Model:
    """The output is as wide as the input, whatever the bottleneck."""
    inputs = keras.Input((12,))
    code = kl.Dense(3, activation="relu", name="code")(kl.Dense(6, activation="relu")(inputs))
    return keras.Model(inputs, kl.Dense(12, name="restored")(kl.Dense(6, activation="relu")(code)))


@specimen((8,))
def one_part_twice_against_others() -> keras.Model:
    """A width that is in a sum twice, cut at other places each time, against a flattened one as well."""
    inputs = keras.Input((8,))
    x = kl.Dense(10, name="x")(inputs)
    parts = [kl.Dense(width, name=name)(inputs) for name, width in (("a", 6), ("b", 8), ("c", 6))]
    flat = kl.Flatten()(kl.Dense(10, name="flat")(kl.Reshape((2, 4))(inputs)))
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([x, x]) + kl.Concatenate()(parts) + flat))


@specimen((6,))
def gated_by_splitting() -> keras.Model:
    """Halves of one layer's units, and parts of other lengths, which are widths of their own."""
    inputs = keras.Input((6,))
    gate, value = ops.split(kl.Dense(12, name="halves")(inputs), 2, axis=-1)
    short, long = ops.split(kl.Dense(10, name="parts")(ops.sigmoid(gate) * value), [4], axis=1)
    again, other = ops.split(ops.concatenate([long, short], axis=-1), [6], axis=-1)
    held = kl.Dense(4, name="held")(inputs)
    return keras.Model(inputs, kl.Dense(2)(ops.concatenate([again, ops.relu(other), held[..., 1:]], axis=-1)))


@specimen((4, 6))
def axes_moved_by_operations() -> keras.Model:
    inputs = keras.Input((4, 6))
    x = ops.swapaxes(ops.moveaxis(kl.Dense(5, name="moved")(inputs), -1, 1), 1, 2)
    x = ops.repeat(ops.tile(x, (1, 2, 2)), 2, axis=-1)
    y = ops.stack([kl.Dense(5, name="a")(x), kl.Dense(5, name="b")(x)], axis=1)
    y = ops.where(y > 0, y, ops.tile(y, 1) * 0.5)
    return keras.Model(inputs, kl.Dense(2)(ops.mean(y, axis=(1, 2))))


@specimen([(8,), (8,)], cannot_grow=frozenset({"tower"}))
def cosines() -> keras.Model:
    """Two towers compared by a normalized product."""
    inputs = [keras.Input((8,)), keras.Input((8,))]
    tower = kl.Dense(5, name="tower")
    cosine = kl.Dot(axes=-1, normalize=True)([tower(each) for each in inputs])
    return keras.Model(inputs, kl.Dense(2)(cosine))
