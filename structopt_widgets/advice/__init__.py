"""Floor 6: what stands out in a structure, its data or its study, why, and what would mend it."""

from .finding_rule import Evidence, Finding, FindingRule, register_finding_rule
from .findings import findings

__all__ = ["Evidence", "Finding", "FindingRule", "findings", "register_finding_rule"]
