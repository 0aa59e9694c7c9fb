"""Help, wrong usage, and where output goes."""

import json
import subprocess
import unittest

from harness import DURWARD, CommandLineTest, run

COMMANDS = ["inspect", "compress", "evaluate", "compare", "sensitivity", "bench", "profile", "export", "bundle", "train", "log"]
COMMANDS += ["calibrate", "enroll", "verify", "identify", "users", "forget", "doctor", "door", "fuse"]


class Usage(CommandLineTest):
    def test_help_of_every_command_shows_examples(self):
        for command in COMMANDS:
            with self.subTest(command):
                done = run(command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"Examples:\n  durward {command} ", done.stdout)

    def test_help_lists_every_command_and_the_exit_codes(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        for text in [*COMMANDS, "Exit codes: 0 done, 1 an error", "2 wrong usage", "3 a gate", "130 interrupted"]:
            self.assertIn(text, done.stdout)

    def test_version(self):
        done = run("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^\d+\.\d+\.\d+\n$")

    def test_wrong_usage_exits_2_and_names_the_mistake(self):
        for arguments, mistake in [
            ([], "Usage: durward"),
            (["squeeze"], "squeeze"),
            (["inspect", self.model, "--frobnicate"], "--frobnicate"),
            (["inspect"], "MODEL"),
            (["compress", self.model, "--out", self.out], "--calibrate"),
            (self.compress_arguments("--calibration-images", "0"), "--calibration-images"),
            (self.compress_arguments("--calibration-images", "many"), "--calibration-images"),
            (self.compress_arguments("--threads", "-1"), "--threads"),
            (self.compress_arguments("--preset", "mobilefacenet-relu6"), "--preset"),
            (["compare", self.model, "--trials", self.people, *self.spec], "MODEL"),
            (["bench", self.model, "--picture", "a.png", "--rounds", "0", *self.spec], "--rounds"),
            (["bench", self.model, "--picture", "a.png", "--runs", "-5", *self.spec], "--runs"),
            (["export", self.model, "--out", "a.onnx", "--opset", "5"], "--opset"),
            (["compare", "a.onnx", "b.onnx", *self.spec], "--trials"),
            (["profile", self.model, "--runs", "0"], "--runs"),
            (["profile", self.model, "--threads", "0"], "--threads"),
            (["bundle"], "subcommand"),
            (["bundle", "unpack", "a.bundle"], "unpack"),
            (["bundle", "show"], "FILE"),
            (["bundle", "sign", "a.bundle"], "--key"),
            (["bundle", "keygen"], "--out"),
            (["train"], "subcommand"),
            (["train", "touch", "data"], "--out"),
            (["train", "touch", "data", "--out", "o", "--features", "smell"], "--features"),
            (["calibrate", "a.bundle"], "--trials"),
            (["enroll"], "USER"),
            (["enroll", "ann", "--rounds", "0"], "--rounds"),
            (["verify"], "USER"),
            (["forget"], "USER"),
            (["door"], "subcommand"),
            (["fuse"], "SCORES"),
            (["door", "unlock"], "USER"),
            (["door", "init", "--face", "a.bundle"], "--detector"),
            (["log"], "subcommand"),
            (["log", "verify"], "FILE"),
            (["log", "verify", "a.jsonl", "--key", "file:k"], "--store"),
            (["log", "show", "a.jsonl", "--last", "0"], "--last"),
        ]:
            with self.subTest(arguments):
                done = run(*arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(mistake, done.stderr)
        self.assertFalse(self.out.exists())

    def test_json_is_the_only_thing_on_standard_output(self):
        tflite, picture = self.folder / "tiny.tflite", self.people / "person_0" / "0.png"
        self.assertEqual(run("export", self.model, "--out", tflite).returncode, 0)
        trials = ["--trials", self.people, *self.spec]
        for arguments, member in [
            (["inspect", self.model], "ops"),
            (self.compress_arguments(), "exports"),
            (["evaluate", self.model, *trials], "evaluation"),
            (["compare", self.model, tflite, *trials], "evaluation"),
            (["bench", self.model, "--picture", picture, "--rounds", 2, "--runs", 2, *self.spec], "models"),
            (["export", self.model, "--out", self.folder / "again.onnx"], "file"),
        ]:
            with self.subTest(arguments[0]):
                done = run(*arguments, "--json")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(member, json.loads(done.stdout))

    def test_a_standard_output_that_takes_nothing_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([DURWARD, "inspect", self.model], stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


if __name__ == "__main__":
    unittest.main()
