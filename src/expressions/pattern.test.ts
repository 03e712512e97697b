import { describe, expect, test } from 'vitest'
import { parsePattern, PatternError } from './pattern.ts'

describe('patterns of `matches`', () => {
  test.each([
    ['^ab+$', 'abb', true],
    ['^ab+$', 'xabb', false],
    ['a|b', 'zb', true],
    ['[^a-c]', 'abc', false],
    ['[\\d\\-]{3}', '1-2', true],
    ['[a-]', '-', true],
    ['(?:ab){2}', 'abab', true],
    ['.', '\n', false],
    ['\\s', '\u00A0', false],
    ['\\.\\*\\[', '.*[', true],
    ['^.$', '😀', true],
    ['a{2,}?', 'aa', true],
    ['', 'anything', true],
  ])('%s on %j', (pattern, text, answer) => {
    expect(new RegExp(parsePattern(pattern).javascript, 'u').test(text)).toBe(answer)
  })

  test.each([
    '(a+)+',
    '(a|b)*',
    '((a*)b)?',
    'a**',
    'a++',
    '*a',
    '^*',
    '(a',
    'a)',
    '[a',
    '[]',
    '[b-a]',
    'a]',
    'a{2',
    'a{1,1000}',
    'a{3,2}',
    '(?=a)',
    '(?<x>a)',
    '(?i)a',
    '\\1',
    '\\p{L}',
    '\\',
    'a?b?c?d?e?',
    '\0',
  ])('%j is refused', (pattern) => {
    expect(() => parsePattern(pattern)).toThrow(PatternError)
  })
})
