// One quiet line that says what was saved, with a button to undo it.
import { Check } from 'lucide-react';

interface SavedNoteProps {
  text: string;
  undo?: { label: string; isBusy: boolean; onUndo: () => void };
  error?: string | null;
}

export function SavedNote({ text, undo, error }: SavedNoteProps) {
  return (
    <div className="mt-2 text-muted-foreground text-sm">
      <p role="status" className="flex flex-wrap items-center gap-x-2">
        {undo && <Check aria-hidden className="size-4 text-primary" />}
        <span>{text}</span>
        {undo && (
          <button
            type="button"
            aria-disabled={undo.isBusy}
            onClick={() => !undo.isBusy && undo.onUndo()}
            className="min-h-8 rounded px-1 font-medium text-primary-strong underline underline-offset-3 pointer-coarse:min-h-11"
          >
            {undo.label}
          </button>
        )}
      </p>
      {error && (
        <p role="alert" className="text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
