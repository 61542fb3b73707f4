// A page that only shows a message: not found, broken, or not allowed.
import type { ReactNode } from 'react';
import { Logo } from '@/app/ui/logo';

export function MessagePage({ title, text, children }: { title: string; text: ReactNode; children: ReactNode }) {
  return (
    <main id="main" className="grid min-h-dvh place-items-center p-6">
      <div className="max-w-sm text-center">
        <Logo className="mx-auto size-11" />
        <h1 className="mt-6 font-semibold text-xl">{title}</h1>
        <div className="mt-2 text-balance text-muted-foreground text-sm">{text}</div>
        <div className="mt-6 flex flex-wrap justify-center gap-2">{children}</div>
      </div>
    </main>
  );
}
