#include "drapes-prepare/src/fastjet/bridge.hpp"

#include <algorithm>
#include <vector>

#include <fastjet/ClusterSequence.hh>

#include "drapes-prepare/src/fastjet/mod.rs.h"

namespace drapes {

void settle() {
    fastjet::ClusterSequence::set_fastjet_banner_stream(nullptr);
    fastjet::Error::set_print_errors(false);
    // FastJet remembers that its banner is done with; in Debian's build without a lock.
    const std::vector<fastjet::PseudoJet> one{fastjet::PseudoJet(1.0, 0.0, 0.0, 1.0)};
    fastjet::ClusterSequence(one, fastjet::JetDefinition(fastjet::antikt_algorithm, 1.0));
}

rust::Vec<Cluster> leading_jets(rust::Slice<const Momentum> particles, double radius, std::size_t count, std::size_t most_axes) {
    std::vector<fastjet::PseudoJet> input;
    input.reserve(particles.size());
    for (const Momentum& p : particles) {
        input.emplace_back(p.px, p.py, p.pz, p.energy);
        input.back().set_user_index(static_cast<int>(input.size()) - 1);
    }
    const fastjet::ClusterSequence event(input, fastjet::JetDefinition(fastjet::antikt_algorithm, radius));
    const auto jets = fastjet::sorted_by_pt(event.inclusive_jets());

    rust::Vec<Cluster> found;
    for (std::size_t i = 0; i < std::min(count, jets.size()); ++i) {
        const auto members = jets[i].constituents();
        Cluster cluster{{jets[i].px(), jets[i].py(), jets[i].pz(), jets[i].e()}, {}, {}};
        for (const auto& member : members) cluster.members.push_back(static_cast<std::uint32_t>(member.user_index()));
        // So large a radius that no particle is left to the beam.
        const fastjet::JetDefinition kt(fastjet::kt_algorithm, fastjet::JetDefinition::max_allowable_R);
        const fastjet::ClusterSequence jet(members, kt);
        for (std::size_t n = 1; n <= std::min(most_axes, members.size()); ++n)
            for (const auto& subjet : jet.exclusive_jets(static_cast<int>(n)))
                cluster.axes.push_back({subjet.rap(), subjet.phi_std()});
        found.push_back(std::move(cluster));
    }
    return found;
}

}  // namespace drapes
