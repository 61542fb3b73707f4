'use client';

// Detects that a running answer has not grown for so long that a person wonders.
import { useEffect, useState } from 'react';

const PATIENCE_MS = 8000;

export function useIsSilent(text: string, isRunning: boolean): boolean {
  const [silentAt, setSilentAt] = useState<string | null>(null);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setTimeout(() => setSilentAt(text), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [text, isRunning]);
  return isRunning && silentAt === text;
}
