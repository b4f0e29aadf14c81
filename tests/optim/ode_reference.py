#!/usr/bin/python3
"""Makes tests/data/ode_reference.json: solutions of van der Pol's and of Lotka and Volterra's equations by the method
of order 8 of SciPy 1.10 (DOP853) with tolerances near rounding."""

import json

import numpy as np
from scipy.integrate import solve_ivp


def solved(f, y0, times):
    s = solve_ivp(f, (times[0], times[-1]), y0, method="DOP853", t_eval=times, rtol=3e-14, atol=1e-15)
    return {"y0": y0, "times": list(times), "y": s.y.T.tolist()}


def main():
    van_der_pol = lambda t, y: [y[1], 5 * (1 - y[0] ** 2) * y[1] - y[0]]
    lotka_volterra = lambda t, y: [1.5 * y[0] - y[0] * y[1], -3 * y[1] + y[0] * y[1]]
    print(
        json.dumps(
            {
                "van_der_pol": solved(van_der_pol, [2.0, 0.0], np.linspace(0, 10, 11).tolist()),
                "lotka_volterra": solved(lotka_volterra, [10.0, 5.0], np.linspace(0, 5, 11).tolist()),
            },
            indent=1,
        )
    )


main()
