// @ts-check
// Files and folders: an answer for each, and over time where that is asked for.
import { $, ask, element, emotion, page, percent, say } from "./common.js";
import { show } from "./result.js";
import { texts } from "./texts.js";

/** @typedef {import("./common.js").Recording} Recording */

/** @param {File[]} files */
export async function recognise(files) {
  if (!files.length) return say(texts.status.noFiles);
  $("recordings").hidden = false;
  const table = $("recordings").querySelector("tbody");
  const waiting = files.map((file) => {
    const line = element("tr");
    line.append(element("td", nameOf(file), "name"), element("td", "…"), element("td"), element("td"), element("td"));
    table.append(line);
    return { file, line };
  });
  let [answered, failed] = [0, 0];
  const progress = () => say(texts.status.working(answered, failed, files.length));
  progress();
  // Two at a time keep the server busy and leave room for others.
  const next = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      if (await recogniseOne(one.file, one.line.children)) answered += 1;
      else failed += 1;
      progress();
    }
  };
  await Promise.all([next(), next()]);
}

const nameOf = (/** @type {File} */ file) => file.webkitRelativePath || file.name;

/** Whether there is an answer. @param {File} file @param {HTMLCollection} cells @returns {Promise<boolean>} */
async function recogniseOne(file, cells) {
  const query = `name=${encodeURIComponent(nameOf(file))}&channel=${$("channel").value}`;
  let heard = true;
  try {
    const answer = await ask(`v1/recognize?${query}`, { method: "POST", body: file });
    /** A line for each channel. @param {number} cell @param {(row: any) => string} text */
    const fill = (cell, text) => cells[cell].replaceChildren(...answer.results.map((/** @type {any} */ row) => element("div", text(row))));
    fill(1, (row) => `${row.channel ? `${row.channel}: ` : ""}${row.error ?? emotion(row)}`);
    fill(2, (row) => (row.error ? "" : percent(row.confidence)));
    fill(3, (row) => (row.error ? "" : `${row.seconds.toFixed(1)} s`));
    heard = answer.results.some((/** @type {any} */ row) => !row.error);
  } catch (error) {
    cells[1].textContent = /** @type {Error} */ (error).message;
    cells[1].setAttribute("colspan", "3");
    cells[1].className = "wide";
    cells[2].remove();
    cells[2].remove();
    // A recording that is too long for one answer has a timeline.
    if (!/timeline/.test(cells[1].textContent ?? "")) return false;
    heard = false;
  }
  const button = element("button", texts.show);
  button.setAttribute("aria-label", `${texts.show}: ${file.name}`);
  button.addEventListener("click", () => overTime(file, query));
  cells[cells.length - 1].append(button);
  return heard;
}

/** @param {File} file @param {string} query */
async function overTime(file, query) {
  try {
    const turns = $("pieces").value === "vad";
    const answer = await ask(`v1/recognize?timeline=true&segments=${turns ? "vad" : "windows"}&${query}`, { method: "POST", body: file });
    const { results: rows, summaries } = answer;
    /** @type {Recording} */
    const recording = { name: nameOf(file), rows, classes: page.classes, summaries, turns, seconds: summaries?.[0]?.seconds ?? 0, sound: file };
    const context = new AudioContext();
    try {
      const sound = await context.decodeAudioData(await file.arrayBuffer());
      Object.assign(recording, { samples: channelOf(sound, new URLSearchParams(query).get("channel") ?? ""), rate: sound.sampleRate, seconds: sound.duration });
    } catch { /* the server reads more formats than the browser */ }
    await context.close();
    show(recording, false);
    $("result").scrollIntoView({ block: "nearest" });
  } catch (error) {
    say(/** @type {Error} */ (error).message);
  }
}

/** The samples that were answered for: of one channel, or the mean of all. @param {AudioBuffer} sound @param {string} channel */
function channelOf(sound, channel) {
  if (channel === "left" || channel === "right") return sound.getChannelData(channel === "left" ? 0 : 1);
  const mean = new Float32Array(sound.length);
  for (let one = 0; one < sound.numberOfChannels; one++) {
    sound.getChannelData(one).forEach((sample, at) => { mean[at] += sample / sound.numberOfChannels; });
  }
  return mean;
}

/** All files of what was dropped, folders walked. @param {DataTransferItemList} items */
export async function dropped(items) {
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
