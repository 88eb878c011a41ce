___TERMS_OF_SERVICE___

By creating or modifying this file you agree to Google Tag Manager's Community
Template Gallery Developer Terms of Service available at
https://developers.google.com/tag-manager/gallery-tos (or such other URL as
Google may provide), as modified from time to time.


___INFO___

{
  "type": "TAG",
  "id": "cvt_temp_public_id",
  "version": 1,
  "securityGroups": [],
  "displayName": "Tidemark",
  "categories": ["ANALYTICS"],
  "brand": {
    "id": "brand_dummy",
    "displayName": "Tidemark",
    "thumbnail": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAgMAAADXB5lNAAAACVBMVEX08OYuhpYOPlKCd2WSAAAAfElEQVR42u2LsRWEMAxDdQUjsE9GoEAUjHD7MAIFnhJHTu4IDR00qPmy3jfw5q6kE3u2BJkafsjhSHTk+GOSGW7vxCBTrohRpn5EMExWwp91V5brn+eGyVbVoA9fMw1BH8xsyUMQnL1ktxDZlFuIbMotxKyysRJ2yjtcDDvkmjpAsfbdRQAAAABJRU5ErkJggg=="
  },
  "description": "Privacy-first behaviour analytics from your own edge: starts the SDK, follows Consent Mode, and sends the events of the catalogue.",
  "containerContexts": ["WEB"]
}


___TEMPLATE_PARAMETERS___

[
  {"defaultValue":"start","displayName":"What this tag does","name":"action","radioItems":[{"displayValue":"Start Tidemark","help":"Once a page, on Consent Initialization or Initialization.","value":"start"},{"displayValue":"Tell the visitor's choice","help":"On the event that your consent tool pushes when the visitor has decided. Needed where the tool sets no default: Consent Mode tells no listener of a signal that goes from unset to granted.","value":"consent"},{"displayValue":"Send an event","value":"track"},{"displayValue":"Send the GA4 event of the data layer","help":"view_item, add_to_cart, begin_checkout, purchase, search and login, by their names in the catalogue.","value":"ga4"}],"simpleValueType":true,"type":"RADIO"},
  {"displayName":"Start","enablingConditions":[{"paramName":"action","paramValue":"start","type":"EQUALS"}],"groupStyle":"ZIPPY_OPEN","name":"startGroup","type":"GROUP","subParams":[
    {"displayName":"Edge","help":"Where your own edge answers. The SDK is loaded from /sdk/tidemark.js there.","name":"edge","simpleValueType":true,"type":"TEXT","valueHint":"https://t.example.org","valueValidators":[{"type":"NON_EMPTY"},{"args":["^https://[^/?#\\s]+(/[^?#\\s]*)?$"],"errorMessage":"An https address without a query.","type":"REGEX"}]},
    {"displayName":"Write key","help":"The site's public key: it may send and never read.","name":"writeKey","simpleValueType":true,"type":"TEXT","valueValidators":[{"type":"NON_EMPTY"}]},
    {"displayName":"Captured without a call","groupStyle":"ZIPPY_CLOSED","help":"What is left as it comes the site's own settings may say. The second half is loaded from files of its own, and only where one of it is switched on.","name":"captureGroup","subParams":[{"checkboxText":"Page views","defaultValue":true,"name":"capturePages","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Page leaves, with the time that the page was seen","defaultValue":true,"name":"captureLeaves","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Clicks","defaultValue":true,"name":"captureClicks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Errors","defaultValue":true,"name":"captureErrors","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Rage clicks","defaultValue":true,"name":"captureRageClicks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Dead clicks","defaultValue":true,"name":"captureDeadClicks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Error clicks","defaultValue":true,"name":"captureErrorClicks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Pointer that is shaken","defaultValue":true,"name":"captureCursor","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Quick ways back","defaultValue":true,"name":"captureBacktracks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Forms begun and submitted","defaultValue":false,"name":"captureForms","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Forms abandoned","defaultValue":false,"name":"captureAbandonedForms","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Links to other hosts","defaultValue":false,"name":"captureLinks","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Downloads","defaultValue":false,"name":"captureDownloads","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Audio and video","defaultValue":false,"name":"captureMedia","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Inside of frames of the same origin","defaultValue":false,"name":"captureFrames","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"What the SDK could not see","defaultValue":false,"name":"captureHealth","simpleValueType":true,"type":"CHECKBOX"},{"checkboxText":"Core Web Vitals","defaultValue":false,"name":"captureVitals","simpleValueType":true,"type":"CHECKBOX"}],"type":"GROUP"},
    {"displayName":"Struggle","groupStyle":"ZIPPY_CLOSED","help":"What separates struggle from use. What is left empty the site's own settings may say.","name":"struggleGroup","subParams":[{"displayName":"Thresholds","name":"struggleThresholds","newRowButtonText":"Add threshold","simpleTableColumns":[{"defaultValue":"","displayName":"Threshold","isUnique":true,"name":"threshold","selectItems":[{"displayValue":"Unanswered clicks in a series (3)","value":"rageClicks"},{"displayValue":"Longest pause in a series, ms (1000)","value":"rageGapMs"},{"displayValue":"How far apart its clicks may lie, px (30)","value":"rageRadiusPx"},{"displayValue":"A later answer does not help who clicks again, ms (1000)","value":"answerMs"},{"displayValue":"What is taken back sooner is no answer, ms (700)","value":"momentMs"},{"displayValue":"Without an answer for so long a control is dead, ms (2000)","value":"deadMs"},{"displayValue":"A later answer withdraws nothing, ms (10000)","value":"slowMs"},{"displayValue":"From a click to an error that it caused, ms (1000)","value":"errorMs"},{"displayValue":"Turns of a pointer that is shaken (8)","value":"thrashTurns"},{"displayValue":"A page that is left for the one before so soon is a wrong turn, ms (7000)","value":"backMs"},{"displayValue":"A form at which nothing is done for so long is left, ms (900000)","value":"abandonMs"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT","valueValidators":[{"type":"NON_NEGATIVE_NUMBER"}]}],"type":"SIMPLE_TABLE"},{"displayName":"Never judged: a CSS selector","name":"struggleExempt","simpleValueType":true,"type":"TEXT","valueHint":".drum-pad"}],"type":"GROUP"},
    {"displayName":"Version of your application","name":"appVersion","simpleValueType":true,"type":"TEXT"},
    {"displayName":"Environment","name":"appEnvironment","simpleValueType":true,"type":"TEXT","valueHint":"production"}
  ]},
  {"displayName":"Consent","enablingConditions":[{"paramName":"action","paramValue":"start","type":"EQUALS"},{"paramName":"action","paramValue":"consent","type":"EQUALS"}],"groupStyle":"ZIPPY_OPEN","name":"consentGroup","type":"GROUP","subParams":[
    {"defaultValue":"consentMode","displayName":"Who knows the visitor's choice","name":"consentSource","radioItems":[{"displayValue":"Google Consent Mode","value":"consentMode"},{"displayValue":"Variables of my consent tool","value":"variable"}],"simpleValueType":true,"type":"RADIO"},
    {"defaultValue":"undecided","displayName":"A signal that nobody set","enablingConditions":[{"paramName":"consentSource","paramValue":"consentMode","type":"EQUALS"}],"name":"unsetSignals","radioItems":[{"displayValue":"is no consent: wait","help":"Consent Mode itself calls such a signal granted.","value":"undecided"},{"displayValue":"is consent","help":"Only where the tag's trigger fires after consent alone.","value":"granted"}],"simpleValueType":true,"type":"RADIO"},
    {"checkboxText":"A default that grants is consent","defaultValue":false,"enablingConditions":[{"paramName":"consentSource","paramValue":"consentMode","type":"EQUALS"}],"help":"For regions of opt-out. In a region of opt-in a pre-set yes is no consent.","name":"grantedDefaults","simpleValueType":true,"type":"CHECKBOX"},
    {"displayName":"Analytics","enablingConditions":[{"paramName":"consentSource","paramValue":"variable","type":"EQUALS"}],"help":"granted or true, denied or false. Anything else: not decided yet, events wait.","name":"analyticsConsent","simpleValueType":true,"type":"TEXT"},
    {"displayName":"Advertising","enablingConditions":[{"paramName":"consentSource","paramValue":"variable","type":"EQUALS"}],"name":"adsConsent","simpleValueType":true,"type":"TEXT"}
  ]},
  {"displayName":"Event","enablingConditions":[{"paramName":"action","paramValue":"track","type":"EQUALS"}],"groupStyle":"NO_ZIPPY","name":"eventGroup","type":"GROUP","subParams":[
    {"defaultValue":"custom","displayName":"Event","macrosInSelect":false,"name":"eventName","selectItems":[{"displayValue":"An event of my own","value":"custom"},{"displayValue":"Agent created (agent.created)","value":"agent.created"},{"displayValue":"Agent deployed (agent.deployed)","value":"agent.deployed"},{"displayValue":"Agent error (agent.error)","value":"agent.error"},{"displayValue":"Agent updated (agent.updated)","value":"agent.updated"},{"displayValue":"Tool call completed (ai.tool_call_completed)","value":"ai.tool_call_completed"},{"displayValue":"Tool call started (ai.tool_call_started)","value":"ai.tool_call_started"},{"displayValue":"Tool chain completed (ai.tool_chain_completed)","value":"ai.tool_chain_completed"},{"displayValue":"Booking confirmed (booking.confirmed)","value":"booking.confirmed"},{"displayValue":"Slot held (booking.slot_hold)","value":"booking.slot_hold"},{"displayValue":"Chat interaction (chat_interaction)","value":"chat_interaction"},{"displayValue":"Added to cart (commerce.add_to_cart)","value":"commerce.add_to_cart"},{"displayValue":"Checkout initiated (commerce.checkout)","value":"commerce.checkout"},{"displayValue":"Purchase (commerce.purchase)","value":"commerce.purchase"},{"displayValue":"Product viewed (commerce.view)","value":"commerce.view"},{"displayValue":"Conversation ended (conversation.ended)","value":"conversation.ended"},{"displayValue":"Conversation started (conversation.started)","value":"conversation.started"},{"displayValue":"Document deleted (document.deleted)","value":"document.deleted"},{"displayValue":"Document uploaded (document.uploaded)","value":"document.uploaded"},{"displayValue":"Error captured (error.captured)","value":"error.captured"},{"displayValue":"Error tracking (error_tracking)","value":"error_tracking"},{"displayValue":"Feature usage (feature_usage)","value":"feature_usage"},{"displayValue":"Feedback submission (feedback_submission)","value":"feedback_submission"},{"displayValue":"File downloaded (file.downloaded)","value":"file.downloaded"},{"displayValue":"Form abandoned (form.abandoned)","value":"form.abandoned"},{"displayValue":"Form started (form.started)","value":"form.started"},{"displayValue":"Form submitted (form.submitted)","value":"form.submitted"},{"displayValue":"Knowledge base hit (kb.hit)","value":"kb.hit"},{"displayValue":"Knowledge base search (kb.search)","value":"kb.search"},{"displayValue":"Link followed (link.followed)","value":"link.followed"},{"displayValue":"Media ended (media.ended)","value":"media.ended"},{"displayValue":"Media paused (media.paused)","value":"media.paused"},{"displayValue":"Media played (media.played)","value":"media.played"},{"displayValue":"Message received (message.received)","value":"message.received"},{"displayValue":"Message sent (message.sent)","value":"message.sent"},{"displayValue":"Page left (page.left)","value":"page.left"},{"displayValue":"Page viewed (page.viewed)","value":"page.viewed"},{"displayValue":"Performance metric (performance_metric)","value":"performance_metric"},{"displayValue":"Search performed (search.performed)","value":"search.performed"},{"displayValue":"Survey response (survey_response)","value":"survey_response"},{"displayValue":"Task abandoned (task.abandoned)","value":"task.abandoned"},{"displayValue":"Task completed (task.completed)","value":"task.completed"},{"displayValue":"Task started (task.started)","value":"task.started"},{"displayValue":"Thread lifecycle (thread_lifecycle)","value":"thread_lifecycle"},{"displayValue":"User invited (user.invited)","value":"user.invited"},{"displayValue":"User joined (user.joined)","value":"user.joined"},{"displayValue":"User logged in (user.logged_in)","value":"user.logged_in"},{"displayValue":"Voice partial recognition (voice.asr_partial)","value":"voice.asr_partial"},{"displayValue":"Voice barge-in (voice.barge_in)","value":"voice.barge_in"},{"displayValue":"Voice first response (voice.first_response)","value":"voice.first_response"},{"displayValue":"Voice turn started (voice.turn_started)","value":"voice.turn_started"},{"displayValue":"Workflow completed (workflow.completed)","value":"workflow.completed"},{"displayValue":"Workflow created (workflow.created)","value":"workflow.created"},{"displayValue":"Workflow executed (workflow.executed)","value":"workflow.executed"},{"displayValue":"Workflow failed (workflow.failed)","value":"workflow.failed"}],"simpleValueType":true,"type":"SELECT"},
    {"displayName":"Name","enablingConditions":[{"paramName":"eventName","paramValue":"custom","type":"EQUALS"}],"name":"customEventName","simpleValueType":true,"type":"TEXT","valueHint":"signup_click","valueValidators":[{"type":"NON_EMPTY"},{"args":["^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$"],"errorMessage":"Lower-case words joined by dots.","type":"REGEX"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"custom","type":"EQUALS"}],"name":"customAttributes","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","type":"TEXT"},{"defaultValue":"","displayName":"Type","name":"type","selectItems":[{"displayValue":"string","value":"string"},{"displayValue":"number","value":"number"},{"displayValue":"integer","value":"integer"},{"displayValue":"boolean","value":"boolean"},{"displayValue":"object","value":"object"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"agent.created","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.agent.name: Name of the agent. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_agent_created","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.agent.name (string)","value":"string:gen_ai.agent.name"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"agent.deployed","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.agent.name: Name of the agent. gen_ai.agent.version: Version of the agent. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_agent_deployed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.agent.name (string)","value":"string:gen_ai.agent.name"},{"displayValue":"gen_ai.agent.version (string)","value":"string:gen_ai.agent.version"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"agent.error","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. error.message: Message of the error, sanitised. error.type: Class of the error. gen_ai.conversation.id: Identifier of the conversation. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. response_time_ms: Time until the response was received. tokens_consumed: Tokens that were consumed.","name":"attributes_agent_error","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"error.message (string)","value":"string:error.message"},{"displayValue":"error.type (string)","value":"string:error.type"},{"displayValue":"gen_ai.conversation.id (string)","value":"string:gen_ai.conversation.id"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"response_time_ms (number, ms)","value":"number:response_time_ms"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"agent.updated","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.agent.name: Name of the agent. gen_ai.agent.version: Version of the agent. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_agent_updated","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.agent.name (string)","value":"string:gen_ai.agent.name"},{"displayValue":"gen_ai.agent.version (string)","value":"string:gen_ai.agent.version"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"ai.tool_call_completed","type":"EQUALS"}],"help":"ai.conversation_id: Identifier of the conversation that called the tool. ai.duration_ms: How long the tool ran. ai.optimistic: Whether the page acted on the result before the tool confirmed it. ai.optimistic_confirmed: Whether the tool confirmed what the page had done in advance. ai.success: Whether the tool succeeded. ai.tool_category: Category of the tool. ai.tool_name: Name of the tool.","name":"attributes_ai_tool_call_completed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai.conversation_id (string)","value":"string:ai.conversation_id"},{"displayValue":"ai.duration_ms (number, ms)","value":"number:ai.duration_ms"},{"displayValue":"ai.optimistic (boolean)","value":"boolean:ai.optimistic"},{"displayValue":"ai.optimistic_confirmed (boolean)","value":"boolean:ai.optimistic_confirmed"},{"displayValue":"ai.success (boolean)","value":"boolean:ai.success"},{"displayValue":"ai.tool_category (string)","value":"string:ai.tool_category"},{"displayValue":"ai.tool_name (string)","value":"string:ai.tool_name"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"ai.tool_call_started","type":"EQUALS"}],"help":"ai.conversation_id: Identifier of the conversation that called the tool. ai.optimistic: Whether the page acts on the result before the tool confirms it. ai.tool_category: Category of the tool. ai.tool_name: Name of the tool.","name":"attributes_ai_tool_call_started","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai.conversation_id (string)","value":"string:ai.conversation_id"},{"displayValue":"ai.optimistic (boolean)","value":"boolean:ai.optimistic"},{"displayValue":"ai.tool_category (string)","value":"string:ai.tool_category"},{"displayValue":"ai.tool_name (string)","value":"string:ai.tool_name"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"ai.tool_chain_completed","type":"EQUALS"}],"help":"ai.chain_length: How many tools ran. ai.conversation_id: Identifier of the conversation that the sequence belongs to. ai.duration_ms: How long the whole sequence took. ai.success: Whether the task succeeded.","name":"attributes_ai_tool_chain_completed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai.chain_length (integer)","value":"integer:ai.chain_length"},{"displayValue":"ai.conversation_id (string)","value":"string:ai.conversation_id"},{"displayValue":"ai.duration_ms (number, ms)","value":"number:ai.duration_ms"},{"displayValue":"ai.success (boolean)","value":"boolean:ai.success"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"booking.confirmed","type":"EQUALS"}],"help":"booking.duration_minutes: How long the slot is. booking.id: Identifier of the booking. booking.service: What is booked. booking.slot_id: Identifier of the time slot. booking.starts_at: When the slot begins.","name":"attributes_booking_confirmed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"booking.duration_minutes (number, min)","value":"number:booking.duration_minutes"},{"displayValue":"booking.id (string)","value":"string:booking.id"},{"displayValue":"booking.service (string)","value":"string:booking.service"},{"displayValue":"booking.slot_id (string)","value":"string:booking.slot_id"},{"displayValue":"booking.starts_at (string)","value":"string:booking.starts_at"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"booking.slot_hold","type":"EQUALS"}],"help":"booking.duration_minutes: How long the slot is. booking.hold_seconds: How long the slot is held. booking.service: What is booked. booking.slot_id: Identifier of the time slot. booking.starts_at: When the slot begins.","name":"attributes_booking_slot_hold","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"booking.duration_minutes (number, min)","value":"number:booking.duration_minutes"},{"displayValue":"booking.hold_seconds (number, s)","value":"number:booking.hold_seconds"},{"displayValue":"booking.service (string)","value":"string:booking.service"},{"displayValue":"booking.slot_id (string)","value":"string:booking.slot_id"},{"displayValue":"booking.starts_at (string)","value":"string:booking.starts_at"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"chat_interaction","type":"EQUALS"}],"help":"cost: What the message cost. input_tokens: Tokens that were read. is_follow_up: Whether the message follows up on an earlier question. message_id: Identifier of the message. message_type: Who wrote the message. One of user_prompt, ai_response, system_message. model_used: Identifier of the model. output_tokens: Tokens that were written. prompt_hash: Keyed hash of the prompt, so that the same question is known again without its text. prompt_length: Number of characters of the prompt. prompt_text: The prompt, sanitised; kept only where the site keeps free text. response_length: Number of characters of the response. response_time_ms: Time until the response was received. thread_id: Unique identifier of the chat thread. tokens_consumed: Tokens of the request.","name":"attributes_chat_interaction","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"cost (number, USD)","value":"number:cost"},{"displayValue":"input_tokens (integer, tokens)","value":"integer:input_tokens"},{"displayValue":"is_follow_up (boolean, required)","value":"boolean:is_follow_up"},{"displayValue":"message_id (string, required)","value":"string:message_id"},{"displayValue":"message_type (string, required)","value":"string:message_type"},{"displayValue":"model_used (string)","value":"string:model_used"},{"displayValue":"output_tokens (integer, tokens)","value":"integer:output_tokens"},{"displayValue":"prompt_hash (string)","value":"string:prompt_hash"},{"displayValue":"prompt_length (integer, characters, required)","value":"integer:prompt_length"},{"displayValue":"prompt_text (string)","value":"string:prompt_text"},{"displayValue":"response_length (integer, characters)","value":"integer:response_length"},{"displayValue":"response_time_ms (number, ms)","value":"number:response_time_ms"},{"displayValue":"thread_id (string, required)","value":"string:thread_id"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs is_follow_up, message_id, message_type, prompt_length, thread_id.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"commerce.add_to_cart","type":"EQUALS"}],"help":"commerce.cart_id: Identifier of the cart. commerce.currency: Currency of the amounts, as ISO 4217 names it. commerce.price: Price of one piece, in the event's currency. commerce.product_category: Category of the product or service. commerce.product_id: Identifier of the product or service. commerce.product_name: Name of the product or service. commerce.quantity: How many pieces. commerce.value: Value of what was added: price times quantity.","name":"attributes_commerce_add_to_cart","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"commerce.cart_id (string)","value":"string:commerce.cart_id"},{"displayValue":"commerce.currency (string)","value":"string:commerce.currency"},{"displayValue":"commerce.price (number, currency)","value":"number:commerce.price"},{"displayValue":"commerce.product_category (string)","value":"string:commerce.product_category"},{"displayValue":"commerce.product_id (string)","value":"string:commerce.product_id"},{"displayValue":"commerce.product_name (string)","value":"string:commerce.product_name"},{"displayValue":"commerce.quantity (integer)","value":"integer:commerce.quantity"},{"displayValue":"commerce.value (number, currency)","value":"number:commerce.value"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"commerce.checkout","type":"EQUALS"}],"help":"commerce.cart_id: Identifier of the cart. commerce.coupon: The coupon that was applied. commerce.currency: Currency of the amounts, as ISO 4217 names it. commerce.items_count: How many pieces the cart holds. commerce.value: Value of the cart.","name":"attributes_commerce_checkout","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"commerce.cart_id (string)","value":"string:commerce.cart_id"},{"displayValue":"commerce.coupon (string)","value":"string:commerce.coupon"},{"displayValue":"commerce.currency (string)","value":"string:commerce.currency"},{"displayValue":"commerce.items_count (integer)","value":"integer:commerce.items_count"},{"displayValue":"commerce.value (number, currency)","value":"number:commerce.value"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"commerce.purchase","type":"EQUALS"}],"help":"commerce.cart_id: Identifier of the cart. commerce.coupon: The coupon that was applied. commerce.currency: Currency of the amounts, as ISO 4217 names it. commerce.items_count: How many pieces were bought. commerce.order_id: Identifier of the order. commerce.shipping: Shipping in the order's value, in the event's currency. commerce.tax: Tax in the order's value, in the event's currency. commerce.value: Value of the order, tax and shipping included.","name":"attributes_commerce_purchase","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"commerce.cart_id (string)","value":"string:commerce.cart_id"},{"displayValue":"commerce.coupon (string)","value":"string:commerce.coupon"},{"displayValue":"commerce.currency (string)","value":"string:commerce.currency"},{"displayValue":"commerce.items_count (integer)","value":"integer:commerce.items_count"},{"displayValue":"commerce.order_id (string)","value":"string:commerce.order_id"},{"displayValue":"commerce.shipping (number, currency)","value":"number:commerce.shipping"},{"displayValue":"commerce.tax (number, currency)","value":"number:commerce.tax"},{"displayValue":"commerce.value (number, currency)","value":"number:commerce.value"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"commerce.view","type":"EQUALS"}],"help":"commerce.currency: Currency of the amounts, as ISO 4217 names it. commerce.price: Price of one piece, in the event's currency. commerce.product_category: Category of the product or service. commerce.product_id: Identifier of the product or service. commerce.product_name: Name of the product or service. commerce.quantity: How many pieces.","name":"attributes_commerce_view","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"commerce.currency (string)","value":"string:commerce.currency"},{"displayValue":"commerce.price (number, currency)","value":"number:commerce.price"},{"displayValue":"commerce.product_category (string)","value":"string:commerce.product_category"},{"displayValue":"commerce.product_id (string)","value":"string:commerce.product_id"},{"displayValue":"commerce.product_name (string)","value":"string:commerce.product_name"},{"displayValue":"commerce.quantity (integer)","value":"integer:commerce.quantity"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"conversation.ended","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. duration_seconds: How long the conversation lasted. gen_ai.conversation.id: Identifier of the conversation. message_count: Messages of the conversation. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. response_time_ms: Time until the response was received. satisfaction_score: How satisfied the person is, on the product's own scale. tokens_consumed: Tokens that were consumed.","name":"attributes_conversation_ended","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"duration_seconds (number, s)","value":"number:duration_seconds"},{"displayValue":"gen_ai.conversation.id (string)","value":"string:gen_ai.conversation.id"},{"displayValue":"message_count (integer)","value":"integer:message_count"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"response_time_ms (number, ms)","value":"number:response_time_ms"},{"displayValue":"satisfaction_score (number)","value":"number:satisfaction_score"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"conversation.started","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.conversation.id: Identifier of the conversation. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_conversation_started","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.conversation.id (string)","value":"string:gen_ai.conversation.id"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"document.deleted","type":"EQUALS"}],"help":"file.extension: Extension of the file, without its dot. file.size: Size of the file. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_document_deleted","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"file.extension (string)","value":"string:file.extension"},{"displayValue":"file.size (integer, By)","value":"integer:file.size"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"document.uploaded","type":"EQUALS"}],"help":"duration_ms: How long the upload took. file.extension: Extension of the file, without its dot. file.size: Size of the file. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_document_uploaded","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"file.extension (string)","value":"string:file.extension"},{"displayValue":"file.size (integer, By)","value":"integer:file.size"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"error.captured","type":"EQUALS"}],"help":"code.column.number: Column in the line. code.file.path: Script that threw, without query and fragment. code.line.number: Line in the script. count: How often it happened since it was last sent. exception.message: Message of the error, sanitised. exception.stacktrace: Stack trace of the error, trimmed and sanitised. exception.type: Class of the error. handled: Whether the page's own code reported it. kind: How the error came up. One of error, rejection, resource, reported.","name":"attributes_error_captured","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"code.column.number (integer)","value":"integer:code.column.number"},{"displayValue":"code.file.path (string)","value":"string:code.file.path"},{"displayValue":"code.line.number (integer)","value":"integer:code.line.number"},{"displayValue":"count (integer)","value":"integer:count"},{"displayValue":"exception.message (string)","value":"string:exception.message"},{"displayValue":"exception.stacktrace (string)","value":"string:exception.stacktrace"},{"displayValue":"exception.type (string)","value":"string:exception.type"},{"displayValue":"handled (boolean)","value":"boolean:handled"},{"displayValue":"kind (string, required)","value":"string:kind"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs kind.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"error_tracking","type":"EQUALS"}],"help":"error_message: Message of the error, sanitised. error_type: Class of the error. stack_trace: Stack trace of the error, sanitised. user_impact: How much the error keeps a person from their task. One of critical, high, medium, low.","name":"attributes_error_tracking","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"error_message (string, required)","value":"string:error_message"},{"displayValue":"error_type (string, required)","value":"string:error_type"},{"displayValue":"stack_trace (string)","value":"string:stack_trace"},{"displayValue":"user_impact (string, required)","value":"string:user_impact"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs error_message, error_type, user_impact.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"feature_usage","type":"EQUALS"}],"help":"action: The specific action that was taken. duration_ms: How long the action took. error_code: Code of the error, where the action failed. feature_name: Identifier of the feature. success: Whether the action succeeded.","name":"attributes_feature_usage","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"action (string, required)","value":"string:action"},{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"error_code (string)","value":"string:error_code"},{"displayValue":"feature_name (string, required)","value":"string:feature_name"},{"displayValue":"success (boolean, required)","value":"boolean:success"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs action, feature_name, success.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"feedback_submission","type":"EQUALS"}],"help":"comment: The feedback in the person's own words, sanitised; kept only where the site keeps free text. context_thread_id: The chat thread that the feedback is about. feedback_type: What kind of feedback it is. One of nps, csat, feature_request, bug_report. score: The numeric score, where the kind of feedback has one.","name":"attributes_feedback_submission","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"comment (string)","value":"string:comment"},{"displayValue":"context_thread_id (string)","value":"string:context_thread_id"},{"displayValue":"feedback_type (string, required)","value":"string:feedback_type"},{"displayValue":"score (integer)","value":"integer:score"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs feedback_type.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"file.downloaded","type":"EQUALS"}],"help":"file.extension: Extension of the file, without its dot. file.name: Name of the file. selector: A short CSS selector of the link. text: The link's accessible name, sanitised. url.full: Address of the file, without query and fragment.","name":"attributes_file_downloaded","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"file.extension (string)","value":"string:file.extension"},{"displayValue":"file.name (string)","value":"string:file.name"},{"displayValue":"selector (string)","value":"string:selector"},{"displayValue":"text (string)","value":"string:text"},{"displayValue":"url.full (string, required)","value":"string:url.full"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs url.full.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"form.abandoned","type":"EQUALS"}],"help":"duration_ms: From the first touch to the leaving. field_name: Name of the field that was touched last; never its value. fields_count: How many fields the form has. fields_touched_count: How many fields the person touched. form_name: Name or id of the form. reason: Why it was judged so, in words for a person. selector: A short CSS selector of the element.","name":"attributes_form_abandoned","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"field_name (string)","value":"string:field_name"},{"displayValue":"fields_count (integer)","value":"integer:fields_count"},{"displayValue":"fields_touched_count (integer)","value":"integer:fields_touched_count"},{"displayValue":"form_name (string)","value":"string:form_name"},{"displayValue":"reason (string)","value":"string:reason"},{"displayValue":"selector (string, required)","value":"string:selector"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs selector.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"form.started","type":"EQUALS"}],"help":"field_name: Name of the field that was touched first; never its value. form_name: Name or id of the form. selector: A short CSS selector of the element.","name":"attributes_form_started","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"field_name (string)","value":"string:field_name"},{"displayValue":"form_name (string)","value":"string:form_name"},{"displayValue":"selector (string, required)","value":"string:selector"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs selector.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"form.submitted","type":"EQUALS"}],"help":"duration_ms: From the first touch to the submission. fields_count: How many fields the form has. fields_touched_count: How many fields the person touched. form_name: Name or id of the form. selector: A short CSS selector of the element. valid: Whether the browser found the form valid.","name":"attributes_form_submitted","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"fields_count (integer)","value":"integer:fields_count"},{"displayValue":"fields_touched_count (integer)","value":"integer:fields_touched_count"},{"displayValue":"form_name (string)","value":"string:form_name"},{"displayValue":"selector (string, required)","value":"string:selector"},{"displayValue":"valid (boolean)","value":"boolean:valid"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs selector.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"kb.hit","type":"EQUALS"}],"help":"ai.conversation_id: Identifier of the conversation that the search belongs to. kb.document_id: Identifier of the document. kb.rank: Place of the result in the list; the first is 1. kb.relevance_score: Relevance of the result, as the search engine scores it.","name":"attributes_kb_hit","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai.conversation_id (string)","value":"string:ai.conversation_id"},{"displayValue":"kb.document_id (string)","value":"string:kb.document_id"},{"displayValue":"kb.rank (integer)","value":"integer:kb.rank"},{"displayValue":"kb.relevance_score (number)","value":"number:kb.relevance_score"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"kb.search","type":"EQUALS"}],"help":"ai.conversation_id: Identifier of the conversation that the search belongs to. kb.query: What was searched for, sanitised. kb.results_count: How many results were found. kb.search_ms: How long the search took. kb.top_score: Relevance of the best result, as the search engine scores it.","name":"attributes_kb_search","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai.conversation_id (string)","value":"string:ai.conversation_id"},{"displayValue":"kb.query (string)","value":"string:kb.query"},{"displayValue":"kb.results_count (integer)","value":"integer:kb.results_count"},{"displayValue":"kb.search_ms (number, ms)","value":"number:kb.search_ms"},{"displayValue":"kb.top_score (number)","value":"number:kb.top_score"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"link.followed","type":"EQUALS"}],"help":"new_tab: Whether it opens in another tab. outbound: Whether the target is another site. selector: A short CSS selector of the link. text: The link's accessible name, sanitised. url.domain: Domain of the target. url.full: Target of the link, without query and fragment.","name":"attributes_link_followed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"new_tab (boolean)","value":"boolean:new_tab"},{"displayValue":"outbound (boolean)","value":"boolean:outbound"},{"displayValue":"selector (string)","value":"string:selector"},{"displayValue":"text (string)","value":"string:text"},{"displayValue":"url.domain (string)","value":"string:url.domain"},{"displayValue":"url.full (string, required)","value":"string:url.full"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs url.full.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"media.ended","type":"EQUALS"}],"help":"media.duration_ms: Length of the medium. media.kind: What is played. One of audio, video. media.played_ms: How long it was played since it last began. media.position_ms: Place in the medium. media.title: Title of what is played, sanitised. selector: A short CSS selector of the player. url.full: Address of what is played, without query and fragment.","name":"attributes_media_ended","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"media.duration_ms (number, ms)","value":"number:media.duration_ms"},{"displayValue":"media.kind (string, required)","value":"string:media.kind"},{"displayValue":"media.played_ms (number, ms)","value":"number:media.played_ms"},{"displayValue":"media.position_ms (number, ms)","value":"number:media.position_ms"},{"displayValue":"media.title (string)","value":"string:media.title"},{"displayValue":"selector (string)","value":"string:selector"},{"displayValue":"url.full (string)","value":"string:url.full"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs media.kind.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"media.paused","type":"EQUALS"}],"help":"media.duration_ms: Length of the medium. media.kind: What is played. One of audio, video. media.played_ms: How long it was played since it last began. media.position_ms: Place in the medium. media.title: Title of what is played, sanitised. selector: A short CSS selector of the player. url.full: Address of what is played, without query and fragment.","name":"attributes_media_paused","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"media.duration_ms (number, ms)","value":"number:media.duration_ms"},{"displayValue":"media.kind (string, required)","value":"string:media.kind"},{"displayValue":"media.played_ms (number, ms)","value":"number:media.played_ms"},{"displayValue":"media.position_ms (number, ms)","value":"number:media.position_ms"},{"displayValue":"media.title (string)","value":"string:media.title"},{"displayValue":"selector (string)","value":"string:selector"},{"displayValue":"url.full (string)","value":"string:url.full"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs media.kind.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"media.played","type":"EQUALS"}],"help":"media.duration_ms: Length of the medium. media.kind: What is played. One of audio, video. media.position_ms: Place in the medium. media.title: Title of what is played, sanitised. selector: A short CSS selector of the player. url.full: Address of what is played, without query and fragment.","name":"attributes_media_played","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"media.duration_ms (number, ms)","value":"number:media.duration_ms"},{"displayValue":"media.kind (string, required)","value":"string:media.kind"},{"displayValue":"media.position_ms (number, ms)","value":"number:media.position_ms"},{"displayValue":"media.title (string)","value":"string:media.title"},{"displayValue":"selector (string)","value":"string:selector"},{"displayValue":"url.full (string)","value":"string:url.full"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs media.kind.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"message.received","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.conversation.id: Identifier of the conversation. gen_ai.response.model: Identifier of the model. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. response_time_ms: Time until the response was received. satisfaction_score: How satisfied the person is, on the product's own scale. tokens_consumed: Tokens that were consumed.","name":"attributes_message_received","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.conversation.id (string)","value":"string:gen_ai.conversation.id"},{"displayValue":"gen_ai.response.model (string)","value":"string:gen_ai.response.model"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"response_time_ms (number, ms)","value":"number:response_time_ms"},{"displayValue":"satisfaction_score (number)","value":"number:satisfaction_score"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"message.sent","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.conversation.id: Identifier of the conversation. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. response_time_ms: Time until the response was received. satisfaction_score: How satisfied the person is, on the product's own scale. tokens_consumed: Tokens that were consumed.","name":"attributes_message_sent","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.conversation.id (string)","value":"string:gen_ai.conversation.id"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"response_time_ms (number, ms)","value":"number:response_time_ms"},{"displayValue":"satisfaction_score (number)","value":"number:satisfaction_score"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"page.left","type":"EQUALS"}],"help":"duration_ms: From the view to the leaving, hidden time included. kind: Whether the document was left or a route changed inside of it. One of unload, route, hidden. scroll_depth: The deepest place that came into view, as a share of the page's height. visible_ms: How long the page was visible.","name":"attributes_page_left","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"kind (string)","value":"string:kind"},{"displayValue":"scroll_depth (number)","value":"number:scroll_depth"},{"displayValue":"visible_ms (number, ms)","value":"number:visible_ms"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"page.viewed","type":"EQUALS"}],"help":"kind: Whether a document was loaded or a route changed inside of one. One of load, route.","name":"attributes_page_viewed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"kind (string)","value":"string:kind"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"performance_metric","type":"EQUALS"}],"help":"duration_ms: How long the operation took. error_details: What went wrong, where the operation failed. metric_type: What kind of operation was measured. One of page_load, api_call, websocket, render. success: Whether the operation succeeded.","name":"attributes_performance_metric","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms, required)","value":"number:duration_ms"},{"displayValue":"error_details (string)","value":"string:error_details"},{"displayValue":"metric_type (string, required)","value":"string:metric_type"},{"displayValue":"success (boolean, required)","value":"boolean:success"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs duration_ms, metric_type, success.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"search.performed","type":"EQUALS"}],"help":"duration_ms: How long the search took. query: What was searched for, sanitised; kept only where the site keeps free text. query_length: Number of characters of the query. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. results_count: How many results were found.","name":"attributes_search_performed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"query (string)","value":"string:query"},{"displayValue":"query_length (integer, characters)","value":"integer:query_length"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"results_count (integer)","value":"integer:results_count"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"survey_response","type":"EQUALS"}],"help":"ai_spend_last_month: What the person says was spent on AI last month. ai_spend_next_quarter: What the person plans to spend on AI next quarter. question_id: Identifier of the question. question_type: What the question asks about. One of pain_perception, magic_wand, spending, planning. response_scale: The answer on a numeric scale. response_value: The answer as text or value, sanitised; kept only where the site keeps free text. survey_id: Identifier of the survey campaign.","name":"attributes_survey_response","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"ai_spend_last_month (number, USD)","value":"number:ai_spend_last_month"},{"displayValue":"ai_spend_next_quarter (number, USD)","value":"number:ai_spend_next_quarter"},{"displayValue":"question_id (string, required)","value":"string:question_id"},{"displayValue":"question_type (string, required)","value":"string:question_type"},{"displayValue":"response_scale (integer)","value":"integer:response_scale"},{"displayValue":"response_value (string)","value":"string:response_value"},{"displayValue":"survey_id (string, required)","value":"string:survey_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs question_id, question_type, survey_id.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"task.abandoned","type":"EQUALS"}],"help":"duration_ms: From the start to the last thing that the person did. idle_ms: How long nothing more was done. last_step: The last step that was reached. reason: Why it was judged so, in words for a person. task_id: Identifier of this attempt. task_name: Name of the task.","name":"attributes_task_abandoned","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"idle_ms (number, ms)","value":"number:idle_ms"},{"displayValue":"last_step (string)","value":"string:last_step"},{"displayValue":"reason (string)","value":"string:reason"},{"displayValue":"task_id (string)","value":"string:task_id"},{"displayValue":"task_name (string, required)","value":"string:task_name"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs task_name.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"task.completed","type":"EQUALS"}],"help":"duration_ms: From the start to the completion. steps_count: How many steps it took. task_id: Identifier of this attempt. task_name: Name of the task.","name":"attributes_task_completed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"steps_count (integer)","value":"integer:steps_count"},{"displayValue":"task_id (string)","value":"string:task_id"},{"displayValue":"task_name (string, required)","value":"string:task_name"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs task_name.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"task.started","type":"EQUALS"}],"help":"task_id: Identifier of this attempt. task_name: Name of the task.","name":"attributes_task_started","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"task_id (string)","value":"string:task_id"},{"displayValue":"task_name (string, required)","value":"string:task_name"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs task_name.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"thread_lifecycle","type":"EQUALS"}],"help":"action: What happened to the thread. One of created, continued, completed, abandoned. duration_seconds: How long the thread has lasted. message_count: Messages of the thread so far. thread_id: Unique identifier of the chat thread.","name":"attributes_thread_lifecycle","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"action (string, required)","value":"string:action"},{"displayValue":"duration_seconds (number, s)","value":"number:duration_seconds"},{"displayValue":"message_count (integer)","value":"integer:message_count"},{"displayValue":"thread_id (string, required)","value":"string:thread_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE","valueValidators":[{"errorMessage":"Needs action, thread_id.","type":"NON_EMPTY"}]},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"user.invited","type":"EQUALS"}],"help":"resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. role: Role that the person is to have.","name":"attributes_user_invited","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"role (string)","value":"string:role"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"user.joined","type":"EQUALS"}],"help":"resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. role: Role that the person has.","name":"attributes_user_joined","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"role (string)","value":"string:role"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"user.logged_in","type":"EQUALS"}],"help":"method: How the person proved who they are. One of form, sso, magic_link, passkey, other. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_user_logged_in","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"method (string)","value":"string:method"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"voice.asr_partial","type":"EQUALS"}],"help":"voice.asr_latency_ms: From the sound to the partial result. voice.session_id: Identifier of the voice session.","name":"attributes_voice_asr_partial","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"voice.asr_latency_ms (number, ms)","value":"number:voice.asr_latency_ms"},{"displayValue":"voice.session_id (string)","value":"string:voice.session_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"voice.barge_in","type":"EQUALS"}],"help":"voice.barge_in_ms: From the start of the assistant's speech to the interruption. voice.session_id: Identifier of the voice session.","name":"attributes_voice_barge_in","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"voice.barge_in_ms (number, ms)","value":"number:voice.barge_in_ms"},{"displayValue":"voice.session_id (string)","value":"string:voice.session_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"voice.first_response","type":"EQUALS"}],"help":"voice.first_response_ms: From the end of the person's turn to the first sound of the answer. voice.session_id: Identifier of the voice session.","name":"attributes_voice_first_response","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"voice.first_response_ms (number, ms)","value":"number:voice.first_response_ms"},{"displayValue":"voice.session_id (string)","value":"string:voice.session_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"voice.turn_started","type":"EQUALS"}],"help":"voice.session_id: Identifier of the voice session.","name":"attributes_voice_turn_started","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"voice.session_id (string)","value":"string:voice.session_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"workflow.completed","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. duration_ms: How long the execution took. gen_ai.workflow.name: Name of the workflow. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. steps_count: How many steps ran. tokens_consumed: Tokens that were consumed. workflow.execution_id: Identifier of this execution.","name":"attributes_workflow_completed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"gen_ai.workflow.name (string)","value":"string:gen_ai.workflow.name"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"steps_count (integer)","value":"integer:steps_count"},{"displayValue":"tokens_consumed (integer, tokens)","value":"integer:tokens_consumed"},{"displayValue":"workflow.execution_id (string)","value":"string:workflow.execution_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"workflow.created","type":"EQUALS"}],"help":"gen_ai.workflow.name: Name of the workflow. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to.","name":"attributes_workflow_created","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"gen_ai.workflow.name (string)","value":"string:gen_ai.workflow.name"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"workflow.executed","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. gen_ai.workflow.name: Name of the workflow. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. workflow.execution_id: Identifier of this execution.","name":"attributes_workflow_executed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"gen_ai.workflow.name (string)","value":"string:gen_ai.workflow.name"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"workflow.execution_id (string)","value":"string:workflow.execution_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"},
    {"displayName":"Attributes","enablingConditions":[{"paramName":"eventName","paramValue":"workflow.failed","type":"EQUALS"}],"help":"agent.id: Identifier of the agent. duration_ms: How long the execution took until it failed. error.message: Message of the error, sanitised. error.type: Class of the error. gen_ai.workflow.name: Name of the workflow. resource.id: Identifier of the thing that it happened to. resource.type: Kind of the thing that it happened to. workflow.execution_id: Identifier of this execution.","name":"attributes_workflow_failed","newRowButtonText":"Add attribute","simpleTableColumns":[{"defaultValue":"","displayName":"Attribute","isUnique":true,"name":"attribute","selectItems":[{"displayValue":"agent.id (string)","value":"string:agent.id"},{"displayValue":"duration_ms (number, ms)","value":"number:duration_ms"},{"displayValue":"error.message (string)","value":"string:error.message"},{"displayValue":"error.type (string)","value":"string:error.type"},{"displayValue":"gen_ai.workflow.name (string)","value":"string:gen_ai.workflow.name"},{"displayValue":"resource.id (string)","value":"string:resource.id"},{"displayValue":"resource.type (string)","value":"string:resource.type"},{"displayValue":"workflow.execution_id (string)","value":"string:workflow.execution_id"}],"type":"SELECT"},{"defaultValue":"","displayName":"Value","name":"value","type":"TEXT"}],"type":"SIMPLE_TABLE"}
  ]}
]


___SANDBOXED_JS_FOR_WEB_TEMPLATE___

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

// GA4's events by the catalogue's names: the table in README.md. Both ways in hold this text, so it
// keeps to what a container's editor and its sandbox take: no `new`, no pattern, no global.
// `typeOf` tells a value's type, `numberOf` reads a number, as the sandbox names them.

var GA4_EVENTS = {
  view_item: 'commerce.view',
  add_to_cart: 'commerce.add_to_cart',
  begin_checkout: 'commerce.checkout',
  purchase: 'commerce.purchase',
  search: 'search.performed',
  login: 'user.logged_in'
};
// What GA4 takes in one event.
var ITEMS_MAX = 200;
// What the catalogue takes in a name or an identifier.
var TEXT_MAX = 256;
var LOGIN_METHODS = ['form', 'sso', 'magic_link', 'passkey'];

/** The catalogue's events of one of GA4's, as [name, attributes]; none where it is not in the table. */
var ga4Events = function (pushed, params, typeOf, numberOf) {
  var name = GA4_EVENTS[pushed];
  if (typeOf(name) !== 'string') {
    return [];
  }
  var order = typeOf(params) === 'object' ? params : {};
  var items = typeOf(order.items) === 'array' ? order.items.slice(0, ITEMS_MAX) : [];

  var text = function (value) {
    var written = typeOf(value) === 'number' ? '' + value : value;
    return typeOf(written) === 'string' && written ? written.slice(0, TEXT_MAX) : undefined;
  };
  var amount = function (value) {
    var given = typeOf(value) === 'number' || (typeOf(value) === 'string' && value !== '');
    var number = given ? numberOf(value) : -1;
    // A number minus itself is zero, unless it is none or has no end.
    return number - number === 0 && number >= 0 ? number : undefined;
  };
  var count = function (value) {
    var number = amount(value === undefined ? 1 : value);
    return number !== undefined && number % 1 === 0 ? number : undefined;
  };
  var currency = function () {
    var code = text(order.currency);
    return code && code.length === 3 ? code.toUpperCase() : undefined;
  };
  var product = function (price, quantity) {
    if (price === undefined || quantity === undefined) {
      return undefined;
    }
    var cents = price * quantity * 100 + 0.5;
    return (cents - (cents % 1)) / 100;
  };
  var pieces = function () {
    return items.length === 0 ? undefined : items.reduce(function (sum, item) {
      var quantity = typeOf(item) === 'object' ? count(item.quantity) : undefined;
      return sum + (quantity === undefined ? 1 : quantity);
    }, 0);
  };
  var only = function (attributes) {
    var kept = {};
    attributes.forEach(function (pair) {
      if (pair[1] !== undefined) {
        kept[pair[0]] = pair[1];
      }
    });
    return kept;
  };

  if (pushed === 'search') {
    var term = text(order.search_term);
    return [[name, only([['query', term], ['query_length', term && term.length]])]];
  }
  if (pushed === 'login') {
    return [[name, { method: LOGIN_METHODS.indexOf(order.method) < 0 ? 'other' : order.method }]];
  }
  if (pushed === 'begin_checkout' || pushed === 'purchase') {
    var isPurchase = pushed === 'purchase';
    return [[name, only([
      ['commerce.order_id', isPurchase ? text(order.transaction_id) : undefined],
      ['commerce.items_count', pieces()],
      ['commerce.value', amount(order.value)],
      ['commerce.currency', currency()],
      ['commerce.tax', isPurchase ? amount(order.tax) : undefined],
      ['commerce.shipping', isPurchase ? amount(order.shipping) : undefined],
      ['commerce.coupon', text(order.coupon)]
    ])]];
  }
  // One event a product: the catalogue's describe one.
  return (items.length === 0 ? [{}] : items).map(function (entry) {
    var item = typeOf(entry) === 'object' ? entry : {};
    var price = amount(item.price);
    var quantity = items.length === 0 ? undefined : count(item.quantity);
    var isOnly = items.length < 2 && amount(order.value) !== undefined;
    var value = isOnly ? amount(order.value) : product(price, quantity);
    return [name, only([
      ['commerce.product_id', text(item.item_id)],
      ['commerce.product_name', text(item.item_name)],
      ['commerce.product_category', text(item.item_category)],
      ['commerce.price', price],
      ['commerce.quantity', quantity],
      ['commerce.value', pushed === 'add_to_cart' ? value : undefined],
      ['commerce.currency', currency()]
    ])];
  });
};

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


___WEB_PERMISSIONS___

[
  {
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "instance": {
      "key": {
        "publicId": "access_consent",
        "versionId": "1"
      },
      "param": [
        {
          "key": "consentTypes",
          "value": {
            "listItem": [
              {
                "mapKey": [
                  {
                    "string": "consentType",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "ad_personalization",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "consentType",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "ad_storage",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "consentType",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "ad_user_data",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "consentType",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "analytics_storage",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              }
            ],
            "type": 2
          }
        }
      ]
    },
    "isRequired": true
  },
  {
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "instance": {
      "key": {
        "publicId": "access_globals",
        "versionId": "1"
      },
      "param": [
        {
          "key": "keys",
          "value": {
            "listItem": [
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_personalization.default",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_personalization.update",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_storage.default",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_storage.update",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_user_data.default",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.ad_user_data.update",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.analytics_storage.default",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "google_tag_data.ics.entries.analytics_storage.update",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "tidemark",
                    "type": 1
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "tidemark.init",
                    "type": 1
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": true,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "tidemark.q",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "tidemark.setConsent",
                    "type": 1
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": true,
                    "type": 8
                  }
                ],
                "type": 3
              },
              {
                "mapKey": [
                  {
                    "string": "key",
                    "type": 1
                  },
                  {
                    "string": "read",
                    "type": 1
                  },
                  {
                    "string": "write",
                    "type": 1
                  },
                  {
                    "string": "execute",
                    "type": 1
                  }
                ],
                "mapValue": [
                  {
                    "string": "tidemark.track",
                    "type": 1
                  },
                  {
                    "boolean": true,
                    "type": 8
                  },
                  {
                    "boolean": false,
                    "type": 8
                  },
                  {
                    "boolean": true,
                    "type": 8
                  }
                ],
                "type": 3
              }
            ],
            "type": 2
          }
        }
      ]
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "access_template_storage",
        "versionId": "1"
      },
      "param": []
    },
    "isRequired": true
  },
  {
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "instance": {
      "key": {
        "publicId": "inject_script",
        "versionId": "1"
      },
      "param": [
        {
          "key": "urls",
          "value": {
            "listItem": [
              {
                "string": "https://*/sdk/tidemark.js",
                "type": 1
              }
            ],
            "type": 2
          }
        }
      ]
    },
    "isRequired": true
  },
  {
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "instance": {
      "key": {
        "publicId": "logging",
        "versionId": "1"
      },
      "param": [
        {
          "key": "environments",
          "value": {
            "string": "debug",
            "type": 1
          }
        }
      ]
    },
    "isRequired": true
  },
  {
    "instance": {
      "key": {
        "publicId": "read_container_data",
        "versionId": "1"
      },
      "param": []
    },
    "isRequired": true
  },
  {
    "clientAnnotations": {
      "isEditedByUser": true
    },
    "instance": {
      "key": {
        "publicId": "read_data_layer",
        "versionId": "1"
      },
      "param": [
        {
          "key": "allowedKeys",
          "value": {
            "string": "specific",
            "type": 1
          }
        },
        {
          "key": "keyPatterns",
          "value": {
            "listItem": [
              {
                "string": "event",
                "type": 1
              },
              {
                "string": "ecommerce",
                "type": 1
              },
              {
                "string": "search_term",
                "type": 1
              },
              {
                "string": "method",
                "type": 1
              }
            ],
            "type": 2
          }
        }
      ]
    },
    "isRequired": true
  }
]


___TESTS___

scenarios:
- name: Starts from the edge, undecided where nobody set a signal
  code: |-
    mock('copyFromWindow', undefined);
    mock('isConsentGranted', true);
    mock('createQueue', (key) => (entry) => { queued.push(entry); });

    runCode(startData);

    assertThat(queued[0][0]).isEqualTo('init');
    assertThat(queued[0][1][0].consent).isEqualTo({});
    assertThat(queued[0][1][0].gtm.containerId).isDefined();
    assertThat(injected).isEqualTo(['https://t.example.org/sdk/tidemark.js']);
    assertApi('gtmOnSuccess').wasCalled();
- name: Takes a choice of the visitor for consent
  code: |-
    mock('copyFromWindow', (key) => key.indexOf('.update') > 0 ? true : undefined);
    mock('isConsentGranted', true);
    mock('createQueue', (key) => (entry) => { queued.push(entry); });

    runCode(startData);

    assertThat(queued[0][1][0].consent).isEqualTo({ analytics: true, ads: true });
- name: Takes a refusal of the visitor for a refusal
  code: |-
    mock('copyFromWindow', (key) => key.indexOf('.update') > 0 ? false : undefined);
    mock('isConsentGranted', false);
    mock('createQueue', (key) => (entry) => { queued.push(entry); });

    runCode(startData);

    assertThat(queued[0][1][0].consent).isEqualTo({ analytics: false, ads: false });
- name: Sends an event with its attributes by their types
  code: |-
    mock('copyFromWindow', (key) => () => {});
    mock('callInWindow', undefined);

    runCode({
      action: 'track',
      eventName: 'chat_interaction',
      attributes_chat_interaction: [
        { attribute: 'string:thread_id', value: 't_1' },
        { attribute: 'integer:prompt_length', value: '42' },
        { attribute: 'boolean:is_follow_up', value: 'false' },
        { attribute: 'number:response_time_ms', value: 'soon' }
      ]
    });

    assertApi('callInWindow').wasCalledWith('tidemark.track', 'chat_interaction', { thread_id: 't_1', prompt_length: 42, is_follow_up: false });
    assertApi('gtmOnSuccess').wasCalled();
- name: Sends GA4's purchase by the catalogue's name
  code: |-
    mock('copyFromWindow', (key) => () => {});
    mock('callInWindow', undefined);
    mock('copyFromDataLayer', (key) => key === 'event' ? 'purchase' : {
      transaction_id: 'o_1042', value: 89.9, currency: 'eur', items: [{ item_id: 'sku_4711', quantity: 2 }]
    });

    runCode({ action: 'ga4' });

    assertApi('callInWindow').wasCalledWith('tidemark.track', 'commerce.purchase', {
      'commerce.order_id': 'o_1042', 'commerce.items_count': 2, 'commerce.value': 89.9, 'commerce.currency': 'EUR'
    });
- name: Fails where the edge may not be loaded
  code: |-
    mock('copyFromWindow', undefined);
    mock('isConsentGranted', true);
    mock('queryPermission', false);

    runCode(startData);

    assertApi('injectScript').wasNotCalled();
    assertApi('gtmOnFailure').wasCalled();
    assertApi('gtmOnSuccess').wasNotCalled();
setup: |-
  const queued = [];
  const injected = [];
  const startData = {
    action: 'start',
    edge: 'https://t.example.org/',
    writeKey: 'wk_test',
    consentSource: 'consentMode',
    unsetSignals: 'undecided',
    grantedDefaults: false,
    capturePages: true,
    captureClicks: true,
    captureRageClicks: true
  };
  mock('injectScript', (url, onSuccess) => { injected.push(url); onSuccess(); });
  mock('getContainerVersion', { containerId: 'GTM-TEST123' });
  mockObject('templateStorage', { getItem: () => undefined, setItem: () => {} });


___NOTES___

Written by `cargo xtask codegen` from gtm-template/src and the schemas of the catalogue.
