"""Quantisation-aware training in a loop of one's own, from a bundle's scales back to the same integers."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from needs import need

need("numpy", "torch")

import numpy as np
import torch
from torch import nn

import durward
from durward import training

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "apps"))
import pictures  # noqa: E402

SPEC = {
    "version": 1,
    "width": 32,
    "height": 32,
    "channels": "RGB",
    "mean": 127.5,
    "std": 128,
    "alignment": "none",
    "interpolation": "bilinear",
}
STEPS = 30


class Bottleneck(nn.Module):
    """MobileFaceNet's: expand, filter, project, add."""

    def __init__(self, width):
        super().__init__()
        wide = 2 * width
        self.conv = nn.Sequential(
            nn.Conv2d(width, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.PReLU(wide),
            nn.Conv2d(wide, wide, 3, 1, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.PReLU(wide),
            nn.Conv2d(wide, width, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x):
        return x + self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.PReLU(16))
        self.blocks = nn.Sequential(Bottleneck(16), Bottleneck(16))
        self.last = nn.Sequential(nn.Conv2d(16, 16, 16, groups=16, bias=False), nn.BatchNorm2d(16))
        self.embedding = nn.Linear(16, 24)

    def forward(self, x):
        return self.embedding(self.last(self.blocks(self.stem(x))).flatten(1))


def trained_net():
    """A net whose BatchNorms have seen data, as a trained one's have."""
    torch.manual_seed(1)
    net = Net()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.7, 1.3)
            nn.init.uniform_(module.bias, -0.3, 0.3)
        if isinstance(module, nn.PReLU):
            nn.init.uniform_(module.weight, 0.1, 0.4)
    net.train()
    for _ in range(20):
        net(torch.rand(16, 3, 32, 32) * 2 - 1)
    return net.eval()


def cosine(a, b):
    a, b = np.ravel(a).astype(np.float64), np.ravel(b).astype(np.float64)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def nchw(array):
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.set_num_threads(1)
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "spec.json").write_text(json.dumps(SPEC))
        pictures.write_people(cls.folder / "people", 8, 3)
        cls.net = trained_net()
        example = torch.zeros(1, 3, 32, 32)
        torch.onnx.export(cls.net, (example,), str(cls.folder / "net.onnx"), opset_version=13)
        cls.bundle = cls.compress("net", "--no-equalize", "--no-bias-correction")

    @classmethod
    def compress(cls, name, *more):
        done = subprocess.run(
            [os.environ["DURWARD"], "compress", cls.folder / f"{name}.onnx", "--calibrate", cls.folder / "people",
             "--input-spec", cls.folder / "spec.json", "--out", cls.folder / name, "--exports", "bundle", "--no-bench",
             "--no-check", "--quiet", *more],
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return durward.Bundle(cls.folder / name / f"{name}.bundle")

    def pairs(self, bundle, prepared):
        """Of each golden vector, the engine's output and PyTorch's, and the scale of a step."""
        prepared.eval()
        scale = bundle.quantization()["nodes"][-1]["output"]["scale"]
        with torch.no_grad():
            for (inputs, outputs) in bundle.golden_vectors(bundle.session()):
                yield outputs[0], prepared(nchw(inputs[0])).numpy(), scale

    def test_the_simulation_is_the_engine_but_for_ties(self):
        prepared = training.prepare(self.net, self.bundle.quantization())
        equal = total = 0
        for engine, simulated, scale in self.pairs(self.bundle, prepared):
            self.assertGreater(cosine(engine, simulated), 0.999)
            steps = np.abs(np.rint((engine - simulated) / scale))
            self.assertLessEqual(steps.max(), 3)
            equal += int((steps == 0).sum())
            total += steps.size
        self.assertGreater(equal / total, 0.6)
        # And it is not the float model: that is further away.
        with torch.no_grad():
            inputs, outputs = self.bundle.golden_vectors(self.bundle.session())[0]
            floats = self.net(nchw(inputs[0])).numpy()
        simulated = next(self.pairs(self.bundle, prepared))[1]
        self.assertGreater(np.abs(outputs[0] - floats).mean(), np.abs(outputs[0] - simulated).mean())

    def test_what_was_trained_comes_back_as_the_same_integers(self):
        prepared = training.prepare(self.net, self.bundle.quantization())
        optimiser = torch.optim.Adam(prepared.parameters(), lr=1e-3)
        torch.manual_seed(2)
        batches = [torch.rand(8, 3, 32, 32) * 2 - 1 for _ in range(4)]
        with torch.no_grad():
            wanted = [self.net(batch) for batch in batches]
        losses = []
        for step in range(STEPS):
            loss = (prepared(batches[step % 4]) - wanted[step % 4]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        self.assertLess(np.mean(losses[-4:]), np.mean(losses[:4]))
        training.export_onnx(prepared, self.folder / "trained.onnx", batches[0][:1])
        trained = self.compress("trained")

        def scales(bundle):
            return [node["output"] for node in bundle.quantization()["nodes"]]

        result = json.loads((self.folder / "trained" / "result.json").read_text())
        self.assertIn("of 9 of 9 layers", result["calibration"]["method"])
        self.assertEqual(scales(trained), scales(self.bundle))
        for engine, simulated, scale in self.pairs(trained, prepared):
            self.assertGreater(cosine(engine, simulated), 0.999)
            self.assertLessEqual(np.abs(np.rint((engine - simulated) / scale)).max(), 3)

    def test_a_model_that_is_another_one_is_told_where(self):
        quantization = self.bundle.quantization()
        with self.assertRaisesRegex(training.QuantizationError, "no-equalize"):
            training.prepare(self.net, {**quantization, "equalized": True})
        other = trained_net()
        other.embedding = nn.Linear(16, 25)
        with self.assertRaisesRegex(training.QuantizationError, r"embedding.*\[25, 16\].*\[24, 16\]"):
            training.prepare(other, quantization)
        other.embedding = nn.Identity()
        with self.assertRaisesRegex(training.QuantizationError, "nothing in the model"):
            training.prepare(other, quantization)


if __name__ == "__main__":
    unittest.main()
