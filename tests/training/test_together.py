"""Structures trained together are each what they would be alone."""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable

import keras
import numpy as np
import pytest

from structopt_widgets import Structure, StructureSpace
from structopt_widgets.keras_bridge import build_model
from structopt_widgets.keras_bridge.inheriting.variables import present_weights
from structopt_widgets.training import Budget, Data, Progress, Trial, load_data, quick_run, train_together
from structopt_widgets.training.fitting import Samples, fit
from structopt_widgets.training.inputs import fit_x
from structopt_widgets.training.objective import choose_objective
from structopt_widgets.training.progress import Watch
from structopt_widgets.training.run import Run
from structopt_widgets.training.together.epochs import fit_jointly
from structopt_widgets.training.together.grouping import batches
from structopt_widgets.training.together.joint_training import JointTraining, NotStackableError
from structopt_widgets.training.together.side_by_side.dense_networks import dense_layers
from structopt_widgets.training.together.side_by_side.dense_training import SideBySide
from structopt_widgets.training.together.stacked.stack import Stack

pytestmark = pytest.mark.slow
layers = keras.layers


def pictures() -> Data:
    data = load_data("fashion")
    return Data(data.x[:90], data.y[:90], data.x_val[:50], data.y_val[:50], name="some fashion")


def names() -> Data:
    data = load_data("surnames")
    rows = np.arange(90) * 40
    return Data(data.x[rows], data.y[rows], data.x_val[:50], data.y_val[:50], name="some names")


def mlp() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(12, "relu", name="one", kernel_regularizer="l2"),
            layers.Dense(8, "relu", name="two"),
            layers.Dense(10),
        ]
    )


def dropped() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(12, "relu", name="one"),
            layers.Dropout(0.4),
            layers.Dense(8, "tanh", name="two"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )


def cnn() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14, 14, 1)),
            layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
            layers.DepthwiseConv2D(3, padding="same", activation="relu"),
            layers.Conv2D(4, 2, activation="relu"),
            layers.SpatialDropout2D(0.2),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def normalized() -> keras.Model:
    image = keras.Input((14, 14, 1))
    x = layers.Conv2D(6, 3, use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    y = layers.Conv2D(6, 3, padding="same", dilation_rate=2)(x)
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    x = layers.Concatenate()([x, layers.Conv2D(4, 1, groups=2)(x)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10)(x))


def line() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14, 14)),
            layers.Conv1D(6, 3, padding="causal", activation="relu"),
            layers.AveragePooling1D(2),
            layers.Conv1D(4, 2, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(10),
        ]
    )


def attentive() -> keras.Model:
    letters = keras.Input((14,), dtype="int32")
    x = layers.Embedding(28, 8)(letters)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)])
    x = layers.LayerNormalization()(x)
    x = layers.Add()([x, layers.Dense(8)(layers.Dense(12, "gelu")(x))])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(letters, layers.Dense(12)(x))


def recurrent(kind: str) -> Callable[[], keras.Model]:
    def make() -> keras.Model:
        return keras.Sequential(
            [
                keras.Input((14,), dtype="int32"),
                layers.Embedding(28, 6, mask_zero=True),
                getattr(layers, kind)(8),
                layers.Dense(12),
            ]
        )

    make.__name__ = kind
    return make


def both_ways() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((14,), dtype="int32"),
            layers.Embedding(28, 6),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(4)),
            layers.Flatten(),
            layers.Dense(12),
        ]
    )


MODELS = [mlp, dropped, cnn, normalized, line, attentive, both_ways, *map(recurrent, ("SimpleRNN", "LSTM", "GRU"))]


def samples_of(structure: Structure, data: Data) -> Samples:
    graph = structure.space.graph
    reads = graph.tensors[graph.input_tensors[0]]
    x, x_val = (fit_x(each, reads.shape, reads.dtype) for each in (data.x, data.x_val))
    return Samples(x, data.y, x_val, data.y_val)


def some_structures(model: keras.Model, elementwise: bool = True) -> list[Structure]:
    """The baseline, a narrow one, and a random one with other widths, activations and biases."""
    space = StructureSpace.from_keras(model)
    rng = random.Random(3)
    drawn = space.sample(rng)
    for layer in drawn.activations:
        options = ("relu", "sigmoid", "tanh") if elementwise else (space.baseline.activations[layer],)
        if layer not in space.graph.layers or space.graph.layers[layer].name == list(space.graph.layers)[-1]:
            options = ("linear",)
        drawn = drawn.with_activation(layer, rng.choice(options))
    for block in drawn.blocks:  # those of one stack have the same blocks
        drawn = drawn.with_block(block, True)
    return [space.baseline, space.scaled(0.5), drawn]


def both(
    structures: list[Structure],
    data: Data,
    budget: Budget,
    kind: type[JointTraining] = Stack,
    seeds: tuple[int, ...] = (),
) -> tuple[list[Run], list[Run], float]:
    """The same runs together and alone, and the largest difference of a weight after training."""
    objective = choose_objective(structures[0], data)
    samples = samples_of(structures[0], data)

    def runs() -> list[Run]:
        many = zip(structures, seeds or range(len(structures)), strict=True)
        return [Run(trial, 0, each, seed) for trial, (each, seed) in enumerate(many)]

    def watch() -> Watch:
        return Watch(100, 10, 1, len(structures), objective.metric, None, None)

    together, alone = runs(), runs()
    joint = fit_jointly(kind, together, objective, samples, budget, "fresh", watch())
    if isinstance(joint, Stack):
        assert_padding_is_zero(joint, len(structures))
    worst = 0.0
    for number, run in enumerate(alone):
        model = fit(run, objective, samples, budget, "fresh", watch())
        mine = joint.weights(number)
        for operation in model.operations:
            for place, variable in present_weights(run.structure, operation.name, operation).items():
                theirs = np.asarray(variable)
                assert mine[operation.name, place].shape == theirs.shape
                worst = max(worst, float(np.abs(mine[operation.name, place] - theirs).max()))
        start = build_model(run.structure, "fresh", compiled=False, seed=run.seed)
        moved = [
            np.abs(np.asarray(one) - np.asarray(other)).max()
            for one, other in zip(start.trainable_variables, model.trainable_variables, strict=True)
        ]
        assert max(moved) > 1e-3  # there was something to agree about
    return together, alone, worst


def assert_padding_is_zero(stack: Stack, members: int) -> None:
    """Nothing is masked in training: that zeros get no gradient is a property of every layer that is stacked."""
    for variable, stacked in zip(stack._envelope_model.trainable_variables, stack._trainable, strict=True):
        layer, place = stack._places[id(variable)]
        axes = stack._axes[layer][place].axes
        for number in range(members):
            whole, placement = np.asarray(stacked[number]), stack._placements[number]
            np.testing.assert_array_equal(whole, placement.fill(axes, placement.pick(axes, whole)))


def assert_alike(together: list[Run], alone: list[Run], worst: float, tolerance: float = 2e-4) -> None:
    assert worst < tolerance
    for one, other in zip(together, alone, strict=True):
        assert one.is_finished
        assert other.is_finished
        assert len(one.history) == len(other.history)
        for mine, theirs in zip(one.history, other.history, strict=True):
            assert mine == pytest.approx(theirs, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_members_are_mathematically_alone(make: Callable[[], keras.Model]) -> None:
    structures = some_structures(make())
    data = pictures() if structures[0].space.graph.tensors[0].dtype == "float32" else names()
    # 90 samples: the last batch of an epoch is smaller.
    budget = Budget(epochs=2, batch_size=32, optimizer="sgd", learning_rate=0.05, seeds=1)
    assert_alike(*both(structures[1:], data, budget))


def residual() -> keras.Model:
    """Everything that goes side by side: a residual sum, normalization, frozen and shared layers, probabilities."""
    image = keras.Input((14, 14))
    x = layers.Dense(12, name="first")(layers.Flatten()(layers.Rescaling(0.5)(image)))
    x = layers.LeakyReLU()(layers.BatchNormalization(name="norm")(x))
    shared = layers.Dense(9, "tanh", name="shared", bias_regularizer=keras.regularizers.L1(0.1))
    y = layers.Dropout(0.3)(shared(x))
    z = layers.Activation("relu", name="acts")(
        layers.Dense(9, use_bias=False, name="later", kernel_regularizer="l2")(x)
    )
    frozen = layers.Dense(9, "relu", name="frozen", trainable=False)
    x = layers.BatchNormalization(center=False, scale=False)(frozen(layers.Average()([layers.Add()([y, z]), y])))
    return keras.Model(image, layers.Dense(10, "softmax", name="classes")(x))


@pytest.mark.parametrize("make", [mlp, dropped, residual], ids=lambda make: make.__name__)
@pytest.mark.parametrize("seeds", [(0, 0, 0, 0), (1, 1, 2, 2), (3, 4, 5, 6)], ids=str)
def test_members_side_by_side_are_mathematically_alone(make: Callable[[], keras.Model], seeds: tuple[int, ...]) -> None:
    base, narrow, drawn = some_structures(make())
    if "classes" in base.activations:
        drawn = drawn.with_activation("classes", "softmax")
    wide = drawn.with_width("one", 20) if "one" in drawn.widths else base.with_bias("first", False)
    budget = Budget(epochs=2, batch_size=32, optimizer="sgd", learning_rate=0.02, seeds=1)
    assert_alike(*both([base, narrow, drawn, wide], pictures(), budget, SideBySide, seeds))


@pytest.mark.parametrize("kind", [SideBySide, Stack])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_each_optimizer_keeps_its_own_state(optimizer: str, kind: type[JointTraining]) -> None:
    # Adam divides by the size of a gradient: where that is rounding noise, so is the step.
    budget = Budget(epochs=2, batch_size=30, optimizer=optimizer, learning_rate=1e-2, seeds=1)
    assert_alike(*both(some_structures(mlp())[1:], pictures(), budget, kind), tolerance=2e-3)


def test_dense_networks_go_side_by_side_and_others_are_stacked() -> None:
    def kinds(model: keras.Model, widths: list[int], seeds: int = 1) -> list[tuple[type[JointTraining], ...]]:
        base = StructureSpace.from_keras(model, growth=32).baseline
        first = next(iter(base.widths))
        runs = [
            Run(trial, place, base.with_width(first, width), seed=place)
            for trial, width in enumerate(widths)
            for place in range(seeds)
        ]
        planned = batches(runs, 80_000, Budget(epochs=10, seeds=1))
        assert sorted(map(id, runs)) == sorted(id(run) for batch in planned for run in batch.runs)
        for batch in planned:
            assert [run.seed for run in batch.runs] == sorted(run.seed for run in batch.runs) or batch.kinds == (Stack,)
        return [batch.kinds for batch in planned]

    assert set(kinds(mlp(), list(range(8, 257, 8)))) == {(SideBySide, Stack)}
    # Those that are alike have one product for all of them.
    assert set(kinds(mlp(), [16], seeds=5)) == {(SideBySide, Stack)}
    assert set(kinds(cnn(), list(range(2, 34)))) == {(Stack,)}


def test_what_cannot_go_side_by_side_is_stacked() -> None:
    model = keras.Sequential(
        [keras.Input((196,)), layers.Dense(12, "relu", name="one"), layers.LayerNormalization(), layers.Dense(10)]
    )
    with pytest.raises(NotStackableError, match="LayerNormalization"):
        dense_layers(StructureSpace.from_keras(model).baseline)

    # What shows only when the layers are at hand.
    noisy = keras.Sequential(
        [
            keras.Input((196,)),
            layers.Dense(12, "sparsemax", name="one"),
            layers.Dense(10),
        ]
    )
    with pytest.raises(NotStackableError, match="over all of its channels"):
        both([StructureSpace.from_keras(noisy).baseline] * 2, pictures(), Budget(epochs=1, seeds=1), SideBySide)
    trials = train_together([StructureSpace.from_keras(noisy).baseline] * 2, pictures(), Budget(epochs=1, seeds=1))
    assert [(trial.state, trial.engine) for trial in trials] == [("complete", "together")] * 2


def test_a_compiled_optimizer_is_used_with_its_settings() -> None:
    model = mlp()
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy")
    assert_alike(*both(some_structures(model)[1:], pictures(), Budget(epochs=2, seeds=1)))


@pytest.mark.usefixtures("one_by_keras")
def test_the_same_call_gives_the_same_numbers_and_company_changes_nothing() -> None:
    structures, data = some_structures(dropped()), pictures()
    budget = Budget(epochs=2, seeds=2)
    first, second = (train_together(structures, data, budget) for _ in range(2))
    assert {trial.engine for trial in first} == {"together"}
    assert [trial.history for trial in first] == [trial.history for trial in second]
    lonely = train_together(structures[2:], data, budget)[0]
    for mine, theirs in zip(first[2].history, lonely.history, strict=True):
        for one, other in zip(mine, theirs, strict=True):
            assert one == pytest.approx(other, rel=1e-3, abs=1e-4)
    with_keras = quick_run(structures[2], data, Budget(epochs=2, seeds=[1]))
    assert with_keras.engine == "keras"
    assert with_keras.history[0][-1] == pytest.approx(first[2].history[1][-1], rel=1e-3, abs=1e-4)


def test_what_cannot_be_stacked_is_trained_one_by_one() -> None:
    model = keras.Sequential(
        [keras.Input((196,)), layers.Dense(8, "relu", name="one"), layers.GaussianNoise(0.1), layers.Dense(10)]
    )
    space = StructureSpace.from_keras(model)
    trials = train_together([space.baseline, space.scaled(0.5)], pictures(), Budget(epochs=1, seeds=2))
    assert [trial.state for trial in trials] == ["complete"] * 2
    assert all(
        re.match(r"keras: gaussian_noise.* \(GaussianNoise\) draws random numbers", each.engine) for each in trials
    )
    clipped = mlp()
    clipped.compile(keras.optimizers.Adam(clipnorm=1.0), "sparse_categorical_crossentropy")
    trial = quick_run(clipped, pictures(), Budget(epochs=1, seeds=2))
    assert (trial.state, len(trial.by_seed)) == ("complete", 2)
    assert trial.engine == "keras: the optimizer's clipnorm joins a model's weights"


def test_one_member_that_diverges_fails_and_the_others_do_not_notice() -> None:
    space = StructureSpace.from_keras(mlp())
    base = space.baseline
    explosive = base.with_activation("one", "exponential").with_activation("two", "exponential")
    data, budget = pictures(), Budget(epochs=3, optimizer="sgd", learning_rate=0.5, seeds=1)
    calm, failed, other = train_together([base, explosive, space.scaled(0.5)], data, budget)
    assert (failed.state, failed.engine) == ("failed", "together")
    assert "Seed 0: The training loss became" in failed.reason
    assert (calm.state, other.state) == ("complete", "complete")
    without = train_together([base, space.scaled(0.5)], data, budget)
    assert calm.history[0][-1] == pytest.approx(without[0].history[0][-1], rel=1e-3)


def test_all_members_may_diverge() -> None:
    base = StructureSpace.from_keras(mlp()).baseline
    explosive = base.with_activation("one", "exponential").with_activation("two", "exponential")
    budget = Budget(epochs=2, optimizer="sgd", learning_rate=0.5, seeds=2)
    # A report is due at every step, also at those after the last member has ended.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("structopt_widgets.training.progress.SECONDS_BETWEEN", 0.0)
        (failed,) = train_together([explosive], pictures(), budget)
    assert (failed.state, failed.engine) == ("failed", "together")


def test_stacks_side_by_side_know_the_users_own_functions() -> None:
    def doubled(x: object) -> object:
        return 2 * x  # type: ignore[operator]

    inputs = keras.Input((196,))
    x = layers.Dense(8, doubled, name="one")(inputs)
    space = StructureSpace.from_keras(keras.Model(inputs, layers.Dense(10)(x)))
    # An activation over all channels keeps structures apart.
    structures = [space.baseline, space.baseline.with_activation("one", "softmax")]
    trials = train_together(structures, pictures(), Budget(epochs=1, seeds=2))
    assert [(trial.state, trial.engine) for trial in trials] == [("complete", "together")] * 2


def test_what_one_stack_raises_stops_the_others() -> None:
    def interrupted(_: Progress) -> None:
        raise KeyboardInterrupt

    base = StructureSpace.from_keras(mlp()).baseline
    structures = [base, base.with_activation("one", "softmax")]
    with pytest.raises(KeyboardInterrupt):
        train_together(structures, pictures(), Budget(epochs=100_000, seeds=2), on_progress=interrupted)


def test_softmax_over_differing_widths_is_told_apart() -> None:
    space = StructureSpace.from_keras(mlp())
    structures = [each.with_activation("one", "softmax") for each in (space.baseline, space.scaled(0.5))]
    trials = train_together([space.baseline, *structures], pictures(), Budget(epochs=1, seeds=1))
    assert [trial.state for trial in trials] == ["complete"] * 3
    assert all("activation over all of its channels" in trial.engine for trial in trials[1:])
    # Seeds of one structure have no padding between them.
    assert train_together(structures[:1], pictures(), Budget(epochs=1, seeds=2))[0].engine == "together"


def test_softmax_over_the_classes_is_stacked_since_their_number_is_one() -> None:
    inputs = keras.Input((14, 14))
    x = layers.Dense(6, "relu", name="hidden")(layers.Flatten()(inputs))
    base = StructureSpace.from_keras(keras.Model(inputs, layers.Dense(10, "softmax")(x))).baseline
    together, alone, worst = both(
        [base, base.with_width("hidden", 3)], pictures(), Budget(epochs=1, optimizer="sgd", seeds=1)
    )
    assert_alike(together, alone, worst)


def test_it_is_cancelled_within_a_second() -> None:
    stop, started, result = threading.Event(), threading.Event(), []

    def told(progress: Progress) -> None:
        if progress.fraction > 0:
            started.set()

    def train() -> None:
        result.extend(train_together(structures, pictures(), Budget(epochs=2000, seeds=1), "fresh", told, stop.is_set))

    structures = some_structures(mlp())
    thread = threading.Thread(target=train)
    thread.start()
    assert started.wait(60)
    asked = time.perf_counter()
    stop.set()
    thread.join(60)
    assert time.perf_counter() - asked < 1
    assert [trial.state for trial in result] == ["cancelled"] * 3
    assert all(math.isnan(trial.score) for trial in result)


def test_progress_names_every_run_and_ends_at_one() -> None:
    told: list[Progress] = []
    space = StructureSpace.from_keras(mlp())
    train_together([space.baseline, space.scaled(0.5)], pictures(), Budget(epochs=2, seeds=2), on_progress=told.append)
    assert [each.fraction for each in told] == sorted(each.fraction for each in told)
    assert told[-1].fraction == 1
    ends = {(each.trial, each.seed) for each in told if each.epoch == 2}
    assert ends == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert {(each.trials, each.seeds) for each in told} == {(2, 2)}


def seeds_one_and_two(budget: Budget) -> list[Trial]:
    """The same run by Keras's fit and by the stack."""
    model = mlp()
    return [
        quick_run(model, pictures(), budget),
        train_together([StructureSpace.from_keras(model).baseline] * 2, pictures(), budget)[0],
    ]


@pytest.mark.usefixtures("one_by_keras")
def test_budgets_end_runs_the_same_way_in_both_engines() -> None:
    alone, together = seeds_one_and_two(Budget(epochs=3, batch_size=30, steps=4, seeds=1))
    assert (alone.engine, together.engine) == ("keras", "together")
    assert len(alone.history[0]) == 2  # three steps an epoch: the second is cut short
    for one, other in zip(alone.history[0], together.history[0], strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    # A learning rate that makes it worse every time.
    for trial in seeds_one_and_two(Budget(epochs=50, patience=2, optimizer="sgd", learning_rate=0.9, seeds=1)):
        losses = [each["val_loss"] for each in trial.history[0]]
        assert trial.state == "complete"
        assert 3 <= len(losses) < 50
        assert len(losses) - 1 - int(np.argmin(losses)) == 2
    for trial in seeds_one_and_two(Budget(epochs=100_000, seconds=0.5, seeds=1)):
        assert trial.state == "complete"
        assert 0 < len(trial.history[0]) < 100_000
    some, same = (
        seeds_one_and_two(Budget(epochs=1, subset=0.5, batch_size=45, seeds=1)),
        seeds_one_and_two(Budget(epochs=1, subset=45, batch_size=45, seeds=1)),
    )
    assert some[0].history == same[0].history
    assert some[1].history[0][0] == pytest.approx(some[0].history[0][0], rel=1e-3)


def test_structures_of_another_space_are_refused() -> None:
    one, other = (StructureSpace.from_keras(make()).baseline for make in (mlp, cnn))
    with pytest.raises(ValueError, match="Expected structures of one StructureSpace"):
        train_together([one, other], pictures())
    assert train_together([], pictures()) == []
