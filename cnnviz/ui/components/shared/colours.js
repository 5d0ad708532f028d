// The colour scales of cnnviz/figures/theme.py. The bundle puts them in front as the constant SCALES.

/** Whether the page around `element` is dark, by the brightness of its background. */
export function isDark(element) {
  const [r, g, b] = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/** The scale as a flat array of red, green, blue; 255 steps, the middle one for zero. */
export function scaleColours(name, dark) {
  const text = atob(SCALES[`${name}/${dark ? "dark" : "light"}`]);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function colourIndex(value, limit) {
  const share = limit > 0 && Number.isFinite(value) ? Math.max(-1, Math.min(1, value / limit)) : 0;
  return Math.round(127 + 127 * share) * 3;
}
