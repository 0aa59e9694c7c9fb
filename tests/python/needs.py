"""Skips a whole test program where a package is missing."""

import importlib
import sys

SKIPPED = 77  # as tests/python/CMakeLists.txt has it


def need(*packages):
    for package in packages:
        try:
            importlib.import_module(package)
        except ImportError:
            print(f"skipped: {sys.executable} has no {package} (Debian: python3-{package})")
            sys.exit(SKIPPED)
