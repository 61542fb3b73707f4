// Gives dependency-cruiser the parser of TypeScript 6, because version 7 has none in JavaScript.
import Module, { register } from 'node:module';

const PARSER = '@typescript/typescript6';

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  resolveFilename(request.replace(/^typescript(?=\/|$)/, PARSER), ...rest);

const hook = `export const resolve = (name, context, next) => next(name === 'typescript' ? '${PARSER}' : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
