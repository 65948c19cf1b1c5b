// @ts-check
// What all parts of the page share: what is known, and small helpers.
import { texts } from "./texts.js";

/** @typedef {{heard_seconds: number, degree: number, off: string | null}} Adapted */
/** @typedef {{path: string, channel?: string, start: number, end: number, emotion: string, confidence?: number, probabilities?: Record<string, number>, adapted?: Adapted, error?: string}} Row */
/** @typedef {{name: string, rows: Row[], classes: string[], seconds: number, samples?: Float32Array, rate?: number, sound?: Blob, live?: boolean, turns?: boolean, summaries?: Summary[], whole?: Row}} Recording */
/** @typedef {{channel?: string, seconds: number, speech: number, uncertain: number, shares: Record<string, number>}} Summary */
/** The voice that the microphone hears, where it was learnt: what the server knows of it, and the sound. @typedef {{speakers: any[], sound: Blob}} Voice */

export const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const COLOURS = ["#d55e00", "#8a6fd1", "#0f8a6d", "#c9930a", "#3f86c6", "#c2548f", "#7b7f87", "#5d9c1f", "#a5522d", "#3aa6a6"];

export const page = {
  token: "",
  /** @type {string[]} */
  classes: [],
  /** Below it an answer is uncertain: the server's until somebody moves the slider. */
  threshold: 0,
  /** The server's threshold. */
  served: 0,
  /** @type {Recording | null} */
  shown: null,
  /** What the microphone does. @type {import("./microphone.js").Session | null} */
  session: null,
  /** @type {Voice | null} */
  taught: null,
};

export const say = (/** @type {string} */ text) => { $("status").textContent = text; };
export const percent = (/** @type {number} */ p) => `${Math.round(100 * p)} %`;
export const width = (/** @type {number} */ part) => `${(100 * part).toFixed(1)}%`;
export const colour = (/** @type {string} */ name) => COLOURS[Math.max(0, page.classes.indexOf(name)) % COLOURS.length];
/** @returns {Record<string, string>} */
const authorisation = () => (page.token ? { Authorization: `Bearer ${page.token}` } : {});

/** The most probable emotion, however doubtful. @param {Row} row */
export function best(row) {
  const all = Object.entries(row.probabilities ?? {});
  return all.reduce((most, one) => (one[1] > most[1] ? one : most), [row.emotion, -1])[0];
}

/** The emotion of a row, "uncertain" where it is below the threshold. @param {Row} row */
export function emotion(row) {
  if (row.confidence === undefined) return texts.silence;
  return row.confidence < page.threshold ? texts.uncertain : best(row);
}

/** @param {string} tag @param {string} [text] @param {string} [name] */
export function element(tag, text = "", name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

/** Asks the server; a problem is thrown as its text. @param {string} path @param {RequestInit} [options] */
export async function ask(path, options = {}) {
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
