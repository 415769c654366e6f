fn main() {
    std::fs::write(
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/bindings.rs"),
        include_str!(concat!(env!("OUT_DIR"), "/bindings.rs")),
    )
    .unwrap();
}
