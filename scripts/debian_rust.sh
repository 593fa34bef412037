#!/bin/sh
# Installs Debian's own Rust, which has the wasm target's standard library as source only, builds
# that once in the folder given, and puts it where rustc looks for it.
set -eu
work=$1
target=wasm32-unknown-unknown

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
as_root apt-get update
as_root apt-get install --yes --no-install-recommends \
  rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web lld-22

sysroot=$(/usr/bin/rustc --print sysroot)
rm -rf "$work"
mkdir -p "$work/src"
cat >"$work/Cargo.toml" <<EOF
[package]
name = "empty"
version = "0.0.0"
edition = "2021"

[workspace]
EOF
echo '#![no_std]' >"$work/src/lib.rs"
mkdir "$work/.cargo"
cat >"$work/.cargo/config.toml" <<EOF
[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "$sysroot/lib/rustlib/src/rust/library/vendor"
EOF
cd "$work"
RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$work/target" /usr/bin/cargo build \
  --release --target "$target" -Zbuild-std=std,panic_abort

rm -f "target/$target/release/deps/"libempty-*
lib=$sysroot/lib/rustlib/$target/lib
as_root mkdir -p "$lib"
as_root cp "target/$target/release/deps/"*.rlib "target/$target/release/deps/"*.rmeta "$lib"
rm -rf "$work"
