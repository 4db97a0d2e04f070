"""One foreign model put through everything a user would do with it, by public names only."""

from __future__ import annotations

import functools
import random
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

import structopt_widgets as sw

from .comparison import differences, outputs_of, without_dropout
from .foreign import Foreign
from .grades import Examination, Grade

RANDOM_STRUCTURES = 2


def examine(model: Foreign, thorough: bool = True) -> Examination:
    """Read, count, build, compare, resize; when ``thorough``, also train a step, save and load."""
    return examine_model(model.name, model.make(), model.batch, model.sliders, thorough, model.trainable)


def examine_model(
    name: str,
    given: keras.Model,
    batch_of: Callable[[int], Any],
    sliders: Mapping[str, int],
    thorough: bool = True,
    trainable: bool = True,
) -> Examination:
    """The same for a model that is at hand; ``sliders`` are the widths a person would expect to move."""
    with warnings.catch_warnings():
        # People's models warn, of masks that they drop for one.
        warnings.simplefilter("ignore")
        return _examined(Examination(name), given, batch_of, sliders, thorough, trainable)


def _examined(
    examination: Examination,
    given: keras.Model,
    batch_of: Callable[[int], Any],
    sliders: Mapping[str, int],
    thorough: bool,
    trainable: bool,
) -> Examination:
    before = [np.asarray(weight) for weight in given.weights]
    space = _read(examination, given, batch_of)
    if space is None:
        return examination
    try:
        _check_counts(examination, given, space)
    except Exception as error:
        examination.found(Grade.CANNOT_BE_READ, f"measuring: {_short(error)}")
        return examination
    _check_sliders(examination, space, sliders)
    if len(before) != len(given.weights):
        what = f"reading built the given model: {len(before)} weights before, {len(given.weights)} after"
        examination.found(Grade.SILENTLY_WRONG, what)
    elif any(not np.array_equal(a, np.asarray(b)) for a, b in zip(before, given.weights, strict=True)):
        examination.found(Grade.SILENTLY_WRONG, "reading changed the given model's weights")
    copy = _attempt(examination, "the baseline", lambda: space.baseline.build("inherit"))
    if copy is not None:
        _attempt(examination, "the baseline, called", lambda: _compare(examination, given, copy, space, batch_of(3)))
    _check_random_structures(examination, space, batch_of(2))
    if thorough and copy is not None:
        custom = {
            type(each).__name__: type(each)
            for each in given._flatten_layers()
            if not type(each).__module__.startswith("keras.")
        }
        narrow = _attempt(examination, "a narrower structure", lambda: space.scaled(0.6).build("inherit"))
        if narrow is not None:
            if _can_be_loaded(given, custom):
                save_and_load = functools.partial(_save_and_load, examination, narrow, batch_of(2), custom)
                _attempt(examination, "saving and loading", save_and_load)
            else:
                examination.notes.append("not saved: the given model cannot be loaded from its file either")
            if trainable and given.trainable_weights:
                _attempt(examination, "a step of fit", lambda: _fit(narrow, batch_of(2)))
    return examination


def _read(examination: Examination, given: keras.Model, batch_of: Callable[[int], Any]) -> sw.StructureSpace | None:
    """The space of the model alone, else with the shape of a sample, else with data, as the errors advise."""
    batch = batch_of(8)
    shape = _sample_shape(batch)
    ways: dict[str, Callable[[], sw.StructureSpace]] = {
        "": lambda: sw.StructureSpace.from_keras(given),
        "input_shape=": lambda: sw.StructureSpace.from_keras(given, input_shape=shape),
    }
    if isinstance(batch, np.ndarray) and batch.dtype.kind in "iuf":
        ways["data="] = lambda: sw.StructureSpace.from_keras(given, data=sw.Data(batch, np.arange(8) % 2))
    errors = []
    for way, read in ways.items():
        try:
            space = read()
        except Exception as error:  # whatever it is, it is the result
            errors.append(_short(error))
            continue
        if way:
            examination.notes.append(f"read only with {way}")
        return space
    # The first may only ask for the shape.
    examination.found(Grade.CANNOT_BE_READ, errors[1])
    examination.notes.extend(f"otherwise: {error}" for error in {*errors} - {errors[1]})
    return None


def _sample_shape(batch: Any) -> Any:
    if isinstance(batch, dict):
        return {name: each.shape[1:] for name, each in batch.items()}
    return [each.shape[1:] for each in batch] if isinstance(batch, list) else batch.shape[1:]


def _check_counts(examination: Examination, given: keras.Model, space: sw.StructureSpace) -> None:
    cost = space.baseline.measure()
    for what, ours, theirs in (
        ("n_params", cost.n_params, given.count_params()),
        ("n_trainable", cost.n_trainable, sum(int(np.prod(each.shape)) for each in given.trainable_weights)),
        ("weight_bytes", cost.weight_bytes, sum(np.asarray(each).nbytes for each in given.weights)),
    ):
        if ours != theirs:
            examination.found(Grade.SILENTLY_WRONG, f"{what} {ours} of the model's {theirs}")
    if cost.uncounted:
        kinds = Counter(f"{cost.kinds.get(layer, layer)}: {reason}" for layer, reason in cost.uncounted.items())
        examination.found(Grade.PARTLY_EDITABLE, "uncounted " + "; ".join(sorted(kinds)))


def _check_sliders(examination: Examination, space: sw.StructureSpace, sliders: Mapping[str, int]) -> None:
    free = Counter(group.width for group in space.width_groups.values() if not group.fixed)
    missing = []
    for name, width in sliders.items():
        if free[width]:
            free[width] -= 1
        else:
            missing.append(f"{name} ({width})")
    if missing:
        examination.found(Grade.PARTLY_EDITABLE, f"no slider for {', '.join(missing)}")


def _compare(
    examination: Examination, given: keras.Model, copy: keras.Model, space: sw.StructureSpace, batch: Any
) -> None:
    """At inference, in training mode without dropout, after that (what it left behind), and with dropout."""
    ours, theirs = (sorted(tuple(each.shape) for each in model.weights) for model in (copy, given))
    if ours != theirs:
        examination.notes.append(f"the copy's weights are {ours}, the model's {theirs}")
    with without_dropout(given, copy):
        found = {
            when: differences(
                lambda t=t: outputs_of(given, batch, t), lambda t=t: outputs_of(copy, batch, t), tolerance
            )
            for when, t, tolerance in (
                ("at inference", False, 1e-4),
                ("in training mode", True, 1e-4),
                # Moving averages depend on the order of a shared layer's calls, which no one can rely on.
                ("after training mode", False, 1e-3),
            )
        }
        if _draws(given, batch):
            # Layers of its own drop all the same: what that leaves behind in moving averages is another each time.
            del found["after training mode"]
            examination.notes.append("what training leaves behind is random, and was not compared")
    found["with dropout"] = _randomness(given, copy, batch)
    told = space.baseline.function_changes()
    for when, what in found.items():
        if what:
            grade = Grade.PARTLY_EDITABLE if told else Grade.SILENTLY_WRONG
            examination.found(grade, f"the copy's outputs {when}: {what}" + (" (as told)" if told else ""))
            break


def _randomness(given: keras.Model, copy: keras.Model, batch: Any) -> str:
    return {
        (True, False): "draws no random numbers where the given model does",
        (False, True): "draws random numbers where the given model does not",
    }.get((_draws(given, batch), _draws(copy, batch)), "")


def _draws(model: keras.Model, batch: Any) -> bool:
    first, *others = (outputs_of(model, batch, True) for _ in range(4))
    return any(not np.allclose(a, b) for other in others for a, b in zip(first, other, strict=True))


def _check_random_structures(examination: Examination, space: sw.StructureSpace, batch: Any) -> None:
    for seed in range(RANDOM_STRUCTURES):
        structure = space.sample(random.Random(seed))
        built = _attempt(examination, "a random structure", lambda each=structure: each.build("fresh"))
        if built is None:
            return
        if structure.measure().n_params != built.count_params():
            what = f"a random structure has {built.count_params()} parameters, told {structure.measure().n_params}"
            examination.found(Grade.SILENTLY_WRONG, what)
        if (
            _attempt(examination, "a random structure, called", lambda each=built: outputs_of(each, batch, True))
            is None
        ):
            return


def _save_and_load(examination: Examination, model: keras.Model, batch: Any, custom: dict[str, type]) -> None:
    again = _loaded(model, custom)
    what = differences(lambda: outputs_of(model, batch, False), lambda: outputs_of(again, batch, False))
    if what:
        examination.found(Grade.SILENTLY_WRONG, f"saved and loaded: {what}")


def _loaded(model: keras.Model, custom: dict[str, type]) -> keras.Model:
    """The model from its file; unsafely where a Lambda needs that."""
    with tempfile.TemporaryDirectory() as folder, keras.saving.custom_object_scope(custom):
        path = Path(folder) / "model.keras"
        model.save(path)
        lambdas = any(isinstance(each, keras.layers.Lambda) for each in model._flatten_layers())
        return keras.saving.load_model(path, compile=False, safe_mode=not lambdas)


def _can_be_loaded(model: keras.Model, custom: dict[str, type]) -> bool:
    try:
        _loaded(model, custom)
    except Exception:  # people's classes raise what they like
        return False
    return True


def _fit(model: keras.Model, batch: Any) -> None:
    outputs = model(batch, training=False)
    targets = keras.tree.map_structure(lambda each: np.zeros(each.shape, "float32"), outputs)
    # Text that NumPy holds fit() does not take.
    batch = keras.tree.map_structure(
        lambda each: keras.ops.convert_to_tensor(each) if each.dtype.kind == "U" else each, batch
    )
    # Eagerly: what is asked is whether a step can be taken, and compiling takes ten times as long.
    model.compile("sgd", loss=keras.tree.map_structure(lambda _: "mse", outputs), run_eagerly=True)
    model.fit(batch, targets, epochs=1, verbose=0)


def _attempt(examination: Examination, what: str, action: Callable[[], Any]) -> Any:
    """The action's result; when it raises, that is a finding."""
    try:
        return action()
    except Exception as error:
        examination.found(Grade.CANNOT_BE_BUILT, f"{what}: {_short(error)}")
        return None


def _short(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines)
    # Keras puts the reason behind the whole configuration.
    return f"{type(error).__name__}: {text if len(text) < 400 else f'{text[:160]} ... {text[-240:]}'}"
