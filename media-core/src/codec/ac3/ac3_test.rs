//! AC-3 and E-AC-3 frames and records.
