// Inside: lets node load files of TypeScript whose types were taken out before, whatever its version.
import { register } from "node:module";

const hooks = `
import { readFile } from "node:fs/promises";
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!specifier.startsWith(".")) throw error;
    for (const name of [specifier.replace(/\\.([cm]?)js$/, ".$1ts"), specifier + ".ts", specifier + ".js"]) {
      try {
        return await next(name, context);
      } catch {
        continue;
      }
    }
    throw error;
  }
}
export async function load(url, context, next) {
  if (!/\\.[cm]?ts$/.test(url)) return next(url, context);
  return { format: url.endsWith(".cts") ? "commonjs" : "module", shortCircuit: true, source: await readFile(new URL(url)) };
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
