"""Code that Numba compiles."""
