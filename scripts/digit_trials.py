#!/usr/bin/env python3
"""Makes trials of prompted digits: recordings of several digits joined, and who is compared with whom.

usage: scripts/digit_trials.py DIGITS OUT [--digits 4] [--enrol-digits N] [--sequences 20]
                               [--people FIRST-LAST] [--seed 1]

DIGITS has a folder for each speaker with files DIGIT-TAKE.wav (16-bit, one channel, one rate), as the Arabic Speech
Commands have: takes 1 to 3 enrol, takes 4 to 6 probe. For each speaker and side, so many sequences of different digits
are drawn and their recordings joined, before any front end: OUT/SPEAKER/enrol-01.wav, probe-01.wav, .... OUT/trials.csv
compares every enrolment with every probe; `durward evaluate MODEL --preset ge2e --trials OUT/trials.csv` judges them.
OUT must not exist. --people takes speakers by their place in the order of names, from 1.
"""

import argparse
import csv
import pathlib
import random
import sys
import wave

ENROL_TAKES, PROBE_TAKES = range(1, 4), range(4, 7)


def die(text):
    sys.exit(f"digit_trials: {text}")


def takes_of(speaker):
    """{digit: {take: path}} of a speaker's folder."""
    takes = {}
    for path in sorted(speaker.glob("*-*.wav")):
        digit, _, take = path.stem.rpartition("-")
        if not take.isdigit():
            die(f"{path}: expected DIGIT-TAKE.wav, TAKE a number")
        takes.setdefault(digit, {})[int(take)] = path
    return takes


def join(paths, out):
    joined, form = b"", None
    for path in paths:
        try:
            with wave.open(str(path)) as file:
                found = file.getparams()[:3]
                joined += file.readframes(file.getnframes())
        except (wave.Error, EOFError) as error:
            die(f"{path}: {error}")
        if form not in (None, found):
            die(f"{path}: {found} (channels, bytes, samples per second), the one before has {form}")
        form = found
    with wave.open(str(out), "wb") as file:
        file.setnchannels(form[0])
        file.setsampwidth(form[1])
        file.setframerate(form[2])
        file.writeframes(joined)


def sequences(takes, allowed, digits, count, draw):
    """`count` lists of paths: different digits, each in a take of those allowed."""
    there = {digit: [path for take, path in sorted(paths.items()) if take in allowed] for digit, paths in takes.items()}
    there = {digit: paths for digit, paths in sorted(there.items()) if paths}
    if len(there) < digits:
        return None
    return [[draw.choice(there[digit]) for digit in draw.sample(sorted(there), digits)] for _ in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path, metavar="DIGITS")
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--digits", type=int, default=4, help="in each probe (default 4)")
    parser.add_argument("--enrol-digits", type=int, help="in each enrolment (default: as in a probe)")
    parser.add_argument("--sequences", type=int, default=20, help="of each speaker and side (default 20)")
    parser.add_argument("--people", help="FIRST-LAST, places in the order of names (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.digits < 1 or options.sequences < 1 or (options.enrol_digits or 1) < 1:
        die("--digits, --enrol-digits and --sequences are 1 or more")
    if not options.source.is_dir():
        die(f"{options.source} is not a folder")
    speakers = sorted(path for path in options.source.iterdir() if path.is_dir())
    if options.people:
        first, _, last = options.people.partition("-")
        if not (first.isdigit() and last.isdigit() and 1 <= int(first) <= int(last) <= len(speakers)):
            die(f"--people {options.people}: expected FIRST-LAST, from 1 to {len(speakers)}")
        speakers = speakers[int(first) - 1 : int(last)]
    if len(speakers) < 2:
        die(f"{options.source}: expected a folder for each of two speakers or more")
    if options.out.exists():
        die(f"{options.out} exists already")
    draw = random.Random(options.seed)
    sides = [("enrol", ENROL_TAKES, options.enrol_digits or options.digits), ("probe", PROBE_TAKES, options.digits)]
    drawn = []  # (speaker's name, side, lists of paths)
    for speaker in speakers:
        takes = takes_of(speaker)
        for side, allowed, digits in sides:
            found = sequences(takes, allowed, digits, options.sequences, draw)
            if found is None:
                die(f"{speaker}: fewer than {digits} digits have takes {allowed[0]} to {allowed[-1]}")
            drawn.append((speaker.name, side, found))
    names = {"enrol": [], "probe": []}
    for speaker, side, found in drawn:
        (options.out / speaker).mkdir(parents=True, exist_ok=True)
        for i, paths in enumerate(found, 1):
            name = f"{speaker}/{side}-{i:02}.wav"
            join(paths, options.out / name)
            names[side].append((speaker, name))
    with open(options.out / "trials.csv", "w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["enrol", "probe", "person_enrol", "person_probe"])
        for enrolled, enrol in names["enrol"]:
            rows.writerows((enrol, probe, enrolled, probed) for probed, probe in names["probe"])
    print(f"{len(names['enrol']) * len(names['probe'])} trials of {len(speakers)} speakers in {options.out}/trials.csv")


main()
