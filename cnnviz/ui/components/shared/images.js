// Shared by all components; registry.py puts it, and the colour scales, before each one.

/** A message from Python: JSON header, then the arrays it names. See payload.py. */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  const arrays = {};
  for (const { name, dtype, offset, length, shape } of header.arrays) {
    const start = bytes.byteOffset + 4 + headerLength + offset;
    const raw = bytes.buffer.slice(start, start + length);
    arrays[name] = { values: typed(dtype, raw), shape };
  }
  return { header: header.fields, arrays };
}

function typed(dtype, raw) {
  if (dtype === "float32") return new Float32Array(raw);
  if (dtype === "uint8") return new Uint8Array(raw);
  return Float32Array.from(new Uint16Array(raw), halfToFloat);
}

function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Ascending whole numbers in words: "0–3, 25–27". */
function inWords(list) {
  const runs = [];
  for (const index of list) {
    const last = runs.at(-1);
    if (last && index === last[1] + 1) last[1] = index;
    else runs.push([index, index]);
  }
  const number = (value) => String(value).replace("-", "−");
  return runs.map(([a, b]) => (a === b ? number(a) : `${number(a)}–${number(b)}`)).join(", ");
}

/** Whether the page around `element` is dark, by the brightness of its background. */
function isDark(element) {
  const [r, g, b] = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
  return 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

/** The scale as a flat array of red, green, blue; 255 steps, the middle one for zero. */
function scaleColours(name, dark) {
  const text = atob(SCALES[`${name}/${dark ? "dark" : "light"}`]);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function colourIndex(value, limit) {
  const share = limit > 0 && Number.isFinite(value) ? Math.max(-1, Math.min(1, value / limit)) : 0;
  return Math.round(127 + 127 * share) * 3;
}

/** Signed values (height × width, from `start`) as an ImageData. */
function signedImage(values, start, height, width, limit, colours) {
  const image = new ImageData(width, height);
  const pixels = image.data;
  for (let i = 0, p = 0; i < height * width; i++, p += 4) {
    const c = colourIndex(values[start + i], limit);
    pixels[p] = colours[c];
    pixels[p + 1] = colours[c + 1];
    pixels[p + 2] = colours[c + 2];
    pixels[p + 3] = 255;
  }
  return image;
}

/** Red, green, blue bytes (height × width × 3) as an ImageData. */
function rgbImage(values, height, width) {
  const image = new ImageData(width, height);
  for (let i = 0, p = 0; p < image.data.length; i += 3, p += 4) {
    image.data[p] = values[i];
    image.data[p + 1] = values[i + 1];
    image.data[p + 2] = values[i + 2];
    image.data[p + 3] = 255;
  }
  return image;
}

/** Values from 0 to `white` (C × H × W), one channel as grey, as an ImageData; what lies outside is cut off. */
function unitImage(values, channels, height, width, white = 1) {
  const image = new ImageData(width, height);
  const size = height * width;
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round((255 / white) * values[(channels === 3 ? c : 0) * size + i]);
    image.data[4 * i + 3] = 255;
  }
  return image;
}

function putImage(canvas, image) {
  if (canvas.width !== image.width || canvas.height !== image.height) {
    canvas.width = image.width;
    canvas.height = image.height;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** The largest whole factor at which a picture fits a box; below 1 just as small as needed. */
function wholeZoom(height, width, boxHeight, boxWidth) {
  const fit = Math.min(boxHeight / height, boxWidth / width);
  return fit >= 1 ? Math.floor(fit) : fit;
}

function sizeCanvas(canvas, height, width, zoom) {
  canvas.style.width = `${width * zoom}px`;
  canvas.style.height = `${height * zoom}px`;
  canvas.style.imageRendering = zoom >= 1 ? "pixelated" : "auto";
}

/** Four significant digits, thousands separated, with a real minus sign. */
function format(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text =
    size >= 1e7 || size < 1e-4
      ? powerOfTen(value, digits)
      : value.toLocaleString("en-US", { minimumSignificantDigits: digits, maximumSignificantDigits: digits });
  return text.replaceAll("-", "−");
}

/** A count without decimals; a magnitude that is no whole number as any other. */
function formatCount(value) {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : format(value);
}

/** As "1.634·10⁻⁷". */
function powerOfTen(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  const raised = String(Number(exponent)).replace(/[-0-9]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
  return `${mantissa}·10${raised}`;
}

/** The pixel of a canvas of height × width under a pointer event, or null outside it. */
function pixelAt(event, canvas, height, width) {
  const box = canvas.getBoundingClientRect();
  const row = Math.floor(((event.clientY - box.top) / box.height) * height);
  const column = Math.floor(((event.clientX - box.left) / box.width) * width);
  return row < 0 || column < 0 || row >= height || column >= width ? null : { row, column };
}

/** A new element with a class and a text. */
function made(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A headline and a quieter line under it, in the component's readout. */
function writeReadout(root, headline, detail) {
  const [strong, small] = [document.createElement("strong"), document.createElement("span")];
  strong.textContent = headline;
  small.className = "muted";
  small.textContent = detail;
  root.querySelector(".readout").replaceChildren(strong, document.createElement("br"), small);
}

/** Paint a scale from −limit to +limit (counts: from 0) with its numbers under it. */
function drawLegend(root, scaleName, limit, dark) {
  const bar = root.querySelector(".legend canvas");
  const counts = scaleName === "count";
  const ramp = Float32Array.from({ length: 255 }, (_, i) => (counts ? i / 2 : i - 127));
  putImage(bar, signedImage(ramp, 0, 1, 255, 127, scaleColours(scaleName, dark)));
  const labels = root.querySelectorAll(".legend span");
  const ends = counts ? ["0", "", formatCount(limit)] : [-limit, 0, limit].map((value) => format(value));
  ends.forEach((text, i) => (labels[i].textContent = text));
}

/**
 * Call `draw` again when the width or the theme changes. The theme arrives as CSS variables, which
 * tell nobody when they change; a transition on the background does.
 */
function redrawOnChange(element, draw) {
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (!element.clientWidth || element.clientWidth === width) return; // gone or hidden, or as before
    width = element.clientWidth;
    draw();
  });
  observer.observe(element);
  const repaint = (event) => {
    const here = event.target === element && element.clientWidth > 0;
    if (here && event.propertyName === "background-color") draw();
  };
  element.addEventListener("transitionend", repaint);
  return () => {
    observer.disconnect();
    element.removeEventListener("transitionend", repaint);
  };
}

/** Count one more turn of the user's hand; what is sent to Python carries the count. See turns.py. */
function takeTurn(state) {
  return ++state.turn;
}

/**
 * Whether a message from Python knows every turn taken here; one that does not is late. A new session,
 * as after the server has started again, knows none and is believed.
 */
function knowsAll(state, { session, count }) {
  if (state.session !== session) Object.assign(state, { session, turn: count });
  return count >= state.turn;
}

/** State that outlives a redraw: Python's next message finds the same object on the same element. */
function stateOf(parentElement, initial) {
  parentElement.cnnviz ??= initial();
  return parentElement.cnnviz;
}

/**
 * What a component returns to be called at its end. Streamlit also calls it when a newer message overtakes
 * the drawing of an older one; `end` is then not called, or it would end what the newer one goes on with.
 */
function whenGone(parentElement, end) {
  return () => {
    if (!parentElement.isConnected) end();
  };
}
