//! As much of XML 1.0 as manifests need: elements, attributes, the five entities. No document type, no entities of its own.

/// An element.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Without its prefix.
    pub(super) name: String,
    prefix: Option<String>,
    pub(super) line: u32,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Node>,
    /// What stands between its tags, where it has no elements.
    pub(super) text: String,
}

/// Why a text is not well-formed, and in which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: u32,
    pub(super) what: &'static str,
}

impl Node {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| &value[..])
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (&name[..], &value[..]))
    }

    /// Whether it is of a namespace that it declares itself.
    pub(super) fn is_of(&self, namespace: &str) -> bool {
        let declares = |name: &str| match &self.prefix {
            Some(prefix) => name.strip_prefix("xmlns:") == Some(prefix),
            None => name == "xmlns",
        };
        self.attributes().any(|(name, value)| declares(name) && value == namespace)
    }

    pub(super) fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn child(&self, name: &'static str) -> Option<&Node> {
        self.all(name).next()
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Node, Fault> {
    let mut reader = Reader { text, at: 0, nodes: 0 };
    let mut open = vec![Node::default()];
    loop {
        let from = reader.at;
        let Some(rest) = reader.next_markup(open.len() > 1)? else { break };
        // Comments and the like have a tag before them.
        let between = &text[from..reader.at];
        if let Some(node) = open.last_mut().filter(|_| !between.contains('<') && !between.trim().is_empty()) {
            node.text =
                unescaped(between).ok_or(Fault { line: node.line.max(1), what: "an entity nobody knows" })?;
        }
        if let Some(name) = rest.strip_prefix("</") {
            let (name, _) = name.split_once('>').ok_or(reader.fault("a tag that does not end"))?;
            let Some(node) = open.pop().filter(|_| !open.is_empty()) else {
                return Err(reader.fault("an end tag without its start tag"));
            };
            if local(name.trim_end()) != node.name {
                return Err(reader.fault("an end tag of another element"));
            }
            reader.at += name.len() + 3;
            open.last_mut().ok_or(reader.fault("an end tag too many"))?.children.push(node);
        } else {
            let (node, empty) = reader.tag()?;
            if open.len() == 1 && !open[0].children.is_empty() {
                return Err(reader.fault("a second root element"));
            }
            if empty {
                open.last_mut().ok_or(reader.fault("no root"))?.children.push(node);
            } else {
                open.push(node);
            }
            if open.len() > DEPTH {
                return Err(reader.fault("elements nested too deep"));
            }
        }
    }
    if open.len() != 1 {
        return Err(reader.fault("an element that does not end"));
    }
    open.pop().and_then(|mut root| root.children.pop()).ok_or(reader.fault("no element"))
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault { line: self.line(), what }
    }

    fn line(&self) -> u32 {
        let lines = memchr::memchr_iter(b'\n', &self.text.as_bytes()[..self.at.min(self.text.len())]).count();
        u32::try_from(lines + 1).unwrap_or(u32::MAX)
    }

    /// Where the next tag begins; comments and instructions are passed over. Text stands only inside of elements.
    fn next_markup(&mut self, inside: bool) -> Result<Option<&'a str>, Fault> {
        loop {
            let rest = &self.text[self.at..];
            let Some(begin) = rest.find('<') else {
                return if rest.trim().is_empty() {
                    Ok(None)
                } else {
                    Err(self.fault("text behind the last element"))
                };
            };
            if !inside && !rest[..begin].trim_start_matches('\u{feff}').trim().is_empty() {
                return Err(self.fault("text outside of the root element"));
            }
            self.at += begin;
            let rest = &rest[begin..];
            let (starts, ends) = match () {
                () if rest.starts_with("<!--") => (4, "-->"),
                () if rest.starts_with("<![CDATA[") => (9, "]]>"),
                () if rest.starts_with("<?") => (2, "?>"),
                () if rest.starts_with("<!") => return Err(self.fault("a document type")),
                () => return Ok(Some(rest)),
            };
            let Some(end) = rest[starts..].find(ends) else {
                return Err(self.fault("markup that does not end"));
            };
            self.at += starts + end + ends.len();
        }
    }

    /// A start tag, and whether it ends itself.
    fn tag(&mut self) -> Result<(Node, bool), Fault> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(self.fault("too many elements"));
        }
        let line = self.line_cheap();
        self.at += 1;
        let name = self.word()?;
        let prefix = name.rsplit_once(':').map(|(prefix, _)| prefix.to_owned());
        let mut node = Node { name: local(name).to_owned(), prefix, line, ..Node::default() };
        loop {
            let rest = &self.text[self.at..];
            let space = rest.len() - rest.trim_start().len();
            self.at += space;
            let rest = &rest[space..];
            if rest.starts_with("/>") {
                self.at += 2;
                return Ok((node, true));
            }
            if rest.starts_with('>') {
                self.at += 1;
                return Ok((node, false));
            }
            if space == 0 {
                return Err(self.fault("no space before an attribute"));
            }
            let (name, value) = self.attribute()?;
            if node.get(name).is_some() {
                return Err(self.fault("an attribute twice"));
            }
            if node.attributes.len() < ATTRIBUTES {
                node.attributes.push((name.to_owned(), value));
            }
        }
    }

    fn attribute(&mut self) -> Result<(&'a str, String), Fault> {
        let name = self.word()?;
        let rest = self.text[self.at..].trim_start();
        let Some(rest) = rest.strip_prefix('=') else {
            return Err(self.fault("an attribute without a value"));
        };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
            return Err(self.fault("an attribute without quotes"));
        };
        let Some((value, after)) = rest[1..].split_once(quote) else {
            return Err(self.fault("an attribute that does not end"));
        };
        if value.contains('<') {
            return Err(self.fault("< in an attribute"));
        }
        let value = unescaped(value).ok_or(self.fault("an entity nobody knows"))?;
        self.at = self.text.len() - after.len();
        Ok((name, value))
    }

    fn word(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/' | '<' | '"' | '\''))
            .unwrap_or(rest.len());
        if end == 0 {
            return Err(self.fault("no name"));
        }
        self.at += end;
        Ok(&rest[..end])
    }

    /// Lines of elements are told for the first of them: counting is linear.
    fn line_cheap(&self) -> u32 {
        if self.nodes <= LINED { self.line() } else { 0 }
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescaped(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (entity, after) = after.split_once(';')?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

const DEPTH: usize = 32;
const NODES: usize = 1 << 17;
const ATTRIBUTES: usize = 64;
const LINED: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_attributes() {
        let node = read("<?xml version=\"1.0\"?><!-- c --><a:b x='1 &amp; &#x41;' y=\"'\">\n<c/> text <d z=''></d></a:b>\n").expect("well-formed");
        assert_eq!((&node.name[..], node.get("x"), node.get("y")), ("b", Some("1 & A"), Some("'")));
        assert_eq!(
            node.children.iter().map(|child| (&child.name[..], child.line)).collect::<Vec<_>>(),
            [("c", 2), ("d", 2)]
        );
    }

    #[test]
    fn what_is_not_well_formed_is_told() {
        for wrong in [
            "",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a x=1/>",
            "<a x='1' x='2'/>",
            "<a b='&x;'/>",
            "x<a/>",
            "<a/>x",
            "<!DOCTYPE a><a/>",
            "<a",
            "<>",
            "<a x",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
