"""Touch dynamics: learnt, compressed, judged and exported, on repetitions made here."""

import json
import math
import random
import re
import statistics
import struct
import subprocess
import unittest

from harness import CommandLineTest, run, snapshot

POSTURES = ["Sitting", "Standing"]
PEOPLE, REPETITIONS, TIMING, MOTION = 32, 13, 4, 6


def write_touch(folder, people=8, repetitions=REPETITIONS, spoil=None):
    """People who differ in each feature's mean and in how it varies; values skewed, some missing."""
    folder.mkdir()
    draw = random.Random(11)
    manner = [[draw.gauss(0, 1) for _ in range(TIMING + MOTION)] for _ in range(people)]
    for posture in POSTURES:
        rows = {"Touch": [], "Sensor": []}
        for person in range(people):
            for _ in range(repetitions):
                row = [math.exp(mean + draw.gauss(0, 0.5)) for mean in manner[person]]
                values = [f"{value:.5g}" if draw.random() > 0.01 else "NaN" for value in row]
                rows["Touch"].append([*values[:TIMING], str(person + 1)])
                rows["Sensor"].append([*values[TIMING:], f"{person + 1}.0"])
        for kind, lines in rows.items():
            if spoil:
                spoil(kind, lines)
            text = "".join(",".join(line) + "\n" for line in lines)
            (folder / f"{posture}_{kind}_with_label.csv").write_text(text)


# Reads repetitions, and prints what the model is given for them.
SHOW_FEATURES = """
#include "touch_features.h"
#include <stdio.h>
int main(void) {
  float raw[TOUCH_FEATURES];
  int8_t input[TOUCH_FEATURES];
  int i = 0;
  while (scanf("%f", &raw[i]) == 1) {
    if (++i < TOUCH_FEATURES) continue;
    touch_features(raw, input);
    for (i = 0; i < TOUCH_FEATURES; ++i) printf("%d ", input[i]);
    i = 0;
  }
  return 0;
}
"""


def normal(feature, value):
    knots = feature["knots"]
    images = [statistics.NormalDist().inv_cdf((i + 0.5) / len(knots)) for i in range(len(knots))]
    value = feature["median"] if math.isnan(value) else struct.unpack("f", struct.pack("f", value))[0]
    equal = [image for knot, image in zip(knots, images) if knot == value]
    if equal:
        return (equal[0] + equal[-1]) / 2
    above = sum(knot < value for knot in knots)
    if above in (0, len(knots)):
        return images[0 if above == 0 else -1]
    part = (value - knots[above - 1]) / (knots[above] - knots[above - 1])
    return images[above - 1] + part * (images[above] - images[above - 1])


class Touch(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "touch"

    def train(self, *more):
        return ["train", "touch", self.data, "--out", self.out, *more]

    def test_a_model_is_learnt_compressed_judged_and_becomes_c(self):
        write_touch(self.data, PEOPLE)
        done = run(*self.train("--learners", "1-20", "--json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        learnt = json.loads(done.stdout)
        self.assertEqual((learnt["people"], learnt["features"], learnt["dims"]), (20, TIMING + MOTION, 19))
        self.assertEqual(sorted(person for fold in learnt["folds"] for person in fold), list(range(1, 21)))
        names = [row["condition"] for row in learnt["cross_validation"]]
        self.assertIn("Sitting to Standing", names)
        self.assertIn("mean, same posture", names)
        for row in learnt["cross_validation"]:
            self.assertLess(row["eer_own_thresholds"]["mean"], 0.3)
            self.assertLessEqual(row["eer_own_thresholds"]["lowest"], row["eer_own_thresholds"]["mean"])

        model, spec = self.out / "touch.onnx", self.out / "input-spec.json"
        data = ["--calibrate", self.data, "--evaluate", self.data, "--learners", "1-20"]
        done = run("compress", model, "--input-spec", spec, *data, "--no-bench", "--int8-ports", "--exports", "bundle", "--out", self.out)
        self.assertEqual(done.returncode, 0, done.stderr)
        evaluation = json.loads((self.out / "result.json").read_text())["evaluation"]
        self.assertTrue(evaluation["disjoint_from_calibration"])
        report = (self.out / "report.html").read_text()
        for name in ["Sitting to Standing", "Standing to Sitting", "mean, same posture", "mean, another posture"]:
            self.assertIn(f">{name}<", report)
        rates = {
            variant["name"]: {row["name"]: row["own_thresholds"] for row in variant["conditions"]}
            for variant in evaluation["variants"]
        }
        before, after = rates["fp32"]["same posture"], rates["int8 engine"]["same posture"]
        self.assertGreaterEqual(after["eer"], 0)
        self.assertLess(abs(after["eer"] - before["eer"]), 0.03)
        self.assertLessEqual(before["interval"][0], before["eer"])
        self.assertGreaterEqual(before["interval"][1], before["eer"])

        bundle = self.out / "touch.bundle"
        done = run("evaluate", bundle, "--trials", self.data, "--learners", "1-20")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("mean, another posture", done.stdout)

        c = self.folder / "c"
        done = run("export", bundle, "--to", "c", "--int8-ports", "--flash", 102400, "--out", c, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(subprocess.run(["make", "-s", "-C", c, "test"], capture_output=True).returncode, 0)
        self.assert_normalised_as_specified(c, json.loads(spec.read_text())["features"])

    def test_a_model_is_fine_tuned_and_what_was_trained_is_exported(self):
        write_touch(self.data, PEOPLE)
        done = run(*self.train("--learners", "1-20"))
        self.assertEqual(done.returncode, 0, done.stderr)
        model, spec = self.out / "touch.onnx", self.out / "input-spec.json"
        tune = ["--tune", "distill", "--tune-steps", 60, "--exports", "bundle", "--no-bench", "--json", "--threads", 1]
        data = ["--calibrate", self.data, "--evaluate", self.data, "--out", self.folder / "tuned"]
        arguments = ["compress", model, "--input-spec", spec, *data, *tune]
        done = run(*arguments, "--learners", "1-20")
        if "no libtorch" in done.stderr:
            self.skipTest("this build found no libtorch")
        self.assertEqual(done.returncode, 0, done.stderr)
        tuning = json.loads(done.stdout)["tuning"]
        self.assertEqual(tuning["elements_equal"], tuning["elements_compared"])
        self.assertGreater(tuning["elements_compared"], 0)
        bundle = self.folder / "tuned" / "touch.bundle"
        done = run("evaluate", bundle, "--trials", self.data, "--learners", "1-20")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_refused([*arguments, "--learners", "3-3"], "of one person")

    def assert_normalised_as_specified(self, c, features):
        """The C of a firmware against the specification, computed here in double precision."""
        rows = []
        for kind in ["Touch", "Sensor"]:
            lines = (self.data / f"Sitting_{kind}_with_label.csv").read_text().splitlines()[:40]
            rows = [a + b for a, b in zip(rows or [[]] * len(lines), [line.split(",")[:-1] for line in lines])]
        (c / "show.c").write_text(SHOW_FEATURES)
        subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", c / "show", c / "show.c"], check=True)
        text = "\n".join(" ".join(row) for row in rows)
        shown = subprocess.run([c / "show"], input=text, capture_output=True, text=True, check=True).stdout
        found = [int(value) for value in shown.split()]
        real = re.search(r"real = (\S+) \* \(q - (-?\d+)\)", (c / "touch.h").read_text())
        scale, zero_point = float(real[1]), int(real[2])
        expected = [
            min(127, max(-128, round(normal(feature, float(value)) / scale) + zero_point))
            for row in rows
            for feature, value in zip(features, row)
        ]
        self.assertEqual(len(found), len(expected))
        differing = [(a, b) for a, b in zip(found, expected) if a != b]
        self.assertLess(len(differing), len(expected) / 100)  # where rounding is a matter of a last bit
        self.assertTrue(all(abs(a - b) == 1 for a, b in differing))

    def test_the_same_data_gives_the_same_bytes(self):
        write_touch(self.data)
        written = []
        for _ in range(2):
            self.assertEqual(run(*self.train("--folds", "0")).returncode, 0)
            written.append(snapshot(self.out))
        self.assertEqual(*written)

    def test_the_features_of_one_kind_need_only_its_files(self):
        write_touch(self.data)
        for posture in POSTURES:
            (self.data / f"{posture}_Sensor_with_label.csv").unlink()
        self.assert_refused(self.train(), "Sitting_Sensor_with_label.csv")
        done = run(*self.train("--features", "timing", "--json"))
        self.assertEqual(json.loads(done.stdout)["features"], TIMING)

    def test_people_who_are_too_few_are_refused(self):
        write_touch(self.data, people=1)
        self.assert_refused(self.train(), self.data, "there are 1 people to learn from")

    def test_repetitions_that_are_too_few_are_refused(self):
        write_touch(self.data, repetitions=1)
        self.assert_refused(self.train(), "a person has 2 repetitions; 3 or more")

    def test_features_that_are_all_equal_are_refused(self):
        def spoil(_, lines):
            for line in lines:
                line[:-1] = ["1"] * (len(line) - 1)

        write_touch(self.data, spoil=spoil)
        self.assert_refused(self.train(), "no feature varies")

    def test_a_feature_that_is_missing_everywhere_is_refused(self):
        def spoil(kind, lines):
            for line in lines if kind == "Sensor" else []:
                line[1] = "NaN"

        write_touch(self.data, spoil=spoil)
        self.assert_refused(self.train(), "'motion-2' is missing")

    def test_tables_that_are_none_are_refused_by_file_and_line(self):
        for index, (field, cause) in enumerate(
            [("inf", "infinite"), ("fast", "expected a number"), ("", "expected a number")]
        ):

            def spoil(kind, lines, field=field):
                if kind == "Sensor":
                    lines[3][0] = field

            self.data = self.folder / f"touch{index}"
            write_touch(self.data, spoil=spoil)
            self.assert_refused(self.train(), "Sitting_Sensor_with_label.csv", "line 4: column 1", cause)

    def test_learners_who_are_not_there_are_refused(self):
        write_touch(self.data)
        self.assert_refused(self.train("--learners", "90-99"), "no person is numbered 90 to 99")
        for text in ["60", "9-3", "a-b", "1-2-3"]:
            self.assert_refused(self.train("--learners", text), "--learners", text)


if __name__ == "__main__":
    unittest.main()
