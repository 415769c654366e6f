//! What an AV1 stream says of itself.
