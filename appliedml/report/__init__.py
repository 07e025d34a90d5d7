"""From a run to one HTML file a reviewer can keep.

:func:`appliedml.report.build.write_report` writes it; ``README.md`` beside this file tells how to add a section.
"""
