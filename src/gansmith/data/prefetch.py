"""A thread that makes the next few values while the present one is used."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Prefetcher"]

T = TypeVar("T")


class Prefetcher(Generic[T]):
    """Makes `make(0)`, `make(1)`, ... ahead of time, at most `depth` of them.

    The thread knows `make` and this object only, so an owner that is not referred to elsewhere can be collected
    while it runs; the owner's finaliser then calls `stop`.

    Args:
        make: Called in the thread with 0, 1, 2 and so on.
        depth: How many values may wait.
    """

    def __init__(self, make: Callable[[int], T], depth: int) -> None:
        self._make = make
        self._depth = depth
        self._ready: deque[T] = deque()
        self._error: BaseException | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="gansmith-prefetch", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        number = 0
        try:
            while True:
                with self._changed:
                    while len(self._ready) >= self._depth and not self._stopped:
                        self._changed.wait()
                    if self._stopped:
                        return
                value = self._make(number)
                number += 1
                with self._changed:
                    self._ready.append(value)
                    self._changed.notify_all()
        except BaseException as error:
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def get(self) -> T:
        """The next value, waiting for it if need be.

        Raises:
            BaseException: Whatever `make` raised for this value; again on every later call.
            RuntimeError: After `stop`.
        """
        with self._changed:
            while not self._ready and self._error is None and not self._stopped:
                self._changed.wait()
            if self._ready and not self._stopped:
                value = self._ready.popleft()
                self._changed.notify_all()
                return value
        if self._error is not None:
            raise self._error
        raise RuntimeError("the prefetcher was stopped")

    def stop(self) -> None:
        """End the thread and wait for it; may be called twice, and from any thread."""
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()
