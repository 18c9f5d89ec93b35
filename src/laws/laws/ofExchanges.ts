/**
 * The laws of devices that exchange messages and sessions. The network judges itself at each step,
 * by one who knows every update ever made; these report what it found.
 *
 * Source: van Renesse et al., LADIS 2008, section 3: a digest claims no update that is missing.
 */
import type { ExchangeLaw } from '../model/Exchange.js'
import type { Verdict } from '../model/Law.js'
import { law, type AnyLaw } from './laws.js'

const found = (name: ExchangeLaw, verdict: Verdict, says: string): AnyLaw =>
  law(name, verdict, says, ({ exchanged }) =>
    exchanged?.broken?.law === name ? exchanged.broken.violation : undefined,
  )

export const certainty = found('certainty', 'lost', 'a clock claims no update that is missing')

export const digests = found('digests', 'diverged', 'replicas with equal digests are equal')

export const agreement = found('agreement', 'lost', 'two that talk until silence have all that either has')

export const ends = found('ends', 'lost', 'every conversation ends')

export const drains = found('drains', 'lost', 'every link falls silent')

export const ofExchanges: ReadonlyArray<AnyLaw> = [digests, certainty, agreement, ends, drains]
