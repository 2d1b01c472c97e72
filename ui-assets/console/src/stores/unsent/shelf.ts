/**
 * Unsent messages on this computer, one entry each, so that they outlive the page and several tabs do not
 * overwrite each other's. Files lie in IndexedDB beside them. Knows nothing of sending.
 */
import type { Outgoing } from '@/desk/outgoing'
import { forgetFile, keepFile, readFile } from './files'

const PREFIX = 'weikefu.unsent.'
/** What failed longer ago is of no use to anybody. */
const OLDEST_MS = 7 * 86_400_000
const MOST = 200
const KINDS = ['text', 'image', 'voice', 'video', 'file']

type Kept = Pick<Outgoing, 'clientId' | 'shop' | 'conversation' | 'name' | 'at' | 'since' | 'media' | 'force' | 'reason' | 'code'> & {
  kind: Outgoing['content']['kind']
  text: string
  mime: string
  failed: boolean
}

const shelf = (agent: number, shop: number) => `${PREFIX}${agent}.${shop}.`
export const keyOf = (agent: number, item: Pick<Outgoing, 'shop' | 'clientId'>) => shelf(agent, item.shop) + item.clientId

/** Puts a message there or brings its entry up to date. */
export function keep(agent: number, item: Outgoing): void {
  const { clientId, shop, conversation, name, at, since, media, force, reason, code, content } = item
  const kept: Kept = {
    clientId, shop, conversation, name, at, since, media, force, reason, code,
    kind: content.kind, text: content.kind === 'text' ? content.text : '', mime: 'mime' in content ? content.mime : '', failed: item.state === 'failed',
  }
  const key = keyOf(agent, item)
  try {
    const known = localStorage.getItem(key) !== null
    if (!known && keys(PREFIX).length >= MOST) return
    localStorage.setItem(key, JSON.stringify(kept))
    if (!known && 'file' in content) void keepFile(key, content.file)
  } catch {
    // Storage full or refused: the message then lives as long as the page.
  }
}

export function forget(agent: number, item: Pick<Outgoing, 'shop' | 'clientId'>): void {
  const key = keyOf(agent, item)
  try {
    localStorage.removeItem(key)
  } catch {
    return
  }
  void forgetFile(key)
}

/** What an earlier page of this agent left unsent in a shop, in the order written. */
export async function recall(agent: number, shop: number, now: number): Promise<Outgoing[]> {
  const found: Outgoing[] = []
  for (const key of keys(shelf(agent, shop))) {
    const kept = read(key)
    const content = kept && now - kept.at < OLDEST_MS ? await contentOf(key, kept) : null
    if (kept && content) found.push(whole(kept, content))
    else forget(agent, { shop, clientId: key.slice(shelf(agent, shop).length) })
  }
  return found.sort((a, b) => a.at - b.at)
}

function whole(kept: Kept, content: Outgoing['content']): Outgoing {
  const { clientId, shop, conversation, name, at, since, media, force, reason, code } = kept
  return { clientId, shop, conversation, name, at, since, media, force, reason, code, content, state: kept.failed ? 'failed' : 'waiting', progress: media === null ? 0 : 1 }
}

async function contentOf(key: string, kept: Kept): Promise<Outgoing['content'] | null> {
  if (kept.kind === 'text') return { kind: 'text', text: kept.text }
  const file = await readFile(key)
  return file && { kind: kept.kind, file, mime: kept.mime, preview: kept.kind === 'image' ? URL.createObjectURL(file) : '' }
}

/** The entry when it is what it should be. */
function read(key: string): Kept | null {
  try {
    const value = JSON.parse(localStorage.getItem(key) ?? 'null') as Kept | null
    const numbers = [value?.shop, value?.conversation, value?.at, value?.since].every((number) => Number.isFinite(number))
    const texts = [value?.clientId, value?.name, value?.text, value?.mime].every((text) => typeof text === 'string')
    return value && numbers && texts && key.endsWith(`.${value.clientId}`) && KINDS.includes(value.kind) ? value : null
  } catch {
    return null
  }
}

function keys(start: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(start))
  } catch {
    return []
  }
}
