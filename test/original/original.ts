/** The npm package `scuttlebutt` in two versions, and its family, typed as far as tests need. */
import Module, { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type { Session, Update } from '../../src/index.js'

/** Options of the original. Ours of the same name mean the same. */
export type OriginalOptions = Omit<Session.Options, 'checked'>

export interface Original {
  id: string
  readonly sources: Readonly<Record<string, number>>
  createStream(options?: OriginalOptions): Duplex
  createReadStream(options?: OriginalOptions): Duplex
  createWriteStream(options?: OriginalOptions): Duplex
  history(sources?: Readonly<Record<string, number>>): ReadonlyArray<Update<unknown>>
  _update(update: Update<unknown>): unknown
  localUpdate(change: unknown): unknown
  toJSON(): unknown
  on(event: string, listener: (...args: never[]) => void): this
}

export interface OriginalModel extends Original {
  set(key: string, value: unknown): this
  get(key: string): unknown
  toJSON(): Readonly<Record<string, unknown>>
}

export interface OriginalEvents extends Original {
  emit(name: string, ...args: ReadonlyArray<unknown>): this
}

export interface OriginalRArray extends Original {
  readonly keys: ReadonlyArray<string>
  push(value: unknown): void
  unshift(value: unknown): void
  pop(): unknown
  set(key: string, value: unknown): void
  splice(index: number, count: number, ...values: ReadonlyArray<unknown>): void
  toJSON(): ReadonlyArray<unknown>
}

export interface OriginalREdit extends OriginalRArray {
  text(): string
  text(text: string): void
}

export interface OriginalRow {
  readonly id: string
}

export interface OriginalSeq {
  push(row: string | object): unknown
  unshift(row: string | object): unknown
  before(row: string | object, anchor: string | object): unknown
  first(): OriginalRow | undefined
  toJSON(): ReadonlyArray<{ readonly id: string }>
}

export interface OriginalDoc extends Original {
  readonly rows: Readonly<Record<string, OriginalRow>>
  set(row: string, fields: object): OriginalRow
  rm(row: string): void
  createSeq(key: string, value: unknown): OriginalSeq
  toJSON(): Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface OriginalExpiryModel extends Original {
  set(key: string, value: unknown): void
  toJSON(): Readonly<Record<string, unknown>>
}

export interface OriginalBucket extends Original {
  add(name: string, part: Original): this
  get(name: string): Original
}

/** The newest version, and the one that npm nests under some of the family. */
export type Version = '5.6.15' | '5.5.20'

const require = createRequire(import.meta.url)

const folders: Readonly<Record<Version, string>> = {
  '5.6.15': 'scuttlebutt',
  '5.5.20': 'r-array/node_modules/scuttlebutt',
}

interface Resolver {
  _resolveFilename: (request: string, ...rest: readonly unknown[]) => string
}

/**
 * Loads packages and their dependencies afresh and together, so that they share one source of
 * timestamps. Whichever of them requires scuttlebutt gets this version.
 */
const load = (version: Version, requests: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const resolver = Module as unknown as Resolver
  const resolve = resolver._resolveFilename
  const modules = require.cache
  const kept = { ...modules }
  for (const file of Object.keys(modules)) if (file.includes('node_modules')) Reflect.deleteProperty(modules, file)
  resolver._resolveFilename = (wanted, ...rest) =>
    resolve.call(resolver, /^scuttlebutt(\/|$)/.test(wanted) ? path(version, wanted) : wanted, ...rest)
  try {
    boundBetween()
    return requests.map((request) => require(request) as unknown)
  } finally {
    resolver._resolveFilename = resolve
    for (const file of Object.keys(modules)) if (!(file in kept)) Reflect.deleteProperty(modules, file)
    Object.assign(modules, kept)
  }
}

/** The original finds no key between two others. */
export class NoKeyBetween extends Error {}

type Between = ((a: string, b: string) => string) & { between: unknown }

/**
 * npm's `between`, which r-array, r-edit and crdt make keys with, searches for ever where no key
 * lies. Here it throws {@link NoKeyBetween} instead, so that a conversation goes on.
 */
const boundBetween = (): void => {
  const between = require('between') as Between
  const bounded: Between = Object.assign((a: string, b: string) => {
    // nothing in its alphabet lies below `a!`, `a!!` and so on
    if (!(a < b) || (b.startsWith(a) && /^!*$/.test(b.slice(a.length)))) throw new NoKeyBetween(`${a} and ${b}`)
    return between(a, b)
  }, between)
  bounded.between = bounded
  require.cache[require.resolve('between')]!.exports = bounded
}

const root = require.resolve('scuttlebutt/package.json').replace(/scuttlebutt.package\.json$/, '')

const path = (version: Version, wanted: string): string => `${root}${wanted.replace('scuttlebutt', folders[version])}`

export interface Family {
  readonly version: Version
  readonly model: (id: string) => OriginalModel
  readonly events: (id: string) => OriginalEvents
  readonly rarray: (id: string) => OriginalRArray
  readonly redit: (id: string) => OriginalREdit
  readonly doc: (id: string) => OriginalDoc
  readonly bucket: (id: string) => OriginalBucket
  readonly expiryModel: (id: string, options?: object) => OriginalExpiryModel
}

/** A fresh family, which shares a source of timestamps as the packages of one process do. */
export const familyOf = (version: Version): Family => {
  type Class<A> = new (id: string) => A
  const [Model, Events, RArray, REdit, Bucket, { Doc }, ExpiryModel] = load(version, [
    'scuttlebutt/model',
    'scuttlebutt/events',
    'r-array',
    'r-edit',
    'scuttlebucket',
    'crdt',
    'expiry-model',
  ]) as [
    Class<OriginalModel>,
    Class<OriginalEvents>,
    new () => OriginalRArray,
    new () => OriginalREdit,
    Class<OriginalBucket>,
    { readonly Doc: Class<OriginalDoc> },
    (options?: object) => OriginalExpiryModel,
  ]
  const named = <A extends Original>(original: A, id: string): A => Object.assign(original, { id })
  return {
    version,
    model: (id) => new Model(id),
    events: (id) => new Events(id),
    rarray: (id) => named(new RArray(), id),
    redit: (id) => named(new REdit(), id),
    doc: (id) => new Doc(id),
    bucket: (id) => new Bucket(id),
    expiryModel: (id, options) => named(ExpiryModel(options), id),
  }
}

export const versions: ReadonlyArray<Version> = ['5.6.15', '5.5.20']
