/** Tabs in Chromium: one leader, closed, crashed, killed with the browser. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { build as vite } from 'vite'
import webpack from 'webpack'
import { isThorough, overWire } from '../runs.js'
import type { PageTab } from './page/page.js'

const CHROMIUM = '/usr/bin/chromium'
const isThere = existsSync(CHROMIUM)
if (!isThere) console.warn(`tabs in a browser are not tested: there is no ${CHROMIUM}`)

const root = fileURLToPath(new URL('../..', import.meta.url))
const entry = fileURLToPath(new URL('page/page.ts', import.meta.url))

/** The sources of the package, under its names. */
const alias = {
  'scuttlebutt-ts/indexeddb': path.join(root, 'src/adapters/indexeddb.ts'),
  'scuttlebutt-ts': path.join(root, 'src/index.ts'),
}

let folder = ''
let server: http.Server
let origin = ''

beforeAll(async () => {
  await mkdir(path.join(root, 'build'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'build', 'tabs-'))
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><script type="module" src="/page.js"></script>')
  await bundlers.esbuild(path.join(folder, 'page.js'))
  server = http.createServer((request, response) => {
    const name = request.url === '/page.js' ? 'page.js' : 'index.html'
    response.setHeader('content-type', name === 'page.js' ? 'text/javascript' : 'text/html')
    void readFile(path.join(folder, name)).then((text) => response.end(text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://localhost:${String((server.address() as AddressInfo).port)}`
})

afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

/** Each builds the page as it stands into one file. */
const bundlers = {
  esbuild: async (file: string): Promise<void> => {
    await build({ entryPoints: [entry], alias, bundle: true, format: 'esm', platform: 'browser', outfile: file })
  },
  vite: async (file: string): Promise<void> => {
    await vite({
      root: path.dirname(entry),
      configFile: false,
      logLevel: 'silent',
      resolve: { alias: Object.entries(alias).map(([find, replacement]) => ({ find, replacement })) },
      build: {
        lib: { entry, formats: ['es'], fileName: () => path.basename(file) },
        outDir: path.dirname(file),
        emptyOutDir: false,
      },
    })
  },
  webpack: async (file: string): Promise<void> => {
    // webpack reads no TypeScript by itself
    const source = `${file}.source.mjs`
    const packages = 'external' as const
    await build({ entryPoints: [entry], alias, bundle: true, format: 'esm', outfile: source, packages })
    await new Promise<void>((resolve, reject) => {
      const output = { path: path.dirname(file), filename: path.basename(file) }
      webpack({ mode: 'production', entry: source, output, performance: false }, (error, stats) => {
        if (error !== null || stats?.hasErrors() !== false) reject(error ?? new Error(stats?.toString()))
        else resolve()
      })
    })
  },
} as const

const BUNDLERS = isThorough ? (['esbuild', 'vite', 'webpack'] as const) : (['esbuild'] as const)

/** A browser of its own process, which keeps what its pages store in a folder. */
const launched = async (
  profile: string,
): Promise<{ browser: Browser; context: BrowserContext; process: ChildProcess }> => {
  const flags = ['--no-sandbox', '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`]
  const process = spawn(CHROMIUM, [...flags, '--disable-gpu', '--no-first-run', 'about:blank'], { stdio: 'pipe' })
  const address = await new Promise<string>((resolve, reject) => {
    let told = ''
    process.stderr.on('data', (text: Buffer) => {
      told += String(text)
      const found = /DevTools listening on (\S+)/.exec(told)
      if (found !== null) resolve(found[1]!)
    })
    process.once('exit', () => {
      reject(new Error(told))
    })
  })
  const browser = await chromium.connectOverCDP(address)
  return { browser, context: browser.contexts()[0]!, process }
}

const killed = async ({ process }: { readonly process: ChildProcess }): Promise<void> => {
  const exit = once(process, 'exit')
  process.kill('SIGKILL')
  await exit
}

const inTab = <A>(page: Page, act: (tab: PageTab) => A | Promise<A>): Promise<A> =>
  page.evaluate<A>(`(${String(act)})(globalThis.tab)`)

const opened = async (context: BrowserContext, tabs: 'alone' | 'share' = 'share'): Promise<[Page, string]> => {
  const page = await context.newPage()
  await page.goto(origin)
  await page.waitForFunction(() => document.title === 'ready')
  return [page, await page.evaluate<string>(`globalThis.tab.open('${tabs}')`)]
}

describe.runIf(isThere)('In Chromium,', () => {
  test.each(isThorough ? [2, 5] : [2])(
    '%i tabs have one leader, and lose nothing acknowledged when it closes, crashes, or all is killed',
    async (count) => {
      const profile = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-tabs-'))
      let chrome = await launched(profile)
      const acknowledged = new Set<string>()
      // three rounds
      const all = isThorough ? 10_000 : overWire(600)
      const each = Math.ceil(all / 3 / count / 10) * 10
      const pages = new Map<number, Page>()
      for (let i = 0; i < count; i++) {
        const [page, source] = await opened(chrome.context)
        expect(source).toBe(i === 0 ? 'me' : `me+${String(i)}`)
        pages.set(i, page)
      }
      const leaders = async (): Promise<ReadonlyArray<number>> => {
        const seen = await Promise.all(
          [...pages].map(async ([i, page]) => [i, await inTab(page, (tab) => tab.isLeader())] as const),
        )
        return seen.filter(([, isLeader]) => isLeader).map(([i]) => i)
      }
      const collect = async (): Promise<void> => {
        for (const page of pages.values())
          for (const key of await inTab(page, (tab) => tab.acknowledged())) acknowledged.add(key)
      }
      const write = async (name: string): Promise<void> => {
        await Promise.all(
          [...pages].map(([i, page]) => page.evaluate(`globalThis.tab.begin('${name}${String(i)} ', ${String(each)})`)),
        )
      }
      const leaderGone = async (end: (page: Page) => Promise<unknown>): Promise<void> => {
        await collect()
        const [first] = await leaders()
        await end(pages.get(first!)!)
        pages.delete(first!)
        await Promise.all([...pages.values()].map((page) => inTab(page, (tab) => tab.written())))
        await collect()
        // if all was acknowledged before the leader went, the next one is only about to lead
        await expect.poll(async () => (await leaders()).length).toBe(1)
        const [page, source] = await opened(chrome.context)
        expect(source).toMatch(/^me(\+\d)?$/)
        pages.set(first!, page)
      }
      expect(await leaders()).toEqual([0])
      await write('closed ')
      await leaderGone((page) => page.close())
      await write('crashed ')
      await leaderGone((page) => page.goto('chrome://crash').catch(() => undefined))
      await write('killed ')
      await new Promise((resolve) => setTimeout(resolve, 100))
      await collect()
      await killed(chrome)
      chrome = await launched(profile)
      const [page, source] = await opened(chrome.context, 'alone')
      expect(source).toBe('me')
      const keys = new Set(await inTab(page, (tab) => tab.keys()))
      expect([...acknowledged].filter((key) => !keys.has(key))).toEqual([])
      expect((await inTab(page, (tab) => tab.sources())).length).toBeLessThanOrEqual(count)
      // of both rounds all was acknowledged, but for what their leader did not live to do
      expect(acknowledged.size).toBeGreaterThanOrEqual(2 * (count - 1) * each)
      const [, second] = await opened(chrome.context, 'alone')
      expect(second).toBe('Locked')
      await killed(chrome)
      await rm(profile, { recursive: true, maxRetries: 5 })
    },
    120_000,
  )

  test.each(BUNDLERS)(
    'a page built by %s runs at once, and one that cannot lock says so',
    async (bundler) => {
      const profile = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-tabs-'))
      await bundlers[bundler](path.join(folder, 'page.js'))
      const code = await readFile(path.join(folder, 'page.js'), 'utf8')
      expect(code).not.toMatch(/\brequire\(|from\s*['"]/)
      const chrome = await launched(profile)
      const errors: string[] = []
      chrome.context.on('weberror', (error) => errors.push(String(error.error())))
      const [page, source] = await opened(chrome.context, 'alone')
      expect(source).toBe('me')
      expect(await inTab(page, (tab) => tab.close())).toBe('Right')
      // as on a page without https
      await page.addInitScript(() => {
        Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
      })
      await page.reload()
      await page.waitForFunction(() => document.title === 'ready')
      expect(await inTab(page, (tab) => tab.open('alone'))).toBe('NoLocks')
      expect(await inTab(page, (tab) => tab.open('unlocked'))).toBe('me')
      expect(errors).toEqual([])
      await killed(chrome)
      await rm(profile, { recursive: true, maxRetries: 5 })
    },
    60_000,
  )
})
