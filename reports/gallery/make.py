"""The sample reports and their pictures, from finished runs: ``make gallery RUNS=reports``.

::

    python reports/gallery/make.py FOLDER

looks below FOLDER for the newest finished run of each plan that the gallery shows, rebuilds its report here (in a copy:
the run itself is left as it is) and photographs the first page of three of them in Chromium.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from appliedml.errors import RunError
from appliedml.report.build import write_report
from appliedml.store.run import Run

HERE = Path(__file__).resolve().parent
CHROMIUM = os.environ.get("APPLIEDML_CHROMIUM", "/usr/bin/chromium")
REPORTS = ("vehicle_claims", "fraud", "medical_imaging", "sentiment")
PICTURES = ("vehicle_claims", "medical_imaging", "sentiment")
WINDOW = {"width": 1280, "height": 900}
SCALE = 2
MOST_BYTES = 300_000


def newest(folder: Path, name: str) -> Run:
    """Return the newest finished run of a plan below a folder; folders of runs begin with the time."""
    found = sorted((path.parent for path in folder.rglob("run.json")), key=lambda path: path.name, reverse=True)
    for path in found:
        try:
            run = Run(path)
        except RunError:
            continue
        if run.name == name:
            return run
    raise SystemExit(
        f"There is no finished run of {name} below {folder}. Make one: appliedml run pipelines/{name}.yaml"
    )


def rebuilt(run: Run) -> Path:
    """Write the report of a run into the gallery."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(run.path, Path(folder) / run.path.name))
        return Path(shutil.copyfile(write_report(Run(copy), ["html"]), HERE / f"{run.name}.html"))


def photographed(reports: list[Path]) -> list[Path]:
    """Photograph the first page of reports, in few colours: a page has few."""
    from playwright.sync_api import sync_playwright

    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for report in reports:
            context = browser.new_context(offline=True, viewport=WINDOW, device_scale_factor=SCALE)
            page = context.new_page()
            page.goto(report.as_uri())
            with Image.open(BytesIO(page.screenshot())) as shot:
                few = shot.convert("RGB").quantize(128, dither=Image.Dither.NONE)
            few.save(report.with_suffix(".png"), optimize=True)
            made.append(report.with_suffix(".png"))
            context.close()
        browser.close()
    return made


def main(folder: Path) -> int:
    """Make all, and say what is larger than it should be."""
    for path in [rebuilt(newest(folder, name)) for name in REPORTS]:
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    too_large = []
    for path in photographed([HERE / f"{name}.html" for name in PICTURES]):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
        if path.stat().st_size > MOST_BYTES:
            too_large.append(path.name)
    if too_large:
        print(f"Larger than {MOST_BYTES:,} bytes: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    raise SystemExit(main(Path(sys.argv[1])))
