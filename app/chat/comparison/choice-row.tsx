'use client';

// Choices of which one click, or one digit while the row has the focus, gives an answer.
import { clsx } from 'clsx';
import { type KeyboardEvent, useRef, useState } from 'react';
import { isComposing } from '@/app/lib/keys';
import { Button } from '@/app/ui/button';
import { KeyCap } from '@/app/ui/key-cap';

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

interface ChoiceRowProps<Choice extends string> {
  label: string;
  choices: readonly { choice: Choice; label: string }[];
  chosen: Choice | null;
  isDisabled?: boolean;
  size?: 'small' | 'medium';
  className: string;
  onChoose: (choice: Choice) => void;
}

/** With native radio buttons an arrow key would vote; here it only moves, and Space, Enter or a digit chooses. */
export function ChoiceRow<Choice extends string>({
  label,
  choices,
  chosen,
  isDisabled = false,
  size = 'medium',
  className,
  onChoose,
}: ChoiceRowProps<Choice>) {
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);
  const [at, setAt] = useState(0);

  // Only the person moves the focus here, so that no key pressed while writing becomes a vote.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isComposing(event.nativeEvent)) return;
    const picked = choices[Number(event.key) - 1];
    const step = STEPS[event.key];
    if (!picked && step === undefined) return;
    event.preventDefault();
    if (picked && !isDisabled) onChoose(picked.choice);
    if (step === undefined) return;
    buttons.current[(at + step + choices.length) % choices.length]?.focus();
  };

  return (
    <div
      role="radiogroup"
      aria-label={label}
      aria-disabled={isDisabled}
      onKeyDown={onKeyDown}
      className={clsx('group/keys', className)}
    >
      {choices.map(({ choice, label: name }, index) => (
        <Button
          key={choice}
          ref={(button) => {
            buttons.current[index] = button;
          }}
          role="radio"
          aria-checked={chosen === choice}
          aria-keyshortcuts={String(index + 1)}
          tabIndex={index === at ? 0 : -1}
          disabled={isDisabled}
          size={size}
          onFocus={() => setAt(index)}
          onClick={() => onChoose(choice)}
          className="aria-checked:border-primary aria-checked:bg-primary-soft"
        >
          {size === 'medium' && (
            <KeyCap className="text-muted-foreground opacity-25 group-focus-within/keys:opacity-100">
              {index + 1}
            </KeyCap>
          )}
          {name}
        </Button>
      ))}
    </div>
  );
}
