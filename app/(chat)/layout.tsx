// The chat's frame: conversation list beside the open conversation, which stays mounted while its address changes.
import type { ReactNode } from 'react';
import { ChatShell } from '@/app/chat/chat-shell';
import { SessionGate } from '@/app/sidebar/session-gate';

export default function ChatLayout({ children }: { children: ReactNode }) {
  return (
    <SessionGate>
      <ChatShell />
      {children}
    </SessionGate>
  );
}
