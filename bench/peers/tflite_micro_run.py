"""Runs a .tflite export in TFLite Micro on the golden vectors of its bundle.

    PYTHONPATH=.deps/wheels-micro python3 bench/peers/tflite_micro_run.py MODEL.int8.tflite MODEL.bundle

Prints one line of JSON: the bytes of the arena that TFLite Micro takes (`total`; `head`, which tensors and scratch
memory need; `tail`, its own structures), and over all outputs of all golden vectors how many int8 values there are,
how many equal the engine's, and by how many steps the others differ at most. `scripts/setup --peers` fetches the
package. Ports that the bundle has in float are converted where the .tflite file has int8.
"""
import argparse
import json
import os
import re
import sys
import tempfile
import zipfile

import numpy as np
from tflite_micro.python.tflite_micro import runtime

ARENA = 64 << 20  # more than any of our models takes


def port_quantisation(details):
    parameters = details["quantization_parameters"]
    return parameters["scales"][0], int(parameters["zero_points"][0])


def to_int8(values, details):
    scale, zero_point = port_quantisation(details)
    return np.clip(np.round(values / scale) + zero_point, -128, 127).astype(np.int8)


def golden(bundle, vector, kind, number, details):
    """Port `number` of a golden vector as the model has it; None where there is no such vector."""
    try:
        data = bundle.read(f"golden/{vector}.{kind}{number}")
    except KeyError:
        return None
    shape, dtype = tuple(details["shape"]), np.dtype(details["dtype"])
    if len(data) == np.prod(shape) * dtype.itemsize:
        return np.frombuffer(data, dtype).reshape(shape)
    return to_int8(np.frombuffer(data, np.float32).reshape(shape), details)


def allocations(interpreter):
    """Bytes of the arena by part, which TFLite Micro only prints."""
    with tempfile.TemporaryFile() as printed:
        kept = [os.dup(1), os.dup(2)]
        sys.stdout.flush()
        os.dup2(printed.fileno(), 1)
        os.dup2(printed.fileno(), 2)
        try:
            interpreter.print_allocations()
        finally:
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)
        printed.seek(0)
        text = printed.read().decode()
    return {part: int(re.search(rf"Arena allocation {part} (\d+)", text)[1]) for part in ["total", "head", "tail"]}


def compare(interpreter, bundle):
    """Runs every golden vector: (values, equal ones, largest difference in steps)."""
    values = equal = largest = vector = 0
    given = interpreter.get_input_details(0)
    while (x := golden(bundle, vector, "input", 0, given)) is not None:
        interpreter.set_input(x, 0)
        interpreter.invoke()
        number = 0
        while f"golden/{vector}.output{number}" in bundle.namelist():
            details = interpreter.get_output_details(number)
            if details["dtype"] != np.int8:
                sys.exit("the .tflite file has float outputs; compress with --int8-ports")
            difference = np.abs(interpreter.get_output(number).astype(np.int32)
                                - golden(bundle, vector, "output", number, details))
            values += difference.size
            equal += int((difference == 0).sum())
            largest = max(largest, int(difference.max()))
            number += 1
        vector += 1
    return values, equal, largest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("bundle")
    options = parser.parse_args()
    interpreter = runtime.Interpreter.from_file(options.model, arena_size=ARENA)
    with zipfile.ZipFile(options.bundle) as bundle:
        values, equal, largest = compare(interpreter, bundle)
    if values == 0:
        sys.exit(f"{options.bundle}: it has no golden vectors")
    print(json.dumps({**allocations(interpreter), "values": values, "equal": equal, "largest_steps": largest}))


if __name__ == "__main__":
    main()
