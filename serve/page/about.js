// @ts-check
// What the model is, on whom it was tested and what it is not for.
import { $, ask, element, page, percent } from "./common.js";
import { bars } from "./live.js";
import { texts } from "./texts.js";

export async function models() {
  const about = await ask("v1/models");
  page.classes = about.classes;
  $("threshold").value = 100 * about.threshold;
  page.threshold = page.served = about.threshold;
  $("threshold-value").textContent = percent(page.threshold);
  $("token-form").hidden = true;
  $("teach").hidden = !about.adapts;
  const parts = [element("h3", texts.classes), element("p", about.classes.join(", "))];
  parts.push(element("h3", texts.notFor), element("p", about.not_for), element("p", about.law));
  parts.push(element("h3", texts.testedOn));
  for (const model of about.models) parts.push(facts(model.summary));
  if (about.card) parts.push(element("h3", texts.card), ...prose(about.card));
  $("card-text").replaceChildren(...parts);
  bars({});
}

/** A summary's lines, a name in the first twelve columns of each and what it is after them, as a list that wraps. @param {string} summary */
function facts(summary) {
  const list = element("dl", "", "facts");
  for (const line of summary.split("\n").filter((line) => line.trim())) {
    const name = line.slice(0, 12).trim();
    if (name) list.append(element("dt", name), element("dd", line.slice(12).trim()));
    else list.lastElementChild?.append(` ${line.trim()}`);
  }
  return list;
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
