/** Other builds of this package, made ready so that the same benchmarks measure them. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { OURS } from './harness.js'
import { git, root } from './provenance.js'

export interface Build {
  /** The folder that holds index.js and adapters/. */
  readonly dist: string
  /** The package.json whose `exports` lead to the files in `dist`. */
  readonly manifest: string
}

const nameIn = (manifest: string): unknown =>
  existsSync(manifest) ? (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly name?: unknown }).name : undefined

/**
 * Finds a build in a checkout with dist/, in an unpacked tarball, in the folder that holds such a
 * tarball's package/, or in a dist folder itself. A dist folder on its own gets the `exports` of
 * this checkout. Throws if there is none.
 */
export const locate = (folder: string): Build => {
  const at = path.resolve(folder)
  for (const dist of [path.join(at, 'dist'), path.join(at, 'package', 'dist'), at]) {
    if (!existsSync(path.join(dist, 'index.js'))) continue
    const beside = path.join(dist, '..', 'package.json')
    return { dist, manifest: nameIn(beside) === OURS ? beside : path.join(root, 'package.json') }
  }
  throw new Error(`no build in ${at}: neither dist/index.js nor index.js is there. Run \`npm run build\` in it first`)
}

/**
 * Copies a build and the built benchmarks into one folder, where `scuttlebutt-ts` means that build,
 * and returns the path of the child there. All else comes from this checkout's node_modules: two
 * builds differ in their own files only. A build may change while its copy is measured.
 */
export const stage = ({ dist, manifest }: Build, within: string): string => {
  const folder = mkdtempSync(path.join(within, 'build-'))
  const installed = path.join(folder, 'node_modules', OURS)
  cpSync(dist, path.join(installed, 'dist'), { recursive: true })
  cpSync(manifest, path.join(installed, 'package.json'))
  cpSync(path.join(root, 'build', 'bench'), path.join(folder, 'bench'), { recursive: true })
  // its own package, without which `scuttlebutt-ts` would mean this checkout
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  return path.join(folder, 'bench', 'child.js')
}

/** Checks out a commit beside this one and builds it. Returns the folder. */
export const checkOut = (commit: string): string => {
  const folder = path.join(root, 'build', 'compare', git('rev-parse', commit))
  mkdirSync(path.dirname(folder), { recursive: true })
  if (!existsSync(folder)) git('worktree', 'add', '--detach', folder, commit)
  if (!existsSync(path.join(folder, 'node_modules'))) {
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  }
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  return folder
}
