#!/usr/bin/env python3
"""Export a PyTorch module to an ONNX file that Durward reads.

Run it in your own environment, the one where your model's code works: it needs PyTorch (1.12 or
newer; from 2.9 on also the package onnxscript) and nothing of Durward.

    python export_onnx.py my_package.models:MobileFaceNet --checkpoint best.pth --shape 1x3x112x112 \\
        --out mobilefacenet.onnx
    durward inspect mobilefacenet.onnx

MODEL is "module.path:callable". The callable gives the module when it is called with --args, a JSON
object of keyword arguments; it may be a class, a function, or a module that exists already.
The folder you run the script in is searched for module.path first.

The checkpoint may hold the weights themselves or be a dictionary with the weights under one of the
usual keys (state_dict, model, net, ...); "module." in front of every name, which DataParallel
leaves, is dropped. By default it is read without running code from it (weights_only). The weights
must fit the module exactly, unless --partial is given.

The module is put in evaluation mode and exported with fixed shapes and opset 17. Batch
normalisation is kept apart: Durward folds it itself. The script then runs the file in ONNX Runtime,
if that is installed, and compares it with the module.

Exit codes: 0 done, 1 the export or the comparison failed, 2 wrong arguments.
"""

import argparse
import importlib
import inspect
import json
import os
import sys

WEIGHT_KEYS = ("state_dict", "model_state_dict", "model", "net", "net_state_dict", "backbone", "weights")
MAX_DIFFERENCE = 1e-3  # relative to the largest output


class UsageError(Exception):
    """An argument that does not work, with what to do about it."""


def parse_shape(text):
    """'1x3x112x112' -> (1, 3, 112, 112)."""
    try:
        shape = tuple(int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no shape; write it as 1x3x112x112")
    if not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': every dimension must be at least 1")
    return shape


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="module.path:callable that gives the torch.nn.Module")
    parser.add_argument("--args", default="{}", metavar="JSON",
                        help="keyword arguments for the callable, e.g. '{\"embedding_size\": 128}'")
    parser.add_argument("--checkpoint", metavar="FILE", help="file with the trained weights")
    parser.add_argument("--key", help="key of the weights in the checkpoint, if not a usual one")
    parser.add_argument("--partial", action="store_true",
                        help="accept weights that are missing in or unknown to the module "
                             "(a training head, for example)")
    parser.add_argument("--trust", action="store_true",
                        help="unpickle the checkpoint fully, which can run code from it")
    parser.add_argument("--shape", type=parse_shape, action="append", required=True,
                        metavar="NxCxHxW", help="shape of the input; repeat it for more inputs")
    parser.add_argument("--out", required=True, metavar="FILE.onnx")
    parser.add_argument("--opset", type=int, default=17, choices=range(9, 22), metavar="9..21")
    return parser.parse_args(arguments)


def build_module(torch, name, keyword_arguments):
    """Calls module.path:callable; returns the torch.nn.Module."""
    path, separator, attribute = name.partition(":")
    if not separator or not path or not attribute:
        raise UsageError(f"'{name}' should be module.path:callable")
    sys.path.insert(0, os.getcwd())
    try:
        target = importlib.import_module(path)
    except ImportError as error:
        raise UsageError(f"cannot import '{path}': {error}. Run this where the model's code can be "
                         "imported, or set PYTHONPATH")
    for part in attribute.split("."):
        if not hasattr(target, part):
            raise UsageError(f"'{path}' has no '{attribute}'")
        target = getattr(target, part)
    if isinstance(target, torch.nn.Module):
        return target
    try:
        inspect.signature(target).bind(**keyword_arguments)
    except TypeError as error:
        raise UsageError(f"'{name}' cannot be called with --args {json.dumps(keyword_arguments)}: "
                         f"{error}. Its signature is {inspect.signature(target)}")
    module = target(**keyword_arguments)
    if not isinstance(module, torch.nn.Module):
        raise UsageError(f"'{name}' gave a {type(module).__name__}, not a torch.nn.Module")
    return module


def read_weights(torch, path, key, trust):
    """The dictionary of tensors in a checkpoint."""
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=not trust)
    except FileNotFoundError:
        raise UsageError(f"there is no checkpoint '{path}'")
    except Exception as error:  # torch raises what pickle and zipfile raise
        hint = "" if trust else " If you trust where it is from, add --trust"
        raise UsageError(f"cannot read the checkpoint '{path}': {error}.{hint}")
    if isinstance(checkpoint, torch.nn.Module):
        checkpoint = checkpoint.state_dict()
    if not isinstance(checkpoint, dict):
        raise UsageError(f"'{path}' holds a {type(checkpoint).__name__}, not a dictionary of weights")
    for candidate in [key] if key else WEIGHT_KEYS:
        inner = checkpoint.get(candidate)
        if isinstance(inner, torch.nn.Module):
            inner = inner.state_dict()
        if isinstance(inner, dict):
            checkpoint = inner
            break
    else:
        if key:
            raise UsageError(f"'{path}' has no dictionary under '{key}'; it has "
                             f"{', '.join(map(str, checkpoint))}")
    weights = {name: value for name, value in checkpoint.items() if isinstance(value, torch.Tensor)}
    if not weights:
        raise UsageError(f"no weights found in '{path}': name their key with --key; it has "
                         f"{', '.join(map(str, checkpoint))}")
    if all(name.startswith("module.") for name in weights):
        weights = {name[len("module."):]: value for name, value in weights.items()}
    return weights


def load_weights(module, weights, partial):
    try:
        missing, unknown = module.load_state_dict(weights, strict=False)
    except RuntimeError as error:  # a weight of another shape
        raise UsageError(f"the weights do not fit the module: {error}. Are its --args right?")
    if (missing or unknown) and not partial:
        def listed(names):
            return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        raise UsageError("the weights do not fit the module: "
                         f"missing in the checkpoint: {listed(missing) or 'none'}; "
                         f"unknown to the module: {listed(unknown) or 'none'}. "
                         "If that is meant, add --partial")


def export(torch, module, inputs, path, opset):
    """Writes the file under a temporary name first: no half-written model is left behind."""
    options = {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False  # the tracing exporter: plain ops and, here, fixed shapes
    names = ["input"] if len(inputs) == 1 else [f"input{i}" for i in range(len(inputs))]
    temporary = path + ".part"
    try:
        torch.onnx.export(module, tuple(inputs), temporary, opset_version=opset, input_names=names,
                          training=torch.onnx.TrainingMode.EVAL, do_constant_folding=True, **options)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)
    return names


def compare(path, names, inputs, expected):
    """The largest difference to the module's outputs relative to their magnitude, None if ONNX
    Runtime is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {name: value.numpy() for name, value in zip(names, inputs)})
    largest = 0.0
    for output, tensor in zip(outputs, expected):
        reference = tensor.numpy()
        scale = max(1.0, float(abs(reference).max()))
        largest = max(largest, float(abs(output - reference).max()) / scale)
    return largest


def main(arguments):
    options = parse_arguments(arguments)
    try:
        import torch
    except ImportError:
        raise UsageError("PyTorch is not installed in this environment: run the script in the one "
                         "that your model was trained in")
    try:
        keyword_arguments = json.loads(options.args)
    except ValueError as error:
        raise UsageError(f"--args is not JSON: {error}")
    if not isinstance(keyword_arguments, dict):
        raise UsageError("--args should be a JSON object: '{\"name\": value}'")
    folder = os.path.dirname(os.path.abspath(options.out))
    if not os.path.isdir(folder):
        raise UsageError(f"there is no folder '{folder}' to write to")

    module = build_module(torch, options.model, keyword_arguments)
    if options.checkpoint:
        load_weights(module, read_weights(torch, options.checkpoint, options.key, options.trust),
                     options.partial)
    else:
        print("warning: no --checkpoint, the module is exported with the weights it has",
              file=sys.stderr)
    module = module.cpu().float().eval()
    torch.manual_seed(0)
    inputs = [torch.rand(shape) for shape in options.shape]
    try:
        with torch.no_grad():
            result = module(*inputs)
    except Exception as error:  # whatever the user's code raises
        shapes = ", ".join("x".join(map(str, shape)) for shape in options.shape)
        raise UsageError(f"the module does not run on inputs of {shapes}: {error}. Is --shape right?")
    expected = [result] if isinstance(result, torch.Tensor) else list(result)
    names = export(torch, module, inputs, options.out, options.opset)

    shapes = ", ".join("x".join(map(str, tensor.shape)) for tensor in expected)
    print(f"{options.out}: opset {options.opset}, output {shapes}")
    difference = compare(options.out, names, inputs, expected)
    if difference is None:
        print("not compared with the module: ONNX Runtime is not installed here")
    else:
        print(f"largest difference to the module: {difference:.2e} of the largest output")
        if difference > MAX_DIFFERENCE:
            print("error: the exported model does not compute what the module does",
                  file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
