"""An estimate of the energy of a run: processor seconds times an assumed power, and the processor's own counter."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
WATTS_PER_CORE = 12.0
"""Power of one busy core that is assumed, in watts: servers and laptops lie between about 4 and 20."""
_JOULES_PER_WH = 3600.0
NOTE = (
    "An estimate, not a measurement of this run: processor seconds of the run times an assumed power of a busy core. "
    "Graphics cards, memory, disks, cooling and the making of the machine are not in it."
)
COUNTER_NOTE = (
    "Read from the processor's own counter (RAPL) at the start and the end. It counts everything that the processor "
    "did in that time, other programs and idling too."
)


class EnergyMeter:
    """What a run needs of the processor, from now on.

    Parameters
    ----------
    counters : Path
        Folder of the processor's energy counters.

    Notes
    -----
    On most machines only the administrator may read the counters; then there is the estimate alone.

    Source
    ------
    Lannelongue, Grealey and Inouye (2021), Green Algorithms, Advanced Science 8(12), for power by core.

    Examples
    --------
    >>> EnergyMeter().read(0.0)["assumed_watts_per_core"]
    12.0
    """

    def __init__(self, counters: Path = POWERCAP) -> None:
        self.counters = counters
        self._cpu_s = time.process_time()
        self._joules = _read_counters(counters)

    def read(self, elsewhere_cpu_s: float = 0.0) -> dict[str, Any]:
        """Return what was used since the meter was made.

        Parameters
        ----------
        elsewhere_cpu_s : float
            Processor seconds of other processes that worked for the run.

        Returns
        -------
        dict
            JSON values: cpu_s, assumed_watts_per_core, estimated_wh, note; and counter_wh and counter_note where the
            processor's counter can be read.
        """
        cpu_s = time.process_time() - self._cpu_s + elsewhere_cpu_s
        found: dict[str, Any] = {
            "cpu_s": cpu_s,
            "assumed_watts_per_core": WATTS_PER_CORE,
            "estimated_wh": cpu_s * WATTS_PER_CORE / _JOULES_PER_WH,
            "note": NOTE,
        }
        now = _read_counters(self.counters)
        if now and now.keys() == self._joules.keys():
            joules = sum(_since(self._joules[name], now[name]) for name in now)
            found |= {"counter_wh": joules / _JOULES_PER_WH, "counter_note": COUNTER_NOTE}
        return found


def _read_counters(folder: Path) -> dict[str, tuple[float, float]]:
    """Joules and where the counter starts anew, by package; empty where they cannot be read."""
    found = {}
    try:
        # intel-rapl:0 is a processor; intel-rapl:0:0 is a part of it and would be counted twice.
        for place in sorted(folder.glob("intel-rapl:*")):
            if place.name.count(":") == 1 and (place / "name").read_text().startswith("package"):
                used = float((place / "energy_uj").read_text())
                found[place.name] = (used / 1e6, float((place / "max_energy_range_uj").read_text()) / 1e6)
    except (OSError, ValueError):
        return {}
    return found


def _since(before: tuple[float, float], after: tuple[float, float]) -> float:
    used = after[0] - before[0]
    return used if used >= 0 else used + after[1]
