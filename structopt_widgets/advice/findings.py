"""All that stands out in a structure."""

from __future__ import annotations

from ..graph.checks import instance
from ..structure import Structure
from ..study import Study
from ..training import Data
from . import finding_rule, of_runs, of_structures
from .finding_rule import Evidence, Finding


def findings(structure: Structure, data: Data | None = None, study: Study | None = None) -> list[Finding]:
    """What stands out, each with a sentence, the reason, and a structure that mends it where there is one.

    Args:
        structure: what is looked at.
        data: for what only data can tell: whether the outputs fit the classes, whether the validation part is
            large enough.
        study: for what only runs can tell; with ``data``.

    >>> unlearnt = space.baseline.with_initializer("hidden", "zeros")
    >>> [finding] = sw.findings(unlearnt)
    >>> finding.sentence
    'hidden starts from a kernel of zeros.'
    >>> finding.remedy.initializers["hidden"]
    'glorot_uniform'
    """
    instance(structure, Structure, "a Structure, such as space.baseline,")
    if data is not None:
        instance(data, Data, "a Data, such as Data(x, y), or None")
    if study is not None:
        instance(study, Study, "a Study or None")
    evidence = Evidence(structure, data, study)
    rules = [*of_structures.RULES, *of_runs.RULES, *finding_rule.RULES]
    return [finding for each in rules for finding in each.find(evidence)]
