import type { Words } from '../programmes.ts'
import type { ClubReason, ClubRefusal } from './errors.ts'

/** What refusals and reasons of clubs say to a member. */
export const clubWords: Record<ClubRefusal | ClubReason, Words> = {
  club_not_open: {
    en: 'The club takes no new members now.',
    ru: 'Клуб сейчас не принимает новых участников.',
    uk: 'Клуб зараз не приймає нових учасників.',
  },
  club_not_for_member: {
    en: 'The club is for other members.',
    ru: 'Клуб для других участников.',
    uk: 'Клуб для інших учасників.',
  },
  club_fee_awaited: {
    en: 'Membership begins when the fee is paid.',
    ru: 'Участие начнётся после оплаты взноса.',
    uk: 'Участь почнеться після сплати внеску.',
  },
  club_points_insufficient: {
    en: 'There are not enough points for the fee.',
    ru: 'Не хватает баллов на взнос.',
    uk: 'Не вистачає балів на внесок.',
  },
  club_joined: {
    en: 'Welcome to the club “{club}”.',
    ru: 'Добро пожаловать в клуб «{club}».',
    uk: 'Ласкаво просимо до клубу «{club}».',
  },
  club_renewed: {
    en: 'Membership of “{club}” goes on.',
    ru: 'Участие в клубе «{club}» продлено.',
    uk: 'Участь у клубі «{club}» подовжено.',
  },
  club_fee_charged: {
    en: 'Fee for the club “{club}” in points: {points}.',
    ru: 'Взнос за клуб «{club}», баллов: {points}.',
    uk: 'Внесок за клуб «{club}», балів: {points}.',
  },
  club_left: {
    en: 'Membership of “{club}” was ended by the member.',
    ru: 'Участник вышел из клуба «{club}».',
    uk: 'Учасник вийшов із клубу «{club}».',
  },
  club_unpaid: {
    en: 'Membership of “{club}” ended: the fee was not paid.',
    ru: 'Участие в клубе «{club}» закончилось: взнос не оплачен.',
    uk: 'Участь у клубі «{club}» закінчилася: внесок не сплачено.',
  },
  club_condition_lost: {
    en: 'Membership of “{club}” ended: its conditions are met no more.',
    ru: 'Участие в клубе «{club}» закончилось: условия больше не выполняются.',
    uk: 'Участь у клубі «{club}» закінчилася: умови більше не виконуються.',
  },
  club_closed: {
    en: 'Membership of “{club}” ended with the membership of the programme.',
    ru: 'Участие в клубе «{club}» закончилось вместе с участием в программе.',
    uk: 'Участь у клубі «{club}» закінчилася разом з участю в програмі.',
  },
}
