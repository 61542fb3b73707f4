// The first stop of the Tab key: a link that skips the navigation.
export function SkipLink({ label }: { label: string }) {
  return (
    <a
      href="#main"
      className="fixed top-3 left-3 z-60 -translate-y-20 rounded-lg bg-primary px-4 py-2 font-medium text-primary-foreground text-sm focus:translate-y-0"
    >
      {label}
    </a>
  );
}
