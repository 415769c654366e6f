//! Groups of sound: what a variant's pictures can be played with.

use super::super::super::language::tag;
use super::super::{Presentation, Rendition, RenditionId, Role};
use super::is_listed;
use crate::codec;
use crate::track::Kind;

/// Renditions of sound in one coding, each of which says the same in another language or is made for another purpose.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) members: Vec<RenditionId>,
}

/// All groups. The codec strings of a variant hold for its whole group, so each coding has one of its own; and where a language comes in
/// several rates, each rate has: a player takes any member of the variant's group without asking for its rate (RFC 8216bis 4.4.6.2.1).
pub(super) fn groups(presentation: &Presentation) -> Vec<Group> {
    let mut groups: Vec<(Option<codec::Format>, Group)> = Vec::new();
    for (id, rendition) in presentation.renditions() {
        if !is_listed(rendition) || rendition.kind() != Some(Kind::Audio) {
            continue;
        }
        let format = rendition.leader().map(|track| track.codec.format());
        let fits = |(of, group): &&mut (Option<codec::Format>, Group)| {
            *of == format
                && !group.members.iter().any(|member| says_the_same(presentation, *member, rendition))
        };
        match groups.iter_mut().find(fits) {
            Some((_, group)) => group.members.push(id),
            None => {
                let name = match groups.len() {
                    0 => "audio".to_owned(),
                    others => format!("audio{}", others + 1),
                };
                groups.push((format, Group { name, members: vec![id] }));
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn says_the_same(presentation: &Presentation, member: RenditionId, rendition: &Rendition) -> bool {
    presentation.rendition(member).is_some_and(|member| {
        (member.language(), &member.roles, &member.label)
            == (rendition.language(), &rendition.roles, &rendition.label)
    })
}

/// What a player shows of a member: its label, its language, or a number.
pub(super) fn name(rendition: &Rendition, index: usize) -> String {
    let plain = |label: &String| label.chars().filter(|c| !c.is_control() && *c != '"').collect::<String>();
    let label = rendition.label.as_ref().map(plain).filter(|label| !label.is_empty());
    let description = rendition.roles.contains(&Role::Description);
    let language = || {
        let suffix = if description { " (description)" } else { "" };
        rendition.language().map(|language| format!("{}{suffix}", tag(&language)))
    };
    label.or_else(language).unwrap_or_else(|| format!("Audio {}", index + 1))
}
