// @ts-check
// What was heard: a recording's waveform, its answers over time and piece by piece, and its downloads.
import { $, best, colour, element, emotion, page, percent } from "./common.js";
import { texts } from "./texts.js";

/** @typedef {import("./common.js").Recording} Recording */
/** @typedef {import("./common.js").Row} Row */
/** @typedef {import("./common.js").Summary} Summary */

/** A class's height in the timeline, in CSS pixels. */
const ROW = 18;

/** The answers by channel, where channels are apart. @param {Recording} recording @returns {{channel?: string, rows: Row[]}[]} */
function lanes({ rows, summaries }) {
  const channels = summaries?.some(({ channel }) => channel) ? summaries.map(({ channel }) => channel) : [undefined];
  return channels.map((channel) => ({ channel, rows: rows.filter((row) => row.channel === channel) }));
}

/** @param {Recording} recording @param {boolean} growing */
export function show(recording, growing) {
  page.shown = recording;
  $("result").hidden = false;
  $("result-title").textContent = growing ? texts.timeline : recording.name;
  for (const id of ["wave", "player", "downloads", "segments", "whole", "shares"]) $(id).hidden = true;
  $("names").replaceChildren(...lanes(recording).flatMap(({ channel }) => [
    ...(channel ? [element("li", channel, "side")] : []), ...recording.classes.map((name) => element("li", name))]));
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
  if (recording.summaries) shares(recording.summaries, Boolean(recording.turns));
  $("segments").hidden = false;
  segments(recording);
  draw();
}

/** @param {string} id @param {Blob} blob @param {string} extension */
function link(id, blob, extension) {
  const a = $(id);
  if (a.href) URL.revokeObjectURL(a.href);
  a.href = URL.createObjectURL(blob);
  a.download = `${page.shown?.name.replace(/.*\//, "").replace(/\.[^.]*$/, "")}.${extension}`;
  return a.href;
}

/** @param {Row} row */
export function whole(row) {
  remark(`${emotion(row)}, ${percent(row.confidence ?? 0)}`);
}

/** Says something of the recording as a whole. @param {string} text */
export function remark(text) {
  $("whole").hidden = false;
  $("whole").textContent = `${texts.whole}: ${text}`;
}

/** How the time of each channel is shared among the emotions, as the server has it. @param {Summary[]} summaries @param {boolean} turns */
function shares(summaries, turns) {
  $("shares").hidden = false;
  $("shares").replaceChildren(...summaries.map((summary) => {
    const all = Object.entries(summary.shares).filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]);
    if (summary.uncertain > 0) all.push([texts.uncertain, summary.uncertain]);
    const said = all.map(([name, share]) => `${name} ${percent(share)}`).join(", ");
    const side = summary.channel ? `${texts.side(summary.channel)}: ` : "";
    return element("span", side + (summary.speech > 0 ? texts.shares(summary.speech, summary.seconds, turns, said) : texts.noSpeech));
  }));
}

/** @param {Recording} recording */
function csv(recording) {
  const cell = (/** @type {any} */ value) => {
    const text = value === undefined ? "" : String(value);
    // A spreadsheet takes such a text for a formula.
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const named = recording.rows.some((row) => row.channel);
  const adapted = recording.rows.some((row) => row.adapted);
  // As ser-predict names its columns.
  const head = ["path", ...(named ? ["channel"] : []), "start", "end", "emotion", "confidence", ...recording.classes.map((name) => `p_${name}`),
    ...(adapted ? ["heard_seconds", "adapted", "not_adapted_because"] : [])];
  const rows = recording.rows.map((row) => [row.path, ...(named ? [row.channel] : []), row.start, row.end, row.emotion, row.confidence,
    ...recording.classes.map((name) => row.probabilities?.[name]),
    ...(adapted ? [row.adapted?.heard_seconds, row.adapted?.degree, row.adapted?.off ?? undefined] : [])]);
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\n`).join("");
}

/** Neighbours of one emotion as one piece, each from where its first answer stands alone; turns as they are. @param {Recording} recording */
export function segments(recording) {
  /** @type {{channel?: string, from: number, to: number, name: string, sum: number, count: number}[]} */
  const pieces = [];
  for (const { channel, rows } of lanes(recording)) {
    let from = 0;
    /** @type {typeof pieces[0] | undefined} */
    let last;
    for (const row of rows) {
      const name = emotion(row);
      if (last?.name === name && !recording.turns) {
        Object.assign(last, { to: row.end, sum: last.sum + (row.confidence ?? 0), count: last.count + 1 });
      } else {
        last = { channel, from: Math.max(from, row.start), to: row.end, name, sum: row.confidence ?? 0, count: 1 };
        pieces.push(last);
      }
      from = row.end;
    }
  }
  pieces.sort((a, b) => a.from - b.from);
  $("segments").querySelector("tbody").replaceChildren(...pieces.map((piece) => {
    const line = element("tr");
    const label = element("td");
    const swatch = element("span", "", "swatch");
    if (page.classes.includes(piece.name)) swatch.style.background = colour(piece.name);
    label.append(swatch, piece.channel ? `${piece.channel}: ${piece.name}` : piece.name);
    const play = element("td");
    if (recording.sound) {
      const button = element("button", "▶");
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
export function span(recording) {
  const heard = Math.max(recording.seconds, recording.rows.at(-1)?.end ?? 0);
  return recording.live && !recording.sound ? Math.max(15, heard * 1.15) : heard || 1;
}

export function draw() {
  if (!page.shown || $("result").hidden) return;
  const recording = page.shown;
  const style = getComputedStyle(document.body);
  const [ink, line, track] = ["--ink", "--line", "--track"].map((name) => style.getPropertyValue(name));
  const all = lanes(recording);
  const titled = all.some(({ channel }) => channel);
  const each = ROW * (recording.classes.length + (titled ? 1 : 0));
  const height = each * all.length;
  const [pen, width] = prepared($("timeline"), height + 16);
  const x = (/** @type {number} */ seconds) => (seconds / span(recording)) * width;
  all.forEach(({ rows }, lane) => {
    const top = lane * each + (titled ? ROW : 0);
    pen.fillStyle = track;
    pen.fillRect(0, top, width, ROW * recording.classes.length);
    let from = 0;
    for (const row of rows) {
      const [left, right] = [x(Math.max(from, row.start)), x(row.end)];
      recording.classes.forEach((name, i) => {
        const y = top + i * ROW;
        const p = row.probabilities?.[name] ?? 0;
        pen.globalAlpha = p;
        pen.fillStyle = colour(name);
        pen.fillRect(left, y, right - left, ROW);
        pen.globalAlpha = 1;
        // The most probable is marked, with a dashed line where it is uncertain.
        if (name === best(row) && row.confidence !== undefined) {
          pen.strokeStyle = ink;
          pen.lineWidth = 2;
          pen.setLineDash(row.confidence < page.threshold ? [2, 3] : []);
          pen.beginPath();
          pen.moveTo(left, y + ROW / 2);
          pen.lineTo(right, y + ROW / 2);
          pen.stroke();
        }
      });
      from = row.end;
    }
  });
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
