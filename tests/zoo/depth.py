"""Models with parts that can be left out."""

from __future__ import annotations

import keras
from keras import layers as kl

from .specimen import specimen


@specimen((6,))
def equal_hidden_layers() -> keras.Model:
    """Three hidden layers of one width, which are three widths all the same."""
    inputs = x = keras.Input((6,))
    for number in range(3):
        x = kl.Dense(7, name=f"hidden_{number}")(x)
        x = kl.BatchNormalization(name=f"norm_{number}")(x)
        x = kl.Dropout(0.1)(kl.Activation("relu")(x))
    return keras.Model(inputs, kl.Dense(2, name="head")(x))


@specimen((6, 6, 3))
def equal_convolutions() -> keras.Model:
    """A stack as in VGG16, whose first layer changes the shape."""
    inputs = x = keras.Input((6, 6, 3))
    for number in range(3):
        x = kl.Conv2D(5, 3, padding="same", activation="relu", name=f"conv_{number}")(x)
    x = kl.Flatten()(kl.MaxPooling2D()(x))
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((5,))
def nested_residual_blocks() -> keras.Model:
    """A residual block that holds two, and a third after it."""
    inputs = keras.Input((5,))
    start = x = kl.Dense(6, name="stem")(inputs)
    for number in range(2):
        branch = kl.Dense(4, activation="relu", name=f"in_{number}")(x)
        x = kl.Add(name=f"add_{number}")([x, kl.Dense(6, name=f"out_{number}")(branch)])
    x = kl.Add(name="outer")([kl.Dense(6, name="project")(x), start])
    x = kl.Add(name="last")([kl.Dense(6, name="branch")(x), x])
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((8, 8, 2))
def skip_over_blocks() -> keras.Model:
    """What residual blocks read is read again at the end, past a path of its own."""
    inputs = keras.Input((8, 8, 2))
    start = x = kl.Conv2D(4, 1, name="stem")(inputs)
    for number in range(2):
        branch = kl.Conv2D(4, 3, padding="same", name=f"conv_{number}")(x)
        x = kl.Add(name=f"add_{number}")([branch, x])
    side = kl.Conv2D(3, 1, name="side_out")(kl.Conv2D(3, 3, padding="same", name="side")(start))
    x = kl.Concatenate()([x, kl.Conv2D(3, 3, padding="same", name="side_2")(side), start])
    return keras.Model(inputs, kl.Dense(2)(kl.Flatten()(x)))


@specimen((6,))
def parallel_hidden_layers() -> keras.Model:
    """Two branches of other lengths: which call is next changes when one of them gets shorter."""
    inputs = keras.Input((6,))
    ends = []
    for branch, width, length in (("p", 7, 3), ("q", 9, 4)):
        x = inputs
        for number in range(length):
            x = kl.Dense(width, name=f"{branch}{number}")(x)
        ends.append(x)
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()(ends)))


@specimen((8,))
def hidden_layer_after_a_concatenation() -> keras.Model:
    inputs = keras.Input((8,))
    both = kl.Concatenate()([kl.Dense(3, name="a")(inputs), kl.Dense(4, name="b")(inputs)])
    x = kl.Dense(7, activation="relu", name="hidden")(both)
    return keras.Model(inputs, kl.Dense(2)(x))


@specimen((8,))
def hidden_layer_of_the_inputs_width() -> keras.Model:
    inputs = keras.Input((8,))
    return keras.Model(inputs, kl.Dense(2)(kl.Dense(8, activation="relu", name="hidden")(inputs)))


@specimen((6,))
def two_ways_from_one_stem() -> keras.Model:
    """Residual blocks on one side, hidden layers on the other: all left out, both sides are the stem, counted once."""
    inputs = keras.Input((6,))
    stem = x = kl.Dense(8, name="stem")(inputs)
    for number in range(2):
        x = kl.Add(name=f"add_{number}")([x, kl.Dense(8, name=f"branch_{number}")(x)])
    y = kl.Dense(8, name="b_1")(kl.Dense(8, activation="relu", name="b_0")(stem))
    return keras.Model(inputs, kl.Dense(2)(kl.Concatenate()([x, y])))
