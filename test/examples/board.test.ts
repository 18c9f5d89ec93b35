/** The board of `npm run example`, driven in real browsers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const isThere = existsSync(chromium)
if (!isThere) console.warn(`The board is not tested: there is no ${chromium}. CHROMIUM names another one.`)

test.skipIf(!isThere)(
  'two people share the board: rows, notes, offline, undo, old versions, keyboard, phone',
  async () => {
    const child = spawn('npm', ['run', '--silent', 'example:test'], { cwd: root })
    let output = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk) => (output += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]
    expect(code, output).toBe(0)
    expect(output).toContain('All is as it should be.')
  },
)
