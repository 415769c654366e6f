//! What several of the programs need and none is about.

pub mod ivf;
pub mod movie;
