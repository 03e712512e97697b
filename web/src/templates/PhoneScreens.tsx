import { IconLock, IconMapPin } from '@tabler/icons-react'
import type { ShownContent } from './content.ts'
import { usePhoneWords } from './phone-words.ts'
import styles from './phone.module.css'

type ScreenProps = { content: ShownContent }

/** The letter: its head, and its HTML in a frame that may run nothing and reach nothing. */
export function EmailScreen({ content }: ScreenProps) {
  const { t } = usePhoneWords()
  return (
    <div className={styles.mail}>
      <div className={styles.mailHead}>
        <strong>{content.subject ?? t('phone.noSubject')}</strong>
        <span className={styles.from}>
          {t('phone.sender')} · {t('phone.today')}
        </span>
      </div>
      {content.html === undefined ? (
        <p className={`${styles.words} ${styles.letter}`}>{content.text}</p>
      ) : (
        <iframe className={styles.html} title={t('phone.letter')} sandbox="" srcDoc={content.html} />
      )}
    </div>
  )
}

/** A banner on the locked screen. */
export function PushScreen({ content, isWeb }: ScreenProps & { isWeb: boolean }) {
  const { t } = usePhoneWords()
  return (
    <div className={styles.lock}>
      <IconLock size={18} stroke={1.8} aria-hidden />
      <span className={styles.clock} aria-hidden>
        9:41
      </span>
      <div className={styles.banner}>
        <span className={styles.bannerHead}>
          <span className={styles.face} aria-hidden />
          {isWeb ? t('phone.site') : t('phone.sender')}
          <span className={styles.now}>{t('phone.now')}</span>
        </span>
        <span className={styles.bannerBody}>
          <span>
            {content.subject !== undefined && <strong className={styles.subject}>{content.subject}</strong>}
            <span className={styles.words}>{content.text}</span>
          </span>
          {content.media?.contentType.startsWith('image/') && (
            <img className={styles.thumb} src={content.media.url} alt={t('phone.picture')} />
          )}
        </span>
        {content.choices && content.choices.length > 0 && (
          <span className={styles.bannerActs}>
            {content.choices.map(({ id, label }) => (
              <span key={id}>{label}</span>
            ))}
          </span>
        )}
      </div>
    </div>
  )
}

/** What the SIM card or the network puts over everything else, on the plainest phone. */
export function PopUpScreen({ content, isUssd }: ScreenProps & { isUssd: boolean }) {
  const { t } = usePhoneWords()
  const choices = content.choices ?? []
  const isList = choices.length > 1
  return (
    <div className={styles.sim}>
      <div className={styles.popUp}>
        {!isUssd && <strong className={styles.subject}>{t('phone.sender')}</strong>}
        <span className={styles.words}>{content.text}</span>
        {isList && (
          <ol className={styles.menu}>
            {choices.map(({ id, label }) => (
              <li key={id}>{label}</li>
            ))}
          </ol>
        )}
        {isUssd && <span className={styles.entry} aria-hidden />}
        <span className={styles.popUpActs}>
          <span>{t('phone.cancel')}</span>
          <span>{isList || choices.length === 0 ? t('phone.ok') : choices[0]!.label}</span>
        </span>
      </div>
    </div>
  )
}

/** An entry of the calendar, with the answers that a calendar asks for. */
export function CalendarScreen({ content }: ScreenProps) {
  const { t, language } = usePhoneWords()
  const { appointment } = content
  const locale = language === 'en' ? 'en-GB' : language
  const part = (ms: number, options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat(locale, { ...options, timeZone: appointment!.timeZone }).format(ms)
  return (
    <div className={styles.calendar}>
      {appointment && (
        <div className={styles.entryHead}>
          <span className={styles.date}>
            <span>{part(appointment.startsAtMs, { month: 'short' })}</span>
            <strong>{part(appointment.startsAtMs, { day: 'numeric' })}</strong>
          </span>
          <span>
            <strong className={styles.subject} data-cancelled={appointment.method === 'cancel' || undefined}>
              {content.subject ?? content.text}
            </strong>
            <span className={styles.from}>
              {part(appointment.startsAtMs, { weekday: 'long' })},{' '}
              {part(appointment.startsAtMs, { hour: '2-digit', minute: '2-digit' })}–
              {part(appointment.endsAtMs, { hour: '2-digit', minute: '2-digit' })}
            </span>
            <span className={styles.from}>{appointment.timeZone}</span>
          </span>
        </div>
      )}
      {appointment?.location !== undefined && (
        <span className={styles.place}>
          <IconMapPin size={15} stroke={1.7} aria-hidden />
          {appointment.location}
        </span>
      )}
      <p className={styles.words}>{content.text}</p>
      {appointment?.method === 'cancel' ? (
        <span className={styles.from}>{t('phone.cancelled')}</span>
      ) : (
        <span className={styles.bannerActs}>
          <span>{t('phone.accept')}</span>
          <span>{t('phone.maybe')}</span>
          <span>{t('phone.decline')}</span>
        </span>
      )}
    </div>
  )
}

/** An advertisement below somebody's channel, with the mark that the law asks for. */
export function AdScreen({ content }: ScreenProps) {
  const { t } = usePhoneWords()
  return (
    <div className={styles.chat}>
      <span className={styles.post} aria-hidden>
        <span className={styles.ghostLine} />
        <span className={styles.ghostLine} />
        <span className={styles.ghostLine} />
      </span>
      <span className={styles.ad}>
        <span className={styles.adHead}>
          <strong>{t('phone.sender')}</strong>
          <span className={styles.mark}>{t('phone.ad')}</span>
        </span>
        <span className={styles.words}>{content.text}</span>
        {content.link !== undefined && <span className={styles.choice}>{t('phone.open')}</span>}
        <span className={styles.from}>erid: 2Vtzq…</span>
      </span>
    </div>
  )
}

/** What leaves as data: another system shows it. */
export function RawScreen({ content }: ScreenProps) {
  return <pre className={styles.raw}>{JSON.stringify(content, null, 2)}</pre>
}
