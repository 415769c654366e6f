//! Raw bindings to libx264.
