"""Runs the built `durward` (its path in the environment variable DURWARD) on material made here."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import pictures
import tiny_model

DURWARD = os.environ["DURWARD"]
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
PEOPLE, PICTURES = 12, 4
# What LiteRT itself writes to standard error when it is loaded.
LITERT_CHATTER = re.compile(r"^(INFO|WARNING): .*\n", re.MULTILINE)


def run(*arguments, **options):
    """`options` are those of subprocess.run."""
    done = subprocess.run(
        [DURWARD, *map(str, arguments)], capture_output=True, text=True, errors="replace", timeout=600, **options
    )
    done.stderr = LITERT_CHATTER.sub("", done.stderr)
    return done


def snapshot(folder):
    """Every path below the folder with a digest of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


def saturates(file):
    """Whether this export gives less than it says on this machine: a prepared .ort on x86 without VNNI."""
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    return file.endswith(".ort") and "avx2" in flags and not ("avx512_vnni" in flags or "avx_vnni" in flags)


class CommandLineTest(unittest.TestCase):
    """A folder with tiny.onnx, spec.json and people/ for each test, removed afterwards."""

    @classmethod
    def setUpClass(cls):
        cls.material = pathlib.Path(tempfile.mkdtemp(prefix="durward_material_"))
        cls.addClassCleanup(shutil.rmtree, cls.material)
        (cls.material / "tiny.onnx").write_bytes(tiny_model.model())
        (cls.material / "spec.json").write_text(json.dumps(SPEC))
        pictures.write_people(cls.material / "people", PEOPLE, PICTURES)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="durward_test_"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(self.material, self.folder, dirs_exist_ok=True)
        self.model, self.people, self.out = (self.folder / name for name in ("tiny.onnx", "people", "out"))
        self.spec = ["--input-spec", self.folder / "spec.json"]

    def compress_arguments(self, *more, model=None, calibrate=None, out=None):
        """`durward compress` without latencies, which take seconds."""
        return [
            "compress",
            model or self.model,
            "--calibrate",
            calibrate or self.people,
            "--out",
            out or self.out,
            "--no-bench",
            *self.spec,
            *more,
        ]

    def assert_clear_error(self, stderr, *causes):
        """One line, or a line and an indented list, without control characters, that holds every cause."""
        self.assertRegex(stderr, r"\Adurward: [^\n]+\n(  [^\n]+\n)*\Z")
        self.assertTrue(stderr.replace("\n", "").isprintable(), stderr)
        for cause in causes:
            self.assertIn(str(cause), stderr)

    def assert_refused(self, arguments, *causes, **options):
        """Exit code 1, an error that holds every cause, and no file changed."""
        before = snapshot(self.folder)
        done = run(*arguments, "--quiet", **options)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assert_clear_error(done.stderr, *causes)
        self.assertEqual(snapshot(self.folder), before)
