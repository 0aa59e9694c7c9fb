"""Bundles written by docs/bundle.md alone, without the code under test: for tests and the fuzzers' seeds."""

import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

ALIGNMENT = 64


def pack(members):
    """The archive of (name, bytes) pairs, in their order."""
    archive, directory = b"", b""
    for name, data in members:
        name = name.encode()
        padding = -(len(archive) + 30 + len(name) + 6) % ALIGNMENT
        extra = struct.pack("<HHH", 0xD935, 2 + padding, ALIGNMENT) + bytes(padding)
        # Flags, method, time, date, CRC-32, both sizes, length of the name.
        common = struct.pack("<HHHHIIIH", 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name))
        directory += struct.pack("<4sHH", b"PK\1\2", 10, 10) + common
        directory += struct.pack("<HHHHII", 0, 0, 0, 0, 0, len(archive)) + name
        archive += struct.pack("<4sH", b"PK\3\4", 10) + common + struct.pack("<H", len(extra)) + name + extra + data
    count = len(members)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(archive), 0)
    return archive + directory + end


CERTIFICATE = {
    "score": "cosine",
    "method": "smallest threshold with that FAR",
    "trials_sha256": "b" * 64,
    "people": 300,
    "genuine_trials": 3000,
    "impostor_trials": 30000,
    "points": [
        {
            "far": 0.001,
            "threshold": 0.3125,
            "threshold_interval": [0.29, 0.34],
            "far_bound": 0.002,
            "tar": 0.98,
            "tar_bound": 0.96,
        },
        {
            "far": 0.0005,
            "threshold": 0.4,
            "threshold_interval": None,
            "far_bound": 0.001,
            "tar": 0.97,
            "tar_bound": 0.95,
        },
    ],
    "refused": [{"far": 1e-06, "reason": "needs 3000000 impostor trials"}],
    "templates": [
        {
            "model_sha256": "d" * 64,
            "losses": [
                {"far": 0.001, "tar_loss": -0.001, "loss_bound": 0.002},
                {"far": 0.0005, "tar_loss": 0.001, "loss_bound": None},
            ],
        }
    ],
}

SCORE_CALIBRATION = {
    "features": ["cosine", "log-seconds"],
    "weights": [24.5, 0.25],
    "offset": -9.75,
    "trials_sha256": "b" * 64,
    "people": 300,
    "genuine_trials": 1500,
    "impostor_trials": 15000,
    "cllr": 0.125,
    "min_cllr": 0.0625,
}

MEMBERS = [
    ("plan.fb", "application/octet-stream", b"a plan"),
    ("golden/0.in", "application/octet-stream", b"inputs"),
    ("golden/0.out", "application/octet-stream", b"outputs"),
    ("exports/tiny.int8.tflite", "application/octet-stream", b""),
    ("evidence/result.json", "application/json", b"{}"),
]


def manifest(members=MEMBERS, score_calibration=None):
    calibrated = {"score_calibration": score_calibration} if score_calibration else {}
    document = {
        "schema": "durward-bundle/1",
        "tool_version": "0.1.0",
        "model": {"name": "tiny", "source_sha256": "a" * 64},
        "preprocessing": {"channels": "RGB", "height": 112, "version": 1, "width": 112},
        "certificate": CERTIFICATE,
        **calibrated,
        "lineage": {"calibration_sha256": "c" * 64, "choices": {"equalized": True, "observer": "mse"}},
        "members": [
            {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "media_type": media_type}
            for path, media_type, data in members
        ],
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def bundle(signature=None, text=None, members=MEMBERS):
    """The bundle's bytes; `signature` is manifest.sig's."""
    parts = [("manifest.json", manifest(members) if text is None else text)]
    parts += [(path, data) for path, _, data in members]
    return pack(parts + ([("manifest.sig", signature)] if signature else []))


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def sign(text, key_file):
    """manifest.sig for the manifest's text, made by OpenSSL with the secret key in the PEM file."""
    with tempfile.TemporaryDirectory(prefix="durward_sign_") as folder:
        message = pathlib.Path(folder) / "message"
        message.write_bytes(text)
        signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", key_file, "-in", message)
    public = openssl("pkey", "-in", key_file, "-pubout", "-outform", "DER")[-32:]
    document = {
        "algorithm": "ed25519",
        "key_id": hashlib.sha256(public).hexdigest()[:16],
        "public_key": public.hex(),
        "signature": signature.hex(),
    }
    return json.dumps(document, indent=2).encode() + b"\n"
