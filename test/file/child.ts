/**
 * Writes to a file or a database until it is killed. Prints how many events are safe after each
 * flush.
 */
import * as t from 'io-ts'
import { openFile } from '../../src/adapters/file.js'
import { openLevel } from '../../src/adapters/level.js'
import { Events, scuttlebutt } from '../../src/index.js'

const [path, id, kind] = process.argv.slice(2) as [string, string, string | undefined]

/** Loaded only where it is needed: a process that writes to a file starts sooner without it. */
const database = async (location: string) => new (await import('classic-level')).ClassicLevel(location)

const sb = scuttlebutt(Events.of(t.number))
const opened = await (kind === 'level' ? openLevel(await database(path), sb, id)() : openFile(path, sb, id)())
if (opened._tag === 'Left') {
  process.stdout.write(`${JSON.stringify(opened.left)}\n`)
  process.exit(1)
}
const store = opened.right
for (let n = Events.size(store.getReplica().state); ;) {
  for (let i = 0; i < 1 + (n % 7); i++) store.change(Events.emit('n', n++))
  const flushed = n % 50 === 0 ? await store.compact() : await store.flushed()
  if (flushed._tag === 'Right') process.stdout.write(`${String(n)}\n`)
}
