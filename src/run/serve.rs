//! Every rank but rank 0.

use drapes_analysis::error::Exit;
use drapes_analysis::plan::Plan;
use drapes_analysis::store::Store;

use super::Run;
use super::place::{compute, run_info};
use crate::device;
use crate::dispatch::{self, Message, RanksError, Transport};
use crate::error::Error;
use crate::stop::Signals;
use crate::task::Workplace;
use crate::world::World;

impl Run {
    pub(super) fn serve(&self, world: &World, signals: &Signals) -> Result<Exit, Error> {
        world.send(0, &Message::Hello(device::look(World::host(), self.device)))?;
        let (stored, data_directory, order, memory) = loop {
            match dispatch::wait(world)? {
                (_, Message::Begin { stored, data_directory, order, memory }) => {
                    break (*stored, data_directory, order, memory);
                }
                // Rank 0 has said why there is nothing to do.
                (_, Message::Stop) => return Ok(Exit::Done),
                _ => {}
            }
        };
        let store = Store::open(&self.directory(&stored.job))?;
        let device = match device::take(&order) {
            Ok(device) => device,
            Err(reason) => {
                world.send(0, &Message::Ready(Err(reason.clone())))?;
                // Rank 0 ends all ranks.
                dispatch::wait(world)?;
                return Err(RanksError::Broke { rank: world.rank(), reason }.into());
            }
        };
        world.send(0, &Message::Ready(Ok(device::name(device))))?;
        let plan = Plan::of(&stored.job);
        let info = run_info(world, device);
        let place = Workplace::new(store, stored.clone(), data_directory, device, info, self.shard());
        let place = place.saving_every(self.checkpoint_every).with_memory(memory);
        compute(world, &stored, &plan, place, |worker| dispatch::serve(world, worker, signals))?;
        Ok(Exit::Done)
    }
}
