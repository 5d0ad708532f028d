// A window that slides over numbers. model.js computes, drawing.js and readout.js draw, events.js listens to the
// user, actions.js does what is asked for.

import { find } from "../shared/elements.js";
import { isCurrent, redrawOnChange, stateOf, whenGone } from "../shared/lifecycle.js";
import { unpack } from "../shared/payload.js";
import { advance, change, drawFocus, lightTerm, setHover, stepped, stopPlaying } from "./actions.js";
import { drawGrids, looksOf } from "./drawing.js";
import { listen } from "./events.js";
import { compute, keepWithin, layOut } from "./model.js";
import { drawPatchPicker } from "./patch.js";
import { writeSettings } from "./readout.js";
import { unreadText } from "./texts.js";

/** @import { Actions, View } from "./drawing.js" */
/** @import { Header, State } from "./model.js" */

const LARGEST_GRID = 460;

/** @returns {State} */
const initialState = () => ({
  edits: 0,
  settings: /** @type {any} */ (null), // the first message brings them
  step: null,
  hover: null,
  pin: null,
  channel: 0,
  playing: undefined,
  speed: 2,
  expressed: [0, 0],
  layers: { input: document.createElement("canvas"), output: document.createElement("canvas") },
});

/** @param {ComponentArguments<Packed<Header, { picture: PackedArray }>>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const root = find(parentElement, ".root");
  const state = stateOf(parentElement, initialState);
  const { header, arrays } = unpack(data);
  if (isCurrent(state, header.edit_version)) state.settings = structuredClone(header.settings);

  /** @type {Actions} */
  const on = {
    hover: (hover) => setHover(view, hover),
    lightTerm: (term) => lightTerm(view, term),
    edit(row, column, weight) {
      if (state.settings.weights) state.settings.weights[row][column] = weight;
      edit({ edited: true });
    },
    step(name, value) {
      const settings = stepped(view, name, value);
      if (settings) edit(settings);
    },
    showChannel(channel) {
      state.channel = channel;
      redraw();
    },
  };
  /** @type {View} */
  const view = { root, header, state, on, ...derived() };

  /** What follows from the settings and the room on the page. */
  function derived() {
    const result = compute(header, state, arrays.picture);
    keepWithin(state, result);
    const box = Math.min(LARGEST_GRID, find(root, ".input").clientWidth);
    const cells = layOut(header, state.settings, result.op, box);
    return { result, cells, unread: unreadText(result.op), looks: looksOf(root) };
  }

  /** Everything but the patch picker. */
  function draw() {
    drawGrids(view);
    writeSettings(view);
    drawFocus(view);
  }

  /** After new settings. */
  function redraw() {
    Object.assign(view, derived());
    draw();
  }

  /** @param {Parameters<typeof change>[1]} settings */
  const edit = (settings) => change(state, settings, redraw, send);

  function send() {
    clearTimeout(state.pending);
    state.pending = undefined;
    setTriggerValue("settings", { count: state.edits, value: state.settings });
  }

  function drawPatch() {
    find(root, ".patch").hidden = Boolean(header.matrix);
    if (!header.matrix) drawPatchPicker(find(root, ".patch"), arrays.picture, state.settings.patch, movePatch);
  }

  /** @type {(top: number, left: number) => void} */
  function movePatch(top, left) {
    edit({ patch: { ...state.settings.patch, top, left } });
    drawPatch();
  }

  // The clock outlives this call: a message that arrives while it runs brings another operation.
  state.advance = () => advance(view);
  listen(view);
  drawPatch();
  draw();
  state.stop?.();
  state.stop = redrawOnChange(root, () => {
    drawPatch();
    redraw();
  });
  return whenGone(parentElement, () => {
    stopPlaying(state);
    if (state.pending) send();
    state.stop?.();
  });
}
