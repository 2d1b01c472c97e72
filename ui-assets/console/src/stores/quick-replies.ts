/**
 * The quick replies of the shop that is open: loaded when first needed, read anew when somebody changes
 * them. `search` feeds the `/` menu of the composer and the settings page.
 */
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'
import { loadQuickReplies, type BoxName, type QuickReplies, type QuickReply } from '@/api/quick-replies'
import { useDesk } from './desk'

export interface QuickHit {
  reply: QuickReply
  box: BoxName
  /** Name of its folder, empty for none. */
  folder: string
}

/** Own replies before shared ones, as in the settings. */
export const BOXES: readonly BoxName[] = ['mine', 'shared']

export const useQuickReplies = defineStore('quick replies', () => {
  const desk = useDesk()
  const boxes = ref<QuickReplies | null>(null)
  const failure = ref<unknown>(null)
  let of: number | null = null
  let running: Promise<void> | null = null

  /** All replies in order. */
  const all = computed<QuickHit[]>(() => {
    const held = boxes.value
    if (!held) return []
    return BOXES.flatMap((box) => [
      ...held[box].folders.flatMap((folder) => folder.replies.map((reply) => ({ reply, box, folder: folder.name }))),
      ...held[box].replies.map((reply) => ({ reply, box, folder: '' })),
    ])
  })

  /** Makes sure that they are there; one request however many ask. */
  async function ensure(): Promise<void> {
    if (desk.shop !== of) {
      boxes.value = null
      of = desk.shop
      running = null
    }
    if (boxes.value === null) await (running ??= reload())
  }

  async function reload(): Promise<void> {
    const shop = desk.shop
    if (shop === null) return
    of = shop
    try {
      const next = await loadQuickReplies(shop)
      if (of === shop) {
        boxes.value = next
        failure.value = null
      }
    } catch (error) {
      failure.value = error
      throw error
    } finally {
      running = null
    }
  }

  watch(
    () => desk.changes.quick_replies,
    () => {
      if (boxes.value !== null && desk.shop === of) void reload().catch(() => undefined)
    },
  )

  /** What fits a text somebody types, best first; everything while nothing is typed. */
  const search = (typed: string, most = Infinity): QuickHit[] => matching(all.value, typed).slice(0, most)

  return { boxes, failure, all, ensure, reload, search }
})

/** Hits in order of quality: title or text begins with it, contains it, or the folder's name does. */
export function matching(hits: readonly QuickHit[], typed: string): QuickHit[] {
  const wanted = typed.trim().toLowerCase()
  if (wanted === '') return [...hits]
  const ranked: Array<{ hit: QuickHit; rank: number; at: number }> = []
  for (const [at, hit] of hits.entries()) {
    const rank = rankOf(hit, wanted)
    if (rank !== null) ranked.push({ hit, rank, at })
  }
  return ranked.sort((a, b) => a.rank - b.rank || a.at - b.at).map(({ hit }) => hit)
}

function rankOf({ reply, folder }: QuickHit, wanted: string): number | null {
  const title = reply.title.toLowerCase()
  const text = reply.text.toLowerCase()
  if (title.startsWith(wanted)) return 0
  if (text.startsWith(wanted)) return 1
  if (title.includes(wanted)) return 2
  if (text.includes(wanted)) return 3
  return folder.toLowerCase().includes(wanted) ? 4 : null
}
