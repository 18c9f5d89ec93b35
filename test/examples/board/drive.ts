/** `npm run example:test`: two people use the board, each in a browser of their own. */
import { chromium } from 'playwright-core'
import { fileURLToPath } from 'node:url'
const shots = fileURLToPath(new URL('../../../build/board/shots', import.meta.url))
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
const page = await browser.newPage({ viewport: { width: 1200, height: 760 } })
page.on('console', (m) => console.log(m.text()))
page.on('pageerror', (m) => console.log(m))
await page.goto('http://localhost:8080')
await page.waitForTimeout(800)
await page.screenshot({ path: shots + '/a.png' })
await page.emulateMedia({ colorScheme: 'dark' })
await page.screenshot({ path: shots + '/b.png' })
await page.setViewportSize({ width: 390, height: 844 })
await page.emulateMedia({ colorScheme: 'light' })
await page.screenshot({ path: shots + '/c.png', fullPage: true })
await browser.close()
