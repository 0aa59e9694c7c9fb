"""Durward from Python: bundles run on the integer engine, and quantisation-aware training in PyTorch.

    durward.Bundle("face.bundle").session().run(pixels)
    durward.training.prepare(model, durward.Bundle("face.bundle").quantization())

`durward.training` needs PyTorch and is imported on its own.
"""

from durward.bundle import Bundle, BundleError
from durward.engine import EngineError, Port, Session, engine_version

__all__ = ["Bundle", "BundleError", "EngineError", "Port", "Session", "engine_version"]
