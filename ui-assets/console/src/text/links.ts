/** Finds web addresses in plain text. Only http and https ever become links. */

export type LinkPart = { text: string } | { text: string; href: string }

// Chinese text often follows an address without a space, so Chinese ends it.
const PATTERN = /\b(?:https?:\/\/|www\.)[^\s<>"'`“”‘’…\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+/gi
const TRAILING = /[.,;:!?()[\]{}'"]+$/

/** Splits text at web addresses; closing punctuation does not belong to an address. */
export function splitLinks(text: string): LinkPart[] {
  const parts: LinkPart[] = []
  let from = 0
  for (const match of text.matchAll(PATTERN)) {
    let address = match[0].replace(TRAILING, '')
    // Keep a closing bracket that was opened inside the address.
    if (address.includes('(') && !address.includes(')') && match[0][address.length] === ')') address += ')'
    const href = safeUrl(address.toLowerCase().startsWith('www.') ? `https://${address}` : address)
    if (!href) continue
    if (match.index > from) parts.push({ text: text.slice(from, match.index) })
    parts.push({ text: address, href })
    from = match.index + address.length
  }
  if (from < text.length) parts.push({ text: text.slice(from) })
  return parts
}

/** The address when it is http(s), else null: never `javascript:` or `data:`. */
export function safeUrl(address: string): string | null {
  try {
    const url = new URL(address)
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : null
  } catch {
    return null
  }
}

/** "shop.example.com" of an address, for cards. */
export function hostOf(address: string): string {
  try {
    return new URL(address).host
  } catch {
    return ''
  }
}
