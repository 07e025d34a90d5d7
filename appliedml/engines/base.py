"""What an engine is: it maps a pure function over jobs and gives results back in the order of the jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class Engine(Protocol):
    """Where fold jobs run. Stages never see it."""

    def map(self, function: Callable[[Any, Job], Result], shared: Any, jobs: Sequence[Job]) -> Iterator[Result]:
        """Yield ``function(shared, job)`` for every job, in order, as soon as each is there.

        Parameters
        ----------
        function : callable
            Pure and importable; takes the shared data and one job.
        shared : object
            Large, read-only data that all jobs use; sent once.
        jobs : sequence

        Yields
        ------
        object
        """
        ...

    def close(self) -> None:
        """Free workers."""
        ...
