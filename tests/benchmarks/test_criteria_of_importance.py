"""What each importance leaves of a trained network at half its widths: accuracy after the cut, and after one epoch."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers as kl
from scipy.stats import ttest_rel

import structopt_widgets as sw

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(3600)]

SEEDS = range(3)
CRITERIA = ("taylor", "l2", "l1", "batch_norm_scale", "first", "random")


def convolved(x: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    return kl.BatchNormalization()(kl.Conv2D(channels, 3, padding="same", use_bias=False)(x))


def mlp() -> keras.Model:
    hidden = [kl.Dense(128, activation="relu"), kl.Dense(64, activation="relu")]
    return keras.Sequential([keras.Input((14, 14, 1)), kl.Flatten(), *hidden, kl.Dense(10)])


def cnn() -> keras.Model:
    x = inputs = keras.Input((14, 14, 1))
    for channels in (32, 64):
        x = kl.MaxPooling2D()(kl.ReLU()(convolved(x, channels)))
    return keras.Model(inputs, kl.Dense(10)(kl.GlobalAveragePooling2D()(kl.ReLU()(convolved(x, 64)))))


def residual() -> keras.Model:
    inputs = keras.Input((14, 14, 1))
    x = kl.MaxPooling2D()(kl.ReLU()(convolved(inputs, 32)))
    for _ in range(2):
        x = kl.ReLU()(kl.Add()([x, convolved(kl.ReLU()(convolved(x, 32)), 32)]))
    return keras.Model(inputs, kl.Dense(10)(kl.GlobalAveragePooling2D()(x)))


NETS: dict[str, tuple[Callable[[], keras.Model], int]] = {"MLP": (mlp, 8), "CNN": (cnn, 6), "residual": (residual, 6)}


def trained(model: keras.Model, data: sw.Data, epochs: int) -> float:
    """Accuracy on the validation part after so many epochs."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    if epochs:
        model.fit(data.x[..., None], data.y, batch_size=64, epochs=epochs, verbose=0)
    return float(model.evaluate(data.x_val[..., None], data.y_val, batch_size=500, verbose=0)[1])


def test_importances(report: Callable[..., None]) -> None:
    data = sw.load_data("fashion")
    cut: dict[tuple[str, str], list[float]] = {}
    later: dict[tuple[str, str], list[float]] = {}
    whole: dict[str, list[float]] = {}
    for (net, (make, epochs)), seed in itertools.product(NETS.items(), SEEDS):
        keras.utils.set_random_seed(seed)
        model = make()
        whole.setdefault(net, []).append(trained(model, data, epochs))
        half = sw.StructureSpace.from_keras(model).scaled(0.5)
        for criterion in CRITERIA:
            keras.utils.set_random_seed(seed)
            small = half.build(importance=criterion, seed=seed, data=data)
            cut.setdefault((criterion, net), []).append(trained(small, data, 0))
            later.setdefault((criterion, net), []).append(trained(small, data, 1))
    rows = [("importance", *(f"{net} ({np.mean(whole[net]):.1%})" for net in NETS))]
    for criterion in CRITERIA:
        pairs = [(np.mean(cut[criterion, net]), np.mean(later[criterion, net])) for net in NETS]
        rows.append((criterion, *(f"{after:.1%}, {epoch:.1%}" for after, epoch in pairs)))

    def of(found: dict[tuple[str, str], list[float]], criterion: str) -> np.ndarray:
        return np.concatenate([found[criterion, net] for net in NETS])

    for what, found in (("after the cut", cut), ("after an epoch", later)):
        for other in ("random", "l2"):
            test = ttest_rel(of(found, "taylor"), of(found, other))
            mean = 100 * np.mean(of(found, "taylor") - of(found, other))
            rows.append((f"taylor - {other}, {what}", f"{mean:+.1f} points", f"p = {test.pvalue:.2g}", ""))
    report("Half the widths, three seeds: accuracy after the cut, and after one epoch", *rows)
    test = ttest_rel(of(cut, "taylor"), of(cut, "random"))
    assert test.statistic > 0
    assert test.pvalue < 0.05
