// Calls for what assistants do, by the arguments that their code has at hand.

import type { Tidemark, VoiceMetrics } from './types.js';

type Helpers = Pick<Tidemark, 'trackVoiceMetrics' | 'trackToolExecution' | 'trackKBSearch' | 'trackChat'>;

/** The longest query that the catalogue's `kb.search` takes. */
const QUERY_MAX = 500;

/** Makes the helpers over a `track`. An argument that is absent is no attribute. */
export function createHelpers(track: (name: string, attributes: object) => void): Helpers {
  return {
    trackVoiceMetrics(metrics: VoiceMetrics): void {
      const { firstResponseMs, bargeInMs, asrLatencyMs, sessionId } = metrics;
      const tell = (name: string, attribute: string, ms: number | undefined): void => {
        if (ms !== undefined) track(name, { [attribute]: ms, 'voice.session_id': sessionId });
      };
      tell('voice.first_response', 'voice.first_response_ms', firstResponseMs);
      tell('voice.barge_in', 'voice.barge_in_ms', bargeInMs);
      tell('voice.asr_partial', 'voice.asr_latency_ms', asrLatencyMs);
    },
    trackToolExecution(tool, category, ms, success, conversationId): void {
      track('ai.tool_call_completed', {
        'ai.tool_name': tool,
        'ai.tool_category': category,
        'ai.duration_ms': ms,
        'ai.success': success,
        'ai.conversation_id': conversationId,
      });
    },
    trackKBSearch(query, results, ms, topScore, conversationId): void {
      track('kb.search', {
        'kb.query': `${query}`.slice(0, QUERY_MAX),
        'kb.results_count': results,
        'kb.search_ms': ms,
        'kb.top_score': topScore,
        'ai.conversation_id': conversationId,
      });
    },
    trackChat(message): void {
      track('chat_interaction', message);
    },
  };
}
