//! A V4L2 camera for machines without one: a small C library (`native/fakecam.c`) preloaded into the process that is
//! to see it. The real capture code runs unchanged, in real time, against frames of which a test knows every byte.
//!
//! Owns: compiling that library once with `cc`, and the folder through which the camera is told what to deliver.
//! The preload needs a process of its own, so a test runs itself again under it: [`run_inside`].
//! Linux only. Threads and locks: none here.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("../native/fakecam.c");
/// The number of the device node, `/dev/video42`.
pub const NODE: u32 = 42;

/// One mode the camera offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FakeMode {
    /// `MJPG`, `YUYV` or `NV12`.
    pub fourcc: &'static str,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames per second.
    pub fps: u32,
}

impl FakeMode {
    /// A mode of 30 frames a second.
    pub const fn at_30(fourcc: &'static str, width: u32, height: u32) -> Self {
        Self { fourcc, width, height, fps: 30 }
    }
}

/// The folder that tells the camera what to be. Any number of handles, in any process, may change it while it runs.
#[derive(Clone, Debug)]
pub struct FakeCamera {
    dir: PathBuf,
}

impl FakeCamera {
    /// A camera configured in the empty folder `dir`, offering `modes` in this order.
    pub fn create(dir: &Path, modes: &[FakeMode]) -> Self {
        let line = |m: &FakeMode| format!("{} {} {} {}", m.fourcc, m.width, m.height, m.fps);
        let lines: Vec<String> = modes.iter().map(line).collect();
        fs::write(dir.join("modes"), lines.join("\n")).unwrap();
        Self { dir: dir.to_owned() }
    }

    /// The camera this process was started under.
    pub fn current() -> Option<Self> {
        let preloaded = std::env::var("LD_PRELOAD").is_ok_and(|list| list.contains("vitrine-fakecam"));
        let dir = std::env::var_os("FAKECAM_DIR").filter(|_| preloaded)?;
        Some(Self { dir: dir.into() })
    }

    /// Adds the next frame of a mode; the camera plays them in this order, again and again. Frames are read when a
    /// stream starts.
    pub fn add_frame(&self, mode: FakeMode, bytes: &[u8]) {
        let dir = self.dir.join(format!("frames-{}-{}x{}", mode.fourcc, mode.width, mode.height));
        fs::create_dir_all(&dir).unwrap();
        let count = fs::read_dir(&dir).unwrap().count();
        fs::write(dir.join(format!("{count:06}")), bytes).unwrap();
    }

    /// What the camera calls itself.
    pub fn set_name(&self, name: &str) {
        fs::write(self.dir.join("name"), name).unwrap();
    }

    /// What the driver reports for raw formats: V4L2 colour space and quantisation numbers.
    pub fn set_color(&self, colorspace: u32, quantization: u32) {
        fs::write(self.dir.join("color"), format!("{colorspace} {quantization}\n")).unwrap();
    }

    /// While on, no frame comes and no error either.
    pub fn stall(&self, on: bool) {
        self.switch("stall", on);
    }

    /// While on, the device is not there; a stream that runs sees it go.
    pub fn unplug(&self, on: bool) {
        self.switch("unplug", on);
    }

    /// While on, another program holds the device.
    pub fn busy(&self, on: bool) {
        self.switch("busy", on);
    }

    /// Every `n`th frame arrives damaged; `None` ends that.
    pub fn corrupt_every(&self, n: Option<u32>) {
        match n {
            Some(n) => {
                // Renamed into place, so that the camera never reads half a number.
                let draft = self.dir.join("corrupt.new");
                fs::write(&draft, n.to_string()).unwrap();
                fs::rename(draft, self.dir.join("corrupt")).unwrap();
            }
            None => self.switch("corrupt", false),
        }
    }

    fn switch(&self, name: &str, on: bool) {
        let path = self.dir.join(name);
        if on {
            fs::write(path, "").unwrap();
        } else if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }

    /// The environment under which a process sees this camera.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", library().into_os_string()),
            ("FAKECAM_DIR", self.dir.clone().into_os_string()),
            ("FAKECAM_NODE", NODE.to_string().into()),
        ]
    }
}

/// Runs `body` in a process that sees a camera set up by `prepare`. Call it first and alone in a `#[test]`, with the
/// full name of that test: the process is this test binary again, running that one test.
pub fn run_inside(
    test: &str,
    modes: &[FakeMode],
    prepare: impl FnOnce(&FakeCamera),
    body: impl FnOnce(&FakeCamera),
) {
    if let Some(camera) = FakeCamera::current() {
        body(&camera);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let camera = FakeCamera::create(dir.path(), modes);
    prepare(&camera);
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .envs(camera.environment())
        .output()
        .unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "inside the camera process: {}\n{text}", output.status);
    assert!(text.contains("1 passed"), "{test} is not the full name of a test:\n{text}");
}

/// The compiled library, built on first use and kept in the temporary folder under the hash of its source.
fn library() -> PathBuf {
    let mut hash = DefaultHasher::new();
    (SOURCE, std::env::consts::ARCH).hash(&mut hash);
    let path = std::env::temp_dir().join(format!("vitrine-fakecam-{:016x}.so", hash.finish()));
    if path.exists() {
        return path;
    }
    // Built beside and renamed, since several test processes may come here at once.
    let work = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    let (source, built) = (work.path().join("fakecam.c"), work.path().join("fakecam.so"));
    fs::write(&source, SOURCE).unwrap();
    let output = Command::new("cc")
        .args(["-O2", "-Wall", "-shared", "-fPIC", "-o"])
        .args([&built, &source])
        .args(["-ldl", "-lpthread"])
        .output()
        .expect("the fake camera needs a C compiler named cc");
    assert!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
    fs::rename(built, &path).unwrap();
    path
}
