import type { Browser } from 'playwright-core'
import type { Stage } from './Stage.js'
import { Visitor } from './Visitor.js'

/** A third one comes with a phone, and moves a row by a finger. */
export const onPhone = async ({ ben, shoot }: Stage, browser: Browser, url: string): Promise<void> => {
  console.log('\nOn a phone')
  const viewport = { width: 390, height: 844 }
  const ida = await Visitor.open(browser, url, 'Ida', 150, { viewport, hasTouch: true, isMobile: true })
  await ida.sees('the rows', ({ todo }) => todo.includes('Print the tickets'))
  const width = await ida.page.evaluate(() => document.documentElement.scrollWidth)
  if (width > viewport.width) throw new Error(`the page is ${String(width)} px wide`)
  await shoot(ida, 'phone')
  const handle = (await ida.page.getByLabel('Move Print the tickets', { exact: true }).boundingBox())!
  const target = (await ida.page.locator('.card').first().boundingBox())!
  const fingers = await ida.page.context().newCDPSession(ida.page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number, y?: number) =>
    fingers.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: x === undefined || y === undefined ? [] : [{ x, y }],
    })
  const [x, y] = [handle.x + 16, handle.y + 18]
  await touch('touchStart', x, y)
  for (let i = 1; i <= 8; i++) await touch('touchMove', x + 10, y + ((target.y + 4 - y) * i) / 8)
  await shoot(ida, 'phone-drag')
  await touch('touchEnd')
  await ben.sees('the row first', ({ todo }) => todo[0] === 'Print the tickets')
  if (ida.faults.length > 0) throw new Error(ida.faults.join('\n'))
}
