'use client';

// Gives every visitor a session: the first visit signs in as a guest, and no API call is made before that.
import { useTranslations } from 'next-intl';
import { type ReactNode, useEffect, useState } from 'react';
import { authClient, signInAsGuest } from '@/app/lib/auth-client';
import { type SignInError, useSignInSentence } from '@/app/lib/use-sign-in-sentence';
import { Button } from '@/app/ui/button';
import { Logo } from '@/app/ui/logo';

const FIRST_PAUSE_SECONDS = 2;
const LONGEST_PAUSE_SECONDS = 30;
/** A random delay, so that visitors who were refused together do not all come back together. */
const SPREAD_SECONDS = 3;

const pauseAfter = (error: SignInError, failures: number) =>
  Math.ceil(
    (error.retryAfterSeconds ?? Math.min(FIRST_PAUSE_SECONDS * 2 ** failures, LONGEST_PAUSE_SECONDS)) +
      Math.random() * SPREAD_SECONDS,
  );

export function SessionGate({ children }: { children: ReactNode }) {
  const { data, isPending, error, refetch } = authClient.useSession();
  const [refusal, setRefusal] = useState<SignInError | null>(null);
  const [failures, setFailures] = useState(0);
  const hasArrived = Boolean(data);

  useEffect(() => {
    if (hasArrived || isPending || refusal) return;
    if (error) return setRefusal(error);
    void signInAsGuest().then((failure) => (failure ? setRefusal(failure) : refetch()));
  }, [hasArrived, isPending, error, refusal, refetch]);

  const retry = async () => {
    await refetch();
    setFailures((count) => count + 1);
    setRefusal(null);
  };
  if (data) return children;
  return (
    <div className="grid h-dvh place-items-center p-6">
      {refusal ? <Waiting key={failures} refusal={refusal} failures={failures} onRetry={retry} /> : <Arriving />}
    </div>
  );
}

function Arriving() {
  const t = useTranslations('app');
  return (
    <div role="status" aria-label={t('loading')}>
      <Logo className="size-11 animate-breathe" />
    </div>
  );
}

/** Says why sign-in failed, counts down and tries again; a page at a foreign address does not try again. */
function Waiting({
  refusal,
  failures,
  onRetry,
}: {
  refusal: SignInError;
  failures: number;
  onRetry: () => Promise<void>;
}) {
  const t = useTranslations('app');
  const sentenceOf = useSignInSentence();
  const [seconds, setSeconds] = useState(() => pauseAfter(refusal, failures));
  const [isTrying, setIsTrying] = useState(false);
  const isFinal = refusal.status === 403;
  const retry = () => {
    setIsTrying(true);
    void onRetry();
  };
  useEffect(() => {
    if (isFinal || isTrying) return;
    const timer = setTimeout(() => (seconds > 1 ? setSeconds(seconds - 1) : retry()), 1000);
    return () => clearTimeout(timer);
  });
  return (
    <main className="flex max-w-sm flex-col items-center gap-4 text-center">
      <Logo className="size-11" />
      <p role="status" className="text-balance text-sm">
        {sentenceOf(refusal)}
      </p>
      {!isFinal && (
        <>
          {/* A number that changes every second is not read out. */}
          <p aria-hidden className="text-muted-foreground text-sm tabular-nums">
            {t('gateRetry', { seconds })}
          </p>
          <Button variant="outline" isBusy={isTrying} onClick={retry}>
            {t('retry')}
          </Button>
        </>
      )}
    </main>
  );
}
