#!/usr/bin/env python3
"""Writes the seed corpus of the checkpoint reader into corpus/torch/, without PyTorch.

Python's own pickle and zipfile write the files, so that the tests read what an independent writer
wrote. The modules below only lend their names to the pickles.
"""

import collections
import io
import pickle
import pathlib
import struct
import sys
import types
import zipfile

MAGIC = 0x1950A86A20F9469CFC6C

torch = types.ModuleType("torch")
utils = types.ModuleType("torch._utils")
sys.modules["torch"], sys.modules["torch._utils"] = torch, utils

FORMATS = {
    "FloatStorage": "f", "DoubleStorage": "d", "HalfStorage": "e", "BFloat16Storage": "H",
    "LongStorage": "q", "IntStorage": "i", "ShortStorage": "h", "CharStorage": "b",
    "ByteStorage": "B", "BoolStorage": "?",
}
for storage_name in FORMATS:
    setattr(torch, storage_name, type(storage_name, (), {"__module__": "torch"}))


def named(module, name):
    def function(*args):
        raise AssertionError("only pickled")
    function.__module__, function.__qualname__, function.__name__ = module, name, name
    setattr(sys.modules[module], name, function)
    return function


REBUILD_TENSOR = named("torch._utils", "_rebuild_tensor_v2")
REBUILD_PARAMETER = named("torch._utils", "_rebuild_parameter")


class Storage:
    def __init__(self, type_name, values):
        self.type, self.values = type_name, values
        self.key = None

    def data(self):
        return struct.pack(f"<{len(self.values)}{FORMATS[self.type]}", *self.values)


class Tensor:
    def __init__(self, storage, shape, strides, offset=0):
        self.args = (storage, offset, shape, strides, False, collections.OrderedDict())

    def __reduce__(self):
        return REBUILD_TENSOR, self.args


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return REBUILD_PARAMETER, (self.tensor, True, collections.OrderedDict())


class Command:  # what a hostile checkpoint would run
    def __reduce__(self):
        import os
        return os.system, ("true",)


class Pickler(pickle.Pickler):
    def __init__(self, file, protocol, legacy):
        super().__init__(file, protocol)
        self.storages, self.legacy = [], legacy

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        if value not in self.storages:
            value.key = str(len(self.storages))
            self.storages.append(value)
        identity = ("storage", getattr(torch, value.type), value.key, "cpu", len(value.values))
        return identity + (None,) if self.legacy else identity


def legacy(value, protocol=2):
    out = io.BytesIO()
    for head in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True,
                               "type_sizes": {"short": 2, "int": 4, "long": 4}}):
        pickle.dump(head, out, protocol)
    pickler = Pickler(out, protocol, True)
    pickler.dump(value)
    storages = sorted(pickler.storages, key=lambda storage: storage.key)
    pickle.dump([storage.key for storage in storages], out, protocol)
    for storage in storages:
        out.write(struct.pack("<q", len(storage.values)) + storage.data())
    return out.getvalue()


def zipped(value, protocol=2, compression=zipfile.ZIP_STORED, script=False):
    out, data = io.BytesIO(), io.BytesIO()
    pickler = Pickler(data, protocol, False)
    pickler.dump(value)
    members = [("data.pkl", data.getvalue()), ("byteorder", b"little")]
    members += [(f"data/{storage.key}", storage.data()) for storage in pickler.storages]
    members += [("version", b"3\n")]
    if script:
        members.append(("constants.pkl", b"\x80\x02)."))
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(f"archive/{name}"), content, compression)
        if script:  # torch.jit.save compresses the code
            archive.writestr(zipfile.ZipInfo("archive/code/model.py"), b"pass\n" * 9, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def everything():
    ramp = Storage("FloatStorage", [0, 1, 2, 3, 4, 5])
    state = collections.OrderedDict()
    state["module.weight"] = Tensor(ramp, (2, 3), (3, 1))
    state["module.transposed"] = Tensor(ramp, (3, 2), (1, 3))
    state["module.tail"] = Tensor(ramp, (2,), (1,), 4)
    state["module.bias"] = Parameter(Tensor(Storage("DoubleStorage", [0.5, -2]), (2,), (1,)))
    state["module.half"] = Tensor(Storage("HalfStorage", [1.5, -0.25]), (2,), (1,))
    state["module.bfloat16"] = Tensor(Storage("BFloat16Storage", [0x4040, 0xBF80]), (2,), (1,))
    state["module.steps"] = Tensor(Storage("LongStorage", [7]), (), ())
    state["module.int32"] = Tensor(Storage("IntStorage", [-70000]), (1,), (1,))
    state["module.int16"] = Tensor(Storage("ShortStorage", [-300]), (1,), (1,))
    state["module.int8"] = Tensor(Storage("CharStorage", [-7]), (1,), (1,))
    state["module.uint8"] = Tensor(Storage("ByteStorage", [200]), (1,), (1,))
    state["module.bool"] = Tensor(Storage("BoolStorage", [True, False]), (2,), (1,))
    state["module.empty"] = Tensor(Storage("FloatStorage", []), (0, 3), (3, 1))
    return {"epoch": 3, "rate": 0.25, "note": None, "best": -(1 << 40), "net_state_dict": state,
            "pair": [Tensor(ramp, (1,), (1,)), (Tensor(ramp, (1,), (1,), 5),)], 7: True}


def small():
    return {"a": Tensor(Storage("FloatStorage", [1, 2]), (2,), (1,))}


def cyclic():
    values = []
    values.append(values)
    return values


def memo_bomb():
    values = ["x"]
    for _ in range(31):
        values = [values, values]
    return values


def main():
    corpus = pathlib.Path(__file__).parent / "corpus" / "torch"
    corpus.mkdir(parents=True, exist_ok=True)
    for name, content in {
        "legacy.pt": legacy(everything()),
        "zip.pt": zipped(everything()),
        "zip_protocol4.pt": zipped(everything(), 4),
        "legacy_small.pt": legacy(small()),
        "zip_small.pt": zipped(small()),
        "zip_compressed.pt": zipped(small(), 2, zipfile.ZIP_DEFLATED),
        "zip_torchscript.pt": zipped(small(), script=True),
        "legacy_command.pt": legacy({"a": Command()}),
        "zip_command_protocol4.pt": zipped({"a": Command()}, 4),
        "legacy_cyclic.pt": legacy(cyclic()),
        "legacy_memo_bomb.pt": legacy(memo_bomb()),
    }.items():
        (corpus / name).write_bytes(content)


if __name__ == "__main__":
    main()
