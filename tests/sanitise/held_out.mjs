// Writes the held-out half: `node tests/sanitise/held_out.mjs > tests/sanitise/held_out.ndjson`.
// The same output every time; README.md tells where it comes from.
import * as values from './values.mjs'

const r = values.randomness(4711)
const lines = new Map()
const luhn = (head, length) => {
  const digits = (head + r.digits(length - head.length - 1)).split('').map(Number)
  let sum = 0
  digits.forEach((digit, at) => {
    const doubled = (length - at) % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  })
  return digits.join('') + ((10 - (sum % 10)) % 10)
}
const groups = (text, sizes, sign) => {
  let at = 0
  return sizes.map((size) => text.slice(at, (at += size))).join(sign)
}
const iban = (country, bban) => {
  const number = (bban + country + '00').replace(/[A-Z]/g, (letter) => letter.charCodeAt(0) - 55)
  let rest = 0
  for (const digit of number) rest = (rest * 10 + Number(digit)) % 97
  return country + String(98 - rest).padStart(2, '0') + bban
}
const FIRST = ['maria', 'john', 'wei', 'fatima', 'lars', 'chloe', 'ivan', 'aiko', 'pedro', 'nina', 'omar', 'sophie', 'raj', 'emma', 'tomas']
const LAST = ['garcia', 'smith', 'zhang', 'haddad', 'nilsson', 'dubois', 'petrov', 'tanaka', 'silva', 'rossi', 'khan', 'weber', 'patel', 'jones', 'novak']
const HOSTS = ['example.com', 'example.org', 'example.net', 'mail.example.com', 'corp.example.net', 'example-industries.example', 'smith-and-sons.example', 'uni.example.ac.uk', 'x.example', 'research.example.info']
const cap = (word) => word[0].toUpperCase() + word.slice(1)
const octet = () => 1 + r.below(254)

// What a faker writes, by the sort of value.
const MAKE = {
  email: () => { const [a, b] = [r.pick(FIRST), r.pick(LAST)]; return r.pick([`${a}.${b}@${r.pick(HOSTS)}`, `${a}${r.digits(2)}@${r.pick(HOSTS)}`, `${a[0]}${b}@${r.pick(HOSTS)}`, `${cap(a)}.${cap(b)}@${r.pick(HOSTS)}`, `${a}_${b}+lists@${r.pick(HOSTS)}`, `${b}-${a}@${r.pick(HOSTS)}`, `${a.toUpperCase()}@${r.pick(HOSTS).toUpperCase()}`]) },
  phone: () => { const n = () => 2 + r.below(8); const us = [`${n()}${r.digits(2)}`, `${n()}${r.digits(2)}`, r.digits(4)]; const [a, b, c] = us; return r.pick([`${a}-${b}-${c}`, `(${a}) ${b}-${c}`, `(${a})${b}-${c}`, `${a}.${b}.${c}`, `+1-${a}-${b}-${c}`, `001-${a}-${b}-${c}`, `${a}-${b}-${c}x${r.digits(3)}`, `+1 ${a} ${b} ${c}`, `1-${a}-${b}-${c}`, `+44 20 7946 0${r.digits(3)}`, `+49 151 ${n()}${r.digits(7)}`, `+33 6 ${r.digits(2)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`, `+91 9${r.digits(4)} ${r.digits(5)}`, `+86 138 ${r.digits(4)} ${r.digits(4)}`, `+34 6${r.digits(2)} ${r.digits(3)} ${r.digits(3)}`, `07700 900${r.digits(3)}`, `020 7946 0${r.digits(3)}`, `06 ${r.digits(2)} ${r.digits(2)} ${r.digits(2)} ${r.digits(2)}`, `0${r.pick(['151', '171', '160'])} ${n()}${r.digits(6)}`, `+55 11 9${r.digits(4)}-${r.digits(4)}`]) },
  told_phone: () => r.pick([() => `555-${r.digits(4)}`, () => `${2 + r.below(7)}${r.digits(3)} ${r.digits(4)}`, () => `${2 + r.below(7)}${r.digits(9)}`, () => `${2 + r.below(7)}${r.digits(2)} ${r.digits(4)}`, () => `${1 + r.below(8)}${r.digits(7)}`, () => `9${r.digits(3)}-${r.digits(4)}`])(),
  card: () => r.pick([() => luhn('4', 16), () => luhn('51', 16), () => luhn('2221', 16), () => luhn('34', 15), () => luhn('37', 15), () => luhn('6011', 16), () => luhn('3528', 16), () => luhn('30', 14), () => luhn('4', 13), () => groups(luhn('4', 16), [4, 4, 4, 4], ' '), () => groups(luhn('55', 16), [4, 4, 4, 4], '-'), () => groups(luhn('37', 15), [4, 6, 5], ' '), () => groups(luhn('37', 15), [4, 6, 5], '-')])(),
  iban: () => { const made = r.pick([() => iban('GB', r.pick(['NWBK', 'WEST', 'BARC']) + r.digits(14)), () => iban('DE', r.digits(18)), () => iban('FR', r.digits(23)), () => iban('ES', r.digits(20)), () => iban('NL', 'ABNA' + r.digits(10)), () => iban('IT', 'X' + r.digits(22)), () => iban('CH', r.digits(17)), () => iban('AT', r.digits(16)), () => iban('PL', r.digits(24)), () => iban('SE', r.digits(20))])(); return r.pick([made, made, made.replace(/(.{4})(?=.)/g, '$1 ')]) },
  ssn: () => `${1 + r.below(6)}${1 + r.below(8)}${r.digits(1)}-${10 + r.below(89)}-${1000 + r.below(8999)}`,
  ip: () => r.pick([() => `${11 + r.below(110)}.${100 + r.below(150)}.${octet()}.${octet()}`, () => `192.168.${octet()}.${octet()}`, () => `10.${octet()}.${octet()}.${octet()}`, () => `203.0.113.${octet()}`, () => `172.${16 + r.below(15)}.${octet()}.${100 + r.below(150)}`, () => Array.from({ length: 8 }, () => r.from('0123456789abcdef', 4)).join(':'), () => `2001:db8:${r.from('123456789abcdef', 4)}::${r.from('123456789abcdef', 3)}`])(),
  jwt: () => `eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI${r.from('abcdefghijkmnopqrstuvwxyz0123456789', 24)}.${r.from('ABCDEFGHIJKLabcdefghijkl0123456789_-', 43)}`,
  key: () => r.pick([() => `AKIA${r.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`, () => `ghp_${r.from('ABCDEFabcdef0123456789', 36)}`, () => `sk_live_${r.from('ABCDEFabcdef0123456789', 24)}`, () => `xoxb-${r.digits(12)}-${r.digits(12)}-${r.from('ABCDEFabcdef0123456789', 24)}`, () => `AIza${r.from('ABCDEFabcdef0123456789', 35)}`, () => `glpat-${r.from('ABCDEFabcdef0123456789', 20)}`, () => `SG.${r.from('ABCDEFabcdef0123456789', 22)}.${r.from('ABCDEFabcdef0123456789', 43)}`, () => `sk-proj-${r.from('ABCDEFabcdef0123456789', 48)}`, () => `npm_${r.from('ABCDEFabcdef0123456789', 36)}`])(),
  token: () => r.from('abcdef0123456789', r.pick([32, 40, 64])),
  password: () => `${r.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 2)}${r.from('abcdefghijkmnopqrstuvwxyz', 5)}${r.digits(2)}${r.pick(['!', '#', '$', '_', '+'])}`,
  person: () => r.pick([...FIRST, 'jdoe', 'svc-build', 'm.garcia', 'weber42']),
  national: () => r.pick([() => `${r.pick(['AB', 'CE', 'HJ', 'KL', 'SW'])}${r.digits(6)}${r.pick(['A', 'B', 'C', 'D'])}`, () => { const n = r.digits(8); return n + 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(n) % 23] }, () => { const d = r.digits(9).split('').map(Number); const proof = (list) => { const sum = list.reduce((all, digit, at) => all + digit * (list.length + 1 - at), 0); return ((sum * 10) % 11) % 10 }; const a = proof(d); const b = proof([...d, a]); const all = [...d, a, b].join(''); return groups(all, [3, 3, 3], '.') + '-' + all.slice(9) }])(),
  told_national: () => r.pick([() => r.digits(9).replace(/^0/, '1'), () => `${r.pick(['A', 'C', 'X'])}${r.digits(8)}`, () => r.digits(11).replace(/^0/, '2')])(),
}
const RULE = { email: 'email', phone: 'phone', told_phone: 'phone', card: 'card', iban: 'iban', ssn: 'ssn', ip: 'ip', jwt: 'jwt', key: 'secret', token: 'secret', password: 'secret', person: 'user_path', national: 'national_id', told_national: 'national_id', url: 'url' }

// What surrounds them: mails, forms, tables, logs, chats, posts.
const AROUND = {
  email: ['Message-ID: <29790972.1075855665306.JavaMail@thyme>\nFrom: {}\nTo: {}\nSubject: RE: Q3 forecast', 'To: Kim Doe <{}>, Lee Roe <{}>', '-----Original Message-----\nFrom: Roe, Lee [mailto:{}]\nSent: Tuesday, May 22, 2001 9:14 AM', 'Could you forward the draft to {} and copy legal?', 'Dear {},\n\nthank you for your order.', '2026-03-02 11:04:12,{},newsletter,opted_in', "INSERT INTO users VALUES (17, 'Kim', '{}', NULL);", 'Reported-by: Kim Doe <{}>', 'Signed-off-by: Lee Roe <{}>', 'git config --global user.email "{}"', 'My e-mail is {} and I cannot reset the password.', 'Bitte antworten Sie an {}, nicht an diese Adresse.', 'Escríbeme a {} cuando puedas', 'Contactez {} pour toute question.', 'Invia tutto a {} entro domani', 'Stuur het naar {} aub', 'Napisz na {} proszę', 'メールアドレス：{}', '请发到{}，谢谢', '문의: {} 로 보내주세요', 'напишите на {} сегодня', 'راسلني على {} من فضلك', 'login failed for {} (bad password)', 'user="{}" action=login result=ok', '{"user":{"name":"Kim","contact":"{}"}}', 'Kim Doe;{};Berlin;DE', '\t{}\t', 'Unsubscribe {} from all lists', 'curl -u {}:secret https://api.example.com', '#email: {}', 'e-mail={};', "assert user.login == '{}'"],
  phone: ['Please call Kim at {} before noon.', 'Kim Doe\nVice President\nDirect: {}\nwww.example.com', 'Phone: {} | Fax: (see website)', 'Office: {} Mobile: on request', 'Kim Doe,{},Springfield', '"phone_home": "{}"', 'You can reach the front desk under {}.', 'Call-in number {} passcode to follow', 'Ring {} and ask for Lee', 'Tel {}', 'Rufen Sie uns unter {} an', 'llámame al {}', 'appelez le {}', 'Chiama {} per favore', '電話：{}', '请致电{}', 'Телефон для связи {}', 'My new cell is {}', 'text {} for details', 'SMS sent to {}', 'Caller {} hung up', 'Contact no. {}', 'ph: {}', 'T: {}', 'tel:{}', 'I missed a call from {} yesterday', 'whatsapp {} anytime', '<a href="tel:{}">'],
  told_phone: ['Call me at {} tonight', 'my phone is {}', 'Phone: {}', 'phone number {} is wrong', 'mobile: {}', 'Tel: {}', 'Telefon {}', 'teléfono: {}', 'cell {} works best', 'Please dial {} for support', 'telephone no {}', 'Handynummer {}', 'téléphone {}', '电话 {}', 'тел.: {}'],
  card: ['My card number is {} and it expires in May.', 'Charge it to {} please', 'Kim Doe,{},12/29,Visa', '"credit_card": "{}"', 'cc: {} exp 11/28', 'Die Kreditkarte {} wurde abgelehnt', 'tarjeta {} rechazada', 'carte bancaire {} expirée', 'payment with {} declined', 'INSERT INTO cards VALUES (9, \'{}\');', 'カード番号 {}', 'The customer read out {} over the phone', 'refund issued to card {}', 'numero di carta: {}', 'pan={}&amount=12', 'It was {} I believe'],
  iban: ['Transfer to {} until Monday', 'IBAN: {}', 'Kim Doe,{},EUR', '"bank_account":"{}"', 'Bitte überweisen Sie auf {}.', 'Mon IBAN est {}', 'mi cuenta {}', 'rekening {}', 'from account {} to ours', 'beneficiary {} BIC to follow', 'The payout to {} bounced', 'conto corrente {}', 'konto: {}', '口座 {}'],
  ssn: ['SSN: {}', 'Her social security number is {}.', 'Kim Doe,{},1980-02-03', '"ssn":"{}"', 'Employee {} started in May', 'W-2 for {} attached', 'Please verify {} against the file', 'Social: {}', 'the last form listed {} as the number', 'patient {} admitted'],
  ip: ['{} - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326', '081109 203615 148 INFO dfs.DataNode: Receiving block src: /{}:54106', 'sshd[24200]: Failed password for root from {} port 38926 ssh2', 'Accepted publickey for deploy from {} port 51000', 'Connection from {} closed by peer', 'remote_addr="{}" status=502', 'The server at {} does not answer', 'allow {}; deny all;', 'iptables -A INPUT -s {} -j DROP', 'nameserver {}', 'ping: no reply from {}', 'dhclient: bound to {} -- renewal in 1800 seconds', 'Der Rechner {} antwortet nicht', 'desde la dirección {}', 'ip,{},blocked', '"client_address": "{}"', 'inet {} netmask 255.255.255.0', 'upstream: "http://{}/health"', 'IP: {}', 'user logged in from {} (new device)'],
  jwt: ['Authorization: Bearer {}', 'the cookie holds {}', '"access_token":"{}"', 'decode {} for me please', 'jwt.verify("{}", key)', 'ws connect ?jwt={}'],
  key: ['export AWS_ACCESS_KEY_ID={}', 'const client = new Client("{}")', 'I pasted {} into the issue by mistake', 'api_key = "{}"', 'ENV TOKEN={}', 'stripe.api_key = \'{}\'', '- name: KEY\n  value: {}', 'Is {} still valid?', 'key: {}', 'Mein Schlüssel {} ist weg'],
  token: ['Authorization: token {}', 'api_token={}', 'SESSION_SECRET={}', '"password_reset_token":"{}"', 'Cookie: sessionid={}', 'X-Auth-Token: {}', 'access_token: {}', 'client_secret={}', 'auth_token = "{}"'],
  password: ['password: {}', 'mysql -u root --password={}', 'DB_PASSWORD={}', '"password": "{}"', 'passwd={}', 'Mein Passwort: {}', 'pwd={};Database=x', 'PGPASSWORD={} psql', 'contraseña: {}', 'mot de passe: {}', 'user=kim password={}'],
  person: ['/home/{}/.ssh/config: line 3: bad option', 'File "/Users/{}/src/app.py", line 3, in main', 'C:\\Users\\{}\\Documents\\report.docx', 'java -jar /home/{}/bin/tool.jar', 'cd /home/{}/work && make', 'PATH=/home/{}/bin:/usr/bin', "open('C:\\\\Users\\\\{}\\\\x.txt')", 'Error: ENOENT, open \'/Users/{}/Library/x.json\'', 'rsync /home/{}/data backup:'],
  national: ['National Insurance number {}', 'DNI: {}', 'CPF {}', 'Kim Doe,{},ES', '"national_id":"{}"', 'documento de identidad {}', 'NINO {}', 'my id is {}', 'ID number: {}'],
  told_national: ['passport number {}', 'Passport: {}', "driver's license {}", 'Steuer-ID {}', 'tax id {}', 'national id {}', 'Reisepass {}', 'pasaporte {}'],
  url: ['Open {} and wait', 'GET {} 302', 'see {} for the report', '[link]({})', 'Referer: {}', 'clicked {}'],
}
const COUNTS = { email: 96, phone: 84, told_phone: 45, card: 64, iban: 56, ssn: 40, ip: 80, jwt: 24, key: 44, token: 36, password: 44, person: 36, national: 36, told_national: 24 }
for (const [sort, count] of Object.entries(COUNTS)) {
  for (let n = 0; n < count; n++) {
    const personal = []
    const template = AROUND[sort][n % AROUND[sort].length]
    const text = template.replace(/\{\}/g, () => {
      const value = MAKE[sort]()
      personal.push({ rule: RULE[sort], value })
      return value
    })
    lines.set(text, { text, kind: template.includes('\n') || /[={}<]/.test(template) ? 'log' : 'text', personal })
  }
}
for (let n = 0; n < 30; n++) {
  const [url, value] = r.pick([
    () => { const q = `email=${r.pick(FIRST)}&uid=${r.digits(5)}`; return [`https://www.example.com/welcome?${q}`, q] },
    () => { const q = `session=${r.digits(8)}`; return [`http://example.org/a/b.php?${q}`, q] },
    () => { const q = `id_token=${r.digits(8)}`; return [`https://example.net/cb#${q}`, q] },
    () => { const q = `kim:${r.digits(6)}@`; return [`ftp://${q}files.example.com/x`, q] },
  ])()
  const text = AROUND.url[n % AROUND.url.length].replace('{}', url)
  lines.set(text, { text, kind: 'url', personal: [{ rule: 'url', value }] })
}
const FORM = [['email', () => 'n/a'], ['contactPhone', () => 'see file'], ['home_address', () => '1 Main St'], ['newPassword', () => 'abc'], ['dob', () => '1990-04-05'], ['given_name', () => 'Kim'], ['surname', () => 'Doe'], ['cardNumber', () => 'on file'], ['lat', () => 48.1 + r.below(99) / 1000], ['refreshToken', () => 'opaque'], ['bankAccountNumber', () => Number(r.digits(7)) + 1e8], ['passport_number', () => 'pending']]
for (let n = 0; n < 48; n++) {
  const [key, make] = FORM[n % FORM.length]
  const value = make()
  const inner = { step: r.below(9), [key]: value, done: false }
  const text = JSON.stringify(r.pick([inner, { data: inner }, { list: [inner] }]))
  lines.set(text, { text, kind: 'json', personal: [{ rule: 'key', value: JSON.stringify(value) }] })
}

// Nothing personal: `#` is a digit, `~` a digit of hex, `^` a number sign,
// `{…|…}` one of several.
const CLEAN = [
  'The battle of Hastings was fought on 14 October 1066 between the Norman-French army and an English one.', 'In 2019 the population was estimated at {1|2|3},###,### people, up from ###,### in 1990.', 'The river is 1,### kilometres (### mi) long and drains an area of ##,### square kilometres.', 'He won the 100 metres in 9.## seconds at the 2012 Games.', 'Published in Nature ### (####): 123-130. doi:10.1038/nature1####', 'ISBN 0-19-852663-6; OCLC 1#######', 'The species was first described in 18## by Linnaeus; the holotype is NHM 19##.4.2.#.', 'It lies at 51°30′26″N 0°7′39″W, at an altitude of ### m.',
  'Hi all,\nplease find attached the agenda for Thursday, 9:00-10:30 AM, room 3##.', 'RE: FW: Q# numbers - EB 38##', 'The deal closed at $4.## per MMBtu for 10,000 a day, down 0.## from last week.', 'Gas Daily 1/##/01: volumes of 5#,### at 2.##5', 'Let us meet at 2:30 or 3:15; I am free 5/14, 5/15 and 5/18.', 'Invoice no. INV-20##-0#### was paid on 0#/1#/20##.', 'PO Box 1188, Houston', 'Order ^1##-#######-####### has shipped', 'Tracking: 1Z999AA1012345####', 'Ihre Bestellung 30#-#######-####### wurde versandt', 'Votre commande n° ####### du 1#/0#/20## est prête', 'Su pedido ######## llega mañana', 'ご注文番号 ###-#######-#######', '订单号 20##0#1##########', 'Заказ № ###### принят',
  '081109 203615 148 INFO dfs.DataNode$PacketResponder: PacketResponder 1 for block blk_3888635###33333#### terminating', 'blk_-160899968791986#### size 67108864', '17/06/09 20:10:40 INFO executor.CoarseGrainedExecutorBackend: Registered signal handlers for [TERM, HUP, INT]', 'Jun 14 15:16:01 combo sshd(pam_unix)[1####]: authentication failure; logname= uid=0 euid=0 tty=NODEVssh', '2015-10-18 18:01:47,978 INFO [main] org.apache.hadoop.mapreduce.v2.app.MRAppMaster: Created MRAppMaster for application appattempt_144514442####_0020_000001', '[Sun Dec 04 04:47:44 2005] [notice] workerEnv.init() ok /etc/httpd/conf/workers2.properties', '- 111783#### 2005.06.03 R02-M1-N0-C:J12-U11 RAS KERNEL INFO instruction cache parity error corrected', '03-17 16:13:38.811  1702  2395 D WindowManager: printFreezingDisplayLogsopening app wtoken = AppWindowToken{9f4ef63 token=Token{a64f992 ActivityRecord{de9231d u0 com.example.tv/.Main t761}}}', '20171223-22:15:29:606|Step_LSC|3000####|onStandStepChanged 3579', 'ts=2026-01-0#T0#:1#:##.###Z level=info msg="compaction done" duration=1.##s', '{"level":30,"time":17#########00,"pid":#####,"msg":"listening on port 3000"}', 'time="2026-0#-1#T10:00:00Z" level=warning msg="retrying in 2s" attempt=#', 'nginx: worker process #### exited with code 0', 'pid ##### (java), uid 1000, was killed: out of swap space', 'kernel: [1####.######] usb 1-1: new high-speed USB device number # using xhci_hcd', 'GC (Allocation Failure) [PSYoungGen: 6####K->5###K(7####K)] 1#####K->8####K(2#####K), 0.01##### secs', 'heap: 0x7f~~~~~~~~~~ - 0x7f~~~~~~~~~~', 'Segmentation fault at 0x0000000000000018 rip 00007f~~~~~~~~~~',
  'How do I parse a date like 20##-0#-1#T10:00:00 in Python?', 'for (let i = 0; i < 1####; i++) total += prices[i] * 1.##;', 'const MAX = 0xffff####; static uint32_t k[64] = {0x428a2f98, 0x71374491};', "x = re.sub(r'(\\d{3})-(\\d{4})', '\\\\1', s)", 'SELECT id, total FROM orders WHERE id IN (10##1, 10##2, 10##3) AND created_at > \'20##-01-01\'', 'public static final long serialVersionUID = 8683452581122892####L;', '^define VERSION_CODE 20##1201', 'assert_eq!(hash(b"abc"), 0x~~~~~~~~~~~~~~~~);', 'import numpy as np; a = np.arange(1##).reshape(10, -1)', 'npm ERR! code E404, npm ERR! 404 Not Found - GET https://registry.example.com/left-pad-##', 'pip install requests==2.##.# urllib3==1.26.##', 'docker run -p 8080:80 -e MODE=dev nginx:1.2#.#', 'sha256:~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~', 'commit ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\nDate: Mon Jan 1# 10:##:## 20## +0100', 'index ~~~~~~~..~~~~~~~ 100644', '@@ -1##,7 +1##,9 @@ fn main() {', 'error[E0308]: mismatched types at src/lib.rs:1##:2#', 'Traceback (most recent call last): File "main.py", line ##, in <module>', 'at Object.<anonymous> (app.js:1##:2#)', '<div class="col-md-# mt-4" style="width: ##.##%" data-index="1####">', '.btn { color: ^~~~~~~; margin: 0 #px 1#px; transition: all .3s }', 'M10 15.5l-6.16 3.### 1.178-6.### 3-6 6.16-.90#z', 'rgba(2##, 1##, ##, 0.##)', 'md5: ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~', 'ETag: "~~~~~~~~-~~~~"', 'UUID ~~~~~~~~-~~~~-4~~~-8~~~-~~~~~~~~~~~~ not found', 'user_id,event,ts\n1####,click,17######## \n1####,view,17########', 'id;name;price\n1##;Lamp;1#.99\n1##;Desk;2##.00', '20##-0#-1#,AAPL,1##.##,1##.##,1##.##,5#######', 'lat: 5#, zoom: 1#', 'Mean 0.8## ± 0.0## (n = 1,###, p < 0.00#)', 'Table 3: 12.# 13.# 14.# 15.# 16.# 17.#', '1 2 3 5 8 13 21 34 55 89 144 233', 'Model RTX-40## Ti, 16 GB, driver 5##.##', 'Firmware 1.#.#.1## released', 'Windows 10.0.19045.#### build', 'Chrome/1##.0.0.0 Safari/537.36', 'The total is 1 2##,## € incl. 19 % MwSt.', 'Preis: 1.2##,00 EUR', '£1,###.## per annum', '¥##,### (税込)', 'Flight LH4## departs 14:##, gate B##', 'Zug ICE 1## um 10:## Gleis #', 'Room 4##, floor 3, building 1#', 'Psalm 119:1##-1##; Matthew 5:3-12', 'Sec. 4##(k)(2) of the Act, 26 U.S.C. § 6050', 'RFC 28##, section 4.#.#', 'Patent US 7,###,### B2', 'EAN 4006381333931', 'part number 0 280 15# ###', 'Bake for 25-30 minutes at 180 °C (350 °F); serves 4-6.', 'Add 250 g flour, 2 eggs and 1/2 tsp salt.', 'Score: 6-4, 7-6 (7-5), 3-6, 6-2', 'Season 3, Episode 1#: 4#:## min', 'Bus lines 100, 200 and M29', 'ZIP 9021# Beverly Hills', '75008 Paris, 12 rue de la Paix', '10117 Berlin, Unter den Linden ##', '東京都千代田区 100-0001', 'Click here to view your cart (# items)', 'Add to cart', 'Sign in', 'Continue with e-mail', 'Forgot password?', 'Password must have 8-64 characters', 'Enter the code we sent you', 'Your session has expired. Please sign in again.', 'Secret ingredient: patience', 'token count: 1###, prompt tokens: ###', 'The key to success: hard work', 'state: pending', 'Phone or tablet?', 'Call us today!', 'Card accepted: Visa, Mastercard', 'IBAN required', 'IP rating: IP6#', 'SSN field is optional', 'Explain how photosynthesis works in 3 sentences.', 'Write a haiku about version 2.#.#', 'Translate "Guten Morgen" to Spanish and French', 'Summarise the meeting: 3 decisions, 2 open points', 'What is 1##4 * 2#7 + 33?', 'Schreibe eine Funktion, die 20 Zeilen sortiert', '¿Cuántos habitantes tenía Madrid en 19##?', 'Quelle est la hauteur de la tour (3## m) ?', '富士山の高さは 3776 メートルです', '长城全长 21196 公里', 'Москва основана в 1147 году', 'تأسست المدينة عام 762', 'button.submit[data-step="#"] > span.icon', 'nav > ul > li:nth-child(#) > a', 'Qty: # Size: M Color: blue', 'GET /api/v1/orders/1####/items?page=# HTTP/1.1'.replace('?page=#', ''), 'POST /collect 204 1#ms', 'upstream timed out (110: Connection timed out) while reading response header', 'listen 0.0.0.0:8080', 'http://localhost:3000/dashboard', 'connect 127.0.0.1:5432', 'cpu 12.#% mem 3##MiB / 2GiB', 'p50=1#ms p95=1##ms p99=4##ms', 'retention: 30d, replicas: 3, shards: 1#', 'cron 0 */6 * * *', 'chmod 0755 /usr/local/bin/tool', 'ls -la /var/log/nginx', '/usr/lib/x86_64-linux-gnu/libc.so.6 (0x00007f~~~~~~~~~~)', 'base64: SGVsbG8gV29ybGQh', 'CVE-20##-1####', 'Ticket ABC-1### moved to Done', 'PR ^1### merged, 12 files changed, 3## insertions(+), ## deletions(-)', 'Latency went from 1##.#ms to ##.#ms after r1#####',
]
const wanted = lines.size
for (let n = 0, clean = 0; clean < wanted && n < 40000; n++) {
  const text = CLEAN[n % CLEAN.length]
    .replace(/\{([^{}|]*(?:\|[^{}|]*)+)\}/g, (_, all) => r.pick(all.split('|')))
    .replace(/#/g, () => r.digits(1))
    .replace(/\^/g, '#')
    .replace(/~/g, () => r.from('0123456789abcdef', 1))
  if (!lines.has(text)) {
    clean++
    lines.set(text, { text, kind: /[<>{}=/\\#]/.test(text) ? 'log' : 'text', personal: [] })
  }
}
for (const line of lines.values()) console.log(JSON.stringify(line))
