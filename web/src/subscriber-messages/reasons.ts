import type { TFunction } from 'i18next'
import { durationWords } from '../cascades/duration.ts'
import type { Format } from '../format/format.ts'
import { channelName } from '../templates/channels.ts'

/** Codes that have words of their own; others, such as a provider's own, are shown as they are. */
export const knownReasons = [
  'absent',
  'address_invalid',
  'agent_not_permitted',
  'answered',
  'blocked',
  'bot_blocked',
  'bounced',
  'cancelled',
  'cap_reached',
  'cascade_missing',
  'channel_down',
  'channel_missing',
  'chat_busy',
  'chat_not_found',
  'choice_id_too_long',
  'complained',
  'connection_lost',
  'deleted',
  'deleted_unread',
  'dialogue_open',
  'dismissed',
  'expired',
  'expires_too_soon',
  'finished',
  'generic_nack',
  'internal',
  'invalid_destination_address',
  'invalid_message_length',
  'invalid_source_address',
  'link_elsewhere',
  'login_refused',
  'mailbox_unknown',
  'malformed',
  'marketing_cap',
  'media_missing',
  'media_too_large',
  'media_unavailable',
  'minimum_gap',
  'no_address',
  'no_answer',
  'no_consent',
  'not_bound',
  'not_connected',
  'not_matched',
  'not_on_viber',
  'not_on_whatsapp',
  'not_rcs',
  'not_started',
  'not_stored',
  'not_taken',
  'nothing_to_send',
  'opted_out',
  'pair_rate_limited',
  'paused',
  'permanent_error',
  'process_ended',
  'push_service_unknown',
  'queue_full',
  'quiet_hours',
  'rate_limited',
  'refused',
  'rejected',
  'resolved_by_receipt',
  'send_window',
  'sender_id_mismatch',
  'sender_refused',
  'skipped',
  'stale',
  'stopped',
  'stopping',
  'submit_failed',
  'subscription_gone',
  'subscription_invalid',
  'system_error',
  'template_failed',
  'template_missing',
  'temporary_error',
  'text_too_long',
  'throttled',
  'timeout',
  'token_invalid',
  'token_refused',
  'token_unreachable',
  'token_unregistered',
  'too_large_or_mailbox_full',
  'too_long',
  'too_many_choices',
  'undelivered',
  'unknown',
  'unreachable',
  'unrecognised',
  'window_closed',
] as const

/** The values by which the gate decided. */
export type Saw = Record<string, unknown> | null

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** A reason in words, with the values that it was decided by where they are known. */
export function reasonText(reason: string, saw: Saw, t: TFunction, format: Format): string {
  const period = textOf(saw?.['period'])
  if (reason === 'cap_reached' && period !== undefined) {
    const of = textOf(saw?.['of'])
    return t('reasonSaw.cap_reached', {
      counted: format.count(Number(saw?.['counted'] ?? 0)),
      limit: format.count(Number(saw?.['limit'] ?? 0)),
      period: durationWords(period, format.language),
      of: of === undefined || of === 'all channels' ? t('reasonSaw.allChannels') : channelName(of, t),
    })
  }
  const gap = textOf(saw?.['minimumGap'])
  const last = saw?.['lastAtMs']
  if (reason === 'minimum_gap' && gap !== undefined && typeof last === 'number')
    return t('reasonSaw.minimum_gap', {
      gap: durationWords(gap, format.language),
      last: format.dayTime(new Date(last).toISOString()),
    })
  const zone = textOf(saw?.['timeZone'])
  if ((reason === 'quiet_hours' || reason === 'send_window') && zone !== undefined)
    return t(`reasonSaw.${reason}`, { zone })
  const known = knownReasons.find((one) => one === reason)
  return known === undefined ? reason.replaceAll('_', ' ') : t(`reason.${known}`)
}
