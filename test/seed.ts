/**
 * The seed of all properties in CI. It comes from the sources: CI tries the same cases again for
 * the same code, and other cases for any other. A soak and `npm test` draw a new one each time.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A 32-bit integer from the names and contents of all files below `src` and `test`. */
export const seedOfSources = (): number => {
  const hash = createHash('sha256')
  for (const folder of ['src', 'test']) {
    const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
    for (const file of files.sort()) hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file))
  }
  return hash.digest().readInt32LE()
}
