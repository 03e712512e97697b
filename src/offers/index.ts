export { type Menu, type Product } from './contract.ts'
export { menuKind, productKind } from './documents.ts'
export { offersProblemCodes, type RefusalReason, refusalReasons } from './errors.ts'
export { offersRoutes } from './http.ts'
export {
  chooseOffer,
  findItemByAnswer,
  type OfferChoice,
  type OfferItem,
  type RefusedProduct,
} from './offer.ts'
export { type Offer, offersByIds, offersOfSubscriber, saveOffers } from './store.ts'
