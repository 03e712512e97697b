/** The form that an HTTP gateway for USSD posts: the whole dialled code is the service code, nothing was entered yet. */
export function dialForm(
  dial: { session: string; address: string; code: string },
  networkCode: string,
): string {
  return new URLSearchParams({
    sessionId: dial.session,
    phoneNumber: dial.address,
    networkCode,
    serviceCode: dial.code,
    text: '',
  }).toString()
}

/** What the phone shows of a gateway's answer: the text behind `END ` or `CON `. */
export function shownBy(answer: string): string {
  return answer.replace(/^(?:END|CON)\s?/, '')
}
