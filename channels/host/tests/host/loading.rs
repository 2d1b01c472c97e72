//! Files that are no plugins, damaged ones, private copies and the probing child.
use crate::support::fixture;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use weikefu_channel_host::{Library, LoadError, Trust, probe, unpack};

const PROBE: &str = env!("CARGO_BIN_EXE_weikefu-probe");

fn plugin() -> Vec<u8> {
    fs::read(fixture()).unwrap()
}

struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Desk(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Tries to load a file of this content as an unknown one.
    fn load(&self, bytes: &[u8]) -> Result<Library, LoadError> {
        let path = self.file("foreign.so", bytes);
        Library::load(
            &path,
            Trust::Unknown {
                probe: Path::new(PROBE),
                copies: &self.0.path().join("copies"),
            },
        )
    }
}

#[test]
fn an_unknown_plugin_is_probed_copied_and_loaded() {
    let desk = Desk::new();
    let library = desk.load(&plugin()).unwrap();
    assert_eq!(library.manifest().id, "fixture");
    assert_eq!(
        library.manifest().capabilities,
        ["webhooks", "sockets", "notices"]
    );
    let fields = &library.manifest().config["properties"];
    assert_eq!(
        (&fields["base"]["format"], &fields["mode"]["description"]),
        (
            &"uri".into(),
            &"`refuse`, `panic`, `hang` in `open`; `drop` panics at the end.".into()
        )
    );
    assert!(library.path().starts_with(desk.0.path().join("copies")));
    assert_eq!(fs::read(library.path()).unwrap(), plugin());
    assert_eq!(probe(Path::new(PROBE), &fixture()).unwrap(), *library.manifest());
}

#[test]
fn files_that_are_no_plugins_are_named_for_what_they_are() {
    let desk = Desk::new();
    let found = |bytes: &[u8]| match desk.load(bytes).unwrap_err() {
        LoadError::NotSharedObject { found, .. } => {
            assert!(!found.zh.is_ascii(), "{found:?}");
            found.en
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(found(b""), "an empty file");
    assert_eq!(found(b"\n<!DOCTYPE html><html></html>"), "an HTML page");
    assert_eq!(found(b"MZ\x90\0"), "a Windows program or DLL");
    assert_eq!(found(b"PK\x03\x04"), "a packed archive");
    assert_eq!(found(b"\xcf\xfa\xed\xfe"), "a macOS library");
    assert_eq!(found(&[0x5a; 4096]), "something else");
    let mut other = plugin();
    other[4] = 1;
    assert_eq!(found(&other), "an ELF file of another word size or byte order");
    let mut other = plugin();
    other[16] = 1;
    assert_eq!(found(&other), "an ELF file that is not a shared object");
    let mut other = plugin();
    other[40..48].fill(0xff);
    assert_eq!(found(&other), "an ELF file with a damaged header");
    let mut other = plugin();
    other[18] = 40;
    assert!(
        matches!(desk.load(&other), Err(LoadError::WrongMachine { found, .. }) if found.en == "arm (32 bit)")
    );
    let missing = Library::load(&desk.0.path().join("none.so"), Trust::Bundled).unwrap_err();
    assert!(matches!(missing, LoadError::Unreadable { .. }), "{missing:?}");
    let huge = desk.file("huge.so", b"");
    fs::File::options()
        .write(true)
        .open(&huge)
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    assert!(matches!(
        Library::load(&huge, Trust::Bundled),
        Err(LoadError::TooLarge { .. })
    ));
}

#[test]
fn cut_off_files_never_reach_the_loader() {
    let (desk, whole) = (Desk::new(), plugin());
    for percent in [1, 25, 50, 75, 99] {
        let refused = desk.load(&whole[..whole.len() * percent / 100]).unwrap_err();
        assert!(
            matches!(refused, LoadError::Truncated { .. }),
            "{percent}: {refused:?}"
        );
    }
    let refused = desk.load(&whole[..40]).unwrap_err();
    assert!(matches!(
        refused,
        LoadError::Truncated {
            found: 40,
            wanted: 64,
            ..
        }
    ));
}

#[test]
fn what_kills_a_process_kills_the_child() {
    let (desk, mut bytes) = (Desk::new(), plugin());
    // The dynamic section's entries point nowhere: the loader follows them to its end.
    let long = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let headers = long(&bytes, 32);
    let count = usize::from(u16::from_le_bytes([bytes[56], bytes[57]]));
    let dynamic = (0..count)
        .map(|i| headers + i * 56)
        .find(|at| bytes[*at..*at + 4] == [2, 0, 0, 0])
        .unwrap();
    let (offset, size) = (long(&bytes, dynamic + 8), long(&bytes, dynamic + 32));
    for entry in (offset..offset + size).step_by(16) {
        // DT_STRTAB, DT_SYMTAB
        if matches!(long(&bytes, entry), 5 | 6) {
            bytes[entry + 8..entry + 16].copy_from_slice(&0x7fff_0000_0000_u64.to_le_bytes());
        }
    }
    let refused = desk.load(&bytes).unwrap_err();
    assert!(
        matches!(&refused, LoadError::Crashed { found, .. } if found.en.contains("signal")),
        "{refused:?}"
    );
    assert_names_the_file(&desk, &refused);
}

/// Not its private copy: nobody knows that one.
fn assert_names_the_file(desk: &Desk, refused: &LoadError) {
    let file = desk.0.path().join("foreign.so").display().to_string();
    for said in [refused.to_string(), refused.zh()] {
        assert!(said.starts_with(&file), "{said}");
        assert!(!said.contains("copies"), "{said}");
    }
}

#[test]
fn what_the_child_refuses_names_the_file_that_was_given() {
    let desk = Desk::new();
    // The symbol's name occurs in the string tables only.
    let mut bytes = plugin();
    let name = b"weikefu_plugin\0";
    let mut found = 0;
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            bytes[at] = b'v';
            found += 1;
        }
    }
    assert!(found > 0);
    let refused = desk.load(&bytes).unwrap_err();
    assert!(
        matches!(refused, LoadError::NoSymbol { .. } | LoadError::Loader { .. }),
        "{refused:?}"
    );
    assert_names_the_file(&desk, &refused);
    // A library that is not there: the system's loader says so, and begins with the path it was given.
    let mut bytes = plugin();
    let name = b"libc.so.6\0";
    let at = (0..bytes.len() - name.len())
        .find(|at| bytes[*at..].starts_with(name))
        .unwrap();
    bytes[at..at + 4].copy_from_slice(b"none");
    let refused = desk.load(&bytes).unwrap_err();
    assert!(matches!(refused, LoadError::Loader { .. }), "{refused:?}");
    assert_names_the_file(&desk, &refused);
    assert!(refused.zh().contains("缺少库 none.so.6"), "{}", refused.zh());
    let blocked = desk.file("blocked", b"");
    let refused = Library::load(
        &desk.file("foreign.so", &plugin()),
        Trust::Unknown {
            probe: Path::new(PROBE),
            copies: &blocked,
        },
    );
    assert!(matches!(refused, Err(LoadError::Copy { .. })));
}

#[test]
fn damaged_files_are_refused_or_harmless() {
    let (desk, whole) = (Desk::new(), plugin());
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as usize
    };
    for _ in 0..30 {
        let mut bytes = whole.clone();
        for _ in 0..16 {
            let at = random() % bytes.len();
            bytes[at] ^= 1 << (random() % 8);
        }
        // The child answers for what happens; that this process goes on is what is tested.
        let path = desk.file("flipped.so", &bytes);
        drop(probe(Path::new(PROBE), &path));
    }
    probe(Path::new(PROBE), &fixture()).unwrap();
}

#[test]
fn a_probe_that_misbehaves_is_not_believed() {
    let desk = Desk::new();
    let script = |name: &str, text: &str| {
        let path = desk.file(name, format!("#!/bin/sh\n{text}\n").as_bytes());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        probe(&path, &fixture()).unwrap_err()
    };
    let silent = script("silent", "exit 3");
    assert!(
        silent.to_string().contains("exit code 3 and no answer"),
        "{silent}"
    );
    let manifest = r#"{"plugin":{"manifest":1,"id":"x","version":"1"}}"#;
    let failed = script("failed", &format!("echo '{manifest}'; exit 1"));
    assert!(matches!(failed, LoadError::Crashed { .. }));
    let killed = script("killed", "kill -BUS $$");
    assert!(killed.to_string().contains("SIGBUS"), "{killed}");
    let missing = probe(&desk.0.path().join("none"), &fixture()).unwrap_err();
    assert!(matches!(missing, LoadError::NoProbe { .. }));
}

#[test]
fn bundled_plugins_are_unpacked_once_and_repaired() {
    let desk = Desk::new();
    let path = unpack(desk.0.path(), "wechat", b"the plugin").unwrap();
    let name = path.strip_prefix(desk.0.path()).unwrap().to_str().unwrap();
    let hash = "30f3a0e3fbd7b1e8fd4f9d3bcb1ec4a4";
    assert!(
        name.starts_with(".bundled/wechat-") && name.len() == ".bundled/wechat-.so".len() + 64,
        "{name} {hash}"
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));

    let written = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(unpack(desk.0.path(), "wechat", b"the plugin").unwrap(), path);
    assert_eq!(
        fs::metadata(&path).unwrap().modified().unwrap(),
        written,
        "an intact copy is left alone"
    );

    fs::write(&path, b"something else").unwrap();
    fs::set_permissions(path.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    let before = fs::File::open(&path).unwrap();
    unpack(desk.0.path(), "wechat", b"the plugin").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"the plugin");
    assert_eq!(
        std::io::read_to_string(before).unwrap(),
        "something else",
        "it is replaced, not written over"
    );
    assert_eq!(mode(path.parent().unwrap()), 0o700);

    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(desk.file("elsewhere", b"the plugin"), &path).unwrap();
    unpack(desk.0.path(), "wechat", b"the plugin").unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "nothing temporary is left"
    );

    assert_ne!(unpack(desk.0.path(), "wechat", b"another").unwrap(), path);
    let blocked = desk.file("blocked", b"");
    let refused = unpack(&blocked, "wechat", b"the plugin").unwrap_err();
    assert!(
        matches!(refused, LoadError::Copy { .. }) && refused.zh().contains("私有副本"),
        "{refused}"
    );
}
