// The links in an answer whose text shows another address open with a warning, and only those.
import { expect, test } from 'vitest';
import { isDisguised } from '@/app/chat/turn/link-disguise';

test.each([
  ['https://bank.example', 'https://evil.example'],
  ['bank.example', 'https://evil.example/bank.example'],
  ['www.bank.example/login', 'https://evil.example/login'],
  ['https://bank.example/login', 'https://bank.example/logout'],
  ['https://bank.example', 'https://bank.example.evil.example'],
  ['http://bank.example:8080', 'http://bank.example:9090'],
  ['Sign in at https://bank.example now', 'https://evil.example'],
  ['https://ba\u200bnk.example', 'https://evil.example'],
  ['ｈｔｔｐｓ：//bank.example', 'https://evil.example'],
  ['銀行.example', 'https://evil.example'],
  ['https://bank.example', 'https://bank.example@evil.example'],
  ['click here', 'https://bank.example@evil.example'],
  ['help@bank.example', 'mailto:help@evil.example'],
  ['https://bank.example', 'mailto:help@evil.example'],
])('[%s](%s) warns', (text, href) => {
  expect(isDisguised(text, href)).toBe(true);
});

test.each([
  ['click here', 'https://evil.example'],
  ['https://bank.example', 'https://bank.example/'],
  ['https://bank.example', 'https://bank.example'],
  ['bank.example', 'https://www.bank.example/accounts?id=1'],
  ['https://bank.example/a?b=c#d', 'https://bank.example/a?b=c#d'],
  ['bank.example/login', 'https://bank.example/login'],
  ['Read more (bank.example).', 'https://bank.example/more'],
  [
    '銀行.example',
    'https://xn--kcrv9h.example/'.replace('xn--kcrv9h', new URL('https://銀行.example').hostname.split('.')[0]!),
  ],
  ['help@bank.example', 'mailto:help@bank.example'],
  ['see config.json', 'https://code.example/blob/config.json'],
  ['version 1.2.3', 'https://code.example/releases'],
  ['Node.js', 'https://nodejs.example/'],
  ['a footnote', '#note-1'],
])('[%s](%s) does not', (text, href) => {
  expect(isDisguised(text, href)).toBe(false);
});
