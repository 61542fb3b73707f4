// The frame of every page except the chat: a header with a link back to it, and the main part.
import { ArrowLeft } from 'lucide-react';
import Link from 'next/link';
import { getTranslations } from 'next-intl/server';
import type { ReactNode } from 'react';
import { buttonClass } from '@/app/ui/button';
import { Logo } from '@/app/ui/logo';
import { SkipLink } from '@/app/ui/skip-link';

const WIDTHS = { narrow: 'max-w-4xl', wide: 'max-w-7xl' };

interface PageFrameProps {
  title: string;
  /** Text of the link to the chat. */
  back: string;
  width: keyof typeof WIDTHS;
  /** Shown below the title. */
  navigation?: ReactNode;
  children: ReactNode;
}

export async function PageFrame({ title, back, width, navigation, children }: PageFrameProps) {
  const t = await getTranslations('app');
  return (
    <div className="min-h-dvh">
      <SkipLink label={t('skipAdmin')} />
      <header className="border-border border-b bg-sidebar">
        <div className={`mx-auto px-4 sm:px-6 ${WIDTHS[width]}`}>
          <div className="flex h-14 items-center gap-3">
            <Logo />
            <h1 className="min-w-0 flex-1 truncate font-semibold tracking-tight">{title}</h1>
            <Link href="/" className={buttonClass('quiet', 'small')}>
              <ArrowLeft aria-hidden className="size-4" />
              {back}
            </Link>
          </div>
          {navigation}
        </div>
      </header>
      <main id="main" tabIndex={-1} className={`mx-auto px-4 py-6 outline-none sm:px-6 ${WIDTHS[width]}`}>
        {children}
      </main>
    </div>
  );
}
