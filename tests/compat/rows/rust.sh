# program: rustc and cargo
# packages: rustc cargo
# version: /usr/bin/rustc --version
# does: cargo build --release of a crate with threads, then the program
# counts: ^(rustc|cargo|hello|ld.*|cc|x86_64-linux-gnu.*)$
# timeout: 400
run() {
	export CARGO_HOME=$WORK/cargo
	mkdir -p hello/src && cd hello && cat >Cargo.toml <<'T'
[package]
name = "hello"
version = "0.1.0"
edition = "2021"
T
	cat >src/main.rs <<'R'
use std::collections::HashMap;
fn main() {
    let t: Vec<_> = (0..8).map(|n| std::thread::spawn(move || {
        let mut m: HashMap<String, usize> = HashMap::new();
        for i in 0..20000 { *m.entry(format!("k{}", i * n % 997)).or_default() += i; }
        m.len()
    })).collect();
    println!("{:?}", t.into_iter().map(|t| t.join().unwrap()).collect::<Vec<_>>());
    let _ = std::panic::catch_unwind(|| panic!("through profiled frames"));
    std::process::exit(6);
}
R
	/usr/bin/cargo build --release --offline && ./target/release/hello
}
same() { sed 's/in [0-9.]*s$//'; }
