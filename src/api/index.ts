export { clockRoutes } from './clock.ts'
export { consoleRoutes } from './console.ts'
export { documentRoutes } from './documents.ts'
