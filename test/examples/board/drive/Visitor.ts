/** One person at the board: a browser context, and what they do there. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

/** What a page shows: the titles by column, and the notes. */
export interface Shown {
  readonly todo: ReadonlyArray<string>
  readonly doing: ReadonlyArray<string>
  readonly done: ReadonlyArray<string>
  readonly notes: string
}

const PATIENCE = 60_000

/** Waits until something holds, and says so. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const end = performance.now() + PATIENCE
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not seen: ${what}`)
    await sleep(20)
  }
  console.log(`  ${what}`)
}

export class Visitor {
  readonly name: string
  readonly page: Page
  /** What went wrong on the page. That a server was away is no fault. */
  readonly faults: ReadonlyArray<string>

  private constructor(name: string, page: Page, faults: ReadonlyArray<string>) {
    this.name = name
    this.page = page
    this.faults = faults
  }

  /** Whether a text is in the page's database. As text: a bundler adds names to functions. */
  hasSaved(text: string): Promise<boolean> {
    return this.page.evaluate<boolean>(`(async () => {
      const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })
      for (const { name } of await indexedDB.databases()) {
        const db = await done(indexedDB.open(name))
        const texts = await done(db.transaction('scuttlebutt').objectStore('scuttlebutt').getAll())
        db.close()
        if (texts.some((one) => JSON.stringify(one).includes(${JSON.stringify(text)}))) return true
      }
      return false
    })()`)
  }

  static async open(browser: Browser, url: string, name: string, hue: number, options: BrowserContextOptions) {
    const context = await browser.newContext(options)
    await context.addInitScript(
      `localStorage.setItem('name', '${name}'); localStorage.setItem('hue', '${String(hue)}')`,
    )
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(`${name}: ${String(error)}`))
    page.on('console', (message) => {
      const text = message.text()
      if (['error', 'warning'].includes(message.type()) && !/ERR_CONNECTION_REFUSED|WebSocket connection to/.test(text))
        faults.push(`${name}: ${text}`)
    })
    await page.goto(url)
    return new Visitor(name, page, faults)
  }

  /** Another tab of the same browser. */
  async secondTab(): Promise<Visitor> {
    const page = await this.page.context().newPage()
    await page.goto(this.page.url())
    return new Visitor(`${this.name}, in a second tab,`, page, this.faults)
  }

  async shown(): Promise<Shown> {
    // no function may have a name within a page: tsx marks it by a helper that is not there
    const [columns, notes] = await this.page.evaluate(
      () =>
        [
          [...document.querySelectorAll('[data-column]')].map((column) =>
            [...column.querySelectorAll<HTMLTextAreaElement>('.card textarea')].map(({ value }) => value),
          ),
          document.querySelector<HTMLTextAreaElement>('.notes textarea')?.value ?? '',
        ] as const,
    )
    const [todo = [], doing = [], done = []] = columns
    return { todo, doing, done, notes }
  }

  /** Waits until the page shows what is asked for. */
  async sees(what: string, test: (shown: Shown) => boolean): Promise<void> {
    try {
      await until(`${this.name} sees ${what}`, async () => test(await this.shown()))
    } catch (cause) {
      const { message } = cause as Error
      throw new Error(`${message}: ${await this.phase()}, ${JSON.stringify(await this.shown())}`, { cause })
    }
  }

  async add(column: string, title: string): Promise<void> {
    const input = this.page.getByLabel(`Add a row to ${column}`)
    await input.fill(title)
    await input.press('Enter')
  }

  card(title: string) {
    return this.page.locator('.card', { has: this.page.getByLabel(`Move ${title}`, { exact: true }) })
  }

  async rename(title: string, next: string): Promise<void> {
    const area = this.card(title).getByLabel('Title')
    await area.fill(next)
    await area.press('Enter')
  }

  /** Presses a row at its handle, and moves it over another. `drop` lets go. */
  async drag(title: string, over: string): Promise<void> {
    const handle = (await this.page.getByLabel(`Move ${title}`, { exact: true }).boundingBox())!
    const target = (await this.card(over).boundingBox())!
    const { mouse } = this.page
    await mouse.move(handle.x + 10, handle.y + 12)
    await mouse.down()
    await mouse.move(target.x + 60, target.y + 16, { steps: 8 })
    await mouse.move(target.x + 30, target.y + 6, { steps: 2 })
  }

  drop(): Promise<void> {
    return this.page.mouse.up()
  }

  /** Writes at the end of the notes. */
  async write(text: string): Promise<void> {
    const notes = this.page.getByLabel('Notes', { exact: true }).last()
    await notes.focus()
    await notes.press('Control+End')
    await notes.pressSequentially(text)
  }

  toggleOnline(): Promise<void> {
    return this.page.getByRole('switch').click()
  }

  phase(): Promise<string> {
    return this.page.locator('.phase').innerText()
  }

  /** Moves the slider to a version, counted from 0, and waits until the page is painted. */
  async goTo(version: number): Promise<void> {
    await this.page.getByLabel('Versions').fill(String(version))
    await this.page.evaluate(
      () => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))),
    )
  }
}
