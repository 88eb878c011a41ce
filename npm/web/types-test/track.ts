// What the generated types let through and what they refuse; `tsc` is the test.

import type { Events, Track, TrackCatalogue } from '../src/generated/events.js';
import type { Attributes } from '../src/types.js';

declare const track: Track;
declare const strict: TrackCatalogue;

track('voice.turn_started', { 'voice.session_id': 'v_81' });
track('voice.turn_started');
track('ui.clicked', { selector: 'main > button' });
track('chat_interaction', {
  thread_id: 't_81',
  message_id: 'm_3',
  message_type: 'user_prompt',
  prompt_length: 26,
  is_follow_up: false,
});

// Names of one's own take any attributes.
track('signup_click');
track('signup_click', { plan: 'team', seats: 3, tags: ['a'], nested: { deep: null } });
declare const chosen: string;
track(chosen, { plan: 'team' });

// @ts-expect-error: no such attribute
track('voice.turn_started', { 'voice.session': 'v_81' });
// @ts-expect-error: another type
track('voice.first_response', { 'voice.first_response_ms': '450' });
// @ts-expect-error: beyond the list
track('performance_metric', { metric_type: 'paint', duration_ms: 3, success: true });
// @ts-expect-error: a required attribute is missing
track('ui.clicked', { tag: 'button' });
// @ts-expect-error: required attributes, and none given
track('ui.clicked');
// @ts-expect-error: attributes are JSON
track('signup_click', { when: () => 1 });
// @ts-expect-error: beyond the list of the items
track('sdk.health', { blind_spots: ['moon'] });
// @ts-expect-error: a site that takes the catalogue alone
strict('signup_click');

// What is typed for the catalogue is attributes like any other.
export const attributes: Attributes = { selector: 'a' } satisfies Events['ui.clicked'];

// A client that takes any name and attributes is a client of these types.
export const client: Track = (name: string, given?: Attributes): void => void [name, given];
