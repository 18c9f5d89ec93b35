/** The machine and the process that hold a lock, so that others can tell whether they live. */
import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

export interface Host {
  /** The name of the machine or container. */
  readonly name: string
  /** Tells machines of one name apart. Empty if the system does not say. */
  readonly machine: string
  /** Tells apart the times that a machine was started. Empty if the system does not say. */
  readonly boot: string
  /** The table in which process numbers count: a container has its own. Empty as above. */
  readonly processes: string
  /** The number of this process. */
  readonly pid: number
  /** Whether a process of this table runs. */
  readonly isRunning: (pid: number) => boolean
  /**
   * When a process began, as its number may be used again. Empty if the system does not say.
   */
  readonly beganAt: (pid: number) => string
}

/** Eight hex digits of what a system call gives; empty if it gives nothing. */
const printOf = (read: () => string): string => {
  try {
    const text = read().trim()
    return text === '' ? '' : createHash('sha256').update(text).digest('hex').slice(0, 8)
  } catch {
    return ''
  }
}

/** This process. */
export const thisHost: Host = {
  name: hostname(),
  machine: printOf(() => readFileSync('/etc/machine-id', 'latin1')),
  boot: printOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')),
  processes: printOf(() => readlinkSync('/proc/self/ns/pid')),
  pid: process.pid,
  isRunning: (pid) => {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      return (error as { readonly code?: string }).code === 'EPERM'
    }
  },
  beganAt: (pid) => {
    try {
      // field 22; field 2 is free text that ends with the last parenthesis
      const afterName = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
        .split(') ')
        .pop()!
      return afterName.split(' ')[19] ?? ''
    } catch {
      return ''
    }
  },
}
