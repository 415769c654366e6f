//! Groups of sound: what a variant's pictures can be played with.

use super::super::super::language::tag;
use super::super::super::members;
use super::super::{Presentation, Rendition, RenditionId, Role};
use super::is_listed;
use crate::codec;
use crate::track::{Kind, Language};

/// Renditions of sound, each of which says the same in another language or is made for another purpose.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) members: Vec<Member>,
}

/// One of them, as all groups name it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: RenditionId,
    pub(super) name: String,
    pub(super) preference: Preference,
}

/// When a player takes a member: DEFAULT and AUTOSELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preference {
    /// If nobody chooses.
    Default,
    /// If it fits the user's language and abilities.
    Fits,
    /// If it is chosen.
    Chosen,
}

/// What tells the members of a group apart.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    language: Option<Language>,
    roles: Vec<Role>,
    label: Option<String>,
}

/// All groups. The codec strings of a variant hold for its whole group, so each coding has one of its own; and where a language comes in
/// several rates, each rate has: a player takes any member of the variant's group without asking for its rate (RFC 8216bis 4.4.6.2.1). Groups
/// are [completed](members::complete), 4.4.6.1.1.
pub(super) fn groups(presentation: &Presentation) -> Vec<Group> {
    let mut formats: Vec<Option<codec::Format>> = Vec::new();
    let mut groups: Vec<Vec<(Key, RenditionId)>> = Vec::new();
    for (id, rendition) in presentation.renditions() {
        // What has no segment yet has no rate.
        let listed = is_listed(rendition) && presentation.bandwidth(id).is_some();
        if !listed || rendition.kind() != Some(Kind::Audio) {
            continue;
        }
        let format = rendition.leader().map(|track| track.codec.format());
        let key = Key {
            language: rendition.language(),
            roles: rendition.roles.clone(),
            label: rendition.label.clone(),
        };
        let fits = |index: &usize| {
            formats[*index] == format && !groups[*index].iter().any(|(known, _)| *known == key)
        };
        let index = (0..groups.len()).find(fits).unwrap_or_else(|| {
            formats.push(format);
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[index].push((key, id));
    }
    members::complete(&mut groups);
    let numbered = groups.iter().enumerate();
    numbered.map(|(index, members)| Group::new(index, members)).collect()
}

/// What a player shows of each member: its label, its language, or a number; each another one (4.4.6.1.1).
fn names(keys: &[&Key]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        let name = key.name(index);
        let further = (2..).map(|count| format!("{name} {count}"));
        let name = std::iter::once(name.clone()).chain(further).find(|name| !all.contains(name));
        all.extend(name);
    }
    all
}

/// The main one is played if nobody chooses, or else the first that is no commentary. Of those that are alike to a player, the first is taken by
/// itself (4.4.6.1.1).
fn preferences(keys: &[&Key]) -> Vec<Preference> {
    let has = |role: Role| move |key: &&Key| key.roles.contains(&role);
    let first = keys.iter().position(|key| !has(Role::Commentary)(key)).unwrap_or(0);
    let default = keys.iter().position(has(Role::Main)).unwrap_or(first);
    let fit = |key: &&Key| (key.language, has(Role::Description)(key));
    let preference = |(index, key): (usize, &&Key)| {
        let alike = || keys[..index].iter().chain([&keys[default]]).any(|other| fit(other) == fit(key));
        match index == default {
            true => Preference::Default,
            false if has(Role::Commentary)(key) || alike() => Preference::Chosen,
            false => Preference::Fits,
        }
    };
    keys.iter().enumerate().map(preference).collect()
}

impl Key {
    fn name(&self, index: usize) -> String {
        let plain =
            |label: &String| label.chars().filter(|c| !c.is_control() && *c != '"').collect::<String>();
        let label = self.label.as_ref().map(plain).filter(|label| !label.is_empty());
        let suffix = if self.roles.contains(&Role::Description) { " (description)" } else { "" };
        let language = || self.language.map(|language| format!("{}{suffix}", tag(&language)));
        label.or_else(language).unwrap_or_else(|| format!("Audio {}", index + 1))
    }
}

impl Group {
    fn new(index: usize, members: &[(Key, RenditionId)]) -> Self {
        let keys: Vec<&Key> = members.iter().map(|(key, _)| key).collect();
        let told = names(&keys).into_iter().zip(preferences(&keys));
        let members = members.iter().zip(told);
        Self {
            name: if index == 0 { "audio".to_owned() } else { format!("audio{}", index + 1) },
            members: members
                .map(|((_, id), (name, preference))| Member { id: *id, name, preference })
                .collect(),
        }
    }

    /// Its renditions.
    pub(super) fn renditions<'a>(
        &self,
        presentation: &'a Presentation,
    ) -> impl Iterator<Item = &'a Rendition> {
        self.members.iter().filter_map(|member| presentation.rendition(member.id))
    }
}
