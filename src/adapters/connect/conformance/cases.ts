/** The cases of `checkTransport`. Each throws a `Stop` if it fails. */
import { sleep, type Plan } from './faults.js'
import { NotApplicable, SILENCE, Stop, type Scene } from './Scene.js'

/** How often each side writes under a fault. */
const ROUNDS = 15

/** A share of what is said meets a fault. */
const SHARE = 0.2

/** So many ms late, at most, comes what a broken wire held. */
const LATE = 10

/** The first characters of a connection: cuts fall anywhere in them. */
const OPENING = 600

/** Both write, live and before they meet. Then all is told, and `status` says so. */
const sync = async (scene: Scene): Promise<void> => {
  for (let i = 0; i < ROUNDS; i++) {
    scene.write()
    if (i % 4 === 0) await sleep(1)
  }
  await scene.inStep()
  await scene.until('no connection is synced', () =>
    scene.joined.every(({ connection }) => {
      const { phase, unsent } = connection.status()
      return phase === 'synced' && unsent === 0
    }),
  )
}

/** Both write under a fault. When it is over, they write once more, and must come in step. */
const under = async (scene: Scene, plan: () => Plan): Promise<void> => {
  scene.faults.begin(plan)
  for (let i = 0; i < ROUNDS; i++) {
    scene.write()
    await sleep(1)
  }
  scene.faults.begin(() => untouched)
  scene.write()
  await scene.inStep()
}

const untouched: Plan = (said, pass) => {
  pass(said)
}

/** A wire that loses something breaks. */
const loss = (scene: Scene): Promise<void> =>
  under(scene, () => (said, pass, cut) => {
    if (scene.random() >= SHARE) pass(said)
    else cut()
  })

const doubling = (scene: Scene): Promise<void> =>
  under(scene, () => (said, pass) => {
    pass(said)
    if (scene.random() < SHARE) pass(said)
  })

/**
 * What is held back comes after what was said later. A wire breaks meanwhile, as it keeps the
 * order: then what it held comes while the next one is open.
 */
const reordering = (scene: Scene): Promise<void> =>
  under(scene, () => {
    let held: unknown
    return (said, pass, cut) => {
      if (held !== undefined || scene.random() >= SHARE) {
        pass(said)
        if (held !== undefined) pass(held)
        held = undefined
      } else if (scene.has('wire')) {
        cut()
        setTimeout(pass, LATE * scene.random(), said)
      } else held = said
    }
  })

/** Lines come in pieces of any length. Then connections break after any number of characters. */
const cuts = async (scene: Scene): Promise<void> => {
  if (!scene.has('wire')) throw new NotApplicable('a message comes whole or not at all')
  await under(scene, () => (said, pass) => {
    const text = String(said)
    // also between the halves of a character
    const half = scene.random() < 0.5 ? text.search(/[\ud800-\udbff]/) + 1 : 0
    const at = half || Math.floor(scene.random() * text.length)
    for (const piece of [text.slice(0, at), text.slice(at)]) if (piece !== '') pass(piece)
  })
  const step = Math.ceil(OPENING / scene.options.reconnects)
  let length = 0
  scene.faults.begin(() => {
    length = (length + step) % OPENING
    return cutAfter(length)
  })
  await areCut(scene, OPENING / step, 'connections are not cut')
  scene.faults.begin(() => untouched)
  scene.write()
  await scene.inStep()
}

/** Waits for so many more cuts. Both sides write now and then, and when nothing else is said. */
const areCut = async (scene: Scene, count: number, otherwise: string): Promise<void> => {
  const { faults, joined } = scene
  const before = faults.cuts
  const are = (): boolean => {
    const isQuiet = joined.some(({ connection }) => connection.status().phase === 'synced')
    if (isQuiet || scene.random() < SHARE) scene.write()
    return faults.cuts - before >= count
  }
  await scene.until(otherwise, are, () => faults.cuts)
}

const cutAfter = (characters: number): Plan => {
  let left = characters
  return (said, pass, cut) => {
    const text = String(said)
    if (left > 0) pass(text.slice(0, left))
    left -= text.length
    if (left <= 0) cut()
  }
}

const slowReader = async (scene: Scene): Promise<void> => {
  scene.faults.slowness = 2
  for (let i = 0; i < ROUNDS; i++) {
    scene.write('x'.repeat(1000))
    await sleep(0)
  }
  await scene.inStep()
  scene.faults.slowness = 0
}

/** Nobody says anything: heartbeats keep the wires open. */
const idle = async ({ faults, joined }: Scene): Promise<void> => {
  if (joined.length < 2 || joined.some(({ kind }) => kind !== 'wire')) {
    throw new NotApplicable('not a wire with both ends here')
  }
  for (let i = 0; i < TRIES; i++) {
    const { opened } = faults
    await sleep(3 * SILENCE)
    if (faults.opened === opened) return
  }
  throw new Stop('an idle wire does not stay open: are empty pieces carried?')
}

/** A machine that is busy may be late with a heartbeat. */
const TRIES = 3

/** What waits is looked at after so many writings. */
const STEPS = 16

/** Nobody reads: what is not read stays in the store, and comes when it is read at last. */
const noReader = async (scene: Scene): Promise<void> => {
  const { faults, options } = scene
  if (scene.has('bus')) throw new NotApplicable('a bus does not wait for readers')
  let release = (): void => undefined
  faults.stalled = new Promise((resolve) => (release = resolve))
  const step = options.unread / STEPS
  const value = 'x'.repeat(Math.min(1 << 14, step))
  let isGrowing = true
  for (let i = 0; i < STEPS && isGrowing; i++) {
    const before = faults.unread
    scene.writeAll(Math.ceil(step / value.length), value)
    await scene.settled(() => faults.unread)
    isGrowing = faults.unread - before > step / 2
  }
  faults.stalled = undefined
  release()
  const { mostUnread, mostAsked } = faults
  if (isGrowing || mostUnread > options.mostUnread) {
    throw new Stop(`${String(mostUnread)} characters waited for a reader${isGrowing ? ', and ever more' : ''}`)
  }
  if (mostAsked > 1) throw new Stop(`${String(mostAsked)} questions waited for an answer`)
  await scene.inStep()
}

/** Connections break again and again. */
const reconnects = async (scene: Scene): Promise<void> => {
  const { faults, options, random } = scene
  if (scene.has('wire')) {
    faults.begin(() => cutAfter(Math.floor(random() * 2 * OPENING)))
    await areCut(scene, options.reconnects, 'connections do not come back')
    faults.begin(() => untouched)
  } else {
    for (let i = 0; i < options.reconnects; i++) {
      for (const joined of scene.joined) {
        joined.connection.close()
        joined.connection = joined.again()
      }
      if (random() < SHARE) scene.write()
      if (i % 10 === 0) await sleep(0)
    }
  }
  scene.write()
  await scene.inStep()
}

/** A connection dies, and nobody says so. */
const halfOpen = async (scene: Scene): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    scene.faults.generation++
    scene.write()
    await sleep(100)
    // a bus is whole again; wires and questions begin anew by themselves
    if (scene.has('bus')) scene.faults.generation++
    await scene.inStep()
  }
}

const garbage = (scene: Scene): Promise<void> =>
  under(scene, () => (said, pass) => {
    if (scene.random() < SHARE) pass(GARBAGE[Math.floor(scene.random() * GARBAGE.length)])
    pass(said)
  })

const GARBAGE: ReadonlyArray<unknown> = [
  ...['{', '\n', '[[[\n', 'null\n', '"SURE []"\n', '"SURE [7,{}]"\n', '[1,2,3]\n', '[["x","y"],-1,"z"]\n', '\ud800'],
  ...['{"id":1}\n', '{"id":"x","clock":[]}\n', '\0\0\0\n', '"LOST {}"\n', '"REFUSED 1"\n', '["__proto__",{"x":1}]\n'],
  ...[`${'['.repeat(10_000)}\n`, '['.repeat(10_000), '[["x","y"],1e400,"z"]\n', '"SYNC"\n'],
]

export const CASE = {
  sync,
  idle,
  loss,
  doubling,
  reordering,
  cuts,
  'slow reader': slowReader,
  'no reader': noReader,
  reconnects,
  'half-open': halfOpen,
  garbage,
} as const satisfies Readonly<Record<string, (scene: Scene) => Promise<void>>>

export type CaseName = keyof typeof CASE
