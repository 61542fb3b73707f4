// A masked answer is drawn as it is: what stands for the hidden words makes nothing bold and draws no line.
import { NextIntlClientProvider } from 'next-intl';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { Markdown } from '@/app/chat/turn/markdown';
import messages from '@/app/i18n/en.json' with { type: 'json' };
import { MASK, maskText } from '@/core/constraints/judge';

/** Hides every X. */
const masked = (text: string) =>
  maskText(
    text,
    [...text.matchAll(/X+/g)].map(({ index, 0: { length } }) => ({ start: index, end: index + length })),
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
  ['two in a sentence without blanks', 'このXXXXはXXXXです。', 'このXXXXはXXXXです。', 'p'],
  ['two in a sentence with blanks', 'An XXXX is XX here.', 'An XXXX is XX here.', 'p'],
  ['within a word', 'unXXXXableXX', 'unXXXXableXX', 'p'],
  ['of one character', 'XはXです。', 'XはXです。', 'p'],
  ['alone on a line', 'One.\n\nXXXX\n\nTwo.', 'One. XXXX Two.', 'p'],
  ['at the start of a line', 'One.\n\nX two', 'One. X two', 'p'],
  ['below a line of text', 'One\nXXX', 'One XXX', 'p'],
  ['in a list', '- XXXX\n- XX it', 'XXXX XX it', 'li'],
  ['in a heading', '# XXXX', 'XXXX', 'h1'],
  ['in code', 'Say `XXXX`.', 'Say XXXX .', 'code'],
  ['in a block of code', '```\nXXXX\n\nXXX\n```', 'XXXX XXX', 'pre'],
  ['in bold', 'A **XXXX** word, **XX**.', 'A XXXX word, XX .', 'strong'],
  ['in italics', 'A *XXXX* word.', 'A XXXX word.', 'em'],
  ['in a table', '| a | XX |\n|---|---|\n| XXX | b |', 'a XX XXX b', 'td'],
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
