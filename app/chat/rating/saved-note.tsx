// One quiet line that says what was saved, with a button to undo it and room for what may follow.
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';

interface SavedNoteProps {
  text: string;
  undo?: { label: string; isBusy: boolean; onUndo: () => void };
  error?: string | null;
  children?: ReactNode;
}

export const LINK =
  'min-h-8 rounded px-1 font-medium text-primary-strong underline underline-offset-3 pointer-coarse:min-h-11';

export function SavedNote({ text, undo, error, children }: SavedNoteProps) {
  return (
    <div className="mt-2 text-muted-foreground text-sm">
      <div className="flex flex-wrap items-center gap-x-2">
        <p role="status" className="flex items-center gap-x-2">
          {undo && <Check aria-hidden className="size-4 shrink-0 text-primary" />}
          <span>{text}</span>
        </p>
        {undo && (
          <button
            type="button"
            aria-disabled={undo.isBusy}
            onClick={() => !undo.isBusy && undo.onUndo()}
            className={LINK}
          >
            {undo.label}
          </button>
        )}
        {children}
      </div>
      {error && (
        <p role="alert" className="text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
