// A framed part of a page, with an optional heading and actions.
import { clsx } from 'clsx';
import { type ReactNode, useId } from 'react';

interface CardProps {
  title?: string;
  actions?: ReactNode;
  className?: string;
  /** For links to it. */
  id?: string;
  children: ReactNode;
}

export function Card({ title, actions, className, id, children }: CardProps) {
  const titleId = useId();
  return (
    <section
      id={id}
      aria-labelledby={title ? titleId : undefined}
      className={clsx('rounded-2xl border border-border bg-card p-5', className)}
    >
      {(title || actions) && (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
          <h2 id={titleId} className="font-semibold text-base">
            {title}
          </h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}
