"""What a study found, as one page that anybody can open, and that can be run again."""

from .reproduce import reproduce
from .reproduction import Reproduction
from .study_report import write_report

__all__ = ["Reproduction", "reproduce", "write_report"]
