import type { DocumentKind, DocumentReader, Problem } from '../platform/index.ts'
import { channelSecrets, channelSettings } from './channels/kinds.ts'
import { type Cascade, cascade, contactPolicy, type Template, template } from './contract.ts'
import { linkDomain } from './links/domain.ts'
import { optOutWords } from './opt-out.ts'
import { checkTemplate } from './template-check.ts'

/** The kinds of document that this module reads, with the checks that need more than their schema. */
export const messagingDocuments: DocumentKind[] = [
  { kind: 'Template', schema: template, check: (document: Template) => checkTemplate(document) },
  { kind: 'Cascade', schema: cascade, check: checkCascade },
  { kind: 'LinkDomain', schema: linkDomain },
  { kind: 'OptOutWords', schema: optOutWords },
  { kind: 'ContactPolicy', schema: contactPolicy },
  { kind: 'Channel', schema: channelSettings, secrets: channelSecrets },
]

function checkCascade(document: Cascade, reader: DocumentReader): Problem[] {
  return document.steps.flatMap((step, i): Problem[] => {
    const found = reader.get('Template', step.template) as Template | undefined
    const field = `steps.${i}.template`
    if (!found) {
      return [
        {
          code: 'reference_missing',
          message: `no template "${step.template}"`,
          field,
          found: step.template,
          expected: 'id of a Template',
        },
      ]
    }
    if (found.channel !== step.channel) {
      return [
        {
          code: 'reference_wrong',
          message: `template "${step.template}" is for channel ${found.channel}`,
          field,
          found: found.channel,
          expected: step.channel,
        },
      ]
    }
    return []
  })
}
