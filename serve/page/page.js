// @ts-check
// The page: a microphone or files in, answers of this server out. Nothing else is asked for anything.
import { models } from "./about.js";
import { $, element, page, percent, say } from "./common.js";
import { dropped, recognise } from "./files.js";
import { buttons, start } from "./microphone.js";
import { draw, segments, span, whole } from "./result.js";
import { texts } from "./texts.js";

document.documentElement.lang = texts.language;
document.title = texts.title;
for (const part of document.querySelectorAll("[data-text]")) {
  part.textContent = /** @type {any} */ (texts)[/** @type {HTMLElement} */ (part).dataset.text ?? ""];
}
$("privacy").textContent = texts.privacy(location.host);
$("lines").replaceChildren(...texts.lines.flatMap(([how, line]) => [element("dt", how), element("dd", line)]));
$("start").addEventListener("click", () => (page.session ? page.session.stop() : start(false)));
$("teach").addEventListener("click", () => start(true));
$("forget").addEventListener("click", () => { page.taught = null; $("taught").hidden = true; $("teach").focus(); });
$("about").addEventListener("click", () => $("card").showModal());
for (const [button, input] of [["files", "file-input"], ["folder", "folder-input"]]) {
  $(button).addEventListener("click", () => $(input).click());
  $(input).addEventListener("change", () => { recognise([...$(input).files]); $(input).value = ""; });
}
$("token-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  page.token = $("token").value.trim();
  models().then(() => say(texts.status.ready), (error) => say(error.message));
});
const vague = () => {
  page.threshold = $("threshold").value / 100;
  $("threshold-value").textContent = percent(page.threshold);
  if (page.shown && !page.session) {
    segments(page.shown);
    if (page.shown.whole) whole(page.shown.whole);
    // The server's sum is of its own threshold.
    if (page.shown.summaries) $("shares").hidden = page.threshold !== page.served;
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
document.addEventListener("visibilitychange", () => { if (document.hidden) page.session?.stop(texts.status.hidden); });
addEventListener("pagehide", () => page.session?.stop(texts.status.hidden));
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
$("player").addEventListener("timeupdate", () => {
  const { until } = $("player").dataset;
  if (until && $("player").currentTime >= until) { $("player").pause(); delete $("player").dataset.until; }
  draw();
});
for (const id of ["wave", "timeline"]) {
  $(id).addEventListener("click", (/** @type {MouseEvent} */ event) => {
    if (!page.shown || $("player").hidden) return;
    delete $("player").dataset.until;
    $("player").currentTime = (event.offsetX / $(id).clientWidth) * span(page.shown);
    $("player").play();
  });
}
buttons();
models().then(() => say(texts.status.ready), (error) => say(error.message));
