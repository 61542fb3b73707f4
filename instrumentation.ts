// Runs once when the web process starts: opens what it needs and resumes what the previous process left unfinished.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { openDoor } = await import('@/server/http/door');
  const { readServerEnv } = await import('@/server/env');
  openDoor(readServerEnv());
  const { getWebProcess } = await import('@/server/product');
  await getWebProcess();
}
