"""Tensors of a file in PyTorch's legacy format (before 1.6), read without PyTorch and without running anything.

Such a file is a row of pickles (magic number, protocol, machine facts, the dictionary, the keys of the storages), then
the storages: for each key an int64 length and the raw little-endian values. Pickles can call any function, so these are
read by an unpickler that knows a handful of names and refuses every other.

Source
------
The format as written by ``torch.save(..., _use_new_zipfile_serialization=False)``.
"""

from __future__ import annotations

import io
import math
import pickle  # restricted below
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliedml.errors import DataError

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}


@dataclass(frozen=True)
class _StorageType:
    dtype: str


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    size: int


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor's values lie; they are read after the pickles."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _State(OrderedDict[str, Any]):
    """A state dictionary. PyTorch hangs ``_metadata`` on it, which is taken and not looked at."""

    def __setstate__(self, state: Any) -> None:
        pass


def _rebuild(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> _Tensor:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor has no storage")
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _State
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _DTYPES:
            return _StorageType(_DTYPES[name])
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which weights do not need")

    def persistent_load(self, pid: Any) -> _Storage:
        if not (isinstance(pid, tuple) and len(pid) == 6 and pid[0] == "storage" and isinstance(pid[1], _StorageType)):
            raise pickle.UnpicklingError("it refers to something that is not a storage")
        _, kind, key, _, size, view = pid
        if view is not None:
            raise pickle.UnpicklingError("it holds a view of a storage, which is not read")
        return _Storage(str(key), kind.dtype, int(size))


def read_legacy(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a state dictionary in PyTorch's legacy format.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to array
        In the order of the file; each is contiguous, whatever its strides were in the file.

    Raises
    ------
    DataError
        If the file is another kind, is cut off, asks for any name outside the few that weights need, or has a tensor
        that reaches outside its storage.
    """
    data = path.read_bytes()
    try:
        return _read(io.BytesIO(data), len(data))
    except (
        pickle.UnpicklingError,
        EOFError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
    ) as error:
        raise DataError(
            f"{path} is not a weights file in PyTorch's legacy format that can be read safely: {error}. Nothing in it "
            "was run. Use a .weights.h5, .keras or .safetensors file, or install the weights again."
        ) from error


def _read(stream: io.BytesIO, length: int) -> dict[str, NDArray[Any]]:
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        raise ValueError("it does not begin as one")
    machine, state, keys = _load(stream), _load(stream), _load(stream)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ValueError("its numbers are not little-endian")
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise ValueError("it does not hold a dictionary of tensors")
    tensors = {str(name): item for name, item in state.items()}
    wrong = [name for name, item in tensors.items() if not isinstance(item, _Tensor)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a tensor")
    needed = {item.storage.key: item.storage for item in tensors.values()}
    storages: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = needed.get(str(key))
        if storage is None:
            raise ValueError(f"storage {key!r} belongs to no tensor")
        size = int(np.frombuffer(stream.read(8), "<i8")[0])
        n_bytes = size * np.dtype(storage.dtype).itemsize
        if size != storage.size or not 0 <= n_bytes <= length - stream.tell():
            raise ValueError(f"storage {key!r} is cut off")
        storages[str(key)] = np.frombuffer(stream.read(n_bytes), storage.dtype)
    return {name: _strided(name, item, storages[item.storage.key]) for name, item in tensors.items()}


def _load(stream: io.BytesIO) -> Any:
    return _Restricted(stream).load()


def _strided(name: str, tensor: _Tensor, storage: NDArray[Any]) -> NDArray[Any]:
    # Many tensors lie transposed in the file: strides count elements, and a plain reshape would shuffle the values.
    if len(tensor.shape) != len(tensor.strides) or min((tensor.offset, *tensor.shape, *tensor.strides), default=0) < 0:
        raise ValueError(f"{name!r} has an impossible shape")
    last = tensor.offset + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.strides, strict=True))
    # Overlapping strides could ask for more values than there are, without end.
    if 0 in tensor.shape or last >= len(storage) or math.prod(tensor.shape) > len(storage):
        raise ValueError(f"{name!r} reaches outside its storage")
    step = storage.dtype.itemsize
    view = np.lib.stride_tricks.as_strided(
        storage[tensor.offset :], tensor.shape, [step * stride for stride in tensor.strides], writeable=False
    )
    return np.ascontiguousarray(view)
