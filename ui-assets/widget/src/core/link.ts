// The line to the server: a WebSocket; after three that never came up long polling, with a WebSocket tried
// every minute. Knows frames and time, nothing of messages.
import type { Api, Problem } from "./api";
import { timers } from "./timers";
import type { Cursor, Draft, Page, ServerFrame } from "./types";

export interface Listener {
  /** Where to go on. */
  after(): Cursor | null;
  frame(frame: ServerFrame): void;
  page(page: Pick<Page, "messages" | "service">): void;
  /** The line came up or went down. */
  changed(up: boolean): void;
  /** The token no longer counts; the promise says that there is a new one. */
  renew(): Promise<void>;
  /** The server will not have this visitor at all. */
  barred(message: string): void;
}

export interface Link {
  start(): void;
  stop(): void;
  /** Whether messages can go out now. */
  up(): boolean;
  /** Sends a message over the socket. False when there is none. */
  send(client_id: string, created_at: number, content: Draft): boolean;
  /** The other end does not answer: start over. */
  restart(): void;
}

const PING = 25_000;
/** Nothing heard for this long: the line is dead although nobody said so. */
const SILENCE = 45_000;
const WELCOME = 10_000;
const RETRY_SOCKET = 60_000;
const FAILURES = 3;

/** Exponential back-off 1 to 30 s with jitter; `attempt` counts from 0. */
export function backoff(attempt: number, random = Math.random()): number {
  return Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 5)) * (0.5 + random / 2);
}

/** Whether the server refuses the page as a whole. */
const bars = (code: string): boolean => code === "closed" || code === "origin_not_allowed";

export function createLink(api: Api, listener: Listener): Link {
  const { later, cancel, cancelAll } = timers();
  let wanted = false;
  let isUp = false;
  let socket: WebSocket | null = null;
  let greeted = false;
  /** Sockets that never came up, one after the other. */
  let failures = 0;
  let attempts = 0;
  let heard = 0;
  let polling: AbortController | null = null;

  function set(up: boolean): void {
    if (isUp === up) return;
    isUp = up;
    listener.changed(up);
  }

  function connect(): void {
    cancel("retry");
    if (!wanted || socket) return;
    let fresh: WebSocket;
    try {
      fresh = new WebSocket(`${api.base.replace(/^http/, "ws")}/ws`);
    } catch {
      // The page's policy forbids sockets.
      failures = FAILURES;
      return lost();
    }
    socket = fresh;
    greeted = false;
    later("welcome", WELCOME, restart);
    fresh.onopen = () => {
      fresh.send(JSON.stringify({ type: "hello", token: api.token, after: listener.after(), lang: api.lang }));
    };
    fresh.onmessage = (event) => {
      if (fresh === socket) hear(String(event.data));
    };
    fresh.onclose = () => {
      if (fresh === socket) restart();
    };
  }

  function hear(text: string): void {
    heard = Date.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(text) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === "welcome" && !greeted) {
      cancel("welcome");
      greeted = true;
      failures = attempts = 0;
      stopPolling();
      beat();
      listener.frame(frame);
      set(true);
    } else if (frame.type === "error" && !frame.client_id) refused(frame.code, frame.message);
    else listener.frame(frame);
  }

  function refused(code: string, message: string): void {
    if (bars(code)) {
      stop();
      listener.barred(message);
    } else if (code === "bad_token") {
      drop();
      set(false);
      listener.renew().then(connect, lost);
    } else if (code === "too_many") {
      drop();
      set(false);
      later("retry", RETRY_SOCKET, connect);
    }
  }

  function beat(): void {
    later("ping", PING, () => {
      if (Date.now() - heard > SILENCE) return restart();
      if (socket && socket.readyState === 1) socket.send('{"type":"ping"}');
      beat();
    });
  }

  function drop(): void {
    const old = socket;
    socket = null;
    cancel("welcome");
    cancel("ping");
    if (!old) return;
    if (!greeted) failures++;
    greeted = false;
    old.onopen = old.onmessage = old.onclose = null;
    old.close();
  }

  function restart(): void {
    drop();
    lost();
  }

  /** No socket: wait and try again, or poll. */
  function lost(): void {
    if (!wanted) return;
    if (failures >= FAILURES) {
      later("retry", RETRY_SOCKET, connect);
      if (!polling) poll();
      return;
    }
    set(false);
    later("retry", backoff(attempts++), connect);
  }

  async function poll(): Promise<void> {
    const abort = (polling = new AbortController());
    let failed = 0;
    // A first answer at once: it shows that the line is up, which a poll would tell only at its end.
    let known = false;
    while (!abort.signal.aborted) {
      try {
        const after = listener.after();
        const page = known
          ? await api.poll(after, abort.signal)
          : await api.history(`${after ? `after=${after}&` : ""}limit=200`);
        if (abort.signal.aborted) return;
        failed = 0;
        known = true;
        listener.page(page);
        set(true);
      } catch (error) {
        if (abort.signal.aborted) return;
        const { code, message, retryAfter } = error as Problem;
        if (bars(code)) {
          stop();
          return listener.barred(message);
        }
        known = false;
        set(false);
        if (code === "bad_token") await listener.renew().catch(() => {});
        const wait = Math.max(retryAfter, backoff(failed++));
        await new Promise<void>((resolve) => later("poll", wait, resolve));
      }
    }
  }

  function stopPolling(): void {
    cancel("poll");
    if (polling) polling.abort();
    polling = null;
  }

  function hurry(): void {
    if (document.visibilityState === "hidden" || isUp) return;
    attempts = 0;
    connect();
  }

  function stop(): void {
    wanted = false;
    removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    cancelAll();
    drop();
    stopPolling();
    set(false);
  }

  return {
    stop,
    restart,
    up: () => isUp,
    start() {
      if (wanted) return;
      wanted = true;
      addEventListener("online", hurry);
      document.addEventListener("visibilitychange", hurry);
      connect();
    },
    send(client_id, created_at, content) {
      if (!greeted || !socket || socket.readyState !== 1) return false;
      socket.send(JSON.stringify({ type: "send", client_id, created_at, content }));
      return true;
    },
  };
}
