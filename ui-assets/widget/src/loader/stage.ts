// What the loader hands to the panel. The two are separate scripts; this file is all they share.

/** A call of `$weikefu(command, ...arguments)`. */
export type Command = [name: string, ...rest: unknown[]];

/** How the entry looks, as `GET entry` answers. */
export interface Entry {
  title: string;
  color: string;
  lang: string | null;
}

/** Everything the panel needs to begin. */
export interface Stage {
  /** Origin of the server, without a slash at the end. */
  server: string;
  /** Key of the channel. */
  key: string;
  /** `data-lang` of the script, if given. */
  lang: string | null;
  entry: Entry;
  root: ShadowRoot;
  /** Launcher and panel live in here; carries the theme. */
  frame: HTMLElement;
  launcher: HTMLButtonElement;
  /** Calls `$weikefu` got so far and will get. */
  take(handler: (command: Command) => void): void;
  /** Adds a style sheet to the shadow root. */
  style(css: string): void;
}

declare global {
  interface Window {
    $weikefu?: Weikefu;
  }
}

/** The global of the page. Before the loader has run, a stub of the page may stand here with `q`. */
export interface Weikefu {
  (...command: Command): void;
  q?: ArrayLike<unknown>[];
  /** Set by the loader, called by the panel's script. */
  panel?: (mount: (stage: Stage) => void) => void;
}
