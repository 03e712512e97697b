import { IconBattery3, IconChevronLeft, IconPhoto, IconWifi } from '@tabler/icons-react'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Language } from '../paths.ts'
import { channelName } from './channels.ts'
import type { ShownContent } from './content.ts'
import { AdScreen, CalendarScreen, EmailScreen, PopUpScreen, PushScreen, RawScreen } from './PhoneScreens.tsx'
import { PhoneLanguage, usePhoneWords } from './phone-words.ts'
import styles from './phone.module.css'

type PhoneProps = { channel: string; content: ShownContent }
type SpeakingPhoneProps = PhoneProps & { language: Language }

const CHATS = new Set(['sms', 'mms', 'rcs', 'telegram', 'whatsapp', 'viber'])

/** A phone that shows what the channel makes of a message: the same words look different in each. */
export function Phone({ channel, content, language }: SpeakingPhoneProps) {
  const { t } = useTranslation()
  const name = channelName(channel, t)
  const isSmall = channel === 'dstk' || channel === 'ussd'
  return (
    <figure
      className={styles.phone}
      data-channel={channel}
      data-small={isSmall || undefined}
      aria-label={t('phone.label', { channel: name })}
    >
      <div className={styles.status} aria-hidden>
        <span>9:41</span>
        <span className={styles.signs}>
          <IconWifi size={14} stroke={2} />
          <IconBattery3 size={16} stroke={1.8} />
        </span>
      </div>
      <div className={styles.screen} tabIndex={0} role="group" aria-label={name}>
        <PhoneLanguage value={language}>
          <Screen channel={channel} content={content} name={name} />
        </PhoneLanguage>
      </div>
    </figure>
  )
}

function Screen({ channel, content, name }: PhoneProps & { name: string }) {
  if (CHATS.has(channel)) return <ChatScreen channel={channel} content={content} />
  switch (channel) {
    case 'email':
      return <EmailScreen content={content} />
    case 'push':
    case 'webpush':
      return <PushScreen content={content} isWeb={channel === 'webpush'} />
    case 'dstk':
    case 'ussd':
      return <PopUpScreen content={content} isUssd={channel === 'ussd'} />
    case 'calendar':
      return <CalendarScreen content={content} />
    case 'telegram-ads':
      return <AdScreen content={content} />
    case 'inbox':
      return <InboxScreen content={content} name={name} />
    default:
      return <RawScreen content={content} />
  }
}

/** The picture of a message; where it cannot be fetched from here, its address stands in its place. */
export function Picture({ media }: { media: ShownContent['media'] }) {
  const { t } = usePhoneWords()
  const [failed, setFailed] = useState<string | null>(null)
  if (!media) return null
  const isPicture = media.contentType.startsWith('image/') && /^(https?:|data:image)/.test(media.url)
  if (isPicture && failed !== media.url)
    return (
      <img
        className={styles.picture}
        src={media.url}
        alt={t('phone.picture')}
        onError={() => setFailed(media.url)}
      />
    )
  return (
    <span className={styles.noPicture}>
      <IconPhoto size={22} stroke={1.4} aria-hidden />
      <span>{media.url}</span>
    </span>
  )
}

/** Buttons as the channel draws them; the link is one where a channel has no place for it in the text. */
export function Choices({ content, withLink }: { content: ShownContent; withLink: boolean }) {
  const { t } = usePhoneWords()
  const link = withLink && content.link !== undefined && !content.text.includes(content.link)
  if (!content.choices?.length && !link) return null
  return (
    <span className={styles.choices}>
      {content.choices?.map(({ id, label }) => (
        <span key={id} className={styles.choice}>
          {label}
        </span>
      ))}
      {link && <span className={styles.choice}>{t('phone.open')}</span>}
    </span>
  )
}

const URL_IN_TEXT = /(https?:\/\/[^\s]+)/g

/** The text with its links as a phone marks them. */
export function Words({ text }: { text: string }) {
  return (
    <span className={styles.words}>
      {text.split(URL_IN_TEXT).map((part, index) =>
        index % 2 === 1 ? (
          <span key={index} className={styles.link}>
            {part}
          </span>
        ) : (
          part
        ),
      )}
    </span>
  )
}

function ChatScreen({ channel, content }: PhoneProps) {
  const { t } = usePhoneWords()
  return (
    <>
      <Bar>{t('phone.sender')}</Bar>
      <div className={styles.chat}>
        <span className={styles.when}>{t('phone.today')}</span>
        <span className={styles.bubble}>
          <Picture media={content.media} />
          {content.subject !== undefined && <strong className={styles.subject}>{content.subject}</strong>}
          <Words text={content.text} />
          {channel !== 'sms' && channel !== 'telegram' && <Choices content={content} withLink />}
        </span>
        {channel === 'telegram' && <Choices content={content} withLink />}
      </div>
    </>
  )
}

function InboxScreen({ content, name }: { content: ShownContent; name: string }) {
  return (
    <>
      <Bar>{name}</Bar>
      <div className={styles.cards}>
        <span className={styles.card}>
          <Picture media={content.media} />
          <span className={styles.cardWords}>
            {content.subject !== undefined && <strong>{content.subject}</strong>}
            <Words text={content.text} />
            <Choices content={content} withLink />
          </span>
        </span>
        <span className={styles.ghost} aria-hidden />
        <span className={styles.ghost} aria-hidden />
      </div>
    </>
  )
}

/** The head of an app: who speaks. */
export function Bar({ children }: { children: ReactNode }) {
  return (
    <div className={styles.bar}>
      <IconChevronLeft size={17} stroke={1.8} aria-hidden />
      <span className={styles.face} aria-hidden />
      <strong>{children}</strong>
    </div>
  )
}
