"""Every backbone of KerasHub at a tiny configuration, and the published sizes of its presets.

KerasHub takes seconds to import, so nothing here does before a test needs it.
"""

from pathlib import Path

EXPECTED = Path(__file__).with_name("expected.json")
