"""Who wants to know of new trials."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any


class Listeners:
    """Methods that are called when trials were added. They are held weakly: a view that is gone is not told."""

    def __init__(self) -> None:
        self._methods: list[weakref.WeakMethod[Callable[[], Any]]] = []

    def add(self, method: Callable[[], Any]) -> None:
        """Call a bound method, without arguments, after each addition from now on, in the thread that adds."""
        self._methods.append(weakref.WeakMethod(method))

    def notify(self) -> None:
        """Call them all."""
        self._methods = [each for each in self._methods if each() is not None]
        for each in self._methods:
            if (method := each()) is not None:
                method()
