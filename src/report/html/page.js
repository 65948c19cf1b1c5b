// Sorts tables, opens the clips of a confusion matrix's cell, and keeps the reader's theme. Data is shown as text only.
'use strict';

const data = JSON.parse(document.getElementById('data').textContent);
const say = document.querySelector('[aria-live]');

// An element with properties, attributes where the name has a dash, and children.
function element(name, properties, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key.includes('-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// ---- sorting

// A cell's number: "49.63 ± 0.78", "3e-6", "12 of 60" and "2 to 3 s" are what they begin with; "–" is none.
function number(text) {
  const found = /^\s*[-+−]?\d+(\.\d+)?(e[-+]?\d+)?/i.exec(text);
  return found ? parseFloat(found[0].replace('−', '-')) : null;
}

function compare(a, b, words, factor) {
  if (words) return factor * a.localeCompare(b, 'en', { numeric: true });
  const [x, y] = [number(a), number(b)];
  // What has no number is last either way.
  if (x === null || y === null) return (x === null) - (y === null);
  return factor * (x - y);
}

function sortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const words = heading.classList.contains('words');
    const button = element('button', { type: 'button', className: 'sort' }, ...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => {
      const before = heading.getAttribute('aria-sort');
      // The greatest figure first, the first word first; the other way round when pressed again.
      const order = before ? (before === 'ascending' ? 'descending' : 'ascending') : (words ? 'ascending' : 'descending');
      headings.forEach((other) => other.removeAttribute('aria-sort'));
      heading.setAttribute('aria-sort', order);
      const body = table.tBodies[0];
      const text = (row) => row.cells[column].textContent;
      const rows = [...body.rows];
      rows.sort((a, b) => compare(text(a), text(b), words, order === 'ascending' ? 1 : -1));
      body.append(...rows);
      say.textContent = `Sorted by ${button.textContent}, ${order}.`;
    });
  });
}

document.querySelectorAll('table.sortable').forEach(sortable);

// ---- clips

const dialog = document.querySelector('dialog');
const heading = dialog.querySelector('h2');
const content = dialog.querySelector('.content');

function svg(name, attributes) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// A waveform: for each column a stroke from its highest sample to its lowest.
function waveform(wave, name) {
  const columns = wave.length / 2;
  let path = '';
  for (let i = 0; i < columns; i++) {
    const [high, low] = [parseInt(wave[2 * i], 36), parseInt(wave[2 * i + 1], 36)];
    // Silence is a line too.
    path += `M${i + 0.5} ${35 - high}V${36 - low}`;
  }
  const made = svg('svg', { viewBox: `0 0 ${columns} 36`, preserveAspectRatio: 'none', role: 'img', class: 'wave' });
  made.setAttribute('aria-label', `Waveform of ${name}`);
  made.append(svg('path', { d: path }));
  return made;
}

function probability(p) {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function card(clip, lines) {
  const parts = [element('h3', {}, clip.id), ...lines.map((line) => element('p', {}, line))];
  if (clip.facts) parts.push(element('p', {}, clip.facts));
  if (clip.png) {
    parts.push(waveform(clip.wave, clip.id));
    parts.push(element('img', {
      src: `data:image/png;base64,${clip.png}`,
      alt: `Spectrogram of ${clip.id}, 0 to ${clip.top} kHz, mel scale`,
    }));
  }
  if (clip.file) {
    const player = element('audio', { controls: true, preload: 'none', src: clip.file, 'aria-label': `Play ${clip.id}` });
    const failed = element('p', { className: 'note', hidden: true }, `${clip.file} cannot be played from here.`);
    player.addEventListener('error', () => { failed.hidden = false; });
    parts.push(player, failed);
  }
  return element('li', {}, ...parts);
}

function cards(items) {
  return element('ul', { className: 'cards' }, ...items);
}

function open(title, ...parts) {
  heading.textContent = title;
  content.replaceChildren(...parts);
  dialog.showModal();
  heading.focus();
  content.scrollTop = 0;
}

// "1 clip", "2 clips"
function many(n, what) {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
}

function seeds(row) {
  return `${row.seeds.length === 1 ? 'seed' : 'seeds'} ${row.seeds.join(', ')}`;
}

function openCell(key) {
  const cell = data.cells.find((of) => `${of.truth}-${of.prediction}` === key);
  const [truth, prediction] = [data.classes[cell.truth], data.classes[cell.prediction]];
  const right = cell.truth === cell.prediction;
  const chances = (row) => (right ? `p(${truth}) ${probability(row.p[0])}`
    : `p(${prediction}) ${probability(row.p[1])}, p(${truth}) ${probability(row.p[0])}`);
  // Pictures for the first, a table for all.
  const pictured = cell.rows.slice(0, data.pictured).filter((row) => data.clips[row.clip].png);
  const columns = right ? ['clip', `p(${truth})`, 'seeds', 'known of it']
    : ['clip', `p(${prediction})`, `p(${truth})`, 'seeds', 'known of it'];
  const table = element('table', { className: 'sortable' },
    element('thead', {}, element('tr', {}, ...columns.map((name) =>
      element('th', { scope: 'col', className: name.startsWith('p(') ? 'figures' : 'words' }, name)))),
    element('tbody', {}, ...cell.rows.map((row) => {
      const clip = data.clips[row.clip];
      const figures = right ? [row.p[0]] : [row.p[1], row.p[0]];
      return element('tr', {},
        element('th', { scope: 'row', className: 'words' }, clip.id),
        ...figures.map((p) => element('td', { className: 'figures' }, p.toFixed(4))),
        element('td', { className: 'words' }, row.seeds.join(', ')),
        element('td', { className: 'words' }, clip.facts));
    })));
  sortable(table);
  const all = many(cell.predictions, 'prediction') + (cell.predictions === cell.clips ? '' : ` of ${many(cell.clips, 'clip')}`);
  const order = right ? 'the least sure first' : 'the surest mistake first';
  const shown = cell.rows.length < cell.clips ? `The first ${cell.rows.length} of ${many(cell.clips, 'clip')}` : many(cell.clips, 'clip');
  const some = pictured.length && pictured.length < cell.rows.length ? `; pictures of the first ${pictured.length}` : '';
  open(right ? `${truth}, recognised: ${all}` : `${truth} taken for ${prediction}: ${all}`,
    element('p', { className: 'note' }, `${shown}, ${order}${some}.`),
    ...(pictured.length ? [cards(pictured.map((row) => card(data.clips[row.clip], [`${chances(row)}; ${seeds(row)}`])))] : []),
    element('div', { className: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'All clips listed' }, table));
}

function openClip(number) {
  const clip = data.clips[number];
  const lines = data.cells.flatMap((cell) => cell.rows.filter((row) => row.clip === number).map((row) =>
    `${data.classes[cell.truth]}, taken for ${data.classes[cell.prediction]} with p ${probability(row.p[1])}; ${seeds(row)}`));
  open(clip.id, cards([card(clip, lines)]));
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.cell) openCell(button.dataset.cell);
  if (button.dataset.clip) openClip(Number(button.dataset.clip));
  if (button.classList.contains('close')) dialog.close();
});

// A press beside the dialog closes it; Escape does by itself. Either way nothing goes on playing.
dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener('close', () => content.replaceChildren());

// Arrows go from cell to cell.
document.querySelectorAll('table.matrix').forEach((matrix) => matrix.addEventListener('keydown', (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = event.target.closest('td');
  if (!step || !cell) return;
  event.preventDefault();
  let [row, column] = [cell.parentElement.rowIndex + step[0], cell.cellIndex + step[1]];
  while (matrix.rows[row] && matrix.rows[row].cells[column]) {
    const button = matrix.rows[row].cells[column].querySelector('button');
    if (button) { button.focus(); return; }
    [row, column] = [row + step[0], column + step[1]];
  }
}));

// ---- theme

const themes = ['', 'dark', 'light'];
const toggle = document.querySelector('button.theme');

function remembered(theme) {
  // A page on disk may have no storage: the choice then lasts as long as the page.
  try {
    if (theme !== undefined) localStorage.setItem('ser-theme', theme);
    return localStorage.getItem('ser-theme') ?? '';
  } catch { return theme ?? ''; }
}

function show(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  toggle.textContent = `Theme: ${theme || 'as the system'}`;
}

let theme = themes.includes(remembered()) ? remembered() : '';
show(theme);
toggle.hidden = false;
toggle.addEventListener('click', () => {
  theme = themes[(themes.indexOf(theme) + 1) % themes.length];
  remembered(theme);
  show(theme);
});
