import { Skeleton, Textarea } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'
import { NotYaml, parsedYaml, useYaml } from '../documents/yaml.ts'
import { Panel } from '../report/Panel.tsx'
import styles from './loyalty.module.css'

type YamlPanelProps<Document extends object> = {
  document: Document
  schema: z.ZodType<Document>
  change(next: Document): void
}

/**
 * The whole document as YAML, in the order of its schema, which can be written in. What is typed goes over to the form as soon as it is such a
 * document; whatever the form changes is written anew here.
 */
export function YamlPanel<Document extends { kind: string; id: string }>({
  document,
  schema,
  change,
}: YamlPanelProps<Document>) {
  const { t } = useTranslation()
  const ordered = useMemo(() => schema.safeParse(document).data ?? document, [document, schema])
  const written = useYaml(ordered)
  const [typed, setTyped] = useState<{ text: string; document: Document; problem: string | null } | null>(
    null,
  )
  const own = typed?.document === document ? typed : null
  const take = async (text: string): Promise<void> => {
    setTyped({ text, document, problem: null })
    const { found, problem } = await read(text, schema)
    const isOther = found !== undefined && (found.kind !== document.kind || found.id !== document.id)
    if (found === undefined || isOther) {
      setTyped({ text, document, problem: isOther ? t('loyalty.yamlOther') : problem })
      return
    }
    setTyped({ text, document: found, problem: null })
    change(found)
  }
  return (
    <Panel title={t('loyalty.yaml')} unit={t('loyalty.yamlUnit')} means={t('loyalty.yamlMeans')}>
      {own === null && written === undefined ? (
        <Skeleton height={320} />
      ) : (
        <Textarea
          aria-label={t('loyalty.yaml')}
          classNames={{ input: styles.yaml! }}
          autosize
          minRows={8}
          maxRows={34}
          spellCheck={false}
          value={own?.text ?? written ?? ''}
          error={own?.problem ? t('loyalty.yamlWrong', { problem: own.problem }) : undefined}
          onChange={(event) => void take(event.currentTarget.value)}
        />
      )}
    </Panel>
  )
}

type Read<Document> = { found?: Document; problem: string }

async function read<Document>(text: string, schema: z.ZodType<Document>): Promise<Read<Document>> {
  const parsed = await parsedYaml(text).catch((error: unknown) => {
    if (error instanceof NotYaml) return error
    throw error
  })
  if (parsed instanceof NotYaml) return { problem: parsed.message }
  const checked = schema.safeParse(parsed)
  if (checked.success) return { found: checked.data, problem: '' }
  const [issue] = checked.error.issues
  return { problem: issue ? [issue.path.join('.'), issue.message].filter(Boolean).join(' · ') : '' }
}
