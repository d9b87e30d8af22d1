"""Jets of raw events by FastJet's Python package, as a table to compare drapes-prepare with.

usage: reference.py RAW.h5 > TABLE.csv        (pip install fastjet pandas tables)

One line an event, two jets in order of transverse momentum: pT, η, φ, m (GeV), τ1 to τ3 on exclusive kT axes and on
one-pass kT axes (β = 1, unnormalised, GeV, by FastJet's contributed N-subjettiness), number of particles.
"""
import contextlib
import os
import sys
import warnings

with contextlib.redirect_stdout(sys.stderr):
    import awkward as ak
    import fastjet
    import numpy as np
    import pandas as pd

warnings.simplefilter("ignore")


@contextlib.contextmanager
def banner_to_stderr():
    """FastJet greets on the file descriptor itself."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    yield
    os.dup2(kept, 1)


def massless(raw):
    """Four-vectors of the particles of each event, without padding."""
    pt, eta, phi = np.moveaxis(raw.reshape(len(raw), 700, 3), 2, 0)
    real = pt > 0
    parts = dict(px=pt * np.cos(phi), py=pt * np.sin(phi), pz=pt * np.sinh(eta), E=pt * np.cosh(eta))
    flat = ak.zip({name: values[real] for name, values in parts.items()}, with_name="Momentum4D")
    return ak.unflatten(flat, real.sum(1))


def columns(jets, particles, definition):
    px, py, pz, e = (ak.to_numpy(jets[name]) for name in ("px", "py", "pz", "E"))
    pt = np.hypot(px, py)
    mass = np.sqrt(np.maximum((e - pz) * (e + pz) - pt**2, 0))
    cluster = fastjet.ClusterSequence(particles, definition)
    taus = [
        ak.to_numpy(cluster.njettiness("UnnormalizedMeasure", axes, njets=[1, 2, 3], beta=1.0)).reshape(-1, 3)
        for axes in ("KT_Axes", "OnePass_KT_Axes")
    ]
    numbers = ak.to_numpy(ak.num(particles))
    return [pt, np.arcsinh(pz / pt), np.arctan2(py, px), mass, *taus[0].T, *taus[1].T, numbers]


def main():
    raw = pd.read_hdf(sys.argv[1]).to_numpy()[:, :2100]
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, 1.0)
    cluster = fastjet.ClusterSequence(massless(raw), definition)
    jets, particles = cluster.inclusive_jets(), cluster.constituents()
    order = ak.argsort(-np.hypot(jets.px, jets.py), axis=1)
    jets, particles = jets[order], particles[order]
    table = [column for k in (0, 1) for column in columns(jets[:, k], particles[:, k], definition)]
    names = ["pt", "eta", "phi", "m", "kt_tau1", "kt_tau2", "kt_tau3", "tau1", "tau2", "tau3", "n"]
    lines = [",".join(f"{name}_{k}" for k in ("first", "second") for name in names)]
    for row in zip(*table):
        lines.append(",".join(f"{value:.8g}" for value in row))
    return lines


if __name__ == "__main__":
    with banner_to_stderr():
        found = main()
    print("\n".join(found))
