//! Playlists and manifests of what was written.

use std::error::Error;
use std::path::Path;

use media_core::playlist::presentation::dash::{self, Addressing};
use media_core::playlist::presentation::webm_dash::{self, Live};
use media_core::playlist::presentation::{Presentation, Rendition, hls};
use media_core::time::WallTime;

use crate::form::Form;

pub(crate) fn write(form: Form, presentation: &Presentation, folder: &Path) -> Result<(), Box<dyn Error>> {
    let manifest = |text: String| std::fs::write(folder.join("index.mpd"), text);
    match form {
        Form::Hls | Form::HlsTs | Form::HlsPacked => return playlists(presentation, folder),
        Form::Dash => manifest(dash::mpd(presentation, Addressing::Timeline)?)?,
        Form::Cmaf => {
            playlists(presentation, folder)?;
            manifest(dash::mpd(presentation, Addressing::Timeline)?)?;
        }
        Form::OnDemand => {
            playlists(presentation, folder)?;
            manifest(dash::mpd(presentation, Addressing::Index)?)?;
        }
        Form::WebmDash => manifest(webm_dash::on_demand(presentation)?)?,
        Form::WebmLive => {
            let live = Live {
                start: WallTime::default(),
                chunk_duration: i64::from(presentation.target_duration()) * 1_000_000_000,
                time_shift_buffer_depth: None,
                minimum_update_period: None,
            };
            manifest(webm_dash::live(presentation, &live)?)?;
        }
    }
    Ok(())
}

fn playlists(presentation: &Presentation, folder: &Path) -> Result<(), Box<dyn Error>> {
    // A track without packets has nothing to list.
    let listed =
        |rendition: &Rendition| rendition.stretches().iter().any(|stretch| !stretch.segments().is_empty());
    for (id, rendition) in presentation.renditions().filter(|(_, rendition)| listed(rendition)) {
        if let Some(text) = hls::media_playlist(presentation, id) {
            std::fs::write(folder.join(rendition.playlist()), text)?;
        }
        if let Some(text) = hls::iframe_playlist(presentation, id) {
            std::fs::write(folder.join(rendition.iframe_playlist()), text)?;
        }
    }
    let text = hls::multivariant(presentation).ok_or("nothing that HLS has")?;
    std::fs::write(folder.join("index.m3u8"), text)?;
    Ok(())
}
