// The channel's addresses. Every failure is a Problem with a code; `network` when no answer came.
import type { Ack, Draft, Media, Page, Service, Session, User } from "./types";

export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter = 0,
  ) {
    super(message);
  }

  /** Whether the same request may succeed later. */
  get passes(): boolean {
    return /^(network|too_fast|too_many|unavailable)$/.test(this.code);
  }
}

const PATIENCE = 20_000;

export class Api {
  token = "";
  lang = "";

  constructor(
    /** `{server}/c/{key}`, without a slash at the end. */
    readonly base: string,
  ) {}

  session(body: { token: string | null; user: User | null; lang: string; page?: object }): Promise<Session> {
    return this.json("POST", "session", body);
  }

  history(query: string): Promise<Page> {
    return this.json("GET", `messages?${query}`);
  }

  send(client_id: string, created_at: number, content: Draft): Promise<Ack> {
    return this.json("POST", "messages", { client_id, created_at, content });
  }

  poll(after: string | null, signal: AbortSignal): Promise<{ messages: Page["messages"]; service: Service }> {
    return this.json("GET", `poll?after=${after ?? ""}`, undefined, signal, 40_000);
  }

  /** Uploads a picture; XMLHttpRequest because fetch tells nothing about progress. */
  upload(file: Blob, name: string, progress: (part: number) => void): Promise<Media> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", `${this.base}/media`);
      request.setRequestHeader("authorization", `Bearer ${this.token}`);
      request.setRequestHeader("content-type", file.type || "image/jpeg");
      request.setRequestHeader("x-file-name", encodeURIComponent(name.slice(0, 100)));
      request.setRequestHeader("accept-language", this.lang);
      request.timeout = 120_000;
      request.upload.onprogress = (event) => progress(event.total ? event.loaded / event.total : 0);
      request.onload = () => {
        const body = parse(request.responseText);
        if (request.status === 200) resolve(body as Media);
        else reject(problem(request.status, body));
      };
      request.onerror = request.ontimeout = () => reject(new Problem("network", ""));
      request.send(file);
    });
  }

  private async json<T>(
    method: string,
    path: string,
    body?: object,
    signal?: AbortSignal,
    patience = PATIENCE,
  ): Promise<T> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    const timer = setTimeout(stop, patience);
    if (signal) signal.addEventListener("abort", stop);
    const headers: Record<string, string> = { "accept-language": this.lang };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body) headers["content-type"] = "application/json";
    try {
      const answer = await fetch(`${this.base}/${path}`, {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: abort.signal,
        credentials: "omit",
        cache: "no-store",
      });
      const found = parse(await answer.text());
      if (!answer.ok || found === null) throw problem(answer.status, found);
      return found as T;
    } catch (error) {
      throw error instanceof Problem ? error : new Problem("network", "");
    } finally {
      clearTimeout(timer);
      if (signal) signal.removeEventListener("abort", stop);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function problem(status: number, body: unknown): Problem {
  const { code, message, retry_after_ms } = (body || {}) as Record<string, unknown>;
  if (typeof code === "string") return new Problem(code, String(message || ""), Number(retry_after_ms) || 0);
  // Something in front of the server answered.
  return new Problem(status >= 500 || status === 429 ? "unavailable" : "network", "");
}
