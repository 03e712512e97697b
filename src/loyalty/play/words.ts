import type { Words } from '../programmes.ts'
import type { PlayReason } from './errors.ts'

/** What the reasons of play say to a member. */
export const playWords: Record<PlayReason, Words> = {
  quest_step_advanced: {
    en: 'A step of the quest moved on.',
    ru: 'Шаг задания продвинулся.',
    uk: 'Крок завдання просунувся.',
  },
  quest_step_done: {
    en: 'A step of the quest is done.',
    ru: 'Шаг задания выполнен.',
    uk: 'Крок завдання виконано.',
  },
  quest_completed: { en: 'The quest is completed.', ru: 'Задание выполнено.', uk: 'Завдання виконано.' },
  quest_too_late: {
    en: 'The time for this quest was over before all its steps were done.',
    ru: 'Время задания вышло раньше, чем были выполнены все шаги.',
    uk: 'Час завдання минув раніше, ніж було виконано всі кроки.',
  },
  achievement_level_reached: {
    en: 'A new level of the achievement is reached.',
    ru: 'Получен новый уровень достижения.',
    uk: 'Здобуто новий рівень досягнення.',
  },
  streak_kept: { en: 'The streak goes on.', ru: 'Серия продолжается.', uk: 'Серія триває.' },
  streak_began: { en: 'A streak begins.', ru: 'Началась новая серия.', uk: 'Почалася нова серія.' },
  streak_milestone: {
    en: 'The streak reached a milestone.',
    ru: 'Серия дошла до рубежа.',
    uk: 'Серія дійшла до рубежу.',
  },
  play_right_earned: {
    en: 'You earned a round of the game.',
    ru: 'Вы получили право на игру.',
    uk: 'Ви отримали право на гру.',
  },
  play_right_bought: {
    en: 'Points paid for a round of the game: {points}.',
    ru: 'За игру заплачено баллов: {points}.',
    uk: 'За гру сплачено балів: {points}.',
  },
  prize_won: {
    en: 'The wheel drew “{prize}”.',
    ru: 'Колесо выбрало «{prize}».',
    uk: 'Колесо обрало «{prize}».',
  },
  prize_stock_exhausted: {
    en: 'The wheel drew “{drawn}”, which had run out; “{prize}” was given instead.',
    ru: 'Выпал приз «{drawn}», но он закончился; вместо него выдан «{prize}».',
    uk: 'Випав приз «{drawn}», але він закінчився; натомість видано «{prize}».',
  },
  prize_budget_exhausted: {
    en: 'The wheel drew “{drawn}”, but the budget for it was used up; “{prize}” was given instead.',
    ru: 'Выпал приз «{drawn}», но бюджет на него исчерпан; вместо него выдан «{prize}».',
    uk: 'Випав приз «{drawn}», але бюджет на нього вичерпано; натомість видано «{prize}».',
  },
  quiz_finished: { en: 'The quiz is finished.', ru: 'Викторина завершена.', uk: 'Вікторину завершено.' },
  game_won: {
    en: 'The prize was behind this door.',
    ru: 'За этой дверью был приз.',
    uk: 'За цими дверима був приз.',
  },
  game_lost: {
    en: 'The prize was behind another door.',
    ru: 'Приз был за другой дверью.',
    uk: 'Приз був за іншими дверима.',
  },
}
