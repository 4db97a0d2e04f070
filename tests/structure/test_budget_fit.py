"""Fitting a budget: against exhaustive search on spaces small enough for it."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.structure import budget_fit


def mlp() -> keras.Model:
    return keras.Sequential(
        [keras.Input((12,)), kl.Dense(24, "relu", name="a"), kl.Dense(16, "relu", name="b"), kl.Dense(4, name="out")]
    )


def cnn() -> keras.Model:
    layers = [kl.Conv2D(8, 3, name="a"), kl.Conv2D(12, 3, groups=2, name="b"), kl.Flatten(), kl.Dense(10, name="c")]
    return keras.Sequential([keras.Input((8, 8, 2)), *layers, kl.Dense(3, name="out")])


def residual() -> keras.Model:
    inputs = keras.Input((10,))
    x = kl.Dense(12, name="a")(inputs)
    x = kl.Add()([x, kl.Dense(12, name="b")(kl.Dense(20, "relu", name="c")(x))])
    return keras.Model(inputs, kl.Dense(3, name="out")(kl.Dense(9, name="d")(x)))


def lstm() -> keras.Model:
    layers = [kl.LSTM(10, name="a", return_sequences=True), kl.LSTM(14, name="b"), kl.Dense(3, name="out")]
    return keras.Sequential([keras.Input((5, 6)), *layers])


NETS = {"mlp": mlp, "cnn": cnn, "residual": residual, "lstm": lstm}
BUDGETS: list[dict[str, float]] = [
    {"n_params": 0.3},
    {"flops": 0.5},
    {"n_params": 0.6, "peak_activation_bytes": 0.8},
    {"training_bytes": 0.4, "macs": 0.7},
]
each_net = pytest.mark.parametrize("net", NETS)


@pytest.fixture(scope="module")
def spaces() -> dict[str, sw.StructureSpace]:
    return {name: sw.StructureSpace.from_keras(make()) for name, make in NETS.items()}


def free(space: sw.StructureSpace) -> list[Any]:
    return [group for group in space.width_groups.values() if not group.fixed]


def all_up_to_the_model(space: sw.StructureSpace) -> pd.DataFrame:
    """Every structure no wider than the model: widths, then costs, from another path than the fit's."""
    ranges = [range(group.lower, group.width + 1, group.divisor) for group in free(space)]
    widths = pd.DataFrame(itertools.product(*ranges), columns=[group.name for group in free(space)])
    return pd.concat([widths, space.measure_many(widths)], axis=1)


def limits_of(space: sw.StructureSpace, shares: dict[str, float]) -> dict[str, float]:
    full = space.baseline.measure()
    return {metric: share * getattr(full, metric) for metric, share in shares.items()}


def random_table(space: sw.StructureSpace, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for group in free(space):
        losses = np.sort(rng.uniform(0, 0.6, 3) ** rng.uniform(0.5, 3))
        for ratio, lost in zip((0.75, 0.5, 0.25), losses, strict=True):
            rows.append({"group": group.name, "width": sw_width(group, ratio), "lost": lost})
    return pd.DataFrame(rows)


def sw_width(group: sw.WidthGroup, ratio: float) -> int:
    return max(group.lower, round(group.width * ratio / group.divisor) * group.divisor)


def predicted_loss(space: sw.StructureSpace, table: pd.DataFrame, widths: pd.DataFrame) -> np.ndarray:
    """Straight between the rows of the table, nothing lost at the model's width, all of it at none."""
    total = np.zeros(len(widths))
    for group in free(space):
        rows = table[table["group"] == group.name].drop_duplicates("width", keep="last")
        points = [(group.width, 0.0), *zip(rows["width"], rows["lost"], strict=True), (0, max(1, rows["lost"].max()))]
        at, lost = zip(*sorted(points), strict=True)
        total += np.interp(widths[group.name], at, lost)
    return total


@each_net
@pytest.mark.parametrize("shares", BUDGETS, ids=str)
def test_sensitivities_lose_what_an_exhaustive_search_loses(
    net: str, shares: dict[str, float], spaces: dict[str, sw.StructureSpace], monkeypatch: pytest.MonkeyPatch
) -> None:
    space = spaces[net]
    everything, limits = all_up_to_the_model(space), limits_of(space, shares)
    fit_in = np.all([everything[metric] <= limit for metric, limit in limits.items()], axis=0)
    for seed in range(3):
        table = random_table(space, seed)
        best = predicted_loss(space, table, everything)[fit_in].min()
        assert loss_of_fit(space, limits, table) == pytest.approx(best)
        # As larger spaces are searched: of the accuracy that can be kept, at most 2 % less is.
        with monkeypatch.context() as patch:
            patch.setattr(budget_fit, "WHOLE", 0)
            assert 1 - loss_of_fit(space, limits, table) >= 0.98 * (1 - best)


def loss_of_fit(space: sw.StructureSpace, limits: dict[str, float], table: pd.DataFrame) -> float:
    found = space.fit(limits, sensitivity=table)
    cost = found.measure()
    assert all(getattr(cost, metric) <= limit for metric, limit in limits.items())
    return float(predicted_loss(space, table, pd.DataFrame([found.widths]))[0])


@each_net
@pytest.mark.parametrize("shares", BUDGETS, ids=str)
def test_one_multiplier_uses_up_what_an_exhaustive_search_uses_up(
    net: str, shares: dict[str, float], spaces: dict[str, sw.StructureSpace]
) -> None:
    """Of all that follow one multiplier but for a step: the widths of the largest that fits, each as it is or wider."""
    space = spaces[net]
    limits = limits_of(space, shares)

    def use(structure: sw.Structure) -> float:
        cost = structure.measure()
        return max(getattr(cost, metric) / limit for metric, limit in limits.items())

    multiplier = max(each for each in np.arange(0.001, 2, 0.001) if use(space.scaled(each)) <= 1)
    at = space.scaled(multiplier).widths
    best = 0.0
    for more in itertools.product((0, 1), repeat=len(free(space))):
        widened = space.baseline
        for step, group in zip(more, free(space), strict=True):
            widened = widened.with_width(group.name, min(at[group.name] + step * group.divisor, group.upper))
        best = max(best, use(widened) if use(widened) <= 1 else 0.0)
    found = space.fit(limits)
    assert 0.98 * best <= use(found) <= 1
    for group in free(space):
        assert found.widths[group.name] - at[group.name] in (0, group.divisor)


def test_what_is_fitted_keeps_ties_divisors_bounds_and_other_knobs(space: sw.StructureSpace) -> None:
    start = space.baseline.with_activation("dense", "tanh").with_bias("dense", False).with_width("dense", 3)
    found = space.fit({"n_params": 2000}, multiple_of=4, start=start)
    assert found.activations["dense"] == "tanh"
    assert not found.biases["dense"]
    for name, group in space.width_groups.items():
        width = found.widths[name]
        assert group.lower <= width <= group.upper
        assert width % group.divisor == 0
        assert group.fixed or width == group.width or width % 4 == 0 or group.upper < 12
    assert found.build(weights="fresh").count_params() == found.measure().n_params <= 2000


def test_a_budget_larger_than_the_model_widens_it_by_one_multiplier_and_leaves_it_with_sensitivities() -> None:
    space = sw.StructureSpace.from_keras(mlp())
    assert space.fit({"n_params": 10**9}) == space.scaled(2)
    assert space.fit({"n_params": 10**9}, sensitivity=random_table(space, 0)) == space.baseline


def test_groups_without_sensitivities_keep_their_width_and_winning_cuts_lose_nothing() -> None:
    space = sw.StructureSpace.from_keras(mlp())
    table = pd.DataFrame({"group": ["a", "a"], "width": [12, 6], "lost": [-0.1, 0.4]})
    found = space.fit({"n_params": 320}, sensitivity=table)
    assert found.widths["b"] == 16
    # 12 * a + a + a * 16 + 16 + 16 * 4 + 4 <= 320
    assert found.widths["a"] == (320 - 84) // 29
    assert space.fit({"n_params": 440}, sensitivity=table).widths["a"] == (440 - 84) // 29


def test_what_cannot_be_reached_says_what_can() -> None:
    space = sw.StructureSpace.from_keras(mlp())
    least = space.baseline.with_width("a", 1).with_width("b", 1).measure().n_params
    with pytest.raises(ValueError, match=rf"the smallest reachable is n_params {least:,}\. Raise the limit"):
        space.fit({"n_params": least - 1})
    assert space.fit({"n_params": least}).measure().n_params == least
    table = pd.DataFrame({"group": ["a"], "width": [12], "lost": [0.1]})
    least = space.baseline.with_width("a", 1).measure().n_params
    with pytest.raises(ValueError, match=rf"tell about at its least the smallest reachable is n_params {least}"):
        space.fit({"n_params": least - 1}, sensitivity=table)
    assert space.fit({"n_params": least}, sensitivity=table).measure().n_params == least
