"""Bundles through the Python package: golden vectors, ports, and what is refused."""

import pathlib
import shutil
import tempfile
import unittest

from needs import need

need("numpy")

import numpy as np

import durward

TINY = pathlib.Path(__file__).parents[1] / "run" / "data" / "tiny.bundle"


class Engine(unittest.TestCase):
    def setUp(self):
        self.bundle = durward.Bundle(TINY)

    def test_golden_vectors_are_equal_in_every_bit_on_any_instruction_set_and_threads(self):
        for isa, threads in [(None, 1), ("portable", 1), (None, 3)]:
            session = self.bundle.session(isa=isa, threads=threads)
            self.assertGreater(self.bundle.check_golden(session), 0)
        self.assertEqual(self.bundle.session(isa="portable").isa, "portable")

    def test_a_golden_vector_that_differs_is_named(self):
        self.bundle._members["golden/0.output0"] = bytes(len(self.bundle.member("golden/0.output0")))
        with self.assertRaisesRegex(durward.BundleError, "golden vector 0"):
            self.bundle.check_golden()

    def test_the_same_input_gives_the_same_output_whatever_ran_between(self):
        session = self.bundle.session()
        (first, _), *_ = self.bundle.golden_vectors(session)
        before = session.run(*first)[0]
        session.run(*[np.zeros_like(array) for array in first])
        np.testing.assert_array_equal(before, session.run(*first)[0])

    def test_arrays_must_be_those_of_the_ports(self):
        session = self.bundle.session()
        port = session.inputs[0]
        with self.assertRaisesRegex(ValueError, "inputs"):
            session.run()
        for wrong in [np.zeros(port.shape, np.float64), np.zeros(port.shape[1:], port.dtype)]:
            with self.assertRaisesRegex(ValueError, port.name):
                session.run(wrong)

    def test_what_the_engine_refuses_comes_with_its_reason(self):
        with self.assertRaisesRegex(durward.EngineError, "abacus") as caught:
            self.bundle.session(isa="abacus")
        self.assertEqual(caught.exception.code, 6)  # DURWARD_NO_SUCH_ISA
        with self.assertRaises(durward.EngineError):
            durward.Session(b"no plan" * 100)

    def test_a_damaged_file_is_no_bundle(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "copy.bundle"
            shutil.copy(TINY, copy)
            data = bytearray(copy.read_bytes())
            data[data.index(self.bundle.member("plan.fb")) + 50] ^= 1
            copy.write_bytes(data)
            with self.assertRaises(durward.BundleError):
                durward.Bundle(copy)
            copy.write_bytes(b"no zip file")
            with self.assertRaises(durward.BundleError):
                durward.Bundle(copy)


if __name__ == "__main__":
    unittest.main()
