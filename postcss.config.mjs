// Tailwind 4 as the only PostCSS step.
export default { plugins: { '@tailwindcss/postcss': {} } };
