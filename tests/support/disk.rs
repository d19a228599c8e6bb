//! Disks that are full or fail on demand.
#![allow(dead_code, reason = "each test file uses its part")]
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Reports that a test was skipped; under CI that is a failure.
pub(crate) fn left_out(what: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this needs {what}");
    eprintln!("skipped: this needs {what}");
}

/// A small separate file system.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    pub(crate) fn mount(bytes: &str) -> Option<Self> {
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

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    #[allow(dead_code, reason = "not every test file that has a small disk remounts it")]
    pub(crate) fn remount(&self, how: &str) {
        let option = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &option]).arg(self.path()).status().unwrap().success());
    }

    /// Fills the disk to the last byte.
    pub(crate) fn fill(&self) -> PathBuf {
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

/// Makes `FAIL_TIMES` syncs of files whose name ends in `FAIL_NAME` fail with EIO, from number `FAIL_FROM` on (1 is the
/// first). The data has been handed to the kernel by then, so whether it is on disk is unknown.
const FAILING_SYNC: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fails(int fd) {
    static int seen = 0;
    char link[64], name[4096];
    const char *end = getenv("FAIL_NAME");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    struct stat what;
    if (end && !*end && fstat(fd, &what) == 0 && S_ISDIR(what.st_mode)) return 0;
    ssize_t bytes = readlink(link, name, sizeof name - 1);
    if (!end || bytes < (ssize_t)strlen(end)) return 0;
    name[bytes] = 0;
    if (strcmp(name + bytes - strlen(end), end)) return 0;
    int from = atoi(getenv("FAIL_FROM")), times = atoi(getenv("FAIL_TIMES"));
    seen++;
    return seen >= from && seen < from + times;
}

int fsync(int fd) {
    if (fails(fd)) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    if (fails(fd)) { errno = EIO; return -1; }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"#;

/// A preloaded library that makes syncs fail.
pub(crate) struct FailingSync(TempDir);

impl FailingSync {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (folder.path().join("failing.c"), folder.path().join("failing.so"));
        fs::write(&source, FAILING_SYNC).unwrap();
        let cc = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").output();
        let cc = cc.unwrap();
        assert!(cc.status.success(), "{}", String::from_utf8_lossy(&cc.stderr));
        FailingSync(folder)
    }

    /// Makes `times` syncs in `command` fail, for files whose name ends in `name`, from number `from` on.
    pub(crate) fn arm(&self, command: &mut Command, name: &str, from: u32, times: u32) {
        command.env("LD_PRELOAD", self.0.path().join("failing.so")).env("FAIL_NAME", name);
        command.env("FAIL_FROM", from.to_string()).env("FAIL_TIMES", times.to_string());
    }
}
