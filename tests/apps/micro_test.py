"""`durward export --to c` as an engineer meets it: what it writes, and what it refuses before it writes."""

import json
import pathlib
import subprocess
import unittest

from harness import CommandLineTest, run, snapshot

TARGETS = pathlib.Path(__file__).parents[2] / "targets"


class ExportToC(CommandLineTest):
    def setUp(self):
        super().setUp()
        done = run(*self.compress_arguments("--exports", "bundle", "--no-check"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.bundle = self.out / "tiny.bundle"
        self.c = self.folder / "c"

    def export(self, *options, bundle=None):
        return ["export", bundle or self.bundle, "--to", "c", "--out", self.c, *options]

    def footprint(self):
        done = run(*self.export("--json"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)["footprint"]

    def test_the_self_test_passes_by_make_and_by_cmake(self):
        done = run(*self.export("--name", "Tiny-Net"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"next: make -C {self.c} test", done.stdout)
        made = subprocess.run(["make", "-s", "-C", self.c, "test"], capture_output=True, text=True)
        self.assertEqual((made.returncode, made.stderr), (0, ""))
        self.assertEqual(made.stdout, "passed: 3 golden vectors, 384 bytes of output, all equal\n")
        build = self.folder / "build"
        for command in [["cmake", "-S", self.c, "-B", build], ["cmake", "--build", build],
                        ["ctest", "--test-dir", build]]:
            done = subprocess.run([*map(str, command)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("100% tests passed", done.stdout)
        self.assertRegex((self.c / "tiny_net.h").read_text(), r"void tiny_net_run\(const float\* input0, float\* output0\);")

    def test_int8_ports_and_a_smaller_arena_take_less_and_pass(self):
        before = self.footprint()
        done = run(*self.export("--int8-ports", "--arena", "1", "--json"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = json.loads(done.stdout)["footprint"]
        self.assertEqual(after["input_bytes"] * 4, before["input_bytes"])
        self.assertEqual(after["output_bytes"] * 4, before["output_bytes"])
        self.assertLess(after["arena_bytes"], before["arena_bytes"])
        self.assertIn("const int8_t* input0, int8_t* output0", (self.c / "tiny.h").read_text())
        made = subprocess.run(["make", "-s", "-C", self.c, "test"], capture_output=True, text=True)
        self.assertEqual(made.stdout, "passed: 3 golden vectors, 96 bytes of output, all equal\n", made.stderr)

    def test_it_replaces_an_older_export_and_leaves_nothing_else(self):
        self.assertEqual(run(*self.export()).returncode, 0)
        first = snapshot(self.c)
        (self.c / "tiny.c").write_text("older")
        self.assertEqual(run(*self.export()).returncode, 0)
        self.assertEqual(snapshot(self.c), first)

    def test_a_model_too_large_for_ram_or_flash_is_named_before_anything_is_written(self):
        arena = self.footprint()
        subprocess.run(["rm", "-r", self.c], check=True)
        ram = sum(arena[part] for part in ["arena_bytes", "scratch_bytes", "input_bytes", "output_bytes"])
        for options, causes in [
            (["--ram", ram - 1], [f"it needs {ram} bytes of RAM (arena {arena['arena_bytes']}", "1 more than"]),
            (["--flash", "1000"], [f"bytes of flash (constants {arena['constant_bytes']}", "the 1000 that there are"]),
            (["--ram", 10, "--flash", 10], ["bytes of RAM", "bytes of flash"]),
        ]:
            with self.subTest(options):
                self.assert_refused(self.export(*options), self.bundle, "too large", *causes)
        self.assertEqual(run(*self.export("--ram", ram)).returncode, 0)

    def test_a_target_says_what_a_board_has(self):
        board = json.loads((TARGETS / "cortex-m3.json").read_text())
        board["device"]["memory_bytes"]["value"] = 2000
        small = self.folder / "small.json"
        small.write_text(json.dumps(board))
        self.assert_refused(self.export("--target", small), "bytes of RAM", "the 2000 that there are")
        self.assert_refused(self.export("--target", "any"), "any", "--ram and --flash")
        self.assert_refused(self.export("--target", "abacus"), "abacus", "cortex-m4")
        for target in ["cortex-m3", "cortex-m4", "cortex-m7", "cortex-m55"]:
            self.assertEqual(run(*self.export("--target", target)).returncode, 0)

    def test_what_is_no_bundle_or_damaged_is_refused(self):
        damaged = self.folder / "damaged.bundle"
        content = bytearray(self.bundle.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        self.assert_refused(self.export(bundle=damaged), damaged)
        self.assert_refused(self.export(bundle=self.model), self.model)
        self.assert_refused(self.export(bundle=self.folder / "absent.bundle"), "absent.bundle")

    def test_wrong_usage_exits_2(self):
        for arguments, mistake in [
            (["export", self.bundle, "--to", "rust", "--out", self.c], "--to"),
            (["export", self.model, "--out", "a.onnx", "--ram", "5"], "--to"),
            (self.export("--ram", "-5"), "--ram"),
            (self.export("--flash", "much"), "--flash"),
        ]:
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(mistake, done.stderr)

    def test_a_folder_that_cannot_be_written_is_an_error(self):
        self.c.write_text("a file")
        self.assert_refused(self.export(), self.c)


class InputSize(CommandLineTest):
    def test_a_model_with_dense_layers_takes_no_other_size(self):
        self.assert_refused(["export", self.model, "--input-size", "64x48", "--out", self.folder / "a.onnx"],
                            self.model, "64x48")

    def test_what_is_no_size_is_refused(self):
        for size in ["64", "64x", "0x5", "5x5x5", "9999x5"]:
            self.assert_refused(["export", self.model, "--input-size", size, "--out", self.folder / "a.onnx"],
                                size, "64x48")


if __name__ == "__main__":
    unittest.main()
