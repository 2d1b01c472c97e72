/** What a message text consists of for the eye: words, links, emoticons. Always drawn as text nodes. */
import { splitEmoticons } from './emoticons'
import { splitLinks } from './links'

export type Token =
  | { type: 'text'; text: string }
  | { type: 'link'; text: string; href: string }
  | { type: 'emoticon'; emoji: string; name: string }

/** Links first: an address may contain what looks like an old emoticon code. */
export function tokenize(text: string): Token[] {
  return splitLinks(text).flatMap((part): Token[] => {
    if ('href' in part) return [{ type: 'link', text: part.text, href: part.href }]
    return splitEmoticons(part.text).map((piece) =>
      'text' in piece
        ? { type: 'text', text: piece.text }
        : { type: 'emoticon', emoji: piece.emoticon.emoji, name: piece.emoticon.name },
    )
  })
}

/** A short message of nothing but emoji, which may be drawn larger. */
export function isJumbo(tokens: readonly Token[]): boolean {
  if (tokens.length === 0 || tokens.length > 3) return false
  return tokens.every(
    (token) => token.type === 'emoticon' || (token.type === 'text' && /^(?:\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}\uFE0F]?){1,3}$/u.test(token.text.trim())),
  )
}
