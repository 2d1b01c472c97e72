/** The merchant's pages beside the desk, in the order of the rail, as far as the reader's role has them. */
import { computed } from 'vue'
import { useRouter } from 'vue-router'
import type { Role } from '@/api/types'
import type { IconName } from '@/components/icons'
import { reaches, useRole } from './roles'

export interface WorkPage {
  /** Name of its route. */
  name: 'customers' | 'annotations' | 'broadcasts' | 'search'
  /** All routes that count as this page. */
  within: readonly string[]
  label: string
  icon: IconName
  least: Role
}

export const WORK_PAGES: readonly WorkPage[] = [
  { name: 'customers', within: ['customers'], label: 'rail.customers', icon: 'users', least: 'agent' },
  { name: 'annotations', within: ['annotations'], label: 'rail.marks', icon: 'flag', least: 'agent' },
  { name: 'broadcasts', within: ['broadcasts', 'broadcast'], label: 'rail.cast', icon: 'megaphone', least: 'senior' },
  { name: 'search', within: ['search'], label: 'rail.search', icon: 'search', least: 'agent' },
]

export function useWorkPages() {
  const role = useRole()
  const router = useRouter()
  return computed(() => WORK_PAGES.filter((page) => router.hasRoute(page.name) && reaches(role.value, page.least)))
}
