#!/usr/bin/env python3
"""Writes reference.h beside itself: what Resemblyzer's own front end makes of a synthetic recording.

usage: make_reference.py RESEMBLYZER     RESEMBLYZER is the unpacked wheel Resemblyzer 0.1.4

Needs librosa 0.11.0 and webrtcvad-wheels 2.0.14.post1. audio.py is run as it is published but for
the import of binary_dilation, whose module SciPy renamed; compute_partial_slices is taken out of
voice_encoder.py by its text, since the file imports PyTorch.
"""

import pathlib
import re
import sys
import textwrap

import numpy as np


def signal():
    """Four seconds at 16 kHz: soft noise, and from .5 s on, every other half second, a saw-tooth of
    another pitch besides. Integers alone, so that every language makes the same samples."""
    state, samples = 1, []
    for n in range(64_000):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        value = (state >> 24) - 128
        segment = n // 8_000
        if segment % 2 == 1:
            period = 160 - 10 * segment
            value += 8_000 * (n % period) // period - 4_000
        samples.append(value)
    return np.array(samples, np.float64).astype(np.float32) / np.float32(32_768)


def floats(values):
    return ", ".join(f"{v:.9g}f" if "." in f"{v:.9g}" or "e" in f"{v:.9g}" else f"{v:.9g}.f" for v in values)


def ints(values):
    return ", ".join(str(int(v)) for v in values)


def table(name, kind, values, text):
    body = textwrap.fill(text(values), 96, initial_indent="    ", subsequent_indent="    ")
    return f"inline constexpr {kind} {name}[] = {{\n{body}}};\n"


def main():
    package = pathlib.Path(sys.argv[1])
    sys.path.insert(0, str(package))
    source = (package / "resemblyzer" / "audio.py").read_text().replace("scipy.ndimage.morphology", "scipy.ndimage")
    source = source.replace("from resemblyzer.hparams import *", (package / "resemblyzer" / "hparams.py").read_text())
    audio = {}
    exec(source, audio)
    text = (package / "resemblyzer" / "voice_encoder.py").read_text()
    function = re.search(r"    def compute_partial_slices.*?return wav_slices, mel_slices\n", text, re.S)[0]
    hparams = {"np": np, "sampling_rate": 16_000, "mel_window_step": 10, "partials_n_frames": 160}
    exec(textwrap.dedent(function), hparams)

    wav = signal()
    flags = []
    vad = audio["webrtcvad"].Vad(mode=3)
    loud = audio["normalize_volume"](wav, -30, increase_only=True)
    pcm = np.round(loud * 32_767).astype(np.int16)
    for start in range(0, len(pcm) // 480 * 480, 480):
        flags.append(vad.is_speech(pcm[start:start + 480].tobytes(), 16_000))
    kept = audio["preprocess_wav"](wav.copy())
    mel = audio["wav_to_mel_spectrogram"](kept)
    frames = [0, 1, 80, len(mel) - 1]
    out = [
        "// What Resemblyzer 0.1.4 (librosa 0.11.0, webrtcvad) makes of reference_signal.h's recording.",
        "// Written by make_reference.py.",
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "namespace durward {",
        "",
        "// webrtcvad, mode 3, of each 30 ms of the recording raised to -30 dBFS.",
        table("kReferenceSpeech", "uint8_t", flags, ints),
        "// preprocess_wav: samples, and every 1,000th of them.",
        f"inline constexpr int kReferenceKept = {len(kept)};",
        table("kReferenceKeptSamples", "float", kept[::1000], floats),
        "// wav_to_mel_spectrogram of those: these frames of so many.",
        f"inline constexpr int kReferenceFrames = {len(mel)};",
        table("kReferenceFrameIndices", "int", frames, ints),
        table("kReferenceMel", "float", mel[frames].ravel(), floats),
        "// compute_partial_slices(samples, 1.3, .75): how many partials so many samples give.",
    ]
    lengths = [1, 480, 16_000, 25_439, 25_440, 25_599, 25_600, 25_601, 31_520, 31_519, 31_518, 31_680, 37_919, 37_920,
               43_839, 43_840, 100_000, 333_333]
    counts = []
    for n in lengths:
        slices = hparams["compute_partial_slices"](n, 1.3, .75)[1]
        assert [s.start for s in slices] == [77 * i for i in range(len(slices))]
        counts.append(len(slices))
    out += [table("kReferenceLengths", "int", lengths, ints), table("kReferenceCounts", "int", counts, ints),
            "}  // namespace durward", ""]
    pathlib.Path(__file__).with_name("reference.h").write_text("\n".join(out))


main()
