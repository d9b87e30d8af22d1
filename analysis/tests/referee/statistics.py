"""Computes again, with scipy, pyhf and iminuit, what the room of statistics found, and compares.

The one argument is a JSON file: a list of cases, each with its kind, what went in and what came out. Ends with an error that
lists all that differ, or tells how many cases agree. Nothing here is taken from the program: formulae are those of the packages.
"""

import json
import sys

import iminuit
import numpy as np
import pyhf
import scipy.integrate
import scipy.optimize
import scipy.special
import scipy.stats

TOLERANCE = 1e-6
differences = []


def compare(case, what, found, expected, tolerance=TOLERANCE):
    """Notes a number that differs by more than the tolerance, relative to it."""
    if not abs(found - expected) <= tolerance * abs(expected):
        differences.append(f"{case['kind']} {case['in']}: {what} is {found}, and {expected} by the referee")


def tail(case):
    z, ln_p = case["in"]["z"], case["out"]["ln_p"]
    compare(case, "ln p", ln_p, scipy.stats.norm.logsf(z))
    compare(case, "Z of p, and 10", case["out"]["z"] + 10, z + 10)


def negative_binomial(case):
    count, successes, success = (case["in"][key] for key in ("count", "successes", "success"))
    compare(case, "p", case["out"]["p"], scipy.stats.nbinom.sf(count - 1, successes, success))


def poisson_against_poisson(case):
    count, control, ratio = (case["in"][key] for key in ("count", "control", "ratio"))
    compare(case, "p", case["out"]["p"], scipy.special.betainc(count, control + 1, 1 / (1 + ratio)))


def poisson(case):
    compare(case, "p", case["out"]["p"], scipy.stats.poisson.sf(case["in"]["count"] - 1, case["in"]["expected"]))


def intervals(case):
    passed, total, content = (case["in"][key] for key in ("passed", "all", "content"))
    half = (1 - content) / 2
    low = scipy.stats.beta.ppf(half, passed, total - passed + 1) if passed else 0
    high = scipy.stats.beta.isf(half, passed + 1, total - passed) if passed < total else 1
    for what, expected in (("low", low), ("high", high)):
        compare(case, what, case["out"]["rate"][what], expected)
    low = scipy.stats.chi2.ppf(half, 2 * passed) / 2 if passed else 0
    for what, expected in (("low", low), ("high", scipy.stats.chi2.isf(half, 2 * passed + 2) / 2)):
        compare(case, what, case["out"]["mean"][what], expected)


def f_test(case):
    chi_squared, parameters, bins = (case["in"][key] for key in ("chi_squared", "parameters", "bins"))
    more, left = parameters[1] - parameters[0], bins - parameters[1]
    f = (chi_squared[0] - chi_squared[1]) / more / (chi_squared[1] / left)
    compare(case, "F", case["out"]["f"], f)
    compare(case, "p", case["out"]["p"], scipy.stats.f.sf(f, more, left))


def uniformity(case):
    p_values = case["in"]["p_values"]
    test = scipy.stats.kstest(p_values, "uniform")
    compare(case, "D", case["out"]["distance"], test.statistic)
    root = np.sqrt(len(p_values))
    expected = scipy.special.kolmogorov((root + 0.12 + 0.11 / root) * test.statistic)
    compare(case, "p", case["out"]["p"], expected)
    # The correction for small numbers is good to some percent of the exact distribution.
    compare(case, "exact p", case["out"]["p"], test.pvalue, 0.05)


def count_model(case):
    """The count as a pyhf model whose parameter of interest is the number of signal events."""
    expected, error, of_efficiency = (case["in"][key] for key in ("expected", "error", "efficiency_error"))
    of_signal = [{"name": "mu", "type": "normfactor", "data": None}]
    if of_efficiency:
        bounds = {"hi_data": [1 + of_efficiency], "lo_data": [1 - of_efficiency]}
        of_signal.append({"name": "efficiency", "type": "histosys", "data": bounds})
    of_background = [{"name": "b", "type": "shapesys", "data": [error]}] if error else []
    samples = [
        {"name": "signal", "data": [1.0], "modifiers": of_signal},
        {"name": "background", "data": [expected], "modifiers": of_background},
    ]
    most = 20 * (case["in"]["count"] + expected + 10)
    parameters = [{"name": "mu", "bounds": [[-0.9999 * expected, most]], "inits": [1.0]}]
    spec = {"channels": [{"name": "cut", "samples": samples}], "parameters": parameters}
    return pyhf.Model(spec, poi_name="mu")


def count(case):
    model = count_model(case)
    data = [case["in"]["count"], *model.config.auxdata]
    inits, fixed = model.config.suggested_init(), model.config.suggested_fixed()
    bounds = model.config.suggested_bounds()
    poi = model.config.poi_index
    inits[poi] = max(case["in"]["count"] - case["in"]["expected"], 0.5)
    free, best = pyhf.infer.mle.fit(data, model, inits, bounds, fixed, return_fitted_val=True)
    none = pyhf.infer.mle.fixed_poi_fit(0.0, data, model, inits, bounds, fixed, return_fitted_val=True)[1]
    z = np.sqrt(max(none - best, 0.0)) * np.sign(free[poi])
    # The difference of two logarithms of a likelihood has lost the digits of a small Z, and pyhf goes to negative means where
    # nothing was counted.
    if abs(z) > 1e-2 and case["in"]["count"] > 0:
        compare(case, "Z", case["out"]["z"], z)
    if case["in"]["count"] > case["in"]["expected"]:
        bounds[poi] = (0.0, bounds[poi][1])
        q0 = pyhf.infer.test_statistics.q0(0.0, data, model, inits, bounds, fixed)
        compare(case, "root of q0", case["out"]["z"], np.sqrt(q0))
    bounds[poi] = (0.0, bounds[poi][1])
    settings = {"test_stat": "qtilde", "init_pars": inits, "par_bounds": bounds, "fixed_params": fixed}

    def cls(signal):
        observed, expected = pyhf.infer.hypotest(signal, data, model, return_expected_set=True, **settings)
        return float(observed), [float(one) for one in expected]

    compare(case, "CLs", case["out"]["cls"], cls(case["in"]["signal"])[0])
    compare(case, "CLs at the observed limit", 0.05, cls(case["out"]["observed"])[0])
    for place, limit in enumerate(case["out"]["expected"]):
        compare(case, f"expected CLs at the limit {place}", 0.05, cls(limit)[1][place])


def background_shape(case):
    """The density of the case's function, with parameters of the order of one, and their start."""
    shape, edges = case["in"]["shape"], np.array(case["in"]["edges"])
    low, high = edges[0], edges[-1]
    middle = (low + high) / 2
    each = sum(case["in"]["counts"]) / (high - low)
    kind, number = shape["kind"], shape["number"]
    if kind == "dijet":
        energy = shape["energy"]
        x0 = middle / energy

        def density(m, p):
            u, v = np.log(m / middle), np.log((1 - m / energy) / (1 - x0))
            return np.exp(sum(a * t for a, t in zip(p, [1, u, v, u * u])))

        return density, [np.log(each), -5.0, 0.0, 0.0][:number]
    if kind == "exponential":
        return (
            lambda m, p: np.exp(np.polynomial.legendre.legval(2 * (m - middle) / (high - low), p)),
            [np.log(each), -1.0, *[0.0] * 4][: number + 1],
        )
    choose = [scipy.special.comb(number, j) for j in range(number + 1)]

    def bernstein(m, p):
        y = (m - low) / (high - low)
        return each * sum(a * c * y**j * (1 - y) ** (number - j) for j, (a, c) in enumerate(zip(p, choose)))

    return bernstein, [1.0] * (number + 1)


def integrals(function, edges):
    """Integrals over bins by Gauss and Legendre with twelve nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    return (function(middle[:, None] + half[:, None] * nodes) * weights).sum(axis=1) * half


def minimised(function, start, limits):
    """The minimum of half a deviance to the last digits."""
    minuit = iminuit.Minuit(function, start)
    minuit.errordef, minuit.strategy, minuit.tol = 0.5, 2, 1e-6
    minuit.limits = limits
    for _ in range(5):
        minuit.migrad(ncall=100_000)
    best = scipy.optimize.minimize(function, minuit.values, method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-13})
    if best.fun < minuit.fval:
        minuit = iminuit.Minuit(function, best.x)
        minuit.errordef, minuit.strategy, minuit.tol, minuit.limits = 0.5, 2, 1e-6, limits
        minuit.migrad(ncall=100_000)
    return minuit


def spectrum(case):
    edges, counts = np.array(case["in"]["edges"]), np.array(case["in"]["counts"])
    density, start = background_shape(case)
    fitted = np.array(case["in"]["fitted"])
    mean, width = case["in"]["signal"]
    shares = np.diff(scipy.stats.norm.cdf(edges, mean, width))

    def half_deviance(expected, places):
        n, mu = counts[places], expected[places]
        if (mu <= 0).any():
            return 1e10
        return float((mu - n + scipy.special.xlogy(n, n / mu)).sum())

    limits = [(0, None) if case["in"]["shape"]["kind"] == "bernstein" else (None, None)] * len(start)
    everywhere = np.arange(len(counts))

    def background(p):
        return integrals(lambda m: density(m, p), edges)

    alone = minimised(lambda p: half_deviance(background(p), fitted), start, limits)
    compare(case, "-ln L of the side-bands", case["out"]["nll"], alone.fval)
    window = np.array(case["in"]["window"])
    expected = integrals(lambda m: density(m, alone.values), window)[0]
    compare(case, "events in the window", case["out"]["in_window"], expected, 1e-5)
    if case["in"]["shape"]["kind"] != "bernstein":
        # Second derivatives of −ln L by those of the expected events, which differences give to a permille or better.
        step = 1e-4
        places = [np.array(alone.values) + step * move for move in np.eye(len(start))]
        back = [2 * np.array(alone.values) - place for place in places]
        jacobian = np.array([(background(up) - background(down)) / (2 * step) for up, down in zip(places, back)])[:, fitted]
        bent = [
            (background(a + b - alone.values) - background(a + d - alone.values)
             - background(c + b - alone.values) + background(c + d - alone.values))[fitted] / (4 * step**2)
            for a, c in zip(places, back) for b, d in zip(places, back)
        ]
        n, mu = counts[fitted], background(alone.values)[fitted]
        hessian = (jacobian * n / mu**2) @ jacobian.T + (np.array(bent) @ (1 - n / mu)).reshape(2 * [len(start)])
        at = [integrals(lambda m: density(m, place), window)[0] for place in (*places, *back)]
        slope = np.subtract(at[: len(start)], at[len(start) :]) / (2 * step)
        error = np.sqrt(slope @ np.linalg.solve(hessian, slope))
        compare(case, "error of the events in the window", case["out"]["error"], error, 1e-3)
    without = minimised(lambda p: half_deviance(background(p), everywhere), start, limits)
    free = minimised(
        lambda p: half_deviance(background(p[:-1]) + p[-1] * shares, everywhere), [*without.values, 1.0], [*limits, (None, None)]
    )
    signal = free.values[-1]
    compare(case, "signal", case["out"]["signal"], signal, 1e-4)
    z = np.sqrt(2 * (without.fval - free.fval)) * np.sign(signal)
    compare(case, "Z", case["out"]["z"], z, 1e-5)
    # With a signal of the limit, q̃ of the data and of the Asimov data, by their formulae.
    limit = case["out"]["observed"]
    observed = minimised(lambda p: half_deviance(background(p) + limit * shares, everywhere), without.values, limits)
    q = 2 * (observed.fval - (free.fval if signal > 0 else without.fval))
    counts = background(without.values)
    asimov = minimised(lambda p: half_deviance(background(p) + limit * shares, everywhere), without.values, limits)
    q_asimov = 2 * asimov.fval
    shift = (q - q_asimov) / (2 * np.sqrt(q_asimov)) if q > q_asimov else np.sqrt(q) - np.sqrt(q_asimov)
    cls = scipy.stats.norm.sf(shift + np.sqrt(q_asimov)) / scipy.stats.norm.sf(shift)
    compare(case, "CLs at the observed limit", 0.05, cls, 1e-5)


CHECKS = {
    "tail": tail,
    "negative_binomial": negative_binomial,
    "poisson_against_poisson": poisson_against_poisson,
    "poisson": poisson,
    "intervals": intervals,
    "f_test": f_test,
    "uniformity": uniformity,
    "count": count,
    "spectrum": spectrum,
}


def main():
    pyhf.set_backend("numpy", pyhf.optimize.scipy_optimizer(tolerance=1e-15))
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        CHECKS[case["kind"]](case)
    if differences:
        sys.exit("\n".join(differences))
    print(f"{len(cases)} cases agree")


main()
