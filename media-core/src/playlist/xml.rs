//! Elements and attributes, indented: enough XML to write a manifest.

use super::text::{put_duration, put_escaped, put_number};

/// A document that is being written.
#[derive(Debug)]
pub(super) struct Xml {
    out: String,
    /// The elements that are open, and of each whether its start tag is complete.
    open: Vec<(&'static str, bool)>,
}

impl Xml {
    pub(super) fn new() -> Self {
        Self { out: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Opens an element in the one that is open.
    pub(super) fn begin(&mut self, name: &'static str) -> &mut Self {
        self.close_tag();
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        self.open.push((name, false));
        self
    }

    /// An attribute of the element just begun.
    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.attribute(name, |out| put_escaped(out, value))
    }

    pub(super) fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.attribute(name, |out| put_number(out, value))
    }

    /// An `xs:duration`.
    pub(super) fn duration(&mut self, name: &str, nanos: i64) -> &mut Self {
        self.attribute(name, |out| put_duration(out, nanos))
    }

    /// First and last byte, both in it; what is empty is not said.
    pub(super) fn range(&mut self, name: &str, range: &std::ops::Range<u64>) -> &mut Self {
        let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else { return self };
        self.attribute(name, |out| {
            put_number(out, range.start);
            out.push('-');
            put_number(out, last);
        })
    }

    pub(super) fn attribute(&mut self, name: &str, put: impl FnOnce(&mut String)) -> &mut Self {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        put(&mut self.out);
        self.out.push('"');
        self
    }

    /// An element that holds nothing but text.
    pub(super) fn leaf(&mut self, name: &'static str, text: &str) -> &mut Self {
        self.begin(name);
        self.open.pop();
        self.out.push('>');
        put_escaped(&mut self.out, text);
        self.end_tag(name)
    }

    /// An element that says a scheme and a value: a descriptor, ISO/IEC 23009-1 5.8.
    pub(super) fn descriptor(&mut self, name: &'static str, scheme: &str, value: &str) -> &mut Self {
        self.begin(name).text("schemeIdUri", scheme).text("value", value).end()
    }

    /// Closes the element opened last.
    pub(super) fn end(&mut self) -> &mut Self {
        match self.open.pop() {
            Some((_, false)) => self.out.push_str("/>\n"),
            Some((name, true)) => {
                self.indent();
                self.end_tag(name);
            }
            None => {}
        }
        self
    }

    pub(super) fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.end();
        }
        self.out
    }

    fn end_tag(&mut self, name: &str) -> &mut Self {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
        self
    }

    fn close_tag(&mut self) {
        if let Some((_, complete)) = self.open.last_mut()
            && !*complete
        {
            *complete = true;
            self.out.push_str(">\n");
        }
    }

    fn indent(&mut self) {
        self.open.iter().for_each(|_| self.out.push_str("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_lie_in_elements() {
        let mut xml = Xml::new();
        xml.begin("MPD").text("title", "a<b").begin("Period").duration("start", 1_500_000_000);
        xml.begin("S").number("d", 2).range("range", &(0..10)).range("none", &(3..3)).end();
        xml.leaf("BaseURL", "a&b.mp4").end();
        let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD title=\"a&lt;b\">\n  <Period start=\"PT1.5S\">\n    \
                        <S d=\"2\" range=\"0-9\"/>\n    <BaseURL>a&amp;b.mp4</BaseURL>\n  </Period>\n</MPD>\n";
        assert_eq!(xml.finish(), expected);
    }
}
