"""Loss, labels and score from the model and the data."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from structopt_widgets import StructureSpace
from structopt_widgets.training import Budget, Data, quick_run
from structopt_widgets.training.objective import choose_objective, last_activation
from structopt_widgets.training.optimizer import fresh_optimizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
CLASSES = Data(X, np.arange(40) % 3)
BINARY = Data(X, np.arange(40) % 2)
QUANTITIES = Data(X, X[:, :2] + 1)
ONE_QUANTITY = Data(X, X[:, 0])


def space(*layers: keras.layers.Layer, **compiled: object) -> StructureSpace:
    model = keras.Sequential([keras.Input((4,)), *layers])
    if compiled:
        model.compile(**compiled)
    return StructureSpace.from_keras(model)


def dense(units: int, activation: str | None = None) -> keras.layers.Layer:
    return keras.layers.Dense(units, activation)


def test_the_last_activation_is_found_behind_layers_that_keep_values() -> None:
    layers = keras.layers
    assert last_activation(space(dense(3, "softmax")).baseline) == "softmax"
    assert last_activation(space(dense(3), layers.Softmax()).baseline) == "softmax"
    assert last_activation(space(dense(3), layers.Activation("sigmoid"), layers.Reshape((3,))).baseline) == "sigmoid"
    assert last_activation(space(dense(3)).baseline) == "linear"
    changed = space(dense(8), dense(3, "softmax"))
    last = list(changed.baseline.activations)[-1]
    assert last_activation(changed.baseline.with_activation(last, "linear")) == "linear"


@pytest.mark.parametrize("activation", [None, "softmax", "sigmoid"])
def test_classes_take_crossentropy_on_what_the_outputs_are(activation: str | None) -> None:
    objective = choose_objective(space(dense(3, activation)).baseline, CLASSES)
    assert isinstance(objective.loss, keras.losses.SparseCategoricalCrossentropy)
    assert objective.loss.get_config()["from_logits"] is (activation is None)
    outputs = np.eye(3)[CLASSES.y_val] * 5
    assert objective.score(CLASSES.y_val, outputs) == 1
    if activation is None:
        # log(e^5 + 2) - 5
        assert objective.mean_loss(CLASSES.y_val, outputs) == pytest.approx(np.log(np.exp(5) + 2) - 5, rel=1e-5)


@pytest.mark.parametrize(("activation", "threshold"), [(None, 0.0), ("tanh", 0.0), ("sigmoid", 0.5)])
def test_one_output_takes_binary_crossentropy(activation: str | None, threshold: float) -> None:
    objective = choose_objective(space(dense(1, activation)).baseline, BINARY)
    assert isinstance(objective.loss, keras.losses.BinaryCrossentropy)
    assert objective.loss.get_config()["from_logits"] is (activation != "sigmoid")
    assert objective.targets(BINARY.y).shape == (32, 1)
    outputs = np.array([[threshold + 0.1], [threshold - 0.1], [threshold + 0.2]])
    assert objective.score(np.array([1, 0, 0]), outputs) == pytest.approx(2 / 3)


def weighted(y_true: object, y_pred: object) -> object:
    """Crossentropy on logits in which class 1 counts five times, as for rare positives."""
    ops = keras.ops
    positive, y_true = ops.softplus(-y_pred), ops.cast(y_true, "float32")
    return ops.mean(5 * y_true * positive + (1 - y_true) * ops.softplus(y_pred), axis=-1)


@pytest.mark.parametrize(
    ("loss", "threshold"),
    [
        ("mse", 0.5),
        ("mae", 0.5),
        ("binary_crossentropy", 0.5),
        (keras.losses.BinaryCrossentropy(from_logits=True), 0.0),
        ("hinge", 0.0),
        ("squared_hinge", 0.0),
        (lambda y, p: (2 * y - 1 - p) ** 2, 0.0),
        ("huber", 0.5),
        (keras.losses.BinaryFocalCrossentropy(), 0.5),
        (keras.losses.BinaryFocalCrossentropy(from_logits=True), 0.0),
        (weighted, 0.0),
    ],
)
@pytest.mark.parametrize("activation", [None, "tanh"])
def test_one_output_is_a_class_from_where_the_loss_changes_sides(
    loss: object, threshold: float, activation: str | None
) -> None:
    compiled = space(dense(1, activation), loss=loss, optimizer="sgd").baseline
    assert choose_objective(compiled, BINARY).threshold == threshold
    # Other outputs than it was compiled for take a loss on logits.
    (last,) = compiled.activations
    other = compiled.with_activation(last, "linear" if activation else "tanh")
    assert choose_objective(other, BINARY).threshold == 0.0


def test_quantities_take_the_mean_squared_error() -> None:
    objective = choose_objective(space(dense(2)).baseline, QUANTITIES)
    assert isinstance(objective.loss, keras.losses.MeanSquaredError)
    assert objective.metric == "r2"
    assert objective.score(QUANTITIES.y_val, QUANTITIES.y_val) == 1
    assert choose_objective(space(dense(1)).baseline, ONE_QUANTITY).targets(ONE_QUANTITY.y).shape == (32, 1)


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="labels go up to 2, so the model needs at least 3 output units; it has 2"):
        choose_objective(space(dense(2)).baseline, CLASSES)
    with pytest.raises(ValueError, match="labels go up to 2, so the model needs at least 3 output units; it has 1"):
        choose_objective(space(dense(1)).baseline, CLASSES)
    with pytest.raises(ValueError, match=r"outputs of shape \(2,\), one for each value of y, got \(1,\)"):
        choose_objective(space(dense(1)).baseline, QUANTITIES)
    model = keras.Sequential([keras.Input((4, 4)), dense(3)])
    with pytest.raises(ValueError, match=r"got outputs of shape \(4, 3\).*input_shape=\(4,\)"):
        choose_objective(StructureSpace.from_keras(model).baseline, CLASSES)


def test_several_outputs_are_refused() -> None:
    a = keras.Input((4,))
    two = StructureSpace.from_keras(keras.Model(a, [dense(3)(a), dense(3)(a)]))
    with pytest.raises(ValueError, match="one output for a quick run, got 2"):
        choose_objective(two.baseline, CLASSES)


@pytest.mark.parametrize(
    ("loss", "encoding"),
    [
        ("categorical_crossentropy", "one-hot"),
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "one-hot"),
        ("mse", "one-hot"),
        ("sparse_categorical_crossentropy", "integer"),
        (keras.losses.SparseCategoricalCrossentropy(), "integer"),
        ([keras.losses.CategoricalCrossentropy()], "one-hot"),
        (lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p), "integer"),
        (lambda y, p: keras.ops.mean(-keras.ops.sum(y * keras.ops.log(p), -1)), "one-hot"),
        ("crossentropy", "integer"),
    ],
)
def test_a_compiled_loss_is_kept_while_the_last_activation_is(loss: object, encoding: str) -> None:
    compiled = space(dense(8, "relu"), dense(3, "softmax"), loss=loss, optimizer="sgd")
    objective = choose_objective(compiled.baseline, CLASSES)
    if loss != "crossentropy":
        assert objective.loss == (loss[0] if isinstance(loss, list) else loss)
    assert objective.encoding == encoding
    uniform = np.full((len(CLASSES.y_val), 3), 1 / 3, dtype="float32")
    # -log(1/3), with smoothed labels too; the squared error is (4/9 + 1/9 + 1/9) / 3.
    expected = 2 / 9 if loss == "mse" else np.log(3)
    assert objective.mean_loss(CLASSES.y_val, uniform) == pytest.approx(expected, rel=1e-5)
    first, last = compiled.baseline.activations
    assert choose_objective(compiled.baseline.with_activation(first, "tanh"), CLASSES).loss is objective.loss
    other = choose_objective(compiled.baseline.with_activation(last, "linear"), CLASSES)
    assert other.loss.get_config()["from_logits"] is True


def test_the_optimizer_is_fresh_and_as_compiled() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    optimizer = keras.optimizers.SGD(schedule, momentum=0.9)
    compiled = space(dense(3), loss="mse", optimizer=optimizer).baseline
    fresh = fresh_optimizer(compiled, Budget())
    assert fresh is not optimizer
    assert fresh.get_config() == optimizer.get_config()
    faster = fresh_optimizer(compiled, Budget(learning_rate=0.5))
    assert isinstance(faster, keras.optimizers.SGD)
    assert faster.momentum == 0.9
    assert float(faster.learning_rate) == 0.5
    default = fresh_optimizer(space(dense(3)).baseline, Budget())
    assert isinstance(default, keras.optimizers.Adam)
    assert float(default.learning_rate) == pytest.approx(1e-3)


def test_a_schedule_that_is_not_registered_is_used() -> None:
    class Halving(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: object) -> object:
            return 0.5 ** keras.ops.cast(step, "float32")

        def get_config(self) -> dict[str, object]:
            return {}

    compiled = space(dense(3), loss="mse", optimizer=keras.optimizers.SGD(Halving())).baseline
    fresh = fresh_optimizer(compiled, Budget())
    fresh.iterations.assign(3)
    assert float(fresh.learning_rate) == pytest.approx(1 / 8)


def test_where_a_loss_takes_both_forms_the_data_decide() -> None:
    def error(y: object, p: object) -> object:
        return keras.ops.mean(y) - keras.ops.mean(p)

    structure = space(dense(3, "softmax"), loss=error, optimizer="sgd").baseline
    rows = Data(X, np.eye(3)[np.arange(40) % 3])
    assert [choose_objective(structure, data).encoding for data in (CLASSES, rows, rows.flattened())] == [
        "integer",
        "one-hot",
        "one-hot",
    ]


def test_a_loss_that_takes_no_labels_of_classes_is_refused() -> None:
    def error(y: object, p: object) -> object:
        raise TypeError(f"only for pairs of samples, not {y} and {p}")

    with pytest.raises(ValueError, match=r"as class numbers or as one-hot rows; got one that takes neither \(integer"):
        choose_objective(space(dense(3, "softmax"), loss=error, optimizer="sgd").baseline, CLASSES)


def test_compiled_loss_weights_count_while_the_loss_does() -> None:
    structure = space(
        dense(3, "softmax"), loss="categorical_crossentropy", optimizer="sgd", loss_weights=[3.0]
    ).baseline
    objective = choose_objective(structure, CLASSES)
    uniform = np.full((len(CLASSES.y_val), 3), 1 / 3, dtype="float32")
    assert objective.mean_loss(CLASSES.y_val, uniform) == pytest.approx(3 * np.log(3), rel=1e-5)
    other = structure.with_activation(next(iter(structure.activations)), "linear")
    assert choose_objective(other, CLASSES).loss_weight == 1


def test_what_would_train_otherwise_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"got a softmax over the one output .* which is always 1. Use a sigmoid"):
        choose_objective(space(dense(1, "softmax")).baseline, BINARY)

    class Own(keras.Model):
        def train_step(self, data: object) -> dict[str, float]:
            return {}

    x = keras.Input((4,))
    with pytest.raises(
        ValueError, match=r"that Keras's own train_step and test_step take, got Own, which has its own train_step"
    ):
        choose_objective(StructureSpace.from_keras(Own(x, dense(3)(x))).baseline, CLASSES)
    reads = keras.Input(batch_shape=(8, 4, 1))
    for layer in (keras.layers.LSTM(2, stateful=True), keras.layers.Bidirectional(keras.layers.GRU(2, stateful=True))):
        model = keras.Model(reads, dense(3)(layer(reads)))
        with pytest.raises(
            ValueError, match=r"hands its state on from one batch to the next.*Make it with stateful=False"
        ):
            choose_objective(StructureSpace.from_keras(model).baseline, CLASSES)
    both = space(dense(3), loss=["mse", "mae"], optimizer="sgd")
    with pytest.raises(ValueError, match="Expected a model compiled with one loss, got 2"):
        choose_objective(both.baseline, CLASSES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "activation", "loss"),
    [
        pytest.param(
            *(1, "sigmoid", keras.losses.BinaryCrossentropy(from_logits=True)),
            # Keras asks whether it was intended.
            marks=pytest.mark.filterwarnings("ignore:.*does not represent logits"),
        ),
        (1, "sigmoid", "binary_crossentropy"),
        (3, "sigmoid", "sparse_categorical_crossentropy"),
        (3, "softmax", "sparse_categorical_crossentropy"),
    ],
)
def test_the_validation_loss_is_what_keras_evaluates(units: int, activation: str, loss: object) -> None:
    data = BINARY if units == 1 else CLASSES
    far = keras.layers.Rescaling(40.0)  # where a softmax is 0 or 1 to the last bit
    model = keras.Sequential([keras.Input((4,)), far, dense(units, activation)])
    model.compile(keras.optimizers.SGD(0.0), loss)
    trial = quick_run(model, data, Budget(epochs=1, seeds=2))
    expected = []
    for seed in (0, 1):
        untrained = StructureSpace.from_keras(model).baseline.build("fresh", seed=seed)
        untrained.compile("sgd", loss)
        y_val = data.y_val[:, None] if units == 1 else data.y_val
        expected.append(untrained.evaluate(data.x_val, y_val, batch_size=len(y_val), verbose=0))
    assert trial.loss == pytest.approx(np.mean(expected), rel=1e-4)
