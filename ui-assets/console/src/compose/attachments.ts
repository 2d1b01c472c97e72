/** The files waiting in the composer, each with the reason when the channel would refuse it. */
import { computed, ref, type ComputedRef } from 'vue'
import type { ChannelView, MediaKind } from '@/api/types'
import { kindOf, mimeOf, refusalOf, type Refusal } from './files'
import { provenType, sniff } from './sniff'

/** More at once is a mistake rather than an answer. */
export const MOST_FILES = 9

export interface Attachment {
  id: number
  file: File
  kind: MediaKind
  mime: string
  /** Object URL of a picture, else "". */
  preview: string
  refusal: Refusal | null
}

export function useAttachments(channel: ComputedRef<ChannelView | undefined>) {
  const items = ref<Attachment[]>([])
  let next = 1

  /** Adds files; `kind` when a button chose it, else by what each file is inside. */
  async function add(files: File[], kind?: MediaKind) {
    const read = await Promise.all(files.slice(0, MOST_FILES).map(async (file) => ({ file, shown: await sniff(file) })))
    for (const { file, shown } of read.slice(0, MOST_FILES - items.value.length)) {
      const claimed = mimeOf(file)
      const proven = provenType(claimed, shown)
      const mime = proven ?? claimed
      const natural = kind ?? kindOf(mime)
      // As a mere file anything may be sent, whatever it calls itself.
      const pretends = proven === null && natural !== 'file' && file.size > 0
      const refusal: Refusal | null = pretends ? { why: 'content', kind: natural } : refusalOf(channel.value, natural, { size: file.size, mime })
      const preview = natural === 'image' && mime.startsWith('image/') && !pretends ? URL.createObjectURL(file) : ''
      items.value = [...items.value, { id: next++, file, kind: natural, mime, preview, refusal }]
    }
  }

  function remove(id: number) {
    const gone = items.value.find((item) => item.id === id)
    if (gone?.preview) URL.revokeObjectURL(gone.preview)
    items.value = items.value.filter((item) => item.id !== id)
  }

  /** Hands everything over to be sent; previews now belong to the taker. */
  function take(): Attachment[] {
    const taken = items.value
    items.value = []
    return taken
  }

  function clear() {
    for (const item of items.value) remove(item.id)
  }

  return { items, refused: computed(() => items.value.some((item) => item.refusal !== null)), add, remove, take, clear }
}
