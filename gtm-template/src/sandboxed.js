// Starts Tidemark, tells it the visitor's choice, or sends an event, as the tag's form says.
// It asks nobody but your own edge.

const addConsentListener = require('addConsentListener');
const callInWindow = require('callInWindow');
const copyFromDataLayer = require('copyFromDataLayer');
const copyFromWindow = require('copyFromWindow');
const createQueue = require('createQueue');
const getContainerVersion = require('getContainerVersion');
const getType = require('getType');
const injectScript = require('injectScript');
const isConsentGranted = require('isConsentGranted');
const JSON = require('JSON');
const logToConsole = require('logToConsole');
const makeNumber = require('makeNumber');
const makeString = require('makeString');
const queryPermission = require('queryPermission');
const setInWindow = require('setInWindow');
const templateStorage = require('templateStorage');

/* @ga4 */

// Consent Mode's signals behind each of our two; ads take all three.
const SIGNALS = {
  analytics: ['analytics_storage'],
  ads: ['ad_storage', 'ad_user_data', 'ad_personalization']
};

// Parts of capture, by their fields' names: those that are on unless they are switched off, and
// those that are off unless they are switched on.
const USUALLY_ON = ['Pages', 'Leaves', 'Clicks', 'Errors', 'RageClicks', 'DeadClicks', 'ErrorClicks',
  'Cursor', 'Backtracks'];
const USUALLY_OFF = ['Forms', 'AbandonedForms', 'Links', 'Downloads',
  'Media', 'Frames', 'Health', 'Vitals'];

const isThere = () => getType(copyFromWindow('tidemark.track')) === 'function';

// Until the SDK has come its calls wait in a queue, which it takes over in order.
const call = (name, first, second) => {
  if (isThere()) {
    callInWindow('tidemark.' + name, first, second);
    return;
  }
  setInWindow('tidemark', { q: [] }, false);
  createQueue('tidemark.q')([name, [first, second]]);
};

// What the visitor said of one signal: true, false, or undefined where nobody asked.
// isConsentGranted says yes to what nobody has set, so that a yes counts only where the state that
// Google's tags keep shows who said it: a choice, not a default.
const chosen = (signal) => {
  const entry = 'google_tag_data.ics.entries.' + signal;
  const update = copyFromWindow(entry + '.update');
  if (!isConsentGranted(signal)) {
    return update === false ? false : undefined;
  }
  if (update === true) {
    return true;
  }
  if (getType(update) !== 'undefined' || getType(copyFromWindow(entry + '.default')) !== 'undefined') {
    return data.grantedDefaults ? true : undefined;
  }
  return data.unsetSignals === 'granted' ? true : undefined;
};

const all = (answers) => {
  if (answers.indexOf(false) >= 0) {
    return false;
  }
  return answers.indexOf(undefined) >= 0 ? undefined : true;
};

// A word of a consent tool, from a variable.
const wordOf = (value) => {
  if (value === true || value === 'true' || value === 'granted') {
    return true;
  }
  return value === false || value === 'false' || value === 'denied' ? false : undefined;
};

const decided = (analytics, ads) => {
  const consent = {};
  if (analytics !== undefined) {
    consent.analytics = analytics;
  }
  if (ads !== undefined) {
    consent.ads = ads;
  }
  return consent;
};

const choice = () => {
  if (data.consentSource === 'variable') {
    return decided(wordOf(data.analyticsConsent), wordOf(data.adsConsent));
  }
  return decided(all(SIGNALS.analytics.map(chosen)), all(SIGNALS.ads.map(chosen)));
};

// A change from a refusal to a grant, or back. A default that comes late refuses nothing that was not
// granted before: it only says that the visitor will be asked.
const listen = (told) => {
  const hear = (kind) => (signal, granted) => {
    const answers = SIGNALS[kind].map((other) => (other === signal && granted ? true : chosen(other)));
    const answer = all(answers);
    const now = answer === undefined && !granted && told[kind] === true ? false : answer;
    if (now === undefined || now === told[kind]) {
      return;
    }
    told[kind] = now;
    call('setConsent', kind === 'ads' ? { ads: now } : { analytics: now });
  };
  SIGNALS.analytics.forEach((signal) => addConsentListener(signal, hear('analytics')));
  SIGNALS.ads.forEach((signal) => addConsentListener(signal, hear('ads')));
};

const trimmed = (edge) => {
  const text = makeString(edge || '');
  return text.charAt(text.length - 1) === '/' ? trimmed(text.slice(0, -1)) : text;
};

// Only what differs from what the SDK does unasked: the rest is left to the site's own settings, and
// to tags that were saved before the form had the field.
const captured = () => {
  const capture = {};
  const say = (parts, unusual) => {
    parts.forEach((part) => {
      if (data['capture' + part] === unusual) {
        capture[part.charAt(0).toLowerCase() + part.slice(1)] = unusual;
      }
    });
  };
  say(USUALLY_ON, false);
  say(USUALLY_OFF, true);
  return capture;
};

// A row's value by the type that stands before its attribute's name; undefined where it is none.
const valueOf = (type, value) => {
  if (type === 'number' || type === 'integer') {
    const number = getType(value) === 'string' && value === '' ? undefined : makeNumber(value);
    return number === number ? number : undefined;
  }
  if (type === 'boolean') {
    return wordOf(value);
  }
  if (type === 'string') {
    return getType(value) === 'undefined' || getType(value) === 'null' ? undefined : makeString(value);
  }
  return getType(value) === 'string' ? JSON.parse(value) : value;
};

// What separates struggle from use, as far as the form says it.
const struggle = () => {
  const told = {};
  (data.struggleThresholds || []).forEach((row) => {
    const number = valueOf('number', row.value);
    if (number >= 0) {
      told[row.threshold] = number;
    }
  });
  if (data.struggleExempt) {
    told.exempt = makeString(data.struggleExempt);
  }
  return told;
};

const start = () => {
  const consent = choice();
  if (templateStorage.getItem('started')) {
    // Fired again on this page: the choice may be new, the start is not.
    call('setConsent', consent);
    data.gtmOnSuccess();
    return;
  }
  const edge = trimmed(data.edge);
  const url = edge + '/sdk/tidemark.js';
  const options = {
    writeKey: data.writeKey,
    endpoint: edge,
    consent: consent,
    capture: captured(),
    struggle: struggle(),
    gtm: { containerId: getContainerVersion().containerId }
  };
  if (data.appVersion || data.appEnvironment) {
    options.app = { version: data.appVersion, environment: data.appEnvironment };
  }
  const isLoaded = isThere();
  if (!isLoaded && !queryPermission('inject_script', url)) {
    logToConsole('Tidemark: the template may not load ' + url + ': the edge needs https');
    data.gtmOnFailure();
    return;
  }
  templateStorage.setItem('started', true);
  call('init', options);
  if (data.consentSource !== 'variable') {
    listen(consent);
  }
  if (isLoaded) {
    data.gtmOnSuccess();
    return;
  }
  injectScript(url, data.gtmOnSuccess, data.gtmOnFailure, url);
};

const track = () => {
  const isCustom = data.eventName === 'custom';
  const name = isCustom ? data.customEventName : data.eventName;
  const rows = isCustom ? data.customAttributes : data['attributes_' + name.split('.').join('_')];
  const attributes = {};
  (rows || []).forEach((row) => {
    const at = row.attribute.indexOf(':');
    const type = isCustom ? row.type : row.attribute.slice(0, at);
    const attribute = isCustom ? row.attribute : row.attribute.slice(at + 1);
    const value = valueOf(type, row.value);
    if (value === undefined) {
      logToConsole('Tidemark: ' + attribute + ' of ' + name + ' is no ' + type + ' and is left out');
      return;
    }
    attributes[attribute] = value;
  });
  call('track', name, attributes);
};

const translate = () => {
  const pushed = copyFromDataLayer('event');
  const isCommerce = pushed !== 'search' && pushed !== 'login';
  const params = isCommerce
    ? copyFromDataLayer('ecommerce')
    : { search_term: copyFromDataLayer('search_term'), method: copyFromDataLayer('method') };
  const events = ga4Events(pushed, params, getType, makeNumber);
  if (events.length === 0) {
    logToConsole('Tidemark: ' + pushed + ' is none of the GA4 events that have a name in the catalogue');
  }
  events.forEach((event) => call('track', event[0], event[1]));
};

if (data.action === 'start') {
  start();
} else {
  if (data.action === 'consent') {
    call('setConsent', choice());
  } else if (data.action === 'ga4') {
    translate();
  } else {
    track();
  }
  data.gtmOnSuccess();
}
