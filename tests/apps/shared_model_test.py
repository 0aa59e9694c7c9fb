"""A real model through the whole command, its faces found as at run time."""

import itertools
import json
import os
import pathlib
import unittest

from harness import CommandLineTest, run

ASSETS = pathlib.Path(os.environ.get("DURWARD_ASSETS", pathlib.Path(__file__).parents[2] / "../shared/assets"))
MODELS = ASSETS / "models" / "face_embedding"
PRESET = ["--preset", "mobilefacenet-relu6"]
PAIRS = 12  # of each kind


@unittest.skipUnless(MODELS.is_dir(), f"needs the shared assets: {MODELS}")
class SharedModel(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.faces = self.folder / "faces"
        self.faces.mkdir()
        for picture in itertools.islice(sorted((ASSETS / "faces" / "calibration").rglob("*.jpg")), 24):
            (self.faces / f"{picture.parent.name}_{picture.name}").symlink_to(picture)
        people = [sorted(person.glob("*.jpg")) for person in sorted((ASSETS / "faces" / "lfw").iterdir())]
        people = [pictures for pictures in people if len(pictures) > 1][:PAIRS]
        self.trials = self.folder / "trials.csv"
        lines = [f"{a},{b},1" for a, b, *_ in people]
        lines += [f"{one[0]},{other[0]},0" for one, other in itertools.pairwise([*people, people[0]])]
        self.trials.write_text("enrol,probe,label\n" + "\n".join(lines) + "\n")

    def test_every_export_of_mobilefacenet_runs(self):
        model = MODELS / "mobilefacenet_relu6_112x112.onnx"
        before = model.read_bytes()
        self.spec = PRESET
        done = run(*self.compress_arguments(model=model, calibrate=self.faces))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(model.read_bytes(), before)
        exports = [f"mobilefacenet_relu6_112x112.{kind}" for kind in ["bundle", "int8.tflite", "qdq.onnx", "int8.ort", "int8.xml"]]
        others = ["mobilefacenet_relu6_112x112.int8.bin", "input-spec.json", "report.html", "result.json"]
        self.assertEqual({path.name for path in self.out.iterdir()}, {*exports, *others})
        files = [self.out / name for name in exports]
        done = run("evaluate", model, *files, "--trials", self.trials, *PRESET, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        original, *ours = json.loads(done.stdout)["evaluation"]["variants"]
        self.assertEqual([variant["file"] for variant in ours], exports)
        for variant in [original, *ours]:
            self.assertEqual(variant["figures"]["genuine"], PAIRS)
            self.assertLess(variant["figures"]["eer"], 0.2, variant["file"])


if __name__ == "__main__":
    unittest.main()
