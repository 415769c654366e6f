//! The structures and constants of bindings as assertions in C. This file is the same in both binding crates.

use std::{collections::BTreeMap, fmt::Write as _};

/// The text of `layout.h` for bindings given as Rust.
pub(crate) fn assertions(package: &str, rust: &str) -> String {
    let types = Types::read(rust);
    let mut out = PREAMBLE.replace("PACKAGE", package);
    let mut done = Vec::new();
    for name in types.structures.keys() {
        types.declare(name, &mut done, &mut out);
    }
    for (name, structure) in &types.structures {
        if !is_nested(name) {
            let (c_name, mine) = (types.c_name(name), format!("{} rust_{name}", structure.keyword));
            writeln!(out, "\nSTRUCTURE({c_name}, {mine});").expect("memory");
            types.assert_members(&c_name, &mine, "", structure, &mut out);
        }
    }
    out.push('\n');
    for (name, value) in constants(rust) {
        writeln!(out, "VALUE({name}, {value});").expect("memory");
    }
    out
}

/// A structure or union of the bindings.
struct Structure<'a> {
    keyword: &'static str,
    members: Vec<(&'a str, String)>,
}

/// The types of the bindings, read from their text.
struct Types<'a> {
    structures: BTreeMap<&'a str, Structure<'a>>,
    aliases: BTreeMap<&'a str, String>,
}

impl<'a> Types<'a> {
    fn read(rust: &'a str) -> Types<'a> {
        let mut types = Types { structures: BTreeMap::new(), aliases: BTreeMap::new() };
        let mut lines = rust.lines();
        while let Some(line) = lines.next() {
            let Some(line) = line.strip_prefix("pub ") else { continue };
            let body = |keyword, rest: &'a str, lines: &mut std::str::Lines<'a>| {
                let name = rest.trim_end_matches(" {");
                let text: Vec<_> = lines.take_while(|line| *line != "}").collect();
                let members = text.iter().filter(|line| line.starts_with("    pub ")).count();
                (members > 0).then(|| (name, Structure { keyword, members: members_of(&text) }))
            };
            if let Some(rest) = line.strip_prefix("struct ") {
                types.structures.extend(body("struct", rest, &mut lines));
            } else if let Some(rest) = line.strip_prefix("union ") {
                types.structures.extend(body("union", rest, &mut lines));
            } else if let Some((name, target)) =
                line.strip_prefix("type ").and_then(|rest| rest.split_once(" = "))
            {
                types.aliases.insert(name, target.trim_end_matches(';').to_owned());
            } else if let Some((target, name)) =
                line.strip_prefix("use self::").and_then(|rest| rest.split_once(" as "))
            {
                types.aliases.insert(name.trim_end_matches(';'), target.to_owned());
            }
        }
        types
    }

    /// Writes a structure after those it is made of.
    fn declare(&self, name: &'a str, done: &mut Vec<&'a str>, out: &mut String) {
        if done.contains(&name) {
            return;
        }
        done.push(name);
        let structure = &self.structures[name];
        for (_, ty) in &structure.members {
            if let Some((inner, _)) = self.structure(ty) {
                self.declare(inner, done, out);
            }
        }
        writeln!(out, "{} rust_{name} {{", structure.keyword).expect("memory");
        for (member, ty) in &structure.members {
            writeln!(out, "    {};", self.declaration(ty, c_member(member))).expect("memory");
        }
        out.push_str("};\n");
    }

    fn assert_members(&self, c_name: &str, mine: &str, path: &str, of: &Structure<'_>, out: &mut String) {
        for (member, ty) in &of.members {
            let path = format!("{path}{}", c_member(member));
            match self.structure(ty) {
                // An anonymous one has no name in C, so its members are reached through the one around it.
                Some((name, inner)) if is_nested(name) => {
                    self.assert_members(c_name, mine, &format!("{path}."), inner, out);
                }
                _ => writeln!(out, "MEMBER({c_name}, {mine}, {path});").expect("memory"),
            }
        }
    }

    /// The structure that a type is, or is an array of.
    fn structure(&self, ty: &str) -> Option<(&'a str, &Structure<'a>)> {
        let ty = self.resolved(ty);
        let element =
            ty.strip_prefix('[').and_then(|ty| ty.rsplit_once("; ")).map_or(ty, |(element, _)| element);
        self.structures.get_key_value(self.resolved(element)).map(|(name, structure)| (*name, structure))
    }

    fn resolved<'t>(&'t self, ty: &'t str) -> &'t str {
        self.aliases.get(ty).map_or(ty, |target| self.resolved(target))
    }

    /// C has typedefs for what bindgen names by the tag.
    fn c_name(&self, name: &str) -> String {
        let alias = self.aliases.iter().find(|(_, target)| *target == name).map(|(alias, _)| *alias);
        alias.unwrap_or(name).to_owned()
    }

    fn declaration(&self, ty: &str, name: &str) -> String {
        let ty = self.resolved(ty);
        if let Some((element, length)) = ty.strip_prefix('[').and_then(|ty| ty.rsplit_once("; ")) {
            let length = length.trim_end_matches("usize]");
            return self.declaration(element, &format!("{name}[{length}]"));
        }
        if ty.starts_with("::core::option::Option<") {
            return format!("void (*{name})(void)");
        }
        if ty.starts_with('*') {
            return format!("void *{name}");
        }
        if let Some(structure) = self.structures.get(ty) {
            return format!("{} rust_{ty} {name}", structure.keyword);
        }
        let known = PRIMITIVES.iter().find(|(rust, _)| *rust == ty);
        let (_, c) = known.unwrap_or_else(|| panic!("no C type is known for `{ty}`"));
        format!("{c} {name}")
    }
}

/// `pub a: A, pub b: B,`, each over one or more lines.
fn members_of<'a>(lines: &[&'a str]) -> Vec<(&'a str, String)> {
    let mut members: Vec<(&str, String)> = Vec::new();
    for line in lines {
        match line.strip_prefix("    pub ").and_then(|rest| rest.split_once(": ")) {
            Some((name, ty)) => members.push((name, ty.to_owned())),
            None => members.last_mut().expect("the first line names a member").1.push_str(line.trim()),
        }
    }
    for (_, ty) in &mut members {
        ty.truncate(ty.trim_end_matches(',').len());
    }
    members
}

fn constants(rust: &str) -> impl Iterator<Item = (&str, &str)> {
    rust.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
        Some((name, rest.split_once(" = ")?.1.trim_end_matches(';')))
    })
}

fn is_nested(name: &str) -> bool {
    name.contains("__bindgen_ty")
}

/// bindgen appends `_` to what is a keyword of Rust.
fn c_member(name: &str) -> &str {
    name.trim_end_matches('_')
}

const PRIMITIVES: [(&str, &str); 19] = [
    ("::core::ffi::c_char", "char"),
    ("::core::ffi::c_schar", "signed char"),
    ("::core::ffi::c_uchar", "unsigned char"),
    ("::core::ffi::c_short", "short"),
    ("::core::ffi::c_ushort", "unsigned short"),
    ("::core::ffi::c_int", "int"),
    ("::core::ffi::c_uint", "unsigned int"),
    ("::core::ffi::c_long", "long"),
    ("::core::ffi::c_ulong", "unsigned long"),
    ("usize", "size_t"),
    ("u8", "uint8_t"),
    ("u16", "uint16_t"),
    ("u32", "uint32_t"),
    ("u64", "uint64_t"),
    ("i8", "int8_t"),
    ("i32", "int32_t"),
    ("i64", "int64_t"),
    ("f32", "float"),
    ("f64", "double"),
];

const PREAMBLE: &str = r#"/*
 * The structures and constants of src/bindings.rs in C, asserted to be those of the header.
 * Written by the example `regenerate` together with that file; not edited by hand.
 */

#define FOREIGN \
    "PACKAGE: the header found does not fit src/bindings.rs; " \
    "install a supported version or enable the feature bindgen: "
#define STRUCTURE(type, mine) _Static_assert(sizeof(type) == sizeof(mine), FOREIGN #type)
#define MEMBER(type, mine, member) \
    _Static_assert(offsetof(type, member) == offsetof(mine, member) && \
                       sizeof(((type *)0)->member) == sizeof(((mine *)0)->member), \
                   FOREIGN #type " " #member)
#define VALUE(name, value) _Static_assert((name) == (value), FOREIGN #name)

"#;
