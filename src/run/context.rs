//! What every part of rank 0's run needs, and how it ends the other ranks where there is nothing to do.

use super::world::World;
use crate::dispatch;
use crate::dispatch::stop::{Clock, Signals};
use crate::error::Error;

/// What every part of a run needs: the other ranks, the time, and whether it was told to stop.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub world: &'a World,
    pub clock: &'a Clock,
    pub signals: &'a Signals,
}

/// Tells the other ranks that there is nothing to do.
pub(super) fn dismiss(world: &World) -> Result<(), Error> {
    world.give_up_on(&dispatch::stop_ranks(world)?);
    world.dismissed();
    Ok(())
}
