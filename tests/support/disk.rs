//! A disk that is full when a test wants it to be.
#![allow(dead_code, reason = "each test file uses its part")]
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Says that a test needs what is not here; under CI that is a failure.
pub fn left_out(what: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this needs {what}");
    eprintln!("left out: this needs {what}");
}

/// A small disk of its own.
pub struct SmallDisk(TempDir);

impl SmallDisk {
    pub fn mount(bytes: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={bytes},mode=755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Some(SmallDisk(folder)),
            _ => {
                left_out("root, to mount a small disk");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    #[allow(dead_code, reason = "not every test file that has a small disk remounts it")]
    pub fn remount(&self, how: &str) {
        let option = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &option]).arg(self.path()).status().unwrap().success());
    }

    /// Leaves no byte free.
    pub fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = fs::File::create(&path).unwrap();
        while file.write(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
