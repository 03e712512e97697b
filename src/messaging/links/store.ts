import type { Tx } from '../../platform/index.ts'

/** How many numbers one draw gives: the step of the sequence. */
export const NUMBERS_A_DRAW = 16_384

/** The first of the next `NUMBERS_A_DRAW` numbers that nobody else has. */
export async function drawNumbers(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ first: bigint }>(`select nextval('messaging.link_number') as first`)
  return Number(row!.first)
}

export type LinkBlock = {
  firstNumber: number
  /** 16 octets a link. */
  messageIds: Buffer
  /** Of each link its place in `targets`, counted from 1. */
  targetOf: number[]
  targets: string[]
}

/** Stores the links of a batch of messages, one row. */
export async function insertLinkBlock(tx: Tx, block: LinkBlock, at: Temporal.Instant): Promise<void> {
  await tx.query(
    `insert into messaging.link_block (tenant_id, first_number, size, message_ids, target_of, targets, made_at)
     values (current_setting('tenure.tenant_id'), $1, $2, $3, $4::int[], $5::text[], $6)`,
    [block.firstNumber, block.targetOf.length, block.messageIds, block.targetOf, block.targets, at],
  )
}

export type ShortLink = { tenantId: string; messageId: string; target: string; number: number }

/** Where a link leads; of whichever tenant. */
export async function selectLink(tx: Tx, number: number): Promise<ShortLink | undefined> {
  const [row] = await tx.query<ShortLink>(
    `select tenant_id as "tenantId", message_id as "messageId", target from messaging.link_of($1::int8)`,
    [number],
  )
  return row && { ...row, number }
}

export type StoredClick = {
  number: number
  messageId: string
  atMs: number
  device: string
  bot: string | null
}

/** Keeps requests for links. */
export async function insertClicks(tx: Tx, clicks: StoredClick[]): Promise<void> {
  await tx.query(
    `insert into messaging.link_click (tenant_id, number, message_id, at, device, bot)
     select current_setting('tenure.tenant_id'), number, message_id, to_timestamp(at_ms / 1000.0), device, bot
     from unnest($1::int8[], $2::uuid[], $3::float8[], $4::text[], $5::text[]) as given (number, message_id, at_ms, device, bot)`,
    [
      clicks.map((click) => click.number),
      clicks.map((click) => click.messageId),
      clicks.map((click) => click.atMs),
      clicks.map((click) => click.device),
      clicks.map((click) => click.bot),
    ],
  )
}

/** Clicks of a message in their order, those of machines among them. */
export function selectClicks(tx: Tx, messageId: string): Promise<StoredClick[]> {
  return tx.query<StoredClick>(
    `select number::float8 as number, message_id as "messageId", device, bot,
            (extract(epoch from at) * 1000)::float8 as "atMs"
     from messaging.link_click where message_id = $1::uuid order by click_id`,
    [messageId],
  )
}
