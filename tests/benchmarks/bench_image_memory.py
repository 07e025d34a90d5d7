"""Memory of fitting and predicting on pictures that are read lazily: it must not grow with their number.

::

    python tests/benchmarks/bench_image_memory.py [--small] [--json FILE]

2,000 and 20,000 simulated radiographs of 64 x 64 pixels, a small ``cnn``, one epoch, then a prediction for all of them;
each number in a process of its own. The limit below which pixels are decoded once and kept is lowered to 1 MiB in both,
so both read lazily: 20,000 such pictures are 78 MiB of pixels. Both processes hold the facts of all rows (about 0.9 KiB
a picture, whatever its size; given beside), so that nothing but the pictures read differs. A fit and a prediction of
2,000 pictures come first: they compile, and the allocator takes what it takes once. Then the peak is measured anew
(Linux keeps it, and lets a process reset it). Beside each peak stands what the process held just before.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from _harness import MARK, Record, options, show, timed, write

SIZE = 64
KEPT_BYTES = 2**20
# Growth that is no growth: the allocator's own unrest in a process of several hundred MiB.
# Equal processes differ by some 20 MiB; the pixels of 18,000 more pictures would take 70.
ALLOWED_MIB = 32.0


def memory(name: str) -> float:
    """Return a figure of this process in MiB: "VmHWM" (peak), "VmRSS" (now)."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"the system does not tell {name}")


def forget_peak() -> None:
    """Let the peak begin at what the process holds now."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def simulated(n: int) -> tuple[Any, np.ndarray]:
    """Return this many simulated pictures, none drawn yet, and their labels."""
    from appliedml.sources.simulate_radiographs import SimulateRadiographs

    samples = SimulateRadiographs(n_patients=max(20, n // 2), size=SIZE).read().take(np.arange(n))
    return samples.X, np.asarray(samples.y)


def measure(n: int, n_warm: int, n_all: int) -> dict[str, Any]:
    """Fit and predict some of all pictures in this process."""
    from appliedml.core import images
    from appliedml.models import _image_inputs
    from appliedml.models._lazy import is_lazy
    from appliedml.models.keras_classifier import KerasClassifier

    _image_inputs.IN_MEMORY_BYTES = KEPT_BYTES
    # Decoded pictures are not kept either: both sizes are read as pictures that do not fit.
    images.KEEP_BYTES = KEPT_BYTES
    simulated(20)  # imports, which are no facts
    gc.collect()
    empty_mib = memory("VmRSS")
    every, labels = simulated(n_all)
    facts_mib = memory("VmRSS") - empty_mib
    images, labels = every.take(np.arange(n)), labels[:n]
    network = KerasClassifier({"cnn": {"filters": [8, 16]}}, epochs=1, batch_size=32, random_state=0)
    few = images.take(np.arange(n_warm))
    network.fit(few, labels[:n_warm]).predict_proba(few)
    lazy = is_lazy(network.encoder_.encode(images)) and is_lazy(network.encoder_.encode(few))
    forget_peak()
    found: dict[str, Any] = {"n": n, "lazy": lazy, "pixels_mib": images.nbytes / 2**20, "facts_mib": facts_mib}
    found["before_mib"] = memory("VmRSS")
    fitting, network = timed(lambda: network.fit(images, labels))
    found["fit_peak_mib"] = memory("VmHWM")
    forget_peak()
    predicting, chances = timed(lambda: network.predict_proba(images))
    found |= {"predict_peak_mib": memory("VmHWM"), "fit_s": fitting["seconds"], "predict_s": predicting["seconds"]}
    return found | {"finite": bool(np.isfinite(chances).all())}


def in_a_process(n: int, n_warm: int, n_all: int) -> dict[str, Any]:
    """Measure in a fresh process."""
    command = [sys.executable, str(Path(__file__).resolve()), "--side", f"{n},{n_warm},{n_all}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not lines:
        raise RuntimeError(f"measuring {n} pictures ended with exit code {done.returncode}:\n{done.stderr[-4000:]}")
    found = json.loads(lines[-1].removeprefix(MARK))
    if not (found["lazy"] and found["finite"]):
        raise RuntimeError(f"the pictures were not read lazily, or a score is not finite: {found}")
    return found


def said(found: dict[str, Any]) -> str:
    """Return the figures of one number of pictures as text."""
    return (
        f"{found['n']:,}: fit {found['fit_peak_mib']:,.0f} MiB, predict {found['predict_peak_mib']:,.0f} MiB "
        f"({found['before_mib']:,.0f} before)"
    )


def run(fewer: int, more: int) -> Record:
    """Measure both numbers of pictures."""
    small, large = in_a_process(fewer, fewer, more), in_a_process(more, fewer, more)
    grown = {name: large[name] - small[name] for name in ("fit_peak_mib", "predict_peak_mib", "before_mib")}
    # Over what each process held before: two equal processes differ by some 20 MiB from the start.
    growth = max(grown["fit_peak_mib"], grown["predict_peak_mib"]) - grown["before_mib"]
    return Record(
        work=f"fit and predict pictures {SIZE} x {SIZE}, lazily: peak memory",
        today=f"pixels kept: {large['pixels_mib'] - small['pixels_mib']:,.0f} MiB more (by arithmetic)",
        ours=f"{said(small)}; {said(large)}: {growth:+,.0f} MiB over that",
        accuracy=f"facts of {more:,} rows, in both: {large['facts_mib']:,.0f} MiB; "
        f"{large['n'] / large['fit_s']:,.0f} pictures a second fitted, drawing included",
        target=f"grows by {ALLOWED_MIB:g} MiB at most",
        met=bool(growth <= ALLOWED_MIB),
        details={"fewer": small, "more": large, "grown": grown},
    )


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    if given.side:
        sys.stdout.write(f"{MARK}{json.dumps(measure(*map(int, given.side.split(','))))}\n")
        return
    record = run(600, 1_200) if given.small else run(2_000, 20_000)
    show(record)
    write(given.json, [record])


if __name__ == "__main__":
    main()
