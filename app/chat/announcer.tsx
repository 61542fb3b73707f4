'use client';

// Tells a screen reader about finished answers: one polite sentence each, never single tokens.
import { createContext, type ReactNode, useContext, useState } from 'react';

const Announce = createContext<(sentence: string) => void>(() => {});
export const useAnnounce = () => useContext(Announce);

export function Announcer({ children }: { children: ReactNode }) {
  const [sentence, setSentence] = useState('');
  return (
    <Announce value={setSentence}>
      {children}
      <p aria-live="polite" className="sr-only">
        {sentence}
      </p>
    </Announce>
  );
}
