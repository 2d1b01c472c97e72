// What the panel draws from. There is one panel in a page (the loader sees to that) and every change draws it
// whole, so its state is one plain object; no hooks, no contexts.
import type { Chat } from "../core/chat";
import type { Outbox } from "../core/outbox";
import type { Lang, texts } from "./texts";

export interface View {
  chat: Chat;
  server: string;
  lang: Lang;
  t: ReturnType<typeof texts>;
  open: boolean;
  /** Draws the panel again. */
  redraw(): void;
  setOpen(open: boolean): void;

  /** What stands in the input, and whose draft it is. */
  text: string;
  box?: Outbox;
  /** The emoji are shown. */
  choosing: boolean;
  /** A file is held over the panel. */
  dropping: boolean;
  /** The picture that is shown large. */
  picture: string;
  /** What the toast says. */
  note: string;
  /** The list is at its end and follows; it is far from its end. */
  atEnd: boolean;
  away: boolean;

  panel?: HTMLElement | null;
  input?: HTMLTextAreaElement | null;
  list?: HTMLElement | null;
}

export const view = { text: "", picture: "", note: "", atEnd: true } as View;

/** Changes something of the panel's state and draws it. */
export function show(change: Partial<View>): void {
  Object.assign(view, change);
  view.redraw();
}

let timer: ReturnType<typeof setTimeout>;

/** Says something for a few seconds. */
export function toast(note: string): void {
  show({ note });
  clearTimeout(timer);
  timer = setTimeout(() => show({ note: "" }), 4_000);
}
