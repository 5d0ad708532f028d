/**
 * Tells of Streamlit's sliders under the user's hand at once, before Python hears of them: `moved(name,
 * value)` for the slider whose key is `prefix + name`. Streamlit sends a dragged slider once it is let go.
 * A slider that Python sets is not told of.
 *
 * @returns a function that ends it.
 */
export function followSliders(prefix, moved) {
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      const name = target.type === "range" && nameOfControl(target, prefix);
      if (name && isUnderHand(target)) moved(name, Number(target.getAttribute("value")));
    }
  });
  observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["value"] });
  return () => observer.disconnect();
}

/** The slider with this key; null if it is not on screen. */
export function sliderOf(key) {
  return document.querySelector(`.st-key-${key} input[type=range]`);
}

/** Whether the user has just moved this slider, or holds it: it has the focus, or the pointer is down on it. */
export function isUnderHand(slider) {
  if (!slider) return false;
  return document.activeElement === slider || slider.closest("[data-testid=stSlider]").matches(":active");
}

function nameOfControl(input, prefix) {
  const classes = [...(input.closest(`[class*="st-key-${prefix}"]`)?.classList ?? [])];
  return classes.find((name) => name.startsWith(`st-key-${prefix}`))?.slice(`st-key-${prefix}`.length);
}
