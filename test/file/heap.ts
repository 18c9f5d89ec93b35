/** Opens a large file, and prints what it found and how much memory it needed. */
import * as t from 'io-ts'
import { openFile } from '../../src/adapters/file.js'
import { Model, scuttlebutt } from '../../src/index.js'

const [file] = process.argv.slice(2) as [string]

let reports = 0
const opened = await openFile(file, scuttlebutt(Model.of(t.string)), 'me', { progress: () => reports++ })()
if (opened._tag === 'Left') throw new Error(JSON.stringify(opened.left))
const { state } = opened.right.getReplica()
const { rss } = process.memoryUsage()
process.stdout.write(JSON.stringify({ keys: Model.size(state), updates: opened.right.opened.updates, reports, rss }))
await opened.right.close()
