"""Reading a bundle (docs/bundle.md): its plan, golden vectors, preprocessing and quantisation."""

import hashlib
import json
import zipfile

import numpy as np

from durward.engine import Session


class BundleError(ValueError):
    """The file is no bundle, or a damaged one."""


class Bundle:
    """A bundle whose members were all found as its manifest says.

    The signature is not checked: `durward bundle verify FILE --key KEY` does that.
    """

    def __init__(self, path):
        self.path = str(path)
        try:
            with zipfile.ZipFile(self.path) as archive:
                self._members = {name: archive.read(name) for name in archive.namelist()}
            self.manifest = json.loads(self._members["manifest.json"])
            listed = {member["path"]: member for member in self.manifest["members"]}
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{self.path}: not a bundle: {error}") from error
        for name, member in listed.items():
            data = self._members.get(name)
            if data is None or hashlib.sha256(data).hexdigest() != member["sha256"]:
                raise BundleError(f"{self.path}: member {name} is missing or damaged")
        if "plan.fb" not in listed:
            raise BundleError(f"{self.path}: it has no plan")

    def member(self, name):
        """The bytes of a member, or None."""
        return self._members.get(name)

    @property
    def preprocessing(self):
        """How a picture becomes the model's input, as docs/input-spec.md describes it."""
        return self.manifest["preprocessing"]

    def session(self, isa=None, threads=1):
        """The model on the engine: see Session."""
        return Session(self._members["plan.fb"], isa, threads)

    def golden_vectors(self, session):
        """Pairs of lists: arrays for the session's inputs, and what its outputs have to be."""
        vectors = []
        while self.member(f"golden/{len(vectors)}.input0") is not None:
            vectors.append(
                tuple(
                    [
                        np.frombuffer(self._members[f"golden/{len(vectors)}.{side}{i}"], port.dtype).reshape(port.shape)
                        for i, port in enumerate(ports)
                    ]
                    for side, ports in (("input", session.inputs), ("output", session.outputs))
                )
            )
        return vectors

    def check_golden(self, session=None):
        """Runs the golden vectors and returns their number; BundleError at the first output that differs in a bit."""
        session = session or self.session()
        vectors = self.golden_vectors(session)
        for index, (inputs, expected) in enumerate(vectors):
            for port, found, wanted in zip(session.outputs, session.run(*inputs), expected):
                if found.tobytes() != wanted.tobytes():
                    raise BundleError(f"{self.path}: golden vector {index} differs in output '{port.name}'")
        return len(vectors)

    def quantization(self):
        """What durward.training.prepare() takes: the scales that Durward chose for activations.

        BundleError where the bundle was made without them.
        """
        evidence = self.member("evidence/result.json")
        found = json.loads(evidence).get("quantization") if evidence else None
        if found is None:
            raise BundleError(f"{self.path}: it does not tell its scales; compress the model again")
        return found
