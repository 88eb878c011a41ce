// Runs a template's code, and its own scenarios, where there is nothing but what the sandbox offers.

import vm from 'node:vm';

import { apis, copy, typeOf } from './apis.js';
import { check } from './grammar.js';
import { permissions } from './permissions.js';

/** What a template may ask for by `require`, in the words of the reference; those without a stand-in throw. */
const DOCUMENTED = new Set([
  'addConsentListener', 'addEventCallback', 'aliasInWindow', 'callInWindow', 'callLater', 'copyFromDataLayer',
  'copyFromWindow', 'createArgumentsQueue', 'createQueue', 'decodeUri', 'decodeUriComponent', 'encodeUri',
  'encodeUriComponent', 'fromBase64', 'generateRandom', 'getContainerVersion', 'getCookieValues',
  'getQueryParameters', 'getReferrerQueryParameters', 'getReferrerUrl', 'getTimestamp', 'getTimestampMillis',
  'getType', 'getUrl', 'gtagSet', 'injectHiddenIframe', 'injectScript', 'internal_sendPixel',
  'isConsentGranted', 'JSON', 'localStorage', 'logToConsole', 'makeInteger', 'makeNumber', 'makeString',
  'makeTableMap', 'Math', 'Object', 'parseUrl', 'queryPermission', 'readAnalyticsStorage', 'readCharacterSet',
  'readTitle', 'require', 'sendPixel', 'setCookie', 'setDefaultConsentState', 'setInWindow', 'sha256',
  'templateStorage', 'toBase64', 'updateConsentState',
]);
const TEST_METHODS = [
  'wasCalled', 'wasNotCalled', 'wasCalledWith', 'isEqualTo', 'isDefined', 'isUndefined', 'isTrue', 'isFalse',
];

/** Runs code with these names, and no global, in a realm of its own. */
function runWith(code, names) {
  const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
  const run = vm.compileFunction(`'use strict';\n${code}`, Object.keys(names), { parsingContext: context });
  return run(...Object.values(names));
}

/** Fires the template once a call, with the form's `data`, on the page that it was made for. */
export function template(parts, page) {
  const code = parts.SANDBOXED_JS_FOR_WEB_TEMPLATE;
  check(code, ['require', 'data']);
  const granted = permissions(parts.WEB_PERMISSIONS);
  const storage = new Map();
  const required = apis(page, granted, storage);
  const fire = (data, replaced = {}) => {
    const ended = [];
    const all = { ...required, ...replaced };
    runWith(code, {
      data: {
        gtmOnSuccess: () => ended.push('success'),
        gtmOnFailure: () => ended.push('failure'),
        ...copy(data),
      },
      require: (name) => {
        if (!DOCUMENTED.has(name) || !(name in all)) {
          throw new Error(`no such API: ${name}`);
        }
        return all[name];
      },
    });
    return ended;
  };
  return { fire, granted, required };
}

/** Runs one of the template's own scenarios; throws what it finds wrong. */
export function scenario(parts, { setup, code }, page) {
  const { fire, required } = template(parts, page);
  const calls = {};
  const replaced = {};
  const spied = (name, call) => (...args) => {
    (calls[name] ??= []).push(copy(args));
    return call(...args);
  };
  for (const [name, api] of Object.entries(required)) {
    replaced[name] = typeof api === 'function' ? spied(name, api) : api;
  }
  const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
  const claim = (holds, what) => {
    if (!holds) {
      throw new Error(what);
    }
  };
  const names = {
    require: (name) => required[name],
    mock: (name, answer) => {
      replaced[name] = spied(name, typeof answer === 'function' ? answer : () => answer);
    },
    mockObject: (name, object) => {
      replaced[name] = object;
    },
    runCode: (data) => fire({
      ...data,
      gtmOnSuccess: spied('gtmOnSuccess', () => {}),
      gtmOnFailure: spied('gtmOnFailure', () => {}),
    }, replaced),
    assertApi: (name) => ({
      wasCalled: () => claim(calls[name], `${name} was not called`),
      wasNotCalled: () => claim(!calls[name], `${name} was called`),
      wasCalledWith: (...args) =>
        claim(calls[name]?.some((call) => same(call, args)), `${name} was called with ${JSON.stringify(calls[name])}`),
    }),
    assertThat: (actual) => ({
      isEqualTo: (wanted) => claim(same(actual, wanted), `${JSON.stringify(actual)} is not ${JSON.stringify(wanted)}`),
      isDefined: () => claim(typeOf(actual) !== 'undefined', 'it is undefined'),
    }),
  };
  const whole = `${setup}\n${code}`;
  check(whole, Object.keys(names), TEST_METHODS);
  runWith(whole, names);
}

/** The same value with members in the order of their names. */
function sorted(value) {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
