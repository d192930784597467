"""The mathematics: pure functions over an array namespace (NumPy, JAX ...), without state or input and output.

Dimension letters, used in every annotation of this package: ``m`` samples, ``k`` units that come in, ``n`` units that go out.
Arrays are in the *rows* convention: samples are rows, ``Z = A W + b``.
"""
