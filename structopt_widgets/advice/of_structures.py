"""What stands out in a structure by itself, and beside the classes of its data."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph.wording import listed, say
from ..layer_rules import ConnectedCall, Role
from ..structure.allowed_widths import nearest_width
from ..structure.width_groups import find_output_layers
from ..training.inputs import each_input, fit_inputs
from .finding_rule import Evidence, Finding, FindingRule

MULTIPLE = 8  # of channels that 16-bit matrix units take at a time (NVIDIA, "Tensor Core DL Performance Guide")
MOST_OF_ALL = 0.9  # of the parameters in one layer
_PRODUCTS = (Role.DENSE, Role.EINSUM_DENSE, Role.CONVOLUTION, Role.DEPTHWISE_CONVOLUTION)


class ReadingUnproven(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        because = getattr(evidence.structure.space.source, "unproven", "")
        if because:
            yield Finding(
                say("What was read was not compared with what the model computes."),
                say(
                    "This was left out because {because}. Numbers are those of the operations that were seen.",
                    because=because,
                ),
            )


class CopiesDiffer(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        for name, reason in evidence.structure.space.known_graph.differences.items():
            yield Finding(
                say("{layer} {differs}.", layer=name, differs=reason),
                say("In this a copy, of whatever widths, is not what the model is."),
            )


class FitTrainsAsUsed(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        space = evidence.structure.space
        if getattr(space.source, "trains_as_used", False) and any(map(_acts_in_training, space.connected.calls)):
            yield Finding(
                say("Keras's fit() runs the model as at inference, its dropout and batch normalization idle."),
                say("Its call() takes no training argument. Copies are functional models, which fit() trains as such."),
            )


class DataDoNotFit(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.data is None:
            return
        try:
            fit_inputs(each_input(lambda x: x[:1], evidence.data.x), evidence.structure.space)
        except ValueError as error:
            yield Finding(say("The data are not what the model reads: a run would be refused."), error.args[0])


class ZeroKernels(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        for layer, initializer in evidence.structure.initializers.items():
            if initializer == "zeros" and layer in evidence.structure.layers:
                yield Finding(
                    say("{layer} starts from a kernel of zeros.", layer=layer),
                    say("Its units all compute the same, and no gradient passes through it to the layers before."),
                    evidence.structure.with_initializer(layer, "glorot_uniform"),
                )


class OutputsAreNotTheClasses(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        connected = evidence.structure.space.connected
        if evidence.data is None or evidence.data.n_classes is None or len(connected.graph.output_tensors) != 1:
            return
        classes, shape = evidence.data.n_classes, connected.lengths(connected.graph.output_tensors[0])
        if shape and shape[-1] != classes and (shape[-1], classes) != (1, 2):
            is_more = shape[-1] > classes
            yield Finding(
                say("The model has {n} outputs, and the data have {classes} classes.", n=shape[-1], classes=classes),
                say(
                    "An output for each class is what a classification needs: {what}. The width belongs to the task, "
                    "so change the last layer of the model itself.",
                    what=say("no label has some of them") if is_more else say("some classes cannot be answered"),
                ),
            )


class SoftmaxInside(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        at_the_end = find_output_layers(evidence.structure.space.graph)
        for layer, activation in evidence.structure.activations.items():
            if activation == "softmax" and layer not in at_the_end and layer in evidence.structure.layers:
                yield Finding(
                    say("{layer} has a softmax inside the network.", layer=layer),
                    say("Its units then share a sum of one: they compete, their values are small and gradients fade."),
                    evidence.structure.with_activation(layer, "relu"),
                )


class TwoDenseWithoutActivation(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        for call in evidence.calls:
            before = evidence.maker_before(call) if _role(call) is Role.DENSE else None
            if before is None or _role(before) is not Role.DENSE:
                continue
            layer = before.call.layer
            if evidence.activation(layer) == "linear" and layer in evidence.structure.activations:
                yield Finding(
                    say(
                        "{first} and {second} follow one another without an activation between them.",
                        first=layer,
                        second=call.call.layer,
                    ),
                    say(
                        "Two products in a row are one product: the first adds cost, and nothing that a single layer "
                        "could not compute, unless it is narrow on purpose."
                    ),
                    evidence.structure.with_activation(layer, "relu"),
                )


class BiasBeforeBatchNorm(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        for call in evidence.calls:
            before = evidence.maker_before(call) if _role(call) is Role.BATCH_NORMALIZATION else None
            if before is None or _role(before) not in _PRODUCTS or evidence.activation(before.call.layer) != "linear":
                continue
            layer = before.call.layer
            if evidence.structure.biases.get(layer, False):
                yield Finding(
                    say("{layer} has a bias, which {norm} takes away again.", layer=layer, norm=call.call.layer),
                    say("Batch normalization subtracts the mean, the bias with it, and adds a shift of its own."),
                    evidence.structure.with_bias(layer, False),
                )


class BottleneckUnderTheClasses(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        space = evidence.structure.space
        outputs = space.graph.output_tensors
        shape = space.connected.lengths(outputs[0]) if len(outputs) == 1 else ()
        classes = shape[-1] if len(shape) == 1 else 0
        if evidence.data is not None and evidence.data.n_classes is not None:
            classes = evidence.data.n_classes
        for name, group in space.width_groups.items():
            width = evidence.structure.widths[name]
            if not group.fixed and classes > 2 and width < classes and self._is_the_only_way(evidence, group.layers):
                wanted = -(-classes // group.divisor) * group.divisor
                yield Finding(
                    say(
                        "{layer} is {width} wide, and there are {classes} classes.",
                        layer=group.title,
                        width=width,
                        classes=classes,
                    ),
                    say("All that tells the classes apart has to pass through fewer numbers than there are classes."),
                    evidence.structure.with_width(name, wanted) if wanted <= group.upper else None,
                )

    def _is_the_only_way(self, evidence: Evidence, layers: tuple[str, ...]) -> bool:
        """Whether nothing reaches the output but through one row of values that one of ``layers`` makes."""
        connected = evidence.structure.space.connected
        for call in evidence.calls:
            if call.call.layer not in layers or len(connected.lengths(call.call.outputs[0])) != 1:
                continue
            reached = set(connected.graph.input_tensors)
            for each in evidence.calls:
                if each is not call and reached & {self._seen(evidence, index) for index in each.call.inputs}:
                    reached.update(each.call.outputs)
            if not reached & {self._seen(evidence, index) for index in connected.graph.output_tensors}:
                return True
        return False

    def _seen(self, evidence: Evidence, tensor: int) -> int:
        while tensor in evidence.structure.aliases:
            tensor = evidence.structure.aliases[tensor]
        return tensor


class WidthsOffTheHardware(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        structure = evidence.structure
        off = {
            name: nearest_width(group, structure.widths[name], MULTIPLE)
            for name, group in structure.space.width_groups.items()
            if not group.fixed and group.label is None and structure.widths[name] > MULTIPLE
            if structure.widths[name] % MULTIPLE
        }
        mended = {name: width for name, width in off.items() if width % MULTIPLE == 0}
        if mended:
            remedy = structure
            for name, width in mended.items():
                remedy = remedy.with_width(name, width)
            names = [
                say("{layer} ({width})", layer=structure.space.width_groups[name].title, width=structure.widths[name])
                for name in mended
            ]
            yield Finding(
                say("Widths that are no multiple of {n}: {layers}.", n=MULTIPLE, layers=listed(say(", "), names)),
                say(
                    "Matrix units compute {n} channels at a time; what the last ones lack is computed for nothing.",
                    n=MULTIPLE,
                ),
                remedy,
            )


class NearlyAllInOneLayer(FindingRule):
    def find(self, evidence: Evidence) -> Iterator[Finding]:
        sizes = evidence.structure.measure().by_layer["n_params"]
        if (sizes > 0).sum() < 3:
            return
        layer, share = str(sizes.idxmax()), float(sizes.max() / sizes.sum())
        if share >= MOST_OF_ALL:
            yield Finding(
                say("{layer} holds {share} of all parameters.", layer=layer, share=f"{share:.0%}"),
                say(
                    "Cuts elsewhere change the size by next to nothing: narrow what this layer reads or makes, or pool "
                    "before it."
                ),
            )


def _acts_in_training(call: ConnectedCall) -> bool:
    return _role(call) is Role.BATCH_NORMALIZATION or (call.rule is not None and call.rule.random)


def _role(call: ConnectedCall) -> Role | None:
    return None if call.rule is None else call.rule.role


RULES: tuple[FindingRule, ...] = (
    ReadingUnproven(),
    CopiesDiffer(),
    FitTrainsAsUsed(),
    DataDoNotFit(),
    ZeroKernels(),
    OutputsAreNotTheClasses(),
    SoftmaxInside(),
    TwoDenseWithoutActivation(),
    BiasBeforeBatchNorm(),
    BottleneckUnderTheClasses(),
    WidthsOffTheHardware(),
    NearlyAllInOneLayer(),
)
