import pytest

from appliedml._terminal import one_line, say
from appliedml.core.display import written_out


def test_what_a_terminal_would_obey_is_written_out(capfd):
    say("red \x1b[31m title \x1b]0;x\x07 back\x08 csi \x9b31m\r\nbidi \u202e")
    said = capfd.readouterr().out
    assert said.splitlines() == [
        "red ⟨U+001B⟩[31m title ⟨U+001B⟩]0;x⟨U+0007⟩ back⟨U+0008⟩ csi ⟨U+009B⟩31m⟨U+000D⟩",
        "bidi ⟨U+202E⟩",
    ]


def test_lines_and_tabs_of_ours_stay(capfd):
    say("one\n\ttwo", err=True)
    assert capfd.readouterr().err == "one\n\ttwo\n"


def test_a_name_cannot_begin_a_line_of_its_own():
    assert "\n" not in one_line("gate\nverdict: pass")


@pytest.mark.parametrize("text", ["Zürich", "日本語", "\u0645\u06cc\u200c\u062e\u0648", "👩\u200d🚀", "a\tb", "עברית"])
def test_what_people_write_stays(text):
    assert written_out(text) == text
