"""Run fold jobs on this machine: one after the other, or in separate processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

from appliedml.core.params import Integer, Rule
from appliedml.core.stage import Configured
from appliedml.errors import AppliedMLError, EngineError

Job = TypeVar("Job")
Result = TypeVar("Result")


class Local(Configured):
    """Run jobs in this process, or in worker processes.

    Parameters
    ----------
    workers : int
        1 runs the folds one after the other in this process, so that they share compiled training programs: on a
        small machine that is the fastest way. More start that many processes, each with its share of the cores.

    Raises
    ------
    EngineError
        From ``map``: if a worker process dies.

    Examples
    --------
    >>> list(Local().map(lambda shared, job: shared + job, 10, [1, 2]))
    [11, 12]
    """

    parameter_rules: ClassVar[dict[str, Rule]] = {"workers": Integer(1)}

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers

    def map(self, function: Callable[[Any, Job], Result], shared: Any, jobs: Sequence[Job]) -> Iterator[Result]:
        """Yield results in the order of the jobs.

        Parameters
        ----------
        function : callable
        shared : object
        jobs : sequence

        Yields
        ------
        object
        """
        self.check_parameters()
        if self.workers == 1:
            for job in jobs:
                yield function(shared, job)
            return
        # loky starts fresh interpreters: a forked child of a process that used TensorFlow deadlocks.
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool

        threads = str(max(1, (os.cpu_count() or 1) // self.workers))
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        before = {name: os.environ.get(name) for name in names}
        os.environ.update(dict.fromkeys(names, threads))
        try:
            yield from Parallel(n_jobs=self.workers, return_as="generator")(
                delayed(function)(shared, job) for job in jobs
            )
        except AppliedMLError:
            raise
        except BrokenProcessPool as error:
            raise EngineError(
                "Local: a worker process died, most likely for lack of memory. Use fewer workers: --engine local."
            ) from error
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value

    def close(self) -> None:
        """Free nothing: processes end by themselves."""
