"""The door from its commands: a touch model that is made here, entries of a PIN fed as lines."""

import json
import math
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import DURWARD, run
from touch_test import MOTION, TIMING, write_touch

PEOPLE, LEARNERS = 32, "1-20"
NAMES = [f"timing-{i + 1}" for i in range(TIMING)] + [f"motion-{i + 1}" for i in range(MOTION)]
POLICY = {
    "schema": "durward-policy/1",
    "name": "pin",
    "summary": "A PIN, by how it is tapped.",
    "prior_genuine": 0.5,
    "cost_false_accept": 2,
    "cost_false_reject": 1,
    "factors": [
        {
            "modality": "touch",
            "use": "for",
            "required": True,
            "llr_floor": None,
            "pad": "off",
            "pad_llr_floor": 0,
            "challenge": None,
        }
    ],
    "factors_needed": 1,
    "attempts": {"limit": 3, "lock_seconds": 600, "lock_growth": 2, "max_lock_seconds": 3600, "disable_after": None},
    "time": {"capture_ms": 60000, "decide_within_ms": 60000},
    "templates": {"max_age_days": None, "accept_compatible": True},
}


class Manner:
    """How somebody taps: as write_touch() makes people, with another draw."""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.means = [self.draw.gauss(0, 1) for _ in NAMES]

    def entry(self):
        values = [math.exp(mean + self.draw.gauss(0, 0.15)) for mean in self.means]
        features = dict(zip(NAMES, values))
        return json.dumps({"schema": "durward-touch/1", "source": "keypad", "taps": [], "features": features}) + "\n"


class Door(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.material = pathlib.Path(tempfile.mkdtemp(prefix="durward_door_material_"))
        cls.addClassCleanup(shutil.rmtree, cls.material)
        data, out = cls.material / "touch", cls.material / "out"
        write_touch(data, PEOPLE)
        cls.check(run("train", "touch", data, "--learners", LEARNERS, "--out", out))
        compress = ["compress", out / "touch.onnx", "--input-spec", out / "input-spec.json", "--calibrate", data]
        compress += ["--evaluate", data, "--learners", LEARNERS, "--no-bench", "--exports", "bundle", "--out", out]
        cls.check(run(*compress))
        (cls.material / "pin.json").write_text(json.dumps(POLICY))

    @staticmethod
    def check(done):
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="durward_door_"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(self.material / "out" / "touch.bundle", self.folder)
        self.door = ["--door", self.folder / "door.json"]
        self.init()
        self.ann, self.bo, self.stranger = Manner(1), Manner(2), Manner(3)

    def init(self, *more):
        done = run("door", "init", *self.door, "--touch", self.folder / "touch.bundle", "--policy", self.material / "pin.json", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def entries(self, manner, count=1):
        return "".join(manner.entry() for _ in range(count))

    def command(self, name, *arguments, entries="", code=0, **options):
        """The JSON of a command that is fed entries on standard input."""
        touch = ["--touch", "-"] if entries else []
        done = run(name, *arguments, *self.door, *touch, "--json", input=entries, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    def enroll(self, user, manner, code=0, *more):
        return self.command("enroll", user, "--rounds", 5, *more, entries=self.entries(manner, 5), code=code)

    def users(self):
        return [user["name"] for user in self.command("users")["users"]]

    def test_enrolled_accepted_refused_and_forgotten(self):
        enrolled = self.enroll("ann", self.ann)
        self.assertTrue(enrolled["enrolled"])
        self.assertEqual((enrolled["factors"][0]["rounds"], enrolled["factors"][0]["resembles"]), (5, None))
        self.assertEqual(self.users(), ["ann"])

        accepted = self.command("verify", "ann", entries=self.entries(self.ann))
        self.assertEqual((accepted["verdict"], accepted["user"]), ("accept", "ann"))
        self.assertGreater(accepted["fused_llr"], accepted["threshold"])
        refused = self.command("verify", "ann", entries=self.entries(self.stranger), code=3)
        self.assertEqual(refused["reason"], "evidence-too-weak")
        # In words, and with numbers only where they are asked for.
        done = run("verify", "ann", *self.door, "--touch", "-", input=self.entries(self.stranger))
        self.assertRegex(done.stdout, r"^refused: the evidence is too weak\n$")
        done = run("verify", "ann", *self.door, "--touch", "-", "--explain", input=self.entries(self.ann))
        self.assertRegex(done.stdout, r"^accepted: .*\npolicy pin, threshold 0.69, evidence \d.*\ntouch: 1 samples, ")

        # Nobody, nothing: no decision.
        nothing = self.command("verify", "ann", "--touch", os.devnull, code=4)
        self.assertEqual(nothing["reason"], "factor-missing")
        unknown = self.command("verify", "nobody", entries=self.entries(self.ann), code=4)
        self.assertEqual(unknown["factors"][0]["missing"], "not-enrolled")

        self.assertEqual(self.command("forget", "ann")["forgotten"], True)
        self.assertEqual(self.users(), [])
        self.assertIn("nobody is enrolled", self.command("forget", "ann", code=1))
        log = run("log", "show", self.folder / "decisions.jsonl")
        for text in ["enrolled", "accepted", "evidence-too-weak", "factor-missing", "forgotten"]:
            self.assertIn(text, log.stdout)
        arguments = ["--store", self.folder / "templates.db", "--key", f"file:{self.folder / 'store.key'}"]
        done = run("log", "verify", self.folder / "decisions.jsonl", *arguments, "--state", self.folder / "state.db", "--json")
        self.assertEqual(json.loads(done.stdout)["verdict"], "intact")

    def test_what_scores_weigh_may_be_assumed(self):
        door = self.folder / "assumed" / "door.json"
        llrs = ["--face-llr", 25, -9, "--voice-llr", 30, -21]
        models = ["--face", "face.bundle", "--detector", "blazeface.bundle", "--voice", "voice.bundle"]
        done = run("door", "init", "--door", door, *models, *llrs)
        self.assertEqual(done.returncode, 0, done.stderr)
        config = json.loads(door.read_text())
        for name, weight, offset in [("face", 25, -9), ("voice", 30, -21)]:
            expected = {"features": ["cosine"], "weights": [weight], "offset": offset}
            self.assertEqual(config[name]["score_calibration"], expected)
        refused = run("door", "init", "--door", self.folder / "other.json", "--voice-llr", 30, -21)
        self.assertEqual(refused.returncode, 2)

    def test_a_detector_too_is_signed_where_the_door_trusts_keys(self):
        # Which models they are does not matter: who has signed them is looked at first.
        bundles = {name: shutil.copy(self.material / "out" / "touch.bundle", self.folder / f"{name}.bundle") for name in ["face", "detector"]}
        self.check(run("bundle", "keygen", "--out", self.folder / "release"))
        sign = ["--key", self.folder / "release.key"]
        self.check(run("bundle", "sign", bundles["face"], *sign))
        door = self.folder / "trusting" / "door.json"
        trusted = ["--trusted-key", self.folder / "release.pub"]
        self.check(run("door", "init", "--door", door, "--face", bundles["face"], "--detector", bundles["detector"], *trusted))
        verify = ["verify", "ann", "--door", door, "--camera", self.folder]
        refused = run(*verify)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("detector.bundle", refused.stderr)
        self.assertIn("sign", refused.stderr)
        self.check(run("bundle", "sign", bundles["detector"], *sign))
        other = run(*verify)
        self.assertEqual(other.returncode, 1)
        self.assertNotIn("detector.bundle", other.stderr)

    def test_identified_among_others(self):
        self.enroll("ann", self.ann)
        self.enroll("bo", self.bo)
        found = self.command("identify", entries=self.entries(self.bo, 2))
        self.assertEqual((found["accepted"], found["people"], found["decision"]["user"]), (True, 2, "bo"))
        found = self.command("identify", entries=self.entries(self.stranger, 2), code=3)
        self.assertEqual((found["accepted"], "decision" in found), (False, False))

    def test_two_people_are_not_one(self):
        entries = self.entries(self.ann, 2) + self.entries(self.bo, 3)
        refused = self.command("enroll", "ann", "--rounds", 5, entries=entries, code=3)
        self.assertEqual(refused["factors"][0]["refusal"], "other-person")
        self.assertEqual(self.users(), [])

    def test_a_recording_that_is_played_twice_is_noticed(self):
        once = self.entries(self.ann)
        refused = self.command("enroll", "ann", "--rounds", 2, entries=once * 2, code=3)
        self.assertEqual(refused["factors"][0]["refusal"], "sample-fault")

    def test_somebody_who_is_there_is_not_enrolled_again_by_mistake(self):
        self.enroll("ann", self.ann)
        self.assertIn("already", self.enroll("ann", self.bo, 1))
        self.command("verify", "ann", entries=self.entries(self.ann))
        self.enroll("ann", self.bo, 0, "--replace")
        self.command("verify", "ann", entries=self.entries(self.bo))

    def test_attempts_are_counted_across_runs(self):
        self.enroll("ann", self.ann)
        for _ in range(3):
            self.command("verify", "ann", entries=self.entries(self.stranger), code=3)
        locked = self.command("verify", "ann", entries=self.entries(self.ann), code=3)
        self.assertEqual((locked["verdict"], locked["reason"]), ("locked", "locked-out"))
        self.command("door", "unlock", "ann")
        self.assertEqual(self.command("verify", "ann", entries=self.entries(self.ann))["verdict"], "accept")

    def test_a_kill_in_the_middle_leaves_nothing(self):
        arguments = [DURWARD, "enroll", "ann", *map(str, self.door), "--touch", "-", "--rounds", "5"]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(self.entries(self.ann, 3).encode())
        process.stdin.flush()
        time.sleep(0.5)
        process.kill()
        process.communicate()
        self.assertEqual(self.users(), [])
        self.enroll("ann", self.ann)

    def test_ctrl_c_ends_the_wait(self):
        arguments = [DURWARD, "enroll", "ann", *map(str, self.door), "--touch", "-"]
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdin.write(b"no entry\n")
        process.stdin.flush()
        self.assertIn(b"enter it again", process.stderr.readline())  # it listens
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
        process.communicate()
        self.assertEqual(process.returncode, 130)

    def test_a_full_disk_enrolls_nobody(self):
        # No file may grow beyond what the store has already.
        limit = (self.folder / "templates.db").stat().st_size
        done = run(
            "enroll", "ann", *self.door, "--touch", "-", "--rounds", 2, "--quiet",
            input=self.entries(self.ann, 2),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit // 8, limit // 8)),
        )  # fmt: skip
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(self.users(), [])

    def test_two_programs_at_once(self):
        self.enroll("ann", self.ann)
        arguments = [DURWARD, "verify", "ann", *map(str, self.door), "--touch", "-", "--quiet"]
        processes = [subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)]
        for process in processes:
            process.communicate(self.entries(self.ann).encode())
            self.assertEqual(process.returncode, 0)
        self.assertEqual(run("log", "verify", self.folder / "decisions.jsonl").returncode, 0)

    def test_a_stolen_store_without_its_key_opens_nothing(self):
        self.enroll("ann", self.ann)
        (self.folder / "store.key").unlink()
        other = self.folder / "other"
        done = run("door", "init", "--door", other / "door.json", "--touch", self.folder / "touch.bundle", "--policy", self.material / "pin.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        shutil.copy(other / "store.key", self.folder / "store.key")
        self.assertIn("does not open the store", self.command("users", code=1))
        self.assertIn("does not open the store", self.command("verify", "ann", entries=self.entries(self.ann), code=1))

    def test_backed_up_and_restored(self):
        self.enroll("ann", self.ann)
        self.command("door", "backup", self.folder / "copy.db")
        self.command("forget", "ann")
        self.command("door", "restore", self.folder / "copy.db")
        self.assertEqual(self.users(), ["ann"])

    def test_a_new_model_takes_the_templates_of_the_old_one_where_its_certificate_says_so(self):
        self.enroll("ann", self.ann)
        old, new = self.folder / "touch.bundle", self.folder / "new.bundle"
        # Another plan: calibrated on other repetitions.
        data, out = self.material / "touch", self.folder / "out"
        spec = self.material / "out" / "input-spec.json"
        compress = ["compress", self.material / "out" / "touch.onnx", "--input-spec", spec, "--calibrate", data]
        compress += ["--evaluate", data, "--learners", LEARNERS, "--no-bench", "--exports", "bundle", "--out", out]
        self.check(run(*compress, "--observer", "min-max"))
        shutil.copy(out / "touch.bundle", new)
        config = json.loads((self.folder / "door.json").read_text())
        config["touch"]["bundle"] = "new.bundle"
        # A test's few people bound no loss narrowly.
        config["most_tar_loss"] = 1
        (self.folder / "door.json").write_text(json.dumps(config))
        unknown = self.command("verify", "ann", entries=self.entries(self.ann), code=3)
        self.assertEqual(unknown["reason"], "template-of-other-model")

        done = run("calibrate", new, "--trials", data, "--learners", LEARNERS, "--enrolled-by", old)
        self.assertEqual(done.returncode, 0, done.stderr)
        first = self.command("verify", "ann", entries=self.entries(self.ann))
        self.assertEqual(first["factors"][0]["template"], "compatible-model")
        second = self.command("verify", "ann", entries=self.entries(self.ann))
        self.assertEqual(second["factors"][0]["template"], "same-model")
        versions = {template["version"] for template in self.command("users")["users"][0]["templates"]}
        self.assertEqual(len(versions), 2)

    def test_the_doctor_finds_what_is_wrong(self):
        healthy = self.command("doctor")
        self.assertNotEqual(healthy["health"], "failed")
        found = {finding["what"] for finding in healthy["findings"]}
        self.assertLessEqual({"policy", "store", "state", "log", "touch bundle", "clock"}, found)
        self.enroll("ann", self.ann)

        def failures():
            return {one["what"]: one["words"] for one in self.command("doctor", code=3)["findings"] if one["health"] == "failed"}

        bundle = (self.folder / "touch.bundle").read_bytes()
        (self.folder / "touch.bundle").write_bytes(bundle[:-1])
        self.assertEqual(set(failures()), {"touch bundle"})
        (self.folder / "touch.bundle").write_bytes(bundle)
        log = self.folder / "decisions.jsonl"
        text = log.read_text()
        log.write_text(text.replace('"ann"', '"bob"'))
        self.assertIn("changed", failures()["log"])
        log.write_text("")
        self.assertIn("cut short", failures()["log"])
        log.write_text(text)
        (self.folder / "state.db").rename(self.folder / "away")
        self.assertIn("state", failures())
        (self.folder / "away").rename(self.folder / "state.db")
        os.chmod(self.folder / "store.key", 0o644)
        self.assertIn("store", failures())
        os.chmod(self.folder / "store.key", 0o600)
        config = json.loads((self.folder / "door.json").read_text())
        policy = json.loads((self.folder / "policy.json").read_text())
        policy["factors"][0]["modality"] = "face"
        (self.folder / "policy.json").write_text(json.dumps(policy))
        self.assertIn("requires a face", failures()["policy"])
        self.assertEqual(config, json.loads((self.folder / "door.json").read_text()))

    def test_init_changes_nothing_that_is_there(self):
        before = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        self.assertEqual(json.loads(self.init("--json").stdout)["made"], [])
        self.assertEqual(before, {path.name: path.read_bytes() for path in self.folder.iterdir()})
        (self.folder / "state.db").unlink()
        done = run("door", "init", *self.door)
        self.assertEqual(done.returncode, 1)
        self.assertIn("would forget failed attempts", done.stderr)

    def test_errors_name_their_cause(self):
        for arguments, cause in [
            (["verify", "ann", "--door", self.folder / "none.json"], "none.json"),
            (["verify", "a\nb", *self.door], "without control characters"),
            (["enroll", "ann", *self.door], "nothing here gives samples"),
            (["enroll", "ann", *self.door, "--touch", self.folder / "none"], "none"),
            (["door", "init", "--door", self.folder / "new.json"], "one of face, voice and touch"),
            (["door", "init", "--door", self.folder / "new.json", "--policy", "nice"], "expected home, gateway"),
            (["identify", *self.door, "--touch", "-"], "there are no more entries"),
        ]:
            done = run(*arguments, stdin=subprocess.DEVNULL)
            self.assertEqual((done.returncode, done.stdout), (1, ""), arguments)
            self.assertIn(cause, done.stderr)

    def test_the_examples_in_c_and_c_plus_plus_do_the_same(self):
        for example in ["DOOR_C", "DOOR_CPP"]:
            def example_run(what, entries):
                (self.folder / "entries").write_text(entries)
                arguments = [os.environ[example], self.folder / "door.json", what, example, "touch", self.folder / "entries"]
                return subprocess.run(arguments, capture_output=True, text=True, timeout=60)

            done = example_run("enroll", self.entries(self.ann, 3))
            self.assertEqual((done.returncode, done.stdout), (0, "enrolled\n"), done.stderr)
            done = example_run("verify", self.entries(self.ann))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, "^accepted: ")
            done = example_run("verify", self.entries(self.stranger))
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertEqual(done.stdout, "refused: the evidence is too weak\n")
            self.assertEqual(example_run("enroll", self.entries(self.ann)).returncode, 1)


if __name__ == "__main__":
    unittest.main()
