/**
 * Faults of other libraries, each shown by a script in peers/ that uses that library alone. It
 * exports what it `found`, and what is `faulty` and `right`. `mendedIn` names the version that
 * mended the fault; then the test expects what is right.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

interface Script {
  /** The package on npm. */
  readonly library: string
  readonly found: unknown
  readonly faulty: unknown
  readonly right: unknown
  readonly mendedIn?: string
}

const root = new URL('../../', import.meta.url)

const versionOf = async (library: string): Promise<string> => {
  const text = await readFile(new URL(`node_modules/${library}/package.json`, root), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

const MOST_LINES = 30

const files = readdirSync(new URL('peers/', import.meta.url))

/** Too big for every `npm ci`: their scripts run where somebody has installed them. */
const OPTIONAL = ['cojson']

const isAbsent = (file: string): boolean => {
  const text = readFileSync(new URL(`peers/${file}`, import.meta.url), 'utf8')
  return OPTIONAL.some(
    (library) => text.includes(`library = '${library}'`) && !existsSync(new URL(`node_modules/${library}`, root)),
  )
}

describe.each(files)('%s', (file) => {
  test.skipIf(isAbsent(file))('shows what the library still does', async () => {
    const script = (await import(`./peers/${file}`)) as Script
    const { library, found, faulty, right, mendedIn } = script
    const version = await versionOf(library)
    expect(faulty).not.toEqual(right)
    if (mendedIn !== undefined) {
      expect(found, `mended in ${library} ${mendedIn}, and broken again in ${version}`).toEqual(right)
      return
    }
    const isMended = JSON.stringify(found) === JSON.stringify(right)
    expect(isMended, `mended in ${library} ${version}: say so by mendedIn, and run the peers again`).toBe(false)
    expect(found, `still so in ${library} ${version}`).toEqual(faulty)
  })

  test('is short', async () => {
    const text = await readFile(new URL(`peers/${file}`, import.meta.url), 'utf8')
    const code = text
      .replace(/\/\*\*[^]*?\*\//g, '')
      .split('\n')
      .filter((line) => line.trim() !== '')
    expect(code.length).toBeLessThanOrEqual(MOST_LINES)
  })
})
