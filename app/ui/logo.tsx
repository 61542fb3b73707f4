// The mark: a wave coming to rest.
export function Logo({ className = 'size-7' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" className="fill-primary" />
      <path
        d="M7 16h3.2c1.4 0 1.8-6.5 3.4-6.5s1.8 13 3.4 13 1.8-9.3 3.4-9.3 1.2 2.8 2.6 2.8H25"
        fill="none"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-primary-foreground"
      />
    </svg>
  );
}
