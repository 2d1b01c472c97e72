// One picture, large. Esc, a click or the button close it.
import { h } from "preact";
import { CloseIcon } from "./icons";
import { show, view } from "./view";

let before: HTMLElement | null = null;

/** WeChat's own viewer where the page has loaded its JS-SDK, else ours. */
export function enlarge(url: string): void {
  const { wx } = window as unknown as { wx?: { previewImage?: (options: object) => void } };
  if (/MicroMessenger/i.test(navigator.userAgent) && wx && wx.previewImage) {
    wx.previewImage({ current: url, urls: [url] });
    return;
  }
  before = view.panel ? ((view.panel.getRootNode() as ShadowRoot).activeElement as HTMLElement | null) : null;
  show({ picture: url });
}

function close(): void {
  show({ picture: "" });
  if (before) before.focus();
}

function keydown(event: KeyboardEvent): void {
  if (event.key === "Tab") event.preventDefault(); // there is nothing else to go to
  if (event.key !== "Escape") return;
  event.stopPropagation();
  close();
}

const focus = (button: HTMLElement | null): void => {
  if (button) button.focus();
};

export function Lightbox() {
  const { t, picture } = view;
  return (
    <div class="lightbox" role="dialog" aria-modal="true" aria-label={t.imageOf} onClick={close} onKeyDown={keydown}>
      <img src={picture} alt={t.imageOf} />
      <button type="button" class="tool" ref={focus} aria-label={t.close}>
        <CloseIcon />
      </button>
    </div>
  );
}
