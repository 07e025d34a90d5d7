"""A process that draws: one Vega-Lite chart a line in, one SVG a line out, each as JSON. Run as a script."""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Draw until there are no more lines; null stands for a chart that cannot be drawn."""
    import vl_convert

    for line in sys.stdin.buffer:
        try:
            svg = vl_convert.vegalite_to_svg(json.loads(line))
        except Exception:
            # Whoever asked draws it again and raises what is wrong.
            svg = None
        sys.stdout.buffer.write(json.dumps(svg).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
