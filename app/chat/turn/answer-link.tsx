'use client';

// A link in an answer: opens in a new tab, after a warning if its text shows a different address.
import { ExternalLink } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Children, type ComponentProps, isValidElement, type ReactNode, useState } from 'react';
import { Button, buttonClass } from '@/app/ui/button';
import { Dialog } from '@/app/ui/dialog';
import { isDisguised } from './link-disguise';

const textOf = (node: ReactNode): string =>
  Children.toArray(node)
    .map((child) => {
      if (typeof child === 'string' || typeof child === 'number') return String(child);
      if (!isValidElement<{ children?: ReactNode; alt?: string }>(child)) return '';
      return child.props.alt ?? textOf(child.props.children);
    })
    .join('');

const NEW_TAB = { target: '_blank', rel: 'noopener noreferrer' } as const;

export function AnswerLink({ href = '', children }: ComponentProps<'a'>) {
  if (isDisguised(textOf(children), href)) return <DisguisedLink href={href}>{children}</DisguisedLink>;
  return (
    <a href={href} title={href} {...NEW_TAB}>
      {children}
    </a>
  );
}

/** A button and not a link, because a middle click or the context menu would get around the warning. */
function DisguisedLink({ href, children }: { href: string; children: ReactNode }) {
  const t = useTranslations('chat');
  const app = useTranslations('app');
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <button type="button" title={href} onClick={() => setIsAsking(true)} className="answer-link text-start">
        {children}
      </button>{' '}
      <span className="inline-block max-w-full break-all text-muted-foreground text-sm">
        ({new URL(href).host || href})
      </span>
      <Dialog isOpen={isAsking} onOpenChange={setIsAsking} title={t('linkTitle')} text={t('linkText')}>
        <p dir="ltr" className="mt-3 break-all rounded-lg bg-muted px-3 py-2 font-mono text-sm">
          {href}
        </p>
        <div className="mt-6 flex flex-wrap justify-end gap-2">
          <a
            href={href}
            {...NEW_TAB}
            onClick={() => setIsAsking(false)}
            className={buttonClass('outline', 'medium', 'gap-2')}
          >
            <ExternalLink aria-hidden className="size-4" />
            {t('linkOpen')}
          </a>
          <Button variant="primary" onClick={() => setIsAsking(false)}>
            {app('cancel')}
          </Button>
        </div>
      </Dialog>
    </>
  );
}
