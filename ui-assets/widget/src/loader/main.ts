// The loader: draws the launcher, collects `$weikefu` calls, fetches the panel when somebody comes near.
// No framework, no visitor, no socket; everything else is the panel's.
import type { Command, Entry, Stage, Weikefu } from "./stage";
import css from "./launcher.css?inline";

declare const __PANEL__: string;

const ICON =
  '<svg class="wk-i" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.3 4.6 3.3 6-.1 1-.5 2-1.2 2.9 1.6-.1 3.1-.7 4.3-1.6.8.2 1.7.3 2.6.3 5 0 9-3.4 9-7.6s-4-7.7-9-7.7z"/><path class="wk-d" d="M8.2 11.3h.01M12 11.3h.01M15.8 11.3h.01"/></svg>' +
  '<svg class="wk-x" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 9.5l6 6 6-6"/></svg>';

const script = document.currentScript as HTMLScriptElement | null;

function start(script: HTMLScriptElement): void {
  const { app: key = "", lang = null } = script.dataset;
  const nonce = script.nonce || "";
  const server = script.src.replace(/\/w\/loader\.js.*$/, "");
  if (!key) return console.warn("[weikefu] data-app is missing on the script element");

  const early = window.$weikefu;
  if (early && early.panel) return; // a second script element
  const waiting: Command[] = Array.from((early && early.q) || [], (call) => Array.from(call) as Command);
  let handler = (command: Command): void => {
    waiting.push(command);
    if (command[0] === "open" || command[0] === "identify") load();
    if (command[0] === "hide") frame.hidden = command[1] !== false;
  };
  const api: Weikefu = (...command: Command) => handler(command);
  window.$weikefu = api;

  const host = document.createElement("weikefu-chat");
  const root = host.attachShadow({ mode: "open" });
  const frame = document.createElement("section");
  const launcher = document.createElement("button");
  let entry: Entry = { title: "", color: "#0b7a43", lang: null };
  let mount: ((stage: Stage) => void) | undefined;
  let loading = false;

  const style = (text: string): void => {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    } catch {
      // Old web views: a strict policy of the page lets this through only with the script's nonce.
      const element = document.createElement("style");
      element.nonce = nonce;
      element.textContent = text;
      root.appendChild(element);
    }
  };

  const stage = (): Stage => ({
    server,
    key,
    lang,
    entry,
    root,
    frame,
    launcher,
    style,
    take(next) {
      handler = next;
      waiting.splice(0).forEach(next);
    },
  });

  function load(): void {
    if (loading) return;
    loading = true;
    launcher.setAttribute("aria-busy", "true");
    const element = document.createElement("script");
    element.src = `${server}/w/${__PANEL__}`;
    element.async = true;
    element.nonce = nonce;
    element.onerror = () => {
      element.remove();
      loading = false;
      launcher.removeAttribute("aria-busy");
    };
    document.head.appendChild(element);
  }

  api.panel = (given) => {
    if (mount) return;
    mount = given;
    launcher.removeAttribute("aria-busy");
    // From now on the panel owns the launcher; a click during the download is in `waiting`.
    launcher.removeEventListener("click", wanted);
    mount(stage());
  };

  function wanted(): void {
    api("open");
  }

  frame.className = "wk";
  launcher.className = "wk-launcher";
  launcher.type = "button";
  launcher.dataset.testid = "launcher";
  launcher.setAttribute("aria-expanded", "false");
  launcher.innerHTML = ICON;
  launcher.addEventListener("click", wanted);
  for (const near of ["pointerenter", "focus", "touchstart"]) {
    launcher.addEventListener(near, load, { once: true, passive: true });
  }
  frame.appendChild(launcher);
  style(css);

  const show = (): void => {
    const zh = !/^en/i.test(entry.lang || lang || navigator.language || "zh");
    const label = zh ? "打开在线客服" : "Open chat";
    frame.setAttribute("aria-label", zh ? "在线客服" : "Chat");
    launcher.setAttribute("aria-label", label);
    frame.style.setProperty("--wk-accent", entry.color);
    frame.style.setProperty("--wk-on", contrast(entry.color));
    root.appendChild(frame);
    document.body.appendChild(host);
    const opens = waiting.some(([name]) => name === "open" || name === "identify");
    if (opens) load();
    // Somebody who has been here may have an answer waiting.
    else if (remembered(key)) setTimeout(load, 1200);
  };

  const begin = (): void => {
    fetch(`${server}/c/${encodeURIComponent(key)}/entry`, { credentials: "omit" })
      .then((answer) => {
        // Switched off, or not for this page: no launcher at all. A server in trouble passes.
        if (answer.status === 403 || answer.status === 404) throw answer.status;
        return answer.ok ? (answer.json() as Promise<Entry>) : entry;
      })
      .then(
        (found) => {
          entry = found;
          show();
        },
        (problem) => {
          if (typeof problem === "number") console.warn(`[weikefu] the chat is not available here (${problem})`);
          else show();
        },
      );
  };
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
}

/** Whether this browser has opened the chat before. */
function remembered(key: string): boolean {
  try {
    return localStorage.getItem(`wk.${key}.token`) !== null;
  } catch {
    return false;
  }
}

/** White or near-black, whichever reads better on a colour (WCAG 2.1 relative luminance). */
function contrast(color: string): string {
  const parts = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * parts[0]! + 0.7152 * parts[1]! + 0.0722 * parts[2]!;
  return light > 0.19 ? "#14181d" : "#fff";
}

if (script) start(script);
