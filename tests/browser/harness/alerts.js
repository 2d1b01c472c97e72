// Rings and pop-ups of the console, counted.
import { until } from "./until.js";

/** Counts rings and pop-ups of a page instead of making them. */
export const listenTo = (context) =>
  context.addInitScript(() => {
    window.rings = 0;
    window.popups = [];
    window.AudioContext = class {
      state = "running";
      currentTime = 0;
      destination = {};
      resume = async () => undefined;
      createGain = () => ({ gain: { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (next) => next });
      createOscillator = () => ((window.rings += 0.5), { frequency: {}, connect: (next) => next, start() {}, stop() {} });
    };
    window.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, options) {
        window.popups.push({ title, ...options });
        window.lastPopup = this;
      }
      close() {}
    };
  });

/** Nobody looks at this page any more. */
export const lookAway = (page) =>
  page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event("blur"));
  });

/** What all these pages have rung and shown so far. */
export async function heard(pages) {
  const all = await Promise.all(pages.map((page) => page.evaluate(() => ({ rings: window.rings, popups: window.popups }))));
  return { rings: all.reduce((sum, { rings }) => sum + rings, 0), popups: all.flatMap(({ popups }) => popups) };
}

export const rings = (what, pages, count) => until(what, async () => (await heard(pages)).rings === count);
