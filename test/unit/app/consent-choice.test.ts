// The question for consent says where texts go whatever the answer is, if they go there.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { ConsentChoice } from '@/app/chat/composer/consent-choice';
import en from '@/app/i18n/en.json';
import ja from '@/app/i18n/ja.json';

it.each([
  ['en', en, 'another server, which the operator of this site chose'],
  ['ja', ja, '運営者が選んだ別のサーバー'],
])('in %s, it names the other server only where a rule asks one', (locale, messages, words) => {
  const shown = (isCheckedOutside: boolean) => {
    const choice = createElement(ConsentChoice, { isCheckedOutside, onChoose: () => {} });
    const provider = { locale, messages, timeZone: 'UTC' };
    return renderToStaticMarkup(createElement(NextIntlClientProvider, provider as never, choice));
  };
  expect(shown(true)).toContain(words);
  expect(shown(false)).not.toContain(words);
});
