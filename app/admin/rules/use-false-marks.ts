'use client';

// Marks a rule's hits as false, or takes a mark back. After a mark it checks how many of the rule's own examples fail.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { resultsOf } from '@/app/admin/rules/examples';
import { useTRPC } from '@/app/lib/trpc';

export function useFalseMarks(ruleId: string) {
  const trpc = useTRPC();
  const client = useQueryClient();
  /** The version of the rule that each mark of this visit wrote, by the id of the hit. */
  const [written, setWritten] = useState<ReadonlyMap<string, number | null>>(new Map());
  const renew = () => client.invalidateQueries({ queryKey: trpc.rule.pathKey() });
  const check = useMutation(trpc.rule.try.mutationOptions());
  const checkExamples = async () => {
    await renew();
    const [last] = await client.fetchQuery(trpc.rule.versions.queryOptions({ id: ruleId }));
    if (last?.rule && !last.isRemoved) check.mutate({ rule: last.rule, text: '' });
  };
  const mark = useMutation(
    trpc.rule.markFalse.mutationOptions({
      onSuccess({ version }, { id }) {
        unmark.reset();
        setWritten((old) => new Map(old).set(id, version));
        if (version !== null) return checkExamples();
      },
      onSettled: renew,
    }),
  );
  const unmark = useMutation(
    trpc.rule.unmarkFalse.mutationOptions({
      onSuccess() {
        mark.reset();
        check.reset();
      },
      onSettled: renew,
    }),
  );
  return {
    mark,
    unmark,
    undo: (id: string) => unmark.mutate({ id, version: written.get(id) ?? null }),
    failing: check.data
      ? resultsOf(check.variables.rule.examples ?? [], check.data.examples).filter((result) => result !== 'pass').length
      : 0,
  };
}
