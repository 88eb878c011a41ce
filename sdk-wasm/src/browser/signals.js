// Reads what the page's consent tools and the browser say, whenever they come.
//
// The command queue of Google's tags is read from its beginning and watched;
// `__tcfapi` is asked once it is there. Both may come late, or again: it is looked
// for them at ever longer intervals, as for the browser's own preferences.

/** The first look after the start; each next one doubles it up to the last. */
const FIRST_LOOK_MS = 250;
const LAST_LOOK_MS = 8000;
const TYPES = 'analytics_storage ad_storage ad_user_data ad_personalization'.split(' ');
/** Purposes of TCF, as core/src/consent/tcf.rs explains them. */
const MEASURE = [1, 8, 9, 10];
const ADVERTISE = [1, 2, 3, 4, 7];
/** Those that a publisher's legitimate interest may carry. */
const BY_INTEREST = [7, 8, 9, 10];

/** Only one word grants; an absent or empty one says nothing, any other denies. */
const word = (value) => (value ? value === 'granted' : undefined);

/**
 * @param {object} consent see consent.js
 * @param {(source: string, say: () => void) => void} hear runs what changes consent
 * @param {{ region?: string, vendor?: number }} chosen the site's part
 */
export const watchSignals = (consent, hear, { region, vendor }) => {
  let layer, asked, timer;
  let look = FIRST_LOOK_MS;

  const read = (entry) => {
    const [command, action, given] = entry?.[0] === 'consent' ? entry : [];
    if (!command || Object(given) !== given) return;
    const types = TYPES.map((type) => word(given[type]));
    const regions = given.region;
    // One for other regions than the visitor's holds elsewhere.
    if (regions && !regions.includes(region) && !regions.includes(region?.split('-')[0])) return;
    hear('google_consent_mode', () => {
      if (action === 'update') consent.googleUpdate(types);
      if (action !== 'default') return;
      const ms = given.wait_for_update;
      consent.googleDefault(types, ms > 0);
      clearTimeout(timer);
      if (ms > 0) timer = setTimeout(() => hear('google_consent_mode', consent.googleWaited), ms);
    });
  };
  const watchLayer = () => {
    const found = globalThis.dataLayer;
    if (found === layer || !Array.isArray(found)) return;
    layer = found;
    const { push } = layer;
    layer.push = function (...entries) {
      const result = push.apply(this, entries);
      entries.forEach(read);
      return result;
    };
    layer.forEach(read);
  };

  const tcf = (data, success) => {
    if (!data || success === false) return;
    const { cmpStatus, eventStatus, gdprApplies, purpose, publisher } = data;
    const isChosen = eventStatus === 'tcloaded' || eventStatus === 'useractioncomplete';
    const isListed = data.vendor?.consents?.[vendor] !== false;
    const allows = (purposes) =>
      isListed &&
      purposes.every(
        (id) =>
          purpose?.consents?.[id] ||
          (BY_INTEREST.includes(id) && publisher?.legitimateInterests?.[id]),
      );
    hear('tcf', () =>
      consent.tcf(
        gdprApplies,
        cmpStatus === 'error',
        isChosen ? allows(MEASURE) : undefined,
        isChosen ? allows(ADVERTISE) : undefined,
      ),
    );
  };
  const watchTcf = () => {
    const api = globalThis.__tcfapi;
    if (asked || typeof api !== 'function') return;
    asked = true;
    // That it is there says: it will tell.
    tcf({});
    api('addEventListener', 2, tcf);
  };

  const watch = () => {
    const { globalPrivacyControl, doNotTrack } = navigator;
    hear('gpc', () => consent.gpc(!!globalPrivacyControl));
    hear('dnt', () => consent.dnt(doNotTrack === '1'));
    try {
      watchLayer();
      watchTcf();
    } catch {
      // A consent tool that throws has said nothing.
    }
    setTimeout(watch, look);
    look = Math.min(look * 2, LAST_LOOK_MS);
  };
  watch();
};
