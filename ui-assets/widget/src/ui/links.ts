// Which addresses are shown, and how: pictures only from our own server, links only to the web.

/** A part of a text: words, or an address. */
export type Part = string | { url: string };

/** Splits a text at its web addresses. */
export function linkify(text: string): Part[] {
  const parts: Part[] = [];
  const pattern = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+/g;
  let at = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    // Punctuation at the end belongs to the sentence.
    const url = match[0].replace(/[.,;:!?)\]}]+$/, "");
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push({ url });
    at = match.index + url.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** An address a visitor may follow, or null. */
export function webAddress(url: string): string | null {
  return /^https?:\/\//i.test(url) ? url : null;
}

/** The address of a stored file. */
export const mediaUrl = (server: string, id: string): string => `${server}/m/${encodeURIComponent(id)}`;

/** A picture's address if it lies on our own server, else null. */
export function ownPicture(server: string, url: string | undefined): string | null {
  if (!url) return null;
  const full = url.startsWith("/") && !url.startsWith("//") ? server + url : url;
  return full.startsWith(`${server}/m/`) ? full : null;
}

/** 1.2 MB. */
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  if (size < 1 << 20) return `${Math.round(size / 1024)} KB`;
  return `${(size / (1 << 20)).toFixed(1)} MB`;
}
