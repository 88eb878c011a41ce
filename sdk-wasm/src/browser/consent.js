// What the visitor said, and what follows from it: core's machine once more.
//
// Before a grant nothing may be requested, and core is in the module that would be
// requested, so that the page decides here. The state and the rules are those of
// core/src/consent/machine.rs, bit for bit; tests/sdk holds this file to every line
// of the table in docs/consent.md, which core writes.

const CALL = 1;
const CALL_ADS = 2;
const TCF = 4;
const TCF_ADS = 8;
const UPDATE = 16;
const UPDATE_ADS = 0b111 << 5;
/** A default's types lie so much higher than an update's. */
const SHIFT = 4;
/** All but defaults: what a visitor chose. */
const CHOICES = 0xff;

/** What one thing that was said changes; by name, because pages call them. */
export const createConsent = () => {
  let yes = 0;
  let no = 0;
  let isOptOutRegion, gpc, dnt, optedOut, updated, googleWaits, tcfWaits, gdpr;

  /** A word that is absent leaves what was said before. */
  const say = (bits, word) => {
    if (word !== !!word) return;
    yes &= ~bits;
    no &= ~bits;
    if (word) yes |= bits;
    else no |= bits;
  };
  const sayTypes = (types, shift) =>
    types.forEach((word, at) => say(UPDATE << (shift + at), word));
  /** A preference was switched on: of what was chosen before, denials stay. */
  const object = (on, was) => {
    if (on && !was) yes &= ~CHOICES;
    return on;
  };
  const resolve = (choices, types, objects, unasked) => {
    if (optedOut || no & choices) return false;
    if (yes & choices & ~types || (yes & types) === types) return true;
    if (!isOptOutRegion || gdpr) return;
    if (objects) return false;
    if (unasked && !googleWaits && !tcfWaits) return true;
  };

  return {
    call: ({ analytics, ads }) => {
      say(CALL, analytics);
      say(CALL_ADS, ads);
    },
    optOut: () => {
      optedOut = true;
    },
    optIn: () => {
      optedOut = false;
      say(CALL, true);
    },
    googleDefault: (types, waits) => {
      sayTypes(types, SHIFT);
      googleWaits = waits && !updated;
    },
    googleUpdate: (types) => {
      sayTypes(types, 0);
      updated = true;
      googleWaits = false;
    },
    googleWaited: () => {
      googleWaits = false;
    },
    /** `applies` is unset before it is known; choices are unset before one is made. */
    tcf: (applies, failed, analytics, ads) => {
      tcfWaits = !failed && applies == null;
      if (failed || tcfWaits) return;
      gdpr = applies;
      if (gdpr) {
        say(TCF, analytics);
        say(TCF_ADS, ads);
      } else {
        yes &= ~(TCF | TCF_ADS);
        no &= ~(TCF | TCF_ADS);
      }
    },
    gpc: (on) => {
      gpc = object(on, gpc);
    },
    dnt: (on) => {
      dnt = object(on, dnt);
    },
    region: (isOptOut) => {
      isOptOutRegion = isOptOut;
    },
    /** `[analytics, ads]`, each unset before it is decided, and whether it is an opt-out. */
    now: () => {
      const analytics = resolve(CALL | UPDATE | TCF, UPDATE, gpc || dnt, !(no & (UPDATE << SHIFT)));
      const types = (yes | (yes >> SHIFT)) & UPDATE_ADS;
      const ads = resolve(CALL_ADS | UPDATE_ADS | TCF_ADS, UPDATE_ADS, dnt, types === UPDATE_ADS);
      return [analytics, gpc ? false : ads && analytics, optedOut];
    },
  };
};
