"""Formulas for records, and each once more in jax.numpy, written so that nothing overflows and kinks are seen from the right."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import erf, erfc


def larger(a, b):
    return jnp.where(a >= b, a, b)


def smaller(a, b):
    return jnp.where(b <= a, b, a)


def sigmoid(z):
    return 0.5 * (1 + jnp.tanh(z / 2))


def silu(z):
    return z * jnp.exp(-softplus(-z))


def softplus(z):
    return jnp.logaddexp(z, 0.0)


def log_cosh(e):
    size = jnp.where(e >= 0, e, -e)
    near = jnp.where(size < 1, e, 0.0)
    return jnp.where(size < 1, jnp.log1p(2 * jnp.sinh(near / 2) ** 2), jnp.logaddexp(e, -e) - jnp.log(2.0))


def magnitude(e):
    """|e|, with the derivative 0 at 0."""
    return jnp.where(e == 0, 0.0, jnp.abs(e))


ACTIVATIONS = {
    "x * sigmoid(2*x)": lambda z: z * jnp.exp(-softplus(-2 * z)),
    "log(cosh(x))": log_cosh,
    "max(0, x)**2": lambda z: jnp.where(z >= 0, z, 0.0) ** 2,
    "max(0.1*x, x)": lambda z: jnp.where(z >= 0, z, 0.1 * z),
    "sin(x)": jnp.sin,
    "x + sin(x)**2": lambda z: z + jnp.sin(z) ** 2,
    "exp(-x**2)": lambda z: jnp.exp(-(z**2)),
    "atan(x)": jnp.arctan,
    "x if x > 0 else 0.5*(exp(x) - 1)": lambda z: jnp.where(z >= 0, z, 0.5 * jnp.expm1(jnp.where(z >= 0, 0.0, z))),
    "min(6, max(0, x))": lambda z: jnp.where(z >= 6, 6.0, jnp.where(z >= 0, z, 0.0)),
    "abs(x)": magnitude,
    "x**3 / 10": lambda z: z**3 / 10,
    "gelu(1.1*x)": lambda z: 1.1 * z * erfc(-1.1 * z / jnp.sqrt(2.0)) / 2,
    "erf(x)": erf,
    "softplus(x) - log(2)": lambda z: softplus(z) - jnp.log(2.0),
    "x/sqrt(1 + x**2)": lambda z: z / jnp.sqrt(1 + z**2),
    "sign(x) * log(1 + abs(x))": lambda z: jnp.where(z >= 0, jnp.log1p(jnp.where(z >= 0, z, 0)), -jnp.log1p(jnp.where(z >= 0, 0, -z))),
    "0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715*x**3)))": lambda z: z * jnp.exp(-softplus(-2 * jnp.sqrt(2 / jnp.pi) * (z + 0.044715 * z**3))),
    "x*min(6, max(0, x + 3))/6": lambda z: z * jnp.where(z >= 3, 6.0, jnp.where(z >= -3, z + 3, 0.0)) / 6,
    "1/cosh(x)": lambda z: 2 * jnp.exp(-jnp.where(z >= 0, z, -z)) / (1 + jnp.exp(-2 * jnp.where(z >= 0, z, -z))),
    "tanh(x)**2": lambda z: jnp.tanh(z) ** 2,
    "x/(1 + exp(-x))**2": lambda z: z * jnp.exp(-2 * softplus(-z)),
    "2**x": lambda z: jnp.exp2(z),
    "sinh(x/30)": lambda z: jnp.sinh(z / 30),
    "cosh(x/30) - 1": lambda z: jnp.cosh(z / 30) - 1,
    "x*cos(x)": lambda z: z * jnp.cos(z),
    "log(1 + x**2)": lambda z: jnp.log1p(z**2),
    "(1 + x**2)**0.3": lambda z: (1 + z**2) ** 0.3,
    "expm1(x/20)": lambda z: jnp.expm1(z / 20),
    "-x**5/1e6": lambda z: -(z**5) / 1e6,
    "max(sin(x), cos(x), 0.1*x)": lambda z: jnp.maximum(jnp.maximum(jnp.sin(z), jnp.cos(z)), 0.1 * z),
    "1/(1 + exp(-x))": jax.nn.sigmoid,
    "tan(atan(x)/2)": lambda z: jnp.tan(jnp.arctan(z) / 2),
}

MANY = [-3.0, -1.1, -0.2, 0.0, 0.4, 1.0, 2.7]
SOME = [0.2, 0.9, 1.0, 3.5]
LOSSES = {
    "log(cosh(y_hat - y))": (lambda a, y: log_cosh(a - y), [*MANY, -90.0, 90.0], MANY),
    "(y_hat - y)**4": (lambda a, y: (a - y) ** 4, MANY, MANY),
    "y_hat - y*log(y_hat)": (lambda a, y: a - y * jnp.log(a), SOME, [0.0, 1.0, 4.0]),
    "y*log(y/y_hat)": (lambda a, y: jax.scipy.special.xlogy(y, y) - y * jnp.log(a), SOME, [0.0, 1.0, 4.0]),
    "max(0, 1 - y*y_hat)": (lambda a, y: jnp.where(1 - y * a > 0, 1 - y * a, 0.0), [-3.0, -0.2, 0.4, 2.7], [-1.0, 1.0]),
    "log(1 + exp(-y*y_hat))": (lambda a, y: softplus(-y * a), [*MANY, -300.0, 300.0], [-1.0, 1.0]),
    "max(0.9*(y - y_hat), -0.1*(y - y_hat))": (lambda a, y: jnp.where(a >= y, 0.1 * (a - y), 0.9 * (y - a)), MANY, MANY),
    "sqrt(1 + (y_hat - y)**2) - 1": (lambda a, y: (a - y) ** 2 / (jnp.sqrt(1 + (a - y) ** 2) + 1), [*MANY[:-1], -90.0], [0.5, 1.5]),
    "(log(1 + y_hat) - log(1 + y))**2": (lambda a, y: (jnp.log1p(a) - jnp.log1p(y)) ** 2, SOME, [0.0, 1.5, 4.0]),
    "max(0, abs(y_hat - y) - 0.1)": (lambda a, y: larger(0.0, magnitude(a - y) - 0.1), [-3.0, 0.31, 2.7], [0.0, 0.3]),
    "(y_hat - y)**2/y_hat": (lambda a, y: (a - y) ** 2 / a, SOME, MANY),
    "softplus(y_hat) - y*y_hat": (lambda a, y: softplus(a) - y * a, MANY, [0.0, 0.3, 1.0]),
    "max(y_hat, 0) - y_hat*y + log(1 + exp(-abs(y_hat)))": (lambda a, y: softplus(a) - y * a, [*MANY, -200.0, 200.0], [0.0, 0.3, 1.0]),
}
"""each with y_hat and y at which it is looked at"""
