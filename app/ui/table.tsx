// A data table with a caption for screen readers. On phones it scrolls sideways, and a shadow shows that there is more.
import { clsx } from 'clsx';
import type { ComponentProps, ReactNode } from 'react';

export function Table({
  caption,
  head,
  children,
}: {
  caption: string;
  head: readonly ReactNode[];
  children: ReactNode;
}) {
  return (
    // A part that scrolls must be reachable with the keyboard; a landmark with its name may already surround it.
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls
    <div
      role="group"
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
      tabIndex={0}
      // Positioned, so that hidden text in a column that is scrolled away cannot widen the page.
      className="scroll-edges relative overflow-x-auto rounded-2xl border border-border"
    >
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-border border-b text-left text-muted-foreground">
            {head.map((cell, index) => (
              <th key={index} scope="col" className="whitespace-nowrap px-4 py-3 font-medium text-xs">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-border">{children}</tbody>
      </table>
    </div>
  );
}

export function Cell({ className, ...props }: ComponentProps<'td'>) {
  return <td {...props} className={clsx('px-4 py-3 align-top', className)} />;
}
