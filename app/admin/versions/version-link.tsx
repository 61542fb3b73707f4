'use client';

// A version's id as a link to its page.
import Link from 'next/link';

export const LINK = 'rounded text-primary-strong underline underline-offset-4';

export const versionPath = (id: string) => `/admin/versions/${encodeURIComponent(id)}`;

export function VersionLink({ id }: { id: string }) {
  return (
    <Link href={versionPath(id)} className={`${LINK} break-all`}>
      {id}
    </Link>
  );
}
