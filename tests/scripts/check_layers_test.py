"""scripts/check-layers finds what it forbids and accepts what it allows, in trees made for it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "check-layers"


class CheckLayers(unittest.TestCase):
    def check(self, files):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            done = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True)
            return done.returncode, done.stdout

    def assert_allowed(self, name, include):
        self.assertEqual(self.check({name: f"#include {include}\n"}), (0, ""))

    def assert_refused(self, name, include, because):
        code, output = self.check({name: f"// a comment\n#include {include}\n"})
        self.assertEqual(code, 1)
        self.assertIn(f"{name}:2: #include {include}", output)
        self.assertIn(because, output)

    def test_downward_includes_are_allowed(self):
        self.assert_allowed("src/graph/graph.h", '"base/status.h"')
        self.assert_allowed("src/graph/graph.cc", '"graph/graph.h"')
        self.assert_allowed("src/formats/onnx/read.cc", '"graph/graph.h"')
        self.assert_allowed("src/pipeline/compress.cc", '"formats/onnx/read.h"')
        self.assert_allowed("apps/durward/main.cc", '"pipeline/compress.h"')

    def test_an_upward_include_is_refused_with_its_line(self):
        self.assert_refused("src/base/file.cc", '"graph/graph.h"', "base may include nothing else")
        self.assert_refused("src/quant/calibrate.cc", '"runtimes/runtime.h"', "quant may include")
        self.assert_refused("src/biometrics/roc.cc", '"graph/graph.h"', "biometrics may include")

    def test_one_format_does_not_know_another(self):
        self.assert_refused("src/formats/onnx/a.cc", '"formats/tflite/b.h"', "formats/onnx may")

    def test_the_engine_includes_the_standard_library_and_flatbuffers_only(self):
        self.assert_allowed("src/engine/run.cc", "<cstdint>")
        self.assert_allowed("src/engine/run.cc", "<flatbuffers/flatbuffers.h>")
        self.assert_allowed("src/engine/kernels/conv2d/avx2.cc", "<immintrin.h>")
        self.assert_refused("src/engine/run.cc", "<absl/status/status.h>", "standard library")
        self.assert_refused("src/engine/run.cc", '"base/status.h"', "engine may include")

    def test_public_headers_are_for_apps_and_what_implements_them(self):
        self.assert_allowed("apps/golden/main.cc", '"durward/engine.h"')
        self.assert_allowed("src/engine/c_api.cc", '"durward/engine.h"')
        self.assert_refused("src/runtimes/a.cc", '"durward/engine.h"', "only apps")
        self.assert_refused("src/engine/a.cc", '"durward/other.h"', "only apps")

    def test_sdk_headers_stay_in_runtimes(self):
        self.assert_allowed("src/runtimes/a.cc", "<onnxruntime_cxx_api.h>")
        self.assert_refused("src/vision/a.cc", "<openvino/openvino.hpp>", "only runtimes")

    def test_an_include_that_is_not_relative_to_src_is_refused(self):
        self.assert_refused("src/graph/graph.cc", '"graph.h"', "relative to src/")
        self.assert_refused("src/graph/graph.cc", '"../base/status.h"', "relative to src/")

    def test_a_folder_without_a_line_in_the_table_is_refused(self):
        code, output = self.check({"src/novelty/a.cc": "#include <vector>\n"})
        self.assertEqual(code, 1)
        self.assertIn("src/novelty/a.cc", output)

    def test_an_empty_tree_is_no_success(self):
        self.assertEqual(self.check({"README.md": ""})[0], 1)


if __name__ == "__main__":
    unittest.main()
