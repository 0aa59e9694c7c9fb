"""`durward bundle` on bundles that bundle_file.py wrote, and what it writes read by other programs."""

import io
import json
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest
import zipfile

import bundle_file
from harness import DURWARD, run, snapshot

HAVE_OPENSSL = shutil.which("openssl") is not None
HAVE_UNZIP = shutil.which("unzip") is not None


class BundleTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="durward_bundle_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.unsigned = self.write("unsigned.bundle", bundle_file.bundle())

    def write(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def keys(self, name="release"):
        """The paths of a new key pair: the secret one, the public one."""
        done = run("bundle", "keygen", "--out", self.folder / name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.folder / f"{name}.key", self.folder / f"{name}.pub"

    def signed(self, secret):
        path = self.folder / "signed.bundle"
        done = run("bundle", "sign", self.unsigned, "--key", secret, "--out", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return path

    def verdict(self, path, *keys):
        """(exit code, verdict) of verify, which must say the same in both ways."""
        arguments = ["bundle", "verify", path]
        for key in keys:
            arguments += ["--key", key]
        text, document = run(*arguments), run(*arguments, "--json")
        self.assertEqual((text.stderr, document.stderr), ("", ""))
        self.assertEqual(text.returncode, document.returncode)
        result = json.loads(document.stdout)
        self.assertEqual(result["passed"], text.returncode == 0)
        self.assertEqual(
            text.stdout, f"{'passed' if result['passed'] else 'failed'}: {result['verdict']}: {result['reason']}\n"
        )
        return text.returncode, result["verdict"]


class Help(BundleTest):
    def test_every_part_shows_examples(self):
        for part in ["show", "verify", "sign", "keygen"]:
            with self.subTest(part):
                done = run("bundle", part, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn(f"Examples:\n  durward bundle {part} ", done.stdout)


class Show(BundleTest):
    def test_what_is_in_the_bundle_is_shown(self):
        done = run("bundle", "show", self.unsigned)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ["tiny", "0.1.0", "width 112", "[0.29, 0.34]", "0.3125", "30000", "plan.fb", "unsigned", "mse"]:
            self.assertIn(text, done.stdout)
        for path, _, _ in bundle_file.MEMBERS:
            self.assertIn(path, done.stdout)

    def test_json_holds_the_whole_manifest(self):
        done = run("bundle", "show", self.unsigned, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        document = json.loads(done.stdout)
        self.assertEqual(document["manifest"], json.loads(bundle_file.manifest()))
        self.assertEqual(document["signature"], {"state": "unsigned"})
        self.assertEqual(document["bytes"], self.unsigned.stat().st_size)

    def test_names_from_a_bundle_do_not_steer_the_terminal(self):
        text = bundle_file.manifest().replace(b'"RGB"', b'"\\u001b[2J\\u009b2J"')
        done = run("bundle", "show", self.write("a.bundle", bundle_file.bundle(text=text)))
        self.assertEqual(done.returncode, 0)
        self.assertTrue(done.stdout.replace("\n", "").isprintable())

    def test_a_file_that_is_no_bundle_is_refused(self):
        for path, cause in [
            (self.write("a.zip", b"PK"), "too short"),
            (self.folder / "absent", "No such file"),
            (self.folder, "not a regular file"),
        ]:
            done = run("bundle", "show", path)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(cause, done.stderr)
            self.assertIn(str(path), done.stderr)


class Verify(BundleTest):
    def test_the_states_of_the_signature_are_told_apart(self):
        secret, public = self.keys()
        _, other = self.keys("other")
        signed = self.signed(secret)
        self.assertEqual(self.verdict(signed, public), (0, "trusted"))
        self.assertEqual(self.verdict(signed, other, public), (0, "trusted"))
        self.assertEqual(self.verdict(signed, other), (3, "unknown key"))
        self.assertEqual(self.verdict(signed), (0, "unknown key"))
        self.assertEqual(self.verdict(self.unsigned), (0, "unsigned"))
        self.assertEqual(self.verdict(self.unsigned, public), (3, "unsigned"))

    def test_a_tampered_manifest_has_a_bad_signature(self):
        secret, public = self.keys()
        with zipfile.ZipFile(self.signed(secret)) as archive:
            signature = archive.read("manifest.sig")
        text = bundle_file.manifest().replace(b"0.3125", b"0.0125")
        tampered = self.write("tampered.bundle", bundle_file.bundle(signature, text))
        self.assertEqual(self.verdict(tampered), (3, "bad signature"))
        self.assertEqual(self.verdict(tampered, public), (3, "bad signature"))

    def test_damage_is_found_in_every_member(self):
        data = bundle_file.bundle()
        for content in [b'"tiny"', b"a plan", b"inputs", b"outputs", b"{}PK\1\2"]:
            with self.subTest(content):
                at = data.index(content)
                damaged = self.write("damaged.bundle", data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
                self.assertEqual(self.verdict(damaged), (3, "damaged"))
        self.assertEqual(self.verdict(self.write("cut.bundle", data[:-1])), (3, "damaged"))
        self.assertEqual(self.verdict(self.write("empty.bundle", b"")), (3, "damaged"))

    def test_a_later_schema_is_told_apart_from_damage(self):
        text = bundle_file.manifest().replace(b"durward-bundle/1", b"durward-bundle/2")
        later = self.write("later.bundle", bundle_file.bundle(text=text))
        self.assertEqual(self.verdict(later), (3, "unsupported"))

    def test_what_another_program_packed_is_no_bundle(self):
        for method in [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", method) as archive:
                archive.writestr("manifest.json", bundle_file.manifest())
                for path, _, data in bundle_file.MEMBERS:
                    archive.writestr(path, data)
            self.assertEqual(self.verdict(self.write("packed.bundle", packed.getvalue())), (3, "damaged"))

    def test_files_that_cannot_be_read_are_errors(self):
        secret, public = self.keys()
        for arguments, cause in [
            ([self.folder / "absent", "--key", public], "absent"),
            ([self.unsigned, "--key", self.folder / "absent.pub"], "absent.pub"),
            ([self.unsigned, "--key", secret], "it is no Ed25519 public key"),
        ]:
            done = run("bundle", "verify", *arguments)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(cause, done.stderr)


class Sign(BundleTest):
    def test_signing_in_place_replaces_a_signature(self):
        secret, public = self.keys()
        other_secret, other_public = self.keys("other")
        for key in [other_secret, secret]:
            self.assertEqual(run("bundle", "sign", self.unsigned, "--key", key).returncode, 0)
        self.assertEqual(self.verdict(self.unsigned, public), (0, "trusted"))
        self.assertEqual(self.verdict(self.unsigned, other_public), (3, "unknown key"))

    def test_a_damaged_bundle_is_not_signed(self):
        secret, _ = self.keys()
        data = bundle_file.bundle()
        damaged = self.write("damaged.bundle", data.replace(b"{}PK\1\2", b"[]PK\1\2"))
        before = snapshot(self.folder)
        done = run("bundle", "sign", damaged, "--key", secret)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("evidence/result.json", done.stderr)
        self.assertEqual(snapshot(self.folder), before)

    def test_a_full_disk_leaves_the_bundle_as_it_was(self):
        secret, _ = self.keys()
        before = snapshot(self.folder)
        done = subprocess.run(
            ["bash", "-c", 'ulimit -f 1; exec "$0" bundle sign "$1" --key "$2"', DURWARD, self.unsigned, secret],
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(snapshot(self.folder), before)

    def test_what_was_signed_is_a_zip_archive_to_python(self):
        secret, _ = self.keys()
        with zipfile.ZipFile(self.signed(secret)) as archive:
            self.assertIsNone(archive.testzip())
            names = ["manifest.json", *(path for path, _, _ in bundle_file.MEMBERS), "manifest.sig"]
            self.assertEqual(archive.namelist(), names)
            self.assertEqual({member.compress_type for member in archive.infolist()}, {zipfile.ZIP_STORED})
            self.assertEqual(archive.read("manifest.json"), bundle_file.manifest())

    @unittest.skipUnless(HAVE_UNZIP, "unzip is not installed")
    def test_what_was_signed_is_a_zip_archive_to_unzip(self):
        secret, _ = self.keys()
        done = subprocess.run(["unzip", "-tq", self.signed(secret)], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(HAVE_OPENSSL, "openssl is not installed")
    def test_openssl_makes_the_same_signature(self):
        secret, _ = self.keys()
        signature = bundle_file.sign(bundle_file.manifest(), secret)
        self.assertEqual(self.signed(secret).read_bytes(), bundle_file.bundle(signature))

    @unittest.skipUnless(HAVE_OPENSSL, "openssl is not installed")
    def test_openssl_verifies_the_signature(self):
        secret, public = self.keys()
        with zipfile.ZipFile(self.signed(secret)) as archive:
            signature = bytes.fromhex(json.loads(archive.read("manifest.sig"))["signature"])
        files = ["-in", self.write("message", bundle_file.manifest()), "-sigfile", self.write("sig", signature)]
        bundle_file.openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, *files)
        self.write("message", bundle_file.manifest() + b" ")
        with self.assertRaises(subprocess.CalledProcessError):
            bundle_file.openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", public, *files)

    @unittest.skipUnless(HAVE_OPENSSL, "openssl is not installed")
    def test_keys_made_by_openssl_sign_and_verify(self):
        secret, public = self.folder / "o.pem", self.folder / "o.pub"
        bundle_file.openssl("genpkey", "-algorithm", "ed25519", "-out", secret)
        bundle_file.openssl("pkey", "-in", secret, "-pubout", "-out", public)
        self.assertEqual(self.verdict(self.signed(secret), public), (0, "trusted"))


class Keygen(BundleTest):
    def test_the_secret_is_its_owners_and_never_printed(self):
        for extra in [[], ["--json"]]:
            name = self.folder / f"release{len(extra)}"
            done = run("bundle", "keygen", "--out", name, *extra)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            secret = name.with_suffix(".key")
            self.assertEqual(stat.S_IMODE(secret.stat().st_mode), 0o600)
            self.assertNotIn(secret.read_text().splitlines()[1][20:], done.stdout)

    def test_keys_are_never_overwritten(self):
        secret, public = self.keys()
        before = snapshot(self.folder)
        for missing in [None, secret, public]:
            if missing:
                kept = missing.read_bytes()
                missing.unlink()
            done = run("bundle", "keygen", "--out", self.folder / "release")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("File exists", done.stderr)
            if missing:
                self.assertFalse(missing.exists())
                missing.write_bytes(kept)
                missing.chmod(0o600 if missing == secret else 0o644)
        self.assertEqual(snapshot(self.folder), before)


if __name__ == "__main__":
    unittest.main()
