"""Scores written by `durward evaluate --scores`, and `durward fuse` on lists made here."""

import csv
import json
import math
import random
import unittest

from harness import PEOPLE, PICTURES, CommandLineTest, run, snapshot


def write_scores(path, people=24, distance=4.0, seed=1, prefix="p", each=8):
    """Normal scores of deviation .1, `distance` deviations apart."""
    draw = random.Random(seed)
    with open(path, "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["person_enrol", "person_probe", "score"])
        for a in range(people):
            for b in range(people):
                for _ in range(each if a == b else 2):
                    mean = 0.1 * distance if a == b else 0.0
                    rows.writerow([f"{prefix}{a}", f"{prefix}{b}", f"{mean + draw.gauss(0, 0.1):.6f}"])
    return path


def read_scores(path):
    with open(path, newline="") as file:
        return [(row["person_enrol"], row["person_probe"], float(row["score"])) for row in csv.DictReader(file)]


def tar_at(scores, far):
    """TAR at the smallest threshold whose FAR is at most `far`."""
    impostors = sorted((score for a, b, score in scores if a != b), reverse=True)
    genuine = [score for a, b, score in scores if a == b]
    threshold = impostors[int(far * len(impostors) * (1 + 1e-12))]
    return sum(score > threshold for score in genuine) / len(genuine)


class Scores(CommandLineTest):
    def evaluate(self, *more, name="scores.csv", trials=None):
        file = self.folder / name
        done = run("evaluate", self.model, "--trials", trials or self.people, *self.spec, "--scores", file, "--json", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)["evaluation"]["variants"][0]["figures"]
        return read_scores(file), figures

    def test_scores_are_of_every_trial_and_give_the_figures_again(self):
        scores, figures = self.evaluate()
        pictures = PEOPLE * PICTURES
        self.assertEqual(len(scores), pictures * (pictures - 1) // 2)
        self.assertEqual({name for row in scores for name in row[:2]}, {f"person_{i}" for i in range(PEOPLE)})
        self.assertEqual(sum(a == b for a, b, _ in scores), figures["genuine"])
        for point in figures["operating_points"]:
            self.assertAlmostEqual(tar_at(scores, point["far_target"]), point["tar"], places=9)

    def test_a_list_has_its_own_order_and_names(self):
        trials = self.folder / "trials.csv"
        names = [f"person_{i}" for i in range(3)]
        rows = [(f"people/{a}/0.png", f"people/{b}/1.png", f"{a}, the {i}th", f"{b}, the {j}th")
                for i, a in enumerate(names) for j, b in enumerate(names)]
        with open(trials, "w", newline="") as file:
            csv.writer(file).writerows([("enrol", "probe", "person_enrol", "person_probe"), *rows])
        scores, _ = self.evaluate(trials=trials)
        self.assertEqual([row[:2] for row in scores], [row[2:] for row in rows])

    def test_small_faces_cost_scores_on_both_sides_or_on_the_probes(self):
        plain, _ = self.evaluate()
        both, _ = self.evaluate("--condition", "size=4")
        probes, _ = self.evaluate("--condition", "size=4", "--probes-only")
        same, _ = self.evaluate("--condition", "size=32", "--probes-only")  # what the pictures have
        self.assertEqual(same, plain)
        self.assertEqual([row[:2] for row in both], [row[:2] for row in plain])
        self.assertEqual([row[:2] for row in probes], [row[:2] for row in plain])
        different = [sum(a[2] != b[2] for a, b in zip(x, y)) for x, y in [(plain, both), (plain, probes), (both, probes)]]
        self.assertTrue(all(count > len(plain) / 2 for count in different), different)

    def test_what_cannot_be_written_or_said_is_refused(self):
        trials = ["evaluate", self.model, "--trials", self.people, *self.spec]
        self.assert_refused([*trials, "--scores", self.folder / "no" / "such.csv"], "such.csv")
        self.assert_refused([*trials, "--condition", "cut=2s"], "expected size=PIXELS")
        self.assert_refused([*trials, "--condition", "size=2"], "expected size=PIXELS")
        for arguments, mistake in [
            ([*trials, "--probes-only"], "--condition"),
            (["evaluate", self.model, self.model, *trials[2:], "--scores", "a.csv"], "--scores"),
        ]:
            done = run(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertIn(mistake, done.stderr)


class Fuse(CommandLineTest):
    def setUp(self):
        super().setUp()
        self.face = write_scores(self.folder / "face.csv", people=60, distance=3.2, seed=1, prefix="f")
        self.voice = write_scores(self.folder / "voice.csv", people=24, distance=3.0, seed=2, prefix="v")

    def fuse(self, *more, policy="gateway"):
        return ["fuse", self.face, self.voice, "--policy", policy, *more]

    def test_the_sum_is_better_and_floors_hold_a_stolen_factor(self):
        done = run(*self.fuse("--stolen-factor-rate", 0.01, "--out", self.out, "--html", self.folder / "page.html", "--json"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        document = json.loads(done.stdout)
        self.assertEqual(document["schema"], "durward-result/1")
        fusion = document["fusion"]
        self.assertEqual((fusion["people"], fusion["pairings"], fusion["chimeric"]), (24, 2, True))
        self.assertEqual([factor["people"] for factor in fusion["factors"]], [60, 24])
        figures = {variant["name"]: variant["figures"] for variant in fusion["variants"]}
        phi = lambda z: math.erfc(z / math.sqrt(2)) / 2
        self.assertAlmostEqual(figures["face"]["eer"], phi(1.6), delta=0.03)
        self.assertAlmostEqual(figures["voice"]["eer"], phi(1.5), delta=0.05)
        self.assertAlmostEqual(figures["fused"]["eer"], phi(math.hypot(3.2, 3) / 2), delta=0.01)
        tar = {name: {point["far_target"]: point["tar"] for point in of["operating_points"]} for name, of in figures.items()}
        self.assertEqual([gain["far"] for gain in fusion["gains"]], sorted(tar["fused"], reverse=True))
        for gain in fusion["gains"]:
            far, best = gain["far"], gain["best"]
            self.assertEqual(tar[best][far], max(tar["face"][far], tar["voice"][far]))
            self.assertAlmostEqual(gain["gain"], tar["fused"][far] - tar[best][far])
            self.assertGreaterEqual(gain["gain"], 0)
        self.assertLess(figures["fused"]["eer"], min(figures["face"]["eer"], figures["voice"]["eer"]))
        alone, found, policy = fusion["rules"]
        self.assertEqual([rule["name"] for rule in fusion["rules"]],
                         ["sum alone", "floors found here", "floors of the policy"])
        self.assertEqual(policy["floors"], [[3.0, 3.0]])
        self.assertAlmostEqual(fusion["policy"]["threshold"], math.log(1000))
        self.assertEqual([rate["stolen"] for rate in found["rates"]], [None, "face", "voice"])
        for before, after in list(zip(alone["rates"], found["rates"]))[1:]:
            self.assertGreater(before["far"], after["far"])
            self.assertLess(after["far"], 0.03)
        self.assertLess(max(rate["far"] for rate in policy["rates"]), 0.05)
        self.assertEqual(alone["frr_of_floors"], 0)
        self.assertGreater(found["frr"], alone["frr"])
        self.assertAlmostEqual(found["frr"] - alone["frr"], found["frr_of_floors"])
        self.assertEqual(json.loads((self.out / "result.json").read_text()), document)
        report = (self.out / "report.html").read_text()
        self.assertEqual((self.folder / "page.html").read_text(), report)
        for text in ["Fusion of face and voice", "<polyline", "floors of the policy", "voice stolen"]:
            self.assertIn(text, report)

    def test_the_terminal_shows_the_same(self):
        done = run(*self.fuse("--crosswise", "--seed", 3, "--stolen-factor-rate", 0.02, "--quiet"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ["24 people made of different persons, in 2 pairings; each half judged by", "fused",
                     "the sum gains", "policy gateway: the sum of the LLRs above 6.91", "at most 2.00 %"]:
            self.assertIn(text, done.stdout)
        self.assertRegex(done.stdout, r"floors of the policy +3\.00, 3\.00 ")

    def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(self):
        texts = []
        for threads in [1, 3]:
            self.assertEqual(run(*self.fuse("--out", self.out, "--threads", threads, "-q")).returncode, 0)
            document = json.loads((self.out / "result.json").read_text())
            texts.append(json.dumps(document["fusion"]))
        self.assertEqual(*texts)
        other = json.loads(run(*self.fuse("--seed", 2, "--json")).stdout)
        self.assertNotEqual(json.dumps(other["fusion"]["rules"]), json.dumps(document["fusion"]["rules"]))

    def test_people_of_one_name_are_paired_where_that_is_asked(self):
        self.voice = write_scores(self.folder / "own.csv", people=40, seed=5, prefix="f")
        fusion = json.loads(run(*self.fuse("--same-people", "--json")).stdout)["fusion"]
        self.assertEqual((fusion["people"], fusion["pairings"], fusion["chimeric"]), (40, 1, False))
        self.voice = write_scores(self.folder / "others.csv", people=40, seed=5, prefix="x")
        self.assert_refused(self.fuse("--same-people"), "0 names are in both lists")

    def test_lists_that_cannot_be_fused_are_refused_by_name(self):
        header = "person_enrol,person_probe,score\n"
        for name, text, cause in [
            ("columns.csv", "enrol,probe,score\na,b,1\n", "the column \"person_enrol\" is missing"),
            ("nan.csv", header + "a,a,0.5\na,b,nan\n", "line 3: the score is \"nan\""),
            ("one.csv", header + "a,a,0.5\na,a,0.6\n", "all its scores are of one person, \"a\""),
            ("genuine.csv", header + "a,a,0.5\nb,b,0.6\n", "no impostor score"),
            ("impostors.csv", header + "a,b,0.5\n", "no genuine score"),
            ("empty.csv", "", "no line that names its columns"),
            ("binary.csv", header + "a\0,b,1\n", "not UTF-8"),
        ]:
            self.voice = self.folder / name
            self.voice.write_text(text)
            with self.subTest(name):
                self.assert_refused(self.fuse("--out", self.out), name, cause)
        self.voice = self.folder / "absent.csv"
        self.assert_refused(self.fuse(), "absent.csv")
        self.voice = write_scores(self.folder / "three.csv", people=3)
        self.assert_refused(self.fuse(), "3 people could be paired: face has 60 and voice 3 people")
        self.voice = write_scores(self.folder / "few.csv", people=6, each=1)
        self.assert_refused(self.fuse(), "voice: the people whom it is calibrated on have 3 genuine")

    def test_policies_that_do_not_fit_are_refused(self):
        self.assert_refused(self.fuse(policy="nist-800-63b"), "lets a voice only speak against")
        self.assert_refused(self.fuse(policy="android-class3"), "has no factor \"voice\"")
        self.assert_refused(self.fuse("--names", "face,touch"), "has no factor \"touch\"")
        self.assert_refused(self.fuse("--names", "face"), "--names")
        self.assert_refused(self.fuse(policy="castle"), "expected home, gateway")
        self.assert_refused(self.fuse(policy=self.folder / "spec.json"), "spec.json")

    def test_a_policy_of_one_factor_asks_no_floor(self):
        fusion = json.loads(run(*self.fuse("--json", policy="home")).stdout)["fusion"]
        self.assertEqual(fusion["rules"][2]["floors"], [[None, None]])
        self.assertEqual(fusion["rules"][2]["rates"], fusion["rules"][0]["rates"])

    def test_wrong_usage_exits_2(self):
        for arguments, mistake in [
            (["fuse", self.face, "--policy", "gateway"], "SCORES"),
            (["fuse", self.face, self.voice], "--policy"),
            (self.fuse("--stolen-factor-rate", "0"), "--stolen-factor-rate"),
            (self.fuse("--pairings", "0"), "--pairings"),
        ]:
            before = snapshot(self.folder)
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(mistake, done.stderr)
            self.assertEqual(snapshot(self.folder), before)


if __name__ == "__main__":
    unittest.main()
