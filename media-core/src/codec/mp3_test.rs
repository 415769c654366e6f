//! MPEG audio headers.
