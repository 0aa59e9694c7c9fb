"""Writes the seeds of the fuzz targets in corpus/ beside this file. Needs OpenSSL 3.

The signed and the unsigned bundle are also what bundle_writer_test compares its own bytes with.
"""

import base64
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "apps"))
import bundle_file  # noqa: E402

SEED = bytes(range(1, 33))  # of sample_key() in sample.h
DER_PREFIX = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410


def main():
    with tempfile.TemporaryDirectory() as folder:
        key = pathlib.Path(folder) / "key.pem"
        text = base64.b64encode(DER_PREFIX + SEED).decode()
        key.write_text(f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
        signature = bundle_file.sign(bundle_file.manifest(), key)
    for folder, files in {
        "bundle": {
            "signed.bundle": bundle_file.bundle(signature),
            "unsigned.bundle": bundle_file.bundle(),
            "plan_only.bundle": bundle_file.bundle(members=bundle_file.MEMBERS[:1]),
            "empty.zip": bundle_file.pack([]),
        },
        "manifest": {
            "manifest.json": bundle_file.manifest(),
            "manifest.sig": signature,
            "calibrated.json": bundle_file.manifest(score_calibration=bundle_file.SCORE_CALIBRATION),
            "later_schema.json": b'{"schema": "durward-bundle/2"}',
        },
    }.items():
        (HERE / "corpus" / folder).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (HERE / "corpus" / folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
