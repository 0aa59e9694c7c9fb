"""Whatever is wrong with an input: one line that names file and cause, exit code 1, nothing written."""

import contextlib
import json
import os
import random
import resource
import subprocess
import unittest

import tiny_model
from harness import SPEC, CommandLineTest, run


class BadModel(CommandLineTest):
    def test_missing(self):
        self.assert_refused(self.compress_arguments(model=self.folder / "no.onnx"), "no.onnx", "No such file")

    def test_a_folder(self):
        folder = self.folder / "folder.onnx"
        folder.mkdir()
        self.assert_refused(self.compress_arguments(model=folder), folder, "not a regular file")

    def test_another_ending(self):
        other = self.folder / "model.h5"
        other.write_bytes(self.model.read_bytes())
        self.assert_refused(self.compress_arguments(model=other), other, "'.h5'", ".onnx, .tflite")

    def test_empty_and_garbage(self):
        noise = random.Random(3).randbytes(5000)
        for ending in ["onnx", "tflite", "ckpt", "pth", "pt"]:
            for name, content in [("empty", b""), ("noise", noise), ("text", b"not a model\n" * 9)]:
                with self.subTest(ending, content=name):
                    bad = self.folder / f"{name}.{ending}"
                    bad.write_bytes(content)
                    self.assert_refused(self.compress_arguments(model=bad), bad)

    def test_truncated(self):
        tflite = self.folder / "tiny.tflite"
        self.assertEqual(run("export", self.model, "--out", tflite).returncode, 0)
        for whole in [self.model, tflite]:
            content = whole.read_bytes()
            for length in range(1, len(content), len(content) // 6):
                with self.subTest(whole.suffix, bytes=length):
                    cut = self.folder / f"cut{whole.suffix}"
                    cut.write_bytes(content[:length])
                    self.assert_refused(self.compress_arguments(model=cut), cut)

    # A flipped bit may leave a model that is whole: then it is a model like any other.
    def test_flipped_bits_never_crash(self):
        source = random.Random(5)
        tflite = self.folder / "tiny.tflite"
        self.assertEqual(run("export", self.model, "--out", tflite).returncode, 0)
        refused = 0
        for whole in [self.model, tflite]:
            content = whole.read_bytes()
            # The structure: an ONNX file begins with its nodes, a TFLite file ends with them.
            places = range(600) if whole is self.model else range(len(content) - 3000, len(content))
            for place in source.sample(places, 15):
                flipped = bytearray(content)
                flipped[place] ^= 1 << source.randrange(8)
                bad = self.folder / f"flipped{whole.suffix}"
                bad.write_bytes(flipped)
                with self.subTest(whole.suffix, place=place):
                    done = run("inspect", bad)
                    self.assertIn(done.returncode, [0, 1])
                    if done.returncode == 1:
                        self.assert_clear_error(done.stderr, bad)
                        refused += 1
        self.assertGreater(refused, 0)

    def test_a_weight_that_is_no_number(self):
        for weight in [float("nan"), float("inf")]:
            with self.subTest(weight):
                bad = self.folder / "bad.onnx"
                bad.write_bytes(tiny_model.model(weight=weight))
                self.assert_refused(self.compress_arguments(model=bad), bad)

    def test_an_input_that_does_not_fit_the_specification(self):
        big = self.folder / "big.onnx"
        big.write_bytes(tiny_model.model(size=64))
        self.assert_refused(self.compress_arguments(model=big), big, "1x32x32x3", "1x64x64x3", "--input-spec")


class BadPictures(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.faces = self.folder / "faces"
        self.faces.mkdir()

    def test_missing_folder(self):
        missing = self.folder / "nowhere"
        self.assert_refused(self.compress_arguments(calibrate=missing), missing)

    def test_empty_folder(self):
        self.assert_refused(self.compress_arguments(calibrate=self.faces), self.faces, "no pictures")

    def test_only_text_files(self):
        for name in ["a.txt", "b.md"]:
            (self.faces / name).write_text("a face\n")
        self.assert_refused(self.compress_arguments(calibrate=self.faces), self.faces, "2 other files")

    def test_pictures_that_are_none(self):
        whole = (self.people / "person_0" / "0.png").read_bytes()
        for name, content in [("a.png", whole[:100]), ("b.jpg", b"\xff\xd8\xff\xe0 a face"), ("c.jpeg", b"")]:
            (self.faces / name).write_bytes(content)
        arguments = self.compress_arguments(calibrate=self.faces)
        self.assert_refused(arguments, self.faces / "a.png", "truncated", "none of the 2")

    def test_the_good_among_the_bad_are_used(self):
        for number in range(3):
            os.link(self.people / "person_0" / f"{number}.png", self.faces / f"{number}.png")
        (self.faces / "broken.png").write_bytes((self.people / "person_1" / "0.png").read_bytes()[:100])
        (self.faces / "notes.txt").write_text("faces\n")
        done = run(*self.compress_arguments("--json", calibrate=self.faces))
        self.assertEqual(done.returncode, 0, done.stderr)
        calibration = json.loads(done.stdout)["calibration"]
        self.assertEqual((calibration["images"], calibration["skipped"]), (3, 2))
        self.assertEqual([skipped["file"] for skipped in calibration["skipped_examples"]], ["broken.png"])


class BadOptions(CommandLineTest):
    def test_no_such_preset(self):
        self.spec = ["--preset", "facenet"]
        self.assert_refused(self.compress_arguments(), "facenet", "mobilefacenet-prelu")

    def test_neither_preset_nor_specification(self):
        self.spec = []
        self.assert_refused(self.compress_arguments(), "--preset", "--input-spec")

    def test_a_specification_with_a_mistyped_name(self):
        (self.folder / "spec.json").write_text(json.dumps({**SPEC, "meen": 1}))
        self.assert_refused(self.compress_arguments(), "spec.json", "meen")

    def test_no_such_observer(self):
        self.assert_refused(self.compress_arguments("--observer", "best"), "best", "percentile")

    def test_a_gate_without_trials(self):
        self.assert_refused(self.compress_arguments("--max-tar-loss", "0.01@1e-2"), "--evaluate")

    def test_a_gate_that_cannot_be_read(self):
        for gate in ["0.01", "a@1e-3", "0.01@0", "0.01@2", "-1@1e-3", "nan@1e-3"]:
            with self.subTest(gate):
                arguments = self.compress_arguments("--evaluate", self.people, f"--max-tar-loss={gate}")
                self.assert_refused(arguments, gate)


class BadTrials(CommandLineTest):
    def test_missing_list(self):
        missing = self.folder / "no.csv"
        self.assert_refused(self.compress_arguments("--evaluate", missing), missing)

    def test_a_list_that_names_absent_files(self):
        trials = self.folder / "trials.csv"
        trials.write_text("enrol,probe,label\nperson_0/0.png,person_0/1.png,1\nperson_0/0.png,nobody/7.png,0\n")
        arguments = self.compress_arguments("--evaluate", trials, "--images", self.people)
        self.assert_refused(arguments, trials, "nobody/7.png")

    def test_a_list_without_trials(self):
        trials = self.folder / "trials.csv"
        trials.write_text("enrol,probe,label\n")
        self.assert_refused(self.compress_arguments("--evaluate", trials), trials)

    def test_evaluate_refuses_files_that_no_runtime_runs(self):
        self.assert_refused(
            ["evaluate", self.folder / "spec.json", "--trials", self.people, *self.spec], "spec.json", "'.json'"
        )


@contextlib.contextmanager
def full_disk(folder, size):
    """The folder on a file system of that size, for those who may mount one."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        raise unittest.SkipTest("a small file system cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


class BadOutput(CommandLineTest):
    def test_a_file_where_the_folder_should_be(self):
        self.out.write_text("mine\n")
        self.assert_refused(self.compress_arguments(), self.out)

    def test_a_folder_below_a_file(self):
        self.assert_refused(self.compress_arguments(out=self.model / "out"), self.model / "out")

    def test_a_file_system_that_takes_no_files(self):
        self.assert_refused(self.compress_arguments(out="/proc/durward"), "/proc/durward")

    def test_what_was_there_stays_when_the_work_fails(self):
        self.out.mkdir()
        (self.out / "tiny.qdq.onnx").write_text("of an earlier run\n")
        (self.folder / "people" / "person_0" / "0.png").write_bytes(b"")
        self.assert_refused(self.compress_arguments(calibrate=self.people / "person_9" / "0.png"), "0.png")

    def test_a_folder_in_the_way_of_a_result(self):
        (self.out / "report.html").mkdir(parents=True)
        self.assert_refused(self.compress_arguments(), "report.html")

    def test_a_full_disk(self):
        self.out.mkdir()
        # The first export, the one that ONNX Runtime writes, a later one.
        for size in ["12k", "100k", "240k"]:
            with self.subTest(size), full_disk(self.out, size):
                self.assert_refused(self.compress_arguments(), self.out, "o space left")

    # The same where no file system may be mounted: files may not grow beyond some bytes.
    def test_files_that_may_not_grow(self):
        for limit in [1000, 30000, 50000]:  # the crops, the first export, a later one
            with self.subTest(limit):
                self.assert_refused(
                    self.compress_arguments(),
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
                )

    def test_no_room_for_temporary_files(self):
        environment = {**os.environ, "TMPDIR": str(self.folder / "gone")}
        self.assert_refused(self.compress_arguments(), "TMPDIR", env=environment)

    def test_export_never_writes_over_its_model(self):
        self.assert_refused(["export", self.model, "--out", self.folder / "." / "tiny.onnx"], "overwrite")


if __name__ == "__main__":
    unittest.main()
