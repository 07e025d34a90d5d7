import contextlib
import signal

import pytest

from appliedml.progress import shown


def test_one_line_when_the_output_goes_elsewhere(capfd):
    with shown("fraud") as progress:
        progress("reading", 0, 3)
        progress("done", 3, 3)
    assert capfd.readouterr().err.startswith("fraud: done in 0 s")


def test_no_line_claims_the_end_of_what_failed(capfd):
    with pytest.raises(ValueError, match="x"), shown("fraud"):
        raise ValueError("x")
    assert "done" not in capfd.readouterr().err


def test_a_terminal_shows_the_step_and_the_time_left(monkeypatch, capfd):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with shown("fraud") as progress:
        progress("fold 1 of 5: training", 1, 5)
    err = capfd.readouterr().err
    assert "fraud" in err
    assert "left" in err


@pytest.fixture
def listening():
    """Ctrl-C as in a terminal, also where the tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_that_a_library_swallows_still_ends_the_run(listening):
    with pytest.raises(KeyboardInterrupt), shown("fraud") as progress:
        with contextlib.suppress(BaseException):  # what such a library does
            signal.raise_signal(signal.SIGINT)
        progress("training", 1, 5)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_runs_in_the_background_goes_on_ignoring_ctrl_c(listening):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with shown("fraud") as progress:
        signal.raise_signal(signal.SIGINT)
        progress("training", 1, 5)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
