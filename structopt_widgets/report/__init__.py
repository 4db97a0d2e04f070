"""What a study found, as one page that anybody can open."""

from .study_report import write_report

__all__ = ["write_report"]
