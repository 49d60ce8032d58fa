"""What happens inside the guest: the real program against the kernel's own camera and sound card drivers.

guest.py VITRINE [NAME…]: runs the tests, or those whose names contain one of the words. Reports on lines that begin
with "lab: ", between whatever the kernel prints. Everything is slow here, so waits are long and pictures small.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import traceback

VITRINE = sys.argv[1]
PATIENCE = 90
LIGHT = ["--preset", "ultrafast", "--video-bitrate", "400k", "--status", "-"]
SMALL = ["--size", "320x180", "--fps", "5"]


def say(text):
    print(f"lab: {text}", flush=True)


def shell(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True, timeout=PATIENCE).stdout


def control(name, value):
    shell("v4l2-ctl", "-d", camera_node(), "-c", f"{name}={value}")


def camera_node():
    nodes = sorted(n for n in os.listdir("/dev") if n.startswith("video"))
    for node in nodes:
        caps = shell("v4l2-ctl", "-d", f"/dev/{node}", "--all", check=False)
        if "Video Capture" in caps.split("Priority")[0]:
            return f"/dev/{node}"
    raise AssertionError(f"no camera among {nodes}")


def plug():
    """One camera of the kind webcams are: inputs of type 0, no radio, no overlay, no output."""
    shell("modprobe", "vivid", "n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=0x00")
    settle(lambda: any(n.startswith("video") for n in os.listdir("/dev")), "a camera node")


def unplug():
    # The driver cannot go while a descriptor is open, so this also shows that ours were closed.
    settle(lambda: subprocess.run(["rmmod", "vivid"], capture_output=True).returncode == 0, "the driver let go")


def settle(done, what):
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.2)


class Studio:
    """`vitrine` running, its status lines read."""

    def __init__(self, *args):
        self.errors = open("/tmp/stderr", "w+")
        self.child = subprocess.Popen([VITRINE, "live", *LIGHT, *(() if "--show" in args else SMALL), *args], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.child.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def wait(self, what, wanted):
        end = time.monotonic() + PATIENCE
        last = None
        while True:
            try:
                status = self.lines.get(timeout=max(end - time.monotonic(), 0.1))
            except queue.Empty:
                raise AssertionError(f"never: {what}; last {last}; {self.words()}") from None
            assert status is not None, f"ended before {what}; last {last}; {self.words()}"
            if wanted(status):
                return status
            last = status

    def words(self):
        self.errors.flush()
        with open("/tmp/stderr") as file:
            return file.read()[-600:]

    def end(self):
        self.child.terminate()
        code = self.child.wait(timeout=PATIENCE)
        assert code == 0, f"exit code {code}: {self.words()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def source(status, n=0):
    """The state of a source; none before the first status of a starting engine knows it."""
    return status["sources"][n]["state"] if len(status["sources"]) > n else None


def live(status):
    return source(status) == "live" and status["video"]["encoded"] > 10


def show(pixels, width=320, height=180, fps=5):
    document = {
        "vitrine_show": 1,
        "canvas": {"width": 320, "height": 180, "rate": {"num": 5, "den": 1}},
        "sources": [{"id": "camera", "input": {"kind": "camera", "index": 0,
                     "format": {"width": width, "height": height, "fps": fps, "pixels": pixels}}}],
        "scenes": [{"id": "main", "name": "Main", "items": [{"id": "camera", "source": "camera",
                    "transform": {"x": 0, "y": 0, "width": 320, "height": 180, "fit": "stretch"}}]}],
    }
    path = f"/tmp/{pixels}.json"
    with open(path, "w") as file:
        json.dump(document, file)
    return path


def columns(recording):
    """Mean colour of the middle half of each of the eight bars in one row of the last picture, as RGB."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", recording, "-vf", "crop=320:2:0:150,format=rgb24", "-f", "rawvideo", "-"],
        check=True, capture_output=True, timeout=PATIENCE).stdout
    row = raw[-320 * 3:]
    bars = []
    for bar in range(8):
        pixels = [row[3 * x:3 * x + 3] for x in range(bar * 40 + 10, bar * 40 + 30)]
        bars.append(tuple(sum(p[c] for p in pixels) // len(pixels) for c in range(3)))
    return bars


# White, yellow, cyan, green, magenta, red, blue, black: which of R, G, B are on.
BARS = ["RGB", "RG", "GB", "G", "RB", "R", "B", ""]


def captures(pixels):
    recording = f"/tmp/{pixels}.mp4"
    with Studio("--show", show(pixels), "--record", recording) as studio:
        studio.wait("pictures of the camera", live)
        used = shell("v4l2-ctl", "-d", camera_node(), "--get-fmt-video", check=False)
        assert pixels in used, f"asked for {pixels}, streams {used}"
        studio.end()
    seen = ["".join(c for c, v in zip("RGB", colour) if v > 110) for colour in columns(recording)]
    assert seen == BARS, f"{columns(recording)} reads as {seen}"


def test_the_camera_and_its_formats_are_listed():
    devices = json.loads(shell(VITRINE, "devices", "--json"))
    [camera] = devices["cameras"]
    assert "vivid" in camera["name"].lower(), camera["name"]
    formats = {(f["pixel"], f["width"], f["height"]) for f in camera["formats"]}
    assert ("yuyv", 640, 360) in formats and ("nv12", 320, 180) in formats, sorted(formats)[:20]


def test_the_sound_card_is_listed():
    devices = json.loads(shell(VITRINE, "devices", "--json"))
    assert devices["microphones"], devices


def test_yuyv_is_captured_in_its_colours():
    captures("YUYV")


def test_nv12_is_captured_in_its_colours():
    captures("NV12")


def test_a_camera_unplugged_in_mid_broadcast_goes_and_comes_back():
    with Studio("--video", "camera:0", "--audio", "silence", "--record", "/tmp/unplug.mp4") as studio:
        studio.wait("pictures", live)
        for _ in range(2):
            # The driver lets the device return when the last descriptor is closed, so ours keeps it away.
            held = os.open(camera_node(), os.O_RDWR)
            try:
                control("disconnect", 1)
                gone = studio.wait("a camera that is gone", lambda s: source(s) in ("gone", "lost"))
                studio.wait("the programme going on without it",
                            lambda s: s["video"]["encoded"] > gone["video"]["encoded"] + 10 and source(s) != "live")
            finally:
                os.close(held)
            studio.wait("the camera back", lambda s: source(s) == "live")
        descriptors = os.listdir(f"/proc/{studio.child.pid}/fd")
        cameras = [n for n in descriptors if os.readlink(f"/proc/{studio.child.pid}/fd/{n}").startswith("/dev/video")]
        assert len(cameras) == 1, f"{len(cameras)} descriptors of the camera are open"
        studio.end()


def test_a_fatal_error_of_the_driver_is_survived():
    with Studio("--video", "camera:0", "--audio", "silence", "--record", "/tmp/fatal.mp4") as studio:
        studio.wait("pictures", live)
        control("inject_fatal_streaming_error", 1)
        # Whether the loss shows for a second or not at all depends on how fast it is opened again.
        before = studio.wait("a line after the error", lambda s: True)
        studio.wait("pictures again", lambda s: live(s) and s["video"]["encoded"] > before["video"]["encoded"] + 15)
        studio.end()


def test_single_bad_buffers_do_not_end_a_source():
    with Studio("--video", "camera:0", "--audio", "silence", "--record", "/tmp/bad.mp4") as studio:
        before = studio.wait("pictures", live)
        control("inject_v4l2_buf_flag_error", 1)
        studio.wait("pictures on", lambda s: live(s) and s["video"]["encoded"] > before["video"]["encoded"] + 15)
        studio.end()


def test_a_camera_that_refuses_to_start_is_tried_again():
    control("inject_vidioc_streamon_error", 1)
    with Studio("--show", show("YUYV"), "--record", "/tmp/refuse.mp4") as studio:
        studio.wait("the camera after its refusal", live)
        studio.end()


def test_a_camera_in_use_by_another_is_an_error_that_says_so():
    other = subprocess.Popen(["v4l2-ctl", "-d", camera_node(), "--stream-mmap", "--stream-count=100000"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(5)
        ours = subprocess.run([VITRINE, "live", *LIGHT, *SMALL, "--video", "camera:0", "--record", "/tmp/busy.mp4", "--duration", "20"],
                              capture_output=True, text=True, timeout=PATIENCE)
        assert ours.returncode == 2 and "busy" in ours.stderr.lower() + ours.stdout.lower(), (ours.returncode, ours.stderr)
    finally:
        other.kill()
        other.wait()


def test_sound_of_an_alsa_card_is_heard():
    # What is played on one half of the card is heard on the other; both have the same name, so both are played on.
    tones = [subprocess.Popen(["ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", "sine=440:r=48000,volume=8dB", "-ac", "2",
                               "-f", "alsa", f"hw:Loopback,{half},0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
             for half in (0, 1)]
    try:
        names = [m["name"] for m in json.loads(shell(VITRINE, "devices", "--json"))["microphones"]]
        name = next(n for n in names if "Loopback" in n)
        with Studio("--video", "pattern", "--audio", f"mic:{name}", "--record", "/tmp/sound.mp4") as studio:
            studio.wait("a level", lambda s: s["audio"]["level_db"] > -40)
            studio.end()
    finally:
        for tone in tones:
            tone.kill()
            tone.wait()


def prepare():
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = f"/tmp/{name.lower()}"
    os.environ["HOME"] = "/tmp"
    plug()
    subprocess.run(["modprobe", "snd-aloop"], capture_output=True)


def main():
    prepare()
    passed, failed = 0, 0
    wanted = sys.argv[2:]
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (wanted and not any(word in name for word in wanted)):
            continue
        began = time.monotonic()
        words = name[5:].replace("_", " ")
        try:
            test()
            passed += 1
            say(f"pass {words} ({time.monotonic() - began:.0f} s)")
        except BaseException as error:  # whatever it was, the next test runs
            failed += 1
            say(f"FAIL {words}: {type(error).__name__}: {str(error)[:900]}")
            traceback.print_exc()
            try:
                unplug()
                plug()
            except BaseException as again:
                say(f"the camera cannot be plugged in again: {again}")
    say(f"{passed} passed, {failed} failed")


main()
