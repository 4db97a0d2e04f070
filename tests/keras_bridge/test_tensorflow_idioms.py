"""What layers of a user's own take from TensorFlow: each idiom is read as the operations of keras.ops that it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.keras_bridge.opening.tensorflow_complex import Complex, on_complex

STEPS, WIDTH = 5, 16
NAN = float("nan")


class Own(kl.Layer):
    """Reads a square weight and a tensor by a function of a user's own."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], shape[-1]), name="w", initializer="orthogonal")

    def call(self, x: Any) -> Any:
        return self.function(x, self.w)


def shapes_asked(x: Any, w: Any) -> Any:
    """A shape is a list of lengths, has a rank and parts, and grows by lists."""
    _, length, width = x.get_shape().as_list()
    summed = tf.reduce_sum(tf.matmul(x, w), axis=list(range(1, x.shape.rank - 1)))
    assert x.shape[1:].num_elements() == length * width
    assert x.shape[1:].is_fully_defined()
    longer = [length] + x.shape[2:] + [1]  # noqa: RUF005 - what is tried
    assert longer.as_list() == x.shape[1:].concatenate([1]).as_list() == [length, width, 1]
    return tf.reshape(tf.reshape(x, [-1, length * width]), [-1, *x.shape[1:]]) + tf.reshape(summed, [-1, 1, width])


def axes_added(x: Any, w: Any) -> Any:
    """``None`` by itself, and ``tf.newaxis``."""
    return x + tf.reduce_sum(w, 0)[None] + tf.reduce_mean(w, 0)[tf.newaxis, tf.newaxis]


def lists_for_stacks(x: Any, w: Any) -> Any:
    """A list where TensorFlow wants a tensor, of tensors or of numbers."""
    parts = tf.split(tf.matmul(x, w), [1] * (STEPS - 1) + [-1], axis=1)
    scores = tf.reduce_sum(tf.matmul(parts, parts, transpose_b=True), axis=0)
    groups = tf.math.unsorted_segment_sum(tf.transpose(x, [1, 0, 2]), [0, 0, 1, 1, 2], 3)
    picked = tf.gather(x, [0, 2, 4], axis=1)
    both = tf.reduce_sum([x, x * scores], 0) + keras.ops.sum([x, -x * scores], axis=0)
    return both + tf.reduce_mean(groups, 0)[:, None] + tf.reduce_sum(picked, 1)[:, None]


def products(x: Any, w: Any) -> Any:
    """Axes of a product as two numbers, and from the end; matrices by vectors."""
    return (
        tf.tensordot(x, w, axes=(-1, 0))
        + tf.tensordot(x, w, [[2], [0]])
        + tf.linalg.matvec(w, x, transpose_a=True)
        + tf.reshape(
            tf.compat.v1.nn.xw_plus_b(tf.reshape(x, [-1, x.shape[-1]]), w, tf.reduce_mean(w, 0)), [-1, *x.shape[1:]]
        )
    )


def checked(x: Any, w: Any) -> Any:
    """What stops a run with an error, and computes nothing."""
    tf.debugging.assert_all_finite(x, "not finite")
    tf.debugging.assert_rank(x, 3)
    tf.debugging.assert_equal(tf.shape(x)[-1], w.shape[0])
    tf.debugging.assert_less(tf.reduce_max(tf.tanh(x)), 2.0)
    tf.debugging.assert_shapes([(x, ("batch", "steps", "channels"))])
    return tf.matmul(tf.debugging.check_numerics(x, "not finite"), w)


def running(x: Any, w: Any) -> Any:
    """Sums and products up to a place, or after it."""
    y = tf.sigmoid(tf.matmul(x, w))
    return (
        tf.cumsum(y, axis=1, exclusive=True)
        + tf.cumsum(y, axis=1, reverse=True)
        + tf.cumsum(y, axis=1, exclusive=True, reverse=True)
        + tf.math.cumprod(1 - y, axis=1, exclusive=True)
        + tf.math.floormod(x, 1.0)
    )


def squares(x: Any, w: Any) -> Any:
    """Parts of square matrices."""
    scores = tf.matmul(tf.matmul(x, w), x, transpose_b=True)
    off = scores - tf.linalg.band_part(scores, 0, 0)
    return tf.matmul(off + tf.linalg.band_part(scores, 1, 2) + tf.linalg.band_part(scores, -1, 0), x)


def windows(x: Any, w: Any) -> Any:
    """Convolutions and pools along a sequence."""
    return (
        tf.nn.conv1d(x, w[None], 1, "SAME")
        + tf.nn.max_pool1d(x, 2, 1, "SAME")
        + tf.nn.avg_pool1d(x, 2, 1, "SAME")
        + tf.clip_by_norm(x, 1.0, axes=[-1])
    )


def optional(x: Any, w: Any) -> Any:
    """Arguments that have a default."""
    y = tf.matmul(x, w)
    marks = tf.one_hot(tf.argmax(y, -1), WIDTH, on_value=0.9, off_value=0.1)
    longer = tf.pad(y, [[0, 0], [1, 0], [0, 0]], constant_values=2.0)[:, :-1]
    ordered = tf.sort(y, axis=1, direction="DESCENDING") + tf.math.asinh(y)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=marks, logits=y)
    loss = tf.nn.softmax_cross_entropy_with_logits(labels=marks, logits=y)[..., None]
    return tf.nn.l2_normalize(1e-6 * x, -1, epsilon=1e-9) + marks + longer + ordered + losses + loss


def chosen(x: Any, w: Any) -> Any:
    """The largest and where they are, by name; rows by number."""
    best = tf.math.top_k(tf.transpose(tf.matmul(x, w), [0, 2, 1]), k=2)
    rows = tf.gather_nd(tf.transpose(x, [1, 0, 2]), [[0], [3]])
    places = tf.reduce_sum(tf.cast(best.indices, "float32"), -1)
    return x + (tf.reduce_mean(best.values, -1) + places + tf.reduce_sum(rows, 0))[:, None]


def spectra(x: Any, w: Any) -> Any:
    """Complex numbers, made of two weights and of a sequence: products, quotients, an exponential, and back."""
    spectrum = tf.signal.rfft(tf.transpose(x, [0, 2, 1]))
    turned = tf.cast(w, tf.complex64) * tf.constant(1j, tf.complex64)
    factors = tf.exp(tf.complex(tf.zeros_like(w), w)) / (2.0 + turned)
    mixed = tf.einsum("bdf,de->bef", spectrum, factors) - tf.math.conj(spectrum) * 0.5
    mixed = tf.concat([mixed[..., :1], -mixed[..., 1:]], axis=-1)
    back = tf.signal.irfft(mixed, fft_length=[STEPS])
    size = tf.abs(tf.matmul(tf.signal.fft(tf.cast(x, tf.complex64)), factors))
    rest = tf.math.imag(tf.signal.ifft(spectrum)) + tf.cos(tf.math.angle(1.0 + tf.math.square(spectrum)))
    return tf.transpose(back, [0, 2, 1]) + size + tf.reduce_mean(rest, axis=[1, 2], keepdims=True)


def parts_by_length(x: Any, w: Any) -> Any:
    """A slice with a length of -1, and places that are repeated unequally."""
    late = keras.ops.slice(tf.matmul(x, w), [0, 2, 0], [-1, -1, WIDTH])
    return tf.repeat(late, [2, 1, 2], axis=1) + keras.ops.repeat(x[:, :1], [STEPS], axis=1)


class Blur(kl.Layer):
    """Halves an image by the same window for each channel."""

    def call(self, x: Any) -> Any:
        row = tf.constant([1.0, 2.0, 1.0])
        window = (row[:, None] * row[None] / 16.0)[:, :, None, None]
        return tf.nn.depthwise_conv2d(x, tf.tile(window, [1, 1, x.shape[-1], 1]), [1, 2, 2, 1], "SAME")


def test_a_window_of_constants_moves_by_its_strides_in_the_copy() -> None:
    inputs = keras.Input((8, 8, 3))
    given = keras.Model(inputs, kl.Dense(2)(kl.Flatten()(Blur()(inputs))))
    copy = sw.StructureSpace.from_keras(given).baseline.build("inherit")
    batch = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    np.testing.assert_allclose(copy(batch), given(batch), atol=1e-5)


def corners_aligned(x: Any, w: Any) -> Any:
    """An image made larger as TensorFlow 1 did."""
    larger = tf.compat.v1.image.resize(tf.matmul(x, w)[:, :, None], (8, 3), method="bilinear", align_corners=True)
    return x + tf.reduce_mean(larger, axis=[1, 2])[:, None]


def repeated(x: Any, _: Any) -> Any:
    """One channel as often as there are others."""
    mean = tf.reduce_mean(x, -1, keepdims=True)
    return x + tf.repeat(mean, WIDTH, axis=-1) + tf.tile(mean, [1, 1, WIDTH])


class Larger(kl.Layer):
    """A convolution from the smaller to the larger, to a size that is asked for."""

    def __init__(self, size: int, padding: str) -> None:
        super().__init__()
        self.size, self.padding = size, padding

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(3, 3, 5, shape[-1]), name="w")

    def call(self, x: Any) -> Any:
        return tf.nn.conv2d_transpose(x, self.w, [tf.shape(x)[0], self.size, self.size, 5], 2, self.padding)


@pytest.mark.parametrize(("size", "padding"), [(8, "SAME"), (7, "SAME"), (9, "VALID"), (10, "VALID")])
def test_a_transposed_convolution_makes_the_size_that_is_asked_for(size: int, padding: str) -> None:
    inputs = keras.Input((4, 4, 3))
    made = Larger(size, padding)(kl.Conv2D(6, 1, name="before")(inputs))
    given = keras.Model(inputs, kl.Conv2D(2, 1, name="out")(made))
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    batch = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), given(batch), atol=1e-5)
    narrow = space.baseline.with_width("before", 2)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


def best_of_each_sample(x: Any, w: Any) -> Any:
    made = tf.stack([tf.matmul(x, w)[:, 0], x[:, 1], x[:, 2]], axis=1)
    values, places = tf.math.top_k(tf.reduce_sum(made, axis=-1), k=2)
    samples = tf.tile(tf.expand_dims(tf.range(tf.shape(x)[0]), 1), [1, 2])
    return tf.gather_nd(made, tf.stack([samples, places], axis=2)) * tf.expand_dims(values, -1)


def of_length_one(x: Any, w: Any) -> Any:
    direction = tf.matmul(x, w)
    return direction / (
        tf.norm(direction, ord=2, axis=-1, keepdims=True) + tf.norm(direction, ord=1, axis=-1)[..., None]
    )


def said_aloud(x: Any, w: Any) -> Any:
    """Defaults that are written out, and a product that does not say what it makes."""
    rows = tf.shape(x, out_type=tf.int64)[1]
    x = tf.reshape(x, [-1, rows, x.shape[-1]])
    made = tf.nn.bias_add(tf.einsum("btc,cz", x, w), tf.reduce_sum(w, 0), data_format="NHWC")
    best = tf.cast(tf.argmax(tf.transpose(made, [1, 0, 2])), tf.float32)
    return made.shape.with_rank(3) and made * best[:, None]


def edges_of_images(x: Any, w: Any) -> Any:
    """A convolution whose padding is said side by side, and one by channels and then by points."""
    image, kernel = x[:, :, None], w[None, None]
    padded = tf.nn.conv2d(image, kernel, 1, [[0, 0], [1, 1], [0, 0], [0, 0]])
    each = tf.reshape(tf.reduce_sum(w, 1), [1, 1, -1, 1])
    return tf.nn.separable_conv2d(padded, each, kernel, [1, 1, 1, 1], "SAME")[:, 1:-1, 0]


def of_the_first_keras(x: Any, w: Any) -> Any:
    """What layers for Keras 2 took from its backend."""
    backend = tf.keras.backend
    made = backend.bias_add(backend.dot(x, w), backend.sum(w, axis=0))
    made = made + backend.conv1d(x, w[None], padding="same") * backend.std(made)
    made = backend.relu(made, alpha=0.1, max_value=2.0) + tf.scalar_mul(2.0, backend.gather(made, [0]))
    image = backend.pool2d(made[:, :, None], (2, 1), (1, 1), "same", pool_mode="max")
    kept = tf.where(made > 0, made, made.dtype.min * tf.cast(made.dtype.is_integer, made.dtype))
    kept.set_shape([None, STEPS, WIDTH])
    return kept + tf.clip_by_value(image[:, :, 0], tf.constant(0.0), tf.constant(1.0))


def limited(x: Any, w: Any) -> Any:
    """Limits that are weights, or computed, and numbers that are tensors."""
    limit = tf.reduce_max(tf.abs(w))
    made = keras.ops.clip(x, -1.0, limit) + tf.clip_by_value(x, -tf.reduce_max(tf.abs(x)), 1.0)
    ids = tf.zeros_like(x[..., 0], dtype="int32")
    return made + tf.reduce_sum(tf.one_hot(ids, tf.constant(4)), -1, keepdims=True)


@pytest.mark.parametrize(
    "function",
    [
        limited,
        of_the_first_keras,
        said_aloud,
        edges_of_images,
        best_of_each_sample,
        of_length_one,
        repeated,
        corners_aligned,
        shapes_asked,
        axes_added,
        lists_for_stacks,
        products,
        checked,
        running,
        squares,
        windows,
        chosen,
        optional,
        spectra,
        parts_by_length,
    ],
)
def test_an_idiom_is_opened_and_leaves_the_width_around_it_free(function: Callable[[Any, Any], Any]) -> None:
    inputs = keras.Input((STEPS, 6))
    hidden = Own(function)(kl.Dense(WIDTH, name="before")(inputs))
    given = keras.Model(inputs, kl.Dense(2, name="out")(hidden))
    space = sw.StructureSpace.from_keras(given)
    assert not space.baseline.measure().uncounted
    assert not space.source.unproven
    batch = np.random.default_rng(0).normal(size=(3, STEPS, 6)).astype("float32")
    copy = space.baseline.build("inherit")
    np.testing.assert_allclose(given(batch), copy(batch), rtol=1e-4, atol=1e-4)
    narrow = space.baseline.with_width("before", 7)
    assert narrow.build("fresh").count_params() == narrow.measure().n_params


@pytest.mark.parametrize("padding", [0.0, 3.0])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_matrix_of_a_diagonal_is_zero_beside_it_or_is_not_opened(padding: float, dtype: str) -> None:
    inputs = keras.Input((4,))
    own = Own(lambda x, w: tf.linalg.diag(tf.cast(tf.matmul(x, w), dtype), padding_value=padding))
    model = keras.Model(inputs, kl.Flatten()(own(inputs)))
    space = sw.StructureSpace.from_keras(model)
    reason = " ".join(each.closed for each in space.graph.layers.values())
    assert ("not zero beside its diagonal" in reason) == bool(padding)
    assert not padding or space.baseline.measure().uncounted
    if not padding:
        assert {each.dtype for each in space.graph.tensors[-2:]} == {dtype, "float32"}


class Looks(keras.Model):
    """Returns how much its one head looks at each position, without the axes of length 1."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.outer, self.look = kl.Dense(8, name="inner"), kl.Dense(2), kl.MultiHeadAttention(1, 4)

    def call(self, x: Any) -> Any:
        x = self.inner(x)
        seen, where = self.look(x[:, :1], x, return_attention_scores=True)
        return self.outer(seen[:, 0]), tf.squeeze(where)[..., 1:]


def test_all_axes_of_length_one_are_dropped_but_that_of_the_batch() -> None:
    model, batch = Looks(), np.random.default_rng(0).normal(size=(3, STEPS, 6)).astype("float32")
    expected = model(batch)
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    for ours, theirs in zip(space.baseline.build()(batch), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert space.baseline.with_width("inner", 5).build("fresh")(batch)[1].shape == (3, STEPS - 1)


class Compiled(kl.Layer):
    """Parts of its code are compiled by TensorFlow: a method of its own, and a function of its module."""

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], 7), name="kernel")

    @tf.function
    def product(self, x: Any, *, scale: float) -> Any:
        return tf.nn.gelu(tf.matmul(x, self.kernel)) * scale

    def call(self, x: Any) -> Any:
        return _softplus(self.product(x, scale=2.0))


@tf.function
def _softplus(x: Any) -> Any:
    return tf.nn.softplus(x)


def test_what_is_compiled_inside_of_a_layer_is_read_as_it_is_written() -> None:
    model = keras.Sequential([keras.Input((6,)), kl.Dense(5), Compiled(), kl.Dense(2)])
    batch = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert sorted(each.width for each in space.width_groups.values() if not each.fixed) == [5, 7]
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)


class _Outside(kl.Layer):
    """Runs Python that TensorFlow cannot look into, and says the channels of what comes out, but not the rows."""

    def call(self, x: Any) -> Any:
        made = tf.py_function(lambda each: each * 2.0, [x], tf.float32)
        made.set_shape((None, 6))
        return made


class _OutsideAndSaid(_Outside):
    """The same as the error advises."""

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0], 6


class _OutsideOfOthers(_Outside):
    """Cannot be tried on zeros."""

    def call(self, x: Any) -> Any:
        def doubled(each: Any) -> Any:
            if not tf.reduce_any(each != 0):
                raise ValueError("nothing to double")
            return each * 2.0

        made = tf.py_function(doubled, [x], tf.float32)
        made.set_shape((None, 6))
        return made


def test_rows_that_code_does_not_tell_are_tried_or_asked_for_and_no_input_shape_is() -> None:
    def around(layer: keras.Layer) -> keras.Model:
        inputs = keras.Input((6,))
        return keras.Model(inputs, kl.Dense(2)(kl.Dense(9)(layer(inputs))))

    with pytest.raises(ValueError, match=r"'outside' to make as many rows.*compute_output_shape\(\)") as raised:
        sw.StructureSpace.from_keras(around(_OutsideOfOthers(name="outside")))
    assert "Pass input_shape" not in str(raised.value)
    for told in (_OutsideAndSaid(), _Outside()):
        space = sw.StructureSpace.from_keras(around(told))
        assert [group.width for group in space.width_groups.values() if not group.fixed] == [9]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "complex64"])
def test_a_complex_number_is_cast_to_the_type_that_is_asked_for(dtype: str) -> None:
    real, imaginary = np.array([1.6, -2.5], "float32"), np.array([0.5, 1.0], "float32")
    given = {"x": Complex(keras.ops.array(real), keras.ops.array(imaginary)), "dtype": tf.as_dtype(dtype)}
    made, expected = on_complex("cast", lambda _: None)(given), tf.cast(tf.complex(real, imaginary), dtype)
    assert made.dtype == expected.dtype.name
    of_real = made.real if isinstance(made, Complex) else made
    np.testing.assert_allclose(of_real, tf.math.real(expected) if dtype == "complex64" else expected)


class HalvesOfThree(kl.Layer):
    """Queries, keys and values side by side, each cut at its half, as attention along two directions has them."""

    def __init__(self) -> None:
        super().__init__()
        self.made = kl.Dense(24, use_bias=False, name="made")

    def call(self, x: Any) -> Any:
        three = tf.transpose(tf.reshape(self.made(x), (-1, 4, 3, 8)), (2, 0, 1, 3))
        halves = (three[:, :, :, :4], three[:, :, :, 4:])
        return tf.concat([each[0] * each[1] + each[2] for each in halves], -1)


def test_a_share_of_a_width_is_cut_where_it_is_sliced() -> None:
    model = keras.Sequential([keras.Input((4, 5)), HalvesOfThree(), kl.Dense(2, name="out")])
    space = sw.StructureSpace.from_keras(model)
    free = {name: group for name, group in space.width_groups.items() if not group.fixed}
    assert sorted(group.width for group in free.values()) == [12, 12]  # queries, keys and values of four each
    narrow = space.baseline.with_width(next(iter(free)), 6)
    assert narrow.measure().n_params == narrow.build().count_params() == 5 * (6 + 12) + (2 + 4) * 2 + 2


@pytest.mark.parametrize("key", [0, -1, slice(1), slice(-1, None)])
def test_of_what_only_the_shape_is_read_no_width_is_kept(key: Any) -> None:
    def blank(x: Any, w: Any) -> Any:
        ones = tf.ones_like(x[..., key])
        return tf.matmul(x, w) * (ones[..., :1] if isinstance(key, slice) else ones[..., None])

    inputs = keras.Input((3, 4))
    hidden = Own(blank)(kl.Dense(WIDTH, name="before")(inputs))
    given = keras.Model(inputs, kl.Dense(2, name="out")(hidden))
    space = sw.StructureSpace.from_keras(given)
    batch = np.random.default_rng(0).normal(size=(3, 3, 4)).astype("float32")
    np.testing.assert_allclose(given(batch), space.baseline.build()(batch), rtol=1e-4, atol=1e-4)
    narrow = space.baseline.with_width("before", 1)
    assert narrow.build("fresh")(batch).shape == (3, 3, 2)


@pytest.mark.parametrize(
    ("function", "shape"),
    [
        (lambda x: x[:, :, None, 0] + x[:, None, :, 1], (5, 4)),  # pairs of nodes
        (lambda x: x + np.arange(5.0, dtype="float32")[:, None], (5, 7)),  # a number for each place
        (lambda x: x * x[..., :1] + x[..., 1:2], (5,)),  # and for each sample
    ],
)
def test_what_is_added_along_one_axis_is_so_at_any_number_of_samples_and_width(
    function: Callable[[Any], Any], shape: tuple[int, ...]
) -> None:
    class Adds(kl.Layer):
        def call(self, x: Any) -> Any:
            return function(x)

    inputs = keras.Input(shape)
    before = kl.Dense(shape[-1], name="before")
    space = sw.StructureSpace.from_keras(keras.Model(inputs, Adds()(before(inputs))))
    assert not space.baseline.measure().uncounted
    copy, alone = space.baseline.build(), dict[str, Any]()
    exec(space.baseline.code(), alone)  # noqa: S102  # as a user would
    alone["model"].set_weights(copy.get_weights())
    for samples in (1, 2, 5):
        batch = np.random.default_rng(0).normal(size=(samples, *shape)).astype("float32")
        expected = function(np.asarray(before(batch)))
        np.testing.assert_allclose(copy(batch), expected, atol=1e-6)
        np.testing.assert_allclose(alone["model"](batch), expected, atol=1e-6)


def test_an_argument_that_nothing_here_looks_at_is_named_rather_than_left_out() -> None:
    class Kept(kl.Layer):
        def call(self, x: Any) -> Any:
            return tf.nn.top_k(tf.nn.embedding_lookup(x, [0, 1], max_norm=1.0), 2)[0]

    inputs = keras.Input((6,))
    space = sw.StructureSpace.from_keras(keras.Model(inputs, Kept(name="kept")(inputs)))
    assert "max_norm=1.0" in space.baseline.measure().uncounted["kept"]


def own_places(x: Any) -> Any:
    return tf.cast(tf.argmax(x, -1), tf.int32)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - tf.expand_dims(tf.gather(x, own_places(x), axis=1, batch_dims=1), -1),
        lambda x: x - tf.gather(x, own_places(x), axis=1, batch_dims=1)[:, None],
        lambda x: x - tf.expand_dims(tf.gather_nd(x, tf.stack([tf.range(tf.shape(x)[0]), own_places(x)], 1)), -1),
        tf.function(lambda x: tf.where(x > -1e9, x, tf.fill(tf.shape(x), NAN))),
    ],
)
def test_one_number_of_each_sample_is_taken_by_its_place_and_nan_is_a_constant(function: Callable[[Any], Any]) -> None:
    class Picks(kl.Layer):
        def call(self, x: Any) -> Any:
            return function(x)

    inputs = keras.Input((5,))
    model = keras.Model(inputs, kl.Dense(2)(Picks()(kl.Dense(8)(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    assert not space.source.unproven
    copy = space.baseline.build()
    for samples in (1, 3):
        batch = np.random.default_rng(0).normal(size=(samples, 5)).astype("float32")
        np.testing.assert_allclose(copy(batch), model(batch), atol=1e-5)


class PatchesTimesKernel(kl.Layer):
    """A convolution as a product of windows and a kernel that is reshaped."""

    def build(self, shape: Any) -> None:
        self.k = self.add_weight(shape=(3, 3, shape[-1], 7))

    def call(self, x: Any) -> Any:
        windows = tf.image.extract_patches(x, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
        return tf.matmul(windows, tf.reshape(self.k, (-1, 7)))


def test_windows_times_a_reshaped_kernel_leave_the_channels_free() -> None:
    inputs = keras.Input((6, 6, 3))
    model = keras.Model(inputs, kl.Conv2D(2, 1)(PatchesTimesKernel(name="own")(kl.Conv2D(8, 1, name="c")(inputs))))
    space = sw.StructureSpace.from_keras(model)
    assert not space.width_groups["c"].fixed
    batch = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)
    half = space.scaled(0.5)
    assert half.build("fresh").count_params() == half.measure().n_params


def test_what_a_lambda_says_of_its_shape_follows_the_widths() -> None:
    inputs = keras.Input((4, 4, 3))
    hidden = kl.Dense(8, name="a")(inputs)
    scales = kl.Dense(6)(kl.Flatten()(hidden))
    scaled = kl.Lambda(
        lambda both: tf.raw_ops.Mul(x=both[0], y=tf.reshape(both[1], (-1, 1, 1, 6))[..., :1]), output_shape=(4, 4, 8)
    )([hidden, scales])
    space = sw.StructureSpace.from_keras(keras.Model(inputs, kl.Dense(2)(kl.Flatten()(scaled))))
    assert not space.width_groups["a"].fixed
    half = space.scaled(0.5)
    assert half.build().count_params() == half.measure().n_params


def test_beside_the_diagonal_is_zero_whatever_is_on_it() -> None:
    class Normalized(kl.Layer):
        def call(self, adjacent: Any) -> Any:
            scale = tf.linalg.diag(tf.reduce_sum(adjacent, -1) ** -0.5)
            return scale @ adjacent @ scale

    inputs = keras.Input((5, 5))
    model = keras.Model(inputs, kl.Dense(2)(Normalized()(inputs)))
    space = sw.StructureSpace.from_keras(model)
    assert not space.baseline.measure().uncounted
    batch = np.random.default_rng(0).normal(size=(4, 5, 5)).astype("float32")  # roots of some are no numbers
    np.testing.assert_allclose(space.baseline.build()(batch), model(batch), atol=1e-5)
