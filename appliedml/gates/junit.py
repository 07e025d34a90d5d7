"""JUnit XML of a judgement, for continuous-integration servers: one test case a gate."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from appliedml.core.display import written_out
from appliedml.gates.judge import GateResult, Judgement, Verdict, told
from appliedml.store.writer import write_text

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(judgement: Judgement, suite: str = "appliedml gates") -> str:
    """Return a judgement as JUnit XML.

    Parameters
    ----------
    judgement : Judgement
    suite : str
        Name of the test suite, for example the run's.

    Returns
    -------
    str
        A failed gate is a ``failure``, an inconclusive one an ``error`` (so that no server shows it green), a waived
        failure is ``skipped`` with the waiver's owner and reason. A waiver that expired, or that an inconclusive gate
        has in vain, is told in the message. Names and reasons are escaped; what is hidden in them, and what XML cannot
        hold, is written out. There is no time in it.
    """
    waived = sum(result.waived for result in judgement.results)
    failed = sum(result.verdict is Verdict.FAIL for result in judgement.results) - waived
    unclear = sum(result.verdict is Verdict.INCONCLUSIVE for result in judgement.results)
    counts = {"tests": len(judgement.results), "failures": failed, "errors": unclear, "skipped": waived}
    root = ElementTree.Element("testsuite", {"name": _clean(suite)} | {key: str(n) for key, n in counts.items()})
    for result in judgement.results:
        root.append(_case(result, judgement))
    return _text(root)


def write_junit(path: str | Path, judgement: Judgement, suite: str = "appliedml gates") -> None:
    """Write a judgement as a JUnit XML file.

    Parameters
    ----------
    path : str or Path
    judgement : Judgement
    suite : str

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    write_text(Path(path), junit_xml(judgement, suite))


def write_unjudged(path: str | Path, reason: str, suite: str = "appliedml gates") -> None:
    """Write a JUnit XML file with one error: nothing could be judged.

    Parameters
    ----------
    path : str or Path
    reason : str
    suite : str

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    root = ElementTree.Element("testsuite", {"name": _clean(suite)} | counts)
    case = ElementTree.SubElement(root, "testcase", {"classname": "run", "name": "the run can be judged"})
    ElementTree.SubElement(case, "error", {"type": "not judged", "message": _clean(reason)})
    write_text(Path(path), _text(root))


def _text(root: ElementTree.Element) -> str:
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(result: GateResult, judgement: Judgement) -> ElementTree.Element:
    classname = f"{result.gate.metric}.{result.subset}"
    case = ElementTree.Element("testcase", {"classname": _clean(classname), "name": _clean(result.gate.name)})
    message = _clean(told(result, judgement))
    if result.waived:
        ElementTree.SubElement(case, "skipped", {"message": message})
    elif result.verdict is Verdict.FAIL:
        ElementTree.SubElement(case, "failure", {"type": "fail", "message": message})
    elif result.verdict is Verdict.INCONCLUSIVE:
        ElementTree.SubElement(case, "error", {"type": "inconclusive", "message": message})
    return case


def _clean(text: str) -> str:
    # What turns the direction of text, or hides in it, is written out as it is in the report.
    return _NOT_XML.sub("\ufffd", written_out(text))
