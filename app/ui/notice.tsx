// A sentence about a state: an error and what to do about it, a warning, or plain information.
import { clsx } from 'clsx';
import { CircleAlert, Info, ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';

const LOOK = {
  error: { icon: CircleAlert, className: 'bg-danger-soft text-danger' },
  warning: { icon: ShieldAlert, className: 'bg-warning-soft text-warning' },
  info: { icon: Info, className: 'bg-muted text-muted-foreground' },
} as const;

export function Notice({
  kind,
  children,
  action,
}: {
  kind: keyof typeof LOOK;
  children: ReactNode;
  action?: ReactNode;
}) {
  const { icon: Icon, className } = LOOK[kind];
  return (
    <div
      role={kind === 'error' ? 'alert' : 'status'}
      className={clsx('flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl px-3.5 py-2.5 text-sm', className)}
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      <p className="min-w-0 flex-1 basis-48 whitespace-pre-line break-words">{children}</p>
      {action}
    </div>
  );
}
