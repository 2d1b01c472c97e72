// Full screen on a phone: the panel follows the part of the page the keyboard leaves free, and the page
// behind it does not scroll.
import { view } from "./view";

export const phone = matchMedia("(max-width: 480px)");
const visible = window.visualViewport;
let before = "";

function fit(): void {
  const { panel } = view;
  if (!panel) return;
  const covered = phone.matches && visible;
  document.documentElement.style.overflow = phone.matches ? "hidden" : before;
  panel.style.height = covered ? `${covered.height}px` : "";
  panel.style.top = covered ? `${covered.offsetTop}px` : "";
  panel.toggleAttribute("data-keyboard", !!covered && innerHeight - covered.height > 120);
}

/** Follows the visible part of the page while the panel is open. */
export function follow(open: boolean): void {
  const act = open ? "addEventListener" : "removeEventListener";
  const page = document.documentElement.style;
  if (open) before = page.overflow;
  else page.overflow = before;
  if (visible) {
    visible[act]("resize", fit);
    visible[act]("scroll", fit);
  }
  window[act]("resize", fit);
  fit();
}
