/** Where quick replies and folders stand in a box. Pure: each function returns a new box, or null for "as before". */
import type { QuickBox, QuickReply } from '@/api/quick-replies'

/** The lists a reply can stand in, from top to bottom: each folder, then the box itself. */
interface Place {
  folder: number | null
  replies: QuickReply[]
}

const places = (box: QuickBox): Place[] => [
  ...box.folders.map((folder) => ({ folder: folder.id, replies: [...folder.replies] })),
  { folder: null, replies: [...box.replies] },
]

function rebuilt(box: QuickBox, all: readonly Place[]): QuickBox {
  const of = (folder: number | null) => all.find((place) => place.folder === folder)?.replies ?? []
  return { folders: box.folders.map((folder) => ({ ...folder, replies: of(folder.id) })), replies: of(null) }
}

/** Puts a reply in front of another, or at the end of a place. */
export function placeReply(box: QuickBox, id: number, folder: number | null, before: number | null): QuickBox | null {
  const all = places(box)
  const from = all.find((place) => place.replies.some((reply) => reply.id === id))
  const to = all.find((place) => place.folder === folder)
  const reply = from?.replies.find((held) => held.id === id)
  if (!from || !to || !reply || id === before) return null
  const was = from.replies.indexOf(reply)
  from.replies.splice(was, 1)
  const at = before === null ? to.replies.length : to.replies.findIndex((held) => held.id === before)
  if (at === -1 || (from === to && at === was)) return null
  to.replies.splice(at, 0, reply)
  return rebuilt(box, all)
}

/** One step up or down; over the edge of a folder into the next place. */
export function stepReply(box: QuickBox, id: number, by: 1 | -1): QuickBox | null {
  const all = places(box)
  const index = all.findIndex((place) => place.replies.some((reply) => reply.id === id))
  const place = all[index]
  if (!place) return null
  const at = place.replies.findIndex((reply) => reply.id === id)
  const neighbour = at + by
  if (neighbour >= 0 && neighbour < place.replies.length) {
    const [reply] = place.replies.splice(at, 1)
    if (reply) place.replies.splice(neighbour, 0, reply)
    return rebuilt(box, all)
  }
  const next = all[index + by]
  const [reply] = next ? place.replies.splice(at, 1) : []
  if (!next || !reply) return null
  next.replies.splice(by === 1 ? 0 : next.replies.length, 0, reply)
  return rebuilt(box, all)
}

/** Puts a folder in front of another, or last. */
export function placeFolder(box: QuickBox, id: number, before: number | null): QuickBox | null {
  const was = box.folders.findIndex((folder) => folder.id === id)
  const folder = box.folders[was]
  if (!folder || id === before) return null
  const rest = box.folders.filter((held) => held.id !== id)
  const at = before === null ? rest.length : rest.findIndex((held) => held.id === before)
  if (at === -1 || at === was) return null
  return { ...box, folders: [...rest.slice(0, at), folder, ...rest.slice(at)] }
}

export function stepFolder(box: QuickBox, id: number, by: 1 | -1): QuickBox | null {
  const was = box.folders.findIndex((folder) => folder.id === id)
  const neighbour = box.folders[was + by]
  if (was === -1 || !neighbour) return null
  return by === -1 ? placeFolder(box, id, neighbour.id) : placeFolder(box, id, box.folders[was + 2]?.id ?? null)
}
