from __future__ import annotations

import pytest

from appliedml.core.artifact import Artifact, Status
from appliedml.report.discovery import ReportRun, all_sections, evidence_section, readers, unread_kinds


class Section:
    def __init__(self, order, *reads):
        self.order, self.reads = order, reads


def test_sections_come_in_order_with_ours_among_them():
    found = all_sections()

    orders = [section.order for _, section in found]
    assert orders == sorted(orders)
    assert found[0][0] == "verdict"
    assert {"verdict", "generic", "provenance", "standards"} <= {name for name, _ in found}
    assert all(section.title and isinstance(section.reads, tuple) for _, section in found)


def test_an_artifact_stands_in_the_section_of_its_name_or_else_the_first():
    found = readers([("data", Section(20, "flow", "leakage")), ("leakage", Section(30, "leakage", "flow"))])

    assert found == {"gates": "verdict", "flow": "data", "leakage": "leakage"}


def test_what_nobody_reads_is_generic(demo, tmp_path):
    run = demo.demo_run(tmp_path)

    assert unread_kinds(run, all_sections()) == ["demo_audit"]
    assert evidence_section("demo_audit") == "generic"
    assert evidence_section("gates") == "verdict"


def test_an_artifact_with_only_a_reason_counts_as_absent_but_can_be_read(demo, tmp_path):
    skipped = Artifact("demo_audit", Status.SKIPPED, reason="no sensitive feature")
    run = ReportRun(demo.demo_run(tmp_path, skipped, demo.gates_artifact()))

    assert "demo_audit" not in run
    assert "gates" in run
    assert "absent" not in run
    assert run["demo_audit"].reason == "no sensitive feature"
    assert run.info["name"] == "claims"


def test_artifacts_are_read_once(demo, tmp_path):
    run = ReportRun(demo.demo_run(tmp_path))

    assert run["gates"] is run["gates"]
    with pytest.raises(Exception, match="has no artifact 'absent'"):
        run["absent"]
