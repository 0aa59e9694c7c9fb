"""`durward compress --tune distill`: what it writes, and what is left of it when it is stopped."""

import json
import math
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest
import wave
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

    def stopped(self, with_signal, out, checkpoints=1, *more):
        """Trains, and sends the signal once so many checkpoints were written."""

        def written():
            path = out / CHECKPOINT
            return path.stat().st_ino if path.exists() else None

        arguments = map(str, self.tune_arguments(200, *more, out=out))
        command = subprocess.Popen([DURWARD, *arguments], stderr=subprocess.PIPE, text=True)
        with command:
            last = written()
            while command.poll() is None and checkpoints > 0:
                time.sleep(0.002)
                if written() != last:
                    last = written()
                    checkpoints -= 1
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

    def test_killed_again_and_again_it_still_arrives_at_the_same(self):
        whole = self.folder / "whole"
        self.assertEqual(run(*self.tune_arguments(200, out=whole)).returncode, 0)
        for checkpoints in [0, 1, 2, 0, 1]:
            self.assertEqual(self.stopped(signal.SIGKILL, self.out, checkpoints, "--resume"), -9)
            self.assertFalse((self.out / "tiny.bundle").exists())
        done = run(*self.tune_arguments(200, "--resume"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.plan(self.out), self.plan(whole))
        # Who is killed leaves what he was preparing: the results' hidden folder, the next checkpoint.
        unfinished = (".durward-", CHECKPOINT + ".")
        written = {path.name for path in self.out.iterdir() if not path.name.startswith(unfinished)}
        self.assertEqual({name for name in written if "tiny" not in name},
                         {CHECKPOINT, "input-spec.json", "report.html", "result.json"})

    def test_a_disk_that_fills_leaves_the_last_checkpoint(self):
        """A limit on the size of files stands for the full disk; the checkpoint is the largest."""

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

        full = {"preexec_fn": limit, "restore_signals": False}
        self.assert_refused(self.tune_arguments(200), CHECKPOINT, "too large", **full)
        self.assertEqual(self.stopped(signal.SIGKILL, self.out), -9)
        last = (self.out / CHECKPOINT).read_bytes()
        self.assert_refused(self.tune_arguments(200, "--resume"), CHECKPOINT, "too large", **full)
        self.assertEqual((self.out / CHECKPOINT).read_bytes(), last)
        self.assertEqual(run(*self.tune_arguments(200, "--resume")).returncode, 0)

    def test_a_speaker_encoder_is_fine_tuned_in_integers(self):
        spec = {
            "version": 1,
            "kind": "voice",
            "sample_rate": 16000,
            "level_dbfs": -30,
            "voice_activity": "none",
            "window": 400,
            "hop": 160,
            "fft": 400,
            "bands": 12,
            "lowest_hz": 0,
            "highest_hz": 8000,
            "partial_frames": 40,
            "partial_step": 20,
            "least_filled": 0.75,
        }
        (self.folder / "voice.json").write_text(json.dumps(spec))
        (self.folder / "encoder.onnx").write_bytes(tiny_model.encoder(40, 12))
        draw = random.Random(5)
        for speaker in range(5):
            for number in range(8):
                path = self.folder / "voices" / str(speaker) / f"{number}.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                pitch, shape = 90 + 40 * speaker, draw.uniform(1, 3)
                samples = bytearray()
                for n in range(12_000):
                    value = 6000 * math.sin(2 * math.pi * pitch * n / 16000) ** shape if n % 4000 < 3000 else 0
                    value = value.real if isinstance(value, complex) else value
                    samples += int(value + draw.gauss(0, 200)).to_bytes(2, "little", signed=True)
                with wave.open(str(path), "wb") as recording:
                    recording.setnchannels(1)
                    recording.setsampwidth(2)
                    recording.setframerate(16000)
                    recording.writeframes(bytes(samples))
        self.spec = ["--input-spec", self.folder / "voice.json"]
        places = {"model": self.folder / "encoder.onnx", "calibrate": self.folder / "voices"}
        done = run(*self.tune_arguments(30, "--json", **places))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        tuning = result["tuning"]
        self.assertEqual(tuning["elements_equal"], tuning["elements_compared"])
        self.assertEqual(tuning["elements_compared"], 4 * tiny_model.EMBEDDING)
        # An eighth of the recordings is held out, and of each its first piece judged.
        self.assertEqual(tuning["held_out_samples"], 8)
        self.assertEqual(run("bundle", "golden", self.out / "encoder.bundle").returncode, 0)

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

    def test_refuses_one_person(self):
        only = self.people / "only"
        only.mkdir()
        for number, picture in enumerate(sorted(self.people.rglob("*.png"))):
            picture.rename(only / f"{number}.png")
        self.assert_refused(self.tune_arguments(2), "of one person", "only")

    def test_pictures_without_folders_are_trained_on_but_teach_no_margin(self):
        for number, picture in enumerate(sorted(self.people.rglob("*.png"))):
            picture.rename(self.people / f"{number}.png")
        self.assertEqual(run(*self.tune_arguments(2)).returncode, 0)
        self.assert_refused(self.tune_arguments(2, "--tune-margin", 0.02), "needs to know them")

    def test_unreadable_pictures_are_counted_and_too_many_refused(self):
        everything = sorted(self.people.rglob("*.png"))
        for picture in everything[:3]:
            picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"no picture")
        done = run(*self.tune_arguments(2, "--json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["calibration"]["skipped"], 3)
        self.assertEqual(result["tuning"]["images"], len(everything) - 3)
        shutil.rmtree(self.out)
        for picture in everything[:20]:
            picture.write_bytes(b"no picture")
        self.assert_refused(self.tune_arguments(2), "at least 32 pictures")
        for picture in everything:
            picture.write_bytes(b"no picture")
        self.assert_refused(self.tune_arguments(2), self.people)

    def test_refuses_a_model_that_makes_no_embedding(self):
        model = self.folder / "pictures.onnx"
        model.write_bytes(tiny_model.picture_model())
        self.assert_refused(self.tune_arguments(2, model=model), "1x32x32x4", "embedding")

    def test_refuses_what_it_does_not_know(self):
        self.assert_refused(self.compress_arguments("--tune", "magic"), "magic", "distill")
        done = run(*self.compress_arguments("--tune-steps", 3))
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
