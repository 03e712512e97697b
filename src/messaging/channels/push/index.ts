/** Pushes: to apps through Firebase, to browsers through their own services. */
export { push } from './fcm.ts'
export { webpush } from './webpush.ts'
