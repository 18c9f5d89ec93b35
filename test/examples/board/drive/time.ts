import { same, type Stage } from './Stage.js'
import { until } from './Visitor.js'

/** Undo takes back only what one did oneself. */
export const undoOfOnesOwn = async (stage: Stage): Promise<void> => {
  const { mia, ben } = stage
  console.log('\nUndo')
  const button = (name: string) => mia.page.getByRole('button', { name, exact: true })
  await mia.add('Done', 'By Mia')
  await ben.sees('the row by Mia', ({ done }) => done.includes('By Mia'))
  await ben.add('Done', 'By Ben')
  await mia.sees('the row by Ben', ({ done }) => done.includes('By Ben'))
  await button('Undo').click()
  for (const visitor of [mia, ben])
    await visitor.sees('that only her row is gone', ({ done }) => !done.includes('By Mia') && done.includes('By Ben'))
  await button('Redo').click()
  await ben.sees('it again', ({ done }) => done.includes('By Mia') && done.includes('By Ben'))
}

/** Old versions stay as they are while others go on; one of them becomes the present again. */
export const oldVersions = async (stage: Stage): Promise<void> => {
  const { mia, ben, shoot } = stage
  console.log('\nOld versions')
  const count = Number(await mia.page.getByLabel('Versions').getAttribute('max'))
  if (count < 6) throw new Error(`too few versions are kept: ${String(count)}`)
  const passed: string[] = []
  for (let version = 0; ; version++) {
    if (version > count) throw new Error(`no version is as the board began: ${passed.join('; ')}`)
    await mia.goTo(version)
    const { todo, notes } = await mia.shown()
    passed.push(`${todo.join()}, ${notes.slice(0, 40)}`)
    if (todo.length === 3 && !notes.includes('Mia')) break
  }
  console.log('  Mia sees the board as it began')
  await ben.add('To do', 'Meanwhile')
  await until('Mia is told what differs', async () =>
    (await mia.page.locator('output').innerText()).includes('rows and the notes differ'),
  )
  if ((await mia.shown()).todo.includes('Meanwhile')) throw new Error('an old version has changed')
  await mia.goTo(count - 4)
  await shoot(mia, 'old-version')
  const then = await mia.shown()
  await mia.page.getByRole('button', { name: 'Back to now' }).click()
  await mia.sees('now', ({ todo }) => todo.includes('Meanwhile'))
  await mia.goTo(count - 4)
  await mia.page.getByRole('button', { name: 'Revert to this' }).click()
  await until('Ben sees what she reverted to', async () => JSON.stringify(await ben.shown()) === JSON.stringify(then))
  await mia.page.getByRole('button', { name: 'Undo', exact: true }).click()
  await ben.sees('that she took that back', ({ todo }) => todo.includes('Meanwhile'))
  await until('both show the same', () => same(stage))
}
