import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import pytest

from appliedml.errors import RunError
from appliedml.store import lock
from appliedml.store.lock import locked


def test_two_writers_never_write_at_once(tmp_path):
    inside, most = [], []

    def write():
        with locked(tmp_path):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5
    assert list(tmp_path.iterdir()) == []


def test_the_holder_may_take_it_again_and_gives_it_back_after_an_error(tmp_path):
    with pytest.raises(ValueError, match="stop"), locked(tmp_path), locked(tmp_path):
        raise ValueError("stop")
    with locked(tmp_path, seconds=0):
        pass


def test_waiting_for_another_process_ends_with_a_sentence(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from appliedml.store.lock import locked\n"
        "with locked(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunError, match="is being written by another process"), locked(tmp_path, seconds=0.1):
            pass
    finally:
        other.kill()
        other.communicate()
    # A process that died lets go.
    with locked(tmp_path, seconds=5):
        pass


def test_where_folders_cannot_be_locked_a_file_does_it(tmp_path):
    with ExitStack() as stack:
        assert lock._take_by_file(tmp_path, stack)
        assert not lock._take_by_file(tmp_path, stack)
    assert not (tmp_path / lock.LOCK).exists()


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(RunError, match="cannot be opened: " + os.strerror(2)), locked(tmp_path / "absent"):
        pass
