//! FLAC metadata and frame headers.
