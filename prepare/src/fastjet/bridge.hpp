// FastJet as one function.
#pragma once

#include "rust/cxx.h"

namespace drapes {

struct Momentum;
struct Cluster;

// Silences FastJet and sets what it keeps for the whole process. Once, before the first thread clusters.
void settle();

// The `count` jets of largest transverse momentum (anti-kT, E-scheme), each with the axes of its exclusive kT subjets.
rust::Vec<Cluster> leading_jets(rust::Slice<const Momentum> particles, double radius, std::size_t count, std::size_t most_axes);

}  // namespace drapes
