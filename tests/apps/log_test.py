"""durward log: decision logs that are written here, independently of the program."""

import hashlib
import json
import pathlib
import shutil
import tempfile
import unittest

from harness import run


def log_lines(records, sequence=1, previous="0" * 64):
    """The lines of a log; the MACs are not those of any key."""
    lines = []
    for number, record in enumerate(records, sequence):
        text = json.dumps(record, separators=(",", ":"))
        body = f'{{"sequence":{number},"previous":"{previous}","record":{text}'
        previous = hashlib.sha256(body.encode()).hexdigest()
        lines.append(f'{body},"digest":"{previous}","mac":"{"ab" * 32}"}}\n')
    return lines


def record(user, verdict, reason, **more):
    return {"time_ms": 1700000000000, "user": user, "policy": "home", "verdict": verdict, "reason": reason, **more}


RECORDS = [
    record("ann", "accept", "accepted", fused_llr=12.25, threshold=6.907),
    record("bo", "reject", "presentation-attack", factor="face"),
    {"event": "torn-line-removed", "bytes": 17},
    record("ann", "retry", "factor-missing", factor="voice"),
]


class Log(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="durward_log_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.log = self.folder / "decisions.jsonl"
        self.lines = log_lines(RECORDS)
        self.log.write_text("".join(self.lines))

    def verify(self, *arguments):
        done = run("log", "verify", self.log, "--json", *arguments)
        self.assertEqual(done.stderr, "")
        result = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if result["passed"] else 3)
        return result

    def test_an_intact_log_passes_and_says_that_the_chain_alone_was_checked(self):
        result = self.verify()
        self.assertEqual((result["verdict"], result["lines"], result["proved"]), ("intact", 4, False))
        done = run("log", "verify", self.log)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^passed: intact: 4 lines, 1 to 4; without --key only the chain")

    def test_files_put_aside_are_read_first(self):
        self.log.write_text("".join(self.lines[2:]))
        (self.folder / "decisions.jsonl.000000000002").write_text("".join(self.lines[:2]))
        self.assertEqual(self.verify()["lines"], 4)

    def test_a_changed_log_fails_and_names_the_place(self):
        self.log.write_text("".join(self.lines).replace('"presentation-attack"', '"accepted"'))
        result = self.verify()
        self.assertEqual((result["verdict"], result["lines"]), ("changed", 1))
        self.assertIn("line 2 was changed", result["reason"])
        self.log.write_text(self.lines[0] + self.lines[2])
        self.assertIn("line 3 does not follow it", self.verify()["reason"])

    def test_a_torn_last_line_is_told_apart(self):
        self.log.write_text("".join(self.lines)[:-20])
        result = self.verify()
        self.assertEqual((result["verdict"], result["lines"]), ("torn", 3))

    def test_show_prints_the_last_decisions_of_a_user(self):
        done = run("log", "show", self.log)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ["accepted", "12.25", "6.91", "presentation-attack", "torn-line-removed", "bo"]:
            self.assertIn(text, done.stdout)
        done = run("log", "show", self.log, "--user", "ann", "--last", "1", "--json")
        shown = json.loads(done.stdout)["lines"]
        self.assertEqual([line["sequence"] for line in shown], [4])
        self.assertEqual(shown[0]["record"], RECORDS[3])

    def test_names_steer_no_terminal(self):
        self.log.write_text("".join(log_lines([record("a\x1b[2Jb", "accept", "accepted")])))
        self.assertNotIn("\x1b", run("log", "show", self.log).stdout)

    def test_what_cannot_be_read_is_an_error(self):
        for arguments, cause in [
            (["verify", self.folder / "none.jsonl"], "there is no decision log"),
            (["show", self.folder / "none.jsonl"], "there is no decision log"),
            (
                ["verify", self.log, "--key", "file:k", "--store", self.folder / "s", "--state", self.folder / "t"],
                str(self.folder / "s"),
            ),
            (["verify", self.log, "--key", "k", "--store", "s", "--state", "t"], "expected file:PATH"),
        ]:
            done = run("log", *arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(cause, done.stderr)


if __name__ == "__main__":
    unittest.main()
