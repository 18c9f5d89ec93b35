import { same, type Stage } from './Stage.js'
import { until } from './Visitor.js'

/** Both go on without the network, also with the same row, and come together again. */
export const offline = async (stage: Stage): Promise<void> => {
  const { mia, ben, shoot } = stage
  console.log('\nOffline')
  await Promise.all([mia.toggleOnline(), ben.toggleOnline()])
  await mia.rename('Rent bikes', 'Rent six bikes')
  await mia.add('Done', 'Lock the calendar')
  await mia.write('\nOffline, by Mia')
  await ben.drag('Rent bikes', 'Book the train to Lisbon')
  await ben.drop()
  await ben.write('\nOffline, by Ben')
  await until('Mia is told that something is to be sent', async () => /^Offline, \d+ to send$/.test(await mia.phase()))
  await shoot(mia, 'offline')
  const isApart = !(await same(stage))
  if (!isApart) throw new Error('the switch does not part them')
  await Promise.all([mia.toggleOnline(), ben.toggleOnline()])
  for (const visitor of [mia, ben]) {
    await visitor.sees('the new title in the new place', ({ todo }) => todo[0] === 'Rent six bikes')
    await visitor.sees(
      'what both wrote and added',
      ({ notes, done }) => notes.includes('by Mia') && notes.includes('by Ben') && done.includes('Lock the calendar'),
    )
    await until(`${visitor.name} is told that all is sent`, async () => (await visitor.phase()) === 'In sync')
  }
  await until('both show the same', () => same(stage))
}

/** The server ends and starts anew, with nothing of what it had. */
export const restart = async (stage: Stage, restartServer: () => Promise<void>): Promise<void> => {
  const { mia, ben } = stage
  console.log('\nThe server starts anew')
  const restarted = restartServer()
  await mia.add('Doing', 'Written while it was away')
  await restarted
  await ben.sees('what was written meanwhile', ({ doing }) => doing.includes('Written while it was away'))
  await ben.add('Doing', 'Written after')
  await mia.sees('what was written after', ({ doing }) => doing.includes('Written after'))
  await until('both show the same, and no row twice', async () => {
    const { todo, doing, done } = await mia.shown()
    const titles = [...todo, ...doing, ...done]
    return new Set(titles).size === titles.length && (await same(stage))
  })
}

/** What was never sent outlives the page, and another tab passes it on. */
export const reload = async (stage: Stage): Promise<void> => {
  const { mia, ben } = stage
  console.log('\nTabs, and a reload')
  await mia.toggleOnline()
  await mia.add('Done', 'Kept by the browser')
  await until('it is on her disk', () => mia.hasSaved('Kept by the browser'))
  await mia.page.reload()
  await mia.sees('what was never sent', ({ done }) => done.includes('Kept by the browser'))
  await ben.sees('it too', ({ done }) => done.includes('Kept by the browser'))
  const second = await mia.secondTab()
  await second.sees('the same', ({ done }) => done.includes('Kept by the browser'))
  await mia.toggleOnline()
  await mia.add('Done', 'From tab to tab')
  await second.sees('what the first tab wrote offline', ({ done }) => done.includes('From tab to tab'))
  await ben.sees('what the second tab passed on', ({ done }) => done.includes('From tab to tab'))
  await second.page.close()
  await mia.toggleOnline()
  await until('both show the same', () => same(stage))
}
