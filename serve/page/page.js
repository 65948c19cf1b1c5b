// @ts-check
// The page: a microphone or files in, answers of this server out. Nothing else is asked for anything.
import { texts } from "./texts.js";

/** @typedef {{path: string, start: number, end: number, emotion: string, confidence?: number, probabilities?: Record<string, number>, error?: string}} Row */
/** @typedef {{name: string, rows: Row[], classes: string[], seconds: number, samples?: Float32Array, rate?: number, sound?: Blob, live?: boolean, summary?: Summary, whole?: Row}} Recording */
/** @typedef {{seconds: number, speech: number, uncertain: number, shares: Record<string, number>}} Summary */

const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const COLOURS = ["#d55e00", "#8a6fd1", "#0f8a6d", "#c9930a", "#3f86c6", "#c2548f", "#7b7f87", "#5d9c1f", "#a5522d", "#3aa6a6"];
const ROW = 18; // a class's height in the timeline, in CSS pixels
let token = "";
/** @type {string[]} */
let classes = [];
/** @type {Recording | null} */
let shown = null;
/** @type {Session | null} */
let session = null;

const say = (/** @type {string} */ text) => { $("status").textContent = text; };
const percent = (/** @type {number} */ p) => `${Math.round(100 * p)} %`;
const width = (/** @type {number} */ part) => `${(100 * part).toFixed(1)}%`;
/** The server's until somebody moves the slider, and the server's. */
let threshold = 0;
let served = 0;
const colour = (/** @type {string} */ name) => COLOURS[Math.max(0, classes.indexOf(name)) % COLOURS.length];
const authorisation = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** The most probable emotion, however doubtful. @param {Row} row */
function best(row) {
  const all = Object.entries(row.probabilities ?? {});
  return all.reduce((most, one) => (one[1] > most[1] ? one : most), [row.emotion, -1])[0];
}

/** The emotion of a row, "uncertain" where it is below the threshold. @param {Row} row */
function emotion(row) {
  if (row.confidence === undefined) return texts.silence;
  return row.confidence < threshold ? texts.uncertain : best(row);
}

/** @param {string} tag @param {string} [text] @param {string} [name] */
function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

/** Asks the server; a problem is thrown as its text. @param {string} path @param {RequestInit} [options] */
async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: authorisation() });
  } catch {
    throw new Error(texts.status.goneFile);
  }
  if (answer.status === 401) {
    $("token-form").hidden = false;
    throw new Error(texts.status.wrongToken);
  }
  const body = await answer.json();
  if (!answer.ok) throw new Error(texts.status.refused(body.detail));
  return body;
}

// --- what the model is

async function models() {
  const about = await ask("v1/models");
  classes = about.classes;
  $("threshold").value = 100 * about.threshold;
  threshold = served = about.threshold;
  $("threshold-value").textContent = percent(threshold);
  $("token-form").hidden = true;
  const parts = [element("h3", texts.classes), element("p", about.classes.join(", "))];
  parts.push(element("h3", texts.notFor), element("p", about.not_for), element("p", about.law));
  parts.push(element("h3", texts.testedOn));
  for (const model of about.models) parts.push(element("pre", model.summary));
  if (about.card) parts.push(element("h3", texts.card), ...prose(about.card));
  $("card-text").replaceChildren(...parts);
  bars({});
}

/** Plain Markdown as headings, paragraphs, and what must keep its lines. @param {string} text @returns {HTMLElement[]} */
function prose(text) {
  /** @type {HTMLElement[]} */
  const parts = [];
  for (const [, code, block] of text.matchAll(/```[^\n]*\n([^]*?)```|((?:.+\n?)+)/g)) {
    const plain = (code ?? block).trim().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("**", "");
    const heading = /^#+ +(.*)$/.exec(plain);
    if (heading) parts.push(element("h4", heading[1]));
    else if (code !== undefined || /^[|\-*]/.test(plain)) parts.push(element("pre", plain));
    else if (plain) parts.push(element("p", plain.replaceAll("\n", " ").replaceAll("`", "")));
  }
  return parts;
}

// --- what is heard now

/** @param {Record<string, number>} probabilities */
function bars(probabilities) {
  const list = $("bars");
  if (list.children.length !== classes.length) {
    list.replaceChildren(...classes.map((name) => {
      const item = element("li");
      const [track, fill] = [element("span", "", "track"), element("span")];
      fill.style.background = colour(name);
      track.append(fill);
      item.append(element("span", name, "name"), track, element("span", "", "value"));
      return item;
    }));
  }
  classes.forEach((name, i) => {
    const p = probabilities[name];
    const item = list.children[i];
    item.querySelector(".track > span").style.width = width(p ?? 0);
    item.querySelector(".value").textContent = p === undefined ? "" : percent(p);
  });
}

/** @param {Row} row */
function now(row) {
  const name = emotion(row);
  $("emotion").textContent = name;
  $("confidence").textContent = row.confidence === undefined ? "" : percent(row.confidence);
  $("headline").classList.toggle("vague", name === texts.uncertain || name === texts.silence);
  bars(row.probabilities ?? {});
}

/** Whether somebody speaks at this moment. @param {boolean} speech */
function speaks(speech) {
  $("voice").textContent = speech ? texts.voice : texts.silent;
  $("level").classList.toggle("speech", speech);
}

/** A recording by microphone, from the first sample to the last answer. */
class Session {
  /** @param {MediaStream} stream @param {AudioContext} context */
  constructor(stream, context) {
    this.stream = stream;
    this.context = context;
    /** @type {Int16Array[]} */
    this.pieces = [];
    this.samples = 0;
    /** @type {Recording} */
    this.recording = { name: texts.recording, rows: [], classes, seconds: 0, live: true };
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
    this.socket = new WebSocket(url, ["ser", ...(token ? [`token.${token}`] : [])]);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.answer(JSON.parse(data));
    this.socket.onclose = () => this.end(texts.status.gone);
    await new Promise((done) => { this.socket.onopen = done; this.socket.onerror = done; });
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ rate: context.sampleRate, format: "s16le", activity: true }));
    stream.getTracks().forEach((track) => { track.onended = () => this.stop(texts.status.unplugged); });
    context.createMediaStreamSource(stream).connect(this.capture);
    await context.resume();
    say(texts.status.listening);
  }

  /** @param {Float32Array} samples */
  hear(samples) {
    if (this.ended || this.complete || this.socket.readyState !== WebSocket.OPEN || !samples.length) return;
    // Rounded once, so that what is kept is what was sent.
    const piece = Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(32768 * x))));
    this.pieces.push(piece);
    this.samples += piece.length;
    this.socket.send(piece);
    if (this.ending) return;
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    const level = Math.max(-60, Math.min(0, 10 * Math.log10(power + 1e-12)));
    $("level").style.width = width((level + 60) / 60);
    $("level").setAttribute("aria-valuenow", String(Math.round(level)));
    $("level").setAttribute("aria-valuetext", `${Math.round(level)} dB`);
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
    } else if (message.end) {
      this.recording.summary = message.end.summaries?.[0];
      this.end(this.reason ?? texts.status.done(message.end.seconds));
    }
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
      if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('{"end": true}');
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
    session = null;
    buttons();
    $("live").hidden = true;
    const { recording } = this;
    const all = new Int16Array(this.samples);
    this.pieces.reduce((at, piece) => { all.set(piece, at); return at + piece.length; }, 0);
    recording.rate = this.context.sampleRate;
    recording.seconds = all.length / recording.rate;
    if (!all.length) {
      $("result").hidden = true;
      say(this.reason || !this.ending ? text : texts.status.nothing);
      return;
    }
    recording.samples = Float32Array.from(all, (x) => x / 32768);
    recording.sound = wav(all, recording.rate);
    recording.name = `${texts.recording.toLowerCase()}.wav`;
    recording.rows.forEach((row) => { row.path = recording.name; });
    show(recording, false);
    say(text);
    try {
      const answer = await ask(`v1/recognize?name=${recording.name}`, { method: "POST", body: recording.sound });
      [recording.whole] = answer.results;
      if (shown === recording) whole(answer.results[0]);
    } catch (error) {
      // The pieces are answered; why the whole is not is said beside them.
      if (shown === recording) remark(/** @type {Error} */ (error).message);
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

async function start() {
  const devices = navigator.mediaDevices;
  if (!devices) return say(texts.status.insecure);
  $("start").disabled = true;
  say(texts.status.asking);
  try {
    // As it is: what makes calls pleasant changes how a voice sounds.
    const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await devices.getUserMedia({ audio: plain });
    session = new Session(stream, new AudioContext());
    shown = null;
    $("result").hidden = true;
    $("live").hidden = false;
    speaks(false);
    $("emotion").textContent = texts.waiting;
    $("confidence").textContent = "";
    bars({});
    buttons();
    await session.begin();
  } catch (error) {
    const { name } = /** @type {Error} */ (error);
    const why = { AbortError: texts.status.goneFile, NotAllowedError: texts.status.denied, NotFoundError: texts.status.none, NotReadableError: texts.status.busy };
    const text = why[/** @type {keyof typeof why} */ (name)] ?? String(error);
    say(text);
    session?.end(text);
  }
  buttons();
}

function buttons() {
  $("start").disabled = false;
  $("start").textContent = session ? texts.stop : texts.start;
  $("start").setAttribute("aria-pressed", String(Boolean(session)));
}

// --- what was heard

/** @param {Recording} recording @param {boolean} growing */
function show(recording, growing) {
  shown = recording;
  $("result").hidden = false;
  $("result-title").textContent = growing ? texts.timeline : recording.name;
  for (const id of ["wave", "player", "downloads", "segments", "whole", "shares"]) $(id).hidden = true;
  $("names").replaceChildren(...recording.classes.map((name) => element("li", name)));
  draw();
  if (growing) return;
  $("wave").hidden = !recording.samples;
  $("downloads").hidden = false;
  link("csv", new Blob([csv(recording)], { type: "text/csv" }), "csv");
  link("json", new Blob([JSON.stringify({ schema: "ser-predict/1", classes: recording.classes, results: recording.rows }, null, 2)], { type: "application/json" }), "json");
  $("wav").hidden = !recording.live;
  if (recording.sound) {
    $("player").src = link("wav", recording.sound, "wav");
    $("player").hidden = false;
  }
  if (recording.summary) shares(recording.summary);
  $("segments").hidden = false;
  segments(recording);
  draw();
}

/** @param {string} id @param {Blob} blob @param {string} extension */
function link(id, blob, extension) {
  const a = $(id);
  if (a.href) URL.revokeObjectURL(a.href);
  a.href = URL.createObjectURL(blob);
  a.download = `${shown?.name.replace(/.*\//, "").replace(/\.[^.]*$/, "")}.${extension}`;
  return a.href;
}

/** @param {Row} row */
function whole(row) {
  remark(`${emotion(row)}, ${percent(row.confidence ?? 0)}`);
}

/** Says something of the recording as a whole. @param {string} text */
function remark(text) {
  $("whole").hidden = false;
  $("whole").textContent = `${texts.whole}: ${text}`;
}

/** How the time is shared among the emotions, as the server has it. @param {Summary} summary */
function shares(summary) {
  const all = Object.entries(summary.shares).filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]);
  if (summary.uncertain > 0) all.push([texts.uncertain, summary.uncertain]);
  const said = all.map(([name, share]) => `${name} ${percent(share)}`).join(", ");
  $("shares").hidden = false;
  $("shares").textContent = summary.speech > 0 ? texts.shares(summary.speech, summary.seconds, said) : texts.noSpeech;
}

/** @param {Recording} recording */
function csv(recording) {
  const cell = (/** @type {any} */ value) => {
    const text = value === undefined ? "" : String(value);
    // A spreadsheet takes such a text for a formula.
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const head = ["path", "start", "end", "emotion", "confidence", ...recording.classes.map((name) => `p_${name}`)];
  const rows = recording.rows.map((row) => [row.path, row.start, row.end, row.emotion, row.confidence, ...recording.classes.map((name) => row.probabilities?.[name])]);
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** Neighbours of one emotion as one piece, each from where its first answer stands alone. @param {Recording} recording */
function segments(recording) {
  /** @type {{from: number, to: number, name: string, sum: number, count: number}[]} */
  const pieces = [];
  let from = 0;
  for (const row of recording.rows) {
    const name = emotion(row);
    const last = pieces.at(-1);
    if (last?.name === name) Object.assign(last, { to: row.end, sum: last.sum + (row.confidence ?? 0), count: last.count + 1 });
    else pieces.push({ from, to: row.end, name, sum: row.confidence ?? 0, count: 1 });
    from = row.end;
  }
  $("segments").querySelector("tbody").replaceChildren(...pieces.map((piece) => {
    const line = element("tr");
    const label = element("td");
    const swatch = element("span", "", "swatch");
    if (classes.includes(piece.name)) swatch.style.background = colour(piece.name);
    label.append(swatch, piece.name);
    const play = element("td");
    if (recording.sound) {
      const button = element("button", texts.play);
      button.setAttribute("aria-label", `${texts.play} ${piece.from.toFixed(1)}–${piece.to.toFixed(1)} s, ${piece.name}`);
      button.addEventListener("click", () => {
        $("player").currentTime = piece.from;
        $("player").dataset.until = piece.to;
        $("player").play();
      });
      play.append(button);
    }
    const mean = piece.name === texts.silence ? "" : percent(piece.sum / piece.count);
    line.append(element("td", `${piece.from.toFixed(1)} s`), element("td", `${piece.to.toFixed(1)} s`), label, element("td", mean), play);
    return line;
  }));
}

/** @param {HTMLCanvasElement} canvas @param {number} height @returns {[CanvasRenderingContext2D, number]} */
function prepared(canvas, height) {
  const scale = devicePixelRatio || 1;
  const width = Math.max(1, canvas.clientWidth);
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(scale, scale);
  return [pen, width];
}

/** How many seconds the width stands for: the recording's; while it grows, room is left. @param {Recording} recording */
function span(recording) {
  const heard = Math.max(recording.seconds, recording.rows.at(-1)?.end ?? 0);
  return recording.live && !recording.sound ? Math.max(15, heard * 1.15) : heard || 1;
}

function draw() {
  if (!shown || $("result").hidden) return;
  const recording = shown;
  const style = getComputedStyle(document.body);
  const [ink, line, track] = ["--ink", "--line", "--track"].map((name) => style.getPropertyValue(name));
  const height = ROW * recording.classes.length;
  const [pen, width] = prepared($("timeline"), height + 16);
  const x = (/** @type {number} */ seconds) => (seconds / span(recording)) * width;
  pen.fillStyle = track;
  pen.fillRect(0, 0, width, height);
  let from = 0;
  for (const row of recording.rows) {
    const [left, right] = [x(from), x(row.end)];
    recording.classes.forEach((name, i) => {
      const p = row.probabilities?.[name] ?? 0;
      pen.globalAlpha = p;
      pen.fillStyle = colour(name);
      pen.fillRect(left, i * ROW, right - left, ROW);
      pen.globalAlpha = 1;
      // The most probable is marked, with a dashed line where it is uncertain.
      if (name === best(row) && row.confidence !== undefined) {
        pen.strokeStyle = ink;
        pen.lineWidth = 2;
        pen.setLineDash(row.confidence < threshold ? [2, 3] : []);
        pen.beginPath();
        pen.moveTo(left, i * ROW + ROW / 2);
        pen.lineTo(right, i * ROW + ROW / 2);
        pen.stroke();
      }
    });
    from = row.end;
  }
  pen.setLineDash([]);
  pen.strokeStyle = line;
  pen.lineWidth = 1;
  pen.fillStyle = ink;
  pen.font = "11px system-ui, sans-serif";
  const step = [0.5, 1, 2, 5, 10, 30, 60, 300, 600].find((s) => x(s) > 50) ?? 1200;
  for (let t = 0; t < span(recording); t += step) {
    pen.strokeRect(Math.round(x(t)) + 0.5, 0, 0, height + 4);
    if (x(t) < width - 26) pen.fillText(`${t} s`, x(t) + 3, height + 13);
  }
  const count = new Map();
  recording.rows.forEach((row) => count.set(emotion(row), (count.get(emotion(row)) ?? 0) + 1));
  const shares = [...count].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${percent(n / recording.rows.length)}`).join(", ");
  $("timeline").setAttribute("aria-label", texts.describe(recording.name, recording.rows.length, shares));
  if (recording.samples && !$("wave").hidden) drawWave(recording, x, ink);
  head(pen, x, height, ink);
}

/** @param {Recording} recording @param {(s: number) => number} x @param {string} ink */
function drawWave(recording, x, ink) {
  const samples = /** @type {Float32Array} */ (recording.samples);
  const [pen, width] = prepared($("wave"), 64);
  $("wave").setAttribute("aria-label", `${recording.name}, ${recording.seconds.toFixed(1)} s`);
  pen.fillStyle = ink;
  const each = samples.length / width;
  let top = 0.05;
  for (const sample of samples) top = Math.max(top, Math.abs(sample));
  for (let i = 0; i < width; i++) {
    let [low, high] = [0, 0];
    for (let at = Math.floor(i * each); at < (i + 1) * each && at < samples.length; at++) {
      low = Math.min(low, samples[at]);
      high = Math.max(high, samples[at]);
    }
    pen.fillRect(i, 32 - (30 * high) / top, 1, Math.max(1, (30 * (high - low)) / top));
  }
  head(pen, x, 64, "#d00");
}

/** Where the player is. @param {CanvasRenderingContext2D} pen @param {(s: number) => number} x @param {number} height @param {string} ink */
function head(pen, x, height, ink) {
  if ($("player").hidden || !$("player").currentTime) return;
  pen.fillStyle = ink;
  pen.fillRect(x($("player").currentTime), 0, 2, height);
}

// --- files

/** @param {File[]} files */
async function recognise(files) {
  if (!files.length) return say(texts.status.noFiles);
  $("recordings").hidden = false;
  const table = $("recordings").querySelector("tbody");
  const waiting = files.map((file) => {
    const line = element("tr");
    line.append(element("td", nameOf(file), "name"), element("td", "…"), element("td"), element("td"), element("td"));
    table.append(line);
    return { file, line };
  });
  let done = 0;
  say(texts.status.working(done, files.length));
  // Two at a time keep the server busy and leave room for others.
  const next = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      await recogniseOne(one.file, one.line.children);
      done += 1;
      say(texts.status.working(done, files.length));
    }
  };
  await Promise.all([next(), next()]);
}

const nameOf = (/** @type {File} */ file) => file.webkitRelativePath || file.name;

/** @param {File} file @param {HTMLCollection} cells */
async function recogniseOne(file, cells) {
  const query = `name=${encodeURIComponent(nameOf(file))}`;
  try {
    const answer = await ask(`v1/recognize?${query}`, { method: "POST", body: file });
    const [row] = answer.results;
    cells[1].textContent = emotion(row);
    cells[2].textContent = percent(row.confidence);
    cells[3].textContent = `${row.seconds.toFixed(1)} s`;
  } catch (error) {
    cells[1].textContent = /** @type {Error} */ (error).message;
    cells[1].setAttribute("colspan", "3");
    cells[2].remove();
    cells[2].remove();
    // A recording that is too long for one answer has a timeline.
    if (!/timeline/.test(cells[1].textContent)) return;
  }
  const button = element("button", texts.show);
  button.setAttribute("aria-label", `${texts.show}: ${file.name}`);
  button.addEventListener("click", () => overTime(file, query));
  cells[cells.length - 1].append(button);
}

/** @param {File} file @param {string} query */
async function overTime(file, query) {
  try {
    const answer = await ask(`v1/recognize?timeline=true&${query}`, { method: "POST", body: file });
    /** @type {Recording} */
    const recording = { name: nameOf(file), rows: answer.results, classes, summary: answer.summaries?.[0], seconds: answer.results.at(-1)?.end ?? 0, sound: file };
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await file.arrayBuffer());
      Object.assign(recording, { samples: sound.getChannelData(0), rate: sound.sampleRate, seconds: sound.duration });
    } catch { /* the server reads more formats than the browser */ }
    await context.close();
    show(recording, false);
    $("result").scrollIntoView({ block: "nearest" });
  } catch (error) {
    say(/** @type {Error} */ (error).message);
  }
}

/** All files of what was dropped, folders walked. @param {DataTransferItemList} items */
async function dropped(items) {
  /** @type {File[]} */
  const files = [];
  const walk = async (/** @type {any} */ entry) => {
    if (entry.isFile) files.push(await new Promise((done, fail) => entry.file(done, fail)));
    if (!entry.isDirectory) return;
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return;
      for (const inner of some) await walk(inner);
    }
  };
  // All entries at once: the list is empty after the first wait.
  for (const entry of [...items].map((item) => item.webkitGetAsEntry()).filter(Boolean)) await walk(entry);
  return files;
}

// --- wiring

document.documentElement.lang = texts.language;
document.title = texts.title;
for (const part of document.querySelectorAll("[data-text]")) {
  part.textContent = /** @type {any} */ (texts)[/** @type {HTMLElement} */ (part).dataset.text ?? ""];
}
$("privacy").textContent = texts.privacy(location.host);
$("start").addEventListener("click", () => (session ? session.stop() : start()));
$("about").addEventListener("click", () => $("card").showModal());
for (const [button, input] of [["files", "file-input"], ["folder", "folder-input"]]) {
  $(button).addEventListener("click", () => $(input).click());
  $(input).addEventListener("change", () => { recognise([...$(input).files]); $(input).value = ""; });
}
$("token-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  token = $("token").value.trim();
  models().then(() => say(texts.status.ready), (error) => say(error.message));
});
const vague = () => {
  threshold = $("threshold").value / 100;
  $("threshold-value").textContent = percent(threshold);
  if (shown && !session) {
    segments(shown);
    if (shown.whole) whole(shown.whole);
    // The server's sum is of its own threshold.
    if (shown.summary) $("shares").hidden = threshold !== served;
    draw();
  }
};
$("threshold").addEventListener("input", vague);
addEventListener("dragover", (event) => { event.preventDefault(); $("drop").hidden = false; });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
addEventListener("drop", async (event) => {
  event.preventDefault();
  $("drop").hidden = true;
  if (event.dataTransfer) recognise(await dropped(event.dataTransfer.items));
});
document.addEventListener("visibilitychange", () => { if (document.hidden) session?.stop(texts.status.hidden); });
addEventListener("pagehide", () => session?.stop(texts.status.hidden));
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
$("player").addEventListener("timeupdate", () => {
  const { until } = $("player").dataset;
  if (until && $("player").currentTime >= until) { $("player").pause(); delete $("player").dataset.until; }
  draw();
});
for (const id of ["wave", "timeline"]) {
  $(id).addEventListener("click", (/** @type {MouseEvent} */ event) => {
    if (!shown || $("player").hidden) return;
    delete $("player").dataset.until;
    $("player").currentTime = (event.offsetX / $(id).clientWidth) * span(shown);
    $("player").play();
  });
}
buttons();
models().then(() => say(texts.status.ready), (error) => say(error.message));
