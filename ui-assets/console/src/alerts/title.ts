/** The page's title and icon: how many wait, and what is new while nobody looks. */

/** Browsers run the timers of hidden pages once a second. */
const FLASH_MS = 1_000

export class Title {
  private base = ''
  private news: string | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private turn = false

  /** What it says when nothing is new. */
  set(base: string, marked: boolean): void {
    this.base = base
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
    const wanted = marked ? '/favicon-new.svg' : '/favicon.svg'
    if (icon && icon.getAttribute('href') !== wanted) icon.setAttribute('href', wanted)
    this.draw()
  }

  flash(news: string): void {
    this.news = news
    this.turn = true
    this.timer ??= setInterval(() => {
      this.turn = !this.turn
      this.draw()
    }, FLASH_MS)
    this.draw()
  }

  calm(): void {
    clearInterval(this.timer)
    this.timer = undefined
    this.news = null
    this.draw()
  }

  private draw() {
    document.title = this.news !== null && this.turn ? this.news : this.base
  }
}
