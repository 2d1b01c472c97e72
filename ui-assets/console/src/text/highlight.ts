/** Where the words of a search stand in a text. Pure. */
export interface Piece { text: string; hit: boolean }

export function highlight(text: string, keyword: string): Piece[] {
  const wanted = keyword.trim().toLowerCase()
  if (wanted === '') return [{ text, hit: false }]
  const low = text.toLowerCase()
  // Lower case can be longer than the original (İ); then positions mean nothing.
  if (low.length !== text.length) return [{ text, hit: false }]
  const pieces: Piece[] = []
  let from = 0
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false })
    pieces.push({ text: text.slice(at, at + wanted.length), hit: true })
    from = at + wanted.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false })
  return pieces
}

/** The part of a long text around the first hit. */
export function excerpt(text: string, keyword: string, most = 160): string {
  const line = text.replaceAll(/\s+/g, ' ')
  if (line.length <= most) return line
  const at = Math.max(0, line.toLowerCase().indexOf(keyword.trim().toLowerCase()))
  const from = Math.max(0, Math.min(at - 40, line.length - most))
  return `${from > 0 ? '…' : ''}${line.slice(from, from + most)}${from + most < line.length ? '…' : ''}`
}
