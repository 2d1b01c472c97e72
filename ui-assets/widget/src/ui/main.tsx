// The panel's beginning: takes the stage from the loader, obeys `$weikefu`, keeps the launcher's dot.
import { h, options, render } from "preact";
import { Chat } from "../core/chat";
import type { User } from "../core/types";
import type { Command, Stage } from "../loader/stage";
import { App } from "./App";
import { fitInput } from "./Composer";
import { settleList } from "./Messages";
import panelCss from "./panel.css?inline";
import { follow, phone } from "./phone";
import { language, texts, type Lang } from "./texts";
import threadCss from "./thread.css?inline";
import { view } from "./view";

type Handler = (detail?: unknown) => void;

// Preact's own choice, queueMicrotask, is missing in old web views.
options.debounceRendering = (draw) => void Promise.resolve().then(draw);

function mount(stage: Stage): void {
  let wish = stage.lang;
  const { server, key, entry, frame, launcher } = stage;
  const chosen = (): Lang => language(wish, (chat.config || entry).lang, navigator.language);
  const chat = new Chat({ server, key, lang: language(wish, entry.lang, navigator.language) });
  const handlers = new Map<string, Set<Handler>>();
  const dot = document.createElement("span");
  const box = document.createElement("div");
  let unread = -1;

  const emit = (name: string, detail?: unknown): void => {
    (handlers.get(name) || []).forEach((handler) => {
      try {
        handler(detail);
      } catch (error) {
        console.error(error);
      }
    });
  };

  const setOpen = (open: boolean): void => {
    if (view.open === open) return;
    Object.assign(view, { open, atEnd: true, away: false, picture: "" });
    if (open) chat.start(true);
    launcher.setAttribute("aria-expanded", String(open));
    frame.toggleAttribute("data-open", open);
    draw();
    follow(open);
    // On a phone the keyboard would cover half of what was opened.
    const target = open ? (phone.matches ? view.panel : view.input || view.panel) : launcher;
    if (target) target.focus({ preventScroll: true });
    emit(open ? "open" : "close");
  };

  const draw = (): void => {
    const { open } = view;
    const lang = chosen();
    const t = texts(lang);
    Object.assign(view, { lang, t });
    chat.setLang(lang);
    const count = open ? 0 : chat.unread;
    if (count !== unread) {
      unread = count;
      dot.textContent = count > 99 ? "99+" : String(count || "");
      dot.hidden = count === 0;
      emit("unread", count);
    }
    const label = open ? t.close : t.open;
    launcher.setAttribute("aria-label", count ? `${label}, ${t.unread(count)}` : label);
    frame.setAttribute("aria-label", chat.config ? chat.config.title : t.chat);
    render(<App />, box);
    // A higher composer takes from the list, which then goes to its end.
    fitInput();
    settleList();
  };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  let theme = "auto";
  const paint = (wish = theme): void => {
    theme = wish;
    frame.dataset.theme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
  };
  // Old Safari only knows addListener.
  if (dark.addEventListener) dark.addEventListener("change", () => paint());
  else dark.addListener(() => paint());

  const set = (options: Record<string, unknown>): void => {
    const { lang, theme, position, bottom } = options;
    if (lang === "zh-CN" || lang === "en") wish = lang;
    if (theme === "light" || theme === "dark" || theme === "auto") paint(theme);
    if (position === "left" || position === "right") frame.dataset.side = position;
    if (typeof bottom === "number" && bottom >= 0) frame.style.setProperty("--wk-bottom", `${bottom}px`);
    draw();
  };

  const obey = ([name, ...rest]: Command): void => {
    const [first, second] = rest;
    if (name === "open") setOpen(true);
    else if (name === "close") setOpen(false);
    else if (name === "hide") {
      frame.hidden = first !== false;
      if (frame.hidden) setOpen(false);
    } else if (name === "identify") chat.identify((first as User | null) || null);
    else if (name === "set" && first) set(first as Record<string, unknown>);
    else if (name === "on" && typeof second === "function") {
      const name = String(first);
      handlers.set(name, (handlers.get(name) || new Set<Handler>()).add(second as Handler));
    } else console.warn(`[weikefu] unknown command: ${String(name)}`);
  };

  dot.className = "dot";
  dot.dataset.testid = "unread";
  dot.hidden = true;
  launcher.appendChild(dot);
  launcher.addEventListener("click", () => setOpen(!view.open));
  stage.style(panelCss + threadCss);
  paint();
  Object.assign(view, { chat, server, redraw: draw, setOpen });
  frame.insertBefore(box, launcher);
  chat.onmessage = (message) => emit("message", { at: message.at, from: message.from.who });
  chat.subscribe(draw);
  draw();
  stage.take(obey);
  // Somebody who was here before: see whether an answer waits. A new visitor gets no session before a click.
  if (!view.open && chat.known) chat.start(false);
}

if (window.$weikefu && window.$weikefu.panel) window.$weikefu.panel(mount);
