'use client';

// Renders an answer's markdown while it is still being written.
import { useTranslations } from 'next-intl';
import { memo } from 'react';
import { Streamdown } from 'streamdown';
// Over http, the copy button of code blocks needs the clipboard that this installs.
import '@/app/lib/secure-context';
import { AnswerLink } from './answer-link';

const CONTROLS = { code: { copy: true, download: false }, table: false, mermaid: false } as const;
const LINK_SAFETY = { enabled: false } as const;
const COMPONENTS = { a: AnswerLink } as const;

export const Markdown = memo(function Markdown({ text, isStreaming }: { text: string; isStreaming: boolean }) {
  const t = useTranslations('chat');
  return (
    <Streamdown
      className="answer-text"
      dir="auto"
      mode={isStreaming ? 'streaming' : 'static'}
      isAnimating={isStreaming}
      controls={CONTROLS}
      components={COMPONENTS}
      linkSafety={LINK_SAFETY}
      lineNumbers={false}
      translations={{ copyCode: t('copy'), copied: t('copied') }}
    >
      {text}
    </Streamdown>
  );
});
