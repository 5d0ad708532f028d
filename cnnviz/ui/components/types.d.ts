/** The colour scales of cnnviz/figures/theme.py, by "name/ground"; registry.py puts them before a bundle. */
declare const SCALES: Record<string, string>;

/** What Streamlit calls a component with, at first and with each message from Python. */
interface ComponentArguments<Data> {
  data: Data;
  parentElement: ComponentParent;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** Where a component is drawn; it keeps the component's state from one message to the next. */
type ComponentParent = (HTMLElement | ShadowRoot) & { cnnviz?: unknown };

/** A message that payload.py has packed: a header, and arrays by name. */
type Packed<Header, Arrays = Record<string, PackedArray>> = Uint8Array<ArrayBuffer> & { unpacked?: Message<Header, Arrays> };

interface Message<Header, Arrays = Record<string, PackedArray>> {
  header: Header;
  arrays: Arrays;
}

interface PackedArray<Values = Float32Array> {
  values: Values;
  shape: number[];
}

/** The edits of a session that Python has seen; see edit_version.py. */
interface EditVersion {
  session: string;
  count: number;
}

/** The part of a component's state that counts its edits; `edits` starts at 0. */
interface EditState {
  edits: number;
  session?: string;
}

/** An edit on its way to Python, with its number. */
interface Edit<Value> {
  count: number;
  value: Value;
}

/** A sliding window along one axis. */
interface Axis {
  kernel_size: number;
  stride: number;
  padding: number;
  dilation: number;
}

type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Row and column of a unit or a pixel. */
type Place = [row: number, column: number];

interface Pixel {
  row: number;
  column: number;
}

/** The first and the last of consecutive pixels or units. */
type Interval = [first: number, last: number];

/** What a unit sees of the picture, along rows and columns. */
type Field = [rows: Interval, columns: Interval];

/** Arithmetic written out, as components/equations.py has it. */
type FormulaPart =
  | string
  | { floor: FormulaPart[] }
  | { ceiling: FormulaPart[] }
  | { fraction: [FormulaPart[], FormulaPart[]] }
  | { symbol: string }
  | { result: string }
  | { below: string };

/** The element type that a CSS selector ending in a tag's name finds. */
type Selected<Selector extends string> = Selector extends `${string} ${infer Last}`
  ? Selected<Last>
  : Selector extends `${infer Tag}${"." | "[" | ":"}${string}`
    ? Tag extends keyof HTMLElementTagNameMap
      ? HTMLElementTagNameMap[Tag]
      : HTMLElement
    : Selector extends keyof HTMLElementTagNameMap
      ? HTMLElementTagNameMap[Selector]
      : HTMLElement;

interface WindowEventMap {
  "cnnviz-unit-pinned": CustomEvent<Edit<Place | null>>;
  "cnnviz-story-shown": CustomEvent<{ layer: string; value: Place | null; edit_version: EditVersion }>;
}
