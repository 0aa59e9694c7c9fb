"""The engine's C ABI (include/durward/engine.h) with numpy arrays for buffers."""

import ctypes
import ctypes.util
import os
import pathlib
from dataclasses import dataclass

import numpy as np

_API = 1  # DURWARD_ENGINE_API
_ALIGNMENT = 64  # DURWARD_PLAN_ALIGNMENT
_TYPES = (np.float32, np.int8, np.uint8, np.int16, np.int32, np.int64, np.bool_)
_MESSAGE_BYTES = 400


class EngineError(RuntimeError):
    """What the engine refused, with its code."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class _Message(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("bytes", ctypes.c_size_t)]


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", ctypes.c_size_t),
        ("isa", ctypes.c_char_p),
        ("max_bytes", ctypes.c_uint64),
        ("threads", ctypes.c_uint64),
        ("scrub", ctypes.c_uint64),
    ]


class _Port(ctypes.Structure):
    _fields_ = [
        ("struct_bytes", ctypes.c_size_t),
        ("name", ctypes.c_char_p),
        ("type", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("bytes", ctypes.c_size_t),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
    ]


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


@dataclass(frozen=True)
class Port:
    """An input or output. Of a quantised one value = scale * (q - zero_point); else scale is 0."""

    name: str
    dtype: np.dtype
    shape: tuple  # NHWC
    scale: float
    zero_point: int


def _find_library():
    named = os.environ.get("DURWARD_LIBRARY")
    if named:
        return named
    beside = pathlib.Path(__file__).with_name("libdurward.so")
    if beside.exists():
        return str(beside)
    found = ctypes.util.find_library("durward")
    if found:
        return found
    raise OSError(
        "libdurward.so was not found: build the target durward_shared and set DURWARD_LIBRARY to the file, "
        f"or copy it to {beside}"
    )


def _declare(library):
    size, code, text, pointer = ctypes.c_size_t, ctypes.c_int32, ctypes.c_char_p, ctypes.c_void_p
    message = ctypes.POINTER(_Message)
    signatures = {
        "durward_engine_api": (ctypes.c_uint32, []),
        "durward_engine_version": (text, []),
        "durward_code_text": (text, [code]),
        "durward_session_create": (code, [pointer, size, ctypes.POINTER(_Options), ctypes.POINTER(pointer), message]),
        "durward_session_destroy": (None, [pointer]),
        "durward_session_input_count": (size, [pointer]),
        "durward_session_output_count": (size, [pointer]),
        "durward_session_input": (code, [pointer, size, ctypes.POINTER(_Port)]),
        "durward_session_output": (code, [pointer, size, ctypes.POINTER(_Port)]),
        "durward_session_run": (
            code,
            [pointer, ctypes.POINTER(_Buffer), size, ctypes.POINTER(_Buffer), size, pointer, message],
        ),
        "durward_session_isa": (text, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


_loaded = None


def _library():
    global _loaded
    if _loaded is None:
        library = ctypes.CDLL(_find_library())
        _declare(library)
        api = library.durward_engine_api()
        if api != _API:
            raise OSError(f"libdurward.so has version {api} of the engine's interface, this package needs {_API}")
        _loaded = library
    return _loaded


def engine_version():
    """Of the library that was found: "0.1.0"."""
    return _library().durward_engine_version().decode()


def _aligned_copy(data):
    """The bytes as an array that begins where a plan may begin."""
    room = np.empty(len(data) + _ALIGNMENT, dtype=np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    plan = room[start : start + len(data)]
    plan[:] = np.frombuffer(data, dtype=np.uint8)
    return plan


class Session:
    """A plan (the plan.fb of a bundle) that is ready to run, one call of run() at a time.

    `isa` bounds the instruction sets ("portable", "avx2", ...), `threads` is 1 to 8; the outputs have the
    same bits whatever they are. A plan that is refused, or memory that is not there, raises EngineError.
    """

    def __init__(self, plan, isa=None, threads=1):
        self._handle = ctypes.c_void_p()
        self._engine = _library()
        self._plan = _aligned_copy(plan)  # the session reads it as long as it lives
        options = _Options(ctypes.sizeof(_Options), isa.encode() if isa else None, 0, threads, 0)
        self._check(
            lambda message: self._engine.durward_session_create(
                self._plan.ctypes.data, self._plan.size, ctypes.byref(options), ctypes.byref(self._handle), message
            )
        )
        self.inputs = self._ports(self._engine.durward_session_input_count, self._engine.durward_session_input)
        self.outputs = self._ports(self._engine.durward_session_output_count, self._engine.durward_session_output)

    def __del__(self):
        if getattr(self, "_handle", None):
            self._engine.durward_session_destroy(self._handle)
            self._handle = None

    @property
    def isa(self):
        """The fastest instruction set that a layer runs on."""
        return self._engine.durward_session_isa(self._handle).decode()

    def run(self, *arrays):
        """An array for each input, of its port's type and shape; a list of one for each output."""
        if len(arrays) != len(self.inputs):
            raise ValueError(f"the plan has {len(self.inputs)} inputs, {len(arrays)} were given")
        given = []
        for array, port in zip(arrays, self.inputs):
            array = np.ascontiguousarray(array)
            if array.dtype != port.dtype or array.shape != port.shape:
                raise ValueError(
                    f"input '{port.name}' is {port.dtype} {port.shape} (NHWC), not {array.dtype} {array.shape}"
                )
            given.append(array)
        results = [np.empty(port.shape, port.dtype) for port in self.outputs]
        inputs, outputs = self._buffers(given), self._buffers(results)
        self._check(
            lambda message: self._engine.durward_session_run(
                self._handle, inputs, len(given), outputs, len(results), None, message
            )
        )
        return results

    def _check(self, call):
        room = ctypes.create_string_buffer(_MESSAGE_BYTES)
        message = _Message(ctypes.cast(room, ctypes.c_char_p), _MESSAGE_BYTES)
        code = call(ctypes.byref(message))
        if code != 0:
            text = room.value.decode(errors="replace") or self._engine.durward_code_text(code).decode()
            raise EngineError(code, text)

    def _ports(self, count, describe):
        ports = []
        for index in range(count(self._handle)):
            port = _Port(ctypes.sizeof(_Port))
            self._check(lambda message: describe(self._handle, index, ctypes.byref(port)))
            shape = tuple(port.shape[i] for i in range(port.rank))
            ports.append(Port(port.name.decode(), np.dtype(_TYPES[port.type]), shape, port.scale, port.zero_point))
        return ports

    @staticmethod
    def _buffers(arrays):
        return (_Buffer * len(arrays))(*[_Buffer(array.ctypes.data, array.nbytes) for array in arrays])
