"""Fine-tuning in C beside ours: sample weights, steps, momentum, dropout, L2, in one training."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

import pellucid as pl
from sanitized import SANITIZERS, STRICT, compiler

DRIVER = """\
#include <stdio.h>
#include "net.h"

int main(void)
{{
    static const double X[][NET_INPUTS] = {{{X}}}, Y[][NET_TARGETS] = {{{Y}}}, s[] = {{{s}}};
    for (int step = 0; step < {steps}; step++) {{
        for (int i = 0; i < {m}; i++)
            net_learn(X[i], Y[i], s[i]);
        printf("%.17g ", net_cost());
        net_step({alpha}, {momentum});
    }}
    net_begin();
    net_step(1, 0); /* of no samples: nothing moves */
    for (int k = 0; k < NET_PARAMETERS; k++)
        printf("%.17g ", net_theta[k]);
    return 0;
}}
"""


def braces(rows):
    return ", ".join("{" + ", ".join(map(repr, row)) + "}" for row in rows.tolist())


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_training_in_c_is_the_training_here(tmp_path, momentum):
    net = pl.Network([3, 6, 4, 2], ["relu", "mish", "sigmoid"], "log_loss", l2=0.3, dropout=[0.4, 0.2], seed=5)
    rng = np.random.default_rng(0)
    X, Y, s = rng.normal(size=(9, 3)), rng.integers(2, size=(9, 2)).astype(float), rng.random(9)
    pl.export_c(net, tmp_path, name="net", dtype="double", training=True)
    (tmp_path / "driver.c").write_text(
        DRIVER.format(X=braces(X), Y=braces(Y), s=", ".join(map(repr, s.tolist())), m=9, steps=7, alpha=0.1, momentum=momentum)
    )
    program = tmp_path / "driver"
    command = [compiler("gcc"), *STRICT, *SANITIZERS, str(tmp_path / "driver.c"), str(tmp_path / "net.c"), "-lm", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    printed = np.array(subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.split(), dtype=float)
    rule = pl.Momentum(0.1, momentum) if momentum else pl.GradientDescent(0.1)
    history = net.fit(X, Y, optimizer=rule, epochs=7, sample_weight=s, shuffle=False, progress=False, engine="reference")
    np.testing.assert_allclose(printed[:7], history["loss"], rtol=1e-12)
    np.testing.assert_allclose(printed[7:], net.vector, rtol=1e-11, atol=1e-14)
