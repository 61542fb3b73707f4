// A link of the page that follows a vote.
import Link from 'next/link';
import type { ReactNode } from 'react';

export function TraceLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      href={href}
      className="rounded text-primary-strong underline underline-offset-3 [overflow-wrap:anywhere] pointer-coarse:py-2.5"
    >
      {children}
    </Link>
  );
}
