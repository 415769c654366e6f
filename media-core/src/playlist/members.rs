//! Members of groups of sound, RFC 8216bis 4.4.6.1.1.

/// Makes every group have the same members in the same order, as its clause asks for: what a group lacks is taken from the first that has it. A
/// member is known by its key; each is once in a group.
///
/// A group is one coding of all there is to hear. Where a language comes in one coding alone, players of the other groups have it in that one.
///
/// One bend: where no coding has all, groups stay what they are. Every variant would need every decoder otherwise, and a player that lacks one
/// would play nothing; none is known to miss what another group has.
pub(super) fn complete<K: PartialEq + Clone, M: Clone>(groups: &mut [Vec<(K, M)>]) {
    let mut all: Vec<(K, M)> = Vec::new();
    for (key, member) in groups.iter().flatten() {
        if !all.iter().any(|(known, _)| known == key) {
            all.push((key.clone(), member.clone()));
        }
    }
    if groups.iter().all(|group| group.len() < all.len()) {
        return;
    }
    for group in groups {
        let own = std::mem::take(group);
        group.extend(all.iter().map(|(key, member)| {
            let own = own.iter().find(|(known, _)| known == key);
            own.unwrap_or(&(key.clone(), member.clone())).clone()
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::complete;

    #[test]
    fn what_a_group_lacks_is_taken_from_another() {
        let mut groups = [vec![("en", 1)], vec![("de", 2), ("en", 3)]];
        complete(&mut groups);
        assert_eq!(groups, [vec![("en", 1), ("de", 2)], vec![("en", 3), ("de", 2)]]);
    }

    #[test]
    fn without_a_whole_group_each_stays_what_it_is() {
        let mut groups = [vec![("en", 1)], vec![("de", 2)]];
        complete(&mut groups);
        assert_eq!(groups, [vec![("en", 1)], vec![("de", 2)]]);
    }
}
