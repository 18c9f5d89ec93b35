/** Whose a lock is, as its name says: see `lock`. */
import * as names from '../storage/names.js'
import type { Host } from './Host.js'

export interface Owner {
  readonly pid: string
  readonly began: string
  readonly host: string
  /** Empty in a lock of 0.1. */
  readonly token: string
  /** Absent in a lock of 0.1. */
  readonly place?: Pick<Host, 'machine' | 'boot' | 'processes'>
}

/** What follows `<file>.lock.`: all of it, or what 0.1 wrote. */
const OWNER =
  /^(?<pid>\d+)\.(?<began>\w*)\.(?<host>[\w-]*)\.(?:(?<machine>\w*)\.(?<boot>\w*)\.(?<processes>\w*)\.(?<token>[0-9a-f]{16})|[0-9a-f-]{36})$/

/** Whose lock a name says that it is. Undefined if it is the name of something else. */
export const ownerOf = (name: string, stem: string): Owner | undefined => {
  const prefix = `${stem}.lock.`
  const parts = name.startsWith(prefix) ? OWNER.exec(name.slice(prefix.length))?.groups : undefined
  if (parts === undefined) return undefined
  const { pid = '', began = '', host = '', machine = '', boot = '', processes = '', token = '' } = parts
  return { pid, began, host, token, ...(token !== '' && { place: { machine, boot, processes } }) }
}

const MAX_HOST = 40

/** The name of this process's lock on the files of a stem. */
export const nameOf = (stem: string, { pid, beganAt, name, machine, boot, processes }: Host, token: string): string => {
  const host = names.encode(name).slice(0, MAX_HOST)
  return [`${stem}.lock`, pid, plain(beganAt(pid)), host, ...[machine, boot, processes].map(plain), token].join('.')
}

/** What a host says of itself, without what would end a part of the name. */
const plain = (text: string): string => text.replace(/\W/g, '_')

/** Whether the owner of a lock lives; undefined if this process cannot know. */
export const lives = ({ pid, began, host, place }: Owner, here: Host): boolean | undefined => {
  const isNamesake = host === names.encode(here.name).slice(0, MAX_HOST)
  if (place === undefined) {
    if (!isNamesake) return true
  } else {
    // two machines may have one name, and some systems do not tell them apart
    if (!isNamesake || place.boot === '') return undefined
    const [machine, boot, processes] = [here.machine, here.boot, here.processes].map(plain)
    if (place.boot !== boot) return place.machine !== '' && place.machine === machine ? false : undefined
    if (place.processes !== processes) return undefined
  }
  if (!here.isRunning(Number(pid))) return false
  // this process may have failed to remove one
  if (Number(pid) === here.pid && began === plain(here.beganAt(here.pid))) return place === undefined ? true : undefined
  const begins = plain(here.beganAt(Number(pid)))
  if (began !== '' && begins !== '') return began === begins
  return place === undefined ? true : undefined
}
