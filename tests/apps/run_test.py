"""`durward-run`, which has the engine alone, and the C example on the bundle that `durward compress` writes.

Their paths are in the environment variables DURWARD_RUN and ENGINE_C.
"""

import hashlib
import json
import os
import re
import subprocess
import unittest
import zipfile

import bundle_file
from harness import CommandLineTest, run

RUN, EXAMPLE = os.environ["DURWARD_RUN"], os.environ["ENGINE_C"]


def call(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=600)


class OnADevice(CommandLineTest):
    def setUp(self):
        super().setUp()
        done = run(*self.compress_arguments("--exports", "bundle", "--no-check"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.bundle = self.out / "tiny.bundle"
        with zipfile.ZipFile(self.bundle) as archive:
            self.members = {name: archive.read(name) for name in archive.namelist()}

    def check(self, *options, bundle=None):
        return call(RUN, bundle or self.bundle, *options)

    def changed(self, **members):
        """A bundle whose manifest agrees with its members: some are replaced, those that are None left out."""
        contents = {**self.members, **{name: data for name, data in members.items()}}
        contents = {name: data for name, data in contents.items() if data is not None}
        manifest = json.loads(contents.pop("manifest.json"))
        manifest["members"] = [
            {"path": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "media_type": "a/b"}
            for name, data in contents.items()
        ]
        path = self.folder / "changed.bundle"
        path.write_bytes(bundle_file.pack([("manifest.json", json.dumps(manifest).encode()), *contents.items()]))
        return path

    def test_it_says_what_durward_says(self):
        expected = run("bundle", "golden", self.bundle).stdout.rstrip("\n")
        for options in [[], ["--threads", "2"], ["--isa", "portable"]]:
            done = self.check(*options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"\Apassed: 3 golden vectors, \d+ bytes of output, all equal \([\w-]+\)\n\Z")
            self.assertTrue(done.stdout.startswith(expected), (done.stdout, expected))
        self.assertIn("(portable)", done.stdout)

    def test_it_scrubs_behind_the_vectors(self):
        done = self.check("--scrub")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        passed, scrubbed = done.stdout.splitlines()
        self.assertTrue(passed.startswith("passed: 3 golden vectors"), passed)
        found = re.fullmatch(r"scrubbed: (\d+) bytes, none changed", scrubbed)
        self.assertGreater(int(found[1]), 1000)
        done = self.check("--scrub", bundle=self.changed(**{"golden/1.output0": bytes(32 * 4)}))
        self.assertEqual(done.returncode, 3)
        self.assertNotIn("scrubbed", done.stdout)

    def test_a_bit_that_differs_is_found_wherever_it_is(self):
        for number in range(3):
            for byte in [0, -1]:
                name = f"golden/{number}.output0"
                changed = bytearray(self.members[name])
                changed[byte] ^= 1
                done = self.check(bundle=self.changed(**{name: bytes(changed)}))
                self.assertEqual((done.returncode, done.stderr), (3, ""))
                place = f"failed: golden vector {number}: output 0 differs from byte {byte % len(changed)} on"
                self.assertTrue(done.stdout.startswith(place), done.stdout)

    def test_vectors_that_are_of_another_plan_or_absent_prove_nothing(self):
        for content in [b"short", None]:
            done = self.check(bundle=self.changed(**{"golden/1.input0": content}))
            self.assertEqual((done.returncode, done.stderr), (3, ""))
            self.assertIn("golden vector 1 does not have the inputs", done.stdout)
        none = {name: None for name in self.members if name.startswith("golden/")}
        done = self.check(bundle=self.changed(**none))
        self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.assertIn("no golden vectors", done.stdout)

    def test_a_bundle_that_is_damaged_is_not_run(self):
        damaged = self.folder / "damaged.bundle"
        whole = self.bundle.read_bytes()
        plan = whole.index(self.members["plan.fb"])
        for content, cause in [
            (whole[:-1], "does not end as a bundle does"),
            (whole[: plan + 500] + bytes([whole[plan + 500] ^ 1]) + whole[plan + 501 :], "plan.fb: its SHA-256"),
            (b"not a bundle", "too short"),
        ]:
            damaged.write_bytes(content)
            done = self.check("--json", self.folder / "profile.json", bundle=damaged)
            self.assertEqual((done.returncode, done.stderr), (3, ""))
            self.assertIn(cause, done.stdout)
        self.assertFalse((self.folder / "profile.json").exists())

    def test_what_cannot_be_run_is_an_error(self):
        damaged = self.changed(**{"plan.fb": self.members["plan.fb"][:-100]})
        for done, cause in [
            (self.check(bundle=damaged), "the plan is damaged"),
            (self.check(bundle=self.folder / "absent.bundle"), "No such file"),
            (self.check(bundle=self.folder), "not a regular file"),
            (self.check("--isa", "abacus"), "there is no instruction set 'abacus'"),
            (self.check("--isa"), "usage: durward-run"),
            (self.check("--threads", "9"), "9 threads were asked for"),
            (self.check("--threads", "two"), "usage: durward-run"),
            (self.check("--threads"), "usage: durward-run"),
            (self.check("--runs", "0"), "usage: durward-run"),
            (self.check("--frobnicate"), "usage: durward-run"),
            (call(RUN), "usage: durward-run"),
            (call(RUN, self.bundle, self.bundle), "usage: durward-run"),
        ]:
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(cause, done.stderr)
        done = self.check("--json", self.folder / "no" / "folder.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write", done.stderr)
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        done = self.check("--json", pipe)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"cannot write {pipe}: it is no regular file", done.stderr)
        self.assertTrue(pipe.is_fifo())
        done = call(RUN, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: durward-run BUNDLE", done.stdout)

    def test_the_profile_is_a_document_with_a_line_for_each_op(self):
        file = self.folder / "profile.json"
        done = self.check("--json", file, "--runs", "5", "--isa", "portable")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("profiled: 5 runs, median ", done.stdout)
        document = json.loads(file.read_text())
        self.assertEqual(document["schema"], "durward-profile/1")
        (profile,) = document["profiles"]
        self.assertEqual(profile["golden"], {"vectors": 3, "bytes": 3 * 32 * 4})
        self.assertEqual(profile["memory"]["run_allocations"], {"count": 0, "bytes": 0})
        self.assertEqual(profile["bytes"], self.bundle.stat().st_size)
        # The three layers of the model by their shapes: 3x3 windows on 3 and 8 channels, and the embedding.
        layers = [op for op in profile["ops"] if op["macs"] > 0]
        self.assertEqual([op["macs"] for op in layers], [16 * 16 * 8 * 27, 8 * 8 * 16 * 72, 1024 * 32])
        self.assertEqual([op["fused"] for op in layers], [["prelu"], ["prelu"], []])
        for op in profile["ops"]:
            self.assertLessEqual(op["us"]["p10"], op["us"]["median"])
            self.assertEqual(op["kernel"], "portable")
        steps = profile["steps"]
        for before, after in zip(steps, steps[1:]):
            self.assertAlmostEqual(before["start_us"] + before["us"], after["start_us"], delta=0.01)

    def test_the_example_in_c_runs_the_plan(self):
        plan = self.folder / "plan.fb"
        plan.write_bytes(self.members["plan.fb"])
        done = call(EXAMPLE, plan)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"input '\w+': 12288 bytes, type 0, shape 1 32 32 3\n")
        self.assertRegex(done.stdout, r"output '\w+': 128 bytes, type 0, shape 1 32\n")
        self.assertRegex(done.stdout, r"ran on [\w-]+; arena [1-9]\d*, scratch \d+, packed weights \d+ bytes\n\Z")
        self.assertEqual(call(EXAMPLE, self.folder / "absent.fb").returncode, 1)


if __name__ == "__main__":
    unittest.main()
