"""`durward compress --tune distill`: what it writes, and what is left of it when it is stopped."""

import json
import shutil
import signal
import subprocess
import time
import unittest
import zipfile

import pictures
import tiny_model
from harness import DURWARD, CommandLineTest, run

CHECKPOINT = "fine-tuning.checkpoint"


class Tune(CommandLineTest):
    def setUp(self):
        super().setUp()
        if "no libtorch" in run(*self.tune_arguments(1, out=self.folder / "probe")).stderr:
            self.skipTest("this build found no libtorch")

    def tune_arguments(self, steps, *more, **places):
        tuning = ["--exports", "bundle", "--threads", 1, "--tune", "distill", "--tune-steps", steps]
        return self.compress_arguments(*tuning, *more, **places)

    def plan(self, out):
        with zipfile.ZipFile(out / "tiny.bundle") as bundle:
            return bundle.read("plan.fb")

    def test_what_was_trained_is_what_is_exported(self):
        rough = ["--observer", "min-max", "--no-bias-correction", "--no-equalize"]
        self.assertEqual(run(*self.compress_arguments("--exports", "bundle", *rough)).returncode, 0)
        untuned = self.plan(self.out)
        done = run(*self.tune_arguments(60, "--json", *rough))
        self.assertEqual(done.returncode, 0, done.stderr)
        tuning = json.loads(done.stdout)["tuning"]
        self.assertEqual(tuning["elements_equal"], tuning["elements_compared"])
        self.assertEqual(tuning["elements_compared"], 4 * tiny_model.EMBEDDING)
        self.assertEqual([point["step"] for point in tuning["history"]], [0, 25, 50, 60])
        best = min(tuning["history"], key=lambda point: point["held_out_loss"])
        self.assertEqual(tuning["best_step"], best["step"])
        self.assertGreater(best["step"], 0)
        self.assertNotEqual(self.plan(self.out), untuned)
        self.assertEqual(run("bundle", "golden", self.out / "tiny.bundle").returncode, 0)
        self.assertIn("<polyline", (self.out / "report.html").read_text())

    def stopped(self, with_signal, out):
        """Begins to train, and sends the signal once there is a checkpoint."""
        arguments = map(str, self.tune_arguments(200, out=out))
        command = subprocess.Popen([DURWARD, *arguments], stderr=subprocess.PIPE, text=True)
        with command:
            while command.poll() is None and not (out / CHECKPOINT).exists():
                time.sleep(0.002)
            command.send_signal(with_signal)
            command.stderr.read()
        return command.returncode

    def test_going_on_gives_what_would_have_come(self):
        whole = self.folder / "whole"
        self.assertEqual(run(*self.tune_arguments(200, out=whole)).returncode, 0)
        for with_signal, code in [(signal.SIGKILL, -9), (signal.SIGINT, 130)]:
            shutil.rmtree(self.out, ignore_errors=True)
            self.assertEqual(self.stopped(with_signal, self.out), code)
            self.assertFalse((self.out / "tiny.bundle").exists())
            done = run(*self.tune_arguments(200, "--resume", "--json"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(json.loads(done.stdout)["tuning"]["resumed_from"], 0)
            self.assertEqual(self.plan(self.out), self.plan(whole))

    def test_refuses_a_checkpoint_of_other_options(self):
        self.assertEqual(run(*self.tune_arguments(2)).returncode, 0)
        other = self.tune_arguments(3, "--resume")
        self.assert_refused(other, CHECKPOINT, "other options", "--resume")

    def test_refuses_blank_pictures(self):
        for picture in self.people.rglob("*.png"):
            picture.write_bytes(pictures.png(32, 32, b"\xff" * (32 * 32 * 3)))
        self.assert_refused(self.tune_arguments(2), "same embedding")

    def test_refuses_too_few_pictures(self):
        self.assert_refused(self.tune_arguments(2, "--tune-images", 20), "at least 32 pictures")

    def test_refuses_what_it_does_not_know(self):
        self.assert_refused(self.compress_arguments("--tune", "magic"), "magic", "distill")
        done = run(*self.compress_arguments("--tune-steps", 3))
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
