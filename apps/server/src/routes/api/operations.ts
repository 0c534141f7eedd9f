import type { SwaggerTransformObject } from '@fastify/swagger'

interface Operation {
  operationId?: string
  requestBody?: { required?: boolean; content?: Record<string, { schema?: { required?: string[] } }> }
}

/**
 * Corrects two facts that @fastify/swagger cannot know. A body without required members is optional, because an empty
 * body means {}. And HEAD is an operation of its own, so it needs an `operationId` that differs from that of GET.
 */
export const correctOperations: SwaggerTransformObject = document => {
  if (!('openapiObject' in document)) return document.swaggerObject
  const { openapiObject } = document
  for (const methods of Object.values(openapiObject.paths ?? {}) as Record<string, Operation>[]) {
    for (const { requestBody } of Object.values(methods))
      if (requestBody && !needsBody(requestBody)) requestBody.required = false
    if (methods.head) methods.head = { ...methods.head, operationId: `${methods.head.operationId}Head` }
  }
  return openapiObject
}

const needsBody = ({ content = {} }: NonNullable<Operation['requestBody']>): boolean =>
  Object.values(content).some(({ schema }) => (schema?.required ?? []).length > 0)
