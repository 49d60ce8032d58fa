// How loud the sound is that the browser decoded, whether or not the page is muted.
//
// A captured copy of the element's sound is not subject to its mute. Where the browser hands out raw samples
// (MediaStreamTrackProcessor) no permission to play is needed; elsewhere an audio context is used once the person
// at the page has turned the sound on. Where neither works the level stays unknown, and the page says so.

const FLOOR_DB = -120;

export class SoundMeter {
  #video;
  #peak = null;
  #reader = null;
  #context = null;
  #analyser = null;

  constructor(video) {
    this.#video = video;
  }

  /** Starts on the element's current stream. Safe to call again. */
  listen() {
    this.stop();
    const capture = this.#video.captureStream ?? this.#video.mozCaptureStream;
    if (!capture) return;
    let stream;
    try {
      stream = capture.call(this.#video);
    } catch {
      return; // The browser does not capture this element; the level stays unknown.
    }
    const begin = () => {
      const track = stream.getAudioTracks()[0];
      if (!track || this.#reader || this.#analyser) return;
      if ("MediaStreamTrackProcessor" in window) this.#readSamples(track);
      else this.#analyse(track);
    };
    stream.addEventListener("addtrack", begin);
    begin();
  }

  /** Lets go of the stream. */
  stop() {
    this.#reader?.cancel().catch(() => {});
    this.#reader = null;
    this.#analyser = null;
    this.#context?.close().catch(() => {});
    this.#context = null;
    this.#peak = null;
  }

  /** The person allowed sound: an audio context may run now. */
  allowed() {
    this.#context?.resume().catch(() => {});
  }

  /** Peak in dBFS since the last call, or null if it cannot be known. */
  take() {
    if (this.#analyser && this.#context.state === "running") {
      const samples = new Float32Array(this.#analyser.fftSize);
      this.#analyser.getFloatTimeDomainData(samples);
      this.#note(samples);
    }
    const peak = this.#peak;
    this.#peak = null;
    if (peak === null) return null;
    return peak > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(peak)) : FLOOR_DB;
  }

  #note(samples) {
    let peak = this.#peak ?? 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    this.#peak = peak;
  }

  async #readSamples(track) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    this.#reader = reader;
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const samples = new Float32Array(value.numberOfFrames);
        for (let plane = 0; plane < value.numberOfChannels; plane += 1) {
          value.copyTo(samples, { planeIndex: plane, format: "f32-planar" });
          if (this.#reader === reader) this.#note(samples);
        }
        value.close();
      }
    } catch {
      // The track ended with its stream.
    }
    if (this.#reader === reader) this.#reader = null;
  }

  #analyse(track) {
    const Context = window.AudioContext ?? window.webkitAudioContext;
    if (!Context) return;
    this.#context = new Context();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 32768;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
  }
}
