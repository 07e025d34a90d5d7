"""Files in PyTorch's legacy format are read without running anything in them."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types

import numpy as np
import pytest

from appliedml.errors import DataError
from appliedml.pretrained._legacy_torch import _MAGIC, read_legacy


class Storage:
    def __init__(self, kind, key, values):
        self.kind, self.key, self.values = kind, key, values


class Tensor:
    """Pickles as PyTorch's tensors do."""

    def __init__(self, storage, offset, shape, strides):
        self.arguments = (storage, offset, shape, strides, False, None)

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


@pytest.fixture
def torch(monkeypatch):
    """Two modules with the names that such files refer to."""
    main, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    class FloatStorage:
        pass

    def _rebuild_tensor_v2(*arguments):
        raise AssertionError("the reader must not call it")

    FloatStorage.__module__, FloatStorage.__qualname__ = "torch", "FloatStorage"
    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    main.FloatStorage, utils._rebuild_tensor_v2, main._utils = FloatStorage, _rebuild_tensor_v2, utils
    monkeypatch.setitem(sys.modules, "torch", main)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return main


def legacy(path, state, storages, *, magic=_MAGIC):
    class Pickler(pickle.Pickler):
        def persistent_id(self, item):
            if isinstance(item, Storage):
                return ("storage", item.kind, item.key, "cpu", len(item.values), None)
            return None

    stream = io.BytesIO()
    for item in (magic, 1001, {"little_endian": True, "protocol_version": 1001, "type_sizes": {}}, state):
        Pickler(stream, protocol=2).dump(item)
    pickle.dump([storage.key for storage in storages], stream, protocol=2)
    for storage in storages:
        stream.write(np.int64(len(storage.values)).tobytes() + storage.values.astype("<f4").tobytes())
    path.write_bytes(stream.getvalue())
    return path


def test_tensors_come_back_with_the_strides_they_were_stored_with(torch, tmp_path):
    storage = Storage(torch.FloatStorage, "1", np.arange(8))
    state = {"plain": Tensor(storage, 2, (2, 3), (3, 1)), "turned": Tensor(storage, 2, (2, 3), (1, 2))}

    found = read_legacy(legacy(tmp_path / "w.pth", state, [storage]))

    assert found["plain"].tolist() == [[2, 3, 4], [5, 6, 7]]
    assert found["turned"].tolist() == [[2, 4, 6], [3, 5, 7]]
    assert found["turned"].flags["C_CONTIGUOUS"] and found["turned"].dtype == np.float32


class Hostile:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("function", [os.system, eval, exec, getattr, __import__, open])
def test_a_pickle_that_calls_anything_else_is_refused_and_not_run(tmp_path, function):
    witness = tmp_path / "ran"
    text = f"touch {witness}" if function is os.system else f"open({str(witness)!r}, 'w')"
    path = legacy(tmp_path / "w.pth", {"a": Hostile(function, text, *(["w"] if function is open else []))}, [])

    with pytest.raises(DataError, match=r"which weights do not need.*Nothing in it was run"):
        read_legacy(path)
    assert not witness.exists()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["w.pth"]


def test_a_hostile_first_pickle_is_refused_too(tmp_path):
    path = tmp_path / "w.pth"
    path.write_bytes(pickle.dumps(Hostile(os.system, f"touch {tmp_path / 'ran'}"), protocol=2))

    with pytest.raises(DataError, match="which weights do not need"):
        read_legacy(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (3, 3), (3, 1)), (6, (2, 2), (2, 1)), (0, (1000, 1000), (0, 0)), (-1, (2,), (1,)), (0, (2, 2), (1,))],
)
def test_a_tensor_that_reaches_outside_its_storage_is_refused(torch, tmp_path, offset, shape, strides):
    storage = Storage(torch.FloatStorage, "1", np.arange(8))
    path = legacy(tmp_path / "w.pth", {"a": Tensor(storage, offset, shape, strides)}, [storage])

    with pytest.raises(DataError, match="'a'"):
        read_legacy(path)


def test_a_file_cut_off_or_of_another_kind_is_refused(torch, tmp_path):
    storage = Storage(torch.FloatStorage, "1", np.arange(8))
    path = legacy(tmp_path / "w.pth", {"a": Tensor(storage, 0, (8,), (1,))}, [storage])
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match="cut off"):
        read_legacy(path)

    with pytest.raises(DataError, match="does not begin as one"):
        read_legacy(legacy(tmp_path / "v.pth", {}, [], magic=1))
    (tmp_path / "u.pth").write_bytes(b"PK\x03\x04 a zip archive")
    with pytest.raises(DataError, match="legacy format"):
        read_legacy(tmp_path / "u.pth")


def test_something_that_is_not_a_tensor_is_refused(torch, tmp_path):
    with pytest.raises(DataError, match="'epoch' is not a tensor"):
        read_legacy(legacy(tmp_path / "w.pth", {"epoch": 3}, []))
