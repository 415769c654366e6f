//! From the packets of a timeline to segments and playlists, by the public API alone, read back by other people's parsers and players.

mod cuts;
mod ffmpeg;
mod histories;
mod stopping;
mod stream;
mod texts;
