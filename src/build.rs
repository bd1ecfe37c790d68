//! The dashboard is embedded from `web/dist`: a change there must rebuild the binary.

fn main() {
    println!("cargo::rerun-if-changed=web/dist");
}
