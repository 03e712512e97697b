import { Button, Skeleton } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { MessageLine } from '../delivery/answers.ts'
import { FormatContext, makeFormat, useFormat } from '../format/format.ts'
import { paths, type Language } from '../paths.ts'
import { ServerFailure } from '../server.ts'
import { ConnectionLost, FailureNotice } from '../shell/Failures.tsx'
import { TenantFormat } from '../shell/TenantFormat.tsx'
import { useTitle } from '../shell/title.ts'
import { Waiting } from '../shell/Waiting.tsx'
import { messagesQuery, subscriberQuery } from './answers.ts'
import { MessageItem } from './MessageItem.tsx'
import { SubscriberSearch } from './SubscriberSearch.tsx'
import page from '../shell/page.module.css'
import styles from './subscriber.module.css'

/** Everything that was said to one subscriber, or kept back, and why. */
export function SubscriberMessagesPage() {
  const { t } = useTranslation()
  useTitle(t('subscriber.title'))
  return (
    <TenantFormat waiting={<PageWaiting />}>
      <Place />
    </TenantFormat>
  )
}

function Place() {
  const { t } = useTranslation()
  const navigate = useNavigate({ from: paths.subscriberMessages })
  const { subscriber } = useSearch({ from: paths.subscriberMessages })
  return (
    <div className={page.page}>
      <div>
        <h1>{t('subscriber.title')}</h1>
        <p className={page.unit}>{t('subscriber.unit')}</p>
      </div>
      <div className={styles.search}>
        <SubscriberSearch
          shown={subscriber}
          act={t('subscriber.show')}
          found={({ subscriberId }) =>
            void navigate({ search: (now) => ({ ...now, subscriber: subscriberId, message: undefined }) })
          }
        />
      </div>
      {subscriber === undefined ? (
        <section className={page.empty}>
          <h2>{t('subscriber.nobody')}</h2>
          <p className="soft">{t('subscriber.nobodyHelp')}</p>
        </section>
      ) : (
        <Story key={subscriber} subscriberId={subscriber} />
      )}
    </div>
  )
}

function Story({ subscriberId }: { subscriberId: number }) {
  const { t } = useTranslation()
  const head = useQuery(subscriberQuery(subscriberId))
  const messages = useInfiniteQuery(messagesQuery(subscriberId))
  const error = head.error ?? messages.error
  if (error instanceof ServerFailure && error.kind === 'missing')
    return (
      <p role="alert" className="soft">
        {t('subscriber.unknown')}
      </p>
    )
  if (!head.data || !messages.data) return error ? <FailureNotice error={error} /> : <Skeleton height={360} />
  return (
    <InZone timeZone={head.data.timeZone}>
      <p className={styles.facts}>
        <span>{t('subscriber.number', { id: subscriberId })}</span>
        <span>{t('subscriber.zone', { zone: head.data.timeZone })}</span>
        <span>{t(`languageName.${head.data.language}`)}</span>
        <span>
          {t('subscriber.count', { formatted: `${messages.data.length}${messages.hasNextPage ? '+' : ''}` })}
        </span>
      </p>
      {messages.data.length === 0 ? (
        <section className={page.empty}>
          <h2>{t('subscriber.none')}</h2>
          <p className="soft">{t('subscriber.noneHelp')}</p>
        </section>
      ) : (
        <Timeline messages={messages.data} />
      )}
      {messages.hasNextPage && (
        <Button
          variant="default"
          loading={messages.isFetchingNextPage}
          onClick={() => void messages.fetchNextPage()}
        >
          {t('subscriber.older')}
        </Button>
      )}
      <ConnectionLost error={error} lastAnswerMs={messages.dataUpdatedAt} />
    </InZone>
  )
}

/** Tells moments as the subscriber's own clock has them. */
function InZone({ timeZone, children }: { timeZone: string; children: ReactNode }) {
  const { i18n } = useTranslation()
  const format = useFormat()
  const { currency, decimals } = format
  const own = useMemo(
    () => makeFormat(i18n.language as Language, { currency, currencyDecimals: decimals, timeZone }),
    [i18n.language, currency, decimals, timeZone],
  )
  return <FormatContext value={own}>{children}</FormatContext>
}

/** The messages by the subscriber's days, the latest first. */
function Timeline({ messages }: { messages: readonly MessageLine[] }) {
  const { i18n } = useTranslation()
  const { timeZone } = useFormat()
  const { message: open } = useSearch({ from: paths.subscriberMessages })
  const navigate = useNavigate({ from: paths.subscriberMessages })
  const days = useMemo(() => {
    const name = new Intl.DateTimeFormat(i18n.language === 'en' ? 'en-GB' : i18n.language, {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
      timeZone,
    })
    return [...Map.groupBy(messages, ({ queuedAt }) => name.format(new Date(queuedAt)))]
  }, [messages, i18n.language, timeZone])
  return (
    <div className={styles.days}>
      {days.map(([day, own]) => (
        <section key={day} className={styles.day}>
          <h2>{day}</h2>
          <ol className={styles.messages}>
            {own.map((message) => (
              <MessageItem
                key={message.messageId}
                message={message}
                isOpen={message.messageId === open}
                toggle={() =>
                  void navigate({
                    search: (now) => ({
                      ...now,
                      message: message.messageId === open ? undefined : message.messageId,
                    }),
                    replace: true,
                    resetScroll: false,
                  })
                }
              />
            ))}
          </ol>
        </section>
      ))}
    </div>
  )
}

function PageWaiting() {
  const { t } = useTranslation()
  return (
    <Waiting said={t('subscriber.loading')}>
      <Skeleton height={28} width={220} />
      <Skeleton height={360} radius="md" />
    </Waiting>
  )
}
