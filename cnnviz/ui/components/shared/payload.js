// A message from Python to a component; cnnviz/ui/components/payload.py writes it.

/**
 * A message from Python: JSON header, then the arrays it names. See payload.py.
 *
 * @template Header, Arrays
 * @param {Packed<Header, Arrays>} bytes
 * @returns {Message<Header, Arrays>}
 */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headerLength)));
  const arrays = /** @type {any} */ ({});
  for (const { name, dtype, offset, length, shape } of header.arrays) {
    const start = bytes.byteOffset + 4 + headerLength + offset;
    const raw = bytes.buffer.slice(start, start + length);
    arrays[name] = { values: typed(dtype, raw), shape };
  }
  return { header: header.fields, arrays };
}

/**
 * @param {string} dtype
 * @param {ArrayBuffer} raw
 */
function typed(dtype, raw) {
  if (dtype === "float32") return new Float32Array(raw);
  if (dtype === "uint8") return new Uint8Array(raw);
  return Float32Array.from(new Uint16Array(raw), halfToFloat);
}

/**
 * The value of a float16.
 *
 * @param {number} bits
 */
function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
