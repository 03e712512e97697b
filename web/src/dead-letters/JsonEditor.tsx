import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { placeOf } from './json-place.ts'
import styles from './editor.module.css'

type JsonEditorProps = {
  text: string
  change(text: string): void
  /** The field to be marked. */
  field: string | undefined
  readOnly: boolean
}

/** Why a text is no JSON, or null when it is. */
export function faultOf(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * A plain text field over the same text with the mark, so that copying, undoing and reading aloud are the browser's
 * own. Both have one grid cell and one type face: where the text breaks, the mark breaks too.
 */
export function JsonEditor({ text, change, field, readOnly }: JsonEditorProps) {
  const { t } = useTranslation()
  const noteId = useId()
  const fault = faultOf(text)
  const place = field === undefined ? undefined : placeOf(text, field)
  return (
    <div>
      <div className={styles.editor} data-fault={fault !== null || undefined}>
        <pre aria-hidden className={styles.under}>
          {place ? (
            <>
              {text.slice(0, place.start)}
              <mark data-missing={place.missing || undefined}>{text.slice(place.start, place.end)}</mark>
              {text.slice(place.end)}
            </>
          ) : (
            text
          )}
          {'\n'}
        </pre>
        <textarea
          className={styles.text}
          value={text}
          onChange={(event) => change(event.currentTarget.value)}
          readOnly={readOnly}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          aria-label={t('deadLetters.event')}
          aria-describedby={noteId}
          aria-invalid={fault !== null}
        />
      </div>
      <p id={noteId} className={styles.note}>
        {fault !== null && (
          <span className={styles.fault}>{t('deadLetters.notJson', { detail: fault })}</span>
        )}
        {fault === null && place && field !== undefined && (
          <span>
            {place.missing
              ? t('deadLetters.missingField', { field })
              : t('deadLetters.markedField', { field })}
          </span>
        )}
      </p>
    </div>
  )
}
