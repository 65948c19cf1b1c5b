// The texts whose contrast with what they stand on is below 4.5, WCAG's AA.
(() => {
  const rgba = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (of) => {
    for (let at = of; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const of of document.querySelectorAll('body *:not(script):not(style):not(svg *)')) {
    if (![...of.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim())) continue;
    if (!of.checkVisibility()) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(of).color)), luminance(ground(of))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) poor.add(`${of.tagName}.${of.className} "${of.textContent.slice(0, 30)}" ${contrast.toFixed(2)}`);
  }
  return [...poor];
})()
