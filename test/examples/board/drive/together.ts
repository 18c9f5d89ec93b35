import { setTimeout as sleep } from 'node:timers/promises'
import { BURST } from '../versions.js'
import type { Stage } from './Stage.js'
import { until } from './Visitor.js'

/** Rows, text and presence of each reach the other. */
export const together = async (stage: Stage): Promise<void> => {
  const { mia, ben, shoot } = stage
  console.log('\nTogether')
  for (const visitor of [mia, ben]) {
    await visitor.sees('the first rows', ({ todo }) => todo.includes('Print the tickets'))
    await until(`${visitor.name} sees that two are here`, () => visitor.page.getByLabel('2 here').isVisible())
  }
  // what is written sooner is one version with the first rows
  await sleep(2 * BURST)
  await mia.add('To do', 'Rent bikes')
  await ben.sees('the new row', ({ todo }) => todo.at(-1) === 'Rent bikes')
  await ben.drag('Rent bikes', 'Compare the three hostels')
  await mia.card('Print the tickets').getByLabel('Title').focus()
  await until('Ben sees where Mia is', () =>
    ben.card('Print the tickets').getByRole('img', { name: 'Mia' }).isVisible(),
  )
  await shoot(ben, 'dark-drag')
  await ben.drop()
  await mia.sees('where Ben put it', ({ doing }) => doing[1] === 'Rent bikes')
  await ben.drag('Rent bikes', 'Agree on a budget')
  await ben.page.keyboard.press('Escape')
  await ben.drop()
  await mia.write('\nMia: sleeping bags')
  await ben.write('\nBen: a good map')
  for (const visitor of [mia, ben]) {
    await visitor.sees('both notes', ({ notes }) => /Mia: sleeping bags[^]*Ben: a good map/.test(notes))
    await visitor.sees('the row where it was before Escape', ({ doing }) => doing[1] === 'Rent bikes')
  }
  await until('Mia sees that Ben writes', () => mia.page.locator('h2').getByRole('img', { name: 'Ben' }).isVisible())
  await until('Mia sees his caret', () => mia.page.locator('.caret[data-name=Ben]').isVisible())
  await mia.drag('Ask Mia about the tent', 'Compare the three hostels')
  await shoot(mia, 'board')
  await mia.page.keyboard.press('Escape')
  await mia.drop()
}
