// The words of docs/widget-protocol.md.

/** A place in the thread, `"<conversation>.<sequence>"`. */
export type Cursor = string;

export interface Media {
  id: string;
  mime: string;
  size: number;
  name?: string;
}

export type Content =
  | { kind: "text"; text: string }
  | { kind: "image"; media: Media | null }
  | { kind: "voice"; media: Media | null; transcript?: string }
  | { kind: "video"; media: Media | null; thumbnail?: Media }
  | { kind: "file"; media: Media | null }
  | { kind: "location"; latitude: number; longitude: number; label: string }
  | { kind: "link"; title: string; description: string; url: string }
  | { kind: "news"; title: string; description: string; url: string; picture: string }
  | { kind: "mini_program"; title: string }
  | { kind: "unknown" };

/** What a visitor can send. */
export type Draft = { kind: "text"; text: string } | { kind: "image"; media: { id: string } };

export interface Persona {
  nickname: string;
  avatar?: string;
}

export type From = { who: "customer" } | ({ who: "agent" } & Persona) | { who: "system" };

export interface Message {
  cursor: Cursor;
  at: number;
  from: From;
  content: Content;
  dedupe?: string;
}

export interface Service {
  state: "idle" | "waiting" | "active";
  agent?: Persona;
}

export interface Config {
  title: string;
  welcome: string;
  color: string;
  lang: string | null;
  limits: { text: number; file: number };
}

/** What a page knows of a signed-in user; `sig` is made by the merchant's server. */
export interface User {
  id: string;
  name?: string;
  expires: number;
  sig: string;
}

export interface Session {
  token: string;
  config: Config;
  service: Service;
  last: Cursor | null;
  verified: boolean;
}

export interface Page {
  messages: Message[];
  more: boolean;
  service: Service;
}

export interface Ack {
  cursor: Cursor;
  at: number;
}

export type ServerFrame =
  | ({ type: "welcome" } & Page)
  | { type: "message"; message: Message }
  | ({ type: "ack"; client_id: string } & Ack)
  | { type: "service"; service: Service }
  | { type: "typing" }
  | { type: "pong" }
  | { type: "error"; client_id?: string; code: string; message: string; retry_after_ms?: number };
