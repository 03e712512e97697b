import {
  IconAppWindow,
  IconBell,
  IconBellRinging,
  IconBrandTelegram,
  IconBrandWhatsapp,
  IconCalendarEvent,
  IconDeviceMobileMessage,
  IconHash,
  IconInbox,
  IconMail,
  IconMessage2,
  IconMessageCircle2,
  IconPhoneCall,
  IconPhoto,
  IconSpeakerphone,
  IconWebhook,
} from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { channelName } from './channels.ts'
import styles from '../shell/page.module.css'

const ICONS: Record<string, typeof IconMail> = {
  sms: IconMessage2,
  dstk: IconAppWindow,
  ussd: IconHash,
  mms: IconPhoto,
  rcs: IconDeviceMobileMessage,
  email: IconMail,
  push: IconBell,
  webpush: IconBellRinging,
  telegram: IconBrandTelegram,
  whatsapp: IconBrandWhatsapp,
  viber: IconPhoneCall,
  calendar: IconCalendarEvent,
  inbox: IconInbox,
  'telegram-ads': IconSpeakerphone,
  webhook: IconWebhook,
}

/** A channel's sign and name, the same wherever it stands. */
export function ChannelMark({ channel }: { channel: string }) {
  const { t } = useTranslation()
  const Icon = ICONS[channel] ?? IconMessageCircle2
  return (
    <span className={styles.channel}>
      <Icon size={16} stroke={1.6} aria-hidden />
      {channelName(channel, t)}
    </span>
  )
}
