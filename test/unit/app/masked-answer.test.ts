// A masked answer is drawn as it is: what stands for the hidden words makes nothing bold and draws no line.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Markdown } from '@/app/chat/turn/markdown';
import messages from '@/app/i18n/en.json' with { type: 'json' };
import { MASK, maskText } from '@/core/constraints/judge';

/** Hides every ×. */
const masked = (text: string) =>
  maskText(
    text,
    [...text.matchAll(/×+/g)].map(({ index, 0: { length } }) => ({ start: index, end: index + length })),
  );

const draw = (text: string, isStreaming: boolean) =>
  renderToStaticMarkup(
    createElement(
      NextIntlClientProvider,
      { locale: 'en', timeZone: 'UTC', messages } as never,
      createElement(Markdown, { text, isStreaming }),
    ),
  );

const shownIn = (html: string) =>
  html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

test.each([
  ['two in a sentence without blanks', 'この××××は××××です。', 'この××××は××××です。', 'p'],
  ['two in a sentence with blanks', 'An ×××× is ×× here.', 'An ×××× is ×× here.', 'p'],
  ['within a word', 'un××××able××', 'un××××able××', 'p'],
  ['of one character', '×は×です。', '×は×です。', 'p'],
  ['alone on a line', 'One.\n\n××××\n\nTwo.', 'One. ×××× Two.', 'p'],
  ['at the start of a line', 'One.\n\n× two', 'One. × two', 'p'],
  ['below a line of text', 'One\n×××', 'One ×××', 'p'],
  ['in a list', '- ××××\n- ×× it', '×××× ×× it', 'li'],
  ['in a heading', '# ××××', '××××', 'h1'],
  ['in code', 'Say `××××`.', 'Say ×××× .', 'code'],
  ['in a block of code', '```\n××××\n\n×××\n```', '×××× ×××', 'pre'],
  ['in bold', 'A **××××** word, **××**.', 'A ×××× word, ×× .', 'strong'],
  ['in italics', 'A *××××* word.', 'A ×××× word.', 'em'],
  ['in a table', '| a | ×× |\n|---|---|\n| ××× | b |', 'a ×× ××× b', 'td'],
])('a mask %s', (_, text, shown, tag) => {
  for (const isStreaming of [false, true]) {
    const html = draw(masked(text), isStreaming);
    expect(shownIn(html)).toBe(masked(shown));
    const inside = html.slice(html.search(new RegExp(`<(${tag}\\b|[^>]*data-streamdown="${tag}")`)));
    expect(inside).toContain(MASK);
    expect(html).not.toMatch(/<hr/);
    expect(/<em|data-streamdown="strong"/.test(html)).toBe(tag === 'em' || tag === 'strong');
  }
});
