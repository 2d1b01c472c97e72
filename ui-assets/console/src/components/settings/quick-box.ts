/** What the page of quick replies does to a box: asks the server, shows the result at once, takes it back when refused. */
import { inject, ref, shallowRef, type InjectionKey, type Ref, type ShallowRef } from 'vue'
import * as api from '@/api/quick-replies'
import { translate } from '@/i18n'
import { useDesk } from '@/stores/desk'
import { useQuickReplies } from '@/stores/quick-replies'
import { useToasts } from '@/stores/toasts'
import { useUndoable } from './undoable'
import { openForm } from './unsaved'

/** What is being written; `id` null = new. */
export interface Editing {
  box: api.BoxName
  kind: 'reply' | 'folder'
  id: number | null
  /** Where a new reply goes. */
  folder: number | null
}
export interface Dragged {
  box: api.BoxName
  kind: 'reply' | 'folder'
  id: number
}

export interface QuickDesk {
  editing: Ref<Editing | null>
  dragged: ShallowRef<Dragged | null>
  isHidden: (box: api.BoxName, kind: 'reply' | 'folder', id: number) => boolean
  edit: (what: Editing | null) => Promise<void>
  saveReply: (what: Editing, title: string, text: string) => Promise<void>
  saveFolder: (what: Editing, name: string) => Promise<void>
  removeReply: (box: api.BoxName, reply: api.QuickReply) => void
  removeFolder: (box: api.BoxName, folder: api.QuickFolder) => void
  reorder: (box: api.BoxName, next: api.QuickBox | null) => Promise<void>
}

export const quickDesk: InjectionKey<QuickDesk> = Symbol('quick replies')

export function useQuickDesk(): QuickDesk {
  const held = inject(quickDesk)
  if (!held) throw new Error('provided by the page of quick replies')
  return held
}

export function makeQuickDesk(): QuickDesk {
  const shop = useDesk().shop ?? 0
  const store = useQuickReplies()
  const toasts = useToasts()
  const editing = ref<Editing | null>(null)
  const dragged = shallowRef<Dragged | null>(null)
  const { hidden, remove } = useUndoable<string>()
  const keyOf = (box: api.BoxName, kind: string, id: number) => `${box}.${kind}.${id}`
  const short = (text: string) => ([...text].length > 16 ? `${[...text].slice(0, 16).join('')}…` : text)

  /** Opens an editor; what another one holds is saved first, and stays open when that is refused. */
  async function edit(what: Editing | null) {
    const form = openForm.value
    if (what && form?.dirty() && !(await form.save())) return
    editing.value = what
  }

  async function saveReply(what: Editing, title: string, text: string) {
    if (what.id === null) await api.addReply(shop, what.box, what.folder, title, text)
    else await api.editReply(shop, what.box, what.id, title, text)
    await store.reload()
  }

  async function saveFolder(what: Editing, name: string) {
    if (what.id === null) await api.addFolder(shop, what.box, name)
    else await api.renameFolder(shop, what.box, what.id, name)
    await store.reload()
  }

  async function gone(request: Promise<void>, keepalive: boolean) {
    await request
    if (!keepalive) await store.reload()
  }

  function removeReply(box: api.BoxName, reply: api.QuickReply) {
    const text = translate('quick.removed', { name: short(reply.title || reply.text) })
    remove(keyOf(box, 'reply', reply.id), text, (keepalive) => gone(api.deleteReply(shop, box, reply.id, keepalive), keepalive))
  }

  function removeFolder(box: api.BoxName, folder: api.QuickFolder) {
    const text = translate('quick.folder_removed', { name: folder.name, count: folder.replies.length })
    remove(keyOf(box, 'folder', folder.id), text, (keepalive) => gone(api.deleteFolder(shop, box, folder.id, keepalive), keepalive))
  }

  async function reorder(box: api.BoxName, next: api.QuickBox | null) {
    if (!next || !store.boxes) return
    store.boxes = { ...store.boxes, [box]: next }
    try {
      await api.orderBox(shop, box, next)
    } catch (error) {
      toasts.fail(error)
      await store.reload().catch(() => undefined)
    }
  }

  return {
    editing, dragged, edit, saveReply, saveFolder, removeReply, removeFolder, reorder,
    isHidden: (box, kind, id) => hidden.has(keyOf(box, kind, id)),
  }
}
