//! Raw bindings to libvpx.
