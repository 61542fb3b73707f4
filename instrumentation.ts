// Runs once when the web process starts: opens what it needs and takes up what the process before left.
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  // The supervisor holds the other end: when it vanishes, so does its web process.
  process.once('disconnect', () => process.exit(0));
  const { getWebProcess } = await import('@/server/product');
  await getWebProcess();
}
