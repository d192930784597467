"""The compiled engine: whole epochs in machine code, by Numba."""
