// @ts-check
// What is heard now: bars, voice activity, how much was read.
import { $, colour, element, emotion, page, percent, width } from "./common.js";
import { texts } from "./texts.js";

/** @typedef {import("./common.js").Row} Row */

/** Seconds of a voice that is learnt. */
export const READING = 20;

/** @param {Record<string, number>} probabilities */
export function bars(probabilities) {
  const list = $("bars");
  if (list.children.length !== page.classes.length) {
    list.replaceChildren(...page.classes.map((name) => {
      const item = element("li");
      const [track, fill] = [element("span", "", "track"), element("span")];
      fill.style.background = colour(name);
      track.append(fill);
      item.append(element("span", name, "name"), track, element("span", "", "value"));
      return item;
    }));
  }
  page.classes.forEach((name, i) => {
    const p = probabilities[name];
    const item = list.children[i];
    item.querySelector(".track > span").style.width = width(p ?? 0);
    item.querySelector(".value").textContent = p === undefined ? "" : percent(p);
  });
}

/** @param {Row} row */
export function now(row) {
  const name = emotion(row);
  $("emotion").textContent = name;
  $("confidence").textContent = row.confidence === undefined ? "" : percent(row.confidence);
  $("headline").classList.toggle("vague", name === texts.uncertain || name === texts.silence);
  bars(row.probabilities ?? {});
  const { adapted } = row;
  if (adapted) $("adapted").textContent = adapted.off ? texts.notAdapted : texts.adapted(adapted.heard_seconds, adapted.degree);
}

/** Whether somebody speaks at this moment. @param {boolean} speech */
export function speaks(speech) {
  $("voice").textContent = speech ? texts.voice : texts.silent;
  $("level").classList.toggle("speech", speech);
}

/** How much of the voice was read. @param {number} seconds */
export function read(seconds) {
  $("read").value = seconds;
  $("read-seconds").textContent = texts.readSeconds(Math.min(seconds, READING), READING);
}
