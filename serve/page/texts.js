// @ts-check
// Every text of the page. A translation is another such file.
const percent = (/** @type {number} */ part) => `${Math.round(100 * part)} %`;

export const texts = {
  language: "en",
  title: "What emotion is heard?",
  lead: "Speak, or drop recordings anywhere on this page. A model says which acted emotion the voice resembles.",
  start: "Start the microphone",
  stop: "Stop",
  files: "Open files",
  folder: "Open a folder",
  teach: "Teach it my voice",
  forget: "Forget it",
  reading: "Read this aloud",
  readingHow:
    "About 20 seconds of your voice, as varied as you can: the model learns what is yours whatever you feel. It is used for the " +
    "microphone alone, and forgotten when this page is closed.",
  lines: [
    ["calmly", "On Tuesday the library opens at nine, and the bus stops right across the street."],
    ["gladly", "You came after all! I had hoped for that all week, and now we can finally begin."],
    ["crossly", "I have said it three times now: the door stays shut, and nobody moves these boxes."],
    ["sadly", "The garden is empty. They left before the first snow, and they did not write."],
  ],
  readSoFar: "Read",
  readSeconds: (/** @type {number} */ seconds, /** @type {number} */ all) => `${Math.floor(seconds)} of ${all} s`,
  taught: (/** @type {number} */ seconds, /** @type {number} */ degree) =>
    `It has heard ${seconds.toFixed(0)} s of your voice. Answers to the microphone are adapted to it by ${percent(degree)}.`,
  notTaught: (/** @type {number} */ seconds, /** @type {string} */ why) =>
    `It heard ${seconds.toFixed(0)} s of your voice, but answers stay as for anybody: ${why}. Read again, with more difference ` +
    "between the lines.",
  adapted: (/** @type {number} */ seconds, /** @type {number} */ degree) =>
    `adapted to your voice by ${percent(degree)}, from ${seconds.toFixed(0)} s`,
  notAdapted: "as for anybody: your voice is not known well enough",
  options: "Calls and turns",
  channel: "Channels of a file",
  mix: "together",
  left: "left alone",
  right: "right alone",
  each: "each by itself",
  pieces: "Over time, answer for",
  windows: "windows of 3 s",
  turns: "turns of speech",
  side: (/** @type {string} */ name) => `${name} channel`,
  about: "About the model",
  close: "Close",
  threshold: "Call it uncertain below",
  drop: "Drop recordings here",
  live: "Now",
  level: "Level",
  voice: "speech",
  silent: "no speech",
  waiting: "waiting for the first half second …",
  timeline: "Over time",
  results: "Recordings",
  recording: "Recording",
  whole: "As a whole",
  segments: "Piece by piece",
  from: "from",
  to: "to",
  emotion: "emotion",
  confidence: "confidence",
  play: "Play",
  show: "Show over time",
  name: "name",
  seconds: "length",
  downloads: "Download",
  csv: "table (CSV)",
  json: "answers (JSON)",
  wav: "sound (WAV)",
  uncertain: "uncertain",
  silence: "no speech",
  noSpeech: "No speech was found.",
  shares: (/** @type {number} */ speech, /** @type {number} */ seconds, /** @type {boolean} */ turns, /** @type {string} */ said) =>
    `Of ${speech.toFixed(1)} s ${turns ? "of speech" : "answered for"} (in ${seconds.toFixed(1)} s): ${said}.`,
  legend: "The stronger the colour, the more probable. A line marks the answer, a dotted line an uncertain one.",
  token: "Token of this server",
  tokenUse: "Use it",
  privacy: (/** @type {string} */ host) =>
    `The sound goes to the server at ${host} and nowhere else. It answers and forgets: nothing is stored there. ` +
    "Recordings stay in this page until it is closed.",
  law:
    "In the European Union, recognising emotions of people at work or in education is prohibited (AI Act, Article 5), " +
    "except for medical or safety reasons. Elsewhere people must be told that it is done (Article 50).",
  lawLink: "Regulation (EU) 2024/1689",
  notFor: "What it is not for",
  card: "Model card",
  classes: "It knows",
  testedOn: "What it is, and on whom it was tested",
  status: {
    ready: "Ready.",
    asking: "Asking for the microphone …",
    listening: "Listening.",
    finishing: "Finishing …",
    done: (/** @type {number} */ seconds) => `${seconds.toFixed(1)} s were heard.`,
    reads: "Read the lines below aloud.",
    taught: "Your voice was heard.",
    nothing: "Nothing was heard: the microphone gave no sound before it was stopped.",
    hidden: "The page was hidden, so the microphone was stopped.",
    denied: "The browser gave no microphone: allow it for this page in the address bar, then start again.",
    none: "There is no microphone: connect one, or open a file.",
    insecure:
      "Browsers give the microphone only to pages from this machine (localhost) or over HTTPS: open the page there, or open " +
      "a file.",
    busy: "The microphone cannot be opened: another program may hold it.",
    unplugged: "The microphone is gone. What was recorded until then is below.",
    gone: "The server is gone. What was recorded until then is below; start the server, then try again.",
    goneFile: "The server does not answer: start it, then try again.",
    refused: (/** @type {string} */ why) => `The server said: ${why}`,
    wrongToken: "This server asks for a token: enter it above.",
    working: (/** @type {number} */ answered, /** @type {number} */ failed, /** @type {number} */ all) =>
      `${answered} of ${all} recordings are answered${failed ? `, ${failed} could not be: the table says why` : ""}.`,
    noFiles: "No file was found there.",
  },
  describe: (/** @type {string} */ name, /** @type {number} */ count, /** @type {string} */ shares) =>
    `${name}: ${count} answers. ${shares}`,
};
