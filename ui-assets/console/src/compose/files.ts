/** Which kind of message a file becomes and whether the channel takes it. Pure; no uploads here. */
import { SERVER_MAX_BYTES } from '@/api/upload'
import type { ChannelView, MediaKind, SendLimit } from '@/api/types'

export const MEDIA_KINDS: readonly MediaKind[] = ['image', 'video', 'voice', 'file']

/** Types that some browsers do not know by extension. */
const BY_EXTENSION: Record<string, string> = {
  amr: 'audio/amr',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  webp: 'image/webp',
  pdf: 'application/pdf',
  zip: 'application/zip',
}

/** Names that mean the same format. */
const ALIASES: Record<string, string> = {
  'audio/mp3': 'audio/mpeg',
  'audio/x-amr': 'audio/amr',
  'audio/x-wav': 'audio/wav',
  'image/jpg': 'image/jpeg',
}

export function mimeOf(file: { name: string; type: string }): string {
  const extension = file.name.toLowerCase().split('.').pop() ?? ''
  const type = file.type.split(';')[0]?.trim().toLowerCase() || BY_EXTENSION[extension] || 'application/octet-stream'
  return ALIASES[type] ?? type
}

/** The kind a dropped or pasted file naturally is. */
export function kindOf(mime: string): MediaKind {
  if (mime.startsWith('image/')) return 'image'
  if (mime.startsWith('video/')) return 'video'
  if (mime.startsWith('audio/')) return 'voice'
  return 'file'
}

export type Refusal =
  | { why: 'kind'; kind: MediaKind }
  | { why: 'size'; kind: MediaKind; max: number; size: number }
  | { why: 'mime'; kind: MediaKind; allowed: string[] }
  | { why: 'empty'; kind: MediaKind }
  | { why: 'content'; kind: MediaKind }

export function limitOf(channel: Pick<ChannelView, 'sends'> | undefined, kind: MediaKind): SendLimit | undefined {
  return channel?.sends[kind] ?? undefined
}

/** The largest file of this kind the channel and the server both take, in bytes. */
export function maxBytes(limit: SendLimit): number {
  return Math.min(limit.max_bytes ?? SERVER_MAX_BYTES, SERVER_MAX_BYTES)
}

/** Why the channel would refuse this file, or null when it takes it. */
export function refusalOf(
  channel: Pick<ChannelView, 'sends'> | undefined,
  kind: MediaKind,
  file: { size: number; mime: string },
): Refusal | null {
  const limit = limitOf(channel, kind)
  if (!limit) return { why: 'kind', kind }
  if (file.size === 0) return { why: 'empty', kind }
  const allowed = limit.mime ?? []
  if (allowed.length > 0 && !allowed.some((pattern) => matches(pattern, file.mime))) return { why: 'mime', kind, allowed }
  const max = maxBytes(limit)
  return file.size > max ? { why: 'size', kind, max, size: file.size } : null
}

function matches(pattern: string, mime: string): boolean {
  const wanted = ALIASES[pattern.toLowerCase()] ?? pattern.toLowerCase()
  return wanted.endsWith('/*') ? mime.startsWith(wanted.slice(0, -1)) : wanted === mime
}

/** The `accept` attribute of a file input for this kind. */
export function acceptOf(limit: SendLimit | undefined, kind: MediaKind): string {
  if (limit?.mime && limit.mime.length > 0) {
    const extensions = Object.entries(BY_EXTENSION).filter(([, mime]) => limit.mime?.some((pattern) => matches(pattern, mime)))
    return [...limit.mime, ...extensions.map(([extension]) => `.${extension}`)].join(',')
  }
  return { image: 'image/*', video: 'video/*', voice: 'audio/*,.amr', file: '' }[kind]
}

/** Short names of formats for people: `audio/mpeg` is "MP3". */
export function formatNames(mimes: readonly string[]): string {
  const known: Record<string, string> = { 'audio/mpeg': 'MP3', 'image/jpeg': 'JPG', 'video/quicktime': 'MOV', 'audio/mp4': 'M4A' }
  const names = mimes.map((mime) => known[ALIASES[mime] ?? mime] ?? (mime.split('/')[1] ?? mime).toUpperCase())
  return [...new Set(names)].join(' / ')
}

/** "1.5 MB", "320 KB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`
  const megabytes = bytes / 1024 / 1024
  return `${megabytes >= 10 || Number.isInteger(megabytes) ? Math.round(megabytes) : megabytes.toFixed(1)} MB`
}
