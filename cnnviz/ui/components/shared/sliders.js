// Streamlit's own sliders, followed while they are dragged.

/**
 * Call `moved(name, value)` while the user drags Streamlit's slider with the key `prefix + name`, before
 * Python hears of it: Streamlit sends a slider's value once it is let go. Sliders that Python sets are left out.
 *
 * @param {string} prefix
 * @param {(name: string, value: number) => void} moved
 * @returns a function that ends it.
 */
export function followSliders(prefix, moved) {
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (!(target instanceof HTMLInputElement) || target.type !== "range") continue;
      const name = nameOfControl(target, prefix);
      if (name && isInUse(target)) moved(name, Number(target.getAttribute("value")));
    }
  });
  observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });
  return () => observer.disconnect();
}

/**
 * The slider with this key; null if it is not on screen.
 *
 * @param {string} key
 * @returns {HTMLInputElement | null}
 */
export function sliderOf(key) {
  return document.querySelector(`.st-key-${key} input[type=range]`);
}

/**
 * Whether the user has just moved this slider, or holds it: it has the focus, or the pointer is down on it.
 *
 * @param {Element} slider
 */
export function isInUse(slider) {
  return document.activeElement === slider || Boolean(slider.closest("[data-testid=stSlider]")?.matches(":active"));
}

/**
 * @param {Element} input
 * @param {string} prefix
 */
function nameOfControl(input, prefix) {
  const classes = [...(input.closest(`[class*="st-key-${prefix}"]`)?.classList ?? [])];
  return classes.find((name) => name.startsWith(`st-key-${prefix}`))?.slice(`st-key-${prefix}`.length);
}
