"""--dimension: models that leave a size open, in `inspect`, `export` and `profile`."""

import json
import unittest

import tiny_model
from harness import CommandLineTest, run

OPEN = "side"


class OpenDimension(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.open = self.folder / "open.onnx"
        self.open.write_bytes(tiny_model.model(side=OPEN))

    def result(self, *arguments):
        done = run(*arguments, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def test_a_model_is_refused_without_it_with_what_to_give(self):
        self.assert_refused(["inspect", self.open], f"'{OPEN}'", "x[2]")
        self.assert_refused(["export", self.open, "--out", self.folder / "a.tflite"], f"'{OPEN}'", "x[2]")
        self.assert_refused(["profile", self.open, "--runtime", "engine"], f"'{OPEN}'", "x[2]")

    def test_inspect_sees_the_model_of_that_size(self):
        expected = self.result("inspect", self.model)
        by_number = ["--dimension", "x[2]=32", "--dimension", "x[3]=32"]
        for options in [["--dimension", f"{OPEN}=32"], by_number]:
            with self.subTest(options):
                found = self.result("inspect", self.open, *options)
                for member in ["inputs", "outputs", "ops", "nodes", "parameters", "multiply_accumulates"]:
                    self.assertEqual(found[member], expected[member])

    def test_export_writes_what_it_writes_of_a_model_of_that_size(self):
        for ending in ["onnx", "tflite"]:
            with self.subTest(ending):
                expected, found = self.folder / f"expected.{ending}", self.folder / f"found.{ending}"
                self.assertEqual(run("export", self.model, "--out", expected).returncode, 0)
                done = run("export", self.open, "--dimension", f"{OPEN}=32", "--out", found)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(found.read_bytes(), expected.read_bytes())

    def test_profile_runs_it_at_that_size(self):
        (expected,) = self.result("profile", self.model, "--runtime", "engine", "--runs", 5)["profiles"]
        options = ["--dimension", f"{OPEN}=32", "--runtime", "engine", "--runs", 5]
        (found,) = self.result("profile", self.open, *options)["profiles"]
        self.assertEqual([op["macs"] for op in found["ops"]], [op["macs"] for op in expected["ops"]])

    def test_what_is_no_size_or_does_not_fit_is_refused(self):
        for values, *causes in [
            (["side"], "--dimension side", "NAME=VALUE"),
            (["=32"], "NAME=VALUE"),
            (["side=wide"], "--dimension side=wide", "whole number"),
            (["side=32", "side=64"], "--dimension side=64", "given before"),
            (["side=0"], "dimension 2 is 0", "at least 1"),
            (["side=-1"], "dimension 2 is -1", "at least 1"),
            (["sdie=32"], f"'{OPEN}'", "is open"),
            (["x[2]=32"], "dimension 3", "x[3]"),
        ]:
            with self.subTest(values):
                options = [option for value in values for option in ("--dimension", value)]
                self.assert_refused(["inspect", self.open, *options], *causes)
        # 64 pixels: the last layer has weights for 32.
        self.assertEqual(run("inspect", self.open, "--dimension", f"{OPEN}=64").returncode, 1)


if __name__ == "__main__":
    unittest.main()
