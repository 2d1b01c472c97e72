/** Messages this console has written but the server has not yet confirmed. */
import type { MediaKind } from '@/api/types'

export type OutgoingContent = { kind: 'text'; text: string } | { kind: MediaKind; file: File; mime: string; preview: string }

export interface Outgoing {
  clientId: string
  conversation: number
  at: number
  content: OutgoingContent
  /** uploading: the file is on its way; sending: the server has not answered; failed: nothing was stored. */
  state: 'uploading' | 'sending' | 'failed'
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
