"use strict";
// Inside: calls a function of a module nobody trusts, each call in a fresh context, and hands back values.
//
// What runs here can only change what *it* returns: the expected values stay outside, and the first line is written
// before any of its code runs. Values are read through the built-in functions as they were before that, and by property
// descriptors, so that no getter, proxy or patched prototype of theirs is ever called while a value is written.

const fs = require("node:fs");
const vm = require("node:vm");
const util = require("node:util");
const path = require("node:path");

const { apply, getOwnPropertyDescriptor: descriptor, getPrototypeOf, ownKeys } = Reflect;
const { types } = util;
const uncurried = (method) => (self, ...rest) => apply(method, self, rest);
const stringify = JSON.stringify;
const isArray = Array.isArray;
const isInteger = Number.isSafeInteger;
const dateTime = uncurried(Date.prototype.getTime);
const bigText = uncurried(BigInt.prototype.toString);
const mapEntries = uncurried(Map.prototype.entries);
const mapNext = uncurried(getPrototypeOf(new Map().entries()).next);
const setValues = uncurried(Set.prototype.values);
const setNext = uncurried(getPrototypeOf(new Set().values()).next);
const patternSource = uncurried(descriptor(RegExp.prototype, "source").get);
const patternFlags = uncurried(descriptor(RegExp.prototype, "flags").get);
const typedName = uncurried(descriptor(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get);
const typedLength = uncurried(descriptor(getPrototypeOf(Uint8Array.prototype), "length").get);
const monotonic = process.hrtime.bigint;
const exit = process.reallyExit.bind(process);

const MAX_DEPTH = 64;
const MAX_NODES = 100_000;
const MAX_TEXT = 1 << 20;
const MAX_MESSAGE = 2000;
const MAX_NAME = 200;
const MAX_BASES = 16;
const MAX_PROTOTYPES = 32;
const MAX_TICKS = 10_000;
const MAX_TIMEOUTS = 2;
// Pure modules of the platform itself; all others reach outside of the program.
const MODULES = new Set([
  "assert", "assert/strict", "buffer", "crypto", "events", "path", "path/posix", "punycode", "querystring",
  "string_decoder", "url", "util",
]);

// What one of these is called says nothing unless it is an instance of it.
const BUILT_IN_ERRORS = new Set([
  "Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "AggregateError",
]);

const nothing = () => {};

class Refusal extends Error {}

// What the program threw while it was loaded; kept apart, for it may be made to be looked at.
class Thrown {
  constructor(value) {
    this.value = value;
  }
}

function say(line) {
  let data = Buffer.from(`${line}\n`);
  while (data.length) data = data.subarray(fs.writeSync(1, data));
}

// ---- values ---------------------------------------------------------------------------------------------------------

class Writer {
  constructor(plainPrototype) {
    this.prototypes = new Set([plainPrototype, Object.prototype, null]);
    this.nodes = MAX_NODES;
    this.text = MAX_TEXT;
    this.above = new Set();
  }

  put(text) {
    this.text -= text.length;
    if (this.text < 0) throw new Refusal("value is larger than 1 MB");
    return text;
  }

  tagged(tag, inner) {
    return `{"$t":"${tag}","v":${inner}}`;
  }

  write(value, depth = MAX_DEPTH) {
    if (--this.nodes < 0) throw new Refusal("value has more than 100000 parts");
    if (depth < 0) throw new Refusal("value is nested more than 64 deep");
    switch (typeof value) {
      case "undefined": return this.put(this.tagged("undefined", "null"));
      case "boolean": return this.put(value ? "true" : "false");
      case "number": return this.put(this.number(value));
      case "string":
        if (value.length > MAX_TEXT) throw new Refusal("value is larger than 1 MB");
        return this.put(stringify(value));
      case "bigint": return this.put(this.tagged("bigint", `"${bigText(value, 16)}"`));
      case "symbol": throw new Refusal("symbol");
      case "function": throw new Refusal("function");
      default: return value === null ? this.put("null") : this.inside(value, depth);
    }
  }

  number(value) {
    if (Object.is(value, -0)) return "-0.0";
    if (isInteger(value)) return `${value}`;
    if (Number.isFinite(value)) {
      const text = `${value}`;
      return /[.e]/.test(text) ? text : `${text}.0`;
    }
    return this.tagged("float", Number.isNaN(value) ? '"nan"' : value > 0 ? '"inf"' : '"-inf"');
  }

  inside(value, depth) {
    if (types.isProxy(value)) throw new Refusal("Proxy");
    if (this.above.has(value)) throw new Refusal("cyclic value");
    this.above.add(value);
    const text = this.object(value, depth);
    this.above.delete(value);
    return text;
  }

  object(value, depth) {
    if (isArray(value)) return this.items(this.arrayItems(value), depth);
    if (types.isMap(value)) return this.tagged("map", this.items(pairs(mapEntries(value), mapNext), depth, true));
    if (types.isSet(value)) return this.tagged("set", this.items(pairs(setValues(value), setNext), depth));
    if (types.isDate(value)) return this.tagged("date", this.put(this.number(dateTime(value))));
    if (types.isRegExp(value)) return this.tagged("regexp", this.put(stringify([patternSource(value), patternFlags(value)])));
    if (types.isTypedArray(value)) return this.typed(value, depth);
    if (types.isExternal(value) || types.isBoxedPrimitive(value) || !this.prototypes.has(getPrototypeOf(value))) {
      throw new Refusal(className(value));
    }
    return this.properties(value, depth);
  }

  arrayItems(value) {
    const length = descriptor(value, "length").value;
    if (length > this.nodes) throw new Refusal("value has more than 100000 parts");
    const items = [];
    for (let index = 0; index < length; index++) items[index] = data(value, `${index}`);
    return items;
  }

  typed(value, depth) {
    const length = typedLength(value);
    if (length > this.nodes) throw new Refusal("value has more than 100000 parts");
    const items = [];
    for (let index = 0; index < length; index++) items[index] = value[index];
    return this.tagged("typed", `["${typedName(value)}",${this.items(items, depth)}]`);
  }

  items(items, depth, arePairs = false) {
    let text = this.put("[");
    for (let index = 0; index < items.length; index++) {
      text += index ? "," : "";
      text += arePairs ? this.items(items[index], depth - 1) : this.write(items[index], depth - 1);
    }
    return `${text}]`;
  }

  properties(value, depth) {
    const written = [];
    let isPlain = true;
    for (const key of ownKeys(value)) {
      const found = descriptor(value, key);
      if (!found.enumerable) continue;
      if (typeof key === "symbol") throw new Refusal("object with symbols for names");
      isPlain &&= key !== "$t";
      written.push([key, data(value, key)]);
    }
    let text = this.put(isPlain ? "{" : '{"$t":"dict","v":[');
    written.forEach(([key, item], index) => {
      text += index ? "," : "";
      const name = this.put(stringify(key));
      const content = this.write(item, depth - 1);
      text += isPlain ? `${name}:${content}` : `[${name},${content}]`;
    });
    return text + (isPlain ? "}" : "]}");
  }
}

function data(value, key) {
  const found = descriptor(value, key);
  if (found === undefined) return undefined;
  if (!("value" in found)) throw new Refusal("object with accessors");
  return found.value;
}

function pairs(iterator, next) {
  const items = [];
  for (let step = next(iterator); !step.done; step = next(iterator)) {
    if (items.push(step.value) > MAX_NODES) throw new Refusal("value has more than 100000 parts");
  }
  return items;
}

// Look a name up along the prototypes, reading plain properties only.
function lookUp(value, key) {
  for (let at = value, depth = 0; at !== null && depth < MAX_PROTOTYPES; at = getPrototypeOf(at), depth++) {
    if (types.isProxy(at)) return undefined;
    const found = descriptor(at, key);
    if (found !== undefined) return "value" in found ? found.value : undefined;
  }
  return undefined;
}

function className(value) {
  return nameOf(lookUp(value, "constructor")) || "Object";
}

function nameOf(maker) {
  const name = typeof maker === "function" && !types.isProxy(maker) ? lookUp(maker, "name") : undefined;
  return typeof name === "string" ? name.slice(0, MAX_NAME) : "";
}

function isThing(value) {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

function errorName(error) {
  if (!isThing(error)) return "NonError";
  if (types.isProxy(error)) return "Proxy";
  const name = className(error);
  const own = lookUp(error, "name");
  const isNamed = (name === "Error" || name === "Object") && typeof own === "string" && own;
  return isNamed ? own.slice(0, MAX_NAME) : name;
}

function described(error) {
  const name = errorName(error);
  if (!isThing(error)) return `${name}: ${typeof error === "symbol" ? "symbol" : String(error).slice(0, MAX_MESSAGE)}`;
  const message = types.isProxy(error) ? undefined : lookUp(error, "message");
  return `${name}: ${typeof message === "string" ? message.slice(0, MAX_MESSAGE) : "<no message>"}`;
}

// The names of what an error is an instance of, nearest first, and the one that it gives itself.
function bases(error) {
  if (!isThing(error) || types.isProxy(error)) return [];
  const names = new Set();
  for (let at = getPrototypeOf(error), depth = 0; at !== null && depth < MAX_PROTOTYPES; at = getPrototypeOf(at), depth++) {
    if (types.isProxy(at)) break;
    const found = descriptor(at, "constructor");
    if (found !== undefined && "value" in found) names.add(nameOf(found.value));
  }
  const own = lookUp(error, "name");
  if (typeof own === "string" && !BUILT_IN_ERRORS.has(own)) names.add(own.slice(0, MAX_NAME));
  for (const name of ["", "Object", errorName(error)]) names.delete(name);
  return [...names].slice(0, MAX_BASES);
}

function failure(error) {
  const names = bases(error);
  return `"error":${stringify(described(error))}${names.length ? `,"bases":${stringify(names)}` : ""}`;
}

// ---- contexts -------------------------------------------------------------------------------------------------------

// Runs in each fresh context before the program: what it makes belongs to that context. Timers have a clock of their
// own, which jumps to the next one: waiting takes no time and happens in the same order in every run.
const KIT = `(() => {
  "use strict";
  const { apply } = Reflect, { then } = Promise.prototype, isPromise = (value) => value instanceof Known;
  const Known = Promise, evaluate = eval, parse = JSON.parse, from = Object.entries, make = Object.fromEntries, large = BigInt;
  const kinds = { Map, Set, Date, RegExp, BigInt, Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int16Array,
    Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array };
  const special = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const read = (value) => {
    if (Array.isArray(value)) return value.map(read);
    if (value === null || typeof value !== "object") return value;
    if (!("$t" in value)) return make(from(value).map(([key, item]) => [key, read(item)]));
    const { $t: tag, v } = value;
    switch (tag) {
      case "undefined": return undefined;
      case "bigint": return v[0] === "-" ? -large("0x" + v.slice(1)) : large("0x" + v);
      case "float": return special[v];
      case "map": return new kinds.Map(v.map(([key, item]) => [read(key), read(item)]));
      case "set": return new kinds.Set(v.map(read));
      case "date": return new kinds.Date(read(v));
      case "regexp": return new kinds.RegExp(v[0], v[1]);
      case "typed": return kinds[v[0]].from(v[1].map(read));
      default: return make(v.map(([key, item]) => [key, read(item)]));
    }
  };
  const timers = new Map(), addTimer = timers.set.bind(timers), dropTimer = timers.delete.bind(timers);
  let now = 0, last = 0;
  const schedule = (action, delay, rest, every) => {
    addTimer(++last, { id: last, at: now + Math.max(1, Number(delay) || 0), every, action, rest });
    return last;
  };
  const later = (first, second) => first.at - second.at || first.id - second.id;
  const define = (name, value) => Object.defineProperty(globalThis, name,
    { value, writable: true, configurable: true, enumerable: false });
  define("setTimeout", (action, delay, ...rest) => schedule(action, delay, rest, 0));
  define("setInterval", (action, delay, ...rest) => schedule(action, delay, rest, Math.max(1, Number(delay) || 0)));
  define("setImmediate", (action, ...rest) => schedule(action, 0, rest, 0));
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) define(name, (id) => { dropTimer(id); });
  define("queueMicrotask", (action) => { apply(then, Known.resolve(), [action]); });
  const nothing = () => {};
  define("console", new Proxy({}, { get: () => nothing }));
  const state = { outcome: "none", value: undefined };
  const settle = (value) => {
    state.outcome = "value";
    state.value = value;
    if (!isPromise(value)) return;
    state.outcome = "pending";
    apply(then, value, [(ok) => { state.outcome = "value"; state.value = ok; },
      (error) => { state.outcome = "error"; state.value = error; }]);
  };
  // What is thrown is caught here: on its way out of this context node would look at it, and so call its traps.
  const attempt = (action) => {
    try { action(); } catch (error) { state.outcome = "error"; state.value = error; }
  };
  return {
    state,
    read: (text) => read(parse(text)),
    call: (entry, given) => attempt(() => settle(entry(...given))),
    session: (text) => attempt(() => settle(evaluate(text))),
    attempt: (action) => attempt(() => { state.outcome = "value"; state.value = action(); }),
    timers: () => timers.size,
    tick: () => {
      const next = [...timers.values()].sort(later)[0];
      now = next.at;
      if (next.every) addTimer(next.id, { ...next, at: now + next.every }); else dropTimer(next.id);
      attempt(() => { if (typeof next.action === "function") next.action(...next.rest); });
    },
  };
})()`;

const kit = new vm.Script(KIT, { filename: "kit.js" });
const perform = new vm.Script("globalThis.__step()", { filename: "step.js" });

class Program {
  constructor(spec) {
    this.spec = spec;
    this.scripts = new Map();
  }

  // Nothing of the program runs here.
  check() {
    const context = vm.createContext(Object.create(null));
    for (const [name, { source, kind }] of Object.entries(this.spec.modules)) {
      if (kind === "json") JSON.parse(source);
      else if (kind === "module") new vm.SourceTextModule(source, { context, identifier: name });
      else this.script(name);
    }
  }

  script(name) {
    if (!this.scripts.has(name)) {
      const { source } = this.spec.modules[name];
      const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
      this.scripts.set(name, new vm.Script(wrapped, { filename: name, columnOffset: -62 }));
    }
    return this.scripts.get(name);
  }

  resolve(specifier, from) {
    const bare = specifier.replace(/^node:/, "");
    if (MODULES.has(bare)) return { builtin: bare };
    if (specifier.startsWith(".")) {
      const base = path.posix.join(path.posix.dirname(from), specifier);
      const stem = base.replace(/\.[cm]?js$/, "");
      const names = [base, `${stem}.ts`, `${stem}.mts`, `${base}.js`, `${base}.ts`, `${base}.json`, `${base}/index.js`];
      const found = names.find((name) => Object.hasOwn(this.spec.modules, name));
      if (found !== undefined) return { name: found };
    }
    throw new Refusal(`The code imports ${specifier.slice(0, 200)}, which is not there when it is run alone.`);
  }
}

class World {
  constructor(program, deadline) {
    this.program = program;
    this.deadline = deadline;
    this.context = vm.createContext(Object.create(null), {
      microtaskMode: "afterEvaluate", codeGeneration: { strings: true, wasm: false },
    });
    this.plain = vm.runInContext("Object.prototype", this.context);
    this.kit = kit.runInContext(this.context);
    this.modules = new Map();
    this.required = new Map();
  }

  get left() {
    const milliseconds = Number(this.deadline - monotonic()) / 1e6;
    if (milliseconds < 1) throw Object.assign(new Error("time"), { code: "ERR_SCRIPT_EXECUTION_TIMEOUT" });
    return Math.ceil(milliseconds);
  }

  // Run something of the program under the clock, the microtasks that it leaves included.
  step(action) {
    Object.defineProperty(this.context, "__step", { value: action, configurable: true, enumerable: false });
    perform.runInContext(this.context, { timeout: this.left });
  }

  // The same for loading a module: its value, or what it throws.
  loaded(action) {
    const { state } = this.kit;
    this.step(() => this.kit.attempt(action));
    if (state.outcome === "error") throw new Thrown(state.value);
    return state.value;
  }

  async namespace() {
    const { path: main, modules } = this.program.spec;
    if (modules[main].kind !== "module") return this.loaded(() => this.require(main));
    const root = this.module(main);
    await root.link((specifier, from) => this.linked(specifier, from.identifier));
    this.step(() => { root.evaluate().then(nothing, nothing); });
    if (root.status === "errored") throw new Thrown(root.error);
    return root.namespace;
  }

  module(name) {
    if (!this.modules.has(name)) {
      const { source, kind } = this.program.spec.modules[name];
      this.modules.set(name, kind === "module"
        ? new vm.SourceTextModule(source, { context: this.context, identifier: name })
        : this.synthetic(name, () => this.require(name)));
    }
    return this.modules.get(name);
  }

  linked(specifier, from) {
    const found = this.program.resolve(specifier, from);
    if (!found.builtin) return this.module(found.name);
    if (!this.modules.has(found.builtin)) {
      this.modules.set(found.builtin, this.synthetic(found.builtin, () => require(`node:${found.builtin}`)));
    }
    return this.modules.get(found.builtin);
  }

  synthetic(identifier, load) {
    const exports = load();
    const isRich = (typeof exports === "object" && exports !== null) || typeof exports === "function";
    const names = isRich ? Object.keys(exports).filter((name) => name !== "default") : [];
    return new vm.SyntheticModule(["default", ...names], function () {
      this.setExport("default", exports);
      for (const name of names) this.setExport(name, exports[name]);
    }, { context: this.context, identifier });
  }

  require(name) {
    if (this.required.has(name)) return this.required.get(name).exports;
    const { source, kind } = this.program.spec.modules[name];
    const module = { exports: this.kit.read("{}") };
    this.required.set(name, module);
    if (kind === "json") module.exports = vm.runInContext(`JSON.parse(${stringify(source)})`, this.context);
    else if (kind === "module") throw new Refusal(`The code requires ${name}, which is an ES module.`);
    else {
      const load = (specifier) => {
        const found = this.program.resolve(specifier, name);
        return found.builtin ? require(`node:${found.builtin}`) : this.require(found.name);
      };
      const whole = this.program.script(name).runInContext(this.context, { timeout: this.left });
      apply(whole, module.exports, [module.exports, load, module, name, path.posix.dirname(name)]);
    }
    return module.exports;
  }
}

function entryOf(exported, entry) {
  if (typeof exported === "function") return exported;
  if (typeof exported !== "object" || exported === null || types.isProxy(exported)) return undefined;
  for (const key of [entry, "default"]) {
    const found = types.isModuleNamespaceObject(exported) ? exported[key] : lookUp(exported, key);
    if (typeof found === "function") return found;
    if (key === "default" && typeof found === "object" && found !== null) return entryOf(found, entry);
  }
  return undefined;
}

function exportsInto(context, exported, entry) {
  const names = typeof exported === "object" && exported !== null ? ownKeys(exported) : [];
  for (const name of names) {
    if (typeof name !== "string" || name === "default") continue;
    const value = types.isModuleNamespaceObject(exported) ? exported[name] : lookUp(exported, name);
    Object.defineProperty(context, name, { value, configurable: true, writable: true, enumerable: false });
  }
  const main = entryOf(exported, entry);
  if (main) Object.defineProperty(context, entry, { value: main, configurable: true, writable: true, enumerable: false });
}

// ---- calls ----------------------------------------------------------------------------------------------------------

async function called(program, call) {
  const world = new World(program, monotonic() + BigInt(program.spec.call_ms) * 1_000_000n);
  const exported = await world.namespace();
  const entry = entryOf(exported, program.spec.entry);
  if (entry === undefined) throw new Refusal(`The code exports no function ${program.spec.entry}.`);
  const { state } = world.kit;
  let given, before;
  if (call.script !== undefined) {
    exportsInto(world.context, exported, program.spec.entry);
    world.step(() => world.kit.session(call.script));
  } else {
    given = world.kit.read(call.args);
    before = new Writer(world.plain).write(given);
    world.step(() => world.kit.call(entry, given));
  }
  for (let ticks = 0; state.outcome === "pending" && world.kit.timers() && ticks < MAX_TICKS; ticks++) {
    world.step(world.kit.tick);
  }
  let line;
  if (state.outcome === "error") line = failure(state.value);
  else if (state.outcome === "pending") line = '"error":"Unsettled: the promise is never settled"';
  else line = `"ok":${new Writer(world.plain).write(state.value)}`;
  if (given !== undefined) {
    const after = new Writer(world.plain).write(given);
    if (after !== before) line += `,"mutated":${after}`;
  }
  return line;
}

async function outcome(program, call) {
  try {
    return await called(program, call);
  } catch (error) {
    if (error instanceof Thrown) {
      if (!types.isProxy(error.value) && error.value instanceof Refusal) throw error.value;
      return failure(error.value);
    }
    if (error instanceof Refusal) {
      if (/^The code /.test(error.message)) throw error;
      return `"error":${stringify(`Unrepresentable: ${error.message}`)}`;
    }
    if (lookUp(Object(error), "code") === "ERR_SCRIPT_EXECUTION_TIMEOUT") return '"timeout":true';
    return failure(error);
  }
}

async function main() {
  const spec = JSON.parse(fs.readFileSync(path.join(__dirname, "run.json"), "utf8"));
  const program = new Program(spec);
  process.on("unhandledRejection", () => {});
  process.on("uncaughtException", () => {});
  try {
    program.check();
  } catch (error) {
    say(stringify({ refused: described(error) }));
    return;
  }
  say(stringify({ started: "" }));
  let timeouts = 0;
  for (let index = 0; index < spec.calls.length && timeouts < MAX_TIMEOUTS; index++) {
    let line;
    try {
      line = await outcome(program, spec.calls[index]);
    } catch (error) {
      say(stringify({ refused: error.message }));
      return;
    }
    timeouts += line === '"timeout":true';
    say(`{"index":${index},${line}}`);
  }
}

main().then(() => exit(0), () => exit(1));
