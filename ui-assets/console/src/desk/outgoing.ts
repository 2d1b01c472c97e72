/** Messages this console has written but the server has not yet confirmed. */
import type { MediaKind } from '@/api/types'

export type OutgoingContent = { kind: 'text'; text: string } | { kind: MediaKind; file: File; mime: string; preview: string }

export interface Outgoing {
  clientId: string
  shop: number
  conversation: number
  /** Whom it is for, to be named where the chat is not on the screen. */
  name: string
  at: number
  /** Since when sending it is tried: it is given up `GIVE_UP_MS` later. */
  since: number
  content: OutgoingContent
  /**
   * uploading: the file is on its way; sending: the server has not answered; waiting: it goes out when the
   * connection is back; failed: nothing was stored, and nothing happens without the agent.
   */
  state: 'uploading' | 'sending' | 'waiting' | 'failed'
  /** 0..1 while uploading. */
  progress: number
  /** Media id once uploaded, so that a retry does not upload twice. */
  media: string | null
  /** Why it failed, in the reader's language. */
  reason: string | null
  /** The server's word for the failure. */
  code: string | null
  /** The agent wants it sent although the platform will probably refuse. */
  force: boolean
}

/** Without a connection for this long a message is no longer sent by itself: the talk has moved on. */
export const GIVE_UP_MS = 10 * 60_000
