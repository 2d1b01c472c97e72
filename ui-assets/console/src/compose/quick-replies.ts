/** Finding a stored reply: what was typed is looked for in titles first, then in texts. Pure. */
import type { QuickReplies } from '@/api/types'

type Reply = QuickReplies['mine']['replies'][number]

/** A reply with where it lies. */
export interface Found extends Reply {
  key: string
  box: 'mine' | 'shared'
  folder: string
}

/** More than anybody reads; the search narrows it. */
const MOST = 50

export function allReplies(stored: QuickReplies): Found[] {
  return (['mine', 'shared'] as const).flatMap((box) => {
    const place = (reply: Reply, folder: string): Found => ({ ...reply, box, folder, key: `${box}-${reply.id}` })
    const { replies, folders } = stored[box]
    return [...replies.map((reply) => place(reply, '')), ...folders.flatMap((folder) => folder.replies.map((reply) => place(reply, folder.name)))]
  })
}

/** Every word must occur; a title that begins with the query comes first, then titles, then folders and texts. */
export function searchReplies(all: readonly Found[], query: string): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return all.slice(0, MOST)
  return all
    .flatMap((reply, index) => {
      const title = reply.title.toLowerCase()
      const rest = `${title}\n${reply.folder}\n${reply.text}`.toLowerCase()
      if (!words.every((word) => rest.includes(word))) return []
      const first = words[0] ?? ''
      const rank = title.startsWith(first) ? 0 : title.includes(first) ? 1 : 2
      return [{ reply, rank, index }]
    })
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, MOST)
    .map(({ reply }) => reply)
}

/** What stands behind a `/` that begins the text, or null: then it is no search. WeChat's old emoticons begin alike. */
export function slashQuery(text: string): string | null {
  return /^\/(?![:])[^\n]{0,40}$/.test(text) ? text.slice(1) : null
}
