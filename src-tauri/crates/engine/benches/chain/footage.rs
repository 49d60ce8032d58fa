//! What the camera sees: a picture with the detail of a photograph, panned, with the grain of a sensor, as MJPEG of a
//! usual quality. The number of each frame is burned in.

use std::fs;
use std::path::{Path, PathBuf};

use vitrine_testkit::fakecam::{FakeCamera, FakeMode};
use vitrine_testkit::ffmpeg::ffmpeg;

pub const MODE: FakeMode = FakeMode::at_30("MJPG", 1920, 1080);
/// Frames until the picture is where it began.
pub const LOOP: u32 = 120;
/// Side of a cell of the burned-in number: black, white, then the bits, least significant first.
pub const CELL: u32 = 32;
pub const BITS: u32 = 7;
pub const WORDS: &str = "Velvet lip glaze · 89";
/// What x264 is told in every contestant, in ffmpeg's words.
pub const X264: &str = "-c:v libx264 -preset veryfast -profile:v high -b:v 6M -maxrate 6M -bufsize 6M -bf 0 \
                        -rc-lookahead 10 -sc_threshold 0 -g 60 -threads";

/// Everything the contestants are fed with.
pub struct Footage {
    dir: tempfile::TempDir,
}

impl Footage {
    pub fn make() -> Self {
        println!("making footage: {LOOP} JPEG frames of {}x{}", MODE.width, MODE.height);
        let dir = tempfile::Builder::new().prefix("vitrine-chain-").tempdir().unwrap();
        let footage = Self { dir };
        footage.still();
        footage.frames();
        footage.composed();
        footage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A camera that delivers the frames.
    pub fn camera(&self, dir: &Path) -> FakeCamera {
        let camera = FakeCamera::create(dir, &[MODE]);
        for n in 1..=LOOP {
            camera.add_frame(MODE, &fs::read(self.path(&format!("f{n:04}.jpg"))).unwrap());
        }
        camera
    }

    /// Noise of every size, the larger the stronger, as in photographs, and some hard edges.
    fn still(&self) {
        let octaves = [(10, 6), (40, 24), (160, 90), (640, 360), (2560, 1440)];
        let mut graph = String::new();
        for (n, (w, h)) in octaves.into_iter().enumerate() {
            graph += &format!(
                "nullsrc=s={w}x{h}:d=1:r=1,format=yuv444p,geq=lum='random({n})*255':\
                 cb='128+(random({n})-0.5)*150':cr='128+(random({n})-0.5)*150',scale=2560:1440:flags=bicubic[o{n}];"
            );
        }
        graph += "[o0][o1][o2][o3][o4]mix=inputs=5:weights='10 6 3 1.5 0.7',eq=contrast=1.8";
        for n in 0..14u32 {
            let (x, y) = (n * 613 % 2300, n * 389 % 1250);
            graph +=
                &format!(",drawbox={x}:{y}:{}:{}:0x{:06x}@0.7:fill", 60 + n * 23, 40 + n * 17, n * 0x12_3457);
        }
        let (still, card) = (self.text("still.png"), self.text("card.png"));
        ffmpeg(&["-filter_complex", &graph, "-frames:v", "1", &still]);
        ffmpeg(&["-i", &still, "-vf", "crop=960:540:900:500,scale=480:270", "-frames:v", "1", &card]);
    }

    fn frames(&self) {
        let mut filter = format!(
            "crop=1920:1080:x='320+300*sin(2*PI*n/{LOOP})':y='180+120*sin(4*PI*n/{LOOP})',noise=alls=6:allf=t,\
             drawbox=0:0:{}:{CELL}:black:fill,drawbox={CELL}:0:{CELL}:{CELL}:white:fill",
            CELL * (BITS + 3)
        );
        for bit in 0..BITS {
            let (x, step) = (CELL * (bit + 2), 1 << bit);
            filter += &format!(
                ",drawbox={x}:0:{CELL}:{CELL}:white:fill:enable='eq(mod(floor((n+0.5)/{step}),2),1)'"
            );
        }
        let (still, frames) = (self.text("still.png"), self.text("f%04d.jpg"));
        let count = LOOP.to_string();
        ffmpeg(&[
            "-loop",
            "1",
            "-framerate",
            "30",
            "-i",
            &still,
            "-vf",
            &filter,
            "-frames:v",
            &count,
            "-pix_fmt",
            "yuvj422p",
            "-q:v",
            "4",
            &frames,
        ]);
        let all: Vec<u8> =
            (1..=LOOP).flat_map(|n| fs::read(self.path(&format!("f{n:04}.jpg"))).unwrap()).collect();
        println!("{} KB a frame", all.len() / LOOP as usize / 1024);
        fs::write(self.path("camera.mjpeg"), all).unwrap();
    }

    /// What ffmpeg makes of it, raw: x264 is fed with these in the run that measures it alone.
    fn composed(&self) {
        let (camera, card, graph, raw) =
            (self.text("camera.mjpeg"), self.text("card.png"), self.graph(), self.text("composed.yuv"));
        ffmpeg(&[
            "-f",
            "mjpeg",
            "-framerate",
            "30",
            "-i",
            &camera,
            "-i",
            &card,
            "-filter_complex",
            &graph,
            "-map",
            "[out]",
            "-f",
            "rawvideo",
            &raw,
        ]);
    }

    /// The same composition in ffmpeg's words. It leaves the matrix of the camera alone, which is the cheaper way.
    pub fn graph(&self) -> String {
        fs::write(self.path("words.txt"), WORDS).unwrap();
        format!(
            "[1]format=yuva420p[card];[0]format=yuv420p[camera];[camera][card]overlay=1380:60,\
             drawbox=0:940:1920:140:0x102040@0.8:fill,\
             drawtext=font=Sans:textfile={}:fontsize=64:fontcolor=white:x=60:y=975,format=yuv420p[out]",
            self.text("words.txt")
        )
    }

    /// The show that the studio plays; paths in it are relative to [`Self::path`]'s folder.
    pub fn show(&self, flash: bool) -> PathBuf {
        let place = |x: u32, y: u32, width: u32, height: u32| serde_json::json!({ "x": x, "y": y, "width": width, "height": height, "fit": "contain" });
        let mut sources = vec![
            serde_json::json!({ "id": "camera", "input": { "kind": "camera", "index": 42 } }),
            serde_json::json!({ "id": "card", "input": { "kind": "image", "path": "card.png" } }),
            serde_json::json!({ "id": "bar", "input": { "kind": "color", "color": "#102040cc" } }),
            serde_json::json!({ "id": "words", "input": { "kind": "text", "text": WORDS, "size": 64 } }),
            serde_json::json!({ "id": "tone", "input": { "kind": "tone" } }),
        ];
        let mut items = vec![
            serde_json::json!({ "id": "camera", "source": "camera", "transform": place(0, 0, 1920, 1080) }),
            serde_json::json!({ "id": "card", "source": "card", "transform": place(1380, 60, 480, 270) }),
            serde_json::json!({ "id": "bar", "source": "bar", "transform":
                { "x": 0, "y": 940, "width": 1920, "height": 140, "fit": "stretch" } }),
            serde_json::json!({ "id": "words", "source": "words", "transform": place(60, 960, 900, 90) }),
        ];
        let mut heard = "tone";
        if flash {
            sources.push(serde_json::json!({ "id": "flash", "input": { "kind": "flash_beep" } }));
            items.push(
                serde_json::json!({ "id": "flash", "source": "flash", "transform": place(0, 560, 640, 360) }),
            );
            heard = "flash";
        }
        let show = serde_json::json!({
            "vitrine_show": 1,
            "canvas": { "width": 1920, "height": 1080 },
            "sources": sources,
            "scenes": [{ "id": "main", "name": "Main", "items": items }],
            "strips": [{ "source": heard }],
        });
        let path = self.path("chain.show.json");
        fs::write(&path, show.to_string()).unwrap();
        path
    }
}
