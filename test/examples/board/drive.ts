/**
 * `npm run example:test`: builds the page, and drives two people through it, each in a browser
 * context of their own. Ends with an error at the first thing that is not as it should be.
 * Screenshots are in build/board/shots.
 */
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { keyboardAlone } from './drive/keyboard.js'
import { offline, reload, restart } from './drive/network.js'
import { onPhone } from './drive/phone.js'
import { oldVersions, undoOfOnesOwn } from './drive/time.js'
import { together } from './drive/together.js'
import { Visitor } from './drive/Visitor.js'
import { buildPage, serveBoard } from './server.js'

const shots = fileURLToPath(new URL('../../../build/board/shots', import.meta.url))
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

await mkdir(shots, { recursive: true })
const [browser] = await Promise.all([chromium.launch({ executablePath, args: ['--no-sandbox'] }), buildPage()])
let server = await serveBoard(0)
const { url } = server

const desktop = { viewport: { width: 1200, height: 620 } }
const [mia, ben] = await Promise.all([
  Visitor.open(browser, url, 'Mia', 265, desktop),
  Visitor.open(browser, url, 'Ben', 12, { ...desktop, colorScheme: 'dark' }),
])
const stage = {
  mia,
  ben,
  shoot: ({ page }: Visitor, name: string) => page.screenshot({ path: `${shots}/${name}.png` }),
}
const restartServer = async (): Promise<void> => {
  await server.close()
  server = await serveBoard(Number(new URL(url).port), { strictPort: true })
}

try {
  await together(stage)
  await offline(stage)
  await restart(stage, restartServer)
  await undoOfOnesOwn(stage)
  await oldVersions(stage)
  await reload(stage)
  await keyboardAlone(stage)
  await onPhone(stage, browser, url)
  const faults = [mia, ben].flatMap((visitor) => visitor.faults)
  if (faults.length > 0) throw new Error(`the console is not empty:\n${faults.join('\n')}`)
  console.log('All is as it should be.')
} catch (error) {
  await Promise.all([stage.shoot(mia, 'failed-mia'), stage.shoot(ben, 'failed-ben')])
  console.error(error, await mia.shown(), await ben.shown(), mia.faults, ben.faults)
  process.exitCode = 1
} finally {
  await browser.close()
  await server.close()
}
