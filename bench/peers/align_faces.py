#!/usr/bin/env python3
"""Photographs to aligned face crops, by OpenCV's YuNet: what the peers are calibrated with.

    python3 bench/peers/align_faces.py PHOTOGRAPHS DETECTOR.onnx CROPS [--size 112x112] [--images N]

PHOTOGRAPHS is a folder of pictures at any depth, DETECTOR the yunet_n model that OpenCV loads. Of several faces the one
nearest the middle is taken; its five landmarks are moved to the template of docs/input-spec.md by the similarity of
least squares. CROPS gets one .png for each picture with a face, under the picture's own name; with --images only of N evenly
spaced pictures, those that durward compress --calibration-images N begins with.
"""
import argparse
import pathlib
import sys

import cv2
import numpy as np

IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}
TEMPLATE = np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)])


def template(width, height):
    """Scaled by the height, in the middle of the width."""
    points = TEMPLATE * height / 112
    points[:, 0] += (width - height) / 2
    return points


def similarity(points, target):
    """The 2x3 matrix a, -b, x; b, a, y that moves points nearest to target: a linear problem in a, b, x, y."""
    rows, values = [], []
    for (x, y), (u, v) in zip(points, target):
        rows += [(x, -y, 1, 0), (y, x, 0, 1)]
        values += [u, v]
    a, b, x, y = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return np.array([(a, -b, x), (b, a, y)])


def landmarks(detector, image):
    """Of the face nearest the middle; None without a face."""
    height, width = image.shape[:2]
    detector.setInputSize((width, height))
    faces = detector.detect(image)[1]
    if faces is None:
        return None
    middles = faces[:, :2] + faces[:, 2:4] / 2
    nearest = np.argmin(((middles - (width / 2, height / 2)) ** 2).sum(axis=1))
    return faces[nearest, 4:14].reshape(5, 2).astype(float)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=pathlib.Path)
    parser.add_argument("detector")
    parser.add_argument("crops", type=pathlib.Path)
    parser.add_argument("--size", default="112x112", help="width x height")
    parser.add_argument("--images", type=int)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    detector = cv2.FaceDetectorYN.create(arguments.detector, "", (width, height), 0.6, 0.3, 50)
    files = sorted(p for p in arguments.photographs.rglob("*") if p.suffix.lower() in IMAGES)
    if arguments.images and arguments.images < len(files):
        files = [files[i * len(files) // arguments.images] for i in range(arguments.images)]
    arguments.crops.mkdir(parents=True, exist_ok=True)
    missing = 0
    for file in files:
        image = cv2.imread(str(file))
        points = None if image is None else landmarks(detector, image)
        if points is None:
            missing += 1
            continue
        matrix = similarity(points, template(width, height))
        crop = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR)
        name = "_".join(file.relative_to(arguments.photographs).with_suffix(".png").parts)
        if not cv2.imwrite(str(arguments.crops / name), crop):
            sys.exit(f"{arguments.crops / name}: cannot be written")
    print(f"{len(files) - missing} of {len(files)} pictures have a face")


if __name__ == "__main__":
    main()
