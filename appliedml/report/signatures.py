"""What counts as a signature under a run: the one rule for every place that asks."""

from __future__ import annotations

from typing import Any

from appliedml.errors import RunError
from appliedml.store import layout
from appliedml.store.sign_offs import HOLDS


def why_not_signed(run: Any) -> str:
    """Return why the latest sign-off is no dated signature under what the report shows; empty where it is one.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        A sentence. A name without a key can be typed by anybody, and a decision about other content, or one that was
        made although something did not match, is none about this report.
    """
    try:
        sign_offs = run.sign_offs
    except RunError:
        return f"{layout.SIGN_OFFS} is not as it was written."
    if not sign_offs:
        return "Nobody has signed this run off. A person can, with a key of their own: appliedml sign RUN --key FILE."
    if not all(sign_off.sound for sign_off in sign_offs):
        return "The chain of sign-offs is broken."
    latest = sign_offs[-1]
    if latest.signature != HOLDS:
        return f"The latest sign-off is no signature that was checked ({latest.signature}): anybody can have typed it."
    if latest.changed(run.files_state.hashes):
        return "The latest sign-off is about other content: files were changed after it."
    if latest.record["despite"]:
        return "The latest sign-off was made although something did not match."
    return ""
