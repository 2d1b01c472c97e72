/** Which commands fit what was typed, and in which order. Pure. */
import type { IconName } from '@/components/icons'

export type CommandGroup = 'conversations' | 'actions' | 'pages' | 'customers' | 'messages'

export interface Command {
  /** Unique in the list. */
  id: string
  group: CommandGroup
  label: string
  /** Grey, behind the label. */
  hint?: string
  /** Language of the label where it is not the page's. */
  lang?: string
  icon?: IconName
  /** A customer's face instead of an icon. */
  face?: { id: number; name: string; src: string | null }
  /** Found by these as well: other spellings, lower case. */
  words?: string
  /** Shown while nothing is typed. */
  first?: boolean
  run: () => unknown
}

/** Of one group, so that each has its place. */
export const MOST_OF_GROUP = 6

/** How well a command fits: 0 not at all; every word must occur. */
export function fit(command: Pick<Command, 'label' | 'hint' | 'words'>, query: string): number {
  const label = command.label.toLowerCase()
  const rest = `${command.hint ?? ''} ${command.words ?? ''}`.toLowerCase()
  let sum = 1
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    if (label.startsWith(word)) sum += 4
    else if (label.includes(word)) sum += 3
    else if (rest.split(/\s+/).some((part) => part.startsWith(word))) sum += 2
    else if (rest.includes(word)) sum += 1
    else return 0
  }
  return sum
}

/** What to show for a query: the group with the best fit first, the best of each first; equals keep their order. */
export function choose(commands: readonly Command[], query: string): Command[] {
  const order: CommandGroup[] = ['conversations', 'actions', 'pages']
  const typed = query.trim() !== ''
  const groups = order.map((group) =>
    commands
      .filter((command) => command.group === group)
      .map((command) => ({ command, fit: typed ? fit(command, query) : Number(command.first ?? false) }))
      .filter((one) => one.fit > 0)
      .sort((a, b) => b.fit - a.fit)
      .slice(0, MOST_OF_GROUP))
  return groups.sort((a, b) => (b[0]?.fit ?? 0) - (a[0]?.fit ?? 0)).flatMap((group) => group.map(({ command }) => command))
}
