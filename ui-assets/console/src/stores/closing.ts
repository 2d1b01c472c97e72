/** Closing a conversation, or deleting spam: hidden at once, requested when the notice that can undo it has gone. */
import { defineStore } from 'pinia'
import { deleteConversation } from '@/api/chat'
import { closeConversation } from '@/api/desk'
import type { ConversationView } from '@/api/types'
import { translate } from '@/i18n'
import { useDesk } from './desk'
import { useToasts } from './toasts'

export const UNDO_MS = 5_000

/** What happens to the conversation when nobody undoes it. */
export type Ending = 'close' | 'delete'

const requests = { close: closeConversation, delete: deleteConversation }

export const useClosing = defineStore('closing', () => {
  const pending = new Map<number, { toast: number; seq: number; shop: number; ending: Ending }>()

  function close(view: ConversationView, name: string, undone: () => void, ending: Ending = 'close') {
    const desk = useDesk()
    if (pending.has(view.id) || desk.shop === null) return
    desk.hidden.add(view.id)
    const toast = useToasts().show(translate(ending === 'close' ? 'close.done' : 'spam.done', { name }), {
      lasts: UNDO_MS,
      ended: () => void commit(view.id),
      action: {
        label: translate('close.undo'),
        run: () => {
          undo(view.id)
          undone()
        },
      },
    })
    pending.set(view.id, { toast, seq: view.last_seq, shop: desk.shop, ending })
  }

  function undo(id: number) {
    const entry = pending.get(id)
    if (!entry) return
    pending.delete(id)
    useDesk().hidden.delete(id)
    useToasts().dismiss(entry.toast)
  }

  async function commit(id: number, keepalive = false): Promise<void> {
    const entry = pending.get(id)
    const desk = useDesk()
    const view = desk.conversations.get(id)
    if (!entry) return
    pending.delete(id)
    useToasts().dismiss(entry.toast)
    // The customer wrote while we were waiting: closing now would leave that unanswered.
    if (entry.ending === 'close' && view && view.last_seq > entry.seq && view.last?.from === 'customer') {
      desk.hidden.delete(id)
      useToasts().show(translate('close.wrote_again'))
      return
    }
    try {
      if (view) desk.upsert(await requests[entry.ending](entry.shop, id, view.epoch, keepalive))
    } catch (error) {
      useToasts().fail(error)
    } finally {
      desk.hidden.delete(id)
    }
  }

  /** Leaving the page or the shop ends the time for undoing. */
  function flush() {
    for (const id of [...pending.keys()]) void commit(id, true)
  }

  return { close, undo, flush }
})
