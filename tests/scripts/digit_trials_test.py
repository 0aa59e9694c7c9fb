"""scripts/digit_trials.py: which takes are on which side, and what is joined."""

import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest
import wave

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "digit_trials.py"
DIGITS = ["zero", "one", "two", "three", "four"]


def write(path, value, samples=10, rate=16_000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(int.to_bytes(value, 2, "little") * samples)


def values(path):
    """The sample of each of the joined recordings."""
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
    return [int.from_bytes(data[i : i + 2], "little") for i in range(0, len(data), 20)]


class DigitTrials(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for speaker in range(3):
            for digit, name in enumerate(DIGITS):
                for take in range(1, 7):
                    write(self.root / "in" / f"s{speaker}" / f"{name}-{take:02}.wav", speaker * 100 + digit * 10 + take)

    def tearDown(self):
        self.folder.cleanup()

    def run_script(self, out, *options):
        command = [sys.executable, SCRIPT, self.root / "in", self.root / out, *options]
        return subprocess.run(command, capture_output=True, text=True)

    def test_each_side_joins_different_digits_of_its_own_takes(self):
        self.assertEqual(self.run_script("out", "--digits", "4", "--sequences", "5").returncode, 0)
        for speaker in range(3):
            for side, takes in (("enrol", {1, 2, 3}), ("probe", {4, 5, 6})):
                for i in range(1, 6):
                    joined = values(self.root / "out" / f"s{speaker}" / f"{side}-{i:02}.wav")
                    self.assertEqual(len(joined), 4)
                    self.assertEqual({value // 100 for value in joined}, {speaker})
                    self.assertEqual(len({value // 10 for value in joined}), 4)
                    self.assertLessEqual({value % 10 for value in joined}, takes)

    def test_every_enrolment_is_compared_with_every_probe(self):
        self.assertEqual(self.run_script("out", "--sequences", "2", "--people", "2-3").returncode, 0)
        with open(self.root / "out" / "trials.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len({(row["enrol"], row["probe"]) for row in rows}), 4 * 4)
        self.assertEqual(sum(row["person_enrol"] == row["person_probe"] for row in rows), 8)
        self.assertEqual({row["person_enrol"] for row in rows}, {"s1", "s2"})
        for row in rows:
            self.assertTrue(row["enrol"].startswith(row["person_enrol"] + "/enrol-"))
            self.assertTrue((self.root / "out" / row["probe"]).is_file())

    def test_the_seed_decides_the_draw(self):
        texts = []
        for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
            self.assertEqual(self.run_script(out, "--seed", seed).returncode, 0)
            texts.append([values(path) for path in sorted((self.root / out).rglob("*.wav"))])
        self.assertEqual(texts[0], texts[1])
        self.assertNotEqual(texts[0], texts[2])

    def test_what_is_wrong_is_said(self):
        for options, message in (
            (["--digits", "6"], "fewer than 6 digits"),
            (["--people", "2-9"], "from 1 to 3"),
            (["--digits", "0"], "1 or more"),
        ):
            done = self.run_script("bad", *options)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(message, done.stderr)
        write(self.root / "in" / "s0" / "one-02.wav", 1, rate=8_000)
        done = self.run_script("other", "--digits", "5")
        self.assertIn("8000", done.stderr)
        self.assertNotIn("Traceback", done.stderr)


unittest.main()
