// The template's code, run by what the sandbox documents and with the permissions that it declares.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { copy } from './sandbox/apis.js';
import { check } from './sandbox/grammar.js';
import { makePage } from './sandbox/page.js';
import { matches } from './sandbox/permissions.js';
import { scenario, template } from './sandbox/run.js';
import { scenarios, sections } from './sandbox/tpl.js';

const read = (name) => readFileSync(path.join(import.meta.dirname, name), 'utf8');
const PARTS = sections(read('template.tpl'));
const SCRIPT = 'https://t.example.org/sdk/tidemark.js';
const START = {
  action: 'start',
  edge: 'https://t.example.org/',
  writeKey: 'wk_test',
  consentSource: 'consentMode',
  unsetSignals: 'undecided',
  grantedDefaults: false,
  capturePages: true,
  captureClicks: true,
  captureRageClicks: false,
};
const ALL_SIGNALS = (word) => ({
  analytics_storage: word, ad_storage: word, ad_user_data: word, ad_personalization: word,
});
/** What was asked and granted in all tests of this file. */
const used = new Set();
let declared;

/** The SDK as its script brings it: it takes the queue over, and `calls` are what it hears. */
function sdkFor(calls) {
  return (url, window) => {
    if (url !== SCRIPT) {
      return false;
    }
    const queued = window.tidemark?.q ?? [];
    const names = ['init', 'track', 'page', 'setConsent', 'flush'];
    window.tidemark = Object.fromEntries(names.map((name) => [name, (...args) => {
      calls.push([name, ...copy(args).filter((argument) => argument !== undefined)]);
    }]));
    for (const [name, args] of queued) {
      window.tidemark[name](...args);
    }
  };
}

/** A page with the template; `calls` are what the SDK heard, or would hear once it came. */
function pageWith(options = {}) {
  const calls = [];
  const page = makePage({ scripts: sdkFor(calls), ...options });
  const { fire, granted } = template(PARTS, page);
  declared ??= granted.all();
  return {
    page,
    calls,
    granted,
    /** Fires the tag; gives how it ended. */
    fire: (data) => {
      const ended = fire(data);
      granted.used.forEach((what) => used.add(what));
      return ended;
    },
    told: () => calls.filter(([name]) => name === 'setConsent').map(([, choice]) => choice),
    consentAtStart: () => calls.find(([name]) => name === 'init')[1].consent,
    tracked: () => calls.filter(([name]) => name === 'track').map(([, ...rest]) => rest),
  };
}

/** The form's fields, those in groups too. */
const allFields = (fields) => fields.flatMap((field) => [field, ...allFields(field.subParams ?? [])]);

afterAll(() => {
  // No wider than needed: whatever is declared, a test above has used.
  expect([...used].sort()).toEqual([...declared].sort());
});

describe('as the gallery wants it', () => {
  test('info names a web tag with a small square picture', () => {
    const info = JSON.parse(PARTS.INFO);
    expect(info).toMatchObject({ type: 'TAG', displayName: 'Tidemark', containerContexts: ['WEB'], categories: ['ANALYTICS'] });
    const [, png] = /^data:image\/png;base64,(.+)$/.exec(info.brand.thumbnail);
    const bytes = Buffer.from(png, 'base64');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([64, 64]);
    expect(info.description.length).toBeLessThanOrEqual(200);
  });

  test('metadata, licence and terms are there', () => {
    expect(read('metadata.yaml')).toMatch(/^homepage: "https:.+"\ndocumentation: "https:.+"\nversions:\n(?: {2}# .*\n)* {2}- sha: [0-9a-f]{40}\n {4}changeNotes: .+\n$/m);
    expect(read('LICENSE')).toBe(readFileSync(path.join(import.meta.dirname, '../LICENSE'), 'utf8'));
    expect(PARTS.TERMS_OF_SERVICE).toContain('Gallery Developer Terms of Service');
  });

  test('every field has a name of its own, and a condition on one that is there', () => {
    const fields = [];
    const walk = (list) => list.forEach((field) => {
      fields.push(field);
      walk(field.subParams ?? []);
    });
    walk(JSON.parse(PARTS.TEMPLATE_PARAMETERS));
    const names = fields.map((field) => field.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(name))).toEqual([]);
    const items = Object.fromEntries(fields.map((field) => [
      field.name,
      (field.selectItems ?? field.radioItems ?? []).map((item) => item.value),
    ]));
    for (const { paramName, paramValue } of fields.flatMap((field) => field.enablingConditions ?? [])) {
      expect(items[paramName]).toContain(paramValue);
    }
  });

  test('the form offers each event that a page may send, with its attributes', () => {
    const group = JSON.parse(PARTS.TEMPLATE_PARAMETERS).find(({ name }) => name === 'eventGroup').subParams;
    const offered = group[0].selectItems.map(({ value }) => value);
    const folder = path.join(import.meta.dirname, '../schemas/events');
    for (const file of readdirSync(folder).filter((name) => name !== 'envelope.json')) {
      const schema = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
      const { name } = schema['x-self'];
      const isFound = ['consent', 'performance', 'sdk', 'session', 'ui'].includes(schema['x-category']);
      expect(offered.includes(name), name).toBe(!isFound);
      const table = group.find((field) => field.name === `attributes_${name.replaceAll('.', '_')}`);
      const rows = table?.simpleTableColumns[0].selectItems.map(({ value }) => value) ?? [];
      const wanted = Object.entries(schema.properties).map(([attribute, { type }]) => `${type}:${attribute}`);
      expect(rows.sort()).toEqual(isFound ? [] : wanted.sort());
    }
  });

  test('the code keeps to the sandbox\'s language', () => {
    const check_ = (code) => () => check(code, ['require', 'data']);
    expect(check_(PARTS.SANDBOXED_JS_FOR_WEB_TEMPLATE)).not.toThrow();
    const refused = [
      'window.x', 'new Date()', 'this.x', 'data.x.match(/a/)', 'try { data.x; } catch (e) {}', 'let { a } = data;',
      'let a = `b`;', 'data.f.apply(data)', 'Math.round(1)', 'data["f"]()', 'throw data', 'async () => {}',
    ];
    for (const code of refused) {
      expect(check_(code), code).toThrow(SyntaxError);
    }
  });

  test('it is told no where it asks for what it did not declare', () => {
    const { page } = pageWith();
    const only = { ...PARTS, WEB_PERMISSIONS: JSON.stringify(JSON.parse(PARTS.WEB_PERMISSIONS)
      .filter(({ instance }) => instance.key.publicId !== 'read_container_data')) };
    expect(() => template(only, page).fire(START)).toThrow('permission denied: read_container_data');
    const { required } = template(PARTS, page);
    expect(() => required.copyFromWindow('document.cookie')).toThrow('permission denied');
    expect(() => required.callInWindow('tidemark.flush')).toThrow('permission denied');
    expect(() => required.injectScript('https://t.example.org/other.js')).toThrow('permission denied');
    expect(() => required.copyFromDataLayer('user')).toThrow('permission denied');
  });

  test.for([
    ['https://*/sdk/tidemark.js', SCRIPT, true],
    ['https://*/sdk/tidemark.js', 'http://t.example.org/sdk/tidemark.js', false],
    ['https://*/sdk/tidemark.js', 'https://t.example.org/a/sdk/tidemark.js', false],
    ['https://*/sdk/tidemark.js', 'https://t.example.org/sdk/tidemark,js', false],
    ['https://*.example.org/', 'https://example.org/any', true],
    ['https://*.example.org/', 'https://example.org.evil/any', false],
  ])('the pattern %s and %s', ([pattern, url, wanted]) => {
    expect(matches(pattern, url)).toBe(wanted);
  });
});

describe('its own scenarios', () => {
  const { setup, scenarios: own } = scenarios(PARTS.TESTS);
  test.for(own.map(({ name, code }) => [name, code]))('%s', ([, code]) => {
    scenario(PARTS, { setup, code }, makePage());
  });

  test('one that claims what is wrong fails', () => {
    const wrong = own[0].code.replace("'init'", "'track'");
    expect(() => scenario(PARTS, { setup, code: wrong }, makePage())).toThrow('is not');
  });
});

describe('it starts', () => {
  test('from the first-party edge, with the container\'s id', () => {
    const { fire, page, calls } = pageWith();
    expect(fire({ ...START, appVersion: '4.2.0' })).toEqual(['success']);
    expect(page.injected).toEqual([SCRIPT]);
    expect(calls).toEqual([['init', {
      writeKey: 'wk_test',
      endpoint: 'https://t.example.org',
      consent: {},
      capture: { rageClicks: false },
      struggle: {},
      gtm: { containerId: 'GTM-TEST123' },
      app: { version: '4.2.0', environment: undefined },
    }]]);
  });

  test('every part of capture has a field, which says what differs from the SDK\'s own', () => {
    const fields = allFields(JSON.parse(PARTS.TEMPLATE_PARAMETERS)).filter(({ name }) => /^capture[A-Z]\w*$/.test(name) && name !== 'captureGroup');
    const partOf = (name) => name[7].toLowerCase() + name.slice(8);
    // The switches as types.ts has them, each with a line of its own.
    const [, block] = /\n {2}capture\?: \{\n([\s\S]*?)\n {2}\};/.exec(read('../npm/web/src/types.ts'));
    const declared = [...block.matchAll(/^ {4}(\w+)\?: boolean;/gm)].map(([, name]) => name);
    expect(fields.map(({ name }) => partOf(name)).sort()).toEqual(declared.sort());

    const capture = (data) => {
      const { fire, calls } = pageWith();
      fire({ ...START, captureRageClicks: true, ...data });
      return calls.find(([name]) => name === 'init')[1].capture;
    };
    const asTheyCome = Object.fromEntries(fields.map(({ name, defaultValue }) => [name, defaultValue]));
    expect(capture(asTheyCome)).toEqual({});
    // A tag that was saved before the form had them.
    expect(capture(Object.fromEntries(fields.map(({ name }) => [name, undefined])))).toEqual({});
    for (const { name, defaultValue } of fields) {
      expect(capture({ ...asTheyCome, [name]: !defaultValue }), name).toEqual({ [partOf(name)]: !defaultValue });
    }
  });

  test('every threshold of struggle has a field, and only numbers of it are said', () => {
    const fields = allFields(JSON.parse(PARTS.TEMPLATE_PARAMETERS));
    const { simpleTableColumns } = fields.find(({ name }) => name === 'struggleThresholds');
    const known = simpleTableColumns.find(({ name }) => name === 'threshold').selectItems.map(({ value }) => value);
    const [, block] = /\nexport interface Struggle \{\n([\s\S]*?)\n\}/.exec(read('../npm/web/src/types.ts'));
    const declared = [...block.matchAll(/^ {2}(\w+)\?: number;/gm)].map(([, name]) => name);
    expect(known).toEqual(declared);

    const struggle = (data) => {
      const { fire, calls } = pageWith();
      fire({ ...START, ...data });
      return calls.find(([name]) => name === 'init')[1].struggle;
    };
    expect(struggle({})).toEqual({});
    expect(struggle({
      struggleThresholds: [
        { threshold: 'rageClicks', value: '4' },
        { threshold: 'deadMs', value: '' },
        { threshold: 'slowMs', value: 'soon' },
        { threshold: 'backMs', value: '-1' },
        { threshold: 'momentMs', value: '0' },
      ],
      struggleExempt: '.drum',
    })).toEqual({ rageClicks: 4, momentMs: 0, exempt: '.drum' });
  });

  test('once, however often it fires; a later firing tells the choice', () => {
    const { fire, page, calls } = pageWith();
    fire(START);
    page.consent.update({ analytics_storage: 'granted' });
    expect(fire(START)).toEqual(['success']);
    expect(page.injected).toHaveLength(1);
    expect(calls.map(([name]) => name)).toEqual(['init', 'setConsent']);
    expect(calls[1][1]).toEqual({ analytics: true });
  });

  test('beside a page\'s own SDK without loading another', () => {
    const calls = [];
    const window = {};
    sdkFor(calls)(SCRIPT, window);
    const { fire, page } = pageWith({ window });
    expect(fire(START)).toEqual(['success']);
    expect(page.injected).toEqual([]);
    expect(calls.map(([name]) => name)).toEqual(['init']);
  });

  test('behind what a page queued before', () => {
    const window = { tidemark: { q: [['track', ['early.bird', {}]]] } };
    const { fire, calls } = pageWith({ window });
    fire(START);
    expect(calls.map(([name]) => name)).toEqual(['track', 'init']);
  });

  test('not from an edge without https, and says so', () => {
    const { fire, page } = pageWith();
    expect(fire({ ...START, edge: 'http://t.example.org' })).toEqual(['failure']);
    expect(page.injected).toEqual([]);
    expect(page.lines[0]).toContain('https');
  });

  test('and fails where the script does not come', () => {
    const { fire } = pageWith({ scripts: () => false });
    expect(fire(START)).toEqual(['failure']);
  });
});

describe('Consent Mode', () => {
  const starting = (prepare, data = {}) => {
    const made = pageWith();
    prepare(made.page.consent);
    made.fire({ ...START, ...data });
    return made;
  };

  test('a signal that nobody set is no consent, although Google says that it is granted', () => {
    const { page, consentAtStart } = starting(() => {});
    expect(page.consent.isGranted('analytics_storage')).toBe(true);
    expect(consentAtStart()).toEqual({});
  });

  test('it is where the form says so', () => {
    const { consentAtStart } = starting(() => {}, { unsetSignals: 'granted' });
    expect(consentAtStart()).toEqual({ analytics: true, ads: true });
  });

  test.for([
    ['a default that denies: will be asked', (consent) => consent.setDefault(ALL_SIGNALS('denied')), {}],
    ['a default that grants is no choice', (consent) => consent.setDefault(ALL_SIGNALS('granted')), {}],
    ['a choice', (consent) => consent.update(ALL_SIGNALS('granted')), { analytics: true, ads: true }],
    ['a refusal', (consent) => consent.update(ALL_SIGNALS('denied')), { analytics: false, ads: false }],
    ['a choice over a default', (consent) => {
      consent.setDefault(ALL_SIGNALS('denied'));
      consent.update({ analytics_storage: 'granted' });
    }, { analytics: true }],
    ['ads take all three', (consent) => consent.update({ ...ALL_SIGNALS('granted'), ad_user_data: 'denied' }),
      { analytics: true, ads: false }],
  ])('%s', ([, prepare, wanted]) => {
    expect(starting(prepare).consentAtStart()).toEqual(wanted);
  });

  test('a default that grants counts where the form says so', () => {
    const grant = (consent) => consent.setDefault(ALL_SIGNALS('granted'));
    expect(starting(grant, { grantedDefaults: true }).consentAtStart()).toEqual({ analytics: true, ads: true });
  });

  test('a later choice and its withdrawal are told at once, each once', () => {
    const { page, told } = starting((consent) => consent.setDefault(ALL_SIGNALS('denied')));
    page.consent.update({ analytics_storage: 'granted' });
    page.consent.update({ analytics_storage: 'granted' });
    page.consent.update(ALL_SIGNALS('granted'));
    page.consent.update({ analytics_storage: 'denied', ad_user_data: 'denied' });
    expect(told()).toEqual([{ analytics: true }, { ads: true }, { analytics: false }, { ads: false }]);
  });

  test('a late default that denies waits, and takes back what only counted because nobody had set it', () => {
    const late = starting(() => {});
    late.page.consent.setDefault(ALL_SIGNALS('denied'));
    expect(late.told()).toEqual([]);
    const unset = starting(() => {}, { unsetSignals: 'granted' });
    unset.page.consent.setDefault(ALL_SIGNALS('denied'));
    expect(unset.told()).toEqual([{ analytics: false }, { ads: false }]);
  });

  test('from unset to granted no listener fires: the tag that tells the choice does', () => {
    const { fire, page, told } = starting(() => {});
    page.consent.update({ analytics_storage: 'granted' });
    expect(told()).toEqual([]);
    expect(fire({ ...START, action: 'consent' })).toEqual(['success']);
    expect(told()).toEqual([{ analytics: true }]);
  });

  test.for([
    ['granted', true], [true, true], ['true', true], ['denied', false], [false, false], ['', undefined],
    [undefined, undefined], ['maybe', undefined],
  ])('the variable of a consent tool %s is %s', ([word, wanted]) => {
    const { consentAtStart, page, told } = starting(() => {}, { consentSource: 'variable', analyticsConsent: word, adsConsent: 'denied' });
    expect(consentAtStart()).toEqual(wanted === undefined ? { ads: false } : { analytics: wanted, ads: false });
    page.consent.update(ALL_SIGNALS('denied'));
    expect(told()).toEqual([]);
  });
});

describe('events', () => {
  test('of the catalogue, each value by its type', () => {
    const { fire, page, tracked } = pageWith({ window: {} });
    fire(START);
    const rows = [
      ['string:thread_id', 17], ['integer:prompt_length', '42'], ['number:response_time_ms', 12.5],
      ['boolean:is_follow_up', 'true'], ['integer:tokens_consumed', 'many'], ['string:model_used', undefined],
    ].map(([attribute, value]) => ({ attribute, value }));
    expect(fire({ action: 'track', eventName: 'chat_interaction', attributes_chat_interaction: rows })).toEqual(['success']);
    expect(tracked()).toEqual([
      ['chat_interaction', { thread_id: '17', prompt_length: 42, response_time_ms: 12.5, is_follow_up: true }],
    ]);
    expect(page.lines).toEqual([
      'Tidemark: tokens_consumed of chat_interaction is no integer and is left out',
      'Tidemark: model_used of chat_interaction is no string and is left out',
    ]);
  });

  test('of one\'s own', () => {
    const { fire, tracked } = pageWith();
    fire(START);
    const customAttributes = [
      { attribute: 'plan', type: 'string', value: 'team' },
      { attribute: 'seats', type: 'integer', value: '3' },
      { attribute: 'where', type: 'object', value: '{"step":2}' },
      { attribute: 'broken', type: 'object', value: '{' },
    ];
    fire({ action: 'track', eventName: 'custom', customEventName: 'signup_click', customAttributes });
    fire({ action: 'track', eventName: 'custom', customEventName: 'bare' });
    expect(tracked()).toEqual([['signup_click', { plan: 'team', seats: 3, where: { step: 2 } }], ['bare', {}]]);
  });

  test('before the SDK has come wait in its queue, in order', () => {
    const { fire, page, calls } = pageWith();
    fire({ action: 'track', eventName: 'custom', customEventName: 'early.bird' });
    expect(page.window.tidemark.q).toHaveLength(1);
    fire(START);
    expect(calls.map(([name]) => name)).toEqual(['track', 'init']);
  });

  test('of GA4, by the catalogue\'s names', () => {
    const dataLayer = {
      event: 'add_to_cart',
      ecommerce: { currency: 'EUR', items: [{ item_id: 'mug', price: 12.5, quantity: 2 }] },
    };
    const { fire, page, tracked } = pageWith({ dataLayer });
    fire(START);
    fire({ action: 'ga4' });
    Object.assign(dataLayer, { event: 'search', search_term: 'mugs' });
    fire({ action: 'ga4' });
    Object.assign(dataLayer, { event: 'login', method: 'Google' });
    fire({ action: 'ga4' });
    dataLayer.event = 'gtm.click';
    expect(fire({ action: 'ga4' })).toEqual(['success']);
    expect(tracked()).toEqual([
      ['commerce.add_to_cart', {
        'commerce.product_id': 'mug', 'commerce.price': 12.5, 'commerce.quantity': 2, 'commerce.value': 25,
        'commerce.currency': 'EUR',
      }],
      ['search.performed', { query: 'mugs', query_length: 4 }],
      ['user.logged_in', { method: 'other' }],
    ]);
    expect(page.lines).toEqual(['Tidemark: gtm.click is none of the GA4 events that have a name in the catalogue']);
  });
});
