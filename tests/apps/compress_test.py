"""What `durward compress` leaves behind: everything, the report alone, or nothing."""

import json
import shutil
import signal
import subprocess
import time
import unittest
import zipfile

import bundle_file
from harness import DURWARD, CommandLineTest, run, saturates, snapshot

REPORT = {"report.html", "result.json"}
# A FAR that these few trials cannot support: the gate stays unproven.
HOPELESS_GATE = "0.5@1e-6"


def names(folder):
    return {path.name for path in folder.iterdir()}


class Compress(CommandLineTest):
    def test_writes_the_exports_and_leaves_the_model_alone(self):
        before = self.model.read_bytes()
        done = run(*self.compress_arguments())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.model.read_bytes(), before)
        result = json.loads((self.out / "result.json").read_text())
        exports = {entry["file"] for entry in result["exports"]}
        self.assertLessEqual({"tiny.bundle", "tiny.int8.tflite", "tiny.qdq.onnx"}, exports)
        weights = {"tiny.int8.bin"} if "tiny.int8.xml" in exports else set()
        self.assertEqual(names(self.out), exports | weights | REPORT | {"input-spec.json"})
        for entry in result["exports"]:
            if "agreement" in entry and not saturates(entry["file"]):
                self.assertGreater(entry["agreement"]["cosine_min"], 0.999, entry["file"])
            if entry["file"] == "tiny.bundle":
                self.assertEqual(entry["agreement"]["equal_share"], 1)

    def test_profiles_each_file_beside_the_float_model(self):
        bench = [a for a in self.compress_arguments("--tflite-ops", "micro") if a != "--no-bench"]
        done = run(*bench)
        self.assertEqual(done.returncode, 0, done.stderr)
        profile = json.loads((self.out / "result.json").read_text())["profile"]
        compared = [[profile["profiles"][c[end]] for end in ["from", "to"]] for c in profile["comparisons"]]
        files = {after["file"]: before for before, after in compared}
        self.assertLessEqual({"tiny.bundle", "tiny.int8.tflite", "tiny.qdq.onnx"}, set(files))
        for before, after in compared:
            self.assertEqual(before["runtime"], after["runtime"])
            self.assertGreater(before["us"]["median"], 0)
        self.assertEqual(files["tiny.int8.tflite"]["file"], "tiny.fp32.tflite")
        report = (self.out / "report.html").read_text()
        self.assertIn("Op by op: engine", report)
        with zipfile.ZipFile(self.out / "tiny.bundle") as bundle:
            self.assertNotIn("profile", json.loads(bundle.read("evidence/result.json")))

    def test_it_says_what_each_step_is_worth_and_leaves_in_float_what_costs_least(self):
        limit = 1e-9  # below what integers reach, above float's own error
        done = run(
            *self.compress_arguments("--calibration-images", "24", "--ablate", "--mixed", "--max-cosine-loss", limit)
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((self.out / "result.json").read_text())
        rows = {row["name"] for row in result["ablation"]["rows"]}
        self.assertLessEqual({"all steps", "without bias correction", "none of them"}, rows)
        self.assertEqual(result["mixed"]["held_out"]["images"], 24)
        chosen = result["mixed"]["front"][result["mixed"]["chosen"]]
        self.assertLessEqual(chosen["loss"], limit)
        self.assertEqual(len(chosen["in_float"]), len(result["sensitivity"]["units"]))
        self.assertIn("stays in float", done.stdout)
        for entry in result["exports"]:  # of the same mixture
            if "agreement" in entry and not saturates(entry["file"]):
                self.assertGreater(entry["agreement"]["cosine_min"], 0.9999, entry["file"])

    def test_a_mixture_needs_a_limit_that_can_be_kept_and_pictures_to_be_judged_by(self):
        self.assert_refused(self.compress_arguments("--mixed"), "--max-cosine-loss")
        self.assert_refused(self.compress_arguments("--ablate"), "--calibration-images", self.people)
        few = ["--calibration-images", "24", "--mixed", "--max-size-kb", "1"]
        self.assert_refused(self.compress_arguments(*few), "with everything in int8")

    def test_a_target_says_what_its_tflite_micro_takes(self):
        target = self.folder / "old-board.json"
        board = {"name": "old-board", "description": "a board", "exports": ["bundle", "tflite"]}
        sizes = {}
        for ops in ["current", "micro", "micro-2020"]:
            target.write_text(json.dumps({**board, "tflite_ops": ops}))
            done = run(*self.compress_arguments("--target", target, "--no-check"))
            self.assertEqual(done.returncode, 0, done.stderr)
            with zipfile.ZipFile(self.out / "tiny.bundle") as bundle:
                lineage = json.loads(bundle.read("manifest.json"))["lineage"]
            self.assertEqual(lineage["choices"]["tflite_ops"], ops)
            sizes[ops] = (self.out / "tiny.int8.tflite").stat().st_size
        self.assertGreater(sizes["micro"], sizes["current"])
        target.write_text(json.dumps({**board, "tflite_ops": "micro-1999"}))
        self.assert_refused(self.compress_arguments("--target", target, out=self.folder / "new"), "micro-1999",
                            "micro-2020", target)

    def test_the_same_command_gives_the_same_files(self):
        other = self.folder / "other"
        for out, threads in [(self.out, 1), (other, 3)]:
            self.assertEqual(run(*self.compress_arguments("--threads", threads, out=out)).returncode, 0)
        for name in ["tiny.int8.tflite", "tiny.qdq.onnx"]:
            self.assertEqual((self.out / name).read_bytes(), (other / name).read_bytes(), name)
        plans = [zipfile.ZipFile(out / "tiny.bundle").read("plan.fb") for out in (self.out, other)]
        self.assertEqual(plans[0], plans[1])

    def test_the_bundle_computes_what_was_validated(self):
        self.assertEqual(run(*self.compress_arguments()).returncode, 0)
        bundle = self.out / "tiny.bundle"
        self.assertEqual(run("bundle", "verify", bundle).returncode, 0)
        for options in [[], ["--isa", "portable"]]:
            done = run("bundle", "golden", bundle, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("all equal", done.stdout)
        with zipfile.ZipFile(bundle) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        members["golden/0.output0"] = bytes([members["golden/0.output0"][0] ^ 1]) + members["golden/0.output0"][1:]
        damaged = self.folder / "damaged.bundle"
        damaged.write_bytes(bundle_file.pack(members.items()))
        done = run("bundle", "golden", damaged)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("golden/0.output0: its SHA-256 is another than the manifest's", done.stdout)
        done = run("bundle", "golden", bundle, "--isa", "abacus")
        self.assertEqual(done.returncode, 1)
        self.assertIn("portable", done.stderr)

    def test_an_older_result_is_replaced(self):
        self.out.mkdir()
        (self.out / "report.html").write_text("old")
        (self.out / "mine.txt").write_text("mine")
        self.assertEqual(run(*self.compress_arguments()).returncode, 0)
        self.assertIn("<html", (self.out / "report.html").read_text())
        self.assertEqual((self.out / "mine.txt").read_text(), "mine")

    def test_a_qdq_model_keeps_its_scales(self):
        self.assertEqual(run(*self.compress_arguments()).returncode, 0)
        again = self.folder / "again"
        done = run(*self.compress_arguments(model=self.out / "tiny.qdq.onnx", out=again))
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads((again / "result.json").read_text())
        self.assertIn("The model's own scales were kept for", " ".join(result["warnings"]))
        self.assertIn("the model's own scales for", result["calibration"]["method"])
        self.assertNotIn("equalisation", result["calibration"]["method"])
        for entry in result["exports"]:
            if "agreement" in entry and not saturates(entry["file"]):
                self.assertGreater(entry["agreement"]["cosine_min"], 0.999, entry["file"])

    def test_a_bundle_says_how_it_wants_its_pixels(self):
        self.assertEqual(run(*self.compress_arguments("--exports", "bundle")).returncode, 0)
        evaluate = ["evaluate", self.out / "tiny.bundle", "--trials", self.people, "--json"]
        told, alone = run(*evaluate, *self.spec), run(*evaluate)
        self.assertEqual((alone.returncode, alone.stderr), (0, ""))
        figures = [json.loads(done.stdout)["evaluation"]["variants"][0]["figures"] for done in [told, alone]]
        self.assertEqual(*figures)

    def test_names_that_are_no_utf8(self):
        model = self.folder / "t\udcffny.onnx"  # the byte 0xff
        self.model.rename(model)
        done = run(*self.compress_arguments(model=model))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads((self.out / "result.json").read_text())["model"]["file"], "t\ufffdny.onnx")


class Certificate(CommandLineTest):
    def check(self, people):
        done = run("evaluate", self.out / "tiny.bundle", "--trials", people, "--json")
        return done.returncode, json.loads(done.stdout)["evaluation"]["certificates"][0]

    def test_it_stands_in_the_bundle_and_is_checked_on_other_people(self):
        done = run(*self.compress_arguments("--exports", "bundle", "--evaluate", self.people))
        self.assertEqual(done.returncode, 0, done.stderr)
        with zipfile.ZipFile(self.out / "tiny.bundle") as bundle:
            manifest = json.loads(bundle.read("manifest.json"))
        certificate = manifest["certificate"]
        point = certificate["points"][0]
        self.assertEqual(point["far"], 0.1)
        self.assertGreater(point["far_bound"], 0.1)
        self.assertLess(point["tar_bound"], point["tar"])
        self.assertEqual(certificate["templates"][0]["model_sha256"], manifest["model"]["source_sha256"])
        self.assertEqual({refused["far"] for refused in certificate["refused"]}, {1e-3, 1e-4, 1e-5})

        code, check = self.check(self.people)
        self.assertEqual((code, check["same_trials"]), (0, True))
        self.assertEqual(check["points"][0]["tar"], point["tar"])
        self.assertEqual(check["points"][0]["far_promise"], "kept")

        # One picture under twenty names: every impostor is accepted.
        for stranger in range(20):
            folder = self.folder / "strangers" / f"s{stranger}"
            folder.mkdir(parents=True)
            for number in range(2):
                shutil.copy(self.people / "person_0" / "0.png", folder / f"{number}.png")
        code, check = self.check(self.folder / "strangers")
        self.assertEqual((code, check["same_trials"]), (3, False))
        self.assertEqual({point["far_promise"] for point in check["points"]}, {"broken"})
        self.assertEqual({point["tar_promise"] for point in check["points"]}, {"kept"})

    def test_its_score_calibration_stands_beside_it_and_can_be_found_again(self):
        done = run(*self.compress_arguments("--exports", "bundle", "--evaluate", self.people))
        self.assertEqual(done.returncode, 0, done.stderr)
        bundle = self.out / "tiny.bundle"
        with zipfile.ZipFile(bundle) as archive:
            found = json.loads(archive.read("manifest.json"))["score_calibration"]
        self.assertEqual(found, json.loads((self.out / "result.json").read_text())["score_calibration"])
        self.assertEqual((found["features"], found["people"]), (["cosine"], 12))
        # Six people of four pictures in a half: 6 * 6 genuine pairs and 15 * 16 impostor pairs.
        self.assertEqual((found["genuine_trials"], found["impostor_trials"]), (36, 240))
        self.assertGreater(found["weights"][0], 0)
        self.assertLessEqual(found["min_cllr"], found["cllr"])

        again = self.folder / "again.bundle"
        calibrate = ["calibrate", bundle, "--trials", self.people, "--out", again]
        done = run(*calibrate, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout)["score_calibration"], found)
        self.assertEqual(again.read_bytes(), bundle.read_bytes())

        # A bundle whose templates are still in use gets a line in the certificate, by its plan.
        done = run(*calibrate, "--enrolled-by", bundle)
        self.assertEqual(done.returncode, 0, done.stderr)
        with zipfile.ZipFile(again) as archive:
            manifest = json.loads(archive.read("manifest.json"))
        plan = next(member for member in manifest["members"] if member["path"] == "plan.fb")
        entry = manifest["certificate"]["templates"][-1]
        self.assertEqual(entry["model_sha256"], plan["sha256"])
        self.assertEqual({loss["tar_loss"] for loss in entry["losses"]}, {0})

    def test_too_few_comparisons_weigh_nothing(self):
        for person in range(4, 12):
            shutil.rmtree(self.people / f"person_{person}")
        done = run(*self.compress_arguments("--exports", "bundle", "--evaluate", self.people))
        self.assertEqual(done.returncode, 0, done.stderr)
        with zipfile.ZipFile(self.out / "tiny.bundle") as archive:
            self.assertNotIn("score_calibration", json.loads(archive.read("manifest.json")))
        warnings = json.loads((self.out / "result.json").read_text())["warnings"]
        self.assertTrue(any("genuine comparisons, fewer than 30" in warning for warning in warnings), warnings)
        self.assert_refused(["calibrate", self.out / "tiny.bundle", "--trials", self.people], "fewer than 30")

    def test_a_model_that_was_not_evaluated_has_none(self):
        self.assertEqual(run(*self.compress_arguments("--exports", "bundle")).returncode, 0)
        with zipfile.ZipFile(self.out / "tiny.bundle") as bundle:
            self.assertIsNone(json.loads(bundle.read("manifest.json"))["certificate"])
        done = run("evaluate", self.out / "tiny.bundle", "--trials", self.people, "--json")
        self.assertNotIn("certificates", json.loads(done.stdout)["evaluation"])


class Groups(CommandLineTest):
    def test_rates_of_groups_stand_before_and_after(self):
        rows = ["enrol,probe,label,person_enrol,person_probe,group"]
        people = sorted(path.name for path in self.people.iterdir())
        for index, person in enumerate(people):
            group = "ab"[index % 2]
            rows.append(f"{person}/0.png,{person}/1.png,1,{person},{person},{group}")
            for other in people[index + 2 :: 2]:
                rows.append(f"{person}/0.png,{other}/0.png,0,{person},{other},{group}")
        trials = self.folder / "trials.csv"
        trials.write_text("\n".join(rows) + "\n")
        done = run(
            *self.compress_arguments("--exports", "bundle", "--evaluate", trials, "--images", self.people, "--json")
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        groups = json.loads(done.stdout)["evaluation"]["groups"]
        self.assertEqual([entry["variant"] for entry in groups], ["fp32", "int8 engine"])
        for entry in groups:
            rates = entry["differential"]["groups"]
            self.assertEqual([rate["name"] for rate in rates], ["a", "b"])
            self.assertEqual(sum(rate["genuine"] for rate in rates), len(people))
            self.assertEqual(sum(rate["impostors"] for rate in rates), len(rows) - 1 - len(people))


class Gate(CommandLineTest):
    def test_a_gate_that_is_passed(self):
        done = run(*self.compress_arguments("--evaluate", self.people, "--max-tar-loss", "0.5@1e-1", "--json"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual({gate["verdict"] for gate in json.loads(done.stdout)["gates"]}, {"passed"})
        self.assertIn("tiny.int8.tflite", names(self.out))
        # No faces in the bundle: it goes to devices.
        with zipfile.ZipFile(self.out / "tiny.bundle") as bundle:
            self.assertNotIn(b"jpeg", bundle.read("evidence/result.json"))

    def test_a_gate_that_is_not_leaves_only_the_report(self):
        done = run(*self.compress_arguments("--evaluate", self.people, "--max-tar-loss", HOPELESS_GATE))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(names(self.out), REPORT)
        self.assertIn("a gate did not pass; wrote only\n", done.stdout)

    def test_a_gate_that_is_not_says_which_exports_are_old(self):
        self.assertEqual(run(*self.compress_arguments("--exports", "tflite")).returncode, 0)
        gate = ["--evaluate", self.people, "--max-tar-loss", HOPELESS_GATE]
        done = run(*self.compress_arguments("--exports", "tflite,bundle", *gate))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("of an earlier run, not of this one: tiny.int8.tflite.", done.stdout)

    def test_compare_exits_alike(self):
        arguments = ["compare", self.model, self.model, "--trials", self.people, *self.spec]
        self.assertEqual(run(*arguments, "--max-tar-loss", "0@1e-1").returncode, 0)
        self.assertEqual(run(*arguments, "--max-tar-loss", HOPELESS_GATE).returncode, 3)

    def test_compare_holds_every_two_models_against_each_other_when_asked(self):
        self.assertEqual(run(*self.compress_arguments("--exports", "bundle,tflite", "--no-check")).returncode, 0)
        model, bundle, tflite = all_names = ["tiny.onnx", "tiny.bundle", "tiny.int8.tflite"]
        files = [self.model, self.out / bundle, self.out / tflite]
        arguments = ["compare", *files, "--trials", self.people, *self.spec, "--json"]
        losses = {}
        for options in [[], ["--pairwise"]]:
            done = run(*arguments, *options)
            self.assertEqual(done.returncode, 0, done.stderr)
            found = json.loads(done.stdout)["evaluation"]["losses"]
            losses[tuple(options)] = {
                (entry["from"], entry["to"]): {point["far"]: point["loss"] for point in entry["points"]} for entry in found
            }
        self.assertEqual(set(losses[()]), {(model, bundle), (model, tflite)})
        pairs = losses[("--pairwise",)]
        self.assertEqual(set(pairs), {(a, b) for a in all_names for b in all_names[1:] if a != b})
        # A loss is a difference of two TARs, so it adds up over any way round.
        for far, loss in pairs[model, tflite].items():
            self.assertAlmostEqual(pairs[model, bundle][far] + pairs[bundle, tflite][far], loss)
            self.assertAlmostEqual(pairs[bundle, tflite][far], -pairs[tflite, bundle][far])


class Interrupt(CommandLineTest):
    def interrupted(self, with_signal):
        """The command's exit code and last line, the signal sent once it has begun to make its files."""
        arguments = self.compress_arguments("--evaluate", self.people)
        arguments.remove("--no-bench")
        command = subprocess.Popen([DURWARD, *map(str, arguments)], stderr=subprocess.PIPE, text=True)
        with command:
            while command.poll() is None and not any(self.out.glob(".durward-*")):
                time.sleep(0.002)
            command.send_signal(with_signal)
            rest = command.stderr.read()
        return command.returncode, rest.splitlines()[-1]

    def test_leaves_nothing_behind(self):
        before = snapshot(self.folder)
        for with_signal in [signal.SIGINT, signal.SIGTERM]:
            code, last_line = self.interrupted(with_signal)
            self.assertEqual(code, 130)
            self.assertRegex(last_line, "^durward: .*stopped")
            self.assertEqual(snapshot(self.folder), before)

    def test_leaves_earlier_results_as_they_were(self):
        self.out.mkdir()
        (self.out / "tiny.qdq.onnx").write_text("of an earlier run\n")
        before = snapshot(self.folder)
        self.assertEqual(self.interrupted(signal.SIGINT)[0], 130)
        self.assertEqual(snapshot(self.folder), before)


if __name__ == "__main__":
    unittest.main()
