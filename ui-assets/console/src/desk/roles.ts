/** What a role may do, as far as the page shows or hides it. The server decides. */
import { computed } from 'vue'
import type { Role } from '@/api/types'
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'

const RANK: Record<Role, number> = { agent: 0, senior: 1, administrator: 2 }

/** Whether a role has at least the rights of another. */
export const reaches = (role: Role, least: Role): boolean => RANK[role] >= RANK[least]

/** The reader's role in the shop that is open. */
export function useRole() {
  const session = useSession()
  const desk = useDesk()
  return computed<Role>(() => session.shops.find((shop) => shop.id === desk.shop)?.role ?? 'agent')
}
