'use client';

// Notes what a person does with an answer, if they and the chat allow it: copying, regenerating, reading, leaving.
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useRef } from 'react';
import type { ConversationData, MessageData } from '@/app/chat/conversation/types';
import { useTRPC, useTRPCClient } from '@/app/lib/trpc';
import type { FeedbackValue } from '@/core/feedback/kinds';
import { keepLeft, returnTo, takeAbandoned } from './left-answers';

type Signal = FeedbackValue<'implicit'>;
export type NoteSignal = (message: MessageData, signal: Signal) => void;

export interface Signals {
  /** False: nothing is noted. */
  isOn: boolean;
  note: NoteSignal;
}

/** A look at an answer that is longer than this says that the person was away. */
const LONGEST_LOOK_MS = 300_000;

export function useSignals(data: ConversationData | undefined): Signals {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const account = useQuery(trpc.account.get.queryOptions());
  const allows = account.data?.allowSignals ?? false;
  const isOn = allows && (data?.allowTraining ?? false);
  const sent = useRef(new Map<string, Signal>());

  const send = useCallback(
    (generationId: string, value: Signal) => {
      // A lost signal costs nothing, and a person who did not ask for it is not told.
      client.feedback.give
        .mutate({ kind: 'implicit', generationId, value }, { context: { outlivesPage: true } })
        .catch(() => {});
    },
    [client],
  );

  const note: NoteSignal = useCallback(
    (message, signal) => {
      const id = message.generation?.id;
      if (!isOn || !id) return;
      const before = sent.current.get(id) ?? message.given.implicit?.value ?? {};
      const dwellMs = (before.dwellMs ?? 0) + Math.min(signal.dwellMs ?? 0, LONGEST_LOOK_MS);
      const now = { ...before, ...signal, ...(dwellMs > 0 && { dwellMs }) };
      sent.current.set(id, now);
      send(id, now);
    },
    [isOn, send],
  );

  // An answer that was left while it was written, and to whose chat the person did not return, is abandoned.
  const running = data?.messages.flatMap(({ generation }) => (generation?.status === 'running' ? generation.id : []));
  const runningIds = (isOn && running?.join(' ')) || '';
  useEffect(() => {
    const ids = runningIds.split(' ').filter(Boolean);
    if (ids.length === 0) return;
    returnTo(ids);
    const leave = () => keepLeft(ids, Date.now());
    window.addEventListener('pagehide', leave);
    return () => window.removeEventListener('pagehide', leave);
  }, [runningIds]);
  const latest = useRef('');
  useEffect(() => {
    latest.current = runningIds;
  });
  useEffect(() => () => keepLeft(latest.current.split(' ').filter(Boolean), Date.now()), []);
  const ids = data?.messages.flatMap(({ generation }) => generation?.id ?? []).join(' ') ?? '';
  useEffect(() => returnTo(ids.split(' ')), [ids]);
  useEffect(() => {
    if (!allows) return;
    for (const id of takeAbandoned(Date.now())) send(id, { abandoned: true });
  }, [allows, send]);

  return { isOn, note };
}
