'use client';

// Gives one person another role, after saying what it allows.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import type { PersonData } from '@/app/admin/types';
import { useTRPC } from '@/app/lib/trpc';
import { useErrorSentence } from '@/app/lib/use-error-sentence';
import { Button } from '@/app/ui/button';
import { ConfirmDialog } from '@/app/ui/dialog';

const ROLES = [
  { role: 'user', label: 'roleUser' },
  { role: 'rater', label: 'roleRater' },
  { role: 'admin', label: 'roleAdmin' },
] as const;

export function RoleButton({ person: { id, name, role } }: { person: PersonData }) {
  const t = useTranslations('admin');
  const sentenceOf = useErrorSentence();
  const trpc = useTRPC();
  const client = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const [chosen, setChosen] = useState(role);
  const setRole = useMutation(
    trpc.user.setRole.mutationOptions({
      onSuccess: () => setIsAsking(false),
      onSettled: () => client.invalidateQueries({ queryKey: trpc.user.pathKey() }),
    }),
  );
  const open = () => {
    setChosen(role);
    setIsAsking(true);
  };
  return (
    <>
      <Button size="small" variant="outline" className="whitespace-nowrap" onClick={open}>
        <span aria-hidden>{t('changeRole')}</span>
        <span className="sr-only">{t('changeRoleNamed', { name })}</span>
      </Button>
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={t('changeRoleTitle', { name })}
        action={t('changeRole')}
        isBusy={setRole.isPending}
        error={setRole.error ? sentenceOf(setRole.error) : null}
        onConfirm={() => (chosen === role ? setIsAsking(false) : setRole.mutate({ id, role: chosen }))}
      >
        <fieldset className="mt-4 space-y-3">
          <legend className="sr-only">{t('role')}</legend>
          {ROLES.map((option) => (
            <label key={option.role} className="flex items-start gap-3">
              <input
                type="radio"
                name="role"
                className="mt-1 accent-primary"
                checked={chosen === option.role}
                onChange={() => setChosen(option.role)}
              />
              <span>
                <span className="block font-medium text-sm">{t(option.label)}</span>
                <span className="block text-muted-foreground text-xs">{t(`roleText.${option.role}`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
      </ConfirmDialog>
    </>
  );
}
