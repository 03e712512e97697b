import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { schemaOf } from '../src/api/index.ts'
import type { FastifyInstance, Operation } from '../src/platform/index.ts'

/**
 * Holds every answer against what the description of the API says of its route, so that the tests that ask routes hold
 * the description too; what differs answers 500. To be called before the routes are added. Returns the operations that were
 * answered.
 */
export function holdAnswers(http: FastifyInstance): ReadonlySet<Operation> {
  const answered = new Set<Operation>()
  const validators = new Map<object, ValidateFunction>()
  http.addHook('onSend', async (request, reply, payload) => {
    const { operation } = request.routeOptions.config
    if (!operation || reply.statusCode >= 300) return payload
    answered.add(operation)
    const { answer } = operation
    const type = String(reply.getHeader('content-type') ?? '')
    if (answer === null) {
      if (payload) throw new Error(`${request.routeOptions.url} answers what it does not describe`)
    } else if (typeof answer === 'string') {
      if (!type.startsWith(answer))
        throw new Error(`${request.routeOptions.url} answers ${type}, not ${answer}`)
    } else if (type.startsWith('application/json')) {
      let validate = validators.get(answer)
      if (!validate) {
        validate = new Ajv2020({ validateFormats: false }).compile(schemaOf(answer, 'output'))
        validators.set(answer, validate)
      }
      if (!validate(JSON.parse(String(payload)))) {
        throw new Error(`${request.routeOptions.url} differs: ${JSON.stringify(validate.errors)}`)
      }
    }
    return payload
  })
  return answered
}
