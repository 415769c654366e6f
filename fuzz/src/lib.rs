//! Fuzz target bodies: plain functions.
