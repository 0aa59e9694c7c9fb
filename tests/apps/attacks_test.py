"""Presentation-attack detectors on the command line: the tiny model's outputs taken for classes."""

import json
import unittest

from harness import SPEC, CommandLineTest, run


class Attacks(CommandLineTest):
    def setUp(self):
        super().setUp()
        (self.folder / "spec.json").write_text(json.dumps({**SPEC, "live_class": 1}))
        species = ["live", "print", "mask"]
        lines = [f"{path},{species[i % 3]}" for i, path in enumerate(sorted(self.people.rglob("*.png")))]
        self.presentations = self.folder / "presentations.csv"
        self.presentations.write_text("image,species\n" + "\n".join(lines) + "\n")

    def test_compress_judges_each_export_against_the_original(self):
        done = run(*self.compress_arguments("--attacks", self.presentations))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((self.out / "result.json").read_text())
        attacks = result["attacks"]
        self.assertEqual([kind["used"] for kind in [attacks["live"], *attacks["species"]]], [16, 16, 16])
        names = [variant["name"] for variant in attacks["variants"]]
        self.assertEqual(names[0], "fp32")
        self.assertIn("int8 engine", names)
        self.assertEqual([change["to"] for change in attacks["changes"]], names[1:])
        errors = {}
        for variant in attacks["variants"]:
            (point,) = variant["points"]  # 16 live faces are too few for a BPCER of 1 %
            errors[variant["name"]] = [point["bpcer"]["errors"], *[rate["errors"] for rate in point["apcer"]]]
        for change in attacks["changes"]:
            moved = [kind["new_errors"] - kind["mended_errors"] for kind in change["points"][0]["kinds"]]
            self.assertEqual(moved, [b - a for a, b in zip(errors["fp32"], errors[change["to"]])])
        self.assertIn("APCER, print", (self.out / "report.html").read_text())
        self.assertIn("BPCER", done.stdout)

        bundle = self.out / "tiny.bundle"
        judged = run("evaluate", bundle, "--attacks", self.presentations, "--json")
        self.assertEqual(judged.returncode, 0, judged.stderr)
        points = json.loads(judged.stdout)["attacks"]["variants"][0]["points"]
        self.assertEqual(points[0]["bpcer"]["errors"], errors["int8 engine"][0])

    def test_a_specification_without_a_live_class_is_refused(self):
        (self.folder / "spec.json").write_text(json.dumps(SPEC))
        self.assert_refused(["evaluate", self.model, "--attacks", self.presentations, *self.spec], "live_class")

    def test_a_list_that_is_none_is_refused_by_name(self):
        self.presentations.write_text("picture,kind\n")
        self.assert_refused(
            ["evaluate", self.model, "--attacks", self.presentations, *self.spec], self.presentations, "line 1"
        )

    def test_trials_and_attacks_are_not_judged_at_once(self):
        both = run("evaluate", self.model, "--attacks", self.presentations, "--trials", self.people, *self.spec)
        self.assertEqual(both.returncode, 2)
        neither = run("evaluate", self.model, *self.spec)
        self.assertEqual(neither.returncode, 2)


if __name__ == "__main__":
    unittest.main()
