#!/usr/bin/env python3
"""How often prompted digits are heard wrong: sequences of four, spoken by espeak-ng or joined from recordings.

usage: bench/audio/digit_recognition.py HEAR_DIGITS [--digits 4] [--sequences 20] [--voices en-us,en-gb,...]
                                        [--recordings FOLDER [--words WORDS.txt]] [--seed 1]

HEAR_DIGITS is the program that the build makes. Without --recordings each voice of espeak-ng says so many sequences,
at three speeds, with soft noise; with it each speaker's folder of NAME-TAKE.wav (zero-01.wav) is joined to sequences.
Prints the word errors of each voice or of all speakers, and the share of sequences without an error.
"""

import argparse
import collections
import pathlib
import random
import subprocess
import sys
import tempfile
import wave

import numpy

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
VOICES = "en-us,en-us+f2,en-us+m3,en-gb,en-gb+f3,en-gb-scotland,en-029,en-us+f4,en-us+m7,en-gb-x-rp"


def errors(said, heard):
    """(substitutions, deletions, insertions) of the cheapest alignment."""
    row = [(0, 0, i) for i in range(len(heard) + 1)]
    for i, a in enumerate(said, 1):
        last, row = row, [(0, i, 0)]
        for j, b in enumerate(heard, 1):
            row.append(min([(last[j - 1][0] + (a != b), *last[j - 1][1:]), (last[j][0], last[j][1] + 1, last[j][2]),
                            (row[j - 1][0], row[j - 1][1], row[j - 1][2] + 1)], key=sum))
    return row[-1]


def samples_of(path):
    with wave.open(str(path)) as file:
        return file.getframerate(), numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def write(path, rate, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.clip(-32768, 32767).astype("<i2").tobytes())


def speak(digits, voice, speed, folder, draw):
    """The digits one after the other, a quarter of a second apart."""
    parts, rate = [], 0
    for digit in digits:
        path = folder / "digit.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", path, digit], check=True, capture_output=True)
        rate, samples = samples_of(path)
        loud = numpy.flatnonzero(abs(samples) > 10)
        parts += [samples[loud[0] : loud[-1] + 1], numpy.zeros(rate // 4)]
    samples = numpy.concatenate([numpy.zeros(rate // 4), *parts, numpy.zeros(rate // 4)])
    return rate, samples + numpy.random.default_rng(draw.getrandbits(32)).normal(0, 30, len(samples))


def sequence(length, draw):
    digits = []
    for _ in range(length):
        digits.append(draw.choice([d for d in "0123456789" if digits[-1:] != [d]]))
    return "".join(digits)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, metavar="HEAR_DIGITS")
    parser.add_argument("--digits", type=int, default=4)
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--voices", default=VOICES)
    parser.add_argument("--recordings", type=pathlib.Path)
    parser.add_argument("--words")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        folder, rows = pathlib.Path(name), []
        speakers = sorted(p for p in options.recordings.iterdir() if p.is_dir()) if options.recordings else options.voices.split(",")
        for speaker in speakers:
            for number in range(options.sequences):
                said = sequence(options.digits, draw)
                if options.recordings:
                    takes = [draw.choice(sorted(speaker.glob(f"{NAMES[int(d)]}-*.wav"))) for d in said]
                    rate, samples = samples_of(takes[0])[0], numpy.concatenate([samples_of(path)[1] for path in takes])
                else:
                    rate, samples = speak(said, speaker, (120, 150, 180)[number % 3], folder, draw)
                path = folder / f"{len(rows)}.wav"
                write(path, rate, samples)
                rows.append((pathlib.Path(speaker).name, said, path))
        (folder / "list").write_text("".join(f"{said} {path}\n" for _, said, path in rows))
        heard = subprocess.run([options.program, folder / "list", *([options.words] if options.words else [])],
                               check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = collections.defaultdict(list)
    confused = collections.Counter()
    for (speaker, said, _), line in zip(rows, heard):
        got = line.split()[1].replace("-", "")
        found[speaker].append((len(said), errors(said, got)))
        if len(said) == len(got):
            confused.update((a, b) for a, b in zip(said, got) if a != b)
    print("| voice | word errors % | substituted, left out, added | sequences without an error % |\n|---|---|---|---|")
    for speaker, of in [*found.items(), ("all", [one for some in found.values() for one in some])]:
        spoken, kinds = sum(n for n, _ in of), [sum(e[k] for _, e in of) for k in range(3)]
        right = sum(sum(e) == 0 for _, e in of)
        print(f"| {speaker} | {100 * sum(kinds) / spoken:.1f} | {kinds[0]}, {kinds[1]}, {kinds[2]} | {100 * right / len(of):.1f} |")
    print("most confused:", ", ".join(f"{a} as {b}: {n}" for (a, b), n in confused.most_common(6)), file=sys.stderr)


main()
