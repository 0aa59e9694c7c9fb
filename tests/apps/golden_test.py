"""`durward-golden`, which has the engine alone, and the C example on the bundle that `durward compress` writes.

Their paths are in the environment variables DURWARD_GOLDEN and ENGINE_C.
"""

import os
import re
import subprocess
import unittest
import zipfile

from harness import CommandLineTest, run

GOLDEN, EXAMPLE = os.environ["DURWARD_GOLDEN"], os.environ["ENGINE_C"]


def call(*arguments):
    return subprocess.run([*map(str, arguments)], capture_output=True, text=True, timeout=600)


class GoldenOnADevice(CommandLineTest):
    def setUp(self):
        super().setUp()
        done = run(*self.compress_arguments("--exports", "bundle", "--no-check"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.bundle = self.out / "tiny.bundle"
        with zipfile.ZipFile(self.bundle) as archive:
            archive.extractall(self.folder)
        self.plan, self.golden = self.folder / "plan.fb", self.folder / "golden"

    def check(self, *options, plan=None, folder=None):
        return call(GOLDEN, plan or self.plan, folder or self.golden, *options)

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
        (self.golden / "1.output0").write_bytes(bytes(32 * 4))
        done = self.check("--scrub")
        self.assertEqual(done.returncode, 3)
        self.assertNotIn("scrubbed", done.stdout)

    def test_a_bit_that_differs_is_found_wherever_it_is(self):
        for number in range(3):
            for byte in [0, -1]:
                file = self.golden / f"{number}.output0"
                before = file.read_bytes()
                changed = bytearray(before)
                changed[byte] ^= 1
                file.write_bytes(changed)
                done = self.check()
                self.assertEqual((done.returncode, done.stderr), (3, ""))
                place = f"failed: golden vector {number}: output 0 differs from byte {byte % len(before)} on"
                self.assertTrue(done.stdout.startswith(place), done.stdout)
                file.write_bytes(before)

    def test_vectors_that_are_of_another_plan_or_absent_prove_nothing(self):
        (self.golden / "1.input0").write_bytes(b"short")
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.assertIn("golden vector 1: input 0", done.stdout)
        (self.golden / "1.input0").unlink()
        done = self.check()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("1.input0", done.stderr)
        done = self.check(folder=self.people)
        self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.assertIn("no golden vectors", done.stdout)

    def test_what_cannot_be_run_is_an_error(self):
        damaged = self.folder / "damaged.fb"
        damaged.write_bytes(self.plan.read_bytes()[:-100])
        for done, cause in [
            (self.check(plan=damaged), "the plan is damaged"),
            (self.check(plan=self.folder / "absent.fb"), "cannot read"),
            (self.check(plan=self.folder), "cannot read"),
            (self.check("--isa", "abacus"), "there is no instruction set 'abacus'"),
            (self.check("--isa"), "usage: durward-golden"),
            (self.check("--threads", "9"), "9 threads were asked for"),
            (self.check("--threads", "two"), "usage: durward-golden"),
            (self.check("--threads"), "usage: durward-golden"),
            (call(GOLDEN), "usage: durward-golden"),
            (call(GOLDEN, self.plan), "usage: durward-golden"),
        ]:
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(cause, done.stderr)
        done = call(GOLDEN, "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: durward-golden PLAN FOLDER", done.stdout)

    def test_the_example_in_c_runs_the_plan(self):
        done = call(EXAMPLE, self.plan)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"input '\w+': 12288 bytes, type 0, shape 1 32 32 3\n")
        self.assertRegex(done.stdout, r"output '\w+': 128 bytes, type 0, shape 1 32\n")
        self.assertRegex(done.stdout, r"ran on [\w-]+; arena [1-9]\d*, scratch \d+, packed weights \d+ bytes\n\Z")
        self.assertEqual(call(EXAMPLE, self.folder / "absent.fb").returncode, 1)


if __name__ == "__main__":
    unittest.main()
