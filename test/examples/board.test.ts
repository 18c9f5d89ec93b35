/** The board of `npm run example`, driven in real browsers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What both take at most on a machine that has much else to do, in ms. Else it is a tenth. */
const BUSY = 180_000

/** vitest has its own, and React would be built for it. */
const env = { ...process.env, NODE_ENV: 'production' }

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isThere = existsSync(chromium)
if (!isThere) console.warn(`The board is not tested: there is no ${chromium}. CHROMIUM names another one.`)

test(
  'npm run example says where the board is, and serves it',
  async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/examples/board/serve.ts'], {
      cwd: root,
      env: { ...env, PORT: '8480' },
    })
    try {
      let output = ''
      for await (const chunk of child.stdout) {
        output += String(chunk)
        if (output.includes('\n')) break
      }
      const [url] = /http:\S+/.exec(output) ?? []
      expect(await (await fetch(url!)).text()).toContain('<title>Board</title>')
    } finally {
      child.kill('SIGINT')
    }
    expect((await once(child, 'close'))[0]).toBe(0)
  },
  BUSY,
)

test.skipIf(!isThere)(
  'two people share the board: rows, notes, offline, undo, old versions, keyboard, phone',
  async () => {
    const child = spawn('npm', ['run', '--silent', 'example:test'], { cwd: root, env })
    let output = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk) => (output += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]
    expect(code, output).toBe(0)
    expect(output).toContain('All is as it should be.')
  },
  BUSY,
)
