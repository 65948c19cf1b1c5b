// @ts-check
// The microphone: its samples to the server, its answers back; to be answered for, or to learn a voice from.
import { $, ask, page, say, width } from "./common.js";
import { READING, bars, now, read, speaks } from "./live.js";
import { remark, show, whole } from "./result.js";
import { texts } from "./texts.js";

/** @typedef {import("./common.js").Recording} Recording */

/** A recording by microphone, from the first sample to the last answer. */
export class Session {
  /** @param {MediaStream} stream @param {AudioContext} context @param {boolean} teaches whether the voice is learnt, and not answered for */
  constructor(stream, context, teaches) {
    this.stream = stream;
    this.context = context;
    this.teaches = teaches;
    /** @type {Int16Array[]} */
    this.pieces = [];
    this.samples = 0;
    /** @type {Recording} */
    this.recording = { name: texts.recording, rows: [], classes: page.classes, seconds: 0, live: true };
    this.ended = false;
    this.ending = false;
    this.complete = false;
  }

  async begin() {
    const { context, stream } = this;
    await context.audioWorklet.addModule("capture.js");
    this.capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
    this.capture.port.onmessage = ({ data }) => this.hear(data);
    const url = new URL("v1/stream", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, ["ser", ...(page.token ? [`token.${page.token}`] : [])]);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.answer(JSON.parse(data));
    socket.onclose = () => this.end(texts.status.gone);
    await new Promise((done) => { socket.onopen = done; socket.onerror = done; });
    if (socket.readyState !== WebSocket.OPEN) return;
    const speaker = this.teaches ? { enrol: true } : page.taught ? { speakers: page.taught.speakers } : {};
    socket.send(JSON.stringify({ rate: context.sampleRate, format: "s16le", activity: true, ...speaker }));
    stream.getTracks().forEach((track) => { track.onended = () => this.stop(texts.status.unplugged); });
    context.createMediaStreamSource(stream).connect(this.capture);
    await context.resume();
    say(this.teaches ? texts.status.reads : texts.status.listening);
  }

  /** @param {Float32Array} samples */
  hear(samples) {
    if (this.ended || this.complete || this.socket?.readyState !== WebSocket.OPEN || !samples.length) return;
    // Rounded once, so that what is kept is what was sent.
    const piece = Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(32768 * x))));
    this.pieces.push(piece);
    this.samples += piece.length;
    this.socket.send(piece);
    if (this.ending) return;
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    const level = Math.max(-60, Math.min(0, 10 * Math.log10(power + 1e-12)));
    for (const bar of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".level-bar"))) {
      bar.style.width = width((level + 60) / 60);
      bar.setAttribute("aria-valuenow", String(Math.round(level)));
      bar.setAttribute("aria-valuetext", `${Math.round(level)} dB`);
    }
    if (this.teaches) {
      const seconds = this.samples / this.context.sampleRate;
      read(seconds);
      if (seconds >= READING) this.stop();
    }
  }

  /** @param {any} message */
  answer(message) {
    // An answer has an end, too: where its window ends.
    if ("start" in message) {
      this.recording.rows.push(message);
      now(message);
      show(this.recording, true);
    } else if ("speech" in message) {
      speaks(message.speech);
    } else if (message.problem) {
      this.end(texts.status.refused(message.problem.detail));
    } else if (message.enrolled) {
      this.learnt = message;
    } else if (message.end) {
      this.recording.summaries = message.end.summaries;
      this.speakers = message.end.speakers;
      this.end(this.reason ?? texts.status.done(message.end.seconds));
    }
  }

  /** What is asked of a whole recording: with the voice, where it is known. @param {Blob} sound */
  body(sound) {
    if (!page.taught) return sound;
    const form = new FormData();
    form.append("file", sound, this.recording.name);
    form.append("enrol", page.taught.sound, "voice.wav");
    return form;
  }

  /** Keeps the voice that was read; says what came of it. @param {string} text @param {Blob} sound */
  teach(text, sound) {
    const { learnt, speakers } = this;
    if (!learnt || learnt.error) return say(learnt?.error ?? text);
    page.taught = { speakers, sound };
    const { heard_seconds: seconds, degree, off } = learnt.enrolled;
    const [said] = $("taught").children;
    said.textContent = off ? texts.notTaught(seconds, off) : texts.taught(seconds, degree);
    $("taught").hidden = false;
    say(this.reason ?? texts.status.taught);
  }

  /** Stops the microphone and waits for the last answers. @param {string} [reason] */
  stop(reason) {
    if (this.ending || this.ended) return;
    this.ending = true;
    this.reason = reason;
    say(reason ?? texts.status.finishing);
    this.capture?.port.postMessage("flush");
    this.stream.getTracks().forEach((track) => track.stop());
    // What the capture still holds comes before.
    setTimeout(() => {
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('{"end": true}'); // of the enrolment, too
      else this.end(texts.status.gone);
      // What comes now was not heard by the server, so it is not kept.
      this.complete = true;
    }, 200);
  }

  /** @param {string} text */
  async end(text) {
    if (this.ended) return;
    this.ended = true;
    this.stream.getTracks().forEach((track) => track.stop());
    this.socket?.close();
    await this.context.close();
    page.session = null;
    buttons();
    $("live").hidden = true;
    $("reading").hidden = true;
    const { recording } = this;
    const all = new Int16Array(this.samples);
    this.pieces.reduce((at, piece) => { all.set(piece, at); return at + piece.length; }, 0);
    recording.rate = this.context.sampleRate;
    recording.seconds = all.length / recording.rate;
    if (!all.length) {
      if (!this.teaches) $("result").hidden = true;
      say(this.reason || !this.ending ? text : texts.status.nothing);
      return;
    }
    if (this.teaches) return this.teach(text, wav(all, recording.rate));
    recording.samples = Float32Array.from(all, (x) => x / 32768);
    recording.sound = wav(all, recording.rate);
    recording.name = `${texts.recording.toLowerCase()}.wav`;
    recording.rows.forEach((row) => { row.path = recording.name; });
    show(recording, false);
    say(text);
    try {
      const answer = await ask(`v1/recognize?name=${recording.name}`, { method: "POST", body: this.body(recording.sound) });
      [recording.whole] = answer.results;
      if (page.shown === recording) whole(answer.results[0]);
    } catch (error) {
      // The pieces are answered; why the whole is not is said beside them.
      if (page.shown === recording) remark(/** @type {Error} */ (error).message);
    }
  }
}

/** @param {Int16Array} samples @param {number} rate */
function wav(samples, rate) {
  const head = new DataView(new ArrayBuffer(44));
  const text = (/** @type {number} */ at, /** @type {string} */ word) => [...word].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF"); head.setUint32(4, 36 + 2 * samples.length, true); text(8, "WAVEfmt "); head.setUint32(16, 16, true);
  head.setUint16(20, 1, true); head.setUint16(22, 1, true); head.setUint32(24, rate, true); head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true); head.setUint16(34, 16, true); text(36, "data"); head.setUint32(40, 2 * samples.length, true);
  return new Blob([head, /** @type {any} */ (samples)], { type: "audio/wav" });
}

/** Starts the microphone, to answer or to learn the voice. @param {boolean} teaches */
export async function start(teaches) {
  const devices = navigator.mediaDevices;
  if (!devices) return say(texts.status.insecure);
  $("start").disabled = $("teach").disabled = true;
  say(texts.status.asking);
  try {
    // As it is: what makes calls pleasant changes how a voice sounds.
    const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await devices.getUserMedia({ audio: plain });
    page.session = new Session(stream, new AudioContext(), teaches);
    $("reading").hidden = !teaches;
    $("live").hidden = teaches;
    if (teaches) {
      read(0);
    } else {
      page.shown = null;
      $("result").hidden = true;
      speaks(false);
      $("emotion").textContent = texts.waiting;
      $("confidence").textContent = "";
      $("adapted").hidden = !page.taught;
      $("adapted").textContent = "";
      bars({});
    }
    buttons();
    await page.session.begin();
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    const why = { AbortError: texts.status.goneFile, NotAllowedError: texts.status.denied, NotFoundError: texts.status.none, NotReadableError: texts.status.busy };
    const text = why[/** @type {keyof typeof why} */ (name)] ?? String(error);
    say(text);
    page.session?.end(text);
  }
  buttons();
}

export function buttons() {
  $("start").disabled = false;
  $("teach").disabled = Boolean(page.session);
  $("start").textContent = page.session ? texts.stop : texts.start;
  $("start").setAttribute("aria-pressed", String(Boolean(page.session)));
}
