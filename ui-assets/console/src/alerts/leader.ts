/**
 * Which of several open tabs rings: the one that holds a lock. A tab nobody has touched may not make a
 * sound, so one that has been touched takes the lock away from one that has not.
 */

const LOCK = 'weikefu.alerts'
/** Where the leader leaves word that it may sound. */
const AUDIBLE = 'weikefu.alerts.audible'
/** Without locks (plain HTTP) a leader writes down how long it leads, and whether it may sound. */
const LEASE = 'weikefu.alerts.leader'
/** Short enough that the next tab still rings for what came after the leader had vanished. */
const LEASE_MS = 3_000
const RENEW_MS = 1_000
/** Two tabs may write at once: after this long all of them read who came last, and only he leads. */
const SETTLE_MS = 250

export interface Leader {
  /** Whether this tab rings now. */
  leads: () => boolean
  stop: () => void
}

/** `onLead` is called when this tab begins to lead. */
export function elect(tab: string, isUnlocked: () => boolean, onLead: () => void): Leader {
  return navigator.locks ? byLock(tab, isUnlocked, onLead) : byLease(tab, isUnlocked, onLead)
}

function byLock(tab: string, isUnlocked: () => boolean, onLead: () => void): Leader {
  let leading = false
  let stopped = false
  let release: (() => void) | null = null
  let waiting: AbortController | null = null

  async function request(steal: boolean) {
    const mine = new AbortController()
    waiting = mine
    const options: LockOptions = steal ? { steal: true } : { signal: mine.signal }
    await navigator.locks.request(LOCK, options, hold).catch(() => undefined)
    if (mine.signal.aborted) return
    // Somebody took it: wait in the queue for when they go.
    leading = false
    if (!stopped) void request(false)
  }
  function hold(): Promise<void> | undefined {
    if (stopped) return undefined
    leading = true
    put(AUDIBLE, isUnlocked() ? tab : '')
    onLead()
    return new Promise<void>((resolve) => (release = resolve))
  }

  function touched() {
    forget()
    if (leading) put(AUDIBLE, tab)
    else if (get(AUDIBLE) === '') {
      waiting?.abort()
      void request(true)
    }
  }
  const forget = () => {
    removeEventListener('pointerdown', touched)
    removeEventListener('keydown', touched)
  }
  addEventListener('pointerdown', touched)
  addEventListener('keydown', touched)
  void request(false)

  return {
    leads: () => leading,
    stop: () => {
      stopped = true
      forget()
      waiting?.abort()
      release?.()
      leading = false
    },
  }
}

function byLease(tab: string, isUnlocked: () => boolean, onLead: () => void): Leader {
  let leading = false
  let settling: ReturnType<typeof setTimeout> | undefined
  const write = () => put(LEASE, `${tab} ${Date.now() + LEASE_MS} ${isUnlocked() ? 1 : 0}`)

  function claim(): boolean {
    const [holder, until, audible] = get(LEASE).split(' ')
    const held = Number(until) > Date.now()
    if (leading && held && holder === tab) {
      write()
      return true
    }
    leading = false
    const silent = audible === '0' && isUnlocked() && holder !== tab
    if ((!held || silent) && settling === undefined) {
      write()
      settling = setTimeout(settle, SETTLE_MS)
    }
    return false
  }
  function settle() {
    settling = undefined
    leading = get(LEASE).startsWith(`${tab} `)
    if (leading) onLead()
  }

  function release() {
    leading = false
    if (get(LEASE).startsWith(`${tab} `)) put(LEASE, '')
  }

  const timer = setInterval(claim, RENEW_MS)
  addEventListener('pagehide', release)
  claim()
  return {
    leads: claim,
    stop: () => {
      clearInterval(timer)
      clearTimeout(settling)
      removeEventListener('pagehide', release)
      release()
    },
  }
}

function get(key: string): string {
  try {
    return localStorage.getItem(key) ?? ''
  } catch {
    return ''
  }
}
function put(key: string, value: string) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Private windows may refuse storage; each tab then rings for itself.
  }
}
