"""`durward profile`, `compare` of profiles, and `inspect --target`."""

import html.parser
import json
import os
import pathlib
import subprocess
import unittest

from harness import CommandLineTest, run

RUN = os.environ["DURWARD_RUN"]
CHECK_TRACE = pathlib.Path(__file__).parents[2] / "scripts" / "check-trace"
# The layers of tiny_model: 3x3 windows on 3 and 8 channels, and the embedding.
MACS = [16 * 16 * 8 * 27, 8 * 8 * 16 * 72, 1024 * 32]


class References(html.parser.HTMLParser):
    """What a page loads, and its tags."""

    def __init__(self):
        super().__init__()
        self.loads, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in ("src", "href") and not value.startswith("#")]


class Profiled(CommandLineTest):
    def setUp(self):
        super().setUp()
        done = run(*self.compress_arguments("--exports", "bundle,tflite", "--no-check"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.bundle = self.out / "tiny.bundle"

    def profile(self, *arguments):
        done = run("profile", *arguments, "--runs", 5, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)


class Profile(Profiled):
    def test_of_a_bundle_against_its_float_model_in_our_engine(self):
        document = self.profile(self.bundle, "--against", self.model)
        before, after = document["profiles"]
        self.assertEqual((before["runtime"], after["runtime"]), ("engine", "engine"))
        self.assertEqual([op["macs"] for op in after["ops"] if op["macs"]], MACS)
        self.assertEqual([op["macs"] for op in before["ops"] if op["macs"]], MACS)
        self.assertEqual({op["precision"] for op in before["ops"]}, {"float32"})
        self.assertEqual({op["precision"] for op in after["ops"] if op["macs"]}, {"int8"})
        self.assertEqual(after["golden"]["vectors"], 3)
        # Another count of what a run takes: none, as docs/engine.md has it.
        self.assertEqual(after["memory"]["run_allocations"]["count"], 0)
        self.assertGreater(after["memory"]["load_allocations"]["count"], 0)
        (comparison,) = document["comparisons"]
        for op in comparison["ops"]:
            self.assertAlmostEqual(op["ratio"] * op["before_us"], op["after_us"], delta=1e-6)

    def test_every_runtime_tells_its_ops_by_its_own_profiler(self):
        document = self.profile(self.model, self.out / "tiny.int8.tflite", "--runtime", "onnxruntime,litert,openvino")
        seen = {(profile["runtime"], profile["file"]): profile for profile in document["profiles"]}
        self.assertEqual(
            set(seen),
            {
                ("onnxruntime", "tiny.onnx"),
                ("openvino", "tiny.onnx"),
                ("litert", "tiny.int8.tflite"),
                ("openvino", "tiny.int8.tflite"),
            },
        )
        for (runtime, file), profile in seen.items():
            with self.subTest(runtime, file=file):
                convolutions = [op for op in profile["ops"] if "Conv" in op["op"] and "Convert" not in op["op"]]
                self.assertGreaterEqual(len(convolutions), 2)
                precision = "int8" if "int8" in file else "float32"
                self.assertEqual({op["precision"] for op in convolutions[:2]}, {precision})
                # What LiteRT fuses no PReLU into is written with further layers.
                self.assertEqual(profile["macs"] > sum(MACS), "int8" in file)
                self.assertGreaterEqual(profile["macs"], sum(MACS))
                self.assertGreater(profile["us"]["median"], 0)

    def test_files_are_written_whole_and_stand_alone(self):
        names = ["profile.json", "profile.html", "trace.json"]
        files = [self.folder / name for name in names]
        done = run("profile", self.bundle, "--runs", 3, "-q", "--out", files[0], "--html", files[1], "--trace", files[2])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("golden vectors: 3 passed", done.stdout)
        (profile,) = json.loads(files[0].read_text())["profiles"]

        page = References()
        page.feed(files[1].read_text())
        self.assertEqual(page.loads, [])
        self.assertNotIn("script", page.tags)
        self.assertIn("svg", page.tags)

        # The Trace Event Format: complete events in microseconds, each behind the one before.
        events = json.loads(files[2].read_text())["traceEvents"]
        slices = [event for event in events if event["ph"] == "X"]
        self.assertEqual(len(slices), len(profile["steps"]))
        for event, step in zip(slices, profile["steps"]):
            self.assertEqual((event["ts"], event["dur"]), (step["start_us"], step["us"]))
        self.assertEqual({event["ph"] for event in events}, {"M", "X", "C"})
        most = max(event["args"]["bytes"] for event in events if event["ph"] == "C")
        self.assertLessEqual(most, profile["memory"]["arena_bytes"])

    def test_the_trace_opens_in_a_viewer(self):
        trace = self.folder / "tiny.trace.json"
        done = run("profile", self.bundle, self.out / "tiny.int8.tflite", "--runs", 3, "-q", "--trace", trace)
        self.assertEqual(done.returncode, 0, done.stderr)
        viewed = subprocess.run([CHECK_TRACE, trace], capture_output=True, text=True)
        if viewed.returncode == 2:
            self.skipTest(viewed.stderr.strip())
        self.assertEqual(viewed.returncode, 0, viewed.stderr)
        self.assertIn("2 processes", viewed.stdout)
        events = json.loads(trace.read_text())
        events["traceEvents"].append({"ph": "E", "pid": 1, "tid": 7, "ts": 3, "name": "never begun"})
        trace.write_text(json.dumps(events))
        self.assertEqual(subprocess.run([CHECK_TRACE, trace], capture_output=True).returncode, 1)

    def test_profiles_of_a_device_are_shown_and_compared(self):
        files = [self.folder / "portable.json", self.folder / "fastest.json"]
        for file, options in zip(files, [["--isa", "portable"], []]):
            done = subprocess.run([RUN, self.bundle, "--json", file, "--runs", "5", *options], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        shown = run("profile", "--from", *files, "--json")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        profiles = json.loads(shown.stdout)["profiles"]
        self.assertEqual(profiles, [json.loads(file.read_text())["profiles"][0] for file in files])
        self.assertIn("tiny.bundle in engine", run("profile", "--from", files[0]).stdout)

        compared = run("compare", *files, "--json")
        self.assertEqual((compared.returncode, compared.stderr), (0, ""))
        (comparison,) = json.loads(compared.stdout)["comparisons"]
        self.assertEqual(comparison["before_us"], profiles[0]["us"]["median"])
        self.assertEqual(comparison["after_us"], profiles[1]["us"]["median"])
        names = {op["name"] for op in profiles[0]["ops"]}
        self.assertEqual({op["name"] for op in comparison["ops"]}, names)
        self.assertIn("whole run", run("compare", *files).stdout)

    def test_what_cannot_be_profiled_is_refused_and_nothing_written(self):
        text = self.folder / "text.json"
        for content in ["", "[]", "{}", '{"schema": "durward-profile/2", "profiles": [{"ops": []}]}',
                        '{"schema": "durward-profile/1", "profiles": []}',
                        '{"schema": "durward-profile/1", "profiles": [3]}']:
            text.write_text(content)
            self.assert_refused(["profile", "--from", text, "--html", self.folder / "a.html"], text)
            self.assert_refused(["compare", text, text], text)
        text.write_text('{"schema": "durward-profile/1", "profiles": [{"ops": [{"us": 3}]}], "comparisons": [3]}')
        self.assert_refused(["profile", "--from", text], "comparison")
        for arguments, cause in [
            (["profile"], "--from"),
            (["profile", self.bundle, "--from", text], "--from"),
            (["profile", self.bundle, "--runtime", "abacus"], "abacus"),
            (["profile", self.bundle, "--runtime", "litert"], "tiny.bundle"),
            (["profile", self.bundle, "--isa", "abacus"], "abacus"),
            (["profile", self.folder / "no.bundle"], "no.bundle"),
            (["profile", self.bundle, "--against", self.folder / "no.xml"], "no.xml"),
            (["profile", self.bundle, "--html", self.folder / "no" / "a.html", "--runs", "1"], "a.html"),
        ]:
            with self.subTest(arguments):
                self.assert_refused(arguments, cause)

    # Odd but well-formed profiles come from anywhere: they are shown as far as they go.
    def test_odd_profiles_do_not_stop_the_tables(self):
        odd = self.folder / "odd.json"
        op = {"name": "<b>\u001b[31m", "op": 3, "us": {"median": "x"}, "macs": -1, "fused": [None, {}]}
        profile = {"ops": [op, 7, None], "steps": [{"op": 99}, {"op": -3}, 5], "arena": [{"bytes": -5}], "memory": 3}
        odd.write_text(json.dumps({"schema": "durward-profile/1", "profiles": [profile]}))
        page, trace = self.folder / "odd.html", self.folder / "odd.trace.json"
        done = run("profile", "--from", odd, "--html", page, "--trace", trace)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("\u001b", done.stdout)
        self.assertNotIn("<b>", page.read_text())
        json.loads(trace.read_text())


class Target(Profiled):
    def estimate(self, model, target, code=0):
        done = run("inspect", model, "--target", target, "--json")
        self.assertEqual((done.returncode, done.stderr), (code, ""))
        return json.loads(done.stdout)

    def device(self, **changes):
        """A target whose estimate can be worked out by hand: one product, output or element a cycle."""
        one = {"value": 1, "source": "chosen"}
        cost = {f"{name}_per_cycle": one for name in ("int8_macs", "float_macs", "layer_outputs", "other_elements")}
        cost |= {"dense_share": {"low": 0.5, "high": 1, "source": "chosen"}, "depthwise_share": one}
        device = {"processor": "abacus", "isa": "beads", "clock_hz": {"value": 1000, "source": "chosen"}, "cores": one}
        device |= {"memory_bytes": {"value": 1 << 20, "source": "chosen"}, "encodings": ["int8", "float32"], "cost": cost}
        device |= changes
        device = {name: value for name, value in device.items() if value is not None}
        file = self.folder / "abacus.json"
        file.write_text(json.dumps({"name": "abacus", "description": "d", "exports": ["bundle"], "device": device}))
        return file

    def test_the_estimate_is_that_of_the_counted_operations(self):
        result = self.estimate(self.bundle, self.device())
        (estimate,) = result["estimates"]
        outputs = 16 * 16 * 8 + 8 * 8 * 16 + 32
        others = 32 * 32 * 3  # pixels that are quantised, at least
        low, high = estimate["cycles"]
        products = sum(MACS)
        self.assertGreaterEqual(low, products + outputs + others)
        self.assertAlmostEqual(high - low, products, delta=1)  # at half the share products take twice as long
        self.assertEqual(estimate["ms"], [low, high])  # a cycle a millisecond
        self.assertTrue(result["fits"])
        self.assertEqual(result["falls_back"], [])

    def test_a_float_model_is_estimated_in_both_arithmetics(self):
        result = self.estimate(self.model, self.device())
        self.assertEqual([e["arithmetic"] for e in result["estimates"]], ["int8", "float32"])
        self.assertEqual({e["macs"] for e in result["estimates"]}, {sum(MACS)})

    def test_what_does_not_fit_or_has_no_kernel_exits_3_with_its_name(self):
        small = {"value": 1000, "source": "chosen"}
        result = self.estimate(self.bundle, self.device(memory_bytes=small), code=3)
        self.assertFalse(result["memory"]["memory_fits"])
        result = self.estimate(self.bundle, self.device(flash_bytes=small), code=3)
        self.assertEqual((result["memory"]["memory_fits"], result["memory"]["flash_fits"]), (True, False))
        result = self.estimate(self.bundle, self.device(encodings=["int8"]))
        self.assertEqual({call["kind"] for call in result["falls_back"]}, {"QuantizeInt8", "Dequantize"})
        lacking = self.device(calls=["Conv2DInt8"], calls_source="chosen")
        result = self.estimate(self.bundle, lacking, code=3)
        self.assertIn("QuantizeInt8", {call["kind"] for call in result["falls_back"]})
        self.assertNotIn("Conv2DInt8", {call["kind"] for call in result["falls_back"]})
        self.assertIn("falls back: '", run("inspect", self.bundle, "--target", lacking).stdout)

    def test_every_target_that_comes_along_estimates_or_says_that_it_cannot(self):
        listed = run("inspect", self.model, "--target", "no-such-target")
        self.assertEqual(listed.returncode, 1)
        names = listed.stderr.split("there are ")[1].split(", or give")[0].split(", ")
        self.assertLess({"pi4", "jetson-nano", "jetson-orin", "x86-avx2", "x86-vnni", "x86-amx", "android",
                         "cortex-m4", "cortex-m7", "cortex-m55"}, set(names))
        for name in names:
            with self.subTest(name):
                done = run("inspect", self.bundle, "--target", name, "--json")
                if name in ("any", "x86"):
                    self.assertEqual(done.returncode, 1)
                    self.assertIn("nothing of a device", done.stderr)
                    continue
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                low, high = json.loads(done.stdout)["estimates"][0]["ms"]
                self.assertTrue(0 < low < high)

    def test_a_number_without_a_source_is_refused(self):
        for changes, field in [
            ({"clock_hz": {"value": 1000}}, "device.clock_hz"),
            ({"clock_hz": {"low": 3, "high": 2, "source": "s"}}, "device.clock_hz"),
            ({"memory_bytes": {"value": 0, "source": "s"}}, "device.memory_bytes"),
            ({"cost": None}, "device.cost.int8_macs_per_cycle"),
            ({"encodings": []}, "device.encodings"),
            ({"processor": 3}, "device.processor"),
            ({"calls": ["Copy"]}, "device.calls_source"),
        ]:
            with self.subTest(field):
                self.assert_refused(["inspect", self.bundle, "--target", self.device(**changes)], field, "abacus.json")


if __name__ == "__main__":
    unittest.main()
