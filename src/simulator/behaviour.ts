/**
 * Every parameter of the simulated world, with its unit, its meaning and where the figure comes from.
 *
 * "Reasoned" means: no public source gives the figure; it is set once from what is plausible for a prepaid mobile
 * subscriber and left alone. Nothing here was fitted to the result of a campaign. Shares are of 1, money is in
 * kopecks (100 = one rouble), personal traits are spread log-normally: `median` and `sigma` of the logarithm.
 */
export type Spread = { median: number; sigma: number }

export type Behaviour = Readonly<typeof defaultBehaviour>

export const defaultBehaviour = {
  /** Grid of simulated time, seconds. Half an hour is how often mediation hands over usage files (3GPP TS 32.297 leaves it to the operator). */
  worldStepS: 1800,

  /** The made-up base. A base from a file replaces what its mapping states. */
  base: {
    /** Tariffs on sale: MB a month, fee a month, share of subscribers. Reasoned: small packages, where running out is common. */
    tariffs: [
      { packageMb: 500, monthlyFeeMinor: 15_000, share: 0.2 },
      { packageMb: 1000, monthlyFeeMinor: 20_000, share: 0.35 },
      { packageMb: 2000, monthlyFeeMinor: 30_000, share: 0.3 },
      { packageMb: 3000, monthlyFeeMinor: 40_000, share: 0.15 },
    ],
    /** Languages of messages. Reasoned: an operator in Russia with some subscribers from elsewhere. */
    languages: [
      { language: 'ru', share: 0.86 },
      { language: 'uk', share: 0.09 },
      { language: 'en', share: 0.05 },
    ],
    /** Time zones by roughly their share of population (Rosstat, federal districts), and one that keeps summer time. */
    timeZones: [
      { timeZone: 'Europe/Moscow', share: 0.58 },
      { timeZone: 'Europe/Kyiv', share: 0.05 },
      { timeZone: 'Europe/Samara', share: 0.07 },
      { timeZone: 'Asia/Yekaterinburg', share: 0.12 },
      { timeZone: 'Asia/Novosibirsk', share: 0.09 },
      { timeZone: 'Asia/Krasnoyarsk', share: 0.05 },
      { timeZone: 'Asia/Vladivostok', share: 0.04 },
    ],
    /** Months on the network: exponential with this mean, cut at `maxTenureMonths`. Reasoned: 24–36 months of lifetime (mission, D2). */
    meanTenureMonths: 30,
    maxTenureMonths: 180,
    /** Share that agreed to advertising by SMS and by pop-up. Reasoned: consent is asked for in the contract. */
    consentSmsShare: 0.85,
    consentDstkShare: 0.8,
  },

  /** The wish for data. */
  need: {
    /** Wanted MB a month divided by the package. Reasoned: most choose a package that nearly fits, with a long tail. */
    ratio: { median: 0.9, sigma: 0.45 },
    /** Usage records a day. One record is what mediation sums up for a stretch of use, so less than one a day on average. */
    sessionsPerDay: { median: 0.62, sigma: 0.45 },
    /** Spread of the volume of one record around the person's mean. Reasoned: heavy-tailed, as traffic volumes are. */
    volumeSigma: 0.7,
    /** Relative use by local hour 0–23 on a working day; peaks of mobile data in the evening (operators' published load curves). */
    hours: [
      0.45, 0.25, 0.15, 0.1, 0.1, 0.2, 0.45, 0.8, 1.0, 1.05, 1.05, 1.1, 1.2, 1.15, 1.1, 1.1, 1.15, 1.3, 1.5,
      1.65, 1.75, 1.7, 1.4, 0.85,
    ],
    /** Factor of each weekday, Monday first. Reasoned: a little more on days off. */
    weekdays: [0.95, 0.95, 0.95, 0.98, 1.05, 1.1, 1.02],
    /** Importance of mobile data to the person, factor on utility. Reasoned. */
    importance: { median: 1, sigma: 0.4 },
  },

  /** What happens near and after the end of the package. */
  exhaustion: {
    /** Share that begins to save when 90 % is used (mission, C7: "people save the rest of their traffic instead of buying"). */
    saverShare: 0.55,
    /** Use of a saver from then on, as a factor on volume. Reasoned. */
    savingFactor: 0.3,
    /**
     * Seconds from the last megabyte of the package to the first record by the megabyte. The session that crosses the
     * end goes on, unnoticed, at the other price: charging systems change the rate inside a session (3GPP TS 32.299).
     */
    paygBeginsS: 5,
    /** Pay-as-you-go: price of a MB. Reasoned: several times the price within a package (15–30 kopecks). */
    paygMinorPerMb: 200,
    /** Mean MB of a record at that price: messengers only, background data off. Reasoned. */
    paygMeanMb: 3,
    /** Share of intended sessions that happens at all at that price. Reasoned. */
    paygSessionShare: 0.5,
    /**
     * Urgency is 1 at the moment of exhaustion and halves in so many hours, by person. Reasoned: an impulse of a few
     * hours; within a day the interrupted task is forgotten or done elsewhere (2 % of it left, by the median).
     */
    halfLifeH: { median: 4, sigma: 0.6 },
    /** Where it fades to. Reasoned: who has done without for days wants a package as little as one who saves. */
    urgencyInTheEnd: 0.06,
    /** Share that finds Wi-Fi, after a mean of so many hours; urgency is then multiplied by the factor. Reasoned: home and work. */
    wifiShare: 0.6,
    wifiMeanH: 6,
    wifiFactor: 0.35,
    /** Waiting for renewal: urgency × (1 − exp(−days left / this)). Reasoned: with one day left most can wait. */
    waitDays: 2,
    /** Urgency with 90 % used, for one who spends on and for a saver; and with plenty left. Reasoned: nothing is interrupted yet. */
    urgencyNearEnd: 0.25,
    urgencyOfSaver: 0.06,
    urgencyWithPlenty: 0.02,
  },

  /** Prepaid balance and the habit of topping up. */
  money: {
    /** Opening balance as a factor on the monthly fee. Reasoned: little is left when the fee has been taken. */
    openingBalance: { median: 0.3, sigma: 1 },
    /** A top-up is planned when the balance falls below this, by person. Reasoned: 30–50 roubles is where operators warn. */
    topUpBelowMinor: { median: 4_000, sigma: 0.5 },
    /** Mean days until it happens (exponential). Reasoned. */
    topUpMeanDays: 4,
    /** Mean hours when the monthly fee cannot be taken and the line does not work. Reasoned. */
    topUpWhenBarredMeanH: 16,
    /** Usual amount as a factor on the fee, rounded up to `topUpStepMinor`. Reasoned: enough for the fee and a little more. */
    topUpFactor: { median: 1.1, sigma: 0.35 },
    topUpStepMinor: 5_000,
    /** Spread of each amount: one in so many is twice the usual. Reasoned. */
    doubleTopUpShare: 0.12,
  },

  /**
   * The choice: utilities in logits, price per 100 roubles. Reasoned throughout, from three plain magnitudes of any
   * direct marketing: of those who read advertising that they have no use for, well under 1 % buy; of a relevant but
   * untimely offer 1–5 % (the usual response to marketing messages); at the moment of need several times that.
   */
  choice: {
    /** Weight of need × urgency × match. */
    needWeight: 4.5,
    /** Utility of doing nothing, for one whose own idea it is. */
    inertia: 2.4,
    /** What a message nobody asked for must overcome besides: most are put away without a thought. */
    disregard: 2,
    /**
     * How far apart the sizes are in the nested logit: 1 as different as two things, 0 the same thing. Several sizes
     * make it likelier that one suits; they do not make a need. Reasoned: nests of near substitutes lie at 0.3–0.5.
     */
    sizesApart: 0.4,
    /** Loss of utility per 100 roubles, by person. */
    priceSensitivity: { median: 0.85, sigma: 0.5 },
    /** Price supposed where a message states none, kopecks a MB. What self-service asks for small packages. */
    supposedMinorPerMb: 40,
    /** Loss of utility when the package is bought in debt, by person: most do not mind for days, some never borrow. */
    debtAversion: { median: 0.5, sigma: 0.7 },
    neverBorrowShare: 0.15,
    /** Match of a size below the wanted one: (size ÷ wanted)^pickiness, by person; the first megabytes are worth most. */
    pickiness: { median: 0.55, sigma: 0.5 },
    /** Wanted MB = own need a day × days until renewal, at most so many days ahead, by person. */
    planDays: { median: 5, sigma: 0.5 },
    /** Loss of utility for each key press, by person: dialling a code of nine signs loses half of those who would press OK. */
    effortPerKey: { median: 0.07, sigma: 0.4 },
  },

  /** Key presses by way of answering. Counted on an ordinary telephone. */
  keyPresses: {
    /** A pop-up with one choice: OK. */
    popUpOk: 1,
    /** A pop-up with several: move and OK. */
    popUpMenu: 2,
    /** Dialling: leave the message, open the dialler, call; the characters of the code are added. */
    dialling: 3,
    /** A reply: open, send; the characters of the word are added. */
    replying: 3,
    /** Self-service: find the code or the application, sign in, menus. */
    selfService: 16,
    /** Self-service that also asks for a promised payment first. */
    selfServiceOnCredit: 26,
  },

  /** Buying unasked. */
  selfService: {
    /** Share of interrupted sessions after which a person thinks of buying. Reasoned. */
    considerShare: 0.3,
    /** Share of people who know that a promised payment exists. Reasoned. */
    knowsPromisedPaymentShare: 0.35,
    /** Mean minutes from the thought to the purchase. */
    meanMinutes: 8,
  },

  /** Reading a message. */
  reading: {
    /** Local hours of sleep, and the spread of a person's own shift of them, hours. Time-use surveys put sleep near 23–7. */
    sleepFromH: 23.5,
    sleepToH: 7.5,
    sleepShiftH: 1.2,
    /** Share of SMS never read. Reasoned: advertising by SMS is often swiped away. */
    smsNeverShare: 0.25,
    /** Delay until an SMS is read when awake, minutes. Reasoned: half within minutes, a tail of hours. */
    smsDelayMin: { median: 9, sigma: 1.3 },
    /** A pop-up is seen when the phone is in the hand: share by day, and within `inHandMin` minutes after use. */
    popUpSeenShare: 0.35,
    popUpSeenInHandShare: 0.85,
    inHandMin: 12,
    /** It closes by itself after so many seconds (TS 31.111 leaves the sustained text to the handset). */
    popUpTimeoutS: 60,
    /** Share of those who decline that press Cancel rather than let it close. Reasoned. */
    popUpCancelShare: 0.5,
    /** Thinking it over before the key or the dial, seconds. */
    popUpThinkS: { median: 8, sigma: 0.5 },
    smsThinkS: { median: 60, sigma: 0.8 },
  },

  /** Annoyance: each advertising message read makes the next one worth less (not the person's own ideas), halving in so many days. Reasoned. */
  annoyance: { perMessage: 0.25, halfLifeDays: 7 },

  /** Radio and phones. */
  coverage: {
    /** Share of time off or out of coverage, in blocks of so many hours, unless just used. Reasoned: lifts, basements, flat batteries. */
    awayShare: 0.06,
    blockH: 2,
    /** Share of SIMs without the applet for pop-ups. Reasoned: old and foreign SIMs. */
    noAppletShare: 0.12,
    /** Share of messages that the handset refuses (memory full, barred). */
    smsRefusedShare: 0.003,
    /** Validity of an SMS when none is stated, hours (a common SMSC default is 24–72). */
    smsValidityH: 24,
    /** Seconds to the phone, and back with the receipt. */
    smsTransitS: { median: 4, sigma: 0.6 },
    receiptTransitS: { median: 2, sigma: 0.5 },
    /** Seconds until a pop-up is on the screen, or known not to be. */
    popUpTransitS: { median: 3, sigma: 0.4 },
  },

  /** Misbehaviour of the message centre. Receipts lost and doubled: the issue trackers of SMPP gateways tell of both. */
  smsc: { throttledPartShare: 0.005, receiptLostShare: 0.01, receiptDoubledShare: 0.01 },

  /** Misbehaviour of billing: orders that fail for a technical reason, and those answered 503 the first time. */
  billing: { orderFailsShare: 0.015, orderBusyShare: 0.005, recordDelayS: 20 },

  /** Trust payment: the published rules of operators are near these (months on the network, about 10 % fee, 72 h). */
  trustPayment: { feeShare: 0.1, dueHours: 72 },

  /** Scoring: approved = average top-up × factor(s), rounded down, within the cap. */
  scoring: {
    minTenureMonths: 3,
    fullTenureMonths: 24,
    baseFactor: 0.4,
    tenureFactor: 0.6,
    repaidFactor: 0.25,
    capMinor: 30_000,
    stepMinor: 1_000,
  },

  /** Share of people whose USSD sessions run over SMPP; the rest over the HTTP gateway. */
  ussd: { overSmppShare: 0.5, networkCode: '25099' },
}
