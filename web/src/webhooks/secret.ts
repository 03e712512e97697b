const SECRET_BYTES = 32

/** A secret as the Standard Webhooks specification writes it, drawn in this browser. */
export const drawnSecret = (): string =>
  `whsec_${btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(SECRET_BYTES))))}`

/** Whether a document still says its secret; what is saved says that it is kept. */
export const isTold = (secret: string): boolean => secret.startsWith('whsec_')
