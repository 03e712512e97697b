import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from '../platform/index.ts'
import { findByIndex } from './lookup-store.ts'
import { replay } from './replay.ts'

/** What the thread is started with. */
export type TablesSetup = { databaseUrl: string }
/** What it is asked: as `replay`. Nothing else after `close`. */
export type TablesOrder = { call: number; tenantId: string; upTo: number; limitOctets: number } | 'close'
/** What it says of a call: the last tick that the tables know, undefined when nothing is left; or why it failed. */
export type TablesNews = { call: number; tick: number | undefined } | { call: number; failure: string }

/** A chunk of one tenant is prepared while that of another one is being written. */
const CONNECTIONS = 2

const { databaseUrl } = workerData as TablesSetup
const database = openDatabase(databaseUrl, CONNECTIONS)
const port = parentPort!
const say = (news: TablesNews): void => port.postMessage(news)

port.on('message', (order: TablesOrder) => {
  if (order === 'close') return void database.end().finally(() => port.close())
  const { call, tenantId, upTo, limitOctets } = order
  const advanced = database.tx(tenantId, (tx) => {
    findByIndex(tx)
    return replay(tx, upTo, limitOctets)
  })
  advanced.then(
    (tick) => say({ call, tick }),
    (error: Error) => say({ call, failure: error.stack ?? error.message }),
  )
})
