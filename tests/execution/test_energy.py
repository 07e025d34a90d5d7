from __future__ import annotations

import json

import pytest

from appliedml.execution.energy import WATTS_PER_CORE, EnergyMeter


def counters(folder, name="package-0", used=1_000_000, most=10_000_000):
    for place, word in (("intel-rapl:0", name), ("intel-rapl:0:0", "core")):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "name").write_text(f"{word}\n")
        (folder / place / "energy_uj").write_text(f"{used}\n")
        (folder / place / "max_energy_range_uj").write_text(f"{most}\n")
    return folder


def test_the_estimate_is_processor_seconds_times_the_stated_power(tmp_path):
    found = EnergyMeter(tmp_path).read(elsewhere_cpu_s=3600.0)

    assert found["cpu_s"] >= 3600.0
    assert found["estimated_wh"] == pytest.approx(found["cpu_s"] * WATTS_PER_CORE / 3600)
    assert found["assumed_watts_per_core"] == WATTS_PER_CORE
    assert "estimate" in found["note"]
    assert "counter_wh" not in found
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(("now", "joules"), [(4_600_000, 3.6), (500_000, 9.5)])
def test_the_processors_counter_is_read_once_a_package_and_over_its_turn(tmp_path, now, joules):
    meter = EnergyMeter(counters(tmp_path))
    counters(tmp_path, used=now)

    found = meter.read()

    assert found["counter_wh"] == pytest.approx(joules / 3600)
    assert "other programs" in found["counter_note"]


def test_counters_that_are_damaged_or_vanish_leave_the_estimate(tmp_path):
    meter = EnergyMeter(counters(tmp_path))
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("?")

    assert "counter_wh" not in meter.read()
    assert "counter_wh" not in EnergyMeter(counters(tmp_path / "b", name="dram")).read()
