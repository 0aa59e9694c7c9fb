#!/usr/bin/env python3
"""Latency of an fp32 model in ncnn, one thread on one CPU: the median of 1,000 runs.

    pnnx MODEL.onnx "inputshape=[1,3,112,112]"      writes MODEL.ncnn.param and .bin
    python bench/peers/ncnn_latency.py MODEL.ncnn.param MODEL.ncnn.bin [--cpu 0]
"""
import argparse
import os
import statistics
import time

import ncnn
import numpy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("param")
    parser.add_argument("bin")
    parser.add_argument("--cpu", type=int, default=0)
    parser.add_argument("--size", type=int, default=112)
    parser.add_argument("--runs", type=int, default=1000)
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.cpu})
    net = ncnn.Net()
    net.opt.num_threads = 1
    net.opt.use_fp16_arithmetic = net.opt.use_fp16_storage = net.opt.use_fp16_packed = False
    net.opt.use_bf16_storage = False
    net.load_param(arguments.param)
    net.load_model(arguments.bin)
    random = numpy.random.default_rng(1)
    pixels = random.standard_normal((3, arguments.size, arguments.size)).astype(numpy.float32)
    picture = ncnn.Mat(pixels).clone()  # a Mat does not keep the array's memory
    times = []
    for _ in range(arguments.runs):
        begin = time.perf_counter()
        extractor = net.create_extractor()
        extractor.input("in0", picture)
        extractor.extract("out0")
        times.append(1000 * (time.perf_counter() - begin))
    times.sort()
    print(f"{arguments.param}: median {statistics.median(times):.3f} ms, p90 {times[len(times) * 9 // 10]:.3f} ms")


if __name__ == "__main__":
    main()
