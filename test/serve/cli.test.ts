/** `npx scuttlebutt-ts serve`: it starts, says what is wrong, and loses nothing by a kill. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, webSocket } from '../../src/adapters/connect.js'
import { createPresence } from '../../src/adapters/presence.js'
import { Model, unwrap } from '../../src/index.js'
import { parse } from '../../src/adapters/serve/options.js'
import { overWire } from '../runs.js'
import { buildCommand, start } from './cli.js'
import { client, contentOf, storeOf, until } from './client.js'

let folder = ''
let command = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-serve-'))
  command = await buildCommand(folder)
})

afterAll(async () => {
  await rm(folder, { recursive: true })
  await rm(path.dirname(command), { recursive: true })
})

describe('The command', () => {
  test('says what is wrong, and how it is used', async () => {
    const [wrong, help] = await Promise.all([start(command, 'serve', '--port', 'x'), start(command, '--help')])
    expect([await wrong.ended, await help.ended]).toEqual([
      [1, null],
      [0, null],
    ])
    expect(wrong.errors()).toMatch(/^scuttlebutt-ts: --port must be a number from 0 to 65535, and is "x"\n/)
    expect(help.output()).toMatch(/^usage: scuttlebutt-ts serve/)
  })

  test.each([
    [[], 'no command given'],
    [['go'], 'there is no command "go"'],
    [['serve', 'x'], '"x" is no option of serve'],
    [['serve', '--port', '70000'], '--port must be a number from 0 to 65535, and is "70000"'],
    [['serve', '--type', 'constructor'], '--type must be one of model, doc, text, redit, array, list, events, and is'],
    [['serve', '--store', 'x'], '--store must be file or level, and is "x"'],
    [['serve', '--nonsense'], '--nonsense'],
  ])('refuses %j', (args, sentence) => {
    const parsed = parse(args)
    expect(parsed._tag === 'Left' && parsed.left).toContain(sentence)
  })

  test.each(['file', 'level'])('keeps documents in a %s through a clean stop', async (store) => {
    const args = ['serve', '--port', '0', '--data', path.join(folder, `kept in ${store}`), '--store', store]
    const first = await start(command, ...args)
    const one = await client(`ws://localhost:${String(first.port)}`)
    const ann = storeOf('ann')
    const reader = storeOf('reader')
    one.join('notes', ann)
    const other = await client(`ws://localhost:${String(first.port)}`)
    other.join('notes', reader)
    unwrap(ann.change(Model.set('x', 1)))
    await until('the reader has it', () => Model.size(reader.getReplica().state) === 1)
    first.child.kill('SIGTERM')
    expect([await first.ended, first.errors(), await one.closed]).toEqual([[0, null], '', 1001])
    const second = await start(command, ...args)
    const later = storeOf('later')
    ;(await client(`ws://localhost:${String(second.port)}`)).join('notes', later)
    await until('it is there again', () => Model.size(later.getReplica().state) === 1)
    second.child.kill('SIGTERM')
    expect(await second.ended).toEqual([0, null])
  })

  test('tells all who else is here', async () => {
    const { child, port, ended } = await start(command, 'serve', '--port', '0', '--data', path.join(folder, 'here'))
    const tabs = ['ann', 'ben'].map((id) => {
      const presence = createPresence({ id })
      presence.set(id)
      const transport = webSocket(`ws://localhost:${String(port)}`, { WebSocket }).document('notes')
      return { presence, connection: connect(storeOf(id), transport, { presence }) }
    })
    await until('they see each other', () => tabs.every(({ presence }) => presence.peers().size === 1))
    for (const { presence, connection } of tabs) {
      presence.close()
      connection.close()
    }
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  test('loses nothing that a reader has seen, if it is killed at any moment', async () => {
    const args = ['serve', '--port', '0', '--data', path.join(folder, 'killed')]
    const seen = new Map<string, unknown>()
    for (let round = 0; round < overWire(3); round++) {
      const { child, port, ended } = await start(command, ...args)
      const url = `ws://localhost:${String(port)}`
      // both are new, so that nobody but the server can bring back what it lost
      const [writer, reader] = [storeOf(`writer ${String(round)}`), storeOf(`reader ${String(round)}`)]
      const [one, two] = await Promise.all([client(url), client(url)])
      two.join('notes', reader)
      await until('what was seen is there', () => Model.size(reader.getReplica().state) >= seen.size)
      expect(contentOf(reader)).toMatchObject(Object.fromEntries(seen))
      one.join('notes', writer)
      let n = 0
      const writing = setInterval(() => {
        if (n < 1000) unwrap(writer.change(Model.set(`${String(round)}.${String(n)}`, n++)))
      }, 1)
      const at = seen.size + 20 + ((round * 37) % 100)
      await until('some are seen', () => Model.size(reader.getReplica().state) >= at)
      child.kill('SIGKILL')
      await ended
      clearInterval(writing)
      await two.closed
      for (const [key, value] of Object.entries(contentOf(reader) as object)) seen.set(key, value)
      one.socket.terminate()
    }
    expect(seen.size).toBeGreaterThan(20 * overWire(3))
  })
})
